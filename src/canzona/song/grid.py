"""Exact times on the grid of sixteenths: every note finds a step of its own, and swing is straightened."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from typing import TypeAlias

from canzona.song.notes import Note
from canzona.song.timing import STEPS_PER_BEAT

LOST = 3.0
"""What it costs that a note finds no step, in steps by which others would be moved."""
_TRIPLET, _HALF = Fraction(2, 3), Fraction(1, 2)
_NEAR = Fraction(1, 12)
_FEWEST_SWUNG = 4

_Path: TypeAlias = "tuple[int | None, _Path] | None"
"""Steps so far, the last one first, as linked pairs."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note at an exact time, in quarter notes from the start of the song.

    Attributes:
        start, end: when it sounds, ``end`` after ``start``.
        pitch: MIDI pitch.
    """

    start: Fraction
    end: Fraction
    pitch: int


@dataclass(frozen=True, slots=True)
class OnGrid:
    """One voice on the grid.

    Attributes:
        notes: in order of time, none while another sounds.
        lost: how many notes found no step.
        is_swung: whether pairs of long and short eighths were straightened.
    """

    notes: tuple[Note, ...]
    lost: int = 0
    is_swung: bool = False


def nearest_step(beats: Fraction) -> int:
    """The sixteenth nearest to a time in quarter notes, the later of two."""
    return floor(beats * STEPS_PER_BEAT + _HALF)


def on_grid(voice: Sequence[Sounding], end_step: int) -> OnGrid:
    """One voice, of notes that start at different times and in order, on the grid and within ``end_step`` steps.

    Notes keep their order and go to steps near their times, each to one of its own, so that all together move least; where
    there are more notes than steps, as few as possible are lost.
    """
    swung = _is_swung([note.start for note in voice])
    if swung:
        voice = [Sounding(_straight(note.start), _straight(note.end), note.pitch) for note in voice]
    steps = _steps([note.start for note in voice], end_step)
    kept = [(step, note) for step, note in zip(steps, voice, strict=True) if step is not None]
    following = [*(step for step, _ in kept), end_step][1:]
    notes = tuple(
        Note(step, note.pitch, min(max(nearest_step(note.end) - step, 1), end - step))
        for (step, note), end in zip(kept, following, strict=True)
    )
    return OnGrid(notes, len(voice) - len(notes), swung)


def _steps(starts: Sequence[Fraction], end_step: int) -> list[int | None]:
    """A step for each time, of ascending ones; ``None`` for a time that is left out. The cheapest way of all."""
    ways: dict[int, tuple[float, _Path]] = {-1: (0.0, None)}  # last step taken → the cheapest way to it
    for start in starts:
        near = nearest_step(start)
        free = min((way for last, way in ways.items() if last < near - 1), key=_cost, default=None)
        ways = {last: way for last, way in ways.items() if last >= near - 1} | ({near - 2: free} if free else {})
        further: dict[int, tuple[float, _Path]] = {last: (cost + LOST, (None, path)) for last, (cost, path) in ways.items()}
        for step in range(max(near - 1, 0), min(near + 2, end_step)):
            before = [way for last, way in ways.items() if last < step]
            if before:
                cost, path = min(before, key=_cost)
                cost += abs(float(start * STEPS_PER_BEAT - step))
                if step not in further or cost < further[step][0]:
                    further[step] = (cost, (step, path))
        ways = further
    _, path = min(ways.values(), key=_cost)
    steps: list[int | None] = []
    while path is not None:
        step, path = path
        steps.append(step)
    return steps[::-1]


def _cost(way: tuple[float, _Path]) -> float:
    return way[0]


def _is_swung(starts: Sequence[Fraction]) -> bool:
    """Whether eighths are swung: notes at two thirds of beats, and hardly any at a third or at half of one."""
    within = [start % 1 for start in starts]
    near = {
        place: sum(abs(place_within - place) < _NEAR for place_within in within) for place in (1 - _TRIPLET, _HALF, _TRIPLET)
    }
    return near[_TRIPLET] >= max(_FEWEST_SWUNG, 4 * near[1 - _TRIPLET], 4 * near[_HALF])


def _straight(time: Fraction) -> Fraction:
    """A swung time as it is written in straight eighths: two thirds of a beat become half of one."""
    beat, within = divmod(time, 1)
    return beat + (within * _HALF / _TRIPLET if within <= _TRIPLET else 1 - (1 - within) * _HALF / (1 - _TRIPLET))
