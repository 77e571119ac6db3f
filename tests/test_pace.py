"""How weights of the tempo are fitted: what is counted, and how far a round moves."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest

from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, REDUCED_LEAD_SHEET
from canzona.representation.window import TEMPI
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Note, Song

REST, HOLD, BEGIN = range(3)


@pytest.fixture
def pace(benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return benchmark("fit_pace")


def song(tempo: float, beats_per_bar: int = 4) -> Song:
    """One instrumental bar and two that are sung; each of these has notes on its first and its fifth step, and a chord."""
    meter = Meter(beats_per_bar)
    bar = meter.steps_per_bar
    notes = tuple(Note(start + place, 60, length) for start in (bar, 2 * bar) for place, length in ((0, 3), (4, 1)))
    sheet = LeadSheet(notes, tuple(ChordSpan(beat, 4, Chord(0, "maj", 0)) for beat in (0, 4, 8)) if bar == 16 else ())
    return Song(Form.parse("i1A2").with_keys([Key(0)] * 2), meter, tempo, sheet, sheet, notes)


def test_what_voices_do_is_counted_by_place_and_by_the_tempi_that_a_song_s_lies_between(pace: ModuleType) -> None:
    chords, melody = np.moveaxis(pace.shares([song(TEMPI[1])], LEAD_SHEET), 2, 0)
    assert melody[1, 0].tolist() == [0, 0, 1]
    assert melody[1, 1].tolist() == [0, 1, 0]
    assert melody[1, 3].tolist() == [1, 0, 0]
    assert melody[1, 4].tolist() == [0, 0, 1]
    assert chords[1, 0].tolist() == [0, 0, 1]
    assert chords[1, 4].tolist() == [0, 1, 0]
    assert not melody[[0, 2, 3]].any()


def test_songs_of_other_tempi_and_metres_count_where_they_belong(pace: ModuleType) -> None:
    slow, fast = song(TEMPI[0]), replace(song(TEMPI[3]), accompaniment=())
    (piano,) = np.moveaxis(pace.shares([slow, fast, song(TEMPI[2], 3)], ACCOMPANIMENT), 2, 0)
    assert piano[0, 0, BEGIN] == pytest.approx(2 / 3 / ACCOMPANIMENT.rows)
    assert piano[3, 0].tolist() == [1, 0, 0]
    assert not piano[[1, 2]].any()


def test_a_form_is_counted_with_what_follows_its_end(pace: ModuleType) -> None:
    keys, phrases = np.moveaxis(pace.shares([song(TEMPI[2])], FORM)[2, 0], 0, 0)
    assert keys[BEGIN] == pytest.approx(3 / FORM.window_frames)
    assert phrases.tolist() == pytest.approx(np.array([FORM.window_frames - 3, 1, 2]) / FORM.window_frames)


def test_moves_are_straight_over_the_tempo_and_most_where_most_bars_are(pace: ModuleType) -> None:
    moves = np.array([0.0, 0.2, 0.4, -3.0])[:, None, None] * np.ones((4, 2, 3))
    straight = pace.straight(moves, np.array([100.0, 100.0, 100.0, 1e-6]))
    assert straight.shape == moves.shape
    assert straight[:, 1, 2] == pytest.approx([0.0, 0.2, 0.4, 0.6], abs=0.02)


def test_a_skeleton_has_a_place_a_beat(pace: ModuleType) -> None:
    skeleton = replace(
        song(TEMPI[0]), reduced_lead_sheet=LeadSheet((Note(16, 60, 16),), (ChordSpan(0, 12, Chord(0, "maj", 0)),))
    )
    _, melody = np.moveaxis(pace.shares([skeleton], REDUCED_LEAD_SHEET), 2, 0)
    assert melody[0, :4].tolist() == [[0.5, 0, 0.5], [0.5, 0.5, 0], [0.5, 0.5, 0], [0.5, 0.5, 0]]
    assert not melody[0, 4:].any()
