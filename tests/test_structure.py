"""Repeats, boundaries and labels, in similarities small enough to be counted by hand and songs put together for them."""

from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from mir_eval.segment import pairwise

from canzona.evaluation.structure import (
    PENALTY,
    boundary_hits,
    enhanced_similarity,
    frame_chroma,
    heard_boundaries,
    label_f1,
    novelty,
    path_sums,
    segment_fitness,
    structure_indicator,
)
from canzona.song import Chord, ChordSpan, Form, LeadSheet, Meter, Note, Song
from certain import sure
from strategies import songs
from test_render import example_song

BAR = 16
EMPTY = Song(Form.parse("A4B4"), lead_sheet=LeadSheet(), accompaniment=())


def song(sections: str, form: str | None = None, bars: int = 4, transpositions: tuple[int, ...] = ()) -> Song:
    """Sections of ``bars`` bars, each of made-up notes that its letter alone decides, under any form of the same length."""
    melody, piano, chords = [], [], []
    shifts = transpositions or (0,) * len(sections)
    for number, (letter, shift) in enumerate(zip(sections, shifts, strict=True)):
        generator = np.random.default_rng(ord(letter))
        for bar in range(number * bars, (number + 1) * bars):
            onsets = sorted(generator.choice(BAR, 5, replace=False).tolist())
            melody += [Note(bar * BAR + onset, int(generator.integers(60, 72)) + shift, 1) for onset in onsets]
            chords.append(ChordSpan(bar * 4, 4, Chord((int(generator.integers(12)) + shift) % 12, "maj", shift % 12)))
            piano += [Note(bar * BAR + 4 * beat, int(generator.integers(40, 60)) + shift, 4) for beat in range(4)]
    of = Form.parse(form or "".join(f"{letter}{bars}" for letter in sections))
    return Song(of, lead_sheet=LeadSheet(tuple(melody), tuple(chords)), accompaniment=tuple(piano))


def repeating(frames: int, period: int) -> np.ndarray:
    """Similarity of frames that return exactly after every period, and are otherwise unlike."""
    phases = np.arange(frames) % period
    return np.where(np.equal.outer(phases, phases), 1.0, PENALTY)


def fitness_of(similarity: np.ndarray, length_frames: int) -> np.ndarray:
    """Of all segments of one length."""
    return segment_fitness(next(islice(path_sums(similarity), length_frames - 1, None)), length_frames)


@pytest.mark.parametrize("repeats", [2, 3, 5])
def test_fitness_of_exact_repeats(repeats):
    fitness = fitness_of(repeating(4 * repeats, 4), 4)
    assert fitness[0] == pytest.approx((repeats - 1) / repeats)  # score and coverage alike: all but the segment itself
    # from another start there is room for one repeat fewer, unless the start is a whole period later
    other = fitness_of(repeating(4 * repeats, 4), 4)[1]
    assert other == pytest.approx(2 / ((repeats - 1) / (repeats - 2) + 4 * repeats / (4 * repeats - 8)) if repeats > 2 else 0)


def test_nothing_that_does_not_return_is_fit():
    similarity = np.where(np.eye(6, dtype=bool), 1.0, PENALTY)
    assert all((fitness_of(similarity, length) == 0).all() for length in range(1, 7))
    assert (fitness_of(repeating(6, 3), 6) == 0).all()  # the whole song: nothing is left to be explained


def test_fitness_is_that_of_the_best_of_all_path_families():
    generator = np.random.default_rng(3)
    for length in (1, 2, 3):
        similarity = generator.uniform(-1, 1, (8, 8))
        np.fill_diagonal(similarity, 1)
        fitness = fitness_of(similarity, length)
        for start in range(8 - length + 1):
            path_scores = [sum(similarity[row + k, start + k] for k in range(length)) for row in range(8 - length + 1)]
            best = max(families(8, length), key=lambda rows, scores=path_scores: sum(scores[row] for row in rows))
            covered = length * len(best)
            score = (sum(path_scores[row] for row in best) - length) / covered
            coverage = (covered - length) / 8
            harmonic = 2 * score * coverage / (score + coverage) if score > 0 and coverage > 0 else 0
            assert fitness[start] == pytest.approx(harmonic)


def families(frames: int, length: int, first: int = 0) -> Iterator[tuple[int, ...]]:
    """All sets of starts of paths that do not overlap."""
    yield ()
    for row in range(first, frames - length + 1):
        for later in families(frames, length, row + length):
            yield (row, *later)


def test_chroma_counts_steps_of_melody_and_piano_in_half_bars():
    of = Song(
        Form.parse("A1"), Meter(3), lead_sheet=LeadSheet((Note(4, 60, 4),)), accompaniment=(Note(0, 48, 12), Note(6, 67, 1))
    )
    expected = np.zeros((2, 12))
    expected[:, 0], expected[1, 7] = (6 + 2, 6 + 2), 1
    assert frame_chroma(of).tolist() == expected.tolist()


def test_a_quarter_of_the_similarities_counts():
    similarity = enhanced_similarity(frame_chroma(song("ABCA")))
    assert (similarity != PENALTY).mean() == pytest.approx(0.25, abs=0.01)
    assert similarity.max() == 1
    assert (np.diag(similarity) == 1).all()
    assert (similarity[(similarity != PENALTY)] >= 0).all()


def test_paths_are_summed_frame_by_frame():
    similarity = np.random.default_rng(4).uniform(PENALTY, 1, (9, 9))
    found = list(path_sums(similarity))
    assert len(found) == 9
    for length, sums in enumerate(found, 1):
        starts = range(9 - length + 1)
        expected = [[sum(similarity[row + k, column + k] for k in range(length)) for column in starts] for row in starts]
        np.testing.assert_allclose(sums, expected, atol=1e-12)


