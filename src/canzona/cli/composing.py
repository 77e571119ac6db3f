"""Running requests through the cascade with progress shown, and writing what comes out."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from canzona.cli.common import Readings
from canzona.cli.messages import note, report
from canzona.cli.outputs import song_files, still_free
from canzona.cli.progress import Display
from canzona.cli.show import draw

if TYPE_CHECKING:
    from canzona.generation.cascade import Cascade
    from canzona.generation.request import Request
    from canzona.song.song import Song

MOST_SONGS = 10_000
LOADING = "loading the models"


def compose_to_files(
    requests: "Mapping[Path, Request]",
    readings: Readings,
    display: Display,
    weights: Path | None,
    device: str,
    threads: int,
    as_json: bool,
    force: bool,
) -> None:
    """Tell what was read, compose each request and write the MIDI file and the song.json beside it, one song after the other.

    Unless ``force``, a file that has come to be there since the paths were checked is not replaced: the song takes a free name.

    Raises:
        ValueError: where the device is neither cpu nor cuda, and as ``Cascade.stream``.
    """
    if device not in ("cpu", "cuda"):
        raise ValueError(f"device: must be cpu or cuda, got {device!r}")

    from canzona import pretrained
    from canzona.io.files import atomic_write_all
    from canzona.io.midi import song_to_midi
    from canzona.io.song_json import song_to_json

    cascade = pretrained.load(weights, device, threads=threads)
    readings.tell()
    _tell_heard_keys(next(iter(requests.values())))
    for wanted, request in requests.items():
        display.clear()
        started = time.perf_counter()
        song = _composed(cascade, request, display)
        display.clear()
        midi, json_file = song_files(wanted if force else still_free(wanted))
        atomic_write_all({midi: song_to_midi(song), json_file: song_to_json(song).encode()})
        keys = list(dict.fromkeys(str(phrase.key) for phrase in song.form.phrases if phrase.key is not None))
        seconds = round(time.perf_counter() - started, 2)
        facts = {
            "midi": str(midi),
            "song": str(json_file),
            "form": str(song.form),
            "key": keys[0] if keys else None,
            "keys": keys,
            "bars": song.form.length_bars,
            "seed": request.seed,
            "seconds": seconds,
            "read": readings.facts(),
        }
        said = f"{song.form}, {' and '.join(keys) or 'no key'}, {song.form.length_bars} bars, seed {request.seed}"
        if sys.stdout.isatty() and not as_json:
            draw(song)
        report(facts, as_json, f"{midi}: {said}, composed in {seconds} s")


def _tell_heard_keys(request: "Request") -> None:
    """Say which keys are taken from the music that is given, where nobody named any."""
    if request.heard_keys:
        note(f"key: {' and '.join(map(str, request.heard_keys))}, heard in the music given; --key says otherwise")


def _composed(cascade: "Cascade", request: "Request", display: Display) -> "Song":
    from canzona.generation.progress import share_done

    song = None
    for progress in cascade.stream([request]):
        share = share_done(cascade, request, progress)
        if share is not None:
            display.show("whole song", share, 1.0)
        display.show(progress.level.title, progress.step, progress.steps)
        song = progress.songs[0] if progress.songs else None
    assert song is not None
    return song
