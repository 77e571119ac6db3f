"""How alike phrases of one type are, against codes small enough to be counted by hand."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings

from canzona.evaluation.latent import ASPECTS, PLAIN_CODERS, Coder, bar_codes, cosine_similarity, phrase_similarity
from canzona.song import ChordSpan, Form, LeadSheet, Meter, Note, Song
from certain import sure, sure_chord
from strategies import songs
from test_render import example_song

BAR = 16
CODERS = {coder.aspect: coder for coder in PLAIN_CODERS}
MELODY, C_MAJOR, PIANO = (Note(0, 60, 4),), (ChordSpan(0, 4, sure_chord("C:maj")),), (Note(0, 48, 4),)


def song(form: str, melody=MELODY, chords=C_MAJOR, piano=PIANO) -> Song:
    return Song(Form.parse(form), lead_sheet=LeadSheet(melody, chords), accompaniment=piano)


def coder(*codes: tuple[float, ...]) -> Coder:
    """One that gives the segments of a song these codes, in order."""

    def encode(of: Song, start_bars) -> np.ndarray:
        assert len(start_bars) == len(codes)
        return np.array(codes)

    return Coder("chords", encode)


def test_the_ratio_by_hand():
    codes = (1, 0), (0, 3), (2, 0), (1, 1)  # A and A: cosine 1; B and B: 1/√2; the mean of all 16 is (6 + 3√2) / 16
    similarity = phrase_similarity(song("A2B2A2B2"), coder(*codes))
    assert sure(similarity).numerator == pytest.approx((2 + sqrt(2)) / 4)
    assert sure(similarity).ratio == pytest.approx(4 / 3)


def test_pairs_within_one_phrase_do_not_count():
    similarity = phrase_similarity(song("A4A2"), coder((1, 0), (1, 0), (0, 1)))
    assert sure(similarity).numerator == 0
    other = phrase_similarity(song("A4A2"), coder((1, 0), (0, 1), (0, 1)))
    assert sure(other).numerator == 1 / 2
    assert sure(other).ratio == pytest.approx((1 / 2) / (5 / 9))


def test_other_types_count_in_the_mean_of_all_only():
    alike = phrase_similarity(song("A2A2"), coder((1, 0), (1, 0)))
    with_intro = phrase_similarity(song("i2A2A2i2"), coder((0, 1), (1, 0), (1, 0), (0, 1)))
    assert (sure(alike).numerator, sure(alike).ratio) == (1, 1)
    assert (sure(with_intro).numerator, sure(with_intro).ratio) == (1, 2)


def test_segments_start_with_their_phrase_and_odd_phrases_are_left_out():
    asked = []

    def encode(of: Song, start_bars) -> np.ndarray:
        asked.extend(start_bars)
        return np.ones((len(start_bars), 1))

    phrase_similarity(song("i1A4A3B2A2"), Coder("chords", encode))
    assert asked == [1, 3, 8, 10]


@pytest.mark.parametrize("form", ["A2B2", "A2A3B2B1", "C2C2", "i2i2", "A4"])
def test_forms_in_which_no_even_phrase_a_or_b_returns_do_not_fit(form):
    assert phrase_similarity(song(form), CODERS["chords"]) is None


def test_songs_without_the_aspect_do_not_fit():
    bare = [
        Song(Form.parse("A2A2")),
        song("A2A2", melody=(), chords=(), piano=()),
        Song(Form.parse("A2A2"), lead_sheet=LeadSheet(), accompaniment=None),
    ]
    assert all(phrase_similarity(of, each) is None for of in bare for each in PLAIN_CODERS)
    only_piano = Song(Form.parse("A2A2"), accompaniment=(Note(0, 48, 4),))
    assert [each.aspect for each in PLAIN_CODERS if phrase_similarity(only_piano, each)] == ["texture"]


def test_opposite_codes_have_a_numerator_and_no_ratio():
    similarity = phrase_similarity(song("A2A2"), coder((1, 2), (-1, -2)))
    assert sure(similarity).numerator == pytest.approx(-1)
    assert sure(similarity).ratio is None


def test_silence_is_like_silence_and_unlike_sound():
    similarity = cosine_similarity(np.array([[0, 0], [3, 4], [0, 0], [4, 3]]))
    assert similarity == pytest.approx(np.array([[1, 0, 1, 0], [0, 1, 0, 24 / 25], [1, 0, 1, 0], [0, 24 / 25, 0, 1]]))


def test_unknown_aspects_are_refused():
    with pytest.raises(ValueError, match=r"aspect: must be one of melody_pitch, .*, got 'lyrics'"):
        Coder("lyrics", CODERS["chords"].encode)


def test_plain_codes_by_hand():
    melody = (Note(2, 61, 3), Note(BAR, 49, 1))
    chords = (ChordSpan(1, 2, sure_chord("C:maj/3")),)
    of = song("A2", melody, chords, (Note(4, 54, 9), Note(4, 57, 1), Note(BAR + 1, 12, 1)))
    pitch, rhythm, harmony, texture = (bar_codes(of, aspect) for aspect in ASPECTS)
    assert {tuple(place) for place in np.argwhere(pitch)} == {(0, 2 * 12 + 1), (0, 3 * 12 + 1), (0, 4 * 12 + 1), (1, 1)}
    assert {tuple(place) for place in np.argwhere(rhythm)} == {(0, 2), (1, 0)}
    assert {place % 24 for place in np.flatnonzero(harmony)} == {0, 4, 7, 12 + 4}
    assert {place // 24 for place in np.flatnonzero(harmony)} == {1, 2}
    assert texture.reshape(2, BAR, 6)[0, 4].tolist() == [0, 0, 1.75, 0.25, 0, 0]  # 54 is a register's middle, 57 is 3/12 above
    assert texture.reshape(2, BAR, 6)[1, 1].tolist() == [1, 0, 0, 0, 0, 0]  # lower than the lowest middle
    assert texture.sum() == 3


def test_codes_of_segments_are_those_of_their_bars_in_both_metres():
    for beats in Meter.ALLOWED:
        of = example_song("A4B4A4", beats)
        for each in PLAIN_CODERS:
            bars = bar_codes(of, each.aspect)
            assert each.encode(of, [3, 6]) == pytest.approx(np.array([[*bars[3], *bars[4]], [*bars[6], *bars[7]]]))


def test_texture_hardly_depends_on_the_chord():
    def broken(*pitches: int) -> tuple[Note, ...]:
        return tuple(Note(4 * place, pitch, 4) for place, pitch in enumerate(pitches))

    def texture(piano: tuple[Note, ...]) -> np.ndarray:
        return bar_codes(song("A1", piano=piano), "texture")[0]

    c_major, f_major, block = (
        broken(48, 52, 55, 60),
        broken(48, 53, 57, 60),
        tuple(Note(0, pitch, 16) for pitch in (48, 52, 55, 60)),
    )
    codes = cosine_similarity(np.array([texture(c_major), texture(f_major), texture(block)]))
    assert codes[0, 1] > 0.95
    assert codes[0, 2] < 0.6


@pytest.mark.parametrize("each", PLAIN_CODERS, ids=lambda each: each.aspect)
def test_copied_phrases_are_wholly_alike(each):
    verse, chorus = (replace(example_song(form), form=Form.parse(form)) for form in ("A2", "B2"))
    copied = joined(verse, chorus, verse, chorus)
    assert sure(phrase_similarity(copied, each)).numerator == pytest.approx(1)
    mislabelled = phrase_similarity(joined(verse, verse, chorus, chorus, form="A2B2A2B2"), each)
    assert sure(sure(mislabelled).ratio) < sure(sure(phrase_similarity(copied, each)).ratio)


def joined(*parts: Song, form: str | None = None) -> Song:
    melody, chords, piano, start_bar = [], [], [], 0
    for part in parts:
        melody += [replace(note, start_step=note.start_step + start_bar * BAR) for note in sure(part.lead_sheet).melody]
        chords += [replace(span, start_beat=span.start_beat + start_bar * 4) for span in sure(part.lead_sheet).chords]
        piano += [replace(note, start_step=note.start_step + start_bar * BAR) for note in sure(part.accompaniment)]
        start_bar += part.form.length_bars
    return song(form or "".join(str(part.form) for part in parts), tuple(melody), tuple(chords), tuple(piano))


@given(songs())
@settings(max_examples=30)
def test_plain_similarities_are_between_0_and_1(original):
    for each in PLAIN_CODERS:
        similarity = phrase_similarity(original, each)
        assert similarity is None or (0 <= similarity.numerator < 1 + 1e-9 and sure(similarity.ratio) >= 0)
