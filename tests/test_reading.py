"""The reading room: songs of every ending come in by one door, and what is said of them is true."""

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

import canzona
from canzona.io.midi import song_to_midi
from canzona.io.song_json import song_to_json
from canzona.reading import Reading, read, read_music, songs_in, summary
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Mode, Note, Song
from canzona.transcription import Analysis, AnalysisOptions, midi_to_analysis
from certain import sure
from strategies import songs
from test_musicxml import STRANGERS, TUNE, note, score

SHEET = LeadSheet(
    (Note(0, 61, 4), Note(4, 63, 12)), (ChordSpan(0, 4, Chord(1, "min7", 1)), ChordSpan(4, 4, Chord(4, "maj", 4)))
)
SONG = Song(Form.parse("A2@E"), tempo=97.0, lead_sheet=SHEET, accompaniment=(Note(0, 48, 8),))


@settings(max_examples=20)
@given(songs())
def test_what_is_saved_is_read_again(tmp_path_factory: pytest.TempPathFactory, song: Song) -> None:
    path = tmp_path_factory.mktemp("songs") / "song.json"
    keyed = replace(song, form=song.form.with_missing_keys(Key(0)))
    keyed.save(path)
    assert read(path) == keyed
    assert song_to_json(read(path)) == song_to_json(keyed), "keys are written as they were"


@pytest.mark.parametrize("ending", [".json", ".mid", ".MIDI", ".musicxml"])
def test_every_format_of_notes_goes_there_and_back(tmp_path: Path, ending: str) -> None:
    if ending == ".musicxml":
        pytest.importorskip("music21")
    SONG.save(tmp_path / f"song{ending}")
    back = canzona.read(tmp_path / f"song{ending}")
    assert (back.form, back.tempo, sure(back.lead_sheet).chords) == (SONG.form, SONG.tempo, SHEET.chords)
    assert [own.pitch for own in sure(back.lead_sheet).melody] == [61, 63]


def test_saving_replaces_nothing_unasked_and_knows_its_endings(tmp_path: Path) -> None:
    path = tmp_path / "song.json"
    SONG.save(path)
    with pytest.raises(ValueError, match="which is there already; force=True replaces it"):
        SONG.save(path)
    SONG.save(path, force=True)
    with pytest.raises(ValueError, match=r"path: must end in \.json, .* or \.mp3, got"):
        SONG.save(tmp_path / "song.txt")
    assert [own.name for own in tmp_path.iterdir()] == ["song.json"]


def test_a_line_says_what_was_read_and_what_was_not(tmp_path: Path) -> None:
    path = tmp_path / "lead.musicxml"
    grace = "<note><grace/><pitch><step>B</step><octave>4</octave></pitch></note>"
    path.write_bytes(score(TUNE[0], grace + TUNE[1], attributes="<key><fifths>0</fifths><mode>major</mode></key>"))
    reading = read_music(path)
    said = "2 bars of 4/4 in C major, 90 bpm, melody 3 notes, no chords, form A2 assumed; left out: 1 grace note"
    assert str(reading) == f"read {path}: {said}"
    assert (reading.facts()["left_out"], reading.facts()["melody_notes"]) == (["1 grace note"], 3)
    with pytest.raises(ValueError, match=r"lead\.musicxml: must be read whole, would leave out 1 grace note"):
        read_music(path, strict=True)
    assert read_music(tmp_path / "lead.musicxml").song == read(path)


def test_keys_that_a_file_does_not_say_are_heard_and_those_that_its_notes_deny_are_not_believed(tmp_path: Path) -> None:
    bars = [note("A", 1) + sharp("C", 1, 5) + note("E", 1, 5) + sharp("C", 1, 5)] * 3 + [sharp("G", 2) + note("A", 2)]
    path = tmp_path / "tune.musicxml"
    path.write_bytes(score(*bars))
    assert read(path).form.phrases[0].key == Key(9)
    path.write_bytes(score(*bars, attributes="<key><fifths>0</fifths><mode>major</mode></key>"))
    reading = read_music(path)
    assert reading.song.form.phrases[0].key == Key(9)
    assert reading.remarks == ("the signature of C major is not believed, for the notes are in A major",)


def sharp(step: str, duration: int, octave: int = 4) -> str:
    return note(step, duration, octave).replace("</step>", "</step><alter>1</alter>")


