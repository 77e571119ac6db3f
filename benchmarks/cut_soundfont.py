"""Make the package's soundfont from Fluid R3 GM, of which it keeps a few instruments in fewer bytes.

    python benchmarks/cut_soundfont.py FluidR3_GM.sf2 -o src/canzona/soundfont/canzona.sf2

Fluid R3 GM is under the MIT licence (Debian: fluid-soundfont-gm). What is kept sounds as it did, but for stereo that is made
mono where ``KEPT`` says so, and for samples of low keys, which are kept at a lower rate. Each loop stays a whole number of
samples long, so that no loop goes out of tune or clicks.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample

from canzona.io.soundfont import (
    ANY,
    HEADERS,
    INSTRUMENT,
    KEY_RANGE,
    LOOPS,
    PAN,
    ROOT_KEY,
    SAMPLE,
    VELOCITY_RANGE,
    chunks,
    instrument,
    open_soundfont,
    programs_of,
    records,
)

LARGEST_BYTES = 8 * 2**20
ENGINE = b"EMU8000\0"
AFTER_EACH = 46  # zeros, as the specification wants
AFTER_LOOP = 8  # samples that go on as the loop does
LOOP_OFFSETS = (2, 3, 45, 50)


@dataclass(frozen=True, slots=True)
class Kept:
    """An instrument that is kept.

    Attributes:
        program: of General MIDI, from 0.
        mono: whether of two channels the left is kept, in the middle.
        rate: the highest number of samples a second.
        low_key: below this MIDI pitch ``low_rate`` is the highest.
        low_rate: of the samples for low keys.
        lowest_key: the sample for this MIDI pitch sounds for all below it too.
    """

    program: int
    mono: bool
    rate: int
    low_key: int = 0
    low_rate: int = 0
    lowest_key: int = 0


KEPT = (
    Kept(0, mono=False, rate=32_000, low_key=55, low_rate=22_050, lowest_key=27),  # grand piano
    Kept(4, mono=True, rate=22_050, lowest_key=34),  # electric piano
    Kept(27, mono=True, rate=22_050),  # clean guitar
    Kept(71, mono=True, rate=44_100),  # clarinet
    Kept(73, mono=True, rate=32_000),  # flute
    Kept(115, mono=True, rate=44_100),  # wood block
)


class Cut:
    """The parts of a new soundfont, filled instrument by instrument."""

    def __init__(self, parts: dict[str, memoryview]) -> None:
        self.source = {name: records(parts, name) for name in HEADERS}
        self.sound = np.frombuffer(parts["smpl"], "<i2")
        self.made: dict[str, list[tuple[object, ...]]] = {name: [] for name in HEADERS}
        self.samples: list[NDArray[np.int16]] = []
        self.length = 0
        self.kept_samples: dict[tuple[int, int], int] = {}

    def keep(self, kept: Kept) -> None:
        """Add an instrument, with what it needs."""
        source = self.source
        (number,) = np.flatnonzero((source["phdr"]["program"] == kept.program) & (source["phdr"]["bank"] == 0))[:1]
        preset = source["phdr"][number]
        self.made["phdr"].append((preset["name"], kept.program, 0, len(self.made["pbag"]), (0, 0, 0)))
        instruments: dict[int, int] = {}
        for zone in self._zones("p", int(preset["bag"]), int(source["phdr"][number + 1]["bag"])):
            if INSTRUMENT in zone and zone[INSTRUMENT] not in instruments:
                instruments[zone[INSTRUMENT]] = self._instrument(zone[INSTRUMENT], kept)
            self._add("p", zone | ({INSTRUMENT: instruments[zone[INSTRUMENT]]} if INSTRUMENT in zone else {}), INSTRUMENT)

    def _instrument(self, number: int, kept: Kept) -> int:
        header, following = self.source["inst"][number], self.source["inst"][number + 1]
        made = len(self.made["inst"])
        self.made["inst"].append((header["name"], len(self.made["ibag"])))
        for zone in self._zones("i", header["bag"], following["bag"]):
            assert not any(zone.get(operator) for operator in LOOP_OFFSETS), "loops are moved in no instrument that is kept"
            zone = {operator: amount for operator, amount in zone.items() if operator not in LOOP_OFFSETS}
            if SAMPLE in zone:
                if kept.mono and zone.get(PAN, 0) > 0:
                    continue
                lowest, highest = (zone.get(KEY_RANGE, ANY) & 0xFF, zone.get(KEY_RANGE, ANY) >> 8)
                if highest < kept.lowest_key:
                    continue
                if lowest <= kept.lowest_key:
                    zone[KEY_RANGE] = highest << 8
                key = zone.get(ROOT_KEY, int(self.source["shdr"][zone[SAMPLE]]["key"]))
                rate = kept.low_rate if key < kept.low_key else kept.rate
                zone |= {SAMPLE: self._sample(zone[SAMPLE], rate, bool(zone.get(LOOPS, 0)))}
            self._add(
                "i", {operator: amount for operator, amount in zone.items() if not (kept.mono and operator == PAN)}, SAMPLE
            )
        return made

    def _zones(self, kind: str, first: int, end: int) -> Iterator[dict[int, int]]:
        bags, generators = self.source[f"{kind}bag"], self.source[f"{kind}gen"]
        for number in range(first, end):
            assert bags[number]["modulator"] == bags[number + 1]["modulator"], "no instrument that is kept has modulators"
            span = generators[bags[number]["generator"] : bags[number + 1]["generator"]]
            yield {int(operator): int(amount) for operator, amount in span}

    def _add(self, kind: str, zone: dict[int, int], last: int) -> None:
        self.made[f"{kind}bag"].append((len(self.made[f"{kind}gen"]), 0))
        ranges = [
            operator for operator in (KEY_RANGE, VELOCITY_RANGE) if operator in zone
        ]  # must come first, and ``last`` last
        others = [operator for operator in zone if operator not in (*ranges, last)]
        for operator in (*ranges, *others, *([last] if last in zone else [])):
            self.made[f"{kind}gen"].append((operator, zone[operator]))

    def _sample(self, number: int, rate: int, looped: bool) -> int:
        if (number, rate) not in self.kept_samples:
            header = self.source["shdr"][number]
            start = int(header["start"])
            loop = (int(header["loop_start"]) - start, int(header["loop_end"]) - start) if looped else None
            sound = self.sound[start : int(header["end"])]
            sound, loop, rate = resampled(sound, loop, int(header["rate"]), min(rate, int(header["rate"])))
            first, last = loop or (0, len(sound))
            places = (self.length, self.length + len(sound), self.length + first, self.length + last)
            self.kept_samples[number, rate] = len(self.made["shdr"])
            self.made["shdr"].append((header["name"], *places, rate, header["key"], header["correction"], 0, 1))
            self.samples += [sound, np.zeros(AFTER_EACH, np.int16)]
            self.length += len(sound) + AFTER_EACH
            return len(self.made["shdr"]) - 1
        return self.kept_samples[number, rate]

    def to_bytes(self) -> bytes:
        """The file."""
        made = self.made
        counts = {name: len(rows) for name, rows in made.items()}
        made["phdr"].append((b"EOP", 0, 0, counts["pbag"], (0, 0, 0)))
        made["pbag"].append((counts["pgen"], 0))
        made["pgen"].append((0, 0))
        made["inst"].append((b"EOI", counts["ibag"]))
        made["ibag"].append((counts["igen"], 0))
        made["igen"].append((0, 0))
        made["pmod"].append(([0] * 10,))
        made["imod"].append(([0] * 10,))
        made["shdr"].append((b"EOS", 0, 0, 0, 0, 0, 0, 0, 0, 0))
        described = b"".join(chunk(name, np.array(made[name], np.dtype(HEADERS[name])).tobytes()) for name in HEADERS)
        name, licence = b"Canzona, from Fluid R3 GM\0", b"(c) 2000-2002, 2008 Frank Wen; MIT licence\0\0"
        about = chunk("ifil", b"\2\0\1\0") + chunk("isng", ENGINE) + chunk("INAM", name) + chunk("ICOP", licence)
        sound = chunk("smpl", np.concatenate(self.samples).astype("<i2").tobytes())
        lists = (b"INFO" + about, b"sdta" + sound, b"pdta" + described)
        return chunk("RIFF", b"sfbk" + b"".join(chunk("LIST", one) for one in lists))


def resampled(
    sound: NDArray[np.int16], loop: tuple[int, int] | None, rate: int, wanted: int
) -> tuple[NDArray[np.int16], tuple[int, int] | None, int]:
    """A sample at about the wanted rate, cut behind its loop; the loop is a whole number of samples at the rate returned."""
    if loop is None:
        length = len(sound) if wanted == rate else round(len(sound) * wanted / rate)
        return (sound if wanted == rate else _rounded(np.asarray(resample(sound.astype(float), length)))), None, wanted
    start, end = loop
    if wanted == rate:
        return sound[: end + AFTER_LOOP], loop, rate
    period = end - start
    short = round(period * wanted / rate)
    turns = 2 - (-end // period)
    whole = np.concatenate([sound[:end], np.resize(sound[start:end], turns * period - end)]).astype(float)
    whole[-period:] *= np.linspace(1, 0, period)  # its end meets its start without a jump
    new = np.asarray(resample(whole, turns * short))
    new_start = round(start * short / period)
    return _rounded(new[: new_start + short + AFTER_LOOP]), (new_start, new_start + short), round(rate * short / period)


def _rounded(sound: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.clip(np.rint(sound), -32768, 32767).astype(np.int16)


def chunk(name: str, data: bytes) -> bytes:
    """A part of a RIFF file."""
    return name.encode() + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)


def main() -> None:
    """Cut, read back, and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    cut = Cut(chunks(arguments.source.read_bytes()))
    for kept in KEPT:
        before = cut.length
        cut.keep(kept)
        print(f"program {kept.program}: {(cut.length - before) * 2 / 2**20:.2f} MiB")
    data = cut.to_bytes()
    arguments.output.write_bytes(data)
    with open_soundfont(arguments.output) as parts:
        assert programs_of(parts) == {kept.program for kept in KEPT}
        assert all(instrument(parts, kept.program) for kept in KEPT)
    print(f"{arguments.output}: {len(data)} bytes of at most {LARGEST_BYTES}")
    assert len(data) <= LARGEST_BYTES


if __name__ == "__main__":
    main()
