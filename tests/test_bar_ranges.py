"""Bars as people name them: counted from 1, the last included."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canzona.song import Form
from canzona.song.bar_ranges import BarRange, SourceText, bars_of_phrases, parse_bar_set, parse_bars, parse_source
from strategies import forms

FORM = Form.parse("i2A4B2A4")
ranges = st.builds(lambda start, length: BarRange(start, start + length), st.integers(0, 300), st.integers(1, 300))


@given(bars=ranges)
def test_a_range_is_read_back(bars: BarRange) -> None:
    assert parse_bars(str(bars)) == bars
    assert parse_bar_set(str(bars), bars.end_bar) == frozenset(bars.bars)
    assert len(bars.bars) == bars.length_bars


def test_people_count_from_1_and_name_the_last() -> None:
    assert parse_bars("5-8") == BarRange(4, 8)
    assert parse_bars(" 5 ") == parse_bars("5–5") == BarRange(4, 5)
    assert [str(BarRange(4, 8)), str(BarRange(4, 5))] == ["5-8", "5"]
    assert parse_bar_set("1-4, 9,13 - 16,3-5", 16) == frozenset({0, 1, 2, 3, 4, 8, 12, 13, 14, 15})


@pytest.mark.parametrize(
    ("read", "text", "message"),
    [
        *(
            (parse_bars, text, f"bars: must be numbers or ranges such as 9-16, got {text!r}")
            for text in ("9..12", "", "a", "-4", "4-", "1-2-3", "1.5", "٣", "1,2", "9" * 5000)
        ),
        (parse_bars, "0-3", "bars: must be counted from 1, got '0-3'"),
        (parse_bars, "8-5", "bars: must go from the first to the last, got '8-5'"),
        (lambda text: parse_bar_set(text, 24), "1-4,30-40", "bars: must be within 1 to 24, got 30-40"),
        (lambda text: parse_bar_set(text, 24), "25", "bars: must be within 1 to 24, got 25"),
        (lambda text: parse_bar_set(text, 24), "1,9..12", "bars: must be numbers or ranges such as 9-16, got '9..12'"),
        (lambda text: parse_bar_set(text, 24), "1,,2", "bars: must be numbers or ranges such as 9-16, got ''"),
        *(
            (
                lambda text: bars_of_phrases(FORM, text),
                text,
                f"phrases: must be letters or among i1, A1, B1, A2 of the form i2A4B2A4, got {text!r}",
            )
            for text in ("C", "A3", "a", "", "A0", "A-", "AB")
        ),
        *(
            (
                parse_source,
                text,
                f"source: must be a file with bars and a letter if wanted, such as song.json:5-8@B, got {text!r}",
            )
            for text in ("", ":5-8", "@B", ":1@B", " ")
        ),
        (parse_source, "a.json:8-5@B", "bars: must go from the first to the last, got '8-5'"),
    ],
)
def test_mistakes_are_answered_in_one_line(read: Callable[[str], object], text: str, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        read(text)


@pytest.mark.parametrize("bounds", [(-1, 2), (3, 3), (4, 2)])
def test_a_range_has_a_bar(bounds: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=f"bar range: .*, got {bounds[0]} to {bounds[1]}"):
        BarRange(*bounds)


def test_phrases_are_named_by_letter_and_count() -> None:
    assert bars_of_phrases(FORM, "A2") == frozenset(range(8, 12))
    assert bars_of_phrases(FORM, "A") == frozenset({2, 3, 4, 5, 8, 9, 10, 11})
    assert bars_of_phrases(FORM, "B, A2, A2,i1") == frozenset({0, 1, 6, 7, 8, 9, 10, 11})
    assert bars_of_phrases(Form.parse("A1" * 12), "A1,A12") == frozenset({0, 11})


@given(form=forms())
def test_letters_name_every_bar_once(form: Form) -> None:
    letters = sorted({phrase.letter for phrase in form.phrases})
    bars = [bar for letter in letters for bar in bars_of_phrases(form, letter)]
    assert sorted(bars) == list(range(form.length_bars))
    assert bars_of_phrases(form, ",".join(letters)) == frozenset(bars)


@pytest.mark.parametrize(
    "file",
    [
        "a.json",
        "C:\\songs\\a.json",
        "me@home.json",
        "songs:1/a",
        "a@B.json",
        "a:5x",
        "a@BB",
        "a@1",
        "a:1-2-3",
        "a b\nc",
        "a:9@B.mid",
        "a:",
        "a@",
    ],
)
def test_only_bars_and_a_letter_at_the_end_are_taken_off_a_file(file: str) -> None:
    assert parse_source(file) == SourceText(file, None, None)
    assert parse_source(f"{file}:5-8") == SourceText(file, BarRange(4, 8), None)
    assert parse_source(f"{file}@B") == SourceText(file, None, "B")
    assert parse_source(f"{file}:5@i") == SourceText(file, BarRange(4, 5), "i")


def test_bars_come_before_the_letter() -> None:
    assert parse_source("a@B:5") == SourceText("a@B", BarRange(4, 5), None)
