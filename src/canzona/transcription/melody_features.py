"""What tells a melody's notes from others: height among what sounds, loudness, length, and how well one follows another."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canzona.transcription.performance import Notes

MOST_BEFORE = 48
"""How many notes back the one before a melody note is sought …"""
FAR_STEPS = 32
"""… and how far."""
_CLOSE_NOTES = 16  # of the melody before and after a note, that it is compared to
_CENTRE_PITCH = 67
_KNOTS = {
    4: (-2, -1, -0.5, -0.2, 0), 5: (0, 0.2, 0.5, 1), 7: (-2, -1, 0, 1, 2), 8: (-2, -1, 0, 1, 2),
    9: (0, 0.3, 0.5, 0.7, 0.85, 1), 10: (-1.5, -0.5, 0, 0.5, 1.5), 3: (0, 0.3, 1), 2: (0, 0.1, 0.3, 0.6, 1, 2),
    13: (0, 0.02, 0.05, 0.1, 0.2), 16: (-1, -0.5, 0, 0.5, 1), 12: (0.25, 0.5, 0.75, 1, 1.5),
}  # fmt: skip
"""Column of ``_plain`` → where the piecewise linear function of it may bend."""
_INTERVALS, _DISTANCES = (0, 1, 3, 5, 8, 12), (1, 2, 4, 8, 16)
_LOUDNESS_KNOTS, _PITCH_KNOTS, _COUNT_KNOTS = (
    (-40, -20, -8, 0, 8, 20, 40),
    (-19, -12, -7, -3, 0, 3, 7, 12, 19),
    (0, 4, 8, 16, 24, 30),
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """For every note the notes that may be the melody's last before it.

    Attributes:
        first, last: numbers of the earliest such note and of the one after the latest, one for each note.
        offsets: where each note's rows begin in ``features``.
        features: (pairs, 19).
    """

    first: NDArray[np.int64]
    last: NDArray[np.int64]
    offsets: NDArray[np.int64]
    features: NDArray[np.float64]


def single_features(notes: Notes) -> NDArray[np.float64]:
    """Features of each note by itself and among those around it, shape (notes, 80); times are in whole steps."""
    plain = _plain(notes)
    bent = [_hats(plain[:, column], knots) for column, knots in _KNOTS.items()]
    loud_and_high = _hats(plain[:, 8], (-2, -1, 0, 1, 2)) * plain[:, :1]
    return np.concatenate([plain, np.ones((len(notes), 1)), *bent, loud_and_high], axis=1)


def features_beside(notes: Notes, sung: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Features of each note beside a melody that was found before, shape (notes, 31)."""
    chosen = np.flatnonzero(sung)
    if not len(chosen):
        return np.zeros((len(notes), 31))
    start, pitch, velocity = notes.start, notes.pitch, notes.velocity
    at = np.searchsorted(start[chosen], start)
    low, high = np.maximum(at - _CLOSE_NOTES, 0), np.minimum(at + _CLOSE_NOTES, len(chosen))
    louder = velocity - np.median(velocity[chosen])
    higher, louder_here, close = np.zeros(len(notes)), np.zeros(len(notes)), np.zeros(len(notes))
    for number, (first, last) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        near = chosen[first:last]
        higher[number] = pitch[number] - np.median(pitch[near])
        louder_here[number] = velocity[number] - np.median(velocity[near])
        close[number] = np.sum(np.abs(start[near] - start[number]) < FAR_STEPS)
    parts = (
        _hats(louder, _LOUDNESS_KNOTS), _hats(louder_here, _LOUDNESS_KNOTS), _hats(higher, _PITCH_KNOTS),
        _hats(close, _COUNT_KNOTS), sung[:, None].astype(float), np.abs(louder)[:, None] / 20,
    )  # fmt: skip
    return np.concatenate(parts, axis=1)


def pair_features(notes: Notes) -> Pairs:
    """How well each note follows those shortly before it."""
    start, end = notes.start.astype(int), notes.end.astype(int)
    last = np.searchsorted(start, start)
    first = np.maximum(np.searchsorted(start, start - FAR_STEPS), last - MOST_BEFORE).clip(0)
    counts = last - first
    offsets = np.concatenate([[0], np.cumsum(counts)])
    own = np.repeat(np.arange(len(notes)), counts)
    other = np.arange(offsets[-1]) - offsets[own] + first[own]
    interval = np.searchsorted(_INTERVALS, np.abs(notes.pitch[own] - notes.pitch[other]), side="right") - 1
    gap = start[own] - end[other]
    louder = np.abs(notes.velocity[own] - notes.velocity[other])
    features = np.zeros((len(own), 19))
    row = np.arange(len(own))
    features[row, interval] = 1
    features[:, 6] = np.clip(-gap, 0, 8) / 4
    features[:, 7] = (gap >= 0) & (gap <= 1)
    features[:, 8] = np.clip(gap, 0, 16) / 8
    features[:, 9] = gap < 0
    features[row, 10 + np.searchsorted(_DISTANCES, start[own] - start[other])] = 1
    features[:, 16] = np.clip(louder, 0, 40) / 20
    features[:, 17] = louder == 0
    features[:, 18] = louder > 25
    return Pairs(first, last, offsets, features)


