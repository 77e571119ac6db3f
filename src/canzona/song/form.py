"""The form of a song: its phrases, in order, with their keys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from canzona.song.harmony import Key, Mode

_PHRASE = re.compile(
    r"([A-Za-z])\s*(0*[1-9][0-9]{0,11})"
    r"(?:\s*@\s*([A-Ga-g][b#]{0,2}(?i:major|minor|maj|min|m)?)(?=\s|[A-Za-z]\s*[0-9]|$))?"
)


class PhraseType(Enum):
    """The six kinds of phrase that the form level tells apart (arXiv 2405.09901, table 1)."""

    A = "A"
    B = "B"
    OTHER_SUNG = "C"
    INTRO = "i"
    OUTRO = "o"
    OTHER = "b"

    @classmethod
    def of_letter(cls, letter: str) -> "PhraseType":
        """The type that a phrase letter stands for: any capital but A and B is another sung phrase."""
        for phrase_type in (cls.A, cls.B, cls.INTRO, cls.OUTRO):
            if letter == phrase_type.value:
                return phrase_type
        return cls.OTHER_SUNG if letter.isupper() else cls.OTHER


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase.

    Attributes:
        letter: its name; a capital carries the lead melody, ``i`` is an intro, ``o`` an outro. Same letter = same material.
        length_bars: 1 or more.
        key: its key; ``None`` where it is not known yet.
    """

    letter: str
    length_bars: int
    key: Key | None = None

    def __post_init__(self) -> None:
        if len(self.letter) != 1 or not self.letter.isascii() or not self.letter.isalpha():
            raise ValueError(f"phrase letter: must be one letter A to Z or a to z, got {self.letter!r}")
        if self.length_bars < 1:
            raise ValueError(f"phrase length: must be 1 bar or more, got {self.length_bars}")

    @property
    def type(self) -> PhraseType:
        return PhraseType.of_letter(self.letter)

    @property
    def is_sung(self) -> bool:
        return self.letter.isupper()

    def __str__(self) -> str:
        return f"{self.letter}{self.length_bars}"


@dataclass(frozen=True, slots=True)
class Form:
    """Phrases in order; bars are counted from 0 within the program and from 1 before people."""

    phrases: tuple[Phrase, ...]

    def __post_init__(self) -> None:
        if not self.phrases:
            raise ValueError("form: must have at least one phrase, such as i4A8B8o4, got none")

    @classmethod
    def parse(cls, text: str, key: Key | None = None) -> "Form":
        """Read ``"i4A8B8o4"`` or ``"A8@D B8 i4@Em"``: letters with lengths in bars, a capital = sung, and keys after ``@``.

        A key holds for its phrase and those after it, until the next; ``key`` holds before the first. A letter right before a
        number is a phrase's: ``A8@Db8`` is A8 in D and then b8, ``A8@Em4`` is A8 in E and then m4; a space after the key says
        otherwise: ``A8@Db b8``, ``A8@Em i4``. The inverse of ``keyed_text``, and of ``str`` but for keys.

        Raises:
            ValueError: where ``text`` is not of that shape.
        """
        found = list(_PHRASE.finditer(text))
        if not found or _PHRASE.sub("", text).strip():
            example = "A8@D B8@Em" if "@" in text else "i4A8B8o4"
            raise ValueError(f"form: must be letters with lengths of 1 bar or more, such as {example}, got {text!r}")
        phrases: list[Phrase] = []
        for match in found:
            letter, bars, own_key = match.groups()
            key = Key.parse(own_key) if own_key else key
            phrases.append(Phrase(letter, int(bars), key))
        return cls(tuple(phrases))

    def __str__(self) -> str:
        return "".join(map(str, self.phrases))

    def keyed_text(self) -> str:
        """Phrases with keys where these change: ``"A8@C B8 A8@Dm"``. The inverse of ``parse`` where every phrase has a key.

        A phrase whose key is not known is written without; after one with a key it would be read back in that.
        """
        words, latest = [], None
        for phrase in self.phrases:
            changed_to = phrase.key if phrase.key != latest else None
            words.append(f"{phrase}@{_key_text(changed_to)}" if changed_to else str(phrase))
            latest = phrase.key or latest
        return " ".join(words)

    @property
    def length_bars(self) -> int:
        return sum(phrase.length_bars for phrase in self.phrases)

    def spans(self) -> Iterator[tuple[int, Phrase]]:
        """Each phrase with the bar, counted from 0, at which it starts."""
        start_bar = 0
        for phrase in self.phrases:
            yield start_bar, phrase
            start_bar += phrase.length_bars

    def bar_positions(self) -> list[tuple[int, int]]:
        """For every bar, (number of its phrase, bar within the phrase), both from 0."""
        return [(number, bar) for number, phrase in enumerate(self.phrases) for bar in range(phrase.length_bars)]

    def keys_by_bar(self) -> list[Key | None]:
        return [phrase.key for phrase in self.phrases for _ in range(phrase.length_bars)]

    def keys_in_force(self) -> list[Key | None]:
        """For every bar the key of its phrase, or else that of the last phrase before it that has one."""
        latest = None
        return [latest := key or latest for key in self.keys_by_bar()]

    def with_keys(self, keys: list[Key | None]) -> "Form":
        """The same phrases with these keys, one a phrase."""
        return Form(tuple(replace(phrase, key=key) for phrase, key in zip(self.phrases, keys, strict=True)))

    def with_missing_keys(self, default: Key) -> "Form":
        """The same phrases, each without a key given that of the phrase before it, or else of the first phrase that has one."""
        found = [phrase.key for phrase in self.phrases if phrase.key is not None]
        latest = found[0] if found else default
        keys: list[Key | None] = []
        for phrase in self.phrases:
            latest = phrase.key or latest
            keys.append(latest)
        return self.with_keys(keys)

    def with_keys_from(self, other: "Form") -> "Form":
        """The same phrases, each without a key given that of the phrase in its place of ``other``."""
        return self.with_keys([phrase.key or found.key for phrase, found in zip(self.phrases, other.phrases, strict=True)])

    def written_as(self, other: "Form | None", home: Key | None = None) -> "Form":
        """The same keys, each written as in its place of ``other``, if that has it there, or else beside ``home``.

        Without ``home``, the first key is the one that the others are written beside.
        """
        asked = [phrase.key for phrase in other.phrases] if other is not None else []
        keys = [phrase.key for phrase in self.phrases]
        named = [key_asked if key_asked == key else None for key_asked, key in zip(asked, keys, strict=False)] + [None] * len(
            keys
        )
        beside = home or next((key_asked or key for key_asked, key in zip(named, keys, strict=False) if key is not None), None)
        written = (key_asked or (key and beside and key.beside(beside)) for key_asked, key in zip(named, keys, strict=False))
        return self.with_keys(list(written))

    def transposed(self, semitones: int) -> "Form":
        return self.with_keys([None if phrase.key is None else phrase.key.transposed(semitones) for phrase in self.phrases])


def _key_text(key: Key) -> str:
    """``F#m``, ``Bb``: a key without spaces."""
    return key.tonic_name + ("m" if key.mode is Mode.MINOR else "")
