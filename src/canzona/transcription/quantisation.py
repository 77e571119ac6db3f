"""Played notes on the sixteenths of a song, by the rules of ``song.grid``."""

import numpy as np
from numpy.typing import NDArray

from canzona.song.grid import OnGrid, Sounding, is_swung, on_grid, straight
from canzona.song.notes import Note
from canzona.song.timing import STEPS_PER_BEAT
from canzona.transcription.performance import Notes

TOGETHER_STEPS = 0.2
"""Notes that start within this are one chord."""


def straightened(notes: Notes) -> tuple[Notes, bool]:
    """The notes, in fractional steps, with swung eighths on the second half of their beat; and whether there were any."""
    if not is_swung((notes.start / STEPS_PER_BEAT).tolist()):
        return notes, False
    start, end = (STEPS_PER_BEAT * _straight(times / STEPS_PER_BEAT) for times in (notes.start, notes.end))
    return notes.at(start, end), True


def _straight(beats: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([straight(time) for time in beats.tolist()], dtype=float)


def nearest_steps(steps: NDArray[np.float64]) -> NDArray[np.int64]:
    """The whole steps nearest to fractional ones, of two as near the later, none before 0."""
    return np.maximum(np.floor(steps + 0.5), 0).astype(np.int64)


def rounded(notes: Notes) -> Notes:
    """The notes on the nearest steps, at least one long, by time and pitch."""
    start = nearest_steps(notes.start)
    return notes.at(start.astype(float), np.maximum(nearest_steps(notes.end), start + 1).astype(float))


def as_notes(notes: Notes) -> tuple[Note, ...]:
    """Notes in whole steps as a song has them."""
    rows = zip(
        notes.start.astype(int).tolist(),
        notes.pitch.tolist(),
        (notes.end - notes.start).astype(int).tolist(),
        notes.velocity.tolist(),
        strict=True,
    )
    return tuple(sorted(Note(*row) for row in rows))


def one_line(notes: Notes) -> OnGrid:
    """The highest of the notes that are played together, on the grid by ``song.grid.on_grid``.

    Args:
        notes: in fractional steps.
    """
    top: list[int] = []
    for number in np.lexsort((notes.pitch, notes.start)).tolist():
        if top and notes.start[number] - notes.start[top[-1]] < TOGETHER_STEPS:
            if notes.pitch[number] >= notes.pitch[top[-1]]:
                top[-1] = number
        else:
            top.append(number)
    line = notes.chosen(np.array(top, dtype=int))
    times = (np.maximum(line.start, 0) / STEPS_PER_BEAT).tolist(), (line.end / STEPS_PER_BEAT).tolist()
    voice = [Sounding(*row) for row in zip(*times, line.pitch.tolist(), line.velocity.tolist(), strict=True)]
    return on_grid(voice, int(nearest_steps(line.end).max(initial=0)) + STEPS_PER_BEAT)
