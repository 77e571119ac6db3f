"""What an encoder sees of segments, and what its decoder has to say of them."""

from dataclasses import dataclass
from enum import Enum
from functools import cache
from math import prod

import numpy as np
from numpy.typing import NDArray

from canzona.representation.segments import HOLD, NONE, ONSET, Segments
from canzona.song.harmony import PITCH_CLASSES, QUALITIES, QUALITY_NAMES
from canzona.song.timing import STEPS_PER_BEAT

LOWEST_MELODY_ROW, MELODY_ROWS = 36, 72
LOWEST_PIANO_ROW, PIANO_ROWS = 21, 88
"""Pitches that have a row; others are moved by octaves to the nearest row."""

CHORD_FEATURES = 3 * PITCH_CLASSES
PIANO_PLANES = 2
ROWS_FROM_ROOT = PIANO_ROWS + PITCH_CLASSES
"""Rows of a piano roll that is written from the roots of chords, whose row for pitch class 0 stays where it is."""


class View(Enum):
    """A side of a segment."""

    RHYTHM = "rhythm"  # the melody's onsets, holds and rests, without any pitch
    MELODY = "melody"  # its rhythm and its pitches
    CHORDS = "chords"  # root, tones and bass of every beat
    HARMONY = "harmony"  # the same, tones and bass counted from the root
    PIANO = "piano"  # the piano's onsets and held notes; a decoder says its pitches from the root of the sounding chord


@dataclass(frozen=True)
class Question:
    """Something that a decoder is asked about every beat.

    Attributes:
        name: unique within its view.
        places: how often it is asked a beat.
        choices: how many answers there are to choose from; 1 stands for yes or no.
        event: the choice that is also measured by how well it is found; ``None`` for none.
        weight: of its loss.
    """

    name: str
    places: int
    choices: int
    event: int | None = None
    weight: float = 1.0


QUESTIONS = {
    View.RHYTHM: (Question("state", STEPS_PER_BEAT, 3, event=ONSET),),
    View.MELODY: (Question("pitch", STEPS_PER_BEAT, MELODY_ROWS),),
    View.CHORDS: (
        Question("root", 1, PITCH_CLASSES + 1),
        Question("chroma", PITCH_CLASSES, 1),
        Question("bass", 1, PITCH_CLASSES + 1),
    ),
    View.PIANO: (
        Question("onset", STEPS_PER_BEAT * ROWS_FROM_ROOT, 1),
        Question("sustain", STEPS_PER_BEAT * ROWS_FROM_ROOT, 1, weight=0.3),
    ),
}
"""What a decoder says of a view. The last choice of a root or bass is that there is no chord."""


def feature_width(view: View) -> int:
    """Features of a beat."""
    return {
        View.RHYTHM: 3 * STEPS_PER_BEAT + 1,
        View.MELODY: (MELODY_ROWS + 3) * STEPS_PER_BEAT + 1,
        View.CHORDS: CHORD_FEATURES + 1,
        View.HARMONY: CHORD_FEATURES + 1,
        View.PIANO: PIANO_PLANES * PIANO_ROWS * STEPS_PER_BEAT + 1,
    }[view]


def answer_width(view: View) -> int:
    """Logits of a beat."""
    return sum(question.places * question.choices for question in QUESTIONS[view])


def features(view: View, segments: Segments) -> NDArray[np.float32]:
    """(segments, beats, feature width) 0 or 1; the last feature of a beat tells whether it is inside."""
    inside = segments.inside[:, :, None]
    count, beats = segments.inside.shape
    if view is View.PIANO:
        seen = [piano_roll(segments)]
    elif view in (View.CHORDS, View.HARMONY):
        root = segments.chords[..., 0]
        chords = segments.chords if view is View.CHORDS else _from_root(segments.chords)
        seen = [_one_hot(root, PITCH_CLASSES), chroma(chords), _one_hot(chords[..., 2], PITCH_CLASSES)]
    else:
        seen = [_one_hot(segments.states, 3) * inside[..., None]]
        if view is View.MELODY:
            seen.append(_one_hot(_melody_rows(segments), MELODY_ROWS))
    flat = [part.reshape(count, beats, prod(part.shape[2:])) for part in (*seen, inside)]
    return np.concatenate(flat, axis=2, dtype=np.float32)


