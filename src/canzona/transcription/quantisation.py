"""Played notes on the sixteenths of a song: swing and triplets straightened, no two melody notes on one place."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canzona.song.notes import Note
from canzona.song.timing import STEPS_PER_BEAT
from canzona.transcription.performance import Notes

SWUNG = (0.58, 0.72)
"""Where in the beat a swung second eighth is played."""
STRAIGHT = (0.45, 0.55)
FEWEST_SWUNG = 8
SWUNG_SHARE = 3.0
"""How many times more notes must be on the swung than on the straight eighth, and than on the sixteenths around them."""
TOGETHER_STEPS = 0.2
"""Notes that start within this are one chord."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Melody notes on their sixteenths, and how many found no free one nearby."""

    notes: tuple[Note, ...]
    lost: int


def straightened(notes: Notes) -> tuple[Notes, bool]:
    """The notes, in fractional steps, with swung eighths on the second half of their beat; and whether there were any."""
    within = (notes.start / STEPS_PER_BEAT) % 1
    swung = _between(within, SWUNG)
    around = _between(within, STRAIGHT) | _between(within, (0.22, 0.28)) | _between(within, (0.735, 0.765))
    if swung.sum() < FEWEST_SWUNG or swung.sum() < SWUNG_SHARE * around.sum():
        return notes, False
    return notes.at(_straight(notes.start), np.maximum(_straight(notes.end), _straight(notes.start) + 0.5)), True


def _straight(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Time bent so that two thirds of a beat come to its half."""
    beats = np.floor(steps / STEPS_PER_BEAT)
    within = steps / STEPS_PER_BEAT - beats
    return STEPS_PER_BEAT * (beats + np.interp(within, [0, 2 / 3, 1], [0, 0.5, 1]))


def _between(values: NDArray[np.float64], bounds: tuple[float, float]) -> NDArray[np.bool_]:
    return (values >= bounds[0]) & (values <= bounds[1])


def rounded(notes: Notes) -> Notes:
    """The notes on the nearest steps (of two as near the earlier), none before 0, at least one long, by time and pitch."""
    start = np.maximum(np.ceil(notes.start - 0.5), 0)
    end = np.maximum(np.floor(notes.end + 0.5), start + 1)
    order = np.lexsort((notes.pitch, start))
    return notes.at(start, end).chosen(order)


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


def one_line(notes: Notes) -> Placed:
    """The highest of the notes that are played together, each on the nearest free step and ending by the next.

    A note whose step is taken goes to the one beside it that is free and less than a step away; where there is none it is lost.

    Args:
        notes: in fractional steps.
    """
    order = np.lexsort((notes.pitch, notes.start))
    top: list[int] = []
    for number in order.tolist():
        if top and notes.start[number] - notes.start[top[-1]] < TOGETHER_STEPS:
            if notes.pitch[number] >= notes.pitch[top[-1]]:
                top[-1] = number
        else:
            top.append(number)
    starts = np.maximum(notes.start[top], 0.0)
    steps: list[int | None] = []
    last = -1
    for place, start in enumerate(starts.tolist()):
        step = int(np.ceil(start - 0.5))
        following = starts[place + 1] if place + 1 < len(starts) else start + STEPS_PER_BEAT
        next_step = int(np.ceil(following - 0.5))
        if next_step == step and abs(following - step) < abs(start - step) and step - 1 > last:
            step -= 1
        moves = step <= last
        step = max(step, last + 1)
        if abs(step - start) > 1 or (moves and next_step <= step):
            steps.append(None)
            continue
        steps.append(step)
        last = step
    kept = [(step, number) for step, number in zip(steps, top, strict=True) if step is not None]
    found = []
    for place, (step, number) in enumerate(kept):
        end = max(int(np.floor(notes.end[number] + 0.5)), step + 1)
        if place + 1 < len(kept):
            end = min(end, kept[place + 1][0])
        found.append(Note(step, int(notes.pitch[number]), end - step, int(notes.velocity[number])))
    return Placed(tuple(found), len(top) - len(kept))
