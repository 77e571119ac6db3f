"""What is locked stays bit for bit while bars are composed anew around it, on a cascade of tiny random networks."""

from collections.abc import Callable
from dataclasses import replace
from random import Random
from types import ModuleType
from typing import Any

import pytest

from canzona.generation import Cascade, Lock, Request, Revision, canvas
from canzona.generation.canvas import _generator as generator
from canzona.generation.fixed import Fixed
from canzona.generation.request_json import request_from_dict, request_to_dict
from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, LEVELS, REDUCED_LEAD_SHEET, Level
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
    unlocked = cascade.revise(song, REDUCED_LEAD_SHEET.name, seed=9, **QUICK)
    assert sure(unlocked.lead_sheet).melody != sure(song.lead_sheet).melody


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
    opened = [trial for trial in trials if trial.is_open]
    assert len(opened) >= 8
    assert sum(trial.is_changed for trial in opened) >= 0.95 * len(opened)


@pytest.mark.parametrize(("unlucky", "draws"), [(0, 1), (2, 3), (99, 8)])
def test_bars_that_come_out_as_they_were_are_drawn_again(
    cascade: Cascade, song: Song, monkeypatch: pytest.MonkeyPatch, unlucky: int, draws: int
) -> None:
    """With other noise each time, until they are others, but not for ever; what is stopped is stopped within a step."""
    noises, drawn, read = [], [], Cascade._read
    monkeypatch.setattr(canvas, "_generator", lambda *given: noises.append(given) or generator(*given))

    def unluckily(own: Cascade, level: Level, image: Any, fixed: Fixed, request: Request) -> Song:
        drawn.append(read(own, level, image, fixed, request))
        return sure(request.revision).song if len(drawn) <= unlucky else drawn[-1]

    monkeypatch.setattr(Cascade, "_read", unluckily)
    asked = Request(seed=5, revision=Revision(song, ACCOMPANIMENT.name, frozenset({3})), **QUICK)
    *steps, last = cascade.stream([asked])
    assert [draw for _, _, draw in noises] == list(range(draws))
    assert [step.step for step in steps] == [1, 2] + [2] * (2 * draws - 2)
    assert (sure(last.songs)[0].accompaniment == song.accompaniment) is (unlucky == 99)
    assert len({own.accompaniment for own in drawn}) == draws


def test_only_what_is_to_change_is_drawn_again(cascade: Cascade, song: Song, monkeypatch: pytest.MonkeyPatch) -> None:
    """A song among others that comes out as it was does not make these be composed twice."""
    asked = [Request(seed=seed, revision=Revision(song, ACCOMPANIMENT.name, frozenset({3})), **QUICK) for seed in (5, 6)]
    alone = [cascade.compose(request) for request in asked]
    read = Cascade._read
    seen: list[int] = []

    def unluckily(own: Cascade, level: Level, image: Any, fixed: Fixed, request: Request) -> Song:
        seen.append(request.seed)
        new = read(own, level, image, fixed, request)
        return sure(request.revision).song if seen == [5] else new

    monkeypatch.setattr(Cascade, "_read", unluckily)
    together = cascade.compose_many(asked, batch_size=2)
    assert seen == [5, 6, 5]
    assert together[1] == alone[1]
    assert together[0].accompaniment not in (song.accompaniment, alone[0].accompaniment)


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
