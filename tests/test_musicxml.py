"""MusicXML: what Canzona writes comes back and is what the song says; what others write is read, or refused in one line."""

import pickle
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.faults import MachineFault
from canzona.io.musicxml import musicxml_to_song
from canzona.io.musicxml_document import LARGEST_FILE
from canzona.io.musicxml_writing import ScoreOptions, ScorePart, song_to_musicxml
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Mode, Note, Song
from canzona.song.harmony import QUALITIES
from strategies import songs

pytest.importorskip("music21", reason="needs the extra 'score'")


def as_written(song: Song) -> Song:
    """What a file of the song says."""
    lead_sheet = song.lead_sheet or LeadSheet()
    melody = tuple(Note(note.start_step, note.pitch, note.duration_steps) for note in lead_sheet.melody)
    latest = None
    form = song.form.with_keys([latest := phrase.key or latest for phrase in song.form.phrases])
    is_there = melody or lead_sheet.chords
    return Song(form, song.meter, song.tempo, lead_sheet=LeadSheet(melody, lead_sheet.chords) if is_there else None)


def note(step: str, duration: int, octave: int = 4, inner: str = "") -> str:
    return f"<note>{inner}<pitch><step>{step}</step><octave>{octave}</octave></pitch><duration>{duration}</duration></note>"


def harmony(root: str, kind: str = "major", inner: str = "") -> str:
    return f"<harmony><root><root-step>{root}</root-step></root><kind>{kind}</kind>{inner}</harmony>"


def degree(value: int, alter: int, change: str) -> str:
    numbers = f"<degree-value>{value}</degree-value><degree-alter>{alter}</degree-alter>"
    return f"<degree>{numbers}<degree-type>{change}</degree-type></degree>"


def line(inner: str, location: str = "right") -> str:
    return f'<barline location="{location}">{inner}</barline>'


def score(*bars: str, attributes: str = "", time: str = "4/4") -> bytes:
    """A stranger's file: one division a quarter note, no rehearsal marks or keys but those given."""
    signature = f"<time><beats>{time[0]}</beats><beat-type>{time[2]}</beat-type></time>"
    head = f"<attributes><divisions>1</divisions>{attributes}{signature}</attributes>"
    measures = "".join(f"<measure>{head if number == 0 else ''}{bar}</measure>" for number, bar in enumerate(bars))
    return f'<score-partwise><part id="P1">{measures}</part></score-partwise>'.encode()


