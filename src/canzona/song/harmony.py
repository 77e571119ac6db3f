"""Chords and keys.

Chords are written in Harte's syntax (Harte et al., *Symbolic Representation of Musical Chords*, ISMIR 2005): ``C:min7/b3``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache

PITCH_CLASSES = 12
PITCH_CLASS_NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ROOT = re.compile(r"([A-G])([b#]{0,2})")

DEGREES = ("1", "b2", "2", "b3", "3", "4", "b5", "5", "b6", "6", "b7", "7")
"""Harte's name of each interval above a root, in semitones."""

QUALITIES: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "minmaj7": (0, 3, 7, 11),
    "hdim7": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "maj6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "maj(9)": (0, 2, 4, 7),
    "min(9)": (0, 2, 3, 7),
    "sus4(b7)": (0, 5, 7, 10),
    "aug(b7)": (0, 4, 8, 10),
    "9": (0, 2, 4, 7, 10),
    "maj9": (0, 2, 4, 7, 11),
    "min9": (0, 2, 3, 7, 10),
    "maj6(9)": (0, 2, 4, 7, 9),
    "sus4(b7,9)": (0, 2, 5, 7, 10),
    "min7(11)": (0, 3, 5, 7, 10),
}
"""The chord vocabulary: quality in Harte's shorthand → its tones in semitones above the root, commonest first."""

QUALITY_NAMES = tuple(QUALITIES)
"""In the order in which tables of numbers count them."""


@cache
def nearest_quality(tones: frozenset[int]) -> str:
    """The quality with the fewest tones that differ from these semitones above a root, the commonest of several.

    A chord without a third, such as a power chord, is given none while another is as near.
    """
    is_open = not tones & {3, 4}
    return min(QUALITIES, key=lambda name: (len(tones ^ set(QUALITIES[name])), is_open and bool({3, 4} & set(QUALITIES[name]))))


def parse_pitch_class(text: str) -> int:
    """``"Bb"`` → 10.

    Raises:
        ValueError: where ``text`` is no note name.
    """
    match = _ROOT.fullmatch(text.strip())
    if not match:
        raise ValueError(f"note name: must be a letter A to G with # or b, got {text!r}")
    letter, accidentals = match.groups()
    return (_NATURALS[letter] + accidentals.count("#") - accidentals.count("b")) % PITCH_CLASSES


def name_of_fifths(fifths: int) -> str:
    """The note so many fifths above C: 0 is C, 1 G, 6 F#, −1 F, −2 Bb."""
    accidentals, letter = divmod(fifths + 1, 7)
    return "FCGDAEB"[letter] + ("#" * accidentals or "b" * -accidentals)


