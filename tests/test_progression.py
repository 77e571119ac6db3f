"""Chords written over a form: what is printed is read back, and every beat of every bar is where it was written."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canzona.song import Chord, ChordSpan, Form, Meter
from canzona.song.chord_symbols import chord_name
from canzona.song.progression import Bar, PlacedChords, Progression, Section, WrittenChord, chart_form
from strategies import chords, forms, meters

FOUR, THREE = Meter(4), Meter(3)


LENGTHS = [(4,), (3,), (1, 3), (3, 1), (2, 2), (1, 2), (2, 1), (2, 1, 1), (1, 2, 1), (1, 1, 2), (1, 1, 1), (1, 1, 1, 1)]
"""Beats of the chords of a bar."""


@st.composite
def bars(draw: st.DrawFn, meter: Meter) -> Bar:
    lengths = draw(st.sampled_from([lengths for lengths in LENGTHS if sum(lengths) == meter.beats_per_bar]))
    return tuple(WrittenChord(draw(chords | st.none()), beats) for beats in lengths)


@st.composite
def progressions(draw: st.DrawFn, meter: Meter) -> Progression:
    letters = draw(st.just([None]) | st.lists(st.sampled_from("ABCNiox"), min_size=1, max_size=3, unique=True))
    lists = st.lists(bars(meter), min_size=1, max_size=4)
    return Progression(tuple(Section(letter, tuple(draw(lists))) for letter in letters))


def beats_of(text: str, meter: Meter = FOUR) -> list[list[tuple[str, int]]]:
    """Names and beats of each bar of a text with one section."""
    (section,) = Progression.parse(text, meter).sections
    return [[(chord_name(written.chord), written.beats) for written in bar] for bar in section.bars]


def placed(text: str, form: str, meter: Meter = FOUR) -> list[tuple[int, int, str]]:
    spans = Progression.parse(text, meter).spans(Form.parse(form), meter).chords
    return [(span.start_beat, span.duration_beats, chord_name(span.chord)) for span in spans]


@given(data=st.data(), meter=meters)
def test_a_progression_is_read_back(data: st.DataObject, meter: Meter) -> None:
    progression = data.draw(progressions(meter))
    assert Progression.parse(str(progression), meter) == progression
    assert Progression.parse(str(progression).replace(" |", "\n||").replace(";", "\n"), meter) == progression


def test_text_is_written_as_people_write_it() -> None:
    text = "A: C | G / / Am | F G; i: N | F C |"
    assert str(Progression.parse("A:\n|C / / /|G.. Am||F G|\ni: | N | F C |".replace("G..", "G . ."), FOUR)) == text[:-2]
    assert str(Progression.parse("C F G", THREE)) == "C | F | G"
    assert str(Progression.parse("| C F G |", THREE)) == "C F G |"


@pytest.mark.parametrize(
    ("text", "meter", "expected"),
    [
        ("| C |", FOUR, [[("C", 4)]]),
        ("C G |", FOUR, [[("C", 2), ("G", 2)]]),
        ("C G Am |", FOUR, [[("C", 2), ("G", 1), ("Am", 1)]]),
        ("C G Am F |", FOUR, [[("C", 1), ("G", 1), ("Am", 1), ("F", 1)]]),
        ("C | G F | C F G", THREE, [[("C", 3)], [("G", 2), ("F", 1)], [("C", 1), ("F", 1), ("G", 1)]]),
        ("C / / G", FOUR, [[("C", 3), ("G", 1)]]),
        ("C . G - | C // G", FOUR, [[("C", 2), ("G", 2)], [("C", 3), ("G", 1)]]),
        ("C G | / / F / | / / / /", FOUR, [[("C", 2), ("G", 2)], [("G", 2), ("F", 2)], [("F", 4)]]),
        ("C G | % | Am | %", FOUR, [[("C", 2), ("G", 2)], [("C", 2), ("G", 2)], [("Am", 4)], [("Am", 4)]]),
        ("C G/B Am7 F", FOUR, [[("C", 4)], [("G/B", 4)], [("Am7", 4)], [("F", 4)]]),
        ("C % N\nG", FOUR, [[("C", 4)], [("C", 4)], [("N", 4)], [("G", 4)]]),
        ("C G\nAm F |", FOUR, [[("C", 2), ("G", 2)], [("Am", 2), ("F", 2)]]),
        ("C:min7 A:min/b3 | NC", FOUR, [[("Cm7", 2), ("Am/C", 2)], [("N", 4)]]),
        ("N C / N |", FOUR, [[("N", 1), ("C", 2), ("N", 1)]]),
        ("C C |", FOUR, [[("C", 2), ("C", 2)]]),
    ],
)
def test_chords_share_a_bar(text: str, meter: Meter, expected: list[list[tuple[str, int]]]) -> None:
    assert beats_of(text, meter) == expected


@pytest.mark.parametrize(
    "text", ["A: C G; B: F", "A: C | G B: F", "A: C |\n   G |\n\nB: F\n", "; A: C G\r\nB: F ;", "A:\nC\nG\nB:\nF"]
)
def test_letters_stand_before_their_sections(text: str) -> None:
    assert str(Progression.parse(text, FOUR)) == "A: C | G; B: F |"


def test_a_section_is_repeated_within_its_phrases() -> None:
    result = Progression.parse("A: C | G / / N", FOUR).spans(Form.parse("i1A4B2A2"), FOUR)
    c, g = Chord(0, "maj", 0), Chord(7, "maj", 7)
    starts = (4, 12, 28)
    expected = [span for beat in starts for span in (ChordSpan(beat, 4, c), ChordSpan(beat + 4, 3, g))]
    assert result == PlacedChords(tuple(expected), frozenset({1, 2, 3, 4, 7, 8}))


def test_chords_for_the_whole_song_fill_every_phrase_or_are_laid_through() -> None:
    assert placed("C G", "A2B4") == [(4 * bar, 4, "CG"[bar % 2]) for bar in range(6)]
    assert placed("C D E F G A", "A2B4") == [(4 * bar, 4, "CDEFGA"[bar]) for bar in range(6)]
    assert placed("C D E", "A1B2", THREE) == [(0, 3, "C"), (3, 3, "D"), (6, 3, "E")]


def test_equal_neighbours_are_one_chord_within_a_bar_only() -> None:
    assert placed("C C | C | C N C C", "A3") == [(0, 4, "C"), (4, 4, "C"), (8, 1, "C"), (10, 2, "C")]


def test_bars_without_chord_are_given_too() -> None:
    silent = Progression.parse("A: N", FOUR).spans(Form.parse("i2A2"), FOUR)
    assert silent == PlacedChords((), frozenset({2, 3}))


@given(data=st.data(), meter=meters, form=forms())
def test_every_beat_sounds_as_written(data: st.DataObject, meter: Meter, form: Form) -> None:
    letters = sorted({phrase.letter for phrase in form.phrases})
    one_bar = st.lists(bars(meter), min_size=1, max_size=1)
    written = {letter: tuple(data.draw(one_bar)) for letter in data.draw(st.sets(st.sampled_from(letters), min_size=1))}
    result = Progression(tuple(Section(*item) for item in written.items())).spans(form, meter)
    sounding = {beat: span.chord for span in result.chords for beat in range(span.start_beat, span.end_beat)}
    expected: dict[int, Chord] = {}
    for bar, (number, _) in enumerate(form.bar_positions()):
        (own,) = written.get(form.phrases[number].letter, ((),))
        by_beat = [part.chord for part in own for _ in range(part.beats)]
        expected |= {meter.bars_to_beats(bar) + beat: chord for beat, chord in enumerate(by_beat) if chord}
        assert (bar in result.given_bars) == (form.phrases[number].letter in written)
    assert sounding == expected
    assert sum(span.duration_beats for span in result.chords) == len(expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "chords: must be symbols in bars, such as C | G/B | Am7 | F, got none"),
        ("| |", "chords: must be symbols in bars, such as C | G/B | Am7 | F, got none"),
        ("A: C; B:", "chords: must be symbols in bars, such as C | G/B | Am7 | F, got none for B"),
        ("C | H7", "chords: bar 2: chord: must be a symbol such as Am7, G/B or C:min7/b3, got 'H7'"),
        ("A:C | G", "chords: bar 1: chord: must be a symbol such as Am7, G/B or C:min7/b3, got 'A:C'"),
        ("[Foo] C", "chords: [Foo] must name a section, such as [Verse], [Chorus] or [B]"),
        ("C [Verse] G", "chords: must stand under a name where others do, got 'C' before [Verse]"),
        ("[Verse] C [Verse] G", "chords: must be the same in every [Verse], or under another name, got others"),
        ("C D E F G |", "chords: bar 1: must be at most 4 in a bar of 4/4, got 'C D E F G'"),
        ("C / G", "chords: bar 1: must have 4 beats in a bar with slashes, got 'C / G'"),
        ("C | G / / / /", "chords: bar 2: must have 4 beats in a bar with slashes, got 'G / / / /'"),
        ("% | C", "chords: bar 1: must begin with a chord, got '%'"),
        ("A: C; B: % | C", "chords: bar 1 of B: must begin with a chord, got '%'"),
        ("/ / C /", "chords: bar 1: must begin with a chord, got '/ / C /'"),
        ("C | G %", "chords: bar 2: must have % alone in its bar, got 'G %'"),
        ("A: C; A: G", "chords: must have one section for a letter, got 'A' 2 times"),
        (
            "C | G; B: F",
            "chords: must have a letter before every section, such as A: C | G; B: F | G, or none, got both",
        ),
    ],
)
def test_what_is_no_progression_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Progression.parse(text, FOUR)


@pytest.mark.parametrize(
    ("text", "form", "meter", "message"),
    [
        ("A: C D E F G A", "B6A8", FOUR, "chords: must be 8 bars or a whole share of them for phrase A8, got 6"),
        ("A: C D E F", "A8A2", FOUR, "chords: must be 2 bars or a whole share of them for phrase A2, got 4"),
        ("C D E F G A", "A8B8", FOUR, "chords: must be 16 bars, or 8 bars or a whole share of them for phrase A8, got 6"),
        ("A: C; C: G", "A8B8A8", FOUR, "chords: letter must be one of A, B of the form A8B8A8, got 'C'"),
        ("a: C", "A8", FOUR, "chords: letter must be one of A of the form A8, got 'a'"),
        ("C | G", "A8", THREE, "chords: must be in bars of 3/4, got a bar of 4 beats"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, form: str, meter: Meter, message: str) -> None:
    progression = Progression.parse(text, FOUR)
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        progression.spans(Form.parse(form), meter)


@pytest.mark.parametrize(
    ("chart", "plain"),
    [
        ("|: C | G :|", "C | G | C | G"),
        ("||: C | G :|| Am | F |]", "C | G | C | G | Am | F"),
        ("|: C | G :| x3 F |", "C | G | C | G | C | G | F"),
        ("C | G :| F |", "C | G | C | G | F"),
        ("C | x | % | F", "C | C | C | F"),
    ],
)
def test_repeats_are_written_out(chart: str, plain: str) -> None:
    assert Progression.parse(chart, FOUR) == Progression.parse(plain, FOUR)


def test_sections_in_brackets_are_letters_and_tell_a_form() -> None:
    chart = "[Intro]\nC\n[Verse 1]\nC | G | Am | F\n[Chorus]\nF | G\n[Verse 2]\n[Chorus]\nF | G"
    assert Progression.parse(chart, FOUR) == Progression.parse("i: C; A: C | G | Am | F; B: F | G", FOUR)
    assert str(chart_form(chart, FOUR)) == "i1A4B2A4B2"
    assert chart_form("C | G", FOUR) is None
