"""Chords as people type them: lead-sheet symbols such as ``Am7`` and ``G/B``, or Harte's syntax."""

import re
from dataclasses import dataclass

from canzona.song import spelling
from canzona.song.harmony import Chord, nearest_quality, parse_pitch_class


@dataclass(frozen=True, slots=True)
class QualitySpellings:
    """How one quality is typed after the root, in the plain form that ``_plain`` brings every spelling to.

    Attributes:
        quality: a name in ``QUALITIES``.
        exact: spellings of these very tones.
        nearest: spellings of chords outside the vocabulary to which this is the nearest quality: the one with the fewest tones
            that differ, of equals the commonest.
    """

    quality: str
    exact: tuple[str, ...]
    nearest: tuple[str, ...] = ()


SPELLINGS = tuple(
    QualitySpellings(quality, tuple(exact.split()), tuple(nearest.split()))
    for quality, exact, nearest in (
        ("maj", "maj", "b5 add4 add11"),
        ("min", "m", "madd4 madd11 m#5 mb6"),
        ("dim", "dim mb5", "dimmaj7"),
        ("aug", "aug #5", "augmaj7 maj7#5"),
        ("sus2", "sus2", "5 no3 7sus2 maj7sus2 sus24 sus4add9"),
        ("sus4", "sus4 4", "maj7sus4"),
        ("7", "7", "7b5 7b9 7#9 7#11 7b13 713 7add11 7add13 7b5b9 7b9#9 7b9#11 7b9b13 7#9b13 13b9 13#9"),
        ("maj7", "maj7 7maj", "maj7b5 maj7#11 maj713 maj7add13"),
        ("min7", "m7", "m7b9 m7#5 m713 m7add13"),
        ("minmaj7", "mmaj7 m/maj7 m#7 m7maj", "mmaj9 m9maj7"),
        ("hdim7", "m7b5 hdim7 hdim", "m9b5 m11b5"),
        ("dim7", "dim7", ""),
        ("maj6", "6 add6 add13", ""),
        ("min6", "m6 madd6 madd13", "m69 m6/9 m6add9"),
        ("maj(9)", "add9 add2 2", ""),
        ("min(9)", "madd9 madd2 m2", ""),
        ("sus4(b7)", "7sus4 m7sus4", "7sus4b9 7no3"),
        ("aug(b7)", "aug7 7#5 7+ 7aug", "aug9 9#5 7#5b9 7#5#9 7b9#5 7#9#5 7alt alt"),
        ("9", "9 79 7/9 7add9", "13 9b5 9#11 13#11"),
        ("maj9", "maj9 maj79 maj7/9 maj7add9", "maj11 maj13 maj9#11 maj13#11"),
        ("min9", "m9 m79 m7/9 m7add9", "m13"),
        ("maj6(9)", "69 6/9 6add9", ""),
        ("sus4(b7,9)", "9sus4 7sus49", "11 13sus4"),
        ("min7(11)", "m11 m711 m7add11 m7add4 m7/11", ""),
    )
)
"""Every quality once. ``11`` is taken without its third, as it is played."""

_QUALITY_OF = {spelt: row.quality for row in SPELLINGS for spelt in row.exact + row.nearest}
_PLAINER = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\(([^()]*)\)", r"\1"),  # m(maj7), 7(b9)
        (r",(?=[b#0-9])", ""),  # 7(b9,b13)
        (r"(?i:omit)", "no"),
        (r"no5", ""),
        (r"^(?i:dom)", ""),
        (r"^(?:[øØ∅]|h(?!dim))7?", "m7b5"),
        (r"^(?:(?i:dim)|[o°º])", "dim"),
        (r"(?i:minor|min|mi)|^-", "m"),
        (r"[△Δ∆^](?![0-9])", "maj7"),
        (r"(?i:major|maj|ma(?!dd))|M|[△Δ∆^]", "maj"),
        (r"^(?:(?i:aug)|\+)", "aug"),
        (r"(?<=.)\+(?=[0-9])", "#"),  # 7+5, 7+9
        (r"(?<=.)-(?=[0-9])", "b"),  # m7-5
        (r"(?i:sus)(?!2)4?", "sus4"),
        (r"(?i:add)", "add"),
        (r"^([0-9]+)((?:[b#][0-9]+)+)(sus[24])$", r"\1\3\2"),  # 7b9sus
        (r"^maj(?=6|add|sus|aug|#5)", ""),
    )
)
"""Rewritings, in order, that bring the many ways to type a quality to the few of ``SPELLINGS``."""

