"""Phrases from the words that programs write over them: Intro, Verse 1, Chorus."""

from collections.abc import Sequence
from itertools import pairwise

from canzona.song.form import Form, Phrase, PhraseType
from canzona.song.sections import section_letters
from canzona.song.timing import Meter

FARTHEST_STEPS = 2
"""How far from a bar line a word may stand that names what begins there."""


def sections(markers: Sequence[tuple[float, str]], meter: Meter, length_bars: int) -> Form | None:
    """The form that words at bar lines name, the same word the same letter; ``None`` where they name none.

    Args:
        markers: steps and texts, ascending.
        meter: of the song.
        length_bars: of the song; the last section ends there.
    """
    named: dict[int, str] = {}
    for (step, _), letter in zip(markers, section_letters(text for _, text in markers), strict=True):
        bar = round(step / meter.steps_per_bar)
        if letter is None or not 0 <= bar < length_bars:
            continue
        if abs(step - meter.bars_to_steps(bar)) > FARTHEST_STEPS:
            return None
        named[bar] = letter
    if len(named) < 2:
        return None
    if 0 not in named:
        named[0] = PhraseType.INTRO.value
    bars = [*sorted(named), length_bars]
    return Form(tuple(Phrase(named[start], end - start) for start, end in pairwise(bars)))
