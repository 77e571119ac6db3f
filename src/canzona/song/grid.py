"""Written and played times on the grid of sixteenths: notes of a voice find steps of their own, and swing is straightened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from typing import TypeAlias

from canzona.song.notes import DEFAULT_VELOCITY, Note
from canzona.song.timing import STEPS_PER_BEAT

Beats: TypeAlias = Fraction | float
"""A time in quarter notes from the start of the song: exact as it is written, or as it is played."""

LOST = 3.0
"""What it costs that a note finds no step, in steps by which others would be moved."""
SWUNG = (0.58, 0.72)
"""Where in the beat a swung second eighth is …"""
OTHERWISE = ((0.22, 0.28), (0.28, 0.38), (0.45, 0.55), (0.735, 0.765))
"""… and where notes are that speak against swing: sixteenths, first triplets, straight eighths."""
FEWEST_SWUNG, SWUNG_SHARE = 4, 3
"""How many notes must be on swung eighths, and how many times more than on those other places."""
_TRIPLET, _HALF = Fraction(2, 3), Fraction(1, 2)

_Path: TypeAlias = "tuple[int | None, _Path] | None"
"""Steps so far, the last one first, as linked pairs."""


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note before it is on the grid.

    Attributes:
        start, end: when it sounds, ``end`` after ``start``.
        pitch: MIDI pitch.
        velocity: MIDI velocity.
    """

    start: Beats
    end: Beats
    pitch: int
    velocity: int = DEFAULT_VELOCITY

    def straightened(self) -> "Sounding":
        """The note at times as they are in straight eighths."""
        return replace(self, start=straight(self.start), end=straight(self.end))


@dataclass(frozen=True, slots=True)
class OnGrid:
    """One voice on the grid.

    Attributes:
        notes: in order of time, none while another sounds.
        lost: how many notes found no step.
    """

    notes: tuple[Note, ...]
    lost: int = 0


def nearest_step(beats: Beats) -> int:
    """The sixteenth nearest to a time in quarter notes, the later of two."""
    return floor(beats * STEPS_PER_BEAT + _HALF)


def on_grid(voice: Sequence[Sounding], end_step: int) -> OnGrid:
    """One voice, of notes that start at different times and in order, on the grid and within ``end_step`` steps.

    Notes keep their order and go to steps near their times, each to one of its own, so that all together move least; where
    there are more notes than steps, as few as possible are lost.
    """
    steps = _steps([note.start for note in voice], end_step)
    kept = [(step, note) for step, note in zip(steps, voice, strict=True) if step is not None]
    following = [*(step for step, _ in kept), end_step][1:]
    notes = tuple(
        Note(step, note.pitch, min(max(nearest_step(note.end) - step, 1), end - step), note.velocity)
        for (step, note), end in zip(kept, following, strict=True)
    )
    return OnGrid(notes, len(voice) - len(notes))


def _steps(starts: Sequence[Beats], end_step: int) -> list[int | None]:
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


def is_swung(starts: Iterable[Beats]) -> bool:
    """Whether the eighths of all that is played are swung: notes at two thirds of beats, and few where swing has none."""
    within = [float(start % 1) for start in starts]
    swung, *others = (sum(first <= place <= last for place in within) for first, last in (SWUNG, *OTHERWISE))
    return swung >= max(FEWEST_SWUNG, SWUNG_SHARE * sum(others))


def straight(time: Beats) -> Beats:
    """A swung time as it is written in straight eighths: two thirds of a beat become half of one."""
    beat, within = divmod(time, 1)
    return beat + (within * _HALF / _TRIPLET if within <= _TRIPLET else 1 - (1 - within) * _HALF / (1 - _TRIPLET))