@pytest.mark.parametrize(("shortest", "longest"), [(2, 4), (3, None), (5, 5)])
def test_the_indicator_is_that_of_the_fittest_segment_of_every_length(shortest, longest):
    of = song("ABAC", bars=3)
    similarity = enhanced_similarity(frame_chroma(of))
    lengths = range(2 * shortest, 2 * (longest or 6) + 1)  # frames are half bars; a segment is at most half a song
    fittest = max(fitness_of(similarity, length).max() for length in lengths)
    assert structure_indicator(of, shortest, longest) == pytest.approx(fittest)


def test_repeats_raise_the_indicator_of_their_length():
    through_composed, twice = song("ABCDEFGH"), song("ABCDABCD")
    for shortest, longest in ((2, 8), (8, 16), (16, None)):
        assert (
            sure(structure_indicator(twice, shortest, longest))
            > sure(structure_indicator(through_composed, shortest, longest)) + 0.15
        )
    assert structure_indicator(twice, 16) == pytest.approx(0.5, abs=0.05)
    short = song("AABBCCDD", bars=2)
    assert sure(structure_indicator(short, 2, 2)) > sure(structure_indicator(short, 8))
    assert sure(structure_indicator(song("AAAAAAAA"), 2, 8)) > sure(structure_indicator(twice, 2, 8))


def test_repeats_may_be_transposed():
    plain, higher = song("ABAB"), song("ABAB", transpositions=(0, 0, 3, 3))
    assert structure_indicator(higher, 2, 8) == pytest.approx(structure_indicator(plain, 2, 8))


def test_one_note_for_ever_is_one_great_repeat():
    drone = Song(Form.parse("A16"), accompaniment=tuple(Note(step, 48, 4) for step in range(0, 16 * BAR, 4)))
    assert sure(structure_indicator(drone, 2, 8)) > 0.6


def test_songs_that_are_too_short_or_silent_have_no_indicator():
    assert structure_indicator(EMPTY, 2) is None
    assert structure_indicator(Song(Form.parse("A8")), 2) is None
    assert structure_indicator(song("AB"), 4, 8) is not None
    assert structure_indicator(song("AB"), 5, 8) is None


@pytest.mark.parametrize("lengths", [(0, 4), (4, 3), (-1, None)])
def test_lengths_must_ascend(lengths):
    with pytest.raises(ValueError, match="lengths: must be ascending numbers of bars from 1, got"):
        structure_indicator(EMPTY, *lengths)


def test_novelty_is_highest_between_blocks():
    similarity = np.kron(np.eye(2), np.ones((6, 6))).astype(np.float64)
    assert heard_boundaries(similarity) == [6]
    assert novelty(similarity)[6] == pytest.approx(1)
    assert (novelty(similarity)[[1, 2, 3, 9, 10, 11]] == 0).all()


def test_nothing_new_is_no_boundary():
    assert heard_boundaries(np.full((12, 12), 0.3)) == []
    assert heard_boundaries(np.ones((1, 1))) == []


def blocks(sections: str, form: str) -> Song:
    """Like ``song``, but every bar of a section is the same, so that only changes of section are new."""
    return song("".join(letter * 4 for letter in sections), form, bars=1)


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("A4B4C4", 1),
        ("A3B6C3", 1),  # each is a bar off
        ("A2B4C6", 0),  # each is two bars off
        ("A4B8", 2 / 3),  # one of the two that are heard is asked for
        ("A4B2C2D4", 4 / 5),  # both are among the three asked for; the one between is too far from each of them
        ("A12", None),
    ],
)
def test_boundary_hits(form, value):
    hits = boundary_hits(blocks("ABC", form))
    assert hits == (value if value is None else pytest.approx(value))


def test_boundaries_that_nobody_hears():
    assert boundary_hits(blocks("AAA", "A4B4C4")) == 0
    assert boundary_hits(EMPTY) is None


@pytest.mark.parametrize(
    ("sections", "form", "value"),
    [
        ("ABAB", "A4B4A4B4", 1),
        ("ABAB", "A4A4B4B4", 0),
        ("ABAC", "A4A4A4B4", 2 * 1 / (3 + 1)),
        ("AAAB", "A4B4A4b4", 2 * 1 / (1 + 3)),
        ("ABCD", "A4B4C4A4", 0),
        ("ABAB", "A4B4C4D4", None),
    ],
)
def test_label_f1(sections, form, value):
    f1 = label_f1(song(sections, form))
    assert f1 == (value if value is None else pytest.approx(value))
    if value:  # the same as mir_eval's, a frame a phrase
        frames = np.array([[phrase, phrase + 1] for phrase in range(4)], dtype=float)
        letters, heard = ([f"{ord(letter)}" for letter in letters] for letters in (form[::2], sections))  # it knows no case
        assert f1 == pytest.approx(pairwise(frames, letters, frames, heard, 1.0)[2])


def test_phrases_of_other_lengths_are_compared_as_far_as_both_go():
    assert label_f1(song("ABCABDD", "A4B4c4A4B4x8")) == 1
    assert label_f1(song("ABCABDA", "A8b4A8x4A4")) == 1
    assert label_f1(EMPTY) is None


def test_a_good_song_has_the_form_it_says():
    good = example_song("i4A8B8A8B8")
    assert sure(boundary_hits(good)) > 0.6
    assert label_f1(good) == 2 / 3  # its last chorus is a tone higher, which is heard as another phrase
    assert sure(structure_indicator(good, 8, 16)) > 0.4


@given(songs())
@settings(max_examples=30)
def test_figures_are_shares(original):
    for figure in (structure_indicator(original, 1), boundary_hits(original), label_f1(original)):
        assert figure is None or 0 <= figure <= 1
