"""A tune comes to rest: at the end of the last sung phrase, on the tonic, held."""

from dataclasses import replace

import numpy as np
import pytest

from canzona.generation import ending
from canzona.generation.ending import CLOSING_BARS, MELODY, closing_evidence
from canzona.generation.request import Request
from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, REDUCED_LEAD_SHEET
from canzona.representation.voices import FIRST_ITEM, HOLD
from canzona.song import Form
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.progression import Progression
from canzona.song.song import Song
from canzona.song.timing import Meter
from certain import sure
from test_generation import lively_cascade

LEAD_SHEETS = [REDUCED_LEAD_SHEET, LEAD_SHEET]
G = 7
FORM_IN_G = Form.parse("i2A4@G B4 o2")
TUNE_ENDS_BAR = 10


def said(level: Level, request: Request, meter: int = 4) -> np.ndarray | None:
    return closing_evidence(level, Song(sure(request.form), Meter(meter)), request).get(MELODY)


@pytest.mark.parametrize("meter", [3, 4])
@pytest.mark.parametrize("level", LEAD_SHEETS, ids=lambda level: level.name)
def test_the_last_bars_of_the_tune_speak_for_the_tonic_and_for_holding(level, meter):
    evidence = sure(said(level, Request(FORM_IN_G), meter))
    per_bar = level.unit.frames_per_bar(Meter(meter))
    closing = slice((TUNE_ENDS_BAR - CLOSING_BARS) * per_bar, TUNE_ENDS_BAR * per_bar)
    lowest = level.lowest_pitch + level.region(MELODY).rows.start
    on_tonic = np.array([(lowest + row) % PITCH_CLASSES == G for row in range(evidence.shape[1] - FIRST_ITEM)])
    begun = evidence[closing, FIRST_ITEM:]
    assert begun[:, on_tonic].min() > max(0, begun[:, ~on_tonic].max())
    assert evidence[(TUNE_ENDS_BAR - 1) * per_bar, HOLD] > 0
    evidence[closing] = 0
    assert not evidence.any()  # neither in other phrases nor in the outro


@pytest.mark.parametrize(
    ("level", "request_"),
    [
        (FORM, Request(FORM_IN_G)),
        (ACCOMPANIMENT, Request(FORM_IN_G)),
        (LEAD_SHEET, Request(FORM_IN_G, end_on_tonic=False)),
        (LEAD_SHEET, Request(Form.parse("i4@G o4"))),
        (LEAD_SHEET, Request(Form.parse("A4B4"))),
        (LEAD_SHEET, Request(FORM_IN_G, chords=Progression.parse("B: Em | C | Am | D", Meter(4)))),
    ],
    ids=["form", "piano", "left open", "nothing sung", "no key", "own chords"],
)
def test_nothing_is_said_where_there_is_no_tune_to_close(level, request_):
    assert said(level, request_) is None


def test_chords_of_other_phrases_leave_the_end_as_it_is():
    given = Request(FORM_IN_G, chords=Progression.parse("A: Em | C | Am | D", Meter(4)))
    np.testing.assert_array_equal(sure(said(LEAD_SHEET, given)), sure(said(LEAD_SHEET, Request(FORM_IN_G))))


def test_composed_tunes_end_as_they_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(ending, "ON_TONIC", 40.0)
    cascade = lively_cascade(tmp_path)
    request = Request(Form.parse("A4@D"), seed=3, steps=2)

    def last_pitch_class(request: Request) -> int:
        *_, last = cascade.stream([request], until=LEAD_SHEET)
        (song,) = sure(last.songs)
        return max(sure(song.lead_sheet).melody).pitch % PITCH_CLASSES

    assert last_pitch_class(request) == 2
    assert {last_pitch_class(replace(request, end_on_tonic=False, seed=seed)) for seed in range(4)} != {2}
