"""Damaged MusicXML files, plain and in archives (.mxl).

Elements dropped, doubled, moved, renamed and nested, numbers made negative, huge or none, times before the start of their bar,
repeats and jumps without end, bytes flipped and cut, entities, a million notes; and archives with forged lengths, without a
score, or unpacking to far more than they are.
"""

import random
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from io import BytesIO
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from canzona.io.musicxml_writing import song_to_musicxml
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Note, Song

NUMBERS = (
    "", "0", "-1", "1", "7", "255", "65536", "2147483648", "-9999999999", "1e9", "1e999", "NaN", "inf", "-0.0", "1/2", "0.0001",
    "٣", "²", "9" * 400, "0x10", " 4 ", "12abc",
)  # fmt: skip
"""What stands in place of a text or an attribute."""
SIGNS = (
    '<barline location="left"><repeat direction="forward"/></barline>',
    '<barline location="right"><repeat direction="backward" times="9"/></barline>',
    '<barline location="right"><repeat direction="backward" times="1000000000"/></barline>',
    '<barline location="left"><ending number="1, 2-9" type="start"/></barline>',
    '<direction><direction-type><segno/></direction-type></direction>',
    '<direction><direction-type><words>D.S. al Coda</words></direction-type><sound dalsegno="a"/></direction>',
    '<direction><direction-type><words>To Coda</words></direction-type><sound tocoda="c"/></direction>',
    '<direction><direction-type><rehearsal>Chorus</rehearsal></direction-type></direction>',
    '<direction><sound tempo="1e300"/></direction>', '<direction><sound tempo="0"/></direction>',
    '<direction><sound tempo="-90"/></direction>', "<backup><duration>100000000</duration></backup>",
    "<forward><duration>100000000</duration></forward>", "<forward><duration>-64</duration></forward>",
    "<attributes><divisions>0</divisions></attributes>", "<attributes><divisions>1000000</divisions></attributes>",
    "<attributes><time><beats>2</beats><beat-type>4</beat-type></time></attributes>",
    "<attributes><time><beats>3+2</beats><beat-type>8</beat-type></time></attributes>",
    "<attributes><key><fifths>-7</fifths></key></attributes>",
    "<attributes><transpose><chromatic>-36</chromatic></transpose></attributes>",
)  # fmt: skip
"""What is put into a bar."""
BOMB_BYTES, MILLION = 300 * 10**6, 1_000_000
DEPTH = 20_000


def written(songs: int = 1) -> bytes:
    """A small score with all that Canzona writes, or one in 3/4 and another key."""
    bars, key = (8, Key(0)) if songs == 1 else (6, Key(8))
    notes = tuple(Note(4 * step, 60 + step * 5 % 12, 3) for step in range(4 * bars))
    chords = tuple(
        ChordSpan(4 * bar, 4, Chord(5 * bar % 12, ("maj", "min", "7")[bar % 3], 5 * bar % 12)) for bar in range(bars)
    )
    piano = tuple(Note(16 * bar + 4 * n, 48 + tone, 4) for bar in range(bars) for n, tone in enumerate((0, 7, 12, 16)))
    form = Form.parse(f"i2A{bars - 2}").with_keys([key, key])
    return song_to_musicxml(Song(form, lead_sheet=LeadSheet(notes, chords), accompaniment=piano))


