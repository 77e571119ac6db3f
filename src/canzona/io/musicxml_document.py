"""Strangers' MusicXML files brought within bounds.

Only the elements that are read are kept, and no number in them is astronomical. Entities are refused, nothing is fetched, and
neither size nor number of elements, unpacked too, is unbounded.
"""

import lzma
import re
import zipfile
import zlib
from collections.abc import Container
from io import BytesIO
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from canzona.io.files import LONGEST_FORM_BARS

LARGEST_FILE = 16 * 2**20
"""Bytes of XML, compressed or not: about a hundred times a song's."""
MOST_ELEMENTS = 1_000_000
MOST_PARTS, MOST_SYMBOLS = 100, 4096
"""Parts of a score, and chord symbols of a part."""

_READ = frozenset(
    (
        "score-partwise", "part-list", "score-part", "part-name", "part", "measure", "attributes", "divisions", "key",
        "fifths", "mode", "time", "beats", "beat-type", "transpose", "diatonic", "chromatic", "octave-change", "staves",
        "note", "grace", "chord", "pitch", "step", "alter", "octave", "rest", "cue", "duration", "tie", "lyric", "voice",
        "staff", "notehead", "backup", "forward", "harmony", "root", "root-step", "root-alter", "kind", "function", "bass",
        "bass-step", "bass-alter", "degree", "degree-value", "degree-alter", "degree-type", "offset", "direction",
        "direction-type", "rehearsal", "words", "segno", "coda", "metronome", "beat-unit", "beat-unit-dot", "per-minute",
        "sound", "barline", "ending", "repeat",
    )
)  # fmt: skip
_READ_ATTRIBUTES = frozenset(
    (
        "id",
        "full-path",
        "direction",
        "number",
        "tempo",
        "times",
        "type",
        "segno",
        "dalsegno",
        "dacapo",
        "coda",
        "tocoda",
        "fine",
    )
)
_LARGEST = {
    "fifths": 7, "chromatic": 36, "diatonic": 21, "octave-change": 3, "alter": 2, "octave": 9, "root-alter": 2, "bass-alter": 2,
    "degree-value": 13, "degree-alter": 2, "staff": 9, "staves": 9, "divisions": 10**6, "duration": 10**8, "offset": 10**8,
}  # fmt: skip
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{0,20})?")
_TIMES, _STEP = re.compile(r"[1-9]"), re.compile(r"[A-G]?")
_CONTAINER = "META-INF/container.xml"
_SCORES = (".xml", ".musicxml")


def read_tree(data: bytes) -> Element:
    """The elements that are read of a plain or compressed file, whose bars and numbers are such as music has.

    Raises:
        ValueError: in one line, where this is no MusicXML, is malformed, declares entities or is too large.
    """
    root = _parse(_unpacked(data) if data.startswith(b"PK") else data)
    parts = root.findall("part")
    bars = max((len(part.findall("measure")) for part in parts), default=0)
    if root.tag != "score-partwise" or not 1 <= bars <= LONGEST_FORM_BARS or len(parts) > MOST_PARTS:
        got = f"{bars} in {len(parts)} parts of {root.tag[:40]!r}"
        raise ValueError(f"musicxml: must be score-partwise with 1 to {LONGEST_FORM_BARS} bars, got {got}")
    for part in parts:
        symbols = sum(1 for _ in part.iter("harmony"))
        if symbols > MOST_SYMBOLS:
            raise ValueError(f"musicxml: must have {MOST_SYMBOLS} chord symbols at most in a part, got {symbols}")
        for number, measure in enumerate(part.iterfind("measure"), start=1):
            for element in measure.iter():
                _check(element, number)
    return root


def one_line(error: BaseException) -> str:
    """What an error says, shortened, or else its name."""
    return " ".join(str(error).split())[:120] or type(error).__name__


def _unpacked(data: bytes) -> bytes:
    """The score within a compressed file; no more of it is unpacked than shows that it is too large."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive, archive.open(_score_name(archive)) as file:
            return file.read(LARGEST_FILE + 1)
    except (zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise ValueError(f"musicxml: compressed file cannot be unpacked: {one_line(error)}") from None


def _score_name(archive: zipfile.ZipFile) -> str:
    """The score that the archive's container names, or else its first; files that another system left beside it are none."""
    names = archive.namelist()
    if _CONTAINER in names:
        with archive.open(_CONTAINER) as file:
            container = _parse(file.read(LARGEST_FILE + 1), read=frozenset(("rootfiles", "rootfile")))
        named = [own.get("full-path", "") for own in container.iter("rootfile")]
        if found := next((name for name in named if name in names), None):
            return found
    scores = [name for name in names if name.lower().endswith(_SCORES) and not name.startswith(("META-INF/", "__MACOSX/"))]
    scores = [name for name in scores if not name.rpartition("/")[2].startswith(".")]
    if not scores:
        raise ValueError("musicxml: a compressed file must hold a score, got none")
    return scores[0]


def _parse(xml: bytes, read: Container[str] = _READ) -> Element:
    """The tree of the elements ``read``; all others are left out with what is in them."""
    if len(xml) > LARGEST_FILE:
        raise ValueError(f"musicxml: must be {LARGEST_FILE // 2**20} MiB at most, got more")
    builder = TreeBuilder()
    count = skipped = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count, skipped
        count += 1
        if count > MOST_ELEMENTS:
            raise ValueError(f"musicxml: must have {MOST_ELEMENTS} elements at most, got more")
        if skipped or (count > 1 and tag not in read):
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


def _check(element: Element, bar: int) -> None:
    """Refuse numbers that are none or astronomical, and notes that are none."""
    text, largest = (element.text or "").strip(), _LARGEST.get(element.tag)
    is_fine = largest is None or (_NUMBER.fullmatch(text) and abs(float(text)) <= largest)
    if element.tag == "repeat":
        is_fine, text = _TIMES.fullmatch(element.get("times", "2")), f"times {element.get('times')}"
    elif element.tag in ("step", "root-step", "bass-step"):
        is_fine = _STEP.fullmatch(text)
    elif element.tag == "divisions":
        is_fine = is_fine and float(text) >= 1
    if not is_fine:
        raise ValueError(f"musicxml: bar {bar}: {element.tag}: must be a number or name that music has, got {text[:20]!r}")