_LEAD_SHEET = re.compile(r"([A-G][b#]{0,2})(.*?)(?:/([A-G][b#]{0,2}))?")
_HARTE = re.compile(r"[A-G][b#]{0,2}(?::[^:/]+)?(?:/[b#]{0,2}[0-9]{1,2})?")
_SIGNS = str.maketrans("♭♯", "b#")
_NO_CHORD = ("N", "NC", "N.C.", "N.C")


def parse_chord(text: str) -> Chord | None:
    """Read ``Am7``, ``G/B``, ``B♭sus4`` or Harte's ``C:min7/b3``; ``None`` is no chord: ``N``, ``NC`` or ``N.C.``.

    A sign after the letter is the root's: ``Cb5`` is built on C♭, ``C(b5)`` on C. Symbols outside the vocabulary go to its
    nearest quality over the same root and bass. The inverse of ``chord_name``, and of ``spelling.chord_name`` in any key.

    Raises:
        ValueError: where the text is no chord.
    """
    plain = text.strip().translate(_SIGNS)
    if plain.upper() in _NO_CHORD:
        return None
    lead_sheet = _LEAD_SHEET.fullmatch(plain)
    if lead_sheet:
        root, quality, bass = lead_sheet.groups()
        plain_quality = _plain(quality or "maj")
        known = _QUALITY_OF.get(plain_quality) or _built(plain_quality)
        if known:
            return Chord(parse_pitch_class(root), known, parse_pitch_class(bass or root))
    refusal = ValueError(f"chord: must be a symbol such as Am7, G/B or C:min7/b3, got {text!r}")
    if not _HARTE.fullmatch(plain):
        raise refusal
    try:
        return Chord.parse(plain)
    except ValueError:
        raise refusal from None


def chord_name(chord: Chord | None) -> str:
    """The lead-sheet symbol in characters that a keyboard has: ``Am7``, ``G/B``, ``F#m7b5``; ``N`` for ``None``.

    Spelt as in C major; for names that suit a key see ``spelling.chord_name``. The inverse of ``parse_chord``.
    """
    return "N" if chord is None else spelling.chord_name(chord, None).replace("♭", "b").replace("♯", "#")


_PIECE = re.compile(r"maj|m|dim|aug|sus24|sus2|sus4|alt|(?:add|no)?[b#]?(?:69|1[13]|[2-79])|(?<=.)/[b#]?(?:6|9|1[13])")
_SEVENTH = {"7": (), "9": (2,), "11": (2, 5), "13": (2, 9)}
_DEGREES = {"2": 2, "3": 4, "4": 5, "5": 7, "6": 9, "7": 10, "9": 2, "11": 5, "13": 9}
_TRIADS = {"m": {0, 3, 7}, "dim": {0, 3, 6}, "aug": {0, 4, 8}, "sus2": {0, 2, 7}, "sus4": {0, 5, 7}, "sus24": {0, 2, 5, 7}}


def _built(plain: str) -> str | None:
    """The quality nearest to the tones that a spelling names piece by piece; ``None`` where it is not made of such pieces."""
    pieces = _PIECE.findall(plain)
    if not pieces or "".join(pieces) != plain:
        return None
    tones, seventh = {0, 4, 7}, 10
    for piece in pieces:
        number = piece.lstrip("/")
        if piece == "maj":
            seventh = 11
        elif piece in _TRIADS:
            tones = tones - {3, 4, 7} | _TRIADS[piece]
            seventh = 9 if piece == "dim" else seventh
        elif piece == "alt":
            tones |= {8, 10}
        elif number in _SEVENTH:
            tones = tones - ({4} if number == "11" else set()) | {seventh, *_SEVENTH[number]}
        elif number == "69":
            tones |= {9, 2}
        elif number.startswith("no"):
            tones -= {3, 4} if number[2:] == "3" else {_DEGREES.get(number[2:], 0)} - {0}
        elif number:
            sign, degree = re.fullmatch(r"(?:add)?([b#]?)([0-9]+)", number).groups()  # type: ignore[union-attr]
            tone = _DEGREES[degree] + {"b": -1, "#": 1, "": 0}[sign]
            tones = tones - {7} | {tone} if degree == "5" else tones | {tone}
    return nearest_quality(frozenset(tones))


def _plain(quality: str) -> str:
    for pattern, plain in _PLAINER:
        quality = pattern.sub(plain, quality)
    return quality
