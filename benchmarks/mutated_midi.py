"""Damaged MIDI files.

Bytes flipped, cut or repeated, lengths of tracks and of the header forged, tempos made huge or none, times pushed far away or
so far that they turn negative, a million notes.
"""

import random
import struct
from collections.abc import Iterator

from canzona.io.midi import song_to_midi
from canzona.song import Chord, ChordSpan, Form, LeadSheet, Note, Song

MILLION = 1_000_000
FAR = (b"\xff\xff\xff\x7f", b"\x83\xff\x7f", b"\x87\x40", b"\x88\x80\x80\x80\x00", b"\x8f\xff\xff\xff\x7f")
"""Times between events; the last two overflow 31 and 32 bits."""


def written(meters: int = 1) -> bytes:
    """A small file with all that a file of Canzona's has, or one whose second metre event is another."""
    notes = tuple(Note(4 * step, 60 + step * 5 % 12, 3) for step in range(32))
    chords = tuple(
        ChordSpan(4 * bar, 4, Chord(root, quality, root))
        for bar, (root, quality) in enumerate(((0, "maj"), (9, "min"), (5, "maj"), (7, "7")) * 2)
    )
    piano = tuple(Note(16 * bar + 4 * n, 48 + tone, 4) for bar in range(8) for n, tone in enumerate((0, 7, 12, 16)))
    data = song_to_midi(Song(Form.parse("i2A4o2"), lead_sheet=LeadSheet(notes, chords), accompaniment=piano))
    return data if meters == 1 else data.replace(b"\xff\x58\x04\x04", b"\xff\x58\x04\x03", 1).replace(b"MELODY", b"Melody")


def mutants(bases: list[bytes], count: int, generator: random.Random) -> Iterator[bytes]:
    """So many mutants, each of one of the files; one in two thousand has a million notes."""
    for number in range(count):
        if number % 2000 == 1999:
            yield crowded(generator)
            continue
        data = bytearray(generator.choice(bases))
        for _ in range(generator.choice((1, 1, 1, 2, 4))):
            generator.choice(MUTATIONS)(data, generator)
        yield bytes(data)


def _flip(data: bytearray, generator: random.Random) -> None:
    for _ in range(generator.randint(1, 8)):
        if data:
            data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)


def _overwrite(data: bytearray, generator: random.Random) -> None:
    for _ in range(generator.randint(1, 8)):
        if data:
            data[generator.randrange(len(data))] = generator.choice((0, 0x7F, 0x80, 0xFF, generator.randrange(256)))


def _cut(data: bytearray, generator: random.Random) -> None:
    if data:
        start = generator.randrange(len(data))
        del data[start : start + generator.choice((1, 2, 10, len(data)))]


def _repeat(data: bytearray, generator: random.Random) -> None:
    if data:
        start = generator.randrange(len(data))
        data[start:start] = data[start : start + generator.randint(1, 200)]


def _forge_length(data: bytearray, generator: random.Random) -> None:
    places = [place for place in range(len(data) - 7) if data[place : place + 4] in (b"MTrk", b"MThd")]
    if places:
        place = generator.choice(places) + 4
        data[place : place + 4] = struct.pack(">I", generator.choice((0, 1, 5, 2**16, 2**31 - 1, 2**32 - 1)))


def _forge_header(data: bytearray, generator: random.Random) -> None:
    if len(data) >= 14:
        place = generator.choice((8, 10, 12))
        data[place : place + 2] = struct.pack(">H", generator.choice((0, 1, 2, 0x7FFF, 0x8000, 0xE728, 0xFFFF)))


def _forge_tempo(data: bytearray, generator: random.Random) -> None:
    place = data.find(b"\xff\x51\x03")
    if place >= 0:
        data[place + 3 : place + 6] = generator.choice((b"\0\0\0", b"\0\0\1", b"\xff\xff\xff"))


def _push_away(data: bytearray, generator: random.Random) -> None:
    places = [place for place in range(len(data) - 8) if data[place : place + 4] == b"MTrk"]
    if places:
        place = generator.choice(places) + 8
        data[place:place] = generator.choice(FAR) + b"\xff\x01\x00"


MUTATIONS = (_flip, _overwrite, _cut, _repeat, _forge_length, _forge_header, _forge_tempo, _push_away)


def crowded(generator: random.Random) -> bytes:
    """A file with a million notes in one track."""
    pitch = generator.randint(30, 90)
    note = bytes([0, 0x90, pitch, 80, 1, 0x80, pitch, 0])
    body = note * MILLION + b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(body)) + body
