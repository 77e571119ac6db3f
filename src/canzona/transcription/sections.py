"""Phrases from the words that programs write over them: Intro, Verse 1, Chorus, or letters and lengths such as A8."""

import re
from collections.abc import Sequence
from itertools import pairwise

from canzona.io.files import LONGEST_FORM_BARS
from canzona.song.form import Form, Phrase, PhraseType
from canzona.song.sections import section_letters
from canzona.song.timing import Meter

FARTHEST_STEPS = 2
"""How far from a bar line a word may stand that names what begins there."""
_WITH_LENGTH = re.compile(r"[A-Za-z][0-9]{1,4}")


def sections(markers: Sequence[tuple[float, str]], meter: Meter, length_bars: int) -> Form | None:
    """The form that words at bar lines name, the same word the same letter; ``None`` where they name none.

    Args:
        markers: steps and texts, ascending.
        meter: of the song.
        length_bars: of the song; the last section ends there, but where lengths are given, there or after it.
    """
    if (counted := _with_lengths(markers, meter, length_bars)) is not None:
        return counted
    named: dict[int, str] = {}
    for (step, _), letter in zip(markers, section_letters(text for _, text in markers), strict=True):
        bar = round(step / meter.steps_per_bar)
        if letter is None or not 0 <= bar < length_bars:
            continue
        if not _is_at(step, bar, meter):
            return None
        named[bar] = letter
    if len(named) < 2:
        return None
    if 0 not in named:
        named[0] = PhraseType.INTRO.value
    bars = [*sorted(named), length_bars]
    return Form(tuple(Phrase(named[start], end - start) for start, end in pairwise(bars)))


def _with_lengths(markers: Sequence[tuple[float, str]], meter: Meter, length_bars: int) -> Form | None:
    """The form of markers such as A8, each where the one before ends, where they cover the song."""
    if not markers or not all(_WITH_LENGTH.fullmatch(text) for _, text in markers):
        return None
    bar = 0
    for step, text in markers:
        if not _is_at(step, bar, meter):
            return None
        bar += int(text[1:])
    return Form.parse("".join(text for _, text in markers)) if length_bars <= bar <= LONGEST_FORM_BARS else None


def _is_at(step: float, bar: int, meter: Meter) -> bool:
    return abs(step - meter.bars_to_steps(bar)) <= FARTHEST_STEPS