def fifths_of_name(name: str) -> int:
    """The inverse of ``name_of_fifths``: F# is 6, Gb −6."""
    return "FCGDAEB".index(name[0]) - 1 + 7 * (name.count("#") - name.count("b"))


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord of the vocabulary over a bass.

    Attributes:
        root: pitch class 0–11, C = 0.
        quality: a name in ``QUALITIES``.
        bass: pitch class of the lowest tone, absolute (not relative to the root); it need not be a chord tone.
    """

    root: int
    quality: str
    bass: int

    def __post_init__(self) -> None:
        if self.quality not in QUALITIES:
            raise ValueError(f"chord quality: must be one of {', '.join(QUALITIES)}, got {self.quality!r}")
        if self.root not in range(PITCH_CLASSES) or self.bass not in range(PITCH_CLASSES):
            raise ValueError(f"chord: root and bass must be 0 to 11, got {self.root!r} and {self.bass!r}")

    @property
    def chroma(self) -> tuple[int, ...]:
        """The chord's pitch classes, ascending; a bass outside the chord is not among them."""
        return tuple(sorted((self.root + tone) % PITCH_CLASSES for tone in QUALITIES[self.quality]))

    @classmethod
    def from_chroma(cls, chroma: tuple[int, ...], bass: int) -> "Chord":
        """The chord of the vocabulary with exactly these pitch classes over this bass.

        Where several chords share the tones (C6 and Am7), the one rooted on the bass is taken, else the commonest quality with
        the nearest root above the bass: so the name depends on the sounding tones alone, moves with them where they are
        transposed, and ``from_chroma(c.chroma, c.bass)`` is ``c.canonical()``.

        Raises:
            ValueError: where no chord of the vocabulary has these tones.
        """
        by_tones = _chords_by_chroma().get(tuple(sorted(set(chroma))))
        if not by_tones:
            raise ValueError(f"chord tones: no chord of the vocabulary has the pitch classes {chroma}")
        commonest = [(root, quality) for root, quality in by_tones if quality == by_tones[0][1]]
        on_bass = [(root, quality) for root, quality in by_tones if root == bass]
        root, quality = min(on_bass or commonest, key=lambda named: (named[0] - bass) % PITCH_CLASSES)
        return cls(root, quality, bass)

    def canonical(self) -> "Chord":
        """The same tones over the same bass under the name that ``from_chroma`` gives them."""
        return Chord.from_chroma(self.chroma, self.bass)

    @classmethod
    def parse(cls, symbol: str) -> "Chord | None":
        """Read a Harte symbol; ``None`` is the no-chord ``N``. The inverse of ``symbol``.

        Symbols outside the vocabulary are taken to the nearest chord of it with the same root and bass.

        Raises:
            ValueError: where the symbol is no chord.
        """
        if symbol == "N":
            return None
        name, _, degree = symbol.partition("/")
        root_name, _, quality = name.partition(":")
        try:
            root = parse_pitch_class(root_name)
            bass = (root + DEGREES.index(degree or "1")) % PITCH_CLASSES
        except ValueError:
            return _parse_rare(symbol)
        return cls(root, quality or "maj", bass) if (quality or "maj") in QUALITIES else _parse_rare(symbol)

    @property
    def symbol(self) -> str:
        """Harte's symbol: ``C:min7/b3``."""
        return self.symbol_of(PITCH_CLASS_NAMES[self.root])

    def symbol_of(self, root_name: str) -> str:
        """Harte's symbol with the root spelt as it is named."""
        degree = DEGREES[(self.bass - self.root) % PITCH_CLASSES]
        return f"{root_name}:{self.quality}" + ("" if degree == "1" else f"/{degree}")

    def transposed(self, semitones: int) -> "Chord":
        return Chord((self.root + semitones) % PITCH_CLASSES, self.quality, (self.bass + semitones) % PITCH_CLASSES)


def _parse_rare(symbol: str) -> Chord:
    """A symbol outside the vocabulary, through mir_eval's parser, taken to the nearest quality, the commonest of several."""
    from mir_eval.chord import X_CHORD_ENCODED, InvalidChordException, encode

    try:
        root, semitones, bass = encode(symbol, reduce_extended_chords=True)  # else it leaves out ninths
    except InvalidChordException:
        root, semitones, bass = X_CHORD_ENCODED
    if root < 0:
        raise ValueError(f"chord: must be a Harte symbol such as C:min7/b3, got {symbol!r}")
    tones = frozenset(int(tone) for tone in semitones.nonzero()[0])
    return Chord(int(root), nearest_quality(tones), int((root + bass) % PITCH_CLASSES))


@cache
def _chords_by_chroma() -> dict[tuple[int, ...], list[tuple[int, str]]]:
    """Pitch classes → every (root, quality) of the vocabulary that has exactly those, commonest quality first."""
    table: dict[tuple[int, ...], list[tuple[int, str]]] = {}
    for quality in QUALITIES:
        for root in range(PITCH_CLASSES):
            table.setdefault(Chord(root, quality, root).chroma, []).append((root, quality))
    return table


@dataclass(frozen=True, slots=True)
class ChordSpan:
    """A chord and when it sounds; chords change on beats.

    Attributes:
        start_beat: in quarter notes from the start of the song.
        duration_beats: in quarter notes, 1 or more.
        chord: what sounds.
    """

    start_beat: int
    duration_beats: int
    chord: Chord

    def __post_init__(self) -> None:
        if self.start_beat < 0 or self.duration_beats < 1:
            times = f"{self.start_beat} and {self.duration_beats}"
            raise ValueError(f"chord span: start must be 0 or more and duration 1 or more, got {times}")

    @property
    def end_beat(self) -> int:
        """The first beat after the chord."""
        return self.start_beat + self.duration_beats


def chord_changes(spans: Sequence[ChordSpan], length_beats: int) -> Iterator[tuple[int, Chord | None]]:
    """Beats and chords, with ``None`` where a chord ends before the next or the song's end, at ``length_beats``."""
    starts = [*(span.start_beat for span in spans), length_beats]
    for span, next_beat in zip(spans, starts[1:], strict=True):
        yield span.start_beat, span.chord
        if span.end_beat < next_beat:
            yield span.end_beat, None