def _hats(values: NDArray[np.float64], knots: tuple[float, ...]) -> NDArray[np.float64]:
    """The shares of a value's two neighbours among the knots: any function linear between them is a weighted sum of these."""
    places = np.array(knots, dtype=float)
    values = np.clip(values, places[0], places[-1])
    left = np.clip(np.searchsorted(places, values, side="right") - 1, 0, len(places) - 2)
    share = (values - places[left]) / (places[left + 1] - places[left])
    table = np.zeros((len(values), len(places)))
    row = np.arange(len(values))
    table[row, left], table[row, left + 1] = 1 - share, share
    return table


def _plain(notes: Notes) -> NDArray[np.float64]:
    """Twenty numbers for each note."""
    start = (notes.start - notes.start.min()).astype(int)
    length = np.maximum((notes.end - notes.start).astype(int), 1)
    pitch, velocity, count = notes.pitch, notes.velocity.astype(float), len(notes)
    steps = int((start + length).max()) + 1
    highest, sounding = np.full(steps, -1), np.full(steps, -1)
    np.maximum.at(highest, start, pitch)
    for first, last, height in zip(start, start + np.minimum(length, 256), pitch, strict=True):
        np.maximum(sounding[first:last], height, out=sounding[first:last])
    below, together, octave = _among_those_that_start_together(start, pitch)
    log_length = np.log2(np.minimum(length, 32))
    above_tops, loud_here, rank, long_here = _among_those_close_by(start, pitch, velocity, log_length, highest)
    loud = (velocity - velocity.mean()) / (velocity.std() + 4)
    as_loud = np.bincount(notes.velocity, minlength=128)[notes.velocity] / count
    height = (pitch - _CENTRE_PITCH) / 12
    return np.stack(
        [
            pitch == highest[start],
            np.minimum(highest[start] - pitch, 24) / 12,
            below / 12,
            np.clip(sounding[start] - pitch, 0, 24) / 12,
            np.minimum(above_tops, 0) / 12,
            np.maximum(above_tops, 0) / 12,
            (above_tops / 12) ** 2,
            loud_here,
            loud,
            rank,
            long_here,
            log_length / 3,
            together / 4,
            as_loud,
            octave,
            (pitch >= 55) & (pitch <= 79),
            height,
            height**2,
            notes.start % 2 == 1,
            notes.start % 4 == 0,
        ],
        axis=1,
    ).astype(float)


def _among_those_that_start_together(
    start: NDArray[np.int64], pitch: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """For each note: semitones to the next lower one, 24 at most; how many start with it; whether one an octave lower does."""
    below, together, octave = np.full(len(start), 24.0), np.zeros(len(start)), np.zeros(len(start))
    bounds = np.flatnonzero(np.diff(start, prepend=-1, append=start[-1] + 1))
    for first, last in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        heights = pitch[first:last]
        together[first:last] = last - first
        if last - first > 1:
            distance = heights[:, None] - heights[None, :]
            below[first:last] = np.where(distance > 0, distance, 24).min(axis=1).clip(max=24)
            octave[first:last] = (distance == 12).any(axis=1)
    return below, together, octave


def _among_those_close_by(
    start: NDArray[np.int64],
    pitch: NDArray[np.int64],
    velocity: NDArray[np.float64],
    log_length: NDArray[np.float64],
    highest: NDArray[np.int64],
) -> tuple[NDArray[np.float64], ...]:
    """For each note, against the seven bars around: height over the middle of the tops, loudness, rank by height, length."""
    above, loud, rank, long = (np.zeros(len(start)) for _ in range(4))
    for bar in range(0, len(highest), 16):
        own = slice(*np.searchsorted(start, (bar, bar + 16)))
        near = slice(*np.searchsorted(start, (bar - 48, bar + 64)))
        if own.start == own.stop:
            continue
        heights = pitch[near]
        above[own] = pitch[own] - np.median(heights[heights == highest[start[near]]])
        loud[own] = (velocity[own] - velocity[near].mean()) / (velocity[near].std() + 4)
        rank[own] = np.searchsorted(np.sort(heights), pitch[own]) / len(heights)
        long[own] = log_length[own] - log_length[near].mean()
    return above, loud, rank, long
