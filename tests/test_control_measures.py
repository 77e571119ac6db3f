"""Measuring controls: codes, their floor and ceiling, and the mistakes that must be told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from canzona import pretrained
from canzona.evaluation.control import (
    Obedience,
    chords_in_key,
    closes_on_dominant_and_tonic,
    cosines,
    normalised,
    rises,
    same_share,
)
from canzona.generation.codes import code_plan
from canzona.generation.controls import Likeness
from canzona.generation.request import Request
from canzona.hierarchy.levels import LEVELS, external_named
from canzona.representation.encoders import CONTROL_SEED, Encoders
from canzona.representation.encodings import encoding_named
from canzona.representation.resampling import READERS, resampled_codes
from canzona.representation.segments import NONE, SegmentSource
from canzona.representation.views import answers
from canzona.song.form import Form
from canzona.song.harmony import Chord, ChordSpan, Key
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import STEPS_PER_BEAT
from canzona.training.dataset import PreparedSong
from test_render import example_song

STARTS = [0, 4]


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    return pretrained.load_encoders()


def sheet(*chords: tuple[int, str], form: str = "A4@C") -> Song:
    """A bar of each chord, (root, quality)."""
    spans = tuple(ChordSpan(4 * bar, 4, Chord(root, quality, root)) for bar, (root, quality) in enumerate(chords))
    return Song(Form.parse(form), lead_sheet=LeadSheet((), spans))


def plain_song() -> Song:
    """Sixteen bars of A minor and F over one long low note a bar, the melody in quarter notes on other beats than most."""
    chords = tuple(ChordSpan(8 * place, 8, (Chord(9, "min", 9), Chord(5, "maj", 5))[place % 2]) for place in range(8))
    melody = tuple(Note(16 * bar + step, 70, 3) for bar in range(16) for step in (3, 7, 11))
    piano = tuple(Note(16 * bar, 33, 16) for bar in range(16))
    return Song(Form.parse("A16@Am"), lead_sheet=LeadSheet(melody, chords), accompaniment=piano)


def test_normalised_is_the_share_of_the_way_from_floor_to_ceiling() -> None:
    found = normalised(Obedience((0.5, 0.7), (0.1, 0.3), (0.9, 0.7)), np.random.default_rng(0))
    assert found.mean == pytest.approx((0.6 - 0.2) / (0.8 - 0.2))
    assert found.n == 2
    # drawn with all three cosines: twice the first case, or twice the second
    assert (found.low, found.high) == (pytest.approx((0.5 - 0.1) / 0.8), pytest.approx((0.7 - 0.3) / 0.4))


def test_normalised_refuses_a_ceiling_below_the_floor_and_unequal_cases() -> None:
    with pytest.raises(ValueError, match="ceiling: must be above the floor"):
        normalised(Obedience((0.5,), (0.4,), (0.4,)), np.random.default_rng(0))
    with pytest.raises(ValueError, match="cases: must be as many"):
        normalised(Obedience((0.5, 0.1), (0.4,), (0.6,)), np.random.default_rng(0))


def test_cosines_row_by_row() -> None:
    asked = np.array([[1.0, 0], [1, 1], [0, 0]])
    assert cosines(asked, np.array([[0.0, 2], [3, 3], [1, 0]])) == pytest.approx([0, 1, 0])


def test_shares_of_what_is_the_same() -> None:
    assert same_share("aab", "abc") == pytest.approx(2 / 3)
    assert same_share("", "") == 1
    assert same_share("a", "") == 0


def test_rises_within_tolerance() -> None:
    assert rises([0.1, 0.1, 0.5])
    assert not rises([0.1, 0.5, 0.4])
    assert rises([0.1, 0.5, 0.49], tolerance=0.02)


def test_chords_in_key_and_at_the_end() -> None:
    song = sheet((0, "maj"), (2, "maj"), (7, "7"), (0, "maj"))
    assert song.lead_sheet is not None
    assert chords_in_key(song.lead_sheet.chords, song) == 0.75  # D major has an F sharp
    assert closes_on_dominant_and_tonic(song) == 1
    assert closes_on_dominant_and_tonic(replace(song, form=Form.parse("o4@C"))) == 1
    assert closes_on_dominant_and_tonic(sheet((7, "min"), (0, "maj"))) == 0
    assert closes_on_dominant_and_tonic(Song(Form.parse("A4@C"))) is None


@pytest.mark.parametrize(("name", "seed_number"), [("melody_rhythm", 0), ("chords_8", 0), ("texture", 0), ("texture", 1)])
def test_resampling_keeps_more_of_a_code_than_another_song_has(encoders: Encoders, name: str, seed_number: int) -> None:
    first, second = example_song("A8B8", 4), plain_song()
    asked = encoders.encode(name, seed_number, first, STARTS)
    ceiling = cosines(asked, resampled_codes(encoders, name, seed_number, first, STARTS, (second, STARTS)))
    floor = cosines(asked, encoders.encode(name, seed_number, second, STARTS))
    assert ceiling.mean() > floor.mean() + 0.2


def test_resampling_asks_for_passages_to_be_told_one_by_one_and_for_a_view_that_it_reads(encoders: Encoders) -> None:
    song = example_song("A8B8", 4)
    with pytest.raises(ValueError, match="harmony: must have 2 start bars"):
        resampled_codes(encoders, "texture", 0, song, STARTS, (song, [0]))
    with pytest.raises(ValueError, match="view: must be one of rhythm, chords, piano, got 'melody'"):
        resampled_codes(encoders, "melody_pitch", 0, song, STARTS)


def test_right_answers_are_read_back_as_the_segments_that_gave_them() -> None:
    song = example_song("A8B8", 4)
    assert song.lead_sheet is not None
    rare = tuple(replace(span, chord=Chord(span.chord.root, "maj6", span.chord.root)) for span in song.lead_sheet.chords)
    for own in (song, replace(song, lead_sheet=LeadSheet(song.lead_sheet.melody, rare))):
        for name in ("melody_rhythm", "chords_8", "texture"):
            encoding = encoding_named(name)
            segments = SegmentSource([own]).segments(np.zeros(2, np.int64), np.array([0, 8]), encoding.bars)
            again = READERS[encoding.view](answers(encoding.view, segments), segments)
            assert np.array_equal(encoding.inputs(again), encoding.inputs(segments))


def test_nothing_is_read_beyond_the_end_of_a_song() -> None:
    """Whatever a decoder says of it."""
    source, first, last = SegmentSource([example_song("A4", 4)]), np.zeros(1, np.int64), np.array([3])
    for name in ("melody_rhythm", "chords_8", "texture"):
        encoding = encoding_named(name)
        segments = source.segments(first, last, encoding.bars)
        said = {question: np.ones_like(places) for question, places in answers(encoding.view, segments).items()}
        again = READERS[encoding.view](said, segments)
        outside = ~segments.inside
        assert outside.any()
        assert not again.states[outside].any()
        assert (again.chords[outside] == NONE).all()
        assert segments.inside[again.notes.segment, again.notes.step // STEPS_PER_BEAT].all()


@pytest.mark.parametrize("name", ["texture", "rhythm", "chords"])
def test_cases_ask_for_the_codes_that_the_cascade_asks_for(
    benchmark: Callable[[str], ModuleType], encoders: Encoders, name: str
) -> None:
    source, target = example_song("A8", 4), example_song("A8", 4)
    target = replace(target, form=target.form.with_keys([Key.parse("Bb minor")]))
    level = external_named(name)
    assert level.external is not None
    plan = code_plan(level, target, Request(like=(Likeness(name, source),)), lambda: encoders, 1.0)
    heard = benchmark("control_codes").in_key_of(level.external, source, target)
    starts = range(0, 8, level.external.bars)
    assert plan is not None
    codes = encoders.encode(level.external.encoding, CONTROL_SEED, heard, starts)
    assert np.allclose(plan.codes[:, : level.external.width], codes, atol=1e-6)


def test_passages_are_eight_full_bars_of_a_sung_phrase(
    benchmark: Callable[[str], ModuleType], validation_songs: list[PreparedSong]
) -> None:
    passages = benchmark("control_studio").passages
    assert passages([item.song for item in validation_songs]) == []  # their phrases are of four bars
    (found,) = passages([example_song("i2A8B8", 4)])
    assert [str(phrase) for phrase in found.form.phrases] == ["A8"]
    assert all(getattr(found, level.attribute) is not None for level in LEVELS)


def test_every_contradiction_is_told_in_one_line(benchmark: Callable[[str], ModuleType], tmp_path: Path) -> None:
    module = benchmark("control_contradictions")
    answers = {mistake.title: module.answer(mistake) for mistake in module.contradictions(tmp_path)}
    assert len(answers) == len(module.TABLE)
    assert {title: found for title, found in answers.items() if not found.is_clear} == {}


def test_a_table_is_put_in_its_place_on_a_page(benchmark: Callable[[str], ModuleType]) -> None:
    placed = benchmark("control_curves").placed
    page = "a\n<!-- curve x -->\nold\n<!-- end -->\nb\n<!-- end -->\n"
    assert placed(page, "x", ["| new |"]) == "a\n<!-- curve x -->\n\n| new |\n\n<!-- end -->\nb\n<!-- end -->\n"
    with pytest.raises(ValueError, match="write: the page must have <!-- curve y -->"):
        placed(page, "y", [])
