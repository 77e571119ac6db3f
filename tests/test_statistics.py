"""Entropy, groove and keys of songs small enough to be counted by hand."""

import math

import pytest
from hypothesis import given, settings

from canzona.evaluation.statistics import entropy_1, entropy_4, groove, out_of_key
from canzona.song import Form, Key, LeadSheet, Meter, Note, Song
from strategies import songs

BAR = 16


def song(form: str, *piano: tuple[int, int], melody: tuple[Note, ...] = (), key: str | None = "C major") -> Song:
    """Piano notes of (step, pitch), a quarter long."""
    notes = tuple(Note(step, pitch, 4) for step, pitch in piano)
    return Song(Form.parse(form, None if key is None else Key.parse(key)), lead_sheet=LeadSheet(melody), accompaniment=notes)


def test_entropy_of_bars_counts_onsets_by_pitch_class():
    # bar 1: C twice (an octave apart), E and G: 1.5 bits; bar 2: silent, left out; bar 3: one C: 0 bits
    played = song("A3", (0, 48), (4, 60), (8, 64), (8, 67), (2 * BAR, 60))
    assert entropy_1(played) == pytest.approx((1.5 + 0) / 2)


def test_entropy_of_windows_moves_by_bars_and_hears_both_voices():
    melody = (Note(0, 60, 64),)  # its length does not matter
    played = song("A5", (BAR, 62), (4 * BAR, 64), melody=melody)
    # bars 1 to 4: C and D: 1 bit; bars 2 to 5: D and E: 1 bit
    assert entropy_4(played) == pytest.approx(1)
    assert entropy_4(song("A2", (0, 60), (BAR, 62), (BAR, 64))) == pytest.approx(math.log2(3))  # shorter than a window


def test_groove_is_the_mean_over_pairs_of_bars():
    played = song("A3", (0, 60), (8, 60), (BAR, 64), (BAR, 67), (BAR + 4, 60))
    # onsets at 0 8; 0 4; none: pairs differ at 2, 2 and 2 of 16 steps
    assert groove(played) == pytest.approx(1 - 2 / 16)
    uneven = song("A3", (0, 60), (BAR, 60), (2 * BAR, 60), (2 * BAR + 2, 60), (2 * BAR + 3, 60))  # 0, 2 and 2 steps
    assert groove(uneven) == pytest.approx(1 - 4 / 3 / 16)
    waltz = Song(Form.parse("A2"), Meter(3), accompaniment=(Note(0, 60, 1), Note(4, 60, 1), Note(12, 60, 1)))
    assert groove(waltz) == pytest.approx(1 - 1 / 12)
    assert groove(song("A1", (0, 60))) is None


def test_out_of_key_counts_sounding_steps():
    # C sounds on 8 steps, F sharp with it on the last 4 of them, the rest is silent
    played = song("A1", (0, 60), (4, 60), (4, 66))
    assert out_of_key(played) == pytest.approx(4 / 8)
    melody = (Note(12, 66, 4),)
    assert out_of_key(song("A1", (0, 60), melody=melody)) == pytest.approx(4 / 8)
    assert out_of_key(song("A1", (0, 68), (4, 69), key="A minor")) == pytest.approx(4 / 8)  # the raised seventh is outside


def test_a_note_is_judged_by_the_key_of_each_step():
    keys = [Key.parse("C major"), Key.parse("G major"), None]
    tied = Song(Form.parse("A1B1C1").with_keys(keys), accompaniment=(Note(8, 66, 40),))  # F sharp, half a bar, a bar, a bar
    assert out_of_key(tied) == pytest.approx(8 / 24)
    assert out_of_key(song("A1", (0, 60), key=None)) is None


def test_nothing_is_scored_without_notes():
    for silent in (song("A4"), Song(Form.parse("A4", Key.parse("C major")))):
        assert [figure(silent) for figure in (entropy_1, entropy_4, groove, out_of_key)] == [None] * 4


@given(songs())
@settings(max_examples=30)
def test_ranges(original):
    for figure, highest in ((entropy_1, math.log2(12)), (entropy_4, math.log2(12)), (groove, 1), (out_of_key, 1)):
        value = figure(original)
        assert value is None or -1e-9 <= value <= highest + 1e-9
