"""Notation: what is written says exactly what sounds, in values, voices and hands that people can read."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from canzona.io.chart import chart, song_to_chart_text
from canzona.io.musicxml_writing import (
    TRANSPOSITIONS,
    Lengths,
    ScoreOptions,
    ScorePart,
    compressed_musicxml,
    song_to_musicxml,
)
from canzona.io.notation.durations import NOTE_VALUES, Event, written_bars
from canzona.io.notation.hands import divided_hands
from canzona.io.notation.legible import legible, legible_changes
from canzona.io.notation.signs import beams, spelt
from canzona.io.notation.voices import two_voices
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Note, Song
from canzona.song.notes import struck
from certain import sure
from strategies import songs
from test_render import SONG, example_song


@st.composite
def pianos(draw: st.DrawFn, bars: int = 2) -> list[Note]:
    starts = st.integers(0, bars * 16 - 1)
    drawn = draw(st.lists(st.tuples(starts, st.integers(24, 96), st.integers(1, 24)), max_size=24))
    return struck([Note(start, pitch, min(length, bars * 16 - start)) for start, pitch, length in drawn])


def sounding(bars: list[list[Event]], bar_steps: int) -> list[tuple[int, int, int]]:
    """(start, pitch, length) of what written bars say, tied heads as one."""
    found: list[tuple[int, int, int]] = []
    open_since: dict[int, int] = {}
    for number, events in enumerate(bars):
        for event in events:
            for head in event.heads:
                start = open_since.pop(head.pitch) if head.is_continued else number * bar_steps + event.start_step
                if head.goes_on:
                    open_since[head.pitch] = start
                else:
                    found.append((start, head.pitch, number * bar_steps + event.end_step - start))
    assert not open_since
    return sorted(found)


@given(pianos())
def test_what_is_written_is_what_sounds_and_fills_every_bar(notes: list[Note]) -> None:
    bars = written_bars(notes, Meter(), 2)
    assert sounding(bars, 16) == sorted((note.start_step, note.pitch, note.duration_steps) for note in notes)
    for events in bars:
        assert [event.start_step for event in events] == [0, *(event.end_step for event in events[:-1])]
        assert events[-1].end_step == 16
        assert all(event.duration_steps in NOTE_VALUES for event in events)


@pytest.mark.parametrize(
    ("start", "length", "beats", "values"),
    [
        (0, 16, 4, [16]), (0, 12, 4, [12, 4]), (4, 8, 4, [4, 8, 4]), (6, 4, 4, [4, 2, 2, 2, 2, 4]), (2, 4, 4, [2, 4, 2, 8]),
        (0, 5, 4, [4, 1, 1, 2, 8]), (4, 8, 3, [4, 8]), (0, 12, 3, [12]), (3, 2, 4, [2, 1, 1, 1, 1, 2, 8]),
    ],
)  # fmt: skip
def test_values_show_the_beats(start: int, length: int, beats: int, values: list[int]) -> None:
    (bar,) = written_bars([Note(start, 60, length)], Meter(beats), 1)
    assert [event.duration_steps for event in bar] == values


def test_values_last_as_long_as_their_names_and_dots_say() -> None:
    undotted = {"16th": 1, "eighth": 2, "quarter": 4, "half": 8, "whole": 16}
    assert {steps: undotted[name] * 3**dots // 2**dots for steps, (name, dots) in NOTE_VALUES.items()} == {
        steps: steps for steps in NOTE_VALUES
    }


@given(pianos())
def test_hands_and_voices_share_the_notes_out(notes: list[Note]) -> None:
    left, right = divided_hands(notes)
    assert sorted(left + right) == sorted(notes)
    for hand in (left, right):
        upper, lower = two_voices(hand)
        assert Counter(upper + lower) == Counter(hand)


def played(*notes: tuple[int, int, int]) -> list[Note]:
    return [Note(start_step, pitch, duration_steps) for start_step, pitch, duration_steps in notes]


@given(pianos(3))
@example(played((4, 24, 1), (4, 26, 7), (5, 25, 2), (9, 24, 11), (10, 25, 1), (11, 25, 1), (12, 25, 1)))
@example(played((0, 24, 1), (0, 26, 6), (2, 25, 24), (28, 24, 7), (29, 25, 1), (30, 25, 1), (31, 25, 1)))
def test_legible_notes_begin_as_played_and_need_ties_only_at_beats(notes: list[Note]) -> None:
    for hand in divided_hands(notes):
        told = legible(hand, Meter())
        assert [replace(note, duration_steps=1) for note in told] == [replace(note, duration_steps=1) for note in sorted(hand)]
        for voice in two_voices(told):
            assert all(
                before.end_step <= after.start_step for before, after in pairwise(voice) if before.end_step != after.end_step
            )


@pytest.mark.parametrize(
    ("played", "written"),
    [
        ([(0, 1), (2, 3), (6, 1), (8, 2)], [(0, 2), (2, 4), (6, 2), (8, 4)]),  # no rests shorter than a beat
        ([(0, 3), (8, 3)], [(0, 4), (8, 4)]),  # one of a beat stays
        ([(0, 5), (4, 20)], [(0, 4), (4, 20)]),  # no overlaps; what lasts beyond the bar line is tied
        ([(0, 8), (8, 9)], [(0, 8), (8, 8)]),  # but for what hardly does
    ],
)
def test_lengths_on_pages(played: list[tuple[int, int]], written: list[tuple[int, int]]) -> None:
    told = legible([Note(start, 60 + number, length) for number, (start, length) in enumerate(played)], Meter())
    assert [(note.start_step, note.duration_steps) for note in told] == written


def test_a_bass_is_held_on_pages_under_the_notes_after_it() -> None:
    notes = [Note(0, 40, 15), *(Note(step, 50 + step, 14 - step) for step in range(2, 14, 2))]
    moving = [Note(step, 50 + step, 2 if step < 12 else 4) for step in range(2, 14, 2)]
    assert two_voices(legible(notes, Meter())) == (moving, [Note(0, 40, 16)])


def test_a_bass_under_chords_is_the_left_hands() -> None:
    bass = [Note(step, 40, 8) for step in (0, 8)]
    chords = [Note(step, pitch, 4) for step in (0, 4, 8, 12) for pitch in (64, 67, 72)]
    assert divided_hands(bass + chords) == (bass, sorted(chords))


def test_a_line_is_one_voice_and_a_held_note_beneath_it_another() -> None:
    line = [Note(step, 72 + step // 2, 2) for step in range(0, 16, 2)]
    assert two_voices(line) == (line, [])
    assert two_voices([*line, Note(0, 60, 16)]) == (line, [Note(0, 60, 16)])


def test_beams_join_a_half_bar_of_eighths_and_stop_at_rests() -> None:
    (bar,) = written_bars([Note(step, 60, 2) for step in (0, 2, 4, 6, 8, 12, 14)], Meter(), 1)
    told = {start: own[0] for start, own in beams(bar, Meter()).items()}
    assert told == {0: "begin", 2: "continue", 4: "continue", 6: "end", 12: "begin", 14: "end"}
    (bar,) = written_bars([Note(0, 60, 3), Note(3, 60, 1)], Meter(), 1)
    assert beams(bar, Meter()) == {0: ("begin",), 3: ("end", "backward hook")}


@given(st.integers(12, 127), st.sampled_from([None, *(Key(tonic) for tonic in range(12))]))
def test_a_spelt_pitch_is_its_pitch(pitch: int, key: Key | None) -> None:
    own = spelt(pitch, key)
    assert 12 * (own.octave + 1) + dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))[own.letter] + own.alter == pitch


def test_each_sign_is_written_once_in_a_bar() -> None:
    notes = (Note(0, 66, 4), Note(4, 66, 4), Note(8, 65, 4), Note(16, 66, 4))
    song = Song(Form.parse("A2@C"), lead_sheet=LeadSheet(notes))
    root = ElementTree.fromstring(song_to_musicxml(song))
    told = [note.findtext("accidental") for note in root.iter("note") if note.find("pitch") is not None]
    assert told == ["sharp", None, "natural", "sharp"]


@pytest.mark.parametrize("beats", Meter.ALLOWED)
@pytest.mark.parametrize("instrument", TRANSPOSITIONS)
def test_music21_hears_the_same_song_whatever_the_instrument(
    benchmark: Callable[[str], ModuleType], beats: int, instrument: str
) -> None:
    pytest.importorskip("music21")
    scores, song = benchmark("scores"), example_song("A2B2", beats)
    parts = scores.heard(song_to_musicxml(song, ScoreOptions(transposition=TRANSPOSITIONS[instrument])))
    assert parts == [scores.timed(sure(song.lead_sheet).melody), scores.timed(tuple(struck(sure(song.accompaniment))))]


def test_what_verovio_says_of_a_damaged_score_is_heard(benchmark: Callable[[str], ModuleType]) -> None:
    for module in ("music21", "musicxml", "verovio"):
        pytest.importorskip(module)
    scores, data = benchmark("scores"), song_to_musicxml(example_song("A2B2", 4))
    assert scores.engraver_words(data) == ""
    assert "step" in scores.engraver_words(data.replace(b"<step>C", b"<step>Q"))
    assert "not every page" in scores.engraver_words(b"<score-partwise>")


def test_a_transposed_part_is_written_above_where_it_sounds() -> None:
    song = Song(Form.parse("A1@C"), lead_sheet=LeadSheet((Note(0, 60, 16),), (ChordSpan(0, 4, Chord(0, "maj", 0)),)))
    root = ElementTree.fromstring(song_to_musicxml(song, ScoreOptions(transposition=TRANSPOSITIONS["e-flat"])))
    assert (root.findtext(".//pitch/step"), root.findtext(".//root-step"), root.findtext(".//fifths")) == ("A", "A", "3")
    assert root.findtext("part-list/score-part/part-name") == "Melody in E♭"


@pytest.mark.parametrize(
    ("key", "fifths", "root"), [("Gb", "-6", "G"), ("F#", "6", "F"), ("Cb", "-7", "C"), ("D# minor", "6", "D")]
)
def test_a_key_is_written_in_a_score_as_it_is_named(key: str, fifths: str, root: str) -> None:
    tonic = Key.parse(key).tonic
    sheet = LeadSheet((Note(0, 60 + tonic, 16),), (ChordSpan(0, 4, Chord(tonic, "maj", tonic)),))
    form = Form.parse("A1").with_keys([Key.parse(key)])
    written = ElementTree.fromstring(song_to_musicxml(Song(form, lead_sheet=sheet)))
    assert [written.findtext(f".//{name}") for name in ("fifths", "pitch/step", "root-step")] == [fifths, root, root]


def test_a_part_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="part: must be one that the song has"):
        song_to_musicxml(Song(Form.parse("A1")), ScoreOptions(ScorePart.PIANO))


@settings(max_examples=20)
@given(songs())
def test_any_song_is_written_the_same_each_time(song: Song) -> None:
    if all(note.pitch >= 12 for note in song.accompaniment or ()):
        data = song_to_musicxml(song)
        assert data == song_to_musicxml(song)
        assert compressed_musicxml(data) == compressed_musicxml(data)
        assert len(ElementTree.fromstring(data).findall("part[1]/measure")) == song.form.length_bars


def test_a_chart_has_the_chords_of_every_bar() -> None:
    chords = [ChordSpan(0, 8, Chord(0, "maj", 0)), ChordSpan(8, 2, Chord(7, "7", 11)), ChordSpan(10, 1, Chord(9, "min", 9))]
    song = Song(Form.parse("A3B1@C"), lead_sheet=LeadSheet((), tuple(chords)))
    assert [phrase.bars for phrase in chart(song)] == [("C", "%", "G7/B / Am N.C."), ("N.C.",)]
    text = song_to_chart_text(song, "Lied")
    assert text.startswith("Lied\n")
    assert "   4 | N.C." in text


def test_pages_repeat_a_chord_where_a_phrase_begins_and_nowhere_else() -> None:
    major, minor = Chord(0, "maj", 0), Chord(9, "min", 9)
    changes = [(4, major), (6, major), (8, minor), (14, None), (24, minor)]
    shown = [(4, major), (8, minor), (12, minor), (14, None), (20, None), (24, minor)]
    assert legible_changes(changes, [0, 4, 12, 20]) == shown
    assert legible_changes([], [0, 4]) == []
    chords = (ChordSpan(0, 2, major), ChordSpan(2, 14, major))
    song = Song(Form.parse("A2B2"), lead_sheet=LeadSheet((), chords))
    for lengths, bars in ((Lengths.EXACT, [1, 1]), (Lengths.LEGIBLE, [1, 3])):
        root = ElementTree.fromstring(song_to_musicxml(song, ScoreOptions(lengths=lengths)))
        told = [int(measure.get("number", 0)) for measure in root.iter("measure") for _ in measure.iter("harmony")]
        assert told == bars


def test_every_line_of_a_page_tells_its_bar_even_where_a_phrase_begins() -> None:
    pytest.importorskip("verovio")
    from canzona.io.engraving import song_to_score_svg

    notes = tuple(Note(step, 60 + step % 5, 2) for step in range(0, 16 * 24, 2))
    picture = song_to_score_svg(Song(Form.parse("A1B1" * 12), accompaniment=notes), ScoreOptions()).decode()
    lines = len(re.findall(r'class="system"', picture))
    assert len(re.findall(r'class="mNum', picture)) == lines - 1 > 2


def test_scores_tell_who_composed(tmp_path: Path) -> None:
    for name, provenance, composer in (("read", {}, None), ("composed", {"weights": {}}, "Canzona")):
        replace(SONG, provenance=provenance).save(tmp_path / f"{name}.musicxml")
        root = ElementTree.parse(tmp_path / f"{name}.musicxml")
        assert (root.findtext("work/work-title"), root.findtext("identification/creator")) == (name, composer)


def test_pages_are_engraved() -> None:
    pytest.importorskip("verovio")
    pypdf = pytest.importorskip("pypdf")
    pytest.importorskip("reportlab")
    pytest.importorskip("brotli")
    import io

    from canzona.io.engraving import song_to_score_pdf, song_to_score_svg

    chords = tuple(ChordSpan(4 * bar, 4, Chord(10, "min7", 10)) for bar in range(30))
    notes = tuple(Note(step, 60 + step % 13, 1 + step % 9) for step in range(0, 470, 7))
    song = Song(Form.parse("A30@Db"), lead_sheet=LeadSheet(notes, chords), accompaniment=notes)
    options = ScoreOptions(title="Überm See ♭", composer="Nobody")
    picture = song_to_score_svg(song, options).decode()
    assert "berm See" in picture
    data = song_to_score_pdf(song, options)
    assert data == song_to_score_pdf(song, options)
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    texts = [page.extract_text() for page in pages]
    assert all(word in texts[0] for word in ("Überm See", "♭", "Nobody", "m7"))
    assert [text.rstrip().endswith(str(number)) for number, text in enumerate(texts, start=1)] == [True] * len(pages)
    for sign in ("E0A4", "E0A3", "E260", "E240"):  # heads black and white, flats, flags of eighths
        told = sum(text.count(chr(int(sign, 16))) for text in texts)
        assert told == picture.count(f'href="#{sign}-') + picture.count(f"&#x{sign};") + picture.count(chr(int(sign, 16))) > 0
    assert all(
        "/FontFile2" in font.get_object()["/FontDescriptor"]
        for page in pages
        for name, font in page["/Resources"]["/Font"].items()
        if font.get_object()["/BaseFont"] != "/Helvetica"
    )
