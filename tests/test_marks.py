"""Marks over music as phrases, whatever file they stand in."""

from collections.abc import Sequence

import pytest

from canzona.io.marks import marked_form
from canzona.song.timing import Meter

BAR = 16
WORDS = [(0, "Intro"), (4 * BAR, "Verse 1"), (8 * BAR, "Chorus"), (12 * BAR, "Verse 2")]


def form(marks: Sequence[tuple[float, str]], first_step: int = 0, first_sung_step: int | None = 0, fewest: int = 1) -> str:
    return str(marked_form(marks, Meter(4), 16, first_step, first_sung_step, fewest))


def test_words_are_letters_and_other_words_are_passed_over() -> None:
    assert form([*WORDS[:2], (6 * BAR, "rit."), *WORDS[2:]]) == "i4A4B4A4"
    assert form([(0, "Allegro")]) == "None"
    assert form(WORDS[:1], fewest=2) == "None"
    assert form([(20 * BAR, "Coda")]) == "None"


@pytest.mark.parametrize(
    ("first_step", "first_sung_step", "expected"),
    [(0, 0, "C4A4B4A4"), (0, 4 * BAR, "i4A4B4A4"), (0, None, "i4A4B4A4")],
)
def test_bars_before_the_first_mark_are_an_intro_unless_something_is_sung(
    first_step: int, first_sung_step: int | None, expected: str
) -> None:
    assert form(WORDS[1:], first_step, first_sung_step) == expected


def test_a_mark_belongs_to_the_bar_that_it_begins_or_to_the_next() -> None:
    upbeat = [(12, "Verse"), (9 * BAR + 1, "Chorus"), (12 * BAR - 4, "Verse")]
    assert form(upbeat, 12, 12) == "A9B3A4"
    assert form([(BAR, "Verse"), (9 * BAR, "Chorus")], 12, 12) == "i1A8B7", "an upbeat alone"


def test_lengths_are_followed_where_they_cover_the_song() -> None:
    assert form([(0, "A8"), (8 * BAR, "B12")]) == "A8B12"
    assert form([(0, "A8")], fewest=2) == "None"
    assert form([(0, "A16")], fewest=2) == "A16"
    assert form([(0, "A4"), (8 * BAR, "B8")]) == "A8B8"
