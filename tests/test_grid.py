"""Exact times on the grid: order is kept, no two notes share a step, and what fits stays where it is."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canzona.song.grid import OnGrid, Sounding, is_swung, on_grid, straight
from canzona.song.sections import section_letters

TIMES = st.lists(st.fractions(0, 8, max_denominator=48), min_size=1, max_size=40, unique=True).map(sorted)


def voice(starts: list[Fraction]) -> list[Sounding]:
    return [Sounding(start, start + 1, 60 + number % 12) for number, start in enumerate(starts)]


@given(TIMES)
def test_notes_keep_their_order_and_none_is_lost_without_count(starts: list[Fraction]) -> None:
    result = on_grid(voice(starts), 36)
    steps = [note.start_step for note in result.notes]
    assert steps == sorted(set(steps))
    assert len(steps) + result.lost == len(starts)
    assert all(note.end_step <= following for note, following in zip(result.notes, [*steps[1:], 36], strict=True))


@given(st.sets(st.integers(0, 31), min_size=1))
def test_what_is_on_the_grid_stays_there(steps: set[int]) -> None:
    result = on_grid(voice([Fraction(step, 4) for step in sorted(steps)]), 36)
    assert [note.start_step for note in result.notes] == sorted(steps)
    assert result.lost == 0


def test_as_few_as_possible_are_lost_and_as_little_as_possible_is_moved() -> None:
    thirty_seconds = [Fraction(number, 8) for number in range(8)]
    assert on_grid(voice(thirty_seconds), 8).lost == 2, "six find a step between one before and one after"
    late = [Fraction(0), Fraction(7, 8), Fraction(1)]
    assert [note.start_step for note in on_grid(voice(late), 8).notes] == [0, 3, 4]
    assert on_grid([], 8) == OnGrid(())


def test_swing_is_straightened_and_triplets_are_not() -> None:
    swung = [beat + part for beat in range(8) for part in (Fraction(0), Fraction(2, 3))]
    assert is_swung(swung)
    assert [straight(time) for time in swung] == [Fraction(number, 2) for number in range(16)]
    assert straight(0.75) == pytest.approx(0.625)
    assert not is_swung(swung[:6]), "three are chance"
    assert not is_swung(Fraction(number, 3) for number in range(24))
    assert not is_swung([*swung, *(beat + 0.5 for beat in range(8))])


def test_what_is_played_keeps_its_loudness_and_times_need_not_be_exact() -> None:
    played = [Sounding(0.03, 0.9, 60, 50), Sounding(0.27, 0.9, 62, 110), Sounding(0.98, 2.1, 64, 70)]
    notes = on_grid(played, 16).notes
    assert [(note.start_step, note.duration_steps, note.velocity) for note in notes] == [(0, 1, 50), (1, 3, 110), (4, 4, 70)]


@pytest.mark.parametrize(
    ("names", "letters"),
    [
        (["Intro", "Verse 1", "Chorus", "Verse 2"], "iABA"),
        (["[Verse]", "Pre-Chorus", "CHORUS x2", "Bridge:", "pre chorus", "Outro"], "ACBDCo"),
        (["A", "B8", "A", "Solo"], "ABAb"),
        (["C", "Bridge"], "CD"),
    ],
)
def test_the_same_word_is_the_same_letter(names: list[str], letters: str) -> None:
    assert "".join(letter or "-" for letter in section_letters(names)) == letters


def test_other_words_name_no_section() -> None:
    assert section_letters(["Allegro", "rit.", "12", "D.S. al Fine", ""]) == [None] * 5
