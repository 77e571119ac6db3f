"""Chords written as text, ``A: C | G/B | Am7 | F; B: F | G``, and laid over the phrases of a form."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from canzona.song.chord_symbols import chord_name, parse_chord
from canzona.song.form import Form, Phrase
from canzona.song.harmony import Chord, ChordSpan
from canzona.song.sections import section_letters
from canzona.song.timing import Meter

REPEATED_BAR = "%"
_REPEATED_BARS = (REPEATED_BAR, "x", "X", "𝄎", "./.")
"""Signs that take the place of a bar's chords: the bar before once more."""

_BAR_LINES = re.compile(r"\|\||\|\]|\[\||(?<=\|):(?=\|)")
_REPEATS = re.compile(r"(\|:|:\|(?:\s*\(?[x×]\s*([2-9])\)?)?)")
_LABEL = re.compile(r"(?<![^\s;|])([A-Za-z]):(?=\s|$)")
_HEADING = re.compile(r"\[\s*([A-Za-z][^\]|]{0,40})\]:?")
_EMPTY = " \t\r\n;|"
_BEATS = re.compile(r"[/.\-]+")


@dataclass(frozen=True, slots=True)
class WrittenChord:
    """A chord within a bar.

    Attributes:
        chord: ``None`` where no chord is to sound.
        beats: how long, 1 or more.
    """

    chord: Chord | None
    beats: int


Bar = tuple[WrittenChord, ...]
"""The chords of one bar, which together last as long as the bar."""


@dataclass(frozen=True, slots=True)
class Section:
    """Chords for the phrases of one letter, or for the whole song where ``letter`` is ``None``."""

    letter: str | None
    bars: tuple[Bar, ...]

    def __str__(self) -> str:
        bars = " | ".join(map(_bar_text, self.bars)) + (" |" if len(self.bars) == 1 else "")
        return bars if self.letter is None else f"{self.letter}: {bars}"


@dataclass(frozen=True, slots=True)
class PlacedChords:
    """Chords at their places in a song.

    Attributes:
        chords: in order of time; a chord starts anew at every bar line.
        given_bars: bars, counted from 0, that the chords speak of; in one of these a beat without chord is meant to be without.
    """

    chords: tuple[ChordSpan, ...]
    given_bars: frozenset[int]


