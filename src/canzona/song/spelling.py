"""Keys and chords as musicians write them: lead-sheet symbols with real signs, each note spelt as the key spells it."""

from canzona.song.harmony import PITCH_CLASSES, Chord, Key, Mode, name_of_fifths

_QUALITIES = {
    "maj": "", "min": "m", "min7": "m7", "minmaj7": "m(maj7)", "hdim7": "m7♭5", "maj6": "6", "min6": "m6", "maj(9)": "add9",
    "min(9)": "m(add9)", "sus4(b7)": "7sus4", "aug(b7)": "7♯5", "min9": "m9", "maj6(9)": "6/9", "sus4(b7,9)": "9sus4",
    "min7(11)": "m11",
}  # fmt: skip
"""How qualities are written where not as in ``QUALITIES``."""


def key_name(key: Key) -> str:
    """``E♭ major``, ``F♯ minor``."""
    return f"{_with_signs(key.tonic_name)} {key.mode.value}"


def chord_name(chord: Chord, key: Key | None) -> str:
    """The lead-sheet symbol: C♯m7 in A major, D♭m7 in A♭ major. Without a key, spelt as in C major."""
    name = note_name(chord.root, key) + _QUALITIES.get(chord.quality, chord.quality)
    return name if chord.bass == chord.root else f"{name}/{note_name(chord.bass, key)}"


def harte_symbol(chord: Chord, key: Key | None) -> str:
    """Harte's symbol with its root as the key spells it: ``C#:min7`` in E major, ``Db:min7`` without a key."""
    return chord.symbol if key is None else chord.symbol_of(_fifths_name(chord.root, key))


def note_name(pitch_class: int, key: Key | None) -> str:
    """A note's name within the twelve fifths around the key's own: A♭ to C♯ in C major, B♭ to D♯ in A minor."""
    return _with_signs(_fifths_name(pitch_class, key))


def _fifths_name(pitch_class: int, key: Key | None) -> str:
    flattest = (key.accidentals if key else 0) - (2 if key and key.mode is Mode.MINOR else 4)
    return name_of_fifths(flattest + (7 * pitch_class - flattest) % PITCH_CLASSES)


def _with_signs(name: str) -> str:
    return name.replace("b", "♭").replace("#", "♯")
