"""MusicXML's chord symbols as chords of the vocabulary."""

from functools import cache
from xml.etree.ElementTree import Element

from canzona.song import Chord
from canzona.song.harmony import PITCH_CLASSES, nearest_quality, parse_pitch_class

KINDS = {
    "major": (0, 4, 7), "minor": (0, 3, 7), "augmented": (0, 4, 8), "diminished": (0, 3, 6), "dominant": (0, 4, 7, 10),
    "major-seventh": (0, 4, 7, 11), "minor-seventh": (0, 3, 7, 10), "diminished-seventh": (0, 3, 6, 9),
    "augmented-seventh": (0, 4, 8, 10), "half-diminished": (0, 3, 6, 10), "major-minor": (0, 3, 7, 11),
    "major-sixth": (0, 4, 7, 9), "minor-sixth": (0, 3, 7, 9), "dominant-ninth": (0, 2, 4, 7, 10),
    "major-ninth": (0, 2, 4, 7, 11), "minor-ninth": (0, 2, 3, 7, 10), "dominant-11th": (0, 2, 5, 7, 10),
    "major-11th": (0, 2, 4, 7, 11), "minor-11th": (0, 3, 5, 7, 10), "dominant-13th": (0, 2, 4, 7, 10),
    "major-13th": (0, 2, 4, 7, 11), "minor-13th": (0, 2, 3, 7, 10), "suspended-second": (0, 2, 7),
    "suspended-fourth": (0, 5, 7), "power": (0, 7), "pedal": (0,), "other": (0,), "Neapolitan": (0, 4, 7),
    "Italian": (0, 4, 10), "French": (0, 4, 6, 10), "German": (0, 4, 7, 10), "Tristan": (0, 3, 6, 10),
    "min": (0, 3, 7), "maj": (0, 4, 7), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10), "dim": (0, 3, 6), "aug": (0, 4, 8),
    "": (0, 4, 7),
}  # fmt: skip
"""Kind of MusicXML 4.0, and what some programs write in its place → semitones above the root; elevenths and thirteenths as they
are played, without what clashes."""

NO_CHORD = "none"
_DEGREES = {1: 0, 2: 2, 3: 4, 4: 5, 5: 7, 6: 9, 7: 10, 8: 0, 9: 2, 10: 4, 11: 5, 12: 7, 13: 9}
"""Degree → semitones above the root, the seventh a minor one, as MusicXML has it."""


def has_chord(harmony: Element) -> bool:
    """Whether a symbol names a chord, or that there is none: a roman numeral or a Nashville number does not."""
    return harmony.find("root/root-step") is not None or harmony.findtext("kind", "").strip() == NO_CHORD


def read_chord(harmony: Element, transposition: int) -> Chord | None:
    """The chord of the vocabulary nearest to a symbol, at sounding pitch; ``None`` for no chord.

    Args:
        harmony: the element, of which ``has_chord`` is true.
        transposition: of the part, in semitones.

    Raises:
        ValueError: where its root is no note, or its kind none of MusicXML's.
    """
    kind = harmony.findtext("kind", "").strip()
    if kind == NO_CHORD:
        return None
    if kind not in KINDS:
        raise ValueError(f"kind: must be one of MusicXML's, got {kind[:20]!r}")
    root = _pitch_class(harmony, "root")
    bass = root if harmony.find("bass/bass-step") is None else _pitch_class(harmony, "bass")
    changes = tuple(
        (
            degree.findtext("degree-type", "add").strip(),
            int(float(degree.findtext("degree-value", "1"))),
            int(float(degree.findtext("degree-alter", "0") or 0)),
        )
        for degree in harmony.iterfind("degree")
    )
    root, bass = ((tone + transposition) % PITCH_CLASSES for tone in (root, bass))
    return Chord(root, _quality(kind, changes), bass)


def _pitch_class(harmony: Element, tone: str) -> int:
    step, alter = (harmony.findtext(f"{tone}/{tone}-{what}", "").strip() for what in ("step", "alter"))
    return (parse_pitch_class(step) + int(float(alter or 0))) % PITCH_CLASSES


@cache
def _quality(kind: str, changes: tuple[tuple[str, int, int], ...]) -> str:
    tones = set(KINDS[kind])
    for change, degree, alter in changes:
        plain = _DEGREES.get(degree, 0)
        if change == "subtract":
            tones -= {tone for tone in tones if _names(tone, degree)}
        elif change == "alter":
            tones = {tone for tone in tones if not _names(tone, degree)} | {(plain + alter) % PITCH_CLASSES}
        elif (degree, alter) == (7, -1):  # some programs write the minor seventh as 7 flat
            tones.add(plain)
        else:
            tones.add((plain + alter) % PITCH_CLASSES)
    return nearest_quality(frozenset(tones))


def _names(tone: int, degree: int) -> bool:
    """Whether a tone of a chord is this degree, altered or not."""
    return {3: tone in (3, 4), 5: tone in (6, 7, 8), 7: tone in (9, 10, 11)}.get(degree, tone == _DEGREES.get(degree))
