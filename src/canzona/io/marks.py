"""Phrases from the marks that stand over music: Intro, Verse 1, Chorus, or letters and lengths such as A8."""

import re
from collections.abc import Sequence
from itertools import pairwise
from string import ascii_uppercase

from canzona.io.files import LONGEST_FORM_BARS
from canzona.song.form import Form, Phrase, PhraseType
from canzona.song.sections import section_letters
from canzona.song.timing import Meter

FARTHEST_STEPS = 2
"""How far from a bar line a mark may stand that names what begins there; any other names what begins with the next bar."""
_WITH_LENGTH = re.compile(r"[A-Za-z][0-9]{1,4}")


def marked_form(
    marks: Sequence[tuple[float, str]],
    meter: Meter,
    length_bars: int,
    first_step: int,
    first_sung_step: int | None,
    fewest: int = 1,
) -> Form | None:
    """The form, without keys, that marks name, the same word the same letter; ``None`` where they name no phrase.

    Bars before the first mark are an intro if they are only an upbeat or nothing is sung in them, else a phrase of their own.

    Args:
        marks: steps and texts, ascending; those that name no section are passed over.
        meter: of the song.
        length_bars: of the song; the last section ends there, but where lengths are given, there or after it.
        first_step: where the music begins.
        first_sung_step: where its melody does; ``None`` without one.
        fewest: how many phrases must be named for these to be a form, where no lengths are given.
    """
    named = [
        (step, text, letter)
        for (step, text), letter in zip(marks, section_letters(text for _, text in marks), strict=True)
        if letter is not None
    ]
    if (labelled := labelled_form([(step, text) for step, text, _ in named], meter, length_bars)) is not None:
        return labelled
    bars = [0 if step <= first_step else _bar_after(step, meter) for step, _, _ in named]
    letters = {bar: letter for bar, (_, _, letter) in zip(bars, named, strict=True) if 0 <= bar < length_bars}
    if len(letters) < fewest:
        return None
    first = min(letters)
    if first > 0:
        is_upbeat = first_step > 0 and first == 1
        is_sung = first_sung_step is not None and first_sung_step < meter.bars_to_steps(first) and not is_upbeat
        free = (letter for letter in ascii_uppercase if letter not in letters.values())
        letters[0] = next(free, PhraseType.INTRO.value) if is_sung else PhraseType.INTRO.value
    return Form(tuple(Phrase(letters[start], end - start) for start, end in pairwise([*sorted(letters), length_bars])))


def _bar_after(step: float, meter: Meter) -> int:
    return -int(-(step - FARTHEST_STEPS) // meter.steps_per_bar)


def labelled_form(marks: Sequence[tuple[float, str]], meter: Meter, length_bars: int) -> Form | None:
    """The form of labels such as A8, as Canzona writes them, each where the one before ends, where they cover the song."""
    if not marks or not all(_WITH_LENGTH.fullmatch(text) for _, text in marks):
        return None
    bar = 0
    for step, text in marks:
        if abs(step - meter.bars_to_steps(bar)) > FARTHEST_STEPS:
            return None
        bar += int(text[1:])
    return Form.parse("".join(text for _, text in marks)) if length_bars <= bar <= LONGEST_FORM_BARS else None