def mutants(bases: list[bytes], count: int, generator: random.Random) -> Iterator[tuple[str, bytes]]:
    """So many mutants of the files, MusicXML or archives of it, each with its ending; one in a hundred is none of any file."""
    for number in range(count):
        if number % 100 == 99:
            yield OUTRAGES[number // 100 % len(OUTRAGES)](generator)
            continue
        base = generator.choice(bases)
        is_archive = base.startswith(b"PK")
        data = bytearray(_score_in(base) if is_archive else base)
        if generator.random() < 0.75:
            data = bytearray(_other_tree(bytes(data), generator))
        if generator.random() < 0.35:
            for _ in range(generator.choice((1, 1, 2, 4))):
                generator.choice(BYTES)(data, generator)
        if is_archive or generator.random() < 0.2:
            yield ".mxl", _archive(bytes(data), generator)
        else:
            yield ".musicxml", bytes(data)


def _score_in(archive: bytes) -> bytes:
    with zipfile.ZipFile(BytesIO(archive)) as file:
        names = [name for name in file.namelist() if name.endswith((".xml", ".musicxml")) and "META-INF" not in name]
        return file.read(names[-1])


def _other_tree(data: bytes, generator: random.Random) -> bytes:
    """The score with a few of its elements changed, mostly still XML that a strict parser takes."""
    root = ElementTree.fromstring(data)
    for _ in range(generator.choice((1, 1, 2, 4, 8))):
        elements = [(parent, number) for parent in root.iter() for number in range(len(parent))]
        if elements:
            generator.choice(TREES)(*generator.choice(elements), root, generator)
    return ElementTree.tostring(root, encoding=generator.choice(("utf-8", "utf-8", "utf-16", "latin-1")), xml_declaration=True)


def _drop(parent: Element, number: int, _root: Element, _generator: random.Random) -> None:
    del parent[number]


def _double(parent: Element, number: int, _root: Element, generator: random.Random) -> None:
    for _ in range(generator.choice((1, 1, 3, 200))):
        parent.insert(number, deepcopy(parent[number]))


def _move(parent: Element, number: int, root: Element, generator: random.Random) -> None:
    element = parent[number]
    del parent[number]
    goal = generator.choice(list(root.iter()))
    goal.insert(generator.randint(0, len(goal)), element)


def _rename(parent: Element, number: int, root: Element, generator: random.Random) -> None:
    parent[number].tag = generator.choice(["x", *{element.tag for element in root.iter()}])


def _say(parent: Element, number: int, root: Element, generator: random.Random) -> None:
    """Another text for an element of the kinds that hold numbers and names."""
    texts = [element for element in root.iter() if not len(element)]
    kind = generator.choice(sorted({element.tag for element in texts}))
    some = [element for element in texts if element.tag == kind]
    for element in some if generator.random() < 0.3 else [generator.choice(some)]:
        element.text = generator.choice((*NUMBERS, "".join(chr(generator.randrange(32, 0x3000)) for _ in range(5))))


def _describe(parent: Element, number: int, _root: Element, generator: random.Random) -> None:
    attributes = parent[number].attrib
    name = generator.choice([*attributes, "number", "times", "tempo", "type", "id"])
    attributes[name] = generator.choice(NUMBERS)


def _sign(_parent: Element, _number: int, root: Element, generator: random.Random) -> None:
    """Signs that are seldom beside each other, put into bars."""
    bars = list(root.iter("measure"))
    for _ in range(generator.choice((1, 2, 10))):
        if bars:
            bar = generator.choice(bars)
            bar.insert(generator.choice((0, len(bar))), ElementTree.fromstring(generator.choice(SIGNS)))


TREES = (_drop, _double, _move, _rename, _say, _say, _say, _describe, _sign, _sign)


def _flip(data: bytearray, generator: random.Random) -> None:
    for _ in range(generator.randint(1, 8)):
        data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)


def _cut(data: bytearray, generator: random.Random) -> None:
    start = generator.randrange(len(data))
    del data[start : start + generator.choice((1, 2, 10, len(data) - start - 1))]


def _repeat(data: bytearray, generator: random.Random) -> None:
    start = generator.randrange(len(data))
    data[start:start] = data[start : start + generator.randint(1, 400)]