@dataclass(frozen=True, slots=True)
class Progression:
    """Sections of chords in the order in which they were written: one for the whole song, or one for each of several letters.

    Knows bars and beats; does not know a form until ``spans`` is asked.
    """

    sections: tuple[Section, ...]

    def __post_init__(self) -> None:
        letters = [section.letter for section in self.sections]
        if None in letters and len(letters) > 1:
            raise ValueError("chords: must have a letter before every section, such as A: C | G; B: F | G, or none, got both")
        for letter in letters:
            if letters.count(letter) > 1:
                raise ValueError(f"chords: must have one section for a letter, got {letter!r} {letters.count(letter)} times")
        for section in self.sections:
            if not section.bars:
                where = "" if section.letter is None else f" for {section.letter}"
                raise ValueError(f"chords: must be symbols in bars, such as C | G/B | Am7 | F, got none{where}")

    @classmethod
    def parse(cls, text: str, meter: Meter) -> "Progression":
        """Read chords; the inverse of ``str``.

        Bars are divided by ``|`` or a new line, and the chords of a bar share its beats evenly, the first ones taking what is
        left over. With ``/`` (or ``.`` or ``-``) for one more beat of the chord before, every beat is written: ``C / / G``.
        ``%`` or ``x`` alone is the bar before once more, ``N`` is no chord; ``|: C | G :|`` is played twice, ``:| x3`` three
        times. A section with neither ``|`` nor ``/`` is one chord a bar:
        ``C G/B Am7 F`` is four bars. A section is for the phrases of a letter that stands before it with a colon and a space,
        ``A: C | G; B: F | G``, or of a section in brackets as charts have it, ``[Verse] C | G [Chorus] F | G``, else for the
        whole song.

        Raises:
            ValueError: where the text is not of that shape.
        """
        if headings := chart(text):
            bars: dict[str, tuple[Bar, ...]] = {}
            for letter, name, written in headings:
                if written.strip(_EMPTY) or letter not in bars:
                    read = _parse_bars(written, meter, name)
                    if bars.setdefault(letter, read) != read:
                        raise ValueError(f"chords: must be the same in every [{name}], or under another name, got others")
            return cls(tuple(Section(letter, of_letter) for letter, of_letter in bars.items()))
        before, *labelled = _LABEL.split(text)
        texts: list[tuple[str | None, str]] = [*zip(labelled[::2], labelled[1::2], strict=True)]
        if not texts or before.strip(_EMPTY):
            texts.insert(0, (None, before))
        return cls(tuple(Section(letter, _parse_bars(written, meter, letter)) for letter, written in texts))

    def __str__(self) -> str:
        return "; ".join(map(str, self.sections))

    def transposed(self, semitones: int) -> "Progression":
        """The same chords in another key."""

        def moved(bar: Bar) -> Bar:
            return tuple(replace(span, chord=span.chord and span.chord.transposed(semitones)) for span in bar)

        return Progression(tuple(replace(section, bars=tuple(map(moved, section.bars))) for section in self.sections))

    def spans(self, form: Form, meter: Meter) -> PlacedChords:
        """The chords at their places in a song of this form.

        A section is repeated within every phrase that it is for, and so must be as long as the phrase or a whole share of it;
        chords for the whole song may instead be as long as the song. Equal neighbours within a bar are one chord.

        Raises:
            ValueError: where the chords do not fit the form or the metre.
        """
        self._check_meter(meter)
        bars = self._bars_in(form)
        chords: list[ChordSpan] = []
        for bar, written in bars.items():
            beat, latest = meter.bars_to_beats(bar), None
            for span in written:
                if span.chord is not None and span.chord == latest:
                    start_beat = chords.pop().start_beat
                    chords.append(ChordSpan(start_beat, beat + span.beats - start_beat, span.chord))
                elif span.chord is not None:
                    chords.append(ChordSpan(beat, span.beats, span.chord))
                beat, latest = beat + span.beats, span.chord
        return PlacedChords(tuple(chords), frozenset(bars))

    def _check_meter(self, meter: Meter) -> None:
        for section in self.sections:
            for bar in section.bars:
                beats = sum(written.beats for written in bar)
                if beats != meter.beats_per_bar:
                    raise ValueError(f"chords: must be in bars of {meter}, got a bar of {beats} beats")

    def _bars_in(self, form: Form) -> dict[int, Bar]:
        """Bar of the song, counted from 0 and ascending → its chords."""
        sections = {section.letter: section.bars for section in self.sections}
        letters = dict.fromkeys(phrase.letter for phrase in form.phrases)
        for letter in sections:
            if letter is not None and letter not in letters:
                raise ValueError(f"chords: letter must be one of {', '.join(letters)} of the form {form}, got {letter!r}")
        whole = sections.get(None)
        if whole is not None and len(whole) == form.length_bars:
            return dict(enumerate(whole))
        placed: dict[int, Bar] = {}
        for start_bar, phrase in form.spans():
            bars = sections.get(phrase.letter) if whole is None else whole
            if bars is None:
                continue
            if phrase.length_bars % len(bars):
                lengths = f"{phrase.length_bars} bars or a whole share of them for phrase {phrase}"
                allowed = lengths if whole is None else f"{form.length_bars} bars, or {lengths}"
                raise ValueError(f"chords: must be {allowed}, got {len(bars)}")
            placed |= {start_bar + bar: bars[bar % len(bars)] for bar in range(phrase.length_bars)}
        return placed


def chart(text: str) -> list[tuple[str, str, str]]:
    """Letter, name and chords of each section of a chart such as ``[Verse] C | G [Chorus] F | G``; none where it has no names.

    Raises:
        ValueError: where a name in brackets is that of no section, or chords stand before the first.
    """
    before, *rest = _HEADING.split(text)
    names = rest[::2]
    letters = section_letters(names)
    for name, letter in zip(names, letters, strict=True):
        if letter is None:
            raise ValueError(f"chords: [{name}] must name a section, such as [Verse], [Chorus] or [B]")
    if names and before.strip(_EMPTY):
        raise ValueError(f"chords: must stand under a name where others do, got {before.strip()!r} before [{names[0]}]")
    return [
        (letter, name, written) for letter, name, written in zip(letters, names, rest[1::2], strict=True) if letter is not None
    ]


