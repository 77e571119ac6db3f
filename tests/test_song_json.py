"""Songs as JSON: an exact inverse pair that meets bad files with one clear line."""

import errno
import json
from contextlib import suppress
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canzona.io.files import atomic_write, atomic_write_all, replacing
from canzona.io.song_json import read_song_file, song_from_json, song_to_json, write_song_file
from canzona.song import ChordSpan, Form, Key, LeadSheet, Meter, Note, Song
from certain import sure_chord
from strategies import songs

SONG = Song(
    form=Form.parse("i1A2").with_keys([None, Key.parse("G minor")]),
    meter=Meter(3),
    tempo=92.5,
    reduced_lead_sheet=LeadSheet(),
    lead_sheet=LeadSheet((Note(12, 67, 2, 80), Note(14, 70, 4, 81)), (ChordSpan(3, 6, sure_chord("G:min7/b3")),)),
    accompaniment=(Note(0, 43, 12, 60),),
    provenance={"seed": 7, "title": "Über"},
)

TEXT = """{
  "format": "canzona-song",
  "version": 1,
  "rows": {"note": ["start_step", "duration_steps", "pitch", "velocity"], "chord": ["start_beat", "duration_beats", "symbol"]},
  "form": "i1A2",
  "keys": [null, "G minor"],
  "meter": "3/4",
  "tempo": 92.5,
  "reduced_lead_sheet": {
    "melody": [],
    "chords": []
  },
  "lead_sheet": {
    "melody": [
      [12, 2, 67, 80],
      [14, 4, 70, 81]
    ],
    "chords": [
      [3, 6, "G:min7/b3"]
    ]
  },
  "accompaniment": [
    [0, 12, 43, 60]
  ],
  "provenance": {
    "seed": 7,
    "title": "Über"
  }
}
"""


@given(songs())
def test_round_trip(song):
    back = song_from_json(song_to_json(song))
    assert back == song
    assert isinstance(back.provenance, MappingProxyType)
    assert song_to_json(back) == song_to_json(song)


def test_the_text_is_made_for_people():
    assert song_to_json(SONG) == TEXT


def test_absent_levels_and_the_legend_may_be_left_out():
    text = '{"format": "canzona-song", "version": 1, "form": "A4", "keys": ["C major"], "meter": "4/4", "tempo": 90}'
    assert song_from_json(text) == Song(Form.parse("A4", Key(0)))


def _with(**fields: object) -> str:
    return json.dumps(json.loads(TEXT) | fields)


def _with_note(*row: object) -> str:
    return _with(accompaniment=[row])


def _with_chords(*rows: object) -> str:
    return _with(lead_sheet={"melody": [], "chords": rows})


BAD = {
    "": "must be JSON",
    "[]": "must be a JSON object",
    "{": "line 1, column 2",
    "[" * 100_000: "nested too deeply",
    TEXT.replace("92.5", "NaN"): "finite, got NaN",
    TEXT.replace("92.5", "-Infinity"): "finite, got -Infinity",
    TEXT.replace("92.5", "1e999"): "finite, got 1e999",
    TEXT.replace("92.5", "9" * 400): "tempo",
    TEXT.replace("92.5", "9" * 9000): "fewer digits",
    TEXT.replace('"seed": 7', '"seed": 1e999'): "finite",
    TEXT.replace('"seed": 7', '"title": 7'): "given once, got 'title'",
    TEXT.replace("i1A2", "i1A\\u00b2"): "form",
    _with(format="other"): "format",
    _with(version=2): "version: must be 1, got 2",
    _with(version=True): "version",
    _with(extra=1): "extra",
    _with(tempo=0): "tempo",
    _with(tempo=301): "20 to 300",
    _with(tempo="90"): "tempo",
    _with(meter="6/8"): "meter",
    _with(meter=4): "meter",
    _with(form="i4A"): "form",
    _with(form="i0A2"): "1 bar or more",
    _with(form="i1A9999999"): "form: must have 1024 bars",
    _with(form="A" + "9" * 5000, keys=[None]): "form",
    _with(form=None): "form",
    _with(keys=["C major"]): "keys: must be one a phrase, 2",
    _with(keys=["C major", "H major"]): "key",
    _with(keys="C major"): "keys",
    _with(rows={"note": ["pitch"]}): "rows",
    _with(accompaniment=7): "accompaniment",
    _with(provenance=[]): "provenance",
    _with(lead_sheet={"melody": []}): "lead_sheet.chords",
    _with(accompaniment=[[0, 1, 60, 80], [4, 1, 60, 80], [3, 1, 60, 80]]): "accompaniment[2]: notes must be in order",
    _with_note(0, 1, 60): "accompaniment[0]",
    _with_note(0, 1, 60, 80, 9): "accompaniment[0]",
    _with_note(0.5, 1, 60, 80): "accompaniment[0]",
    _with_note(0, 1, True, 80): "accompaniment[0]",
    _with_note(-1, 1, 60, 80): "start_step: must be 0 or more, got -1",
    _with_note(0, 0, 60, 80): "duration_steps",
    _with_note(0, 1, 128, 80): "pitch: must be 0 to 127, got 128",
    _with_note(0, 1, 60, 0): "velocity",
    _with_note(0, 37, 60, 80): "must end by step 36",
    _with_note(10**30, 1, 60, 80): "must end by step 36",
    _with_chords([0, 1, "H:maj"]): "lead_sheet.chords[0]: chord: must be a Harte symbol",
    _with_chords([0, 1, "C:nonsense"]): "lead_sheet.chords[0]",
    _with_chords([0, 1, ""]): "lead_sheet.chords[0]",
    _with_chords([0, 1, "N"]): "leave out",
    _with_chords([0, 1, "X"]): "lead_sheet.chords[0]",
    _with_chords([0, 1, "C\n\nD"]): "lead_sheet.chords[0]",
    _with_chords([0, 1, "C:" + "m" * 9999]): "lead_sheet.chords[0]",
    _with_chords([0, 1, 5]): "lead_sheet.chords[0][2]",
    _with_chords([0, 0, "C:maj"]): "duration 1 or more",
    _with_chords([0, 2, "C:maj"], [1, 1, "C:maj"]): "lead_sheet.chords[1]: chords must follow one another",
    _with_chords([8, 2, "C:maj"]): "must end by beat 9",
}


