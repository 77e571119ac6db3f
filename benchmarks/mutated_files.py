"""Read damaged files: each must be read, or refused in one line, in time and within memory, and the reader must live.

    python benchmarks/mutated_files.py [midi] [musicxml] [--count N] [--seed 0] [--files FOLDER]

What is damaged are small files written here, and those of a folder. ``mutated_midi`` and ``mutated_musicxml`` tell how.
"""

import argparse
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import mutated_midi
import mutated_musicxml
from canzona.limits import MEMORY_BYTES, SECONDS, LimitedWorker
from canzona.reading import MIDI_FILES, SCORES, read_music

COUNTS = {"midi": 10_000, "musicxml": 2_000}
"""How many are read of each kind unless told otherwise."""
PATIENCE = 12
"""How many times longer a file may take by the clock than of processor, as other work may share the machine."""


@dataclass
class Tally:
    """How files fared.

    Attributes:
        outcomes: how many were read, refused in one line, or broken: neither, or not in time and memory.
        slowest: processor time in seconds.
        largest: memory in bytes.
        broken: what is to be said of each that is.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    largest: int = 0
    broken: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        return f"{counts}; slowest {self.slowest:.2f} s of processor, {self.largest / 2**20:.0f} MiB"


def main() -> None:
    """Parse the options, read all mutants and print how they fared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", choices=[*COUNTS, []], help="of file; both unless told otherwise")
    parser.add_argument("--count", type=int, help=", ".join(f"{count} of {kind}" for kind, count in COUNTS.items()))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--files", type=Path, help="folder of files that are damaged too")
    options = parser.parse_args()
    for kind in options.kinds or COUNTS:
        generator, count = random.Random(options.seed), options.count or COUNTS[kind]
        files = DAMAGED[kind](options.files, count, generator)
        tally = tried(files, lambda number, so_far: print(f"{number}: {so_far}", flush=True) if number % 500 == 0 else None)
        print(f"{kind}: {tally} (limits {SECONDS:g} s, {MEMORY_BYTES / 2**20:g} MiB beyond the program itself)")
        print(
            "\n".join(tally.broken) or "all were read or refused in one line, in time and within memory, and the reader lived"
        )


def tried(files: Iterator[tuple[str, bytes]], told: Callable[[int, Tally], object] = lambda number, tally: None) -> Tally:
    """Read files, given with their endings, one after the other in a process with limits."""
    tally = Tally()
    modules = ("canzona.transcription.analysis",)
    with LimitedWorker(_read, PATIENCE * SECONDS, modules=modules) as worker, TemporaryDirectory() as folder:
        worker.begin()
        for number, (ending, data) in enumerate(files, start=1):
            path = Path(folder, f"song{ending}")
            path.write_bytes(data)
            try:
                outcome, said, seconds = worker(path)
            except ValueError as error:  # it was stopped, or its process died
                outcome, said, seconds = "broken", str(error), SECONDS
            if outcome == "broken" or seconds > SECONDS:
                tally.broken.append(f"{ending} {number}, {seconds:.2f} s: {said}")
            tally.outcomes[outcome] += 1
            tally.slowest = max(tally.slowest, seconds)
            tally.largest = max(tally.largest, worker.peak_bytes())
            told(number, tally)
    return tally


def _read(path: Path) -> tuple[str, str, float]:
    """A file as every command reads it, but in this process: how it fared, what is said of it, processor seconds."""
    start = time.process_time()
    try:
        outcome, said = "read", str(read_music(path))
    except ValueError as error:
        outcome, said = "refused", str(error)
    except Exception as error:  # what the reader did not foresee is what is sought here
        outcome, said = "broken", f"{type(error).__name__}: {error}"
    return "broken" if "\n" in said else outcome, said, time.process_time() - start


def _midi(folder: Path | None, count: int, generator: random.Random) -> Iterator[tuple[str, bytes]]:
    bases = [mutated_midi.written(), mutated_midi.written(meters=2), *_contents(folder, MIDI_FILES)]
    return ((".mid", data) for data in mutated_midi.mutants(bases, count, generator))


def _musicxml(folder: Path | None, count: int, generator: random.Random) -> Iterator[tuple[str, bytes]]:
    bases = [mutated_musicxml.written(), mutated_musicxml.written(songs=2), *_contents(folder, SCORES)]
    return mutated_musicxml.mutants(bases, count, generator)


def _contents(folder: Path | None, endings: tuple[str, ...]) -> list[bytes]:
    paths = [] if folder is None else sorted(folder.rglob("*"))
    return [path.read_bytes() for path in paths if path.suffix.lower() in endings]


DAMAGED = {"midi": _midi, "musicxml": _musicxml}

if __name__ == "__main__":
    main()
