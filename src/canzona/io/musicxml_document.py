"""Strangers' MusicXML files brought within bounds: what music21 is shown of them.

Only the elements that are read are kept, of one part, and no number in them is astronomical. Entities are refused, nothing is
fetched, and neither size nor number of elements, unpacked too, is unbounded.
"""

import lzma
import re
import zipfile
import zlib
from collections import Counter
from io import BytesIO
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from canzona.io.files import LONGEST_FORM_BARS

LARGEST_FILE = 16 * 2**20
"""Bytes of XML, compressed or not: about a hundred times a song's."""
MOST_ELEMENTS = 1_000_000
MOST_IN_PART = {"note": 25_000} | dict.fromkeys(
    ("harmony", "direction", "attributes", "barline", "forward", "key", "metronome", "rehearsal", "sound", "words"), 4096
)
MOST_IN_BAR = {"note": 256, "harmony": 32, "degree": 64, "direction": 64, "beat-unit-dot": 8}
"""Elements of what takes music21 long, of the melody's part and, as a bar may be played often, of each of its bars."""

_READ = frozenset(
    (
        "score-partwise", "part", "measure", "attributes", "divisions", "key", "fifths", "mode", "time", "beats", "beat-type",
        "transpose", "diatonic", "chromatic", "octave-change", "staves", "note", "grace", "chord", "pitch", "step", "alter",
        "octave", "rest", "duration", "tie", "voice", "staff", "notehead", "backup", "forward", "harmony", "root", "root-step",
        "root-alter", "kind", "bass", "bass-step", "bass-alter", "degree", "degree-value", "degree-alter", "degree-type",
        "offset", "direction", "direction-type", "rehearsal", "words", "segno", "coda", "metronome", "beat-unit",
        "beat-unit-dot", "per-minute", "sound", "barline", "ending", "repeat",
    )
)  # fmt: skip
_READ_ATTRIBUTES = frozenset(("direction", "location", "number", "tempo", "times", "type"))
_LARGEST = {
    "fifths": 7, "chromatic": 36, "diatonic": 21, "octave-change": 3, "alter": 2, "octave": 9, "root-alter": 2, "bass-alter": 2,
    "degree-value": 13, "degree-alter": 2, "staff": 9, "staves": 9, "divisions": 10**6, "duration": 10**8, "offset": 10**8,
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{0,20})?")
_TIMES, _ENDING, _STEP = re.compile(r"[1-9]"), re.compile(r"[1-9]( ?[,-] ?[1-9]){0,8}|"), re.compile(r"[A-G]?")
_ENDING_TEXT = re.compile(r"(?!\d\d).*", re.DOTALL)  # music21 takes a number for that of the ending


def read_part(data: bytes) -> Element:
    """The first part with notes of a pitch, else the first, of a plain or compressed file; its bars are numbered from 1.

    Of a tempo that is both written and sounding the sounding one is left.

    Raises:
        ValueError: in one line, where this is no MusicXML, is malformed, declares entities or is too large.
    """
    root = _parse(_unpacked(data) if data.startswith(b"PK") else data)
    parts = root.findall("part")
    part = next((part for part in parts if part.find("measure/note/pitch") is not None), parts[0] if parts else root)
    measures = part.findall("measure")
    if root.tag != "score-partwise" or not 1 <= len(measures) <= LONGEST_FORM_BARS:
        got = f"{len(measures)} in {root.tag[:40]!r}"
        raise ValueError(f"musicxml: must be score-partwise with 1 to {LONGEST_FORM_BARS} bars, got {got}")
    _check_counts(part, MOST_IN_PART, "the melody's part")
    for number, measure in enumerate(measures, start=1):
        measure.set("number", str(number))
        _check_counts(measure, MOST_IN_BAR, f"bar {number}")
        for element in measure.iter():
            _check(element, number)
        for direction in measure.iterfind("direction"):
            if direction.find("sound[@tempo]") is not None:
                direction[:] = [child for child in direction if child.find("metronome") is None]
    return part


def one_line(error: BaseException) -> str:
    """What an error says, shortened, or else its name."""
    return " ".join(str(error).split())[:120] or type(error).__name__


def _unpacked(data: bytes) -> bytes:
    """The score within a compressed file; no more of it is unpacked than shows that it is too large."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            names = [name for name in archive.namelist() if name.endswith("xml") and not name.startswith("META-INF/")]
            if not names:
                raise ValueError("musicxml: a compressed file must hold a score, got none")
            with archive.open(names[0]) as file:
                return file.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise ValueError(f"musicxml: compressed file cannot be unpacked: {one_line(error)}") from None


def _parse(xml: bytes) -> Element:
    """The tree of the elements in ``_READ``; all others are left out with what is in them."""
    if len(xml) > LARGEST_FILE:
        raise ValueError(f"musicxml: must be {LARGEST_FILE // 2**20} MiB at most, got more")
    builder = TreeBuilder()
    count = skipped = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count, skipped
        count += 1
        if count > MOST_ELEMENTS:
            raise ValueError(f"musicxml: must have {MOST_ELEMENTS} elements at most, got more")
        if skipped or (count > 1 and tag not in _READ):
            skipped += 1
        else:
            builder.start(tag, {name: value for name, value in attributes.items() if name in _READ_ATTRIBUTES})

    def end(tag: str) -> None:
        nonlocal skipped
        if skipped:
            skipped -= 1
        else:
            builder.end(tag)

    def text(characters: str) -> None:
        if not skipped:
            builder.data(characters)

    def doctype(_name: str, _system: str | None, _public: str | None, has_declarations: int) -> None:
        if has_declarations:
            raise ValueError("musicxml: must declare nothing in its DOCTYPE, got declarations")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, doctype
    try:
        parser.Parse(xml, True)
    except (expat.ExpatError, LookupError) as error:  # LookupError: an unknown encoding
        raise ValueError(f"musicxml: cannot be read: {one_line(error)}") from None
    return builder.close()


def _check_counts(parent: Element, most: dict[str, int], name: str) -> None:
    counts = Counter(element.tag for element in parent.iter())
    for tag in most:
        if counts[tag] > most[tag]:
            raise ValueError(f"musicxml: {name}: must have {most[tag]} {tag} elements at most, got {counts[tag]}")


def _check(element: Element, bar: int) -> None:
    """Refuse numbers that music21 would count up to, or that are none, and notes that are none."""
    text, largest = (element.text or "").strip(), _LARGEST.get(element.tag)
    is_fine = largest is None or (_NUMBER.fullmatch(text) and abs(float(text)) <= largest)
    if element.tag == "repeat":
        is_fine, text = _TIMES.fullmatch(element.get("times", "2")), f"times {element.get('times')}"
    elif element.tag == "ending":
        is_fine = _ENDING_TEXT.fullmatch(text) and _ENDING.fullmatch(element.get("number", "1").strip())
        text = f"{element.get('number')} {text}"
    elif element.tag in ("step", "root-step", "bass-step"):
        is_fine = _STEP.fullmatch(text)
    elif element.tag == "divisions":
        is_fine = is_fine and float(text) >= 1
    if not is_fine:
        raise ValueError(f"musicxml: bar {bar}: {element.tag}: must be a number or name that music has, got {text[:20]!r}")
