"""Chords that follow a given melody: what its notes say of the chords that are composed for them."""

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
"""Nats a note for a chord that has it as a tone; found on the tuning songs, where composed chords then have as many of a
melody's notes as the humans' chords."""

EXPECTED_SHARE = 0.65
"""Of a melody's notes that are chord tones, in human songs: a chord with as many is neither likelier nor less likely."""

CHORD_BEATS = 2
"""How many beats of melody from its onset a chord is held against."""

CHORDS = "chords"


def melody_evidence(level: Level, song: Song, request: Request, levels: Sequence[Level]) -> dict[str, NDArray[np.float32]]:
    """What a melody that is given says of the chords that are to be composed, at both levels that have chords.

    A network that learnt to draw melodies over chords hears a given melody less than a harmonist does. Of all distributions in
    which chords have more of the melody's notes, the nearest to the network's is its own times exp(weight · notes that are
    chord tones) (Csiszár 1975).

    Args:
        level: the level.
        song: with all levels above this one.
        request: what is asked for.
        levels: of the cascade, top-down.

    Returns:
        Part's name → (frames, states) log-odds; nothing where there is no melody to follow.
    """
    if level.content is not Content.LEAD_SHEET:
        return {}
    full = [row for row in levels if row.attribute == (level.reduces or level.attribute)]
    given = next((given_music(row, song, request) for row in full), None)
    if not isinstance(given, LeadSheet) or not given.melody:
        return {}
    frames = level.bars_to_compose(song.form.length_bars, song.meter) * level.unit.frames_per_bar(song.meter)
    steps_per_frame = level.unit.steps_per_frame(song.meter)
    begun = np.zeros((frames, PITCH_CLASSES))
    for note in given.melody:
        begun[note.start_step // steps_per_frame, note.pitch % PITCH_CLASSES] += 1
    reach = CHORD_BEATS * level.unit.frames_per_bar(song.meter) // song.meter.beats_per_bar
    sums = np.concatenate([np.zeros((1, PITCH_CLASSES)), begun.cumsum(0), np.repeat(begun.sum(0)[None], reach, axis=0)])
    heard = sums[reach : reach + frames] - sums[:frames]
    own = voices(level)[level.part_number(CHORDS)]
    tones = own.items[:, PITCH_CLASSES:].numpy()
    evidence = np.zeros((frames, own.shape.states), np.float32)
    evidence[:, FIRST_ITEM:] = CHORD_TONE * (heard @ tones.T - EXPECTED_SHARE * heard.sum(1, keepdims=True))
    return {CHORDS: evidence}