@pytest.mark.parametrize(("text", "message"), BAD.items(), ids=range(len(BAD)))
def test_malformed_input_gets_one_line(text, message):
    with pytest.raises(ValueError, match="song file: ") as caught:
        song_from_json(text)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) <= 300


@given(st.text())
def test_any_chord_symbol_is_read_or_refused(symbol):
    with suppress(ValueError):
        song = song_from_json(_with_chords([0, 1, symbol]))
        assert song_from_json(song_to_json(song)) == song


def test_text_that_is_not_unicode_survives(tmp_path):
    song = Song(Form.parse("A1"), provenance={"from": "\udcff.mid"})
    write_song_file(tmp_path / "song.json", song)
    assert read_song_file(tmp_path / "song.json") == song


def test_what_cannot_be_read_is_not_written():
    with pytest.raises(ValueError, match="must end by step 16"):
        song_to_json(Song(Form.parse("A1"), accompaniment=(Note(15, 60, 2),)))
    with pytest.raises(ValueError, match="1024 bars"):
        song_to_json(Song(Form.parse("A1025")))
    with pytest.raises(ValueError, match="JSON compliant"):
        song_to_json(Song(Form.parse("A1"), provenance={"loss": float("nan")}))
    with pytest.raises(TypeError):
        song_to_json(Song(Form.parse("A1"), provenance={"bars": {1, 2}}))


def test_files(tmp_path):
    path = tmp_path / "Lied über.json"
    write_song_file(path, SONG)
    assert read_song_file(path) == SONG
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.encode())
    assert read_song_file(path) == SONG
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(ValueError, match=r"über\.json: song file: must be UTF-8"):
        read_song_file(path)
    path.write_text("{}")
    with pytest.raises(ValueError, match=r"über\.json: song file: must be a JSON object"):
        read_song_file(path)
    with pytest.raises(FileNotFoundError):
        read_song_file(tmp_path / "missing.json")


def _disk_full(*arguments):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_writing_leaves_all_or_nothing(tmp_path, monkeypatch):
    old, new, folder = tmp_path / "old", tmp_path / "new", tmp_path / "folder"
    folder.mkdir()
    old.write_bytes(b"old")
    with pytest.raises(FileNotFoundError, match="missing/goal"):
        atomic_write_all({old: b"1", new: b"2", tmp_path / "missing" / "goal": b"3"})
    with pytest.raises(IsADirectoryError):
        atomic_write_all({old: b"1", new: b"2", folder: b"3"})
    with suppress(KeyboardInterrupt), replacing(old) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    for failing in ("os.fsync", "os.open", "os.replace", "pathlib.Path.write_bytes"):
        with monkeypatch.context() as patch:
            patch.setattr(failing, _disk_full)
            with pytest.raises(OSError, match="No space left") as caught:
                atomic_write(old, b"1")
            assert (caught.value.filename, caught.value.filename2) == (str(old), None)
    assert old.read_bytes() == b"old"
    assert sorted(tmp_path.iterdir()) == [folder, old]

    atomic_write_all({old: b"1", new: b"2"})
    link = tmp_path / "link"
    link.symlink_to(new)
    with replacing(link) as temporary:
        temporary.write_bytes(b"3")
    assert (old.read_bytes(), new.read_bytes(), link.is_symlink()) == (b"1", b"3", True)
    assert old.stat().st_mode == folder.joinpath("..", "new").stat().st_mode
    assert sorted(tmp_path.iterdir()) == [folder, link, new, old]
