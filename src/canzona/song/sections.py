"""Sections as people name them, ``Verse 2`` or ``[Chorus]``, and as phrase letters."""

import re
from collections.abc import Iterable
from string import ascii_uppercase

_PHRASE = re.compile(r"([A-Za-z])[0-9]{0,4}'?")
_WORDS = (
    ("i", r"intro(duction)?|vorspiel"),
    ("o", r"outro|ending|end|schluss|nachspiel|tag"),
    ("A", r"verse?|vers|strophe|stanza|couplet|estrofa"),
    ("B", r"chorus|refrain|hook|estribillo"),
    ("b", r"interlude|instrumental|solo|break|zwischenspiel|turnaround|vamp"),
    ("", r"bridge|middle (8|eight)|pre[- ]?chorus|pre[- ]?refrain|post[- ]?chorus|channel|b[- ]?part|coda|part|section"),
)
"""Letter → words for it; those of no letter take the next capital that is free, the same word always the same."""

_NAMES = tuple((letter, re.compile(rf"\W*(?P<word>{words})\W*[0-9ivx]*\W*(x ?\d)?", re.IGNORECASE)) for letter, words in _WORDS)


def section_word(name: str) -> str | None:
    """The word that names a section, in small letters, or its letter; ``None`` for any other text."""
    text = name.strip().strip("[]():").strip()
    if letter := _PHRASE.fullmatch(text):
        return letter[1]
    matches = (pattern.fullmatch(text) for _, pattern in _NAMES)
    return next((" ".join(re.split(r"[\s-]+", found["word"].lower())) for found in matches if found), None)


def section_letters(names: Iterable[str]) -> list[str | None]:
    """A phrase letter for each name; ``None`` where it names no section. ``Intro, Verse 1, Chorus, Verse 2`` → i, A, B, A."""
    words = [section_word(name) for name in names]
    letters = {word: word for word in words if word is not None and len(word) == 1}
    for word in dict.fromkeys(word for word in words if word is not None and word not in letters):
        letter = next(own for own, pattern in _NAMES if pattern.fullmatch(word))
        free = (own for own in ascii_uppercase[2:] + ascii_uppercase[:2] if own not in letters.values())
        letters[word] = letter or next(free, "Z")
    return [None if word is None else letters[word] for word in words]
