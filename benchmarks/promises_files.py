"""Promises about what comes in and what goes out: strangers' files, weights, and writing where there is no room."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

from canzona import pretrained
from canzona.hierarchy.levels import LEVELS
from canzona.io.files import atomic_write_all
from canzona.io.midi import song_to_midi
from canzona.io.song_json import read_song_file, song_to_json
from canzona.limits import LimitedWorker
from canzona.model.registry import UnusableWeights, digest_of
from canzona.reading import read_music
from canzona.song import Form, Note, Song
from canzona.transcription import AnalysisOptions
from canzona.transcription.analysis import midi_to_analysis_with
from mutated_midi import mutants, written
from mutated_weights import DAMAGE, MARRED
from promises_table import DATA, Counted

PACKAGE = Path(pretrained.__file__).parent
MOST_SECONDS, MOST_BYTES = 2.0, 512 * 2**20
REGISTERED = 50
"""One in so many damaged weight files is registered as it is."""


def midi_intake(count: int) -> Counted:
    """Read damaged MIDI files, each in time and memory, the reader alive."""
    long = (
        b"MThd\0\0\0\6\0\0\0\1\0\1MTrk\0\0\0\x1e\0\xff\x51\x03\xff\xff\xff"
        + b"\xff\xff\xff\x7f\xff\x01\0" * 2
        + b"\0\xff\x2f\0"
    )
    songs = sorted(DATA.rglob("POP909/*/*.mid"))
    bases = [written(), written(meters=2), *(path.read_bytes() for path in random.Random(0).sample(songs, min(20, len(songs))))]
    files = chain((b"", long), mutants(bases, max(0, count - 2), random.Random(0)))
    kept, tried, slowest, longest, largest, fault = 0, 0, 0.0, 0.0, 0, ""
    with LimitedWorker(midi_to_analysis_with, seconds=600.0) as worker:  # of the clock, which other work makes long
        for data in files:
            worker.begin()  # the process is there before a stranger comes
            began, used, refusal = time.perf_counter(), worker.processor_seconds(), ""
            try:
                worker((data, AnalysisOptions()))
            except ValueError as error:
                refusal = str(error)
            seconds = worker.processor_seconds() - used  # of which other work takes none
            slowest, longest = max(slowest, seconds), max(longest, time.perf_counter() - began)
            largest = max(largest, worker.peak_bytes())
            died = "ended the process" in refusal or "must be read within" in refusal or "\n" in refusal
            good = not died and seconds <= MOST_SECONDS and worker.peak_bytes() <= MOST_BYTES
            if not good and not fault:
                fault = f"; number {tried}, {len(data)} bytes: {refusal or f'read in {seconds:.2f} s'}".replace("\n", " ")
            kept, tried = kept + good, tried + 1
    figures = f"of 2 small files and {len(bases) - 2} of POP909; slowest {slowest:.2f} s of a processor, {longest:.2f} s in all"
    return Counted(tried, kept, f"{figures} (load {os.getloadavg()[0]:.0f}), most memory {largest / 2**20:.0f} MiB{fault}")


def musicxml_intake(_: int) -> Counted:
    """Refuse entities that grow, entities from outside, and an archive that unpacks to 1.5 GB."""
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    head = '<?xml version="1.0"?><!DOCTYPE score-partwise [{}]><score-partwise>{}</score-partwise>'
    kept, figures = 0, []
    with tempfile.TemporaryDirectory() as place, LimitedWorker(_read) as worker:
        folder = Path(place)
        (Path(place) / "one.mid").write_bytes(written())
        worker(folder / "one.mid")  # the process is there before a stranger comes
        (folder / "one.mid").unlink()
        (folder / "laughs.musicxml").write_text(head.format(f'<!ENTITY a0 "ha">{laughs}', "&a9;"))
        (folder / "outside.musicxml").write_text(head.format('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"))
        with zipfile.ZipFile(folder / "bomb.mxl", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("META-INF/container.xml", "<container/>")
            with archive.open("score.xml", "w") as member:
                for _ in range(1500):
                    member.write(bytes(10**6))
        for path in sorted(folder.iterdir()):
            began, refusal = time.perf_counter(), ""
            try:
                worker(path)
            except ValueError as error:
                refusal = str(error)
            seconds = time.perf_counter() - began
            kept += bool(refusal) and "\n" not in refusal and seconds <= MOST_SECONDS and worker.peak_bytes() <= MOST_BYTES
            figures.append(f"{path.name} {seconds:.2f} s, {worker.peak_bytes() / 2**20:.0f} MiB")
    return Counted(3, kept, "; ".join(figures))


def _read(path: Path) -> str:
    return str(read_music(path))


def weights(count: int) -> Counted:
    """Refuse damaged weight files, also those that somebody has registered; no ``torch.load`` in the package."""
    kept, registered, generator = 0, 0, random.Random(0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(shutil.copytree(PACKAGE / "weights", Path(place) / "weights"))
        registry = json.loads((folder / "registry.json").read_text())
        contents = {level.name: (folder / f"{level.name}.safetensors").read_bytes() for level in LEVELS}
        for number in range(count):
            name = generator.choice(list(contents))
            path, data = folder / f"{name}.safetensors", bytearray(contents[name])
            if number % REGISTERED:
                generator.choice(DAMAGE)(data, generator)
                path.write_bytes(data)
                kept += _is_refused(partial(pretrained.registered_bytes, path, registry[name]))
            else:  # the file itself must tell
                registered += 1
                MARRED[registered % len(MARRED)](data, generator)
                path.write_bytes(data)
                (folder / "registry.json").write_text(json.dumps(registry | {name: digest_of(bytes(data))}))
                kept += _is_refused(partial(pretrained.load, folder))
            if not (number + 1) % REGISTERED:  # all four are read next
                for name, whole in contents.items():
                    (folder / f"{name}.safetensors").write_bytes(whole)
    unsafe = [path.name for path in PACKAGE.rglob("*.py") if re.search(r"torch\.load\b|\bpickle\b", path.read_text())]
    kinds = f"{registered} of them registered: pickles, cut, of other shapes, with NaN"
    return Counted(count, 0 if unsafe else kept, f"{kinds}; torch.load or pickle in: {', '.join(unsafe) or 'no module'}")


def _is_refused(read: Callable[[], object]) -> bool:
    try:
        read()
    except UnusableWeights as error:
        return "\n" not in str(error)
    return False


def missing_parts(_: int) -> Counted:
    """Ask for sound, pictures and scores without what they need: one sentence and status 1, or a stand-in that is told."""
    song = Song(Form.parse("A2"), accompaniment=(Note(0, 60, 8),))
    kept, said = 0, []
    tried = {"wav": "", "png": "matplotlib", "pdf": "verovio", "svg": "verovio", "mp3": "lameenc", "mid": "matplotlib"}
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "song.json").write_text(song_to_json(song))
        for ending, library in tried.items():
            program = f"import sys; sys.modules[{library!r}] = None; from canzona.cli import main; main()"
            words = ["render", "song.json", "-o", f"song.{ending}"]
            done = subprocess.run(
                [sys.executable, "-c", program, *words],
                cwd=place,
                env=os.environ | {"PATH": ""},
                capture_output=True,
                text=True,
            )
            lines = [line for line in done.stderr.splitlines() if "read song.json" not in line]
            there = (Path(place) / f"song.{ending}").is_file()
            good = done.returncode == 0 and there if ending in ("wav", "mid") else done.returncode == 1 and not there
            kept += good and len(lines) <= 1 and "Traceback" not in done.stderr
            said.append(f"{ending}: status {done.returncode}")
    return Counted(len(tried), kept, ", ".join(said))


def full_disk(count: int) -> Counted:
    """Interrupt the saving of a song at random calls of the system; the old files must stay, or the new ones be whole."""
    old, new = (Song(Form.parse(form), accompaniment=(Note(0, 60, 8),)) for form in ("A2", "A4"))
    generator, kept = random.Random(0), 0
    with tempfile.TemporaryDirectory() as place:
        paths = (Path(place) / "song.mid", Path(place) / "song.json")
        contents = [dict(zip(paths, (song_to_midi(song), song_to_json(song).encode()), strict=True)) for song in (old, new)]
        for _ in range(count):
            atomic_write_all(contents[0])
            with _failing(generator.randint(1, 9)), suppress(OSError):
                atomic_write_all(contents[1])
            found = {path: path.read_bytes() for path in Path(place).iterdir()}
            whole = found.keys() == set(paths) and all(found[path] in (contents[0][path], contents[1][path]) for path in paths)
            kept += whole and read_song_file(paths[1]) in (old, new)
    return Counted(
        count, kept, "failures of open, write, fsync and rename by turns; and on a file system of 1 MB: " + _small_disk()
    )


class _failing:  # noqa: N801 - reads as a word
    """The so-many-th call that writes fails within the block."""

    def __init__(self, call: int) -> None:
        self._left, self._kept = call, {name: getattr(os, name) for name in ("open", "fsync", "replace")}

    def __enter__(self) -> None:
        for name, work in self._kept.items():
            setattr(os, name, self._wrapped(work))

    def __exit__(self, *_: object) -> None:
        for name, work in self._kept.items():
            setattr(os, name, work)

    def _wrapped(self, work: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **named: object) -> object:
            self._left -= 1
            if self._left == 0:
                raise OSError(28, "No space left on device")
            return work(*arguments, **named)

        return call


def _small_disk() -> str:
    """What comes of a song saved where there is hardly room, for root alone."""
    with tempfile.TemporaryDirectory() as place:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", place], capture_output=True).returncode:
            return "not tried, for want of the right to mount one"
        try:
            (Path(place) / "filler").write_bytes(bytes(2**20 - 4096))
            try:
                atomic_write_all({Path(place) / "song.json": bytes(10**5)})
            except OSError:
                return "nothing left behind" if len(list(_names(place))) == 1 else "something left behind"
            return "written all the same"
        finally:
            subprocess.run(["umount", place], check=True)


def _names(place: str) -> Iterator[str]:
    return (entry.name for entry in os.scandir(place))
