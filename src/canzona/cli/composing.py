"""Composing with progress shown, and keeping what comes out: one song step by step here, many by an engine."""

import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from canzona.cli.common import Readings
from canzona.cli.messages import note, report
from canzona.cli.outputs import song_files, still_free
from canzona.cli.progress import Display
from canzona.cli.show import draw

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from canzona.batch import Composed, Keeper, Order
    from canzona.engine import Engine
    from canzona.generation.cascade import Cascade
    from canzona.generation.request import Request
    from canzona.song.song import Song

LOADING = "loading the models"


class NamedFiles:
    """A ``Keeper`` of songs in files that the user named: all are composed."""

    def __init__(self, paths: "Mapping[int, Path]", force: bool) -> None:
        """Seed → MIDI file; unless ``force``, a song takes a free name where a file has come to be there meanwhile."""
        self._paths, self._force = paths, force

    def missing(self) -> list[int]:
        return list(self._paths)

    def keep(self, song: "Composed") -> tuple[Path, ...]:
        from canzona.io.files import atomic_write_all

        wanted = self._paths[song.seed]
        midi, json_file = song_files(wanted if self._force else still_free(wanted))
        atomic_write_all({midi: song.midi, json_file: song.song_json})
        return midi, json_file


def compose_one(order: "Order", keeper: "Keeper", readings: Readings, display: Display, as_json: bool) -> None:
    """Tell what was read, compose the one song of ``keeper`` here, with every step shown, and keep it.

    Raises:
        ValueError: as ``Cascade.stream``.
    """
    from canzona import pretrained
    from canzona.batch.composing import as_files

    cascade = pretrained.load(order.weights, order.device, threads=order.threads)
    _tell_what_is_given(order, readings)
    display.clear()
    started = time.perf_counter()
    song = _composed(cascade, order.request, display)
    display.clear()
    if sys.stdout.isatty() and not as_json:
        draw(song)
    files = as_files(song, order.request.seed, time.perf_counter() - started)
    _report_song(files, keeper.keep(files), readings, as_json)


def compose_batch(
    order: "Order",
    keeper: "Keeper",
    engine: "Engine",
    total: int,
    readings: Readings,
    display: Display,
    as_json: bool,
    summary: bool = True,
) -> None:
    """Tell what was read, and have an engine compose what ``keeper`` misses; each song is kept as it is done.

    Args:
        order: what the songs have in common.
        keeper: where they go.
        engine: who composes.
        total: how many songs there are to be in the end.
        readings, display: what was read, and where progress is shown.
        as_json: whether results are printed for a program.
        summary: whether a line tells in the end how many there are.

    Raises:
        typer.Exit: with status 2, once all else is done, where a song cannot be composed as asked; each is told of.
        ValueError, MachineFault: as ``compose_seeds``, ``pretrained.digests`` and ``Engine.results``.
    """
    from canzona import pretrained
    from canzona.batch import Refused, compose_seeds
    from canzona.engine import PROCESSES

    missing = keeper.missing()
    if missing and engine.name == PROCESSES:
        pretrained.digests(order.weights)  # tells of weights that are not there before processes start, which takes seconds
    _tell_what_is_given(order, readings)
    display.clear()
    display.show("songs", 0, len(missing))
    started = time.monotonic()
    parts = [missing[first : first + order.together] for first in range(0, len(missing), order.together)]
    turn, kept, refused = iter(missing), dict[int, Callable[[], None]](), 0
    gpus = int(order.device != "cpu")
    with closing(engine.results(partial(compose_seeds, order), parts, order.threads, gpus)) as results:
        following = next(turn, None)
        for done, song in enumerate((song for part in results for song in part), start=1):
            if isinstance(song, Refused):
                refused += 1
                kept[song.seed] = partial(note, f"left out: seed {song.seed}: {song.reason}")
            else:
                kept[song.seed] = partial(_report_song, song, keeper.keep(song), readings, as_json)
            while following in kept:  # told in order, whatever was done first
                kept.pop(following)()
                following = next(turn, None)
            display.show("songs", done, len(missing), _pace(done, len(missing), time.monotonic() - started))
    display.clear()
    if summary:
        done, there = len(missing) - refused, total - len(missing)
        words = [
            f"{done} songs composed",
            *([f"{there} there already"] if there else ()),
            *([f"{refused} left out"] if refused else ()),
            *([f"{60 * done / (time.monotonic() - started):.3g} a minute"] if done else ()),
        ]
        note(", ".join(words))
    if refused:
        raise typer.Exit(2)


def _pace(done: int, total: int, seconds: float) -> str:
    """``41.5 songs a minute, 12 min left``."""
    left = (total - done) * seconds / done
    return f"{60 * done / seconds:.3g} songs a minute, " + (f"{left:.0f} s left" if left < 120 else f"{left / 60:.0f} min left")


def _tell_what_is_given(order: "Order", readings: Readings) -> None:
    """Say what was read, and which keys are taken from the music that is given, where nobody named any."""
    readings.tell()
    if order.request.heard_keys:
        keys = " and ".join(map(str, order.request.heard_keys))
        note(f"key: {keys}, heard in the music given; --key says otherwise")


def _report_song(song: "Composed", paths: "Sequence[Path]", readings: Readings, as_json: bool) -> None:
    """A line for a song that is in its files, or for a pack that is full."""
    if not paths:
        return
    if len(paths) == 1:
        size = paths[0].stat().st_size
        report({"pack": str(paths[0]), "bytes": size}, as_json, f"{paths[0]}: packed, {size / 1e6:.1f} MB")
        return
    midi, json_file = paths
    facts = {
        "midi": str(midi),
        "song": str(json_file),
        "form": song.form,
        "key": song.keys[0] if song.keys else None,
        "keys": list(song.keys),
        "bars": song.bars,
        "seed": song.seed,
        "seconds": song.seconds,
        "read": readings.facts(),
    }
    said = f"{song.form}, {' and '.join(song.keys) or 'no key'}, {song.bars} bars, seed {song.seed}"
    report(facts, as_json, f"{midi}: {said}, composed in {song.seconds} s")


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
