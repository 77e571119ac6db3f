"""What the benchmarks of controls share: songs composed here or by several processes, rows of figures, passages of songs."""

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from canzona import pretrained
from canzona.evaluation.bootstrap import Figure, figure_of
from canzona.generation.cascade import Cascade
from canzona.generation.controls import Kept
from canzona.generation.request import Request
from canzona.generation.request_json import request_from_dict, request_to_dict
from canzona.hierarchy.levels import LEVELS, Level, level_named
from canzona.io.song_json import song_from_json, song_to_json
from canzona.song.excerpt import excerpt
from canzona.song.song import Song

PASSAGE_BARS = 8
LEAST_MELODY_NOTES = 8


@dataclass(frozen=True)
class Row:
    """One figure as it is printed.

    Attributes:
        name: what it is of.
        value, low, high, n: mean, its 95 % interval, cases.
        bar: what it must reach, in words; empty where it is for comparison.
        passed: whether it does; ``None`` where there is no bar.
    """

    name: str
    value: float
    low: float
    high: float
    n: int
    bar: str = ""
    passed: bool | None = None

    def __str__(self) -> str:
        mark = {True: "yes", False: "NO", None: ""}[self.passed]
        return f"{self.name:64} {self.value:7.3f} [{self.low:6.3f}, {self.high:6.3f}] {self.n:4}  {self.bar:16} {mark}"


def row(name: str, values: Sequence[float | None] | Figure, least: float | None = None) -> list[Row]:
    """The row of some values or of a finished figure, which pass where their mean is at least ``least``; none of no values."""
    scored = values if isinstance(values, Figure) else [float(value) for value in values if value is not None]
    figure = scored if isinstance(scored, Figure) else figure_of(scored, np.random.default_rng(0))
    if figure is None:
        return []
    passed = None if least is None else figure.mean >= least
    return [Row(name, figure.mean, figure.low, figure.high, figure.n, "" if least is None else f">= {least:.2f}", passed)]


@dataclass(frozen=True)
class Weights:
    """Where networks come from.

    Attributes:
        folder: of registered weights; ``None`` for the package's.
        files: (level's name, weight file) that take the place of registered ones.
    """

    folder: Path | None = None
    files: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True)
class Job:
    """A song to compose: what is asked for, and the finest level wanted."""

    request: Request
    until: Level = LEVELS[-1]


class Studio:
    """Composes jobs, one by one or with several processes; a context that ends them."""

    def __init__(self, weights: Weights, processes: int = 1, steps: int | None = None) -> None:
        """A studio with these networks; ``steps`` of the sampler, where not as tuned."""
        self.weights, self.steps = weights, steps
        self._pool = ProcessPoolExecutor(processes, get_context("spawn")) if processes > 1 else None

    def __enter__(self) -> "Studio":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def composes(self, levels: Sequence[Level]) -> bool:
        """Whether there are networks for all of these levels."""
        return all(level.name in cascade_of(self.weights).models for level in levels)

    def compose(self, jobs: Sequence[Job]) -> list[Song]:
        """The songs, in the order of the jobs."""
        jobs = [replace(job, request=replace(job.request, steps=self.steps)) if self.steps else job for job in jobs]
        if self._pool is None:
            return [_composed(self.weights, job) for job in jobs]
        return list(map(song_from_json, self._pool.map(_compose_packed, [self.weights] * len(jobs), map(_packed, jobs))))


@cache
def cascade_of(weights: Weights) -> Cascade:
    """The cascade, once in each process; with weight files of one's own, a level without usable weights is left out."""
    pretrained.use_processors(1)
    if not weights.files:
        return pretrained.load(weights.folder)
    try:
        models = pretrained.load(weights.folder).models
    except pretrained.UnusableWeights as error:
        print(f"registered weights are left out: {error}", file=sys.stderr)
        models = {}
    models |= {name: pretrained.load_level(path, level_named(name)) for name, path in weights.files}
    return Cascade(models, encoders=cache(lambda: pretrained.load_encoders(weights.folder)))


def _composed(weights: Weights, job: Job) -> Song:
    *_, last = cascade_of(weights).stream([job.request], until=job.until)
    assert last.songs is not None
    return last.songs[0]


Packed = tuple[dict[str, Any], str]


def _packed(job: Job) -> Packed:
    """A job as plain values, for another process."""
    return request_to_dict(job.request), job.until.name


def _compose_packed(weights: Weights, packed: Packed) -> str:
    request, until = packed
    return song_to_json(_composed(weights, Job(request_from_dict(request), level_named(until))))


def kept_above(song: Song, level: Level) -> tuple[Kept, ...]:
    """All levels of a song above this one."""
    return (Kept(song, LEVELS[LEVELS.index(level) - 1].name),)


def shortened(song: Song, longest_bars: int) -> Song:
    """The song's first phrases, as many as fit, at least one."""
    ends = [start + phrase.length_bars for start, phrase in song.form.spans()]
    return excerpt(song, 0, max((end for end in ends if end <= longest_bars), default=ends[0]))


def passages(songs: Sequence[Song]) -> list[Song]:
    """Of each song in 4/4 the first eight bars of the first sung phrase that long with a melody, and chords and piano in each
    bar; a song without is left out.
    """
    found = []
    for song in songs:
        starts = [start for start, phrase in song.form.spans() if phrase.is_sung and phrase.length_bars >= PASSAGE_BARS]
        cut = (excerpt(song, start, start + PASSAGE_BARS) for start in starts if song.meter.beats_per_bar == 4)
        found += list(filter(_is_full, cut))[:1]
    return found


def _is_full(passage: Song) -> bool:
    sheet, meter = passage.lead_sheet, passage.meter
    if sheet is None or len(sheet.melody) < LEAST_MELODY_NOTES:
        return False
    chords = {meter.bar_of_beat(beat) for span in sheet.chords for beat in range(span.start_beat, span.end_beat)}
    piano = {meter.bar_of_step(note.start_step) for note in passage.accompaniment or ()}
    return len(chords) == len(piano) == PASSAGE_BARS
