"""Endings of songs and phrases small enough to be judged by ear."""

from dataclasses import replace

import pytest

from canzona.evaluation.endings import ends_on_tonic, last_chord_tonic, phrase_cadences
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Note, Song

BAR, BEATS = 16, 4


def song(form: str, chords: tuple[str, ...] = (), melody: tuple[Note, ...] = (), key: str | None = "C major") -> Song:
    """A chord a bar."""
    spans = tuple(
        ChordSpan(bar * BEATS, BEATS, chord) for bar, chord in enumerate(map(Chord.parse, chords)) if chord is not None
    )
    return Song(Form.parse(form, None if key is None else Key.parse(key)), lead_sheet=LeadSheet(melody, spans))


def quavers(bars: int, pitch: int = 60) -> tuple[Note, ...]:
    """Running quavers to the end: no note has time to itself."""
    return tuple(Note(step, pitch, 2) for step in range(0, bars * BAR, 2))


@pytest.mark.parametrize(
    ("chords", "last_pitch", "key", "chord_alone", "both"),
    [
        (("G:7", "C:maj"), 64, "C major", 1, 1),
        (("G:7", "C:maj/3"), 72, "C major", 1, 1),
        (("G:7", "C:maj"), 62, "C major", 1, 0),
        (("C:maj", "G:7"), 62, "C major", 0, 0),
        (("G:7", "A:min"), 60, "A minor", 1, 1),
        (("G:7", "A:min"), 60, "C major", 0, 0),
        (("G:7", "C:maj"), 64, None, None, None),
        (("G:7", "C:maj"), None, "C major", 1, None),
        ((), 60, "C major", None, None),
    ],
)
def test_ends_on_tonic(chords, last_pitch, key, chord_alone, both):
    melody = () if last_pitch is None else (Note(0, 61, 2), Note(20, last_pitch, 4))
    ended = song("A2", chords, melody, key)
    assert last_chord_tonic(ended) == chord_alone
    assert ends_on_tonic(ended) == both


def test_the_last_key_decides_and_a_song_without_lead_sheet_is_not_scored():
    ended = song("A1B1", ("G:7", "C:maj"), (Note(16, 60, 4),))
    ended = replace(ended, form=ended.form.with_keys([Key.parse("G major"), Key.parse("C major")]))
    assert last_chord_tonic(ended) == ends_on_tonic(ended) == 1
    bare = Song(Form.parse("A2", Key.parse("C major")))
    assert last_chord_tonic(bare) is ends_on_tonic(bare) is phrase_cadences(bare) is None


@pytest.mark.parametrize(
    ("chords", "key", "closes"),
    [
        (("F:maj", "G:7", "C:maj"), "C major", 1),
        (("G:sus4", "G:maj", "C:maj"), "C major", 1),
        (("G:maj", "C:maj", "C:sus4"), "C major", 1),  # the tonic decorated
        (("G:maj", "F:maj", "C:maj"), "C major", 0),
        (("C:maj", "C:maj", "C:maj"), "C major", 0),
        (("A:min", "E:7", "A:min"), "A minor", 1),
        (("A:min", "E:min", "A:min"), "A minor", 0),  # a minor dominant
    ],
)
def test_harmony_closes_a_phrase(chords, key, closes):
    assert phrase_cadences(song("A3", chords, quavers(3), key)) == closes


@pytest.mark.parametrize(
    ("last_notes", "closes"),
    [
        ((Note(24, 60, 8),), 1),  # held for two beats
        ((Note(22, 60, 2),), 1),  # followed by silence
        ((Note(26, 60, 6),), 0),  # only a beat and a half
        ((Note(20, 60, 2), Note(28, 60, 2), Note(30, 60, 2)), 1),  # the next phrase begins within the last beat
        ((Note(16, 60, 2), Note(26, 60, 2), Note(28, 60, 2)), 0),  # it had time, but not at the end
    ],
)
def test_a_held_note_closes_a_phrase(last_notes, closes):
    melody = (*quavers(1), *last_notes, *(Note(32 + step, 60, 2) for step in range(0, 32, 2)))
    assert phrase_cadences(song("A2x2", melody=melody)) == closes


def test_sung_phrases_are_judged_by_their_own_bars_and_keys():
    chords = ("G:7", "C:maj", "C:maj", "G:7", "G:7", "C:maj")
    judged = song("A2B2x2", chords, quavers(6))
    assert phrase_cadences(judged) == 1 / 2
    assert phrase_cadences(song("x2", ("G:7", "C:maj"))) is None
    assert phrase_cadences(song("A2", ("G:7", "C:maj"), key=None)) is None
    assert phrase_cadences(song("A2", ("G:7", "C:maj"), quavers(2), key=None)) == 0  # by its melody alone
