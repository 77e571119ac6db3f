"""What is told of each note from which its being melody is judged: height among what sounds, loudness, length, and time."""

import numpy as np
from numpy.typing import NDArray

from canzona.transcription.performance import Notes

_CENTRE_PITCH, _SUNG_PITCHES = 67, (55, 79)
_LONGEST_STEPS = 32
_FARTHEST_SOUNDING_STEPS = 256
NUMBERS = 26
"""How many numbers each note has; ``HEIGHT``, ``HEIGHT_SQUARED`` and ``IS_SUNG`` are those that change with transposition."""
IS_SUNG, HEIGHT, HEIGHT_SQUARED = 15, 16, 17
_LOUD_HERE, _LOUD, _AS_LOUD = 7, 8, 13


def melody_features(notes: Notes) -> NDArray[np.float32]:
    """``NUMBERS`` for each note, shape (notes, 26).

    Args:
        notes: of all tracks, in whole steps, in order of time and pitch.
    """
    start = (notes.start - notes.start.min()).astype(int)
    length = np.maximum((notes.end - notes.start).astype(int), 1)
    pitch, velocity, count = notes.pitch, notes.velocity.astype(float), len(notes)
    steps = int((start + length).max()) + 1
    highest, sounding = np.full(steps, -1), np.full(steps, -1)
    np.maximum.at(highest, start, pitch)
    for first, last, height in zip(start, start + np.minimum(length, _FARTHEST_SOUNDING_STEPS), pitch, strict=True):
        np.maximum(sounding[first:last], height, out=sounding[first:last])
    below, together, octave = _among_those_that_start_together(start, pitch)
    log_length = np.log2(np.minimum(length, _LONGEST_STEPS))
    above_tops, loud_here, rank, long_here = _among_those_close_by(start, pitch, velocity, log_length, highest)
    before, after = _to_other_onsets(start)
    numbers = [
        pitch == highest[start],
        np.minimum(highest[start] - pitch, 24) / 12,
        below / 12,
        np.clip(sounding[start] - pitch, 0, 24) / 12,
        np.minimum(above_tops, 0) / 12,
        np.maximum(above_tops, 0) / 12,
        (above_tops / 12) ** 2,
        loud_here,
        (velocity - velocity.mean()) / (velocity.std() + 4),
        rank,
        long_here,
        log_length / 3,
        together / 4,
        np.bincount(notes.velocity, minlength=128)[notes.velocity] / count,  # how many are as loud
        octave,
        *heights(pitch),
        notes.start % 2 == 1,
        notes.start % 4 == 0,
        np.log2(before) / 3,
        np.log2(after) / 3,
        notes.start % 4 == 1,
        notes.start % 4 == 3,
        np.minimum(length, _LONGEST_STEPS) / 8,
        notes.start % 8 == 0,
    ]
    return np.stack(numbers, axis=1).astype(np.float32)


def equally_loud(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """The features as they would be if all notes were equally loud."""
    features = features.copy()
    features[:, [_LOUD_HERE, _LOUD, _AS_LOUD]] = 0, 0, 1
    return features


def heights(pitch: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.float64]]:
    """The numbers ``IS_SUNG``, ``HEIGHT`` and ``HEIGHT_SQUARED`` of pitches."""
    height = (pitch - _CENTRE_PITCH) / 12
    return (pitch >= _SUNG_PITCHES[0]) & (pitch <= _SUNG_PITCHES[1]), height, height**2


def _to_other_onsets(start: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Steps from each note to the last onset before its own and to the next one."""
    places, place = np.unique(start, return_inverse=True)
    apart = np.minimum(np.concatenate([[_LONGEST_STEPS], np.diff(places), [_LONGEST_STEPS]]), _LONGEST_STEPS)
    return apart[place], apart[place + 1]


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
