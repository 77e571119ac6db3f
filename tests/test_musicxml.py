"""MusicXML: what Canzona writes comes back and is what the song says; what others write is read, or refused in one line."""

import pickle
import random
import re
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.io import musicxml_reading
from canzona.io.found import Found
from canzona.io.musicxml_document import LARGEST_FILE
from canzona.io.musicxml_order import Signs, playing_order
from canzona.io.musicxml_writing import ScoreOptions, ScorePart, song_to_musicxml
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Song
from canzona.song.harmony import QUALITIES
from certain import sure
from strategies import songs


def musicxml_to_song(data: bytes) -> Song:
    return found(data).song


def found(data: bytes) -> Found:
    return musicxml_reading.musicxml_to_song(data)


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
    (harmony("C", "power", "<bass><bass-step>F</bass-step><bass-alter>1</bass-alter></bass>"), "C:sus2/b5"),
]
BOMB = b'<!DOCTYPE score-partwise [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><score-partwise>&b;</score-partwise>'
CHORD = note("C", 1, 4, "<chord/>") * 6_000 + note("C", 4)
REFUSED = [
    (b"<score-timewise/>", "must be score-partwise"),
    (score(*["<note/>"] * 1025), "1 to 1024 bars"),
    (BOMB, "must declare nothing"),
    (b" " * (LARGEST_FILE + 1), "16 MiB"),
    (b"PK\x03\x04", "cannot be unpacked"),
    (zipped("song.xml", b" " * (LARGEST_FILE + 1)), "16 MiB"),
    (score(note("C", 4), time="5/4"), "meter: must be 3/4 or 4/4 .*, got 5/4"),
    (score(note("C", 4), note("C", 5)), "bar 2: must last 4 quarter notes at most"),
    (score(note("C", 4), attributes="<key><fifths>999999999</fifths></key>"), "bar 1: fifths"),
    (score(note("C", 4) + line('<repeat direction="backward" times="999999"/>')), "bar 1: repeat"),
    (score(note("C", 4) * 600), "bar 1: must last 4 quarter notes at most"),
    (score(CHORD + line('<repeat direction="backward" times="9"/>')), "must have 50000 notes at most .*, got 54009"),
    (score('<sound tempo="900"/>' + note("C", 4)), "tempo"),
]


@settings(max_examples=40)
@given(songs())
def test_what_was_written_comes_back(song: Song) -> None:
    back, written = musicxml_to_song(song_to_musicxml(song, SHEET)), as_written(song)
    assert abs(back.tempo - written.tempo) < 2e-6  # music21 takes 100.0000001 for 100
    assert (back.form, back.meter, back.lead_sheet) == (written.form, written.meter, written.lead_sheet)


def test_a_song_without_a_tune_comes_back() -> None:
    song = Song(Form.parse("i2"), accompaniment=(Note(0, 48, 8), Note(8, 64, 8)))
    back = musicxml_to_song(song_to_musicxml(song))
    assert (back.lead_sheet, back.accompaniment) == (None, song.accompaniment)


@pytest.mark.parametrize("key", [None, Key(6), Key(6, signature=-6), Key(3, Mode.MINOR)])
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


@settings(max_examples=40)
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


def test_a_first_bar_in_two_parts_begins_on_its_first_beat_and_an_upbeat_does_not() -> None:
    parted = score(note("C", 3), note("D", 1), note("E", 4))
    assert heard(parted)[0] == [(0, 3, 60), (3, 1, 62), (4, 4, 64)]
    upbeat = score(note("D", 1), note("E", 4), note("C", 3))
    assert heard(upbeat)[0] == [(3, 1, 62), (4, 4, 64), (8, 3, 60)]


def test_nothing_is_cached_or_unpickled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name in ("load", "loads", "dump", "dumps", "Unpickler", "Pickler"):
        monkeypatch.setattr(pickle, name, lambda *_args, **_options: pytest.fail("pickle was used"))
    assert musicxml_to_song(song_to_musicxml(SONG)) == SONG
    assert not list(tmp_path.iterdir())


def parts(*named: tuple[str, list[str]], attributes: str = "<divisions>1</divisions>") -> bytes:
    """A score of several parts, each of a name and its bars; the first bar of each begins with the attributes."""
    names = "".join(f'<score-part id="P{i}"><part-name>{name}</part-name></score-part>' for i, (name, _) in enumerate(named))
    bars = [[f"<attributes>{attributes}</attributes>{own[0]}", *own[1:]] for _, own in named]
    inner = "".join(
        f'<part id="P{i}">{"".join(f"<measure>{bar}</measure>" for bar in own)}</part>' for i, own in enumerate(bars)
    )
    return f"<score-partwise><part-list>{names}</part-list>{inner}</score-partwise>".encode()


