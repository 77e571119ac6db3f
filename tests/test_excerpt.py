"""Parts of songs are songs, and parts put together are the whole."""

import pytest
from hypothesis import given, settings

from canzona.io.files import check_storable
from canzona.song import ChordSpan, Form, LeadSheet, Note, Song
from canzona.song.excerpt import excerpt
from certain import sure, sure_chord
from strategies import songs

LONG = Song(
    Form.parse("A2B2"),
    lead_sheet=LeadSheet((Note(0, 60, 4), Note(30, 62, 8), Note(40, 64, 4)), (ChordSpan(6, 4, sure_chord("C:maj")),)),
    accompaniment=(Note(16, 48, 40),),
)


def test_what_crosses_the_ends_is_cut():
    part = excerpt(LONG, 1, 3)
    assert str(part.form) == "A1B1"
    assert sure(part.lead_sheet).melody == (Note(14, 62, 8), Note(24, 64, 4))
    assert sure(part.lead_sheet).chords == (ChordSpan(2, 4, sure_chord("C:maj")),)
    assert part.accompaniment == (Note(0, 48, 32),)
    assert part.reduced_lead_sheet is None


def test_chords_are_cut_at_the_beginning_too():
    assert sure(excerpt(LONG, 2, 4).lead_sheet).chords == (ChordSpan(0, 2, sure_chord("C:maj")),)
    assert sure(excerpt(LONG, 2, 4).lead_sheet).melody == (Note(8, 64, 4),)


@given(songs())
@settings(max_examples=30)
def test_the_whole_is_itself_and_every_part_is_a_song(song):
    bars = song.form.length_bars
    assert excerpt(song, 0, bars) == song
    middle = bars // 2
    if middle:
        parts = [excerpt(song, 0, middle), excerpt(song, middle, bars)]
        for part in parts:
            check_storable(part)
        assert sum(part.form.length_bars for part in parts) == bars
        if song.accompaniment is not None:
            assert sum(len(sure(part.accompaniment)) for part in parts) == len(song.accompaniment)


@pytest.mark.parametrize("bars", [(-1, 2), (2, 2), (3, 5)])
def test_bars_that_are_not_there_are_refused(bars):
    with pytest.raises(ValueError, match="within 0 to 4"):
        excerpt(LONG, *bars)
