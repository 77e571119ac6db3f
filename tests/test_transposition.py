"""Songs in other keys."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.song import ChordSpan, Form, Key, LeadSheet, Note, Song
from canzona.song.transposition import FURTHEST_DOWN, FURTHEST_UP, at_home, home_shift, transposed
from certain import sure, sure_chord
from strategies import songs

SONG = Song(
    Form.parse("A1B1", Key.parse("G major")),
    reduced_lead_sheet=LeadSheet((Note(0, 62, 16),)),
    lead_sheet=LeadSheet((Note(0, 62, 4),), (ChordSpan(0, 4, sure_chord("D:7/b7")),)),
    accompaniment=(Note(0, 36, 8),),
)


def test_every_level_and_key_moves():
    higher = transposed(SONG, 3)
    assert {phrase.key for phrase in higher.form.phrases} == {Key.parse("Bb major")}
    assert sure(higher.reduced_lead_sheet).melody == (Note(0, 65, 16),)
    assert higher.lead_sheet == LeadSheet((Note(0, 65, 4),), (ChordSpan(0, 4, sure_chord("F:7/b7")),))
    assert higher.accompaniment == (Note(0, 39, 8),)


@given(songs(), st.integers(-6, 5))
@settings(max_examples=30)
def test_there_and_back_is_where_it_was(song, semitones):
    pitches = [note.pitch for note in song.accompaniment or ()]
    if all(0 <= pitch + semitones <= 127 for pitch in pitches):
        assert transposed(transposed(song, semitones), -semitones) == song


def test_what_would_leave_the_range_is_refused():
    with pytest.raises(ValueError, match="pitch: must be 0 to 127, got -1"):
        transposed(SONG, -37)


@given(songs())
@settings(max_examples=50)
def test_at_home_the_first_key_is_c_major_or_a_minor_and_the_way_back_is_known(song):
    shift = home_shift(song.form)
    assert -FURTHEST_DOWN <= shift <= FURTHEST_UP
    if all(0 <= note.pitch + shift <= 127 for note in song.accompaniment or ()):
        home = at_home(song)
        first = next((phrase.key for phrase in home.form.phrases if phrase.key is not None), None)
        assert first in (Key.parse("C major"), Key.parse("A minor"), None)
        assert transposed(home, -shift) == song
        assert at_home(home) == home


@pytest.mark.parametrize(
    ("keys", "shift"),
    [
        (("C major", "E major"), 0),
        (("A minor", "E major"), 0),
        (("B major", None), 1),
        (("G major", "C major"), 5),
        (("F# major", "C major"), -6),
        (("E minor", "C major"), 5),
        (("C minor", "C major"), -3),
        ((None, "D major"), -2),  # the first phrase that has a key
        ((None, None), 0),
    ],
)
def test_the_way_home_is_the_shortest_and_downwards_from_afar(keys, shift):
    assert home_shift(Form.parse("A1B1").with_keys([key and Key.parse(key) for key in keys])) == shift