TUNE = [note("C", 2, 5) + note("D", 2, 5), note("E", 4, 5)]
LOW = [harmony("F") + note("F", 4, 3), harmony("G") + note("G", 4, 3)]
WORDS = "<lyric><text>la</text></lyric>"


def test_the_tune_is_found_by_name_words_or_order_and_chords_over_any_part() -> None:
    expected = [(0, 2, 72), (2, 2, 74), (4, 4, 76)], [(0, 4, "F:maj"), (4, 4, "G:maj")]
    sung = [bar.replace("</note>", f"{WORDS}</note>") for bar in TUNE]
    for score_of_parts in (
        parts(("Voice", TUNE), ("Piano", LOW)),
        parts(("Piano", LOW), ("Voice", TUNE)),
        parts(("", LOW), ("", sung)),
        parts(("Grand Piano", LOW), ("Flute", TUNE)),
    ):
        assert heard(score_of_parts) == expected
    song = musicxml_to_song(parts(("Piano", LOW), ("Voice", TUNE)))
    assert [own.pitch for own in song.accompaniment or ()] == [53, 55]
    assert found(parts(("Voice", TUNE), ("Flute", TUNE))).left_out == ("1 other part",)


def test_a_tune_in_the_second_voice_is_read() -> None:
    rest = "<note><rest/><duration>4</duration><voice>1</voice></note><backup><duration>4</duration></backup>"
    bars = [rest + bar.replace("</duration>", "</duration><voice>2</voice>") for bar in TUNE]
    assert heard(parts(("", bars)))[0] == [(0, 2, 72), (2, 2, 74), (4, 4, 76)]


def test_metres_that_are_four_quarters_are_taken_as_4_4_and_others_refused_with_their_bar() -> None:
    assert heard(score(*TUNE, time="2/2")) == heard(score(*TUNE))
    assert found(score(*TUNE, time="2/2")).remarks == ("2/2 taken as 4/4",)
    halves = score(note("C", 2, 5), note("D", 2, 5), note("E", 2, 5), note("F", 2, 5), time="2/4")
    assert musicxml_to_song(halves).form.length_bars == 2
    waltz = parts(("", [note("C", 3), note("D", 3), note("E", 3)]))
    assert str(musicxml_to_song(waltz).meter) == "3/4"
    changed = score(
        note("C", 4), "<attributes><time><beats>2</beats><beat-type>4</beat-type></time></attributes>" + note("C", 2)
    )
    with pytest.raises(ValueError, match="got 4/4, and 2/4 from bar 2"):
        musicxml_to_song(changed)


def test_what_is_finer_than_the_grid_finds_a_step_or_is_counted() -> None:
    fine = "<divisions>8</divisions>"
    dotted = [(note("C", 7, 5) + note("D", 1, 5)) * 4]
    song = musicxml_to_song(parts(("", dotted), attributes=fine)).lead_sheet
    assert [own.start_step for own in sure(song).melody] == [0, 3, 4, 7, 8, 11, 12, 15]
    swung = [(note("C", 2, 5) + note("D", 1, 5)) * 4]
    read = found(parts(("", swung), attributes="<divisions>3</divisions>"))
    assert [own.start_step for own in sure(read.song.lead_sheet).melody] == list(range(0, 16, 2))
    assert read.remarks[-1] == "swing straightened"
    grace = [note("C", 4, 5), "<note><grace/><pitch><step>B</step><octave>4</octave></pitch></note>" + note("D", 4, 5)]
    assert found(score(*grace)).left_out == ("1 grace note",)
    assert found(parts(("", [note("C", 1, 5) * 64]), attributes="<divisions>16</divisions>")).left_out == (
        "48 notes finer than a sixteenth",
    )


def test_symbols_on_one_place_are_spread_and_numerals_are_none() -> None:
    assert heard(score(harmony("C") + harmony("A", "minor") + note("C", 4)))[1] == [(0, 2, "C:maj"), (2, 2, "A:min")]
    numeral = "<harmony><function>IV</function><kind>major</kind></harmony>"
    read = found(score(harmony("C") + numeral + note("C", 4)))
    assert [str(span.chord.symbol) for span in sure(read.song.lead_sheet).chords] == ["C:maj"]
    assert read.left_out == ("1 roman numeral",)


