"""``canzona analyze``: a MIDI file becomes a song on disk, and what was heard and left out is said."""

import json

import pytest

from canzona.io.song_json import read_song_file
from certain import sure
from test_cli import assert_one_line, canzona, here
from test_tracks import BAR, TICKS, midi
from test_transcription import FOUR, tune

__all__ = ["canzona", "here"]  # fixtures


@pytest.fixture
def file(here):
    data = midi({"Melody": [(0, 40, 12, 90), *tune(4)], "Piano": [(0, 4 * BAR, 48, 80)]}, meters=FOUR, tempos=[(0, 100)])
    (here / "any.mid").write_bytes(data)
    return here / "any.mid"


def test_a_midi_file_becomes_a_song_and_a_line_says_what_was_heard(canzona, here, file):
    result = canzona("analyze", "any.mid", "-o", "song.json", "--json")
    assert result.status == 0, result
    song = read_song_file(here / "song.json")
    assert [note.start_step * TICKS // 4 for note in sure(song.lead_sheet).melody] == [row[0] for row in tune(4)]
    assert song.reduced_lead_sheet is not None
    facts = json.loads(result.out)
    assert (facts["meter"], facts["tempo"], facts["left_out"]) == ("4/4", 100.0, ["1 note below a piano's range"])
    assert "read any.mid: 4 bars of 4/4" in result.err
    assert "left out: 1 note below a piano's range" in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["any.mid", "--strict"], "1 note below a piano's range"), (["bad.mid"], "bad.mid: MIDI file: cannot be read")],
    ids=["strict", "bad"],
)
def test_what_is_refused_gets_one_line_and_writes_nothing(canzona, here, file, arguments, said):
    (here / "bad.mid").write_bytes(b"no music")
    result = canzona("analyze", *arguments, "-o", "song.json")
    assert_one_line(result, 2, said)
    assert not (here / "song.json").exists()
