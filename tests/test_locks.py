"""What is locked stays bit for bit while bars are composed anew around it, on a cascade of tiny random networks."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from types import ModuleType

import pytest

from canzona.generation import Cascade, Lock, Request, Revision
from canzona.generation.request_json import request_from_dict, request_to_dict
from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, LEVELS, REDUCED_LEAD_SHEET
from canzona.hierarchy.reduction import reduce_lead_sheet
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Note, Song
from certain import sure
from test_generation import lively_cascade

QUICK = {"steps": 2, "guidance": 0.0}


@pytest.fixture(scope="module")
def cascade(tmp_path_factory: pytest.TempPathFactory) -> Cascade:
    return lively_cascade(tmp_path_factory.mktemp("cascade"))


@pytest.fixture(scope="module")
def song(cascade: Cascade) -> Song:
    return cascade.compose(Request(Form.parse("i1A4B3"), Key.parse("Eb major"), seed=3, **QUICK))


def test_a_locked_melody_stays_while_its_chords_are_composed_anew(cascade: Cascade, song: Song) -> None:
    locks = (Lock(LEAD_SHEET.name, "melody"),)
    new = cascade.revise(song, REDUCED_LEAD_SHEET.name, seed=9, locks=locks, **QUICK)
    assert sure(new.lead_sheet).melody == sure(song.lead_sheet).melody
    assert sure(new.lead_sheet).chords != sure(song.lead_sheet).chords
    assert sure(new.reduced_lead_sheet).chords != sure(song.reduced_lead_sheet).chords
    assert sure(new.reduced_lead_sheet).melody == reduce_lead_sheet(sure(song.lead_sheet), song.form, song.meter).melody
    assert new.accompaniment != song.accompaniment
    assert (
        sure(cascade.revise(song, REDUCED_LEAD_SHEET.name, seed=9, **QUICK).lead_sheet).melody != sure(song.lead_sheet).melody
    )


def test_locked_chords_stay_under_a_new_melody_and_the_last_one_too(cascade: Cascade, song: Song) -> None:
    locks = (Lock(LEAD_SHEET.name, "chords"),)
    new = cascade.revise(song, REDUCED_LEAD_SHEET.name, seed=9, locks=locks, **QUICK)
    assert sure(new.lead_sheet).chords == sure(song.lead_sheet).chords
    assert sure(new.lead_sheet).melody != sure(song.lead_sheet).melody


def test_a_note_that_is_kept_sounds_on_over_what_is_locked(cascade: Cascade) -> None:
    """What a lock below asks of a level gives way to what stays there."""
    long = LeadSheet((Note(0, 60, 32),), (ChordSpan(0, 12, Chord(0, "maj", 0)),))
    sung = LeadSheet(tuple(Note(4 * beat, 62 + beat % 3, 4) for beat in range(12)), long.chords)
    old = Song(Form.parse("A3", Key.parse("C")), reduced_lead_sheet=long, lead_sheet=sung, accompaniment=(Note(0, 48, 8),))
    locks = (Lock(LEAD_SHEET.name, "melody"),)
    new = cascade.revise(old, REDUCED_LEAD_SHEET.name, bars=[1, 2], seed=1, locks=locks, **QUICK)
    assert sure(new.reduced_lead_sheet).melody[0] == Note(0, 60, 32)
    assert sure(new.lead_sheet).melody == sung.melody


def test_random_locks_hold_and_what_is_open_changes(
    cascade: Cascade, song: Song, benchmark: Callable[[str], ModuleType]
) -> None:
    studio = benchmark("studio_locks")
    trials = [studio.trial(cascade, song, Random(seed), **QUICK) for seed in range(12)]
    assert all(trial.is_kept for trial in trials)
    opened = sum(trial.open_regions for trial in trials)
    assert opened >= 10
    assert sum(trial.changed_regions for trial in trials) >= 0.95 * opened


def test_a_request_with_locks_is_stored_and_composed_again(cascade: Cascade, song: Song) -> None:
    locks = (Lock(LEAD_SHEET.name, "melody", frozenset({2, 3})), Lock(ACCOMPANIMENT.name))
    request = Request(revision=Revision(song, LEAD_SHEET.name, frozenset(range(1, 6)), 0.8, locks), seed=4, **QUICK)
    again = request_from_dict(request_to_dict(request))
    assert again == request
    first = cascade.compose(request)
    assert cascade.compose(request_from_dict(dict(first.provenance["request"]))) == first
    assert first.accompaniment == song.accompaniment


@pytest.mark.parametrize(
    ("lock", "sentence"),
    [
        ((FORM.name, None, None), "locks: must name a level with notes, got form"),
        ((LEAD_SHEET.name, "piano", None), "locks: must name chords or melody, got piano of lead-sheet"),
        (("bass", None, None), "level: must be one of"),
        ((LEAD_SHEET.name, None, frozenset({8})), "locks: bars: must be within 1 to 8, got 9 to 9"),
        ((LEAD_SHEET.name, None, frozenset()), "locks: bars: must be within 1 to 8, got none"),
    ],
)
def test_locks_that_cannot_be_are_refused(song: Song, lock: tuple, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Revision(song, LEVELS[-1].name, locks=(Lock(*lock),))


def test_what_is_locked_moves_home_and_back_with_the_song(cascade: Cascade, song: Song) -> None:
    request = Request(revision=Revision(song, LEAD_SHEET.name, locks=(Lock(ACCOMPANIMENT.name),)), seed=4, **QUICK)
    assert sure(request.transposed(-3).revision).locks == sure(request.revision).locks
    assert cascade.compose(replace(request, end_on_tonic=False)).accompaniment == song.accompaniment