def test_sections_by_name_are_phrases() -> None:
    marks = ["Intro", "Verse 1", "Chorus", "Verse 2"]
    bars = [MARK.format(marks[number // 2]) + note("C", 4) if number % 2 == 0 else note("D", 4) for number in range(8)]
    assert str(musicxml_to_song(score(*bars)).form) == "i2A2B2A2"


def test_the_container_says_which_file_is_the_score() -> None:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("__MACOSX/._a.xml", b"no xml")
        archive.writestr("a.xml", score(note("G", 4)))
        archive.writestr("b.xml", score(note("A", 4)))
        archive.writestr(
            "META-INF/container.xml", '<container><rootfiles><rootfile full-path="b.xml"/></rootfiles></container>'
        )
    assert heard(buffer.getvalue())[0] == [(0, 4, 69)]


ORDERS = {
    "a second end without start goes back to the first": ("(1 2) 3 4)", "1 2 1 2 3 4 3 4"),
    "two endings": ("(1 [1]2) [2]3 4", "1 2 1 3 4"),
    "endings 1, 3 and 2": ("(1 [1,3]2) [2]3) 4", "1 2 1 3 1 2 4"),
    "from the sign to Fine": ("(1 2) S3 F4 D5", "1 2 1 2 3 4 5 3 4"),
    "from the head to the coda": ("1 T2 C3 K4", "1 2 3 1 2 4"),
    "after a jump the last ending": ("(1 [1]2) [2]3 F4 C5", "1 2 1 3 4 5 1 3 4"),
    "a sign that is not there": ("1 D2", None),
}


@pytest.mark.parametrize(("written", "played"), ORDERS.values(), ids=ORDERS)
def test_bars_are_played_in_the_order_that_their_signs_say(written: str, played: str | None) -> None:
    signs = []
    for word in written.split():
        endings = re.search(r"\[([\d,]+)\]", word)
        signs.append(
            Signs(
                begins_repeat="(" in word,
                repeats=2 if ")" in word else 1,
                endings=frozenset(map(int, endings[1].split(","))) if endings else frozenset(),
                is_segno="S" in word,
                is_coda="K" in word,
                is_fine="F" in word,
                leaves_for_coda="T" in word,
                jump="segno" if "D" in word else "capo" if "C" in word else None,
            )
        )
    order = playing_order(signs)
    assert (None if order is None else " ".join(str(number + 1) for number in order)) == played


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(1, 2), st.booleans(), st.booleans()), min_size=1, max_size=4))
def test_repeats_are_played_as_music21_plays_them(sections: list[tuple[int, bool, bool]]) -> None:
    bars, pitches = [], iter("CDEFGAB" * 9)
    for length, is_repeated, has_endings in sections:
        own = [note(next(pitches), 4) for _ in range(length)]
        if is_repeated:
            own[0] = line('<repeat direction="forward"/>', "left") + own[0]
            first, second = (
                "".join((line(f'<ending number="{n}" type="start"/>', "left"), note(next(pitches), 4))) for n in (1, 2)
            )
            closed = '<ending number="{}" type="stop"/>'
            if has_endings:
                own += [first + line(closed.format(1) + '<repeat direction="backward"/>'), second + line(closed.format(2))]
            else:
                own[-1] += line('<repeat direction="backward"/>')
        bars += own
    oracle = pytest.importorskip("music21").converter.parse(parts(("", bars)).decode(), format="musicxml")
    expected = [own.pitch.midi for own in oracle.parts[0].expandRepeats().recurse().notes]
    assert [own.pitch for own in sure(musicxml_to_song(score(*bars)).lead_sheet).melody] == expected


def test_compound_metres_are_bars_in_three_of_which_the_eighths_are_quarter_notes() -> None:
    taken = found(score(note("C", 2) + note("E", 1), note("G", 3), time="6/8"))
    assert (taken.song.meter, taken.song.form.length_bars) == (Meter(3), 4)
    assert [(own.start_step, own.duration_steps) for own in sure(taken.song.lead_sheet).melody] == [(0, 16), (16, 8), (24, 24)]
    assert taken.remarks == ("6/8 taken as bars of 3/4, its eighths as quarter notes",)


def test_damaged_scores_are_read_or_refused_in_one_line(benchmark: Callable[[str], ModuleType]) -> None:
    damaged = benchmark("mutated_musicxml")
    bases = [damaged.written(), damaged.written(songs=2)]
    read, refused = 0, []
    for _, data in damaged.mutants(bases, 99, random.Random(2)):
        try:
            read += bool(musicxml_to_song(data))
        except ValueError as error:
            refused.append(str(error))
    assert read > 20
    assert len(refused) > 20
    assert not [line for line in refused if "\n" in line]
