"""The form of a song: its phrases, in order, with their keys."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from canzona.song.harmony import Key

_PHRASE = re.compile(r"([A-Za-z])(0*[1-9][0-9]{0,11})")


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
        """Read ``"i4A8B8o4"``: letters with lengths in bars, a capital = sung. The inverse of ``str``, but for keys.

        Raises:
            ValueError: where ``text`` is not of that shape.
        """
        compact = re.sub(r"\s+", "", text)
        if not re.fullmatch(rf"({_PHRASE.pattern})+", compact):
            raise ValueError(f"form: must be letters with lengths of 1 bar or more, such as i4A8B8o4, got {text!r}")
        return cls(tuple(Phrase(letter, int(bars), key) for letter, bars in _PHRASE.findall(compact)))

    def __str__(self) -> str:
        return "".join(map(str, self.phrases))

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

    def transposed(self, semitones: int) -> "Form":
        return self.with_keys([None if phrase.key is None else phrase.key.transposed(semitones) for phrase in self.phrases])
