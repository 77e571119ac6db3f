"""A melody that is given speaks for chords that have its notes, and a skeleton's chords for notes that they have."""

from dataclasses import replace

import numpy as np
import pytest

from canzona.evaluation.harmony import chord_tones_melody
from canzona.generation import harmonisation
from canzona.generation.controls import Kept, Lock, Revision
from canzona.generation.harmonisation import CHORDS, EXPECTED_SHARE, NOTE_IN_CHORD, harmonic_evidence
from canzona.generation.harmonisation import MELODY as SUNG
from canzona.generation.request import Request
from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import ACCOMPANIMENT, LEAD_SHEET, LEVELS, REDUCED_LEAD_SHEET
from canzona.representation.voices import FIRST_ITEM, voices
from canzona.song import Form
from canzona.song.harmony import PITCH_CLASSES, Chord, ChordSpan
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import Meter
from certain import sure
from test_generation import lively_cascade

MELODY = (Note(0, 60, 2), Note(2, 64, 2), Note(4, 67, 4), Note(32, 62, 4))
"""C, E and G in the first half bar, D at the start of the third bar."""
CHORD = ChordSpan(0, 16, Chord(0, "maj", 0))
GIVEN = Song(Form.parse("A4"), Meter(4), lead_sheet=LeadSheet(MELODY, (CHORD,)))
WHOLE = replace(GIVEN, reduced_lead_sheet=LeadSheet(MELODY[:1], (CHORD,)), accompaniment=(Note(0, 48, 4),))
REQUEST = Request(GIVEN.form, kept=(Kept(GIVEN, LEAD_SHEET.name, "melody"),), seed=1)


def tones(level: Level, number: int) -> set[int]:
    return set(np.flatnonzero(voices(level)[level.part_number(CHORDS)].items[number, PITCH_CLASSES:].numpy()).tolist())


def said(level: Level, request: Request = REQUEST) -> np.ndarray | None:
    return harmonic_evidence(level, Song(sure(request.form)), request, LEVELS).get(CHORDS)


@pytest.mark.parametrize("level", [REDUCED_LEAD_SHEET, LEAD_SHEET], ids=lambda level: level.name)
def test_chords_that_have_the_melody_s_notes_are_likelier_where_it_has_them(level):
    evidence = sure(said(level))
    per_beat = level.unit.frames_per_bar(Meter(4)) // 4
    likeliest = tones(level, int(evidence[0, FIRST_ITEM:].argmax()))
    assert {0, 4, 7} <= likeliest
    assert 2 in tones(level, int(evidence[8 * per_beat, FIRST_ITEM:].argmax()))
    assert evidence[0, FIRST_ITEM:].max() > 0 > evidence[0, FIRST_ITEM:].min()
    assert not evidence[:, :FIRST_ITEM].any()  # nothing speaks for a chord to go on, or against it
    assert not evidence[2 * per_beat : 6 * per_beat].any()  # nothing is sung there, nor in the beat after
    assert evidence[7 * per_beat].any()  # the D sounds within two beats


def test_without_a_melody_there_is_nothing_to_follow():
    assert said(LEAD_SHEET, replace(REQUEST, kept=())) is None
    assert said(ACCOMPANIMENT) is None
    prompt = replace(REQUEST, kept=(Kept(GIVEN, LEAD_SHEET.name, "chords"),))
    assert said(LEAD_SHEET, prompt) is None


def test_a_locked_melody_speaks_in_its_bars_alone():
    lock = Lock(LEAD_SHEET.name, "melody", frozenset({2, 3}))
    request = Request(revision=Revision(WHOLE, LEAD_SHEET.name, locks=(lock,)), seed=1)
    evidence = harmonic_evidence(LEAD_SHEET, WHOLE, request, LEVELS)[CHORDS]
    assert not evidence[:16].any()
    assert evidence[32].any()


def test_composed_chords_have_more_of_a_given_melody_s_notes(tmp_path, monkeypatch):
    cascade = lively_cascade(tmp_path)

    def share(weight: float) -> float | None:
        monkeypatch.setattr(harmonisation, "CHORD_TONE", weight)
        *_, last = cascade.stream([replace(REQUEST, steps=2)], until=LEAD_SHEET)
        (song,) = sure(last.songs)
        assert [(note.start_step, note.pitch) for note in sure(song.lead_sheet).melody] == [
            (n.start_step, n.pitch) for n in MELODY
        ]
        return chord_tones_melody(song)

    assert sure(share(0.0)) + 0.25 < sure(share(30.0))


def test_notes_of_a_skeleton_s_chords_are_likelier_while_these_last():
    skeleton = LeadSheet((), (ChordSpan(0, 4, Chord(0, "maj", 0)), ChordSpan(8, 4, Chord(2, "min", 2))))
    song = replace(WHOLE, reduced_lead_sheet=skeleton)
    evidence = harmonic_evidence(LEAD_SHEET, song, replace(REQUEST, kept=()), LEVELS)[SUNG]
    lowest = LEAD_SHEET.lowest_pitch + LEAD_SHEET.region(SUNG).rows.start
    by_pitch_class = {(lowest + row) % PITCH_CLASSES: evidence[:, FIRST_ITEM + row] for row in range(PITCH_CLASSES)}
    for pitch_class, said in by_pitch_class.items():
        for first, chord in ((0, {0, 4, 7}), (32, {2, 5, 9})):
            assert np.allclose(said[first : first + 16], NOTE_IN_CHORD * ((pitch_class in chord) - EXPECTED_SHARE))
        assert not said[16:32].any()
        assert not said[48:].any()
    assert not evidence[:, :FIRST_ITEM].any()


@pytest.mark.parametrize("level", [REDUCED_LEAD_SHEET, ACCOMPANIMENT], ids=lambda level: level.name)
def test_other_levels_have_no_skeleton(level):
    assert SUNG not in harmonic_evidence(level, WHOLE, replace(REQUEST, kept=()), LEVELS)


def test_composed_melodies_have_more_notes_of_their_skeleton_s_chords(tmp_path, monkeypatch):
    cascade = lively_cascade(tmp_path)

    def share(weight: float) -> float | None:
        monkeypatch.setattr(harmonisation, "NOTE_IN_CHORD", weight)
        *_, last = cascade.stream([Request(Form.parse("A8"), seed=2, steps=2)], until=LEAD_SHEET)
        (song,) = sure(last.songs)
        return chord_tones_melody(
            replace(song, lead_sheet=replace(sure(song.lead_sheet), chords=sure(song.reduced_lead_sheet).chords))
        )

    assert sure(share(0.0)) + 0.25 < sure(share(30.0))
