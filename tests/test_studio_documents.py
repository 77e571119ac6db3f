"""Songs under edit: commands, their inverses, undo and redo in the library, locks, and takes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.io.song_json import song_from_json, song_to_json
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Note, Song
from canzona.studio import wire
from canzona.studio.commands import apply_all
from canzona.studio.documents import (
    Document,
    applied,
    difference,
    difference_from_dict,
    difference_to_dict,
    document_of,
    same_music,
    taken,
)
from canzona.studio.lanes import STRANDS, Lane, by_bar
from canzona.studio.library import Held, Library, NotThere, Refused
from canzona.studio.store import Store
from certain import sure
from strategies import songs
from test_render import example_song

SONG = example_song("A2B2")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    store = Store(tmp_path / "library")
    yield Library(store)
    store.close()


def parsed(*commands: dict[str, Any]) -> list[wire.Command]:
    return wire.Change.model_validate({"base_version": 1, "commands": [*commands]}).commands


def edited(document: Document, *commands: dict[str, Any]) -> Document:
    return apply_all(document, parsed(*commands), lambda _: document.song)


def in_tempo(library: Library, held: Held, tempo: int) -> Held:
    return library.change(held.id, held.version, lambda _, old: edited(old, {"kind": "tempo", "tempo": tempo}), "tempo")


def text(document: Document) -> str:
    return song_to_json(document.song) + repr(document.locks) + str(document.edited)


@settings(max_examples=20)
@given(songs(), songs())
def test_a_difference_leads_there_and_its_inverse_back(one: Song, other: Song) -> None:
    before, after = document_of(one), document_of(other)
    change = difference_from_dict(difference_to_dict(difference(before, after)))
    assert text(applied(before, change)) == text(after)
    assert text(applied(after, change.inverse())) == text(before)
    assert difference_to_dict(change.inverse().inverse()) == difference_to_dict(change)


@settings(max_examples=20)
@given(songs())
def test_a_document_of_a_document_is_the_same(song: Song) -> None:
    document = document_of(song)
    assert document_of(document.song) == document
    assert not difference(document, document_of(song_from_json(song_to_json(document.song)))).fields()


def test_undo_of_all_gives_the_first_json_and_redo_the_last(
    library: Library, benchmark: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    edits, random = benchmark("studio_edits"), Random(5)
    held = library.add("song", document_of(SONG), "new")
    texts, refused = [text(held.document)], 0
    while len(texts) <= 60:
        commands = [edits.random_command(held.document, random)]
        try:
            change = parsed(*commands)
            new = library.change(
                held.id, held.version, lambda _, old, own=change: apply_all(old, own, lambda _: old.song), "edit"
            )
        except ValueError:
            refused += 1
            continue
        if new.version > held.version:
            texts.append(text(new.document))
        held = new
    assert refused > 5
    for expected in reversed(texts[:-1]):
        held = library.undo(held.id, held.version)
        assert text(held.document) == expected
    with pytest.raises(Refused, match="nothing to undo"):
        library.undo(held.id, held.version)
    library._held.clear()  # as after a restart
    for expected in texts[1:]:
        held = library.redo(held.id, held.version)
        assert text(held.document) == expected
    for version, expected in enumerate(texts, start=1):
        assert text(library.at_version(held.id, version)) == expected


def test_an_edit_of_an_old_version_is_refused_and_names_the_present_one(library: Library) -> None:
    held = library.add(None, document_of(SONG), "new")
    library.change(held.id, 1, lambda _, old: edited(old, {"kind": "tempo", "tempo": 70}), "tempo")
    with pytest.raises(Refused) as refusal:
        library.change(held.id, 1, lambda _, old: edited(old, {"kind": "tempo", "tempo": 80}), "tempo")
    assert refusal.value.version == 2
    assert library.get(held.id).document.song.tempo == 70


def test_an_edit_that_fails_changes_nothing(library: Library) -> None:
    held = library.add(None, document_of(SONG), "new")
    good, bad = {"kind": "tempo", "tempo": 70}, {"kind": "tempo", "tempo": 1000}
    with pytest.raises(ValueError, match="tempo: must be 20 to 300"):
        library.change(held.id, 1, lambda _, old: edited(old, good, bad), "tempo")
    assert library.get(held.id).version == 1
    assert library.get(held.id).document == held.document


def test_a_new_edit_gives_up_what_was_undone_but_its_version_stays(library: Library) -> None:
    held = library.add(None, document_of(SONG), "new")
    for tempo in (70, 80):
        held = in_tempo(library, held, tempo)
    held = library.undo(held.id, held.version)
    held = in_tempo(library, held, 99)
    with pytest.raises(Refused, match="nothing to redo"):
        library.redo(held.id, held.version)
    tempos = [library.at_version(held.id, own.version).song.tempo for own in reversed(library.versions(held.id))]
    assert tempos == [SONG.tempo, 70, 80, 70, 99]
    with pytest.raises(NotThere):
        library.at_version(held.id, 6)


def test_versions_are_found_however_far_from_a_stored_document(library: Library) -> None:
    held = library.add(None, document_of(SONG), "new")
    for tempo in range(21, 131):
        held = in_tempo(library, held, tempo)
    library._held.clear()
    found = [library.at_version(held.id, version).song.tempo for version in (2, 49, 50, 51, 99, 111)]
    assert found == [21, 68, 69, 70, 118, 130]


def test_deleted_songs_come_back(library: Library) -> None:
    held = library.add("one", document_of(SONG), "new")
    library.set_deleted(held.id, True)
    with pytest.raises(NotThere):
        library.get(held.id)
    assert not library.songs()
    assert [own.name for own in library.songs(deleted=True)] == ["one"]
    library.set_deleted(held.id, False)
    assert library.get(held.id).document == held.document
    assert [own.name for own in library.songs("ON")] == ["one"]


BARS = LeadSheet((Note(0, 60, 8), Note(16, 62, 20), Note(40, 64, 4)), (ChordSpan(0, 8, Chord(0, "maj", 0)),))
SMALL = document_of(Song(Form.parse("A1B2", Key.parse("C")), lead_sheet=BARS, accompaniment=(Note(0, 40, 4), Note(32, 43, 4))))


def form(*phrases: tuple[str, int, int | None]) -> dict[str, Any]:
    rows = [{"letter": letter, "bars": bars, "key": None, "source": source} for letter, bars, source in phrases]
    return {"kind": "form", "phrases": rows}


def test_music_moves_with_its_phrase_and_new_bars_are_empty() -> None:
    moved = edited(SMALL, form(("B", 2, 1), ("C", 1, None), ("A", 2, 0))).song
    assert str(moved.form) == "B2C1A2"
    assert sure(moved.lead_sheet).melody == (Note(0, 62, 20), Note(24, 64, 4), Note(48, 60, 8))
    assert [(span.start_beat, span.duration_beats) for span in sure(moved.lead_sheet).chords] == [(0, 4), (12, 4)]
    assert moved.accompaniment == (Note(16, 43, 4), Note(48, 40, 4))


def test_a_phrase_that_is_copied_has_its_music_twice() -> None:
    copied = edited(SMALL, form(("A", 1, 0), ("A", 1, 0), ("B", 2, 1))).song
    assert [note.start_step for note in sure(copied.lead_sheet).melody] == [0, 16, 32, 56]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ({"kind": "notes", "lane": "melody", "add": [[4, 4, 70, 80]]}, "must end before the next begins, at step 4"),
        (
            {"kind": "notes", "lane": "melody", "add": [[12, 2, 45, 80]]},
            "must lie within MIDI pitches 46 to 98, got 45",
        ),
        ({"kind": "notes", "lane": "piano", "add": [[2, 4, 40, 80]]}, "must end before the next begins"),
        ({"kind": "notes", "lane": "piano", "add": [[46, 4, 40, 80]]}, "must end by step 48, the end of the form"),
        ({"kind": "notes", "lane": "piano", "add": [[0, 0, 41, 80]]}, "duration_steps: must be 1 or more"),
        ({"kind": "notes", "lane": "reduced", "add": [[3, 4, 60, 80]]}, "must lie on whole beats"),
        ({"kind": "notes", "lane": "melody", "remove": [[0, 8, 61, 80]]}, "there is no note of pitch 61 at step 0"),
        ({"kind": "chords", "lane": "chords", "add": [[4, 1, "Am7"]]}, "chords must follow one another"),
        ({"kind": "chords", "lane": "chords", "add": [[9, 1, "H7"]]}, "chord: must be a symbol such as Am7"),
        ({"kind": "chords", "lane": "chords", "add": [[9, 1, "N"]]}, "chord: must be a chord"),
        (form(("A", 1, 3)), "source: must be a phrase from 0 to 1, got 3"),
        (form(("A", 512, 0), ("B", 1, 1)), "song: must have at most 512 bars, got 513"),
        (form(("A", 400, 0)), "song: must last at most 15 minutes, got 17.8; 400 bars do at a tempo of 107 or more"),
        ({"kind": "locks", "locks": [{"lane": "piano", "first_bar": 2, "last_bar": 4}]}, "bars must be within 1 to 3"),
        ({"kind": "paste", "lanes": ["piano"], "bars": [1, 2], "to_bar": 3}, "to_bar: must leave room for 2 bars"),
        ({"kind": "paste", "lanes": ["piano"], "bars": [3, 4], "to_bar": 1}, "bars: must be within 1 to 3"),
    ],
)
def test_what_may_not_be_is_told_in_one_sentence(command: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence) as refusal:
        edited(SMALL, command)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("typed", ["Am7", "A:min7", "A-7"])
def test_chords_are_typed_as_people_write_them(typed: str) -> None:
    song = edited(SMALL, {"kind": "chords", "lane": "chords", "remove": [[0, 8, "C:maj"]], "add": [[0, 4, typed]]}).song
    assert sure(song.lead_sheet).chords == (ChordSpan(0, 4, Chord(9, "min7", 9)),)


def test_bars_that_are_pasted_take_the_place_of_others() -> None:
    song = edited(SMALL, {"kind": "paste", "lanes": ["melody", "chords"], "bars": [1, 1], "to_bar": 3}).song
    assert sure(song.lead_sheet).melody == (Note(0, 60, 8), Note(16, 62, 16), Note(32, 60, 8))
    assert [(span.start_beat, span.end_beat) for span in sure(song.lead_sheet).chords] == [(0, 8), (8, 12)]
    assert song.accompaniment == SMALL.song.accompaniment


LOCK = {"kind": "locks", "locks": [{"lane": "melody", "first_bar": 2, "last_bar": 2}]}


@pytest.mark.parametrize(
    ("command", "is_allowed"),
    [
        ({"kind": "notes", "lane": "melody", "remove": [[0, 8, 60, 80]]}, True),
        ({"kind": "notes", "lane": "melody", "remove": [[16, 20, 62, 80]]}, False),
        ({"kind": "notes", "lane": "melody", "remove": [[16, 20, 62, 80]], "add": [[16, 20, 62, 81]]}, False),
        ({"kind": "paste", "lanes": ["melody"], "bars": [1, 1], "to_bar": 2}, False),
        ({"kind": "paste", "lanes": ["piano"], "bars": [1, 1], "to_bar": 2}, True),
        (form(("B", 2, 1), ("A", 1, 0)), True),
        (form(("A", 1, 0), ("B", 1, None)), False),
        (form(("A", 1, 0), ("B", 1, 1)), False),  # its note would be cut
        ({"kind": "tempo", "tempo": 50}, True),
        ({"kind": "locks", "locks": []}, True),
    ],
)
def test_what_is_locked_does_not_change(command: dict[str, Any], is_allowed: bool) -> None:
    locked = edited(SMALL, LOCK)
    if not is_allowed:
        with pytest.raises(ValueError, match=r"bar 2 of the melody is locked"):
            edited(locked, command)
    else:
        edited(locked, command)


def test_a_lock_moves_with_its_phrase() -> None:
    moved = edited(edited(SMALL, LOCK), form(("B", 2, 1), ("A", 1, 0)))
    assert [(lock.lane, str(lock.bars)) for lock in moved.locks] == [(Lane.MELODY, "1")]
    with pytest.raises(ValueError, match="bar 1 of the melody is locked"):
        edited(moved, {"kind": "notes", "lane": "melody", "remove": [[0, 20, 62, 80]]})


def test_a_locked_form_stays() -> None:
    locked = edited(SMALL, {"kind": "locks", "locks": [{"lane": "form", "first_bar": 1, "last_bar": 3}]})
    with pytest.raises(ValueError, match="form are locked"):
        edited(locked, form(("A", 1, 0), ("C", 2, 1)))


def test_a_take_is_taken_beside_edits_elsewhere_and_refused_over_them() -> None:
    base = SMALL.song
    take = replace(base, lead_sheet=replace(sure(base.lead_sheet), melody=(*sure(base.lead_sheet).melody[:2], Note(40, 67, 8))))
    assert taken(SMALL, base, take).song == take
    assert not taken(replace(SMALL, edited=True), base, take).edited
    beside = edited(SMALL, {"kind": "notes", "lane": "melody", "remove": [[0, 8, 60, 80]]})
    merged = taken(beside, base, take)
    assert sure(merged.song.lead_sheet).melody == (Note(16, 62, 20), Note(40, 67, 8))
    assert merged.edited
    over = edited(SMALL, {"kind": "notes", "lane": "melody", "remove": [[40, 4, 64, 80]]})
    with pytest.raises(ValueError, match="changed in these bars since"):
        taken(over, base, take)
    with pytest.raises(ValueError, match="form has changed since"):
        taken(edited(SMALL, form(("B", 2, 1), ("A", 1, 0))), base, take)
    locked = edited(SMALL, {"kind": "locks", "locks": [{"lane": "melody", "first_bar": 3, "last_bar": 3}]})
    with pytest.raises(ValueError, match="bar 3 of the melody is locked"):
        taken(locked, base, take)


@settings(max_examples=20)
@given(songs())
def test_bars_hold_all_of_a_song(song: Song) -> None:
    document = document_of(song)
    for strand in (own for strands in STRANDS.values() for own in strands):
        assert len(by_bar(document.song, strand)) == song.form.length_bars
    assert same_music(document.song, replace(document.song, provenance={}))


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_random_edits_that_are_taken_leave_a_song_that_can_be_stored(benchmark: Callable[[str], ModuleType], seed: int) -> None:
    random, document = Random(seed), SMALL
    for _ in range(4):
        try:
            document = edited(document, benchmark("studio_edits").random_command(document, random))
        except ValueError:
            continue
        assert song_to_json(document_of(document.song).song) == song_to_json(document.song)