def chart_form(text: str, meter: Meter) -> Form | None:
    """The form that a chart's sections tell, each as long as its chords; ``None`` where it has no names.

    Raises:
        ValueError: as ``Progression.parse``.
    """
    headings = chart(text)
    lengths = {section.letter: len(section.bars) for section in Progression.parse(text, meter).sections} if headings else {}
    return Form(tuple(Phrase(letter, lengths[letter]) for letter, _, _ in headings)) if headings else None


def _parse_bars(text: str, meter: Meter, label: str | None = None) -> tuple[Bar, ...]:
    """The bars of one section; what lies empty between two bar lines is no bar.

    Raises:
        ValueError: naming the bar and what in it is not understood.
    """
    plain = _BAR_LINES.sub("|", text)
    written_in_beats = "|" in plain or any(map(_BEATS.fullmatch, plain.split()))
    bars: list[Bar] = []
    begun = 0
    for piece in _pieces(plain):
        if piece == "|:":
            begun = len(bars)
        elif piece.startswith(":|"):
            times = int(piece[2:] or 2)
            bars += bars[begun:] * (times - 1)
            begun = len(bars)
        for bar in () if piece[:2] in ("|:", ":|") else re.split(r"[|;\n]" if written_in_beats else r"[\s;]", piece):
            if bar.strip():
                try:
                    bars.append(_parse_bar(bar.strip(), meter, bars[-1] if bars else None))
                except ValueError as error:
                    where = f"bar {len(bars) + 1}" + (f" of {label}" if label else "")
                    raise ValueError(f"chords: {where}: {str(error).removeprefix('chords: ')}") from None
    return tuple(bars)


def _pieces(text: str) -> Iterator[str]:
    """The text between signs of repetition, and these: ``|:``, and ``:|`` with how often, where that is said."""
    start = 0
    for sign in _REPEATS.finditer(text):
        yield text[start : sign.start()]
        yield "|:" if sign[1] == "|:" else ":|" + (sign[2] or "")
        start = sign.end()
    yield text[start:]


def _parse_bar(text: str, meter: Meter, before: Bar | None) -> Bar:
    beats = meter.beats_per_bar
    text = REPEATED_BAR if text in _REPEATED_BARS else text
    words = [word for group in text.split() for word in (group if _BEATS.fullmatch(group) else [group])]
    if before is None and (words[0] == REPEATED_BAR or _BEATS.fullmatch(words[0])):
        raise ValueError(f"chords: must begin with a chord, got {text!r}")
    if words == [REPEATED_BAR]:
        assert before is not None
        return before
    if REPEATED_BAR in words:
        raise ValueError(f"chords: must have {REPEATED_BAR} alone in its bar, got {text!r}")
    if not any(map(_BEATS.fullmatch, words)):
        if len(words) > beats:
            raise ValueError(f"chords: must be at most {beats} in a bar of {meter}, got {text!r}")
        return tuple(map(WrittenChord, map(parse_chord, words), _shares(beats, len(words))))
    if len(words) != beats:
        raise ValueError(f"chords: must have {beats} beats in a bar with slashes, got {text!r}")
    bar: list[WrittenChord] = []
    for word in words:
        if not _BEATS.fullmatch(word):
            bar.append(WrittenChord(parse_chord(word), 1))
        elif bar:
            longer = bar.pop()
            bar.append(replace(longer, beats=longer.beats + 1))
        else:
            assert before is not None
            bar.append(WrittenChord(before[-1].chord, 1))
    return tuple(bar)


def _bar_text(bar: Bar) -> str:
    names = [chord_name(written.chord) for written in bar]
    beats = [written.beats for written in bar]
    if beats == _shares(sum(beats), len(bar)):
        return " ".join(names)
    return " ".join(name + " /" * (length - 1) for name, length in zip(names, beats, strict=True))


def _shares(beats: int, chords: int) -> list[int]:
    """Beats of each chord: 4 shared by 3 is 2, 1, 1."""
    share, left_over = divmod(beats, chords)
    return [share + (number < left_over) for number in range(chords)]
