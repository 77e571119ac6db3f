"""The key of every phrase, from the chords and the melody that sound in it.

A key's score for a phrase is counted in beats: beats of chords and melody outside its scale count against it, beats on which
harmony and melody rest on its tonic count for it. The keys of a song are the best path through its phrases, where every change
of key costs beats too; so a short phrase, or one without chords, takes its neighbours' key, and a change needs evidence.

The idea (major template over the chord chroma, relative minor where the melody rests on its tonic) is that of arXiv 2405.09901,
section 3.1. The published code adds bars to beats here, so it reads every phrase but the first at the wrong place; here
``Meter`` alone converts time.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from canzona.hierarchy.best_path import best_path
from canzona.song.form import Form
from canzona.song.harmony import PITCH_CLASSES, QUALITIES, Chord, ChordSpan, Key, Mode
from canzona.song.notes import Note
from canzona.song.song import LeadSheet
from canzona.song.timing import Meter, steps_to_beats

KEYS = tuple(Key(tonic, mode) for mode in Mode for tonic in range(PITCH_CLASSES))
"""All keys, in the order of the columns of every score here."""

TRIADS = {Mode.MAJOR: {0, 4, 7}, Mode.MINOR: {0, 3, 7}}
"""The tonic triad of each mode, in semitones above the tonic."""

FOREIGN_CHORD_TONE = 3.0
"""What a beat of a chord outside the scale costs, in beats; a chord with one foreign tone of three costs a third of it."""
FOREIGN_MELODY_TONE = 1.0
"""What a beat of melody outside the scale costs, in beats."""
LEADING_TONE = 0.5
"""In minor, the part of those costs that the raised seventh degree pays: it belongs to the dominant, not to the scale."""
TONIC_CHORD = 0.25
"""What a beat of tonic triad is worth, in beats."""
TONIC_MELODY = 0.25
"""What a beat of the tonic in the melody is worth, in beats."""
DOMINANT_SEVENTH = 0.25
"""What a beat of the dominant with its minor seventh, with the third or suspended, is worth, in beats."""
FIRST_CHORD, LAST_CHORD, LAST_NOTE = 0.5, 2.0, 2.0
"""What it is worth, in beats, that a phrase starts on the tonic triad, ends on it, or ends its melody on the tonic."""
TUNE_TRIAD, TUNE_FIRST_TONIC, TUNE_FIRST_TRIAD, TUNE_LAST_TONIC, TUNE_MINOR = 0.21, 0.34, 0.39, 0.24, -0.31
"""In a song without chords, where the tune alone tells, what it is worth, in beats: a beat of a tone of the tonic triad; that a
phrase begins on the tonic, or on another tone of its triad; that it ends on the tonic; and that a key is minor. A multinomial
logistic regression over the keys of the phrases of 770 training songs of POP909, of which it tells 78 % right."""
MOST_OUTSIDE, OUTSIDE_RATIO = 0.12, 3.0
"""The share of music outside of a key's scale up to which the key may be right, and how many times more than outside of the key
that is heard it must be for the key to be wrong."""
TONIC_UNHEARD = 2.0
"""What a key costs, in beats a phrase, whose tonic triad sounds nowhere in a song with chords."""
KEY_CHANGE = 16.0
"""What a change of key from one phrase to the next costs, in beats."""
_MINOR_THIRD, _FOURTH, _MINOR_SEVENTH = 3, 5, 10


def phrase_keys(form: Form, lead_sheet: LeadSheet, meter: Meter) -> Form:
    """The same phrases, each with the key that its chords and melody are in; keys that ``form`` already has are not looked at.

    A transposed lead sheet has the transposed keys. A song without chords and notes is said to be in C major.
    """
    anchor = _anchor(lead_sheet)
    scores = [
        _score(
            _chords_within(lead_sheet.chords, meter.bars_to_beats(bar), meter.bars_to_beats(bar + phrase.length_bars)),
            _notes_within(lead_sheet.melody, meter.bars_to_steps(bar), meter.bars_to_steps(bar + phrase.length_bars)),
            anchor,
            is_alone=not lead_sheet.chords,
        )
        for bar, phrase in form.spans()
    ]
    scores = np.array(scores) - TONIC_UNHEARD * _unheard_tonics(lead_sheet.chords, anchor)
    return form.with_keys([KEYS[column].transposed(anchor) for column in best_path(scores, KEY_CHANGE)])


def contradicted_keys(form: Form, lead_sheet: LeadSheet, meter: Meter) -> Form | None:
    """The keys that a song is in, where those of ``form`` cannot be: a signature may be one that a program always writes.

    They cannot be where far more of the music lies outside of their scales than outside of the keys that are heard, and too
    much of it for passing notes. ``None`` where they can.
    """
    heard = phrase_keys(form, lead_sheet, meter)
    named = form.keys_in_force()
    outside, outside_heard = (_outside(keys, lead_sheet, meter) for keys in (named, heard.keys_by_bar()))
    return heard if outside > MOST_OUTSIDE and outside > OUTSIDE_RATIO * outside_heard else None


def _outside(keys: list[Key | None], lead_sheet: LeadSheet, meter: Meter) -> float:
    """The share of the melody's and the chords' beats that are foreign to the keys of their bars, 0 to 1."""
    table, sounding, foreign = _foreign(), 0.0, 0.0
    tones = [
        (meter.bar_of_step(note.start_step), note.pitch % PITCH_CLASSES, steps_to_beats(note.duration_steps))
        for note in lead_sheet.melody
    ]
    for span in lead_sheet.chords:
        chroma = span.chord.chroma
        tones += [(meter.bar_of_beat(span.start_beat), tone, span.duration_beats / len(chroma)) for tone in chroma]
    for bar, tone, beats in tones:
        key = keys[bar]
        if key is not None:
            sounding += beats
            foreign += beats * table[KEYS.index(key), tone]
    return foreign / sounding if sounding else 0.0


def _anchor(lead_sheet: LeadSheet) -> int:
    """The pitch class that all others are counted from, so that a tie between keys is decided alike in every transposition."""
    if lead_sheet.chords:
        return lead_sheet.chords[0].chord.root
    return lead_sheet.melody[0].pitch % PITCH_CLASSES if lead_sheet.melody else 0


def _chords_within(chords: tuple[ChordSpan, ...], start_beat: int, end_beat: int) -> list[ChordSpan]:
    """The chords that sound between two beats, cut to what sounds there."""
    cut = [(max(span.start_beat, start_beat), min(span.end_beat, end_beat), span.chord) for span in chords]
    return [ChordSpan(start, end - start, chord) for start, end, chord in cut if start < end]


def _notes_within(melody: tuple[Note, ...], start_step: int, end_step: int) -> list[Note]:
    return [note for note in melody if start_step <= note.start_step < end_step]


def _score(chords: list[ChordSpan], notes: list[Note], anchor: int, is_alone: bool) -> NDArray[np.float64]:
    """How well each of ``KEYS``, counted from ``anchor``, fits one phrase, in beats; all 0 for a phrase without music.

    ``is_alone`` says that the melody is that of a song without chords.
    """
    chroma, melody = np.zeros(PITCH_CLASSES), np.zeros(PITCH_CLASSES)
    tonic_triad = np.zeros(len(KEYS))
    chords = [replace(span, chord=span.chord.transposed(-anchor)) for span in chords]
    pitch_classes = [(note.pitch - anchor) % PITCH_CLASSES for note in notes]
    for span in chords:
        tones = span.chord.chroma
        chroma[list(tones)] += span.duration_beats / len(tones)
        tonic_triad[_tonic_columns(span.chord)] += TONIC_CHORD * span.duration_beats
        tonic_triad[_resolutions(span.chord)] += DOMINANT_SEVENTH * span.duration_beats
    for note, pitch_class in zip(notes, pitch_classes, strict=True):
        melody[pitch_class] += steps_to_beats(note.duration_steps)
    if chords:
        tonic_triad[_tonic_columns(chords[0].chord)] += FIRST_CHORD
        tonic_triad[_tonic_columns(chords[-1].chord)] += LAST_CHORD
    foreign = _foreign() @ (FOREIGN_CHORD_TONE * chroma + FOREIGN_MELODY_TONE * melody)
    if is_alone:
        return (_resting(melody, pitch_classes[0], pitch_classes[-1]) if notes else np.zeros(len(KEYS))) - foreign
    rest = TONIC_MELODY * melody
    if notes:
        rest[pitch_classes[-1]] += LAST_NOTE
    return tonic_triad + np.tile(rest, len(Mode)) - foreign


def _resting(melody: NDArray[np.float64], first: int, last: int) -> NDArray[np.float64]:
    """What a tune alone says for each of ``KEYS``, in beats: by how long its pitch classes sound, the first and the last."""
    worth = np.zeros(len(KEYS))
    for column, key in enumerate(KEYS):
        triad = [(key.tonic + above) % PITCH_CLASSES for above in sorted(TRIADS[key.mode])]
        worth[column] = (
            TUNE_TRIAD * melody[triad].sum()
            + (TUNE_FIRST_TONIC if first == key.tonic else TUNE_FIRST_TRIAD if first in triad else 0.0)
            + TUNE_LAST_TONIC * (last == key.tonic)
            + TUNE_MINOR * (key.mode is Mode.MINOR)
        )
    return worth


def _unheard_tonics(chords: Sequence[ChordSpan], anchor: int) -> NDArray[np.float64]:
    """1 for each of ``KEYS`` whose tonic triad no chord has, where there are chords."""
    unheard = np.full(len(KEYS), float(bool(chords)))
    for span in chords:
        unheard[_tonic_columns(span.chord.transposed(-anchor))] = 0.0
    return unheard


def _tonic_columns(chord: Chord) -> list[int]:
    """The columns of the keys whose tonic triad this chord contains: one, or none for a chord without major or minor triad."""
    return [KEYS.index(Key(chord.root, mode)) for mode, triad in TRIADS.items() if triad <= set(QUALITIES[chord.quality])]


def _resolutions(chord: Chord) -> list[int]:
    """The columns of the keys whose dominant seventh this chord is, if it is one."""
    tones = set(QUALITIES[chord.quality])
    is_dominant = _MINOR_SEVENTH in tones and _MINOR_THIRD not in tones
    tonic = (chord.root + _FOURTH) % PITCH_CLASSES
    return [KEYS.index(Key(tonic, mode)) for mode in Mode] if is_dominant else []


def _foreign() -> NDArray[np.float64]:
    """Keys × pitch classes: how foreign a pitch class is to a key, from 0 to 1."""
    table = np.ones((len(KEYS), PITCH_CLASSES))
    for column, key in enumerate(KEYS):
        table[column, list(key.scale)] = 0.0
        if key.mode is Mode.MINOR:
            table[column, (key.tonic - 1) % PITCH_CLASSES] = LEADING_TONE
    return table
