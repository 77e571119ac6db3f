"""Phrases from the words that programs write over them: Intro, Verse 1, Chorus."""

import re
from collections.abc import Sequence
from itertools import pairwise

from canzona.song.form import Form, Phrase, PhraseType
from canzona.song.timing import Meter

WITHOUT_MELODY = {
    "INTRO": PhraseType.INTRO.value, "OUTRO": PhraseType.OUTRO.value, "ENDING": PhraseType.OUTRO.value,
    "CODA": PhraseType.OUTRO.value, "INTERLUDE": "b", "INSTRUMENTAL": "b", "BREAK": "b", "SOLO": "b",
}  # fmt: skip
SUNG = frozenset(["VERSE", "CHORUS", "REFRAIN", "HOOK", "BRIDGE", "PRECHORUS", "POSTCHORUS", "STROPHE"])
_SUNG_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


def sections(markers: Sequence[tuple[float, str]], meter: Meter, length_bars: int) -> Form | None:
    """The form that words at bar lines name, the same word the same letter; ``None`` where they name none.

    Args:
        markers: steps and texts, ascending.
        meter: of the song.
        length_bars: of the song; the last section ends there.
    """
    named: dict[int, str] = {}
    letters: dict[str, str] = {}
    free = iter(_SUNG_LETTERS)
    for step, text in markers:
        word = re.sub(r"[^A-Z]", "", text.upper())
        bar = round(step / meter.steps_per_bar)
        if not (word in WITHOUT_MELODY or word in SUNG or len(word) == 1) or not 0 <= bar < length_bars:
            continue
        if abs(step - meter.bars_to_steps(bar)) > 2:
            return None
        if word not in letters:
            letters[word] = WITHOUT_MELODY.get(word) or next(free, "Z")
        named[bar] = letters[word]
    if len(named) < 2:
        return None
    if 0 not in named:
        named[0] = PhraseType.INTRO.value
    bars = [*sorted(named), length_bars]
    return Form(tuple(Phrase(named[start], end - start) for start, end in pairwise(bars)))