def answers(view: View, segments: Segments) -> dict[str, NDArray[np.int64]]:
    """Question's name → (segments, beats, places) the right answers, ``NONE`` where there is nothing to answer.

    Raises:
        ValueError: for a view that no decoder speaks of.
    """
    inside = segments.inside[:, :, None]
    if view is View.RHYTHM:
        return {"state": np.where(inside, segments.states, NONE)}
    if view is View.MELODY:
        heard_first = segments.states == ONSET
        heard_first[:, 0, 0] |= segments.states[:, 0, 0] == HOLD
        return {"pitch": np.where(heard_first, _melody_rows(segments), NONE)}
    if view is View.CHORDS:
        root, bass = segments.chords[..., :1], segments.chords[..., 2:]
        return {
            "root": np.where(inside, np.where(root == NONE, PITCH_CLASSES, root), NONE),
            "chroma": np.where(inside, chroma(segments.chords), NONE),
            "bass": np.where(inside, np.where(bass == NONE, PITCH_CLASSES, bass), NONE),
        }
    if view is View.PIANO:
        onset, sustain = np.moveaxis(np.where(inside[..., None], _roll_from_roots(segments), NONE), 2, 0)
        return {"onset": onset, "sustain": sustain}
    raise ValueError(f"view: must be one of {', '.join(each.value for each in QUESTIONS)}, got {view.value!r}")


def chroma(chords: NDArray[np.int64]) -> NDArray[np.int64]:
    """(…, 3) chords as in ``Segments`` → (…, 12) which pitch classes they have."""
    tones = _tones()[np.maximum(chords[..., 1], 0), np.maximum(chords[..., 0], 0)]
    return np.where(chords[..., :1] == NONE, 0, tones)


def piano_roll(segments: Segments) -> NDArray[np.int8]:
    """(segments, beats, 2, 4, rows): where notes begin, and where they go on."""
    count, beats = segments.inside.shape
    roll = np.zeros((count, beats, PIANO_PLANES, STEPS_PER_BEAT, PIANO_ROWS), dtype=np.int8)
    notes = segments.notes
    row = into_range(notes.pitch, LOWEST_PIANO_ROW, PIANO_ROWS) - LOWEST_PIANO_ROW
    roll[notes.segment, notes.step // STEPS_PER_BEAT, 0, notes.step % STEPS_PER_BEAT, row] = 1
    held = np.repeat(np.arange(len(row)), notes.duration - 1)
    first_held = np.cumsum(notes.duration - 1) - (notes.duration - 1)
    step = notes.step[held] + 1 + np.arange(len(held)) - first_held[held]
    roll[notes.segment[held], step // STEPS_PER_BEAT, 1, step % STEPS_PER_BEAT, row[held]] = 1
    return roll


def into_range(pitch: NDArray[np.int64], lowest: int, rows: int) -> NDArray[np.int64]:
    """Pitches moved by octaves until they lie within ``rows`` semitones, 12 or more, from ``lowest`` up."""
    top = lowest + rows - PITCH_CLASSES
    folded = np.where(pitch < lowest, lowest + (pitch - lowest) % PITCH_CLASSES, pitch)
    return np.where(folded >= lowest + rows, top + (folded - top) % PITCH_CLASSES, folded)


def nearest(semitones: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same interval by the shorter way, −6 to 5."""
    return (semitones + PITCH_CLASSES // 2) % PITCH_CLASSES - PITCH_CLASSES // 2


def _roll_from_roots(segments: Segments) -> NDArray[np.int8]:
    """(segments, beats, 2, 4 · rows from root): the piano roll with every beat moved as its root moves to C."""
    count, beats = segments.inside.shape
    row = np.arange(ROWS_FROM_ROOT) - PITCH_CLASSES // 2 + nearest(np.maximum(segments.chords[..., :1], 0))
    padded = np.pad(piano_roll(segments), [(0, 0)] * 4 + [(0, 1)])  # one more row, for what has none
    blank = (row < 0) | (row >= PIANO_ROWS)
    chosen = np.where(blank, PIANO_ROWS, row)[:, :, None, None]
    moved = np.take_along_axis(padded, chosen, axis=4)
    return moved.reshape(count, beats, PIANO_PLANES, STEPS_PER_BEAT * ROWS_FROM_ROOT)


def _from_root(chords: NDArray[np.int64]) -> NDArray[np.int64]:
    """The same chords over the root C."""
    root, quality, bass = np.moveaxis(chords, -1, 0)
    moved = np.stack([np.zeros_like(root), quality, (bass - root) % PITCH_CLASSES], axis=-1)
    return np.where(chords == NONE, NONE, moved)


def _melody_rows(segments: Segments) -> NDArray[np.int64]:
    rows = into_range(segments.pitches, LOWEST_MELODY_ROW, MELODY_ROWS) - LOWEST_MELODY_ROW
    return np.where(segments.pitches == NONE, NONE, rows)


def _one_hot(values: NDArray[np.int64], size: int) -> NDArray[np.bool_]:
    return values[..., None] == np.arange(size)


@cache
def _tones() -> NDArray[np.int64]:
    """(qualities, roots, 12) which pitch classes a chord has."""
    table = np.zeros((len(QUALITY_NAMES), PITCH_CLASSES, PITCH_CLASSES), dtype=np.int64)
    for number, quality in enumerate(QUALITY_NAMES):
        for root in range(PITCH_CLASSES):
            table[number, root, [(root + tone) % PITCH_CLASSES for tone in QUALITIES[quality]]] = 1
    return table