def test_a_midi_file_with_marks_but_other_tracks_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "flute.mid"
    path.write_bytes(
        song_to_midi(replace(SONG, accompaniment=None)).replace(b"MELODY", b"Flute!").replace(b"CHORDS", b"Brass!")
    )
    reading = read_music(path)
    assert [(own.start_step, own.pitch) for own in sure(reading.song.lead_sheet).melody] == [(0, 61), (4, 63)]
    assert "melody found in track 'Flute!'" in reading.remarks


def test_a_folder_has_each_song_once_and_is_told_in_one_line(tmp_path: Path) -> None:
    for name in ("a.json", "a.mid", "a.png", "b.mid", "c.mxl", "seconds.json", "report.json", "report.html"):
        (tmp_path / name).touch()
    assert [path.name for path in songs_in(tmp_path).values()] == ["a.json", "b.mid", "c.mxl"]
    readings = [Reading(tmp_path / "a.mid", SONG), Reading(tmp_path / "b.mid", SONG, ("1 grace note",), form_is_assumed=True)]
    said = "2 songs, of 1 of which the phrases are assumed; left out in 1: 1 grace note"
    assert summary(tmp_path, readings) == f"read {tmp_path}: {said}"


def test_a_folder_has_songs_of_every_ending_that_is_read_and_says_what_it_passes_over(tmp_path: Path) -> None:
    for name in ("A.MID", "b.Musicxml", "c.kar", "d.xml", "notes.txt", ".hidden"):
        (tmp_path / name).touch()
    (tmp_path / "more.mid").mkdir()
    assert [path.name for path in songs_in(tmp_path).values()] == ["A.MID", "b.Musicxml", "c.kar", "d.xml"]
    assert summary(tmp_path, [Reading(tmp_path / "A.MID", SONG)]).endswith(": 1 song; passed over: more.mid/, notes.txt")


def test_refusals_name_the_file(tmp_path: Path) -> None:
    for name, data, said in (
        ("song.wav", b"", "must end in .json, .mid"),
        ("song.mxl", b"PK\x03\x04", "song.mxl: musicxml: compressed file"),
        ("song.json", b"{}", "song.json: song file: must be a JSON object"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(ValueError, match=said):
            read(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "missing.mid")


def test_keys_and_chords_are_written_in_the_key_that_was_asked_for(tmp_path: Path) -> None:
    flat = replace(SONG, form=Form.parse("A2@Gb"))
    assert [str(key) for key in (Key.parse("Gb major"), Key.parse("F#"), Key.parse("D# minor"))] == [
        "Gb major", "F# major", "D# minor"
    ]  # fmt: skip
    assert Key.parse("Gb") == Key.parse("F#")
    for ending in (".json", ".mid"):
        flat.save(tmp_path / f"flat{ending}")
        assert str(read(tmp_path / f"flat{ending}").form.phrases[0].key) == "Gb major"
    assert b"C#:min7" in song_to_midi(SONG)
    assert '"C#:min7"' in song_to_json(SONG)
    assert b"Db:min7" in song_to_midi(flat)


@pytest.mark.parametrize("mode", list(Mode))
def test_every_signature_is_a_key_that_comes_back_by_its_name(mode: Mode) -> None:
    for fifths in range(-7, 8):
        tonic = (7 * fifths + (0 if mode is Mode.MAJOR else 9)) % 12
        key = Key(tonic, mode, fifths)
        assert Key.parse(str(key)).accidentals == fifths
        assert key.beside(Key(0, signature=0)) == key
    with pytest.raises(ValueError, match="signature must be one of"):
        Key(0, Mode.MAJOR, 3)


def test_strangers_scores_in_an_archive_are_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "song.mxl", "w") as archive:
        archive.writestr("song.musicxml", STRANGERS)
    assert str(read(tmp_path / "song.mxl").form) == "i1A2A2B1"


def test_midi_is_parsed_only_where_it_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "own.mid"
    SONG.save(path)
    heard = midi_to_analysis(path.read_bytes())
    given: list[bytes] = []

    def hear(item: tuple[bytes, AnalysisOptions]) -> Analysis:
        given.append(item[0])
        return heard

    monkeypatch.setattr("canzona.io.midi_events.ScoreTick", None)
    assert read_music(path, hear=hear).song.tempo == SONG.tempo
    assert given == [path.read_bytes()]