class Mode(Enum):
    MAJOR = "major"
    MINOR = "minor"


SCALES = {Mode.MAJOR: (0, 2, 4, 5, 7, 9, 11), Mode.MINOR: (0, 2, 3, 5, 7, 8, 10)}
"""Semitones of the seven degrees above the tonic; the minor is the natural one."""

MOST_ACCIDENTALS = 7
MINOR_FIFTHS = 3
"""How many fifths a minor tonic lies above that of the major key with its signature."""

_KEY = re.compile(r"([A-Ga-g][b#]{0,2})\s*[: ]?\s*((?i:major|minor|maj|min|m))?")


@dataclass(frozen=True, slots=True)
class Key:
    """A tonic and a mode.

    Attributes:
        tonic: pitch class 0–11, C = 0.
        mode: major or minor.
        signature: sharps (positive) or flats (negative) by which it is written, −7 to 7; ``None`` for the usual ones of the two
            or three there may be. How a key is written makes it no other key: G♭ major equals F♯ major.
    """

    tonic: int
    mode: Mode = Mode.MAJOR
    signature: int | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.tonic not in range(PITCH_CLASSES):
            raise ValueError(f"key: tonic must be 0 to 11, got {self.tonic!r}")
        if self.signature is not None and self.signature not in self._signatures():
            raise ValueError(f"key: signature must be one of {self._signatures()}, got {self.signature!r}")

    def _signatures(self) -> tuple[int, ...]:
        """The signatures by which it can be written, flats first."""
        range_of_signatures = range(-MOST_ACCIDENTALS, MOST_ACCIDENTALS + 1)
        return tuple(fifths for fifths in range_of_signatures if (fifths * 7 - self.relative_major) % PITCH_CLASSES == 0)

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read ``"G major"``, ``"F# minor"``, ``"Bb"`` or ``"Em"``; the inverse of ``str``.

        It is written as it is named, where there is such a signature: ``"Gb"`` has six flats, ``"F#"`` six sharps.

        Raises:
            ValueError: for anything else.
        """
        match = _KEY.fullmatch(text.strip())
        if not match:
            raise ValueError(f"key: must be a tonic and major or minor, such as 'G major' or 'F# minor', got {text!r}")
        tonic, mode = match.groups()
        minor = mode is not None and mode != "M" and mode.lower() in ("minor", "min", "m")
        name = tonic[0].upper() + tonic[1:]
        fifths = fifths_of_name(name) - (MINOR_FIFTHS if minor else 0)
        signature = fifths if abs(fifths) <= MOST_ACCIDENTALS else None
        return cls(parse_pitch_class(name), Mode.MINOR if minor else Mode.MAJOR, signature)

    def __str__(self) -> str:
        return f"{self.tonic_name} {self.mode.value}"

    @property
    def tonic_name(self) -> str:
        """The tonic as the key's signature spells it: ``C#`` in C♯ minor, ``Db`` in D♭ major."""
        return name_of_fifths(self.accidentals + (0 if self.mode is Mode.MAJOR else MINOR_FIFTHS))

    @property
    def scale(self) -> tuple[int, ...]:
        """The pitch classes of the seven degrees, from the tonic up."""
        return tuple((self.tonic + step) % PITCH_CLASSES for step in SCALES[self.mode])

    @property
    def accidentals(self) -> int:
        """Sharps (positive) or flats (negative) of its key signature.

        Where none is named: −5 to 6, of F♯ major; in minor −6, of E♭ minor, to 5.
        """
        if self.signature is not None:
            return self.signature
        most_flats = 5 if self.mode is Mode.MAJOR else 6
        return (self.relative_major * 7 + most_flats) % PITCH_CLASSES - most_flats

    @property
    def relative_major(self) -> int:
        """The tonic of the major key with the same signature."""
        return self.tonic if self.mode is Mode.MAJOR else (self.tonic + 3) % PITCH_CLASSES

    def transposed(self, semitones: int) -> "Key":
        """Another key, written in the usual way; by whole octaves the same, as it is written."""
        return Key((self.tonic + semitones) % PITCH_CLASSES, self.mode) if semitones % PITCH_CLASSES else self

    def beside(self, other: "Key") -> "Key":
        """The same key, written by the signature that is nearest to that of ``other``: C♭ major beside G♭, B major beside E."""
        return replace(self, signature=min(self._signatures(), key=lambda fifths: abs(fifths - other.accidentals)))