def heard(data: bytes) -> tuple[list[tuple[int, int, int]], list[tuple[int, int, str]]]:
    """(start, duration, pitch) of the notes and (start, duration, symbol) of the chords, in quarter notes."""
    lead_sheet = musicxml_to_song(data).lead_sheet or LeadSheet()
    notes = [(note.start_step // 4, note.duration_steps // 4, note.pitch) for note in lead_sheet.melody]
    return notes, [(span.start_beat, span.duration_beats, span.chord.symbol) for span in lead_sheet.chords]


def zipped(name: str, content: bytes) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", "<container/>")
        archive.writestr(name, content)
    return buffer.getvalue()


MARK = "<direction><direction-type><rehearsal>{}</rehearsal></direction-type></direction>"
SHEET = ScoreOptions(ScorePart.LEAD_SHEET)
SONG = Song(Form.parse("A2@Eb"), tempo=97.3456789, lead_sheet=LeadSheet((Note(0, 63, 5), Note(9, 65, 20))))
STRANGERS = score(
    note("G", 1),
    MARK.format("A") + line('<repeat direction="forward"/>', "left") + harmony("C") + note("C", 4, 5),
    line('<ending number="1" type="start"/>', "left") + harmony("G", "dominant") + note("E", 4)
    + line('<ending number="1" type="stop"/><repeat direction="backward"/>'),
    line('<ending number="2" type="start"/>', "left") + note("F", 2) + note("A", 2) + line('<ending number="2" type="stop"/>'),
    MARK.format("Bridge") + MARK.format("B8") + harmony("A", "minor", "<bass><bass-step>C</bass-step></bass>") + note("G", 4),
    attributes="<key><fifths>0</fifths></key>",
)  # fmt: skip
SYMBOLS = [
    (harmony("C", "suspended-fourth", degree(7, -1, "add")), "C:sus4(b7)"),
    (harmony("C", "minor-seventh", degree(5, -1, "alter")), "C:hdim7"),
    (harmony("C", "major", degree(3, 0, "subtract") + degree(4, 0, "add")), "C:sus4"),
    (harmony("C", "other", degree(3, -1, "add") + degree(5, 0, "add") + degree(7, 0, "add")), "C:min7"),
    (harmony("C", "dominant-11th"), "C:sus4(b7,9)"),
    (harmony("C", "power", "<bass><bass-step>F</bass-step><bass-alter>1</bass-alter></bass>"), "C:maj/b5"),
]
BOMB = b'<!DOCTYPE score-partwise [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><score-partwise>&b;</score-partwise>'
REFUSED = [
    (b"<score-timewise/>", "must be score-partwise"),
    (score(*["<note/>"] * 1025), "1 to 1024 bars"),
    (BOMB, "must declare nothing"),
    (b" " * (LARGEST_FILE + 1), "16 MiB"),
    (b"PK\x03\x04", "cannot be unpacked"),
    (zipped("song.xml", b" " * (LARGEST_FILE + 1)), "16 MiB"),
    (score(note("C", 4), time="6/8"), "meter: must be 4/4 or 3/4 throughout, got 6/8"),
    (score(note("C", 4), note("C", 5)), "bar 2: must last 4 quarter notes at most"),
    (score(note("C", 4), attributes="<key><fifths>999999999</fifths></key>"), "bar 1: fifths"),
    (score(note("C", 4) + line('<repeat direction="backward" times="999999"/>')), "bar 1: repeat"),
    (score(note("C", 4) + line('<ending number="1" type="start">999999999</ending>', "left")), "bar 1: ending"),
    (score(note("C", 0) * 9999), "bar 1: must have 256 note"),
    (score('<sound tempo="900"/>' + note("C", 4)), "tempo"),
]


@settings(max_examples=40, deadline=None)
@given(songs())
def test_what_was_written_comes_back(song: Song) -> None:
    back, written = musicxml_to_song(song_to_musicxml(song, SHEET)), as_written(song)
    assert abs(back.tempo - written.tempo) < 2e-6  # music21 takes 100.0000001 for 100
    assert (back.form, back.meter, back.lead_sheet) == (written.form, written.meter, written.lead_sheet)


@pytest.mark.parametrize("key", [None, Key(6), Key(3, Mode.MINOR)])
def test_every_chord_over_every_bass_comes_back(key: Key | None) -> None:
    chords = [Chord(number % 12, quality, bass) for number, quality in enumerate(QUALITIES) for bass in range(12)]
    song = Song(Form.parse("A72", key), lead_sheet=LeadSheet(chords=tuple(ChordSpan(i, 1, c) for i, c in enumerate(chords))))
    assert musicxml_to_song(song_to_musicxml(song, SHEET)) == song


def test_file_is_the_same_each_time_and_fills_its_bars() -> None:
    data = song_to_musicxml(SONG)
    assert data == song_to_musicxml(SONG)
    root = ElementTree.fromstring(data)
    for measure in root.iterfind("part/measure"):
        assert sum(int(duration.text or "") for duration in measure.iterfind("note/duration")) == 16
    accidentals = [note.findtext("accidental") for note in root.iter("note") if note.findtext("pitch/alter") == "-1"]
    assert accidentals == [None, None], "E flat is in the signature"
    assert musicxml_to_song(data) == SONG
    with pytest.raises(ValueError, match="pitches of 12 or more"):
        song_to_musicxml(Song(Form.parse("A1"), lead_sheet=LeadSheet((Note(0, 11, 4),))))


@pytest.mark.parametrize("pack", [bytes, lambda data: zipped("song.musicxml", data)])
def test_strangers_pickup_repeats_phrases_chords_and_key(pack: Callable[[bytes], bytes]) -> None:
    song = musicxml_to_song(pack(STRANGERS))
    assert str(song.form) == "i1A2A2B1"
    assert {phrase.key for phrase in song.form.phrases} == {Key(9, Mode.MINOR)}, "it ends on A minor"
    notes = [(3, 1, 67), (4, 4, 72), (8, 4, 64), (12, 4, 72), (16, 2, 65), (18, 2, 69), (20, 4, 67)]
    chords = [(4, 4, "C:maj"), (8, 4, "G:7"), (12, 8, "C:maj"), (20, 4, "A:min/b3")]
    assert heard(pack(STRANGERS)) == (notes, chords)


def test_what_sounds_is_read() -> None:
    tied = note("D", 4, inner='<chord/><tie type="start"/>'), note("D", 2, inner='<tie type="stop"/>')
    second = "<backup><duration>4</duration></backup>" + note("G", 4, 6, inner="<voice>2</voice>")
    transposed = "<key><fifths>2</fifths><mode>major</mode></key><transpose><chromatic>-2</chromatic></transpose>"
    bars = harmony("D") + note("C", 4, inner="<voice>1</voice>") + tied[0] + second, tied[1]
    song = musicxml_to_song(score('<sound tempo="70"/>' + bars[0], bars[1], attributes=transposed))
    assert (song.tempo, song.form.phrases[0].key, str(song.form)) == (70, Key(0), "A2")
    assert song.lead_sheet == LeadSheet((Note(0, 60, 24),), (ChordSpan(0, 8, Chord(0, "maj", 0)),))
    nested = [line('<repeat direction="forward"/>', "left")] * 9 + [line('<repeat direction="backward"/>')] * 9
    assert musicxml_to_song(score(*nested)).form.length_bars == 18, "as written"


@pytest.mark.parametrize(("symbol", "expected"), SYMBOLS)
def test_chord_symbols_go_to_the_nearest_quality(symbol: str, expected: str) -> None:
    assert heard(score(symbol + note("C", 4))) == ([(0, 4, 60)], [(0, 4, expected)])


@pytest.mark.parametrize(("data", "message"), REFUSED)
def test_what_cannot_be_read_is_refused_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message) as refusal:
        musicxml_to_song(data)
    assert "\n" not in str(refusal.value)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_damaged_files_are_read_or_refused(data: st.DataObject) -> None:
    root = ElementTree.fromstring(STRANGERS)
    for _ in range(data.draw(st.integers(1, 3))):
        element = data.draw(st.sampled_from(list(root.iter())))
        element.text = data.draw(st.sampled_from(["", "0", "-1", "2.5", "999999999", "1e9", "zz", "none", "²"]))
        element[:] = list(element)[data.draw(st.integers(0, 2)) :]
    with suppress(ValueError):
        song = musicxml_to_song(ElementTree.tostring(root))
        assert musicxml_to_song(song_to_musicxml(song, SHEET)).form.length_bars == song.form.length_bars


def test_nothing_is_cached_or_unpickled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("load", "loads", "dump", "dumps", "Unpickler", "Pickler"):
        monkeypatch.setattr(pickle, name, lambda *_args, **_options: pytest.fail("pickle was used"))
    assert musicxml_to_song(song_to_musicxml(SONG)) == SONG
    assert not list(tmp_path.iterdir())


def test_without_music21_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "music21", None)
    with pytest.raises(MachineFault, match=r"pip install 'canzona\[score\]'"):
        musicxml_to_song(STRANGERS)
