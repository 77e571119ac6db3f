"""Bars as people name them, counted from 1 with the last included, and as the program counts them, from 0 without the end."""

import re
from dataclasses import dataclass

from canzona.song.form import Form

_BARS = re.compile(r"([0-9]{1,9})(?:\s*[-–]\s*([0-9]{1,9}))?")
_PHRASE_NAME = re.compile(r"([A-Za-z])([1-9][0-9]{0,8})?")
_SOURCE = re.compile(r"(.*?)(?::([0-9]+(?:-[0-9]+)?))?(?:@([A-Za-z]))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class BarRange:
    """Bars that follow one another.

    Attributes:
        start_bar: the first, counted from 0.
        end_bar: the first after them.
    """

    start_bar: int
    end_bar: int

    def __post_init__(self) -> None:
        if not 0 <= self.start_bar < self.end_bar:
            raise ValueError(f"bar range: must be from 0 or later to a later bar, got {self.start_bar} to {self.end_bar}")

    def __str__(self) -> str:
        """As people write it: ``5-8``, or ``5`` for one bar. The inverse of ``parse_bars``."""
        return str(self.end_bar) if self.length_bars == 1 else f"{self.start_bar + 1}-{self.end_bar}"

    @property
    def length_bars(self) -> int:
        return self.end_bar - self.start_bar

    @property
    def bars(self) -> range:
        """Each bar, counted from 0."""
        return range(self.start_bar, self.end_bar)


@dataclass(frozen=True, slots=True)
class SourceText:
    """Where material is taken from, and for which phrases.

    Attributes:
        file: path as it was written.
        bars: of the file's song; ``None`` for all.
        letter: of the phrases that it is for; ``None`` where none was named.
    """

    file: str
    bars: BarRange | None
    letter: str | None


def parse_bars(text: str) -> BarRange:
    """Read ``5-8`` or ``5``, counted from 1; the inverse of ``str`` of a range.

    Raises:
        ValueError: for anything else.
    """
    match = _BARS.fullmatch(text.strip())
    if not match:
        raise ValueError(f"bars: must be numbers or ranges such as 9-16, got {text!r}")
    first, last = int(match[1]), int(match[2] or match[1])
    if first < 1:
        raise ValueError(f"bars: must be counted from 1, got {text!r}")
    if last < first:
        raise ValueError(f"bars: must go from the first to the last, got {text!r}")
    return BarRange(first - 1, last)


def parse_bar_set(text: str, length_bars: int) -> frozenset[int]:
    """Read ``1-4,9,13-16``, bars of a song of ``length_bars`` counted from 1, as bars counted from 0.

    Raises:
        ValueError: where the text is not of that shape or names a bar after the song's last.
    """
    bars: set[int] = set()
    for part in text.split(","):
        named = parse_bars(part)
        if named.end_bar > length_bars:
            raise ValueError(f"bars: must be within 1 to {length_bars}, got {named}")
        bars |= set(named.bars)
    return frozenset(bars)


def bars_of_phrases(form: Form, text: str) -> frozenset[int]:
    """The bars, counted from 0, of the phrases named: ``B`` is every B phrase, ``A2`` the second A phrase, ``B,A2`` both.

    Raises:
        ValueError: where the form has no such phrase.
    """
    bars_of: dict[str, BarRange] = {}
    for start_bar, phrase in form.spans():
        count = sum(name[0] == phrase.letter for name in bars_of) + 1
        bars_of[f"{phrase.letter}{count}"] = BarRange(start_bar, start_bar + phrase.length_bars)
    bars: set[int] = set()
    for part in text.split(","):
        match = _PHRASE_NAME.fullmatch(part.strip())
        letter, number = match.groups() if match else (None, None)
        wanted = [span for name, span in bars_of.items() if name[0] == letter and number in (None, name[1:])]
        if not wanted:
            raise ValueError(f"phrases: must be letters or among {', '.join(bars_of)} of the form {form}, got {part.strip()!r}")
        bars.update(bar for span in wanted for bar in span.bars)
    return frozenset(bars)


def parse_source(text: str) -> SourceText:
    r"""Read ``FILE[:BARS][@LETTER]``: ``a.json``, ``a.json:5-8``, ``a.json@B`` or ``a.json:5-8@B``.

    Only a number or a range after the last colon and a single letter after the last at sign are taken off the file's name, so
    that ``C:\songs\a.json`` and ``me@home.json`` are files. Whether the file is there is not looked at.

    Raises:
        ValueError: where no file is named or the bars are none.
    """
    match = _SOURCE.fullmatch(text.strip())
    if not match or not match[1]:
        raise ValueError(f"source: must be a file with bars and a letter if wanted, such as song.json:5-8@B, got {text!r}")
    file, bars, letter = match.groups()
    return SourceText(file, None if bars is None else parse_bars(bars), letter)
