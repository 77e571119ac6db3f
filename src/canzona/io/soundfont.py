"""Soundfonts (SoundFont 2.04, the specification's names in brackets): which recorded sample sounds for which key, and how.

It knows what ``canzona.io.sampler`` plays: samples, loops, tuning, attenuation, place and volume envelope. It does not know
modulators, filters and vibrato. ``FluidSynth``, where it is installed, reads the same files and knows them all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SOUNDFONT = Path(__file__).parent.parent / "soundfont" / "canzona.sf2"
"""The soundfont that comes with the package; its licence is beside it."""

HEADERS = {
    "phdr": [("name", "S20"), ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("unused", "<u4", 3)],
    "pbag": [("generator", "<u2"), ("modulator", "<u2")],
    "pmod": [("bytes", "u1", 10)],
    "pgen": [("operator", "<u2"), ("amount", "<i2")],
    "inst": [("name", "S20"), ("bag", "<u2")],
    "ibag": [("generator", "<u2"), ("modulator", "<u2")],
    "imod": [("bytes", "u1", 10)],
    "igen": [("operator", "<u2"), ("amount", "<i2")],
    "shdr": [
        ("name", "S20"), ("start", "<u4"), ("end", "<u4"), ("loop_start", "<u4"), ("loop_end", "<u4"), ("rate", "<u4"),
        ("key", "u1"), ("correction", "i1"), ("link", "<u2"), ("type", "<u2"),
    ],
}  # fmt: skip
"""The records of the chunks that describe presets (the specification's section 7); each ends with one that holds no more than
where the one before it ends."""

INSTRUMENT, KEY_RANGE, VELOCITY_RANGE, SAMPLE, ROOT_KEY = 41, 43, 44, 53, 58
PAN, ATTENUATION, LOOPS, COARSE_TUNE, FINE_TUNE, SCALE_TUNE = 17, 48, 54, 51, 52, 56
ANY = 127 << 8
"""A range of keys or velocities: the lowest in the low byte, the highest in the high one."""

_ATTACK, _HOLD, _DECAY, _SUSTAIN, _RELEASE, _HOLD_BY_KEY, _DECAY_BY_KEY = 34, 35, 36, 37, 38, 39, 40

_DEFAULTS = {_ATTACK: -12000, _HOLD: -12000, _DECAY: -12000, _RELEASE: -12000, SCALE_TUNE: 100, ROOT_KEY: -1}
_LEFT_BEHIND = {KEY_RANGE, VELOCITY_RANGE, INSTRUMENT, SAMPLE, ROOT_KEY, LOOPS}  # a preset adds to all but these
_ATTENUATION_HEARD = 0.4  # of what a file says: as the hardware did that the files are made for, and as FluidSynth does


@dataclass(frozen=True, slots=True)
class Region:
    """A sample, for the keys and velocities that it sounds for.

    Attributes:
        keys: MIDI pitches.
        velocities: of MIDI.
        samples: of one channel.
        loop: first sample of what is played over and over, and the first after it; ``None`` for what is played once.
        rate: samples a second at which it sounds ``root_key``, which may be a fraction.
        root_key: the MIDI pitch that was recorded.
        semitones_a_key: 1 but for drums.
        gain: amplitude at the highest velocity.
        pan: 0 (left) to 1 (right).
        attack_seconds: linear, from silence.
        hold_seconds: at full amplitude, for middle C.
        decay_seconds: for 100 dB, for middle C.
        hold_cents_a_key: by how much of an octave, in 1200ths, hold is shorter for each key above middle C.
        decay_cents_a_key: the same of the decay.
        sustain: amplitude at which the decay ends.
        release_seconds: for 100 dB.
    """

    keys: range
    velocities: range
    samples: NDArray[np.int16]
    loop: tuple[int, int] | None
    rate: float
    root_key: float
    semitones_a_key: float
    gain: float
    pan: float
    attack_seconds: float
    hold_seconds: float
    decay_seconds: float
    hold_cents_a_key: int
    decay_cents_a_key: int
    sustain: float
    release_seconds: float


@contextmanager
def open_soundfont(path: Path) -> Iterator[dict[str, memoryview]]:
    """The parts of a soundfont file, by their names of four letters, of which no more is read than what is used.

    Raises:
        ValueError: in one line, where it is none, or within the block where it is damaged.
        OSError: where it cannot be read.
    """
    try:
        yield chunks(np.memmap(path, np.uint8, "r").data if path.stat().st_size else memoryview(b""))
    except (KeyError, IndexError):
        raise ValueError(f"soundfont: {path}: must be a whole SF2 file, is damaged") from None
    except ValueError as error:
        raise ValueError(f"soundfont: {path}: {error}") from None


def programs_of(parts: dict[str, memoryview]) -> set[int]:
    """The General MIDI programs, from 0, that a soundfont has (in bank 0)."""
    presets = records(parts, "phdr")[:-1]
    return set(presets["program"][presets["bank"] == 0].tolist())


def chunks(data: bytes | memoryview) -> dict[str, memoryview]:
    """The parts of a soundfont's contents by their names.

    Raises:
        ValueError: where it is none.
    """
    view = memoryview(data)
    if view[:4] != b"RIFF" or view[8:12] != b"sfbk":
        raise ValueError("must be an SF2 file, is another")
    return dict(_chunks(view[12:]))


def records(parts: dict[str, memoryview], name: str) -> NDArray[np.void]:
    """The records of a part, with the one that ends it."""
    return np.frombuffer(parts[name], np.dtype(HEADERS[name]))


def _chunks(view: memoryview) -> Iterator[tuple[str, memoryview]]:
    while len(view) >= 8:
        name, size = bytes(view[:4]), int.from_bytes(view[4:8], "little")
        if name == b"LIST":
            yield from _chunks(view[12 : 8 + size])
        else:
            yield name.decode("latin-1"), view[8 : 8 + size]
        view = view[8 + size + size % 2 :]


def zones(parts: dict[str, memoryview], kind: str, bags: range, ends_in: int) -> Iterator[dict[int, int]]:
    """What each zone of a preset (``kind`` p) or an instrument (i) sets, with what its global zone sets for all."""
    own_bags, generators = records(parts, f"{kind}bag"), records(parts, f"{kind}gen")
    common: dict[int, int] = {}
    for number in bags:
        span = generators[own_bags[number]["generator"] : own_bags[number + 1]["generator"]]
        zone = {int(operator): int(amount) for operator, amount in span}
        if ends_in in zone:
            yield common | zone
        elif number == bags.start:
            common = zone


def instrument(parts: dict[str, memoryview], program: int) -> tuple[Region, ...]:
    """What sounds for a General MIDI program, from 0, of ``programs_of``."""
    presets, instruments = records(parts, "phdr"), records(parts, "inst")
    number = int(np.flatnonzero((presets["program"][:-1] == program) & (presets["bank"][:-1] == 0))[0])
    regions = []
    for outer in zones(parts, "p", range(presets[number]["bag"], presets[number + 1]["bag"]), INSTRUMENT):
        own = outer[INSTRUMENT]
        for inner in zones(parts, "i", range(instruments[own]["bag"], instruments[own + 1]["bag"]), SAMPLE):
            region = _region(parts, outer, inner)
            if region.keys and region.velocities:
                regions.append(region)
    return tuple(regions)


def _region(parts: dict[str, memoryview], outer: dict[int, int], inner: dict[int, int]) -> Region:
    zone = _DEFAULTS | inner
    for operator, amount in outer.items():
        if operator not in _LEFT_BEHIND:
            zone[operator] = zone.get(operator, 0) + amount
    header = records(parts, "shdr")[inner[SAMPLE]]
    start, end = int(header["start"]), int(header["end"])
    samples = np.frombuffer(parts["smpl"], "<i2")[start:end]
    if not len(samples):
        raise ValueError("must have 16-bit samples, has none (of an SF3 file, unpack them first)")
    loop = (int(header["loop_start"]) - start, int(header["loop_end"]) - start)
    tuning = zone.get(COARSE_TUNE, 0) + (zone.get(FINE_TUNE, 0) + int(header["correction"])) / 100
    return Region(
        keys=_overlap(outer.get(KEY_RANGE, ANY), inner.get(KEY_RANGE, ANY)),
        velocities=_overlap(outer.get(VELOCITY_RANGE, ANY), inner.get(VELOCITY_RANGE, ANY)),
        samples=samples,
        loop=loop if zone.get(LOOPS, 0) % 4 and 0 <= loop[0] < loop[1] <= len(samples) else None,
        rate=float(header["rate"]),
        root_key=(int(header["key"]) if zone[ROOT_KEY] < 0 else zone[ROOT_KEY]) - tuning,
        semitones_a_key=zone[SCALE_TUNE] / 100,
        gain=10 ** (-_ATTENUATION_HEARD * zone.get(ATTENUATION, 0) / 200),
        pan=min(max(zone.get(PAN, 0) / 1000 + 0.5, 0.0), 1.0),
        attack_seconds=_seconds(zone[_ATTACK]),
        hold_seconds=_seconds(zone[_HOLD]),
        decay_seconds=_seconds(zone[_DECAY]),
        hold_cents_a_key=zone.get(_HOLD_BY_KEY, 0),
        decay_cents_a_key=zone.get(_DECAY_BY_KEY, 0),
        sustain=10 ** (-max(zone.get(_SUSTAIN, 0), 0) / 200),
        release_seconds=_seconds(zone[_RELEASE]),
    )


def _seconds(timecents: int) -> float:
    return 2 ** (timecents / 1200)


def _overlap(outer: int, inner: int) -> range:
    """The keys or velocities of both ranges, each its lowest in the low byte and its highest in the high one."""
    lowest, highest = (tuple((amount >> shift) & 0xFF for amount in (outer, inner)) for shift in (0, 8))
    return range(max(lowest), min(highest) + 1)
