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
    from canzona.generation.cascade import Cascade, Progress
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
    song = None
    for progress in cascade.stream([request]):
        share = share_done(cascade, request, progress)
        if share is not None:
            display.show("whole song", share, 1.0)
        display.show(progress.level.title, progress.step, progress.steps)
        song = progress.songs[0] if progress.songs else None
    assert song is not None
    return song


def share_done(cascade: "Cascade", request: "Request", progress: "Progress") -> float | None:
    """How much of a song's work is done, 0 to 1, by the frames that the networks see; ``None`` while its length is not known.

    Levels to come are taken to be composed in windows that overlap by half.
    """
    form, level = request.keyed_form, progress.level
    steps = {own.name: request.steps or cascade.sampling[own.name].steps for own in cascade.levels}
    bars = request.bars if form is None else form.length_bars
    if bars is None and level.ends_freely:
        return None
    if bars is None:
        bars = (progress.steps / steps[level.name] + 1) * level.window_bars(request.meter) / 2
    work = {
        own: own.window_frames
        * (
            progress.steps
            if own == level
            else steps[own.name] * (1 if own.ends_freely else max(1.0, 2 * bars / own.window_bars(request.meter) - 1))
        )
        for own in cascade.levels
    }
    before = sum(work[own] for own in cascade.levels[: cascade.levels.index(level)])
    return (before + level.window_frames * progress.step) / sum(work.values())