def _declare(data: bytearray, generator: random.Random) -> None:
    """Entities that grow, or that come from outside, used in place of a text."""
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    kinds = (f'<!ENTITY a0 "ha">{laughs}', '<!ENTITY a9 SYSTEM "file:///etc/passwd">', '<!ENTITY % a SYSTEM "x.dtd"> %a;')
    start = data.find(b"<score")
    if start >= 0:
        data[start:start] = f"<!DOCTYPE score-partwise [{generator.choice(kinds)}]>".encode()
        place = data.find(b">", generator.randrange(start, len(data)))
        data[place + 1 : place + 1] = b"&a9;"


BYTES = (_flip, _cut, _repeat, _declare)


def _archive(score: bytes, generator: random.Random) -> bytes:
    """The score in an archive, whose container or bytes may be wrong."""
    named = generator.choice(("score.xml", "score.xml", "other.xml", "../../score.xml", ""))
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", generator.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_LZMA))) as file:
        if generator.random() < 0.8:
            rootfile = f'<rootfile full-path="{named}"/>'
            file.writestr("META-INF/container.xml", f"<container><rootfiles>{rootfile}</rootfiles></container>")
        file.writestr(generator.choice(("score.xml", "score.xml", "__MACOSX/._score.xml", "score.txt")), score)
    data = bytearray(buffer.getvalue())
    if generator.random() < 0.4:
        generator.choice((_flip, _cut, _forge))(data, generator)
    return bytes(data)


def _forge(data: bytearray, generator: random.Random) -> None:
    """Another length, method, sum or name for a file of the archive, in one of its two directories."""
    headers = [place for place in range(len(data) - 30) if data[place : place + 4] in (b"PK\1\2", b"PK\3\4")]
    if headers:
        place = generator.choice(headers) + generator.choice((6, 8, 14, 18, 20, 22, 24, 26))
        data[place : place + 4] = generator.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\0\0\0", b"\0\0\0\x7f"))


def _bomb(generator: random.Random) -> tuple[str, bytes]:
    """An archive that unpacks to far more than it is, as the score or as the container."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        filler = generator.choice((b" ", b"\0", b"<a>", b"<measure/>"))
        with file.open(generator.choice(("META-INF/container.xml", "score.xml")), "w") as member:
            for _ in range(BOMB_BYTES // 10**6):
                member.write(filler * (10**6 // len(filler)))
        file.writestr("z.xml", "<score-partwise/>")
    return ".mxl", buffer.getvalue()


def _crowded(generator: random.Random) -> tuple[str, bytes]:
    """A million notes of few letters in one bar or in a thousand."""
    note = "<note><pitch><step>C</step><octave>4</octave></pitch><duration>1</duration></note>"
    bars = generator.choice((1, 1000))
    bar = f"<measure>{generator.choice((note, '<note/>')) * (MILLION // bars)}</measure>"
    return ".musicxml", f"<score-partwise><part>{bar * bars}</part></score-partwise>".encode()


def _deep(generator: random.Random) -> tuple[str, bytes]:
    """Elements within elements."""
    tag = generator.choice(("note", "measure", "part", "x"))
    text = f"<score-partwise><part><measure>{f'<{tag}>' * DEPTH}{f'</{tag}>' * DEPTH}</measure></part></score-partwise>"
    return ".musicxml", text.encode()


def _again(generator: random.Random) -> tuple[str, bytes]:
    """A thousand bars, each of which is to be repeated, within repeats."""
    bar = (
        f"<measure>{generator.choice(SIGNS)}<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration></note>"
    )
    bars = "".join(f"{bar}{generator.choice(SIGNS)}</measure>" for _ in range(1000))
    return ".musicxml", f"<score-partwise><part>{bars}</part></score-partwise>".encode()


def _grown(_generator: random.Random) -> tuple[str, bytes]:
    """Entities that grow to gigabytes in a score that is whole but for them."""
    data = bytearray(written())
    _declare(data, random.Random(0))
    return ".musicxml", bytes(data)


OUTRAGES = (_bomb, _crowded, _deep, _again, _grown)
