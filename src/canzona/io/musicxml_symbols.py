"""Chord symbols as MusicXML has them: kind and degrees, and the text that is seen. ``musicxml_harmony`` reads them."""

from dataclasses import replace
from xml.etree.ElementTree import Element, SubElement

from canzona.io.notation.signs import named
from canzona.song import Chord, Key
from canzona.song.spelling import chord_name, note_name

ADDED_NINTH, ADDED_ELEVENTH, FOURTH, NO_THIRD = ("add", 9), ("add", 11), ("add", 4), ("subtract", 3)
KINDS: dict[str, tuple[str, tuple[tuple[str, int], ...]]] = {
    "maj": ("major", ()), "min": ("minor", ()), "dim": ("diminished", ()), "aug": ("augmented", ()),
    "sus2": ("suspended-second", ()), "sus4": ("suspended-fourth", ()),
    "7": ("dominant", ()), "maj7": ("major-seventh", ()), "min7": ("minor-seventh", ()), "minmaj7": ("major-minor", ()),
    "hdim7": ("half-diminished", ()), "dim7": ("diminished-seventh", ()), "maj6": ("major-sixth", ()),
    "min6": ("minor-sixth", ()), "maj(9)": ("major", (ADDED_NINTH,)), "min(9)": ("minor", (ADDED_NINTH,)),
    "sus4(b7)": ("dominant", (NO_THIRD, FOURTH)), "aug(b7)": ("augmented-seventh", ()),
    "9": ("dominant-ninth", ()), "maj9": ("major-ninth", ()), "min9": ("minor-ninth", ()),
    "maj6(9)": ("major-sixth", (ADDED_NINTH,)), "sus4(b7,9)": ("dominant-ninth", (NO_THIRD, FOURTH)),
    "min7(11)": ("minor-seventh", (ADDED_ELEVENTH,)),
}  # fmt: skip
"""Quality → MusicXML's kind, and degrees added and taken away. Sevenths are in the kind, as programs differ in which one an
added seventh is."""


def chord_symbol(chord: Chord | None, key: Key | None, offset_steps: int) -> Element:
    """The symbol, spelt as in ``key``, ``offset_steps`` after the note that follows it; N.C. for ``None``."""
    harmony = Element("harmony", {"print-frame": "no"})
    root = SubElement(harmony, "root")
    if chord is None:
        SubElement(root, "root-step", text="").text = "C"
        SubElement(harmony, "kind", text="N.C.").text = "none"
    else:
        _name(root, "root", chord.root, key)
        kind, degrees = KINDS[chord.quality]
        text = chord_name(replace(chord, bass=chord.root), key).removeprefix(note_name(chord.root, key))
        SubElement(harmony, "kind", text=text).text = kind
        if chord.bass != chord.root:
            _name(SubElement(harmony, "bass"), "bass", chord.bass, key)
        for change, value in degrees:
            degree = SubElement(harmony, "degree", {"print-object": "no"})
            for tag, content in (("value", str(value)), ("alter", "0"), ("type", change)):
                SubElement(degree, f"degree-{tag}").text = content
    if offset_steps:
        SubElement(harmony, "offset").text = str(offset_steps)
    return harmony


def _name(parent: Element, tone: str, pitch_class: int, key: Key | None) -> None:
    letter, alter = named(pitch_class, key)
    SubElement(parent, f"{tone}-step").text = letter
    if alter:
        SubElement(parent, f"{tone}-alter").text = str(alter)
