"""Melody and chords that suit each other: what notes that are given say of chords, and chords of a skeleton of notes.

A network that learnt to draw both at once hears what is there already less than a harmonist does. Of all distributions in which
more of a melody's notes are tones of their chords, the nearest to the network's is its own times exp(weight · notes that are)
(Csiszár 1975). The weights are found on the tuning songs, where composed songs then have as many as human ones.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from canzona.generation.fixed import given_music
from canzona.generation.request import Request
from canzona.hierarchy.level import Content, Level
from canzona.representation.voices import FIRST_ITEM, voices
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.song import LeadSheet, Song

CHORD_TONE = 0.6
"""Nats that a note of a given melody speaks for a chord that has it as a tone."""

NOTE_IN_CHORD = 0.15
"""Nats that a chord of the skeleton speaks for a note that is a tone of it."""

EXPECTED_SHARE = 0.65
"""Of a melody's notes that are chord tones, in human songs: what has as many is neither likelier nor less likely."""

CHORD_BEATS = 2
"""How many beats of melody from its onset a chord is held against."""

CHORDS, MELODY = "chords", "melody"


def harmonic_evidence(level: Level, song: Song, request: Request, levels: Sequence[Level]) -> dict[str, NDArray[np.float32]]:
    """What a level is told of melody and chords that suit each other, besides what its network believes.

    Args:
        level: the level.
        song: with all levels above this one.
        request: what is asked for.
        levels: of the cascade, top-down.

    Returns:
        Part's name → (frames, states) log-odds; nothing where nothing is given that they are to suit.
    """
    return _of_chords(level, song, request, levels) | _of_melody(level, song, levels)


def _of_chords(level: Level, song: Song, request: Request, levels: Sequence[Level]) -> dict[str, NDArray[np.float32]]:
    """What a melody that is given says of the chords that are to be composed, at both levels that have chords."""
    if level.content is not Content.LEAD_SHEET:
        return {}
    full = [row for row in levels if row.attribute == (level.reduces or level.attribute)]
    given = next((given_music(row, song, request) for row in full), None)
    if not isinstance(given, LeadSheet) or not given.melody:
        return {}
    frames = level.frames_to_compose(song.form.length_bars, song.meter)
    steps_per_frame = level.unit.steps_per_frame(song.meter)
    begun = np.zeros((frames, PITCH_CLASSES))
    for note in given.melody:
        begun[note.start_step // steps_per_frame, note.pitch % PITCH_CLASSES] += 1
    reach = CHORD_BEATS * level.unit.frames_per_bar(song.meter) // song.meter.beats_per_bar
    sums = np.concatenate([np.zeros((1, PITCH_CLASSES)), begun.cumsum(0), np.repeat(begun.sum(0)[None], reach, axis=0)])
    heard = sums[reach : reach + frames] - sums[:frames]
    own = voices(level)[level.part_number(CHORDS)]
    tones = own.items[:, PITCH_CLASSES:].numpy()
    evidence = silent(level, song, CHORDS)
    evidence[:, FIRST_ITEM:] = CHORD_TONE * (heard @ tones.T - EXPECTED_SHARE * heard.sum(1, keepdims=True))
    return {CHORDS: evidence}


def _of_melody(level: Level, song: Song, levels: Sequence[Level]) -> dict[str, NDArray[np.float32]]:
    """What the chords of a skeleton say of the melody that is drawn out from it."""
    skeletons = (getattr(song, row.attribute) for row in levels if row.reduces == level.attribute)
    skeleton = next((sheet for sheet in skeletons if sheet is not None), None)
    if skeleton is None:
        return {}
    per_beat = level.unit.frames_per_bar(song.meter) // song.meter.beats_per_bar
    evidence, pitch_classes = silent(level, song, MELODY), sung_pitch_classes(level)
    for span in skeleton.chords:
        suits = NOTE_IN_CHORD * (np.isin(pitch_classes, span.chord.chroma) - EXPECTED_SHARE)
        evidence[span.start_beat * per_beat : span.end_beat * per_beat, FIRST_ITEM:] = suits
    return {MELODY: evidence}


def silent(level: Level, song: Song, part: str) -> NDArray[np.float32]:
    """(frames of the song, states of the part) log-odds that say nothing."""
    states = voices(level)[level.part_number(part)].shape.states
    return np.zeros((level.frames_to_compose(song.form.length_bars, song.meter), states), np.float32)


def sung_pitch_classes(level: Level) -> NDArray[np.int64]:
    """(notes that a melody of the level may begin,) the pitch class of each."""
    rows = level.region(MELODY).rows
    return (level.lowest_pitch + np.arange(rows.start, rows.stop)) % PITCH_CLASSES
