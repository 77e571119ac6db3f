"""What Canzona promises about bad input, faults and load: each tried, and how often it was kept.

    python benchmarks/promises.py [--quick] [--only 8 --only 15] [--count 500] [--output docs/promises.md]

prints a row a promise and writes it into the table of docs/promises.md, whose other rows stay. ``--quick`` tries each a few
times, ``--count`` so many times. What the page promises is tried by benchmarks/studio.py where that is.
"""

import argparse
import importlib
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from canzona.io.files import atomic_write
from promises_table import Counted

PAGE = Path(__file__).parents[1] / "docs" / "promises.md"
STUDIO = Path(__file__).with_name("studio.py")
HEAD = """# Promises

What Canzona promises about bad input, faults and load: how often each is to be tried, how often it was when this was written,
how often it was kept, and what was measured. `python benchmarks/promises.py` tries them and writes this table; the tests try
most of them in a quick form.

| promise | what | asked | tried | kept | figures |
| --- | --- | --- | --- | --- | --- |
"""


@dataclass(frozen=True)
class Promise:
    """One promise.

    Attributes:
        number: of it.
        what: is promised, in short.
        asked: how often it is to be tried.
        quick: how often it is tried in its quick form.
        by: ``module.function`` that tries it, or the name of a trial of the studio; ``None`` for none yet.
    """

    number: int
    what: str
    asked: int
    quick: int
    by: str | None


PROMISES = (
    Promise(1, "damaged MIDI files: a song or one line, within 2 s and 512 MB", 10_000, 50, "promises_files.midi_intake"),
    Promise(2, "hostile MusicXML refused within 2 s and 512 MB", 3, 3, "promises_files.musicxml_intake"),
    Promise(3, "uploads beyond the limits refused at once", 8, 8, "promises_studio.uploads"),
    Promise(4, "same seed, same bytes, alone or in a batch", 20, 3, "promises_songs.seeds"),
    Promise(5, "what is locked stays, what is open changes", 200, 5, "promises_songs.locks"),
    Promise(6, "MIDI files read alike by others", 500, 3, "promises_songs.files_agree"),
    Promise(7, "MusicXML valid and read alike by others", 500, 2, "promises_songs.scores"),
    Promise(8, "chord labels come back", 10_000, 200, "promises_songs.labels"),
    Promise(9, "training killed at random ends with the same weights", 20, 2, "promises_runs.killed_training"),
    Promise(10, "server killed during jobs: nothing lost, nothing starts by itself", 20, 2, "kills"),
    Promise(11, "page reloaded or closed during a job: it goes on", 50, 5, "reloads"),
    Promise(12, "cancel stops within a step, nothing left behind", 100, 5, "stops"),
    Promise(13, "foreign hosts, origins and forms refused on every route", 367, 367, "promises_studio.foreigners"),
    Promise(14, "names never lead out of the data folder", 1_000, 10, "promises_studio.names"),
    Promise(15, "damaged, foreign and pickled weights refused", 5_000, 50, "promises_files.weights"),
    Promise(16, "no network", 4, 4, "promises_runs.offline"),
    Promise(17, "a missing optional part is told in one sentence", 6, 6, "promises_files.missing_parts"),
    Promise(18, "full disk: no partial file, the old one stays", 1_000, 20, "promises_files.full_disk"),
    Promise(19, "96 bars within 1.5 GB; 200 songs grow by less than 50 MB", 200, 12, "promises_runs.long_songs"),
    Promise(20, "every answer of the server is documented", 10_000, 100, "promises_studio.contract"),
    Promise(21, "batches with workers killed: each seed once, gaps filled, shards agree", 1_000, 8, "promises_runs.batch"),
    Promise(22, "undo gives back the first song, redo the last", 2_000, 60, "edits"),
)


def main() -> None:
    """Parse the options, try, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--only", type=int, action="append", choices=[own.number for own in PROMISES], help="a promise's number"
    )
    parser.add_argument("--count", type=int, help="how often, in place of what is promised")
    parser.add_argument("--output", "-o", type=Path, default=PAGE)
    options = parser.parse_args()
    for own in PROMISES:
        if options.only is None or own.number in options.only:
            count = options.count or (own.quick if options.quick else own.asked)
            began = time.monotonic()
            counted = tried(own, count)
            line = row(own, counted, time.monotonic() - began)
            print(line, flush=True)
            atomic_write(options.output, with_row(options.output, own.number, line).encode())


def tried(promise: Promise, count: int) -> Counted | None:
    """What came of trying it so often; ``None`` where nothing here can."""
    if promise.by is None:
        return None
    if "." in promise.by:
        module, function = promise.by.split(".")
        return getattr(importlib.import_module(module), function)(count)
    if not STUDIO.is_file():
        return None
    said = subprocess.run(
        [sys.executable, STUDIO, promise.by, "--count", str(count)], capture_output=True, text=True, check=False
    ).stdout
    found = re.search(r"tried (\d+), kept (\d+),? ?(.*)", said)
    return Counted(int(found[1]), int(found[2]), found[3]) if found else Counted(count, 0, "benchmarks/studio.py failed")


def row(promise: Promise, counted: Counted | None, seconds: float) -> str:
    """A line of the table."""
    cells: Iterable[object] = (promise.number, promise.what, f"{promise.asked:,}", "not tried", "", "")
    if counted is not None:
        figures = f"{counted.figures}; in {seconds:.0f} s".lstrip("; ")
        cells = (promise.number, promise.what, f"{promise.asked:,}", f"{counted.tried:,}", f"{counted.kept:,}", figures)
    return f"| {' | '.join(str(cell).replace('|', '¦') for cell in cells)} |"


def with_row(page: Path, number: int, line: str) -> str:
    """The page's text with this row in its place; rows that it lacks are not tried."""
    text = page.read_text(encoding="utf-8") if page.is_file() else ""
    rows = {own.number: row(own, None, 0) for own in PROMISES}
    rows |= {int(found[1]): found[0] for found in re.finditer(r"^\| (\d+) \|.*$", text, flags=re.MULTILINE)}
    rows[number] = line
    return HEAD + "\n".join(rows[number] for number in sorted(rows)) + "\n"


if __name__ == "__main__":
    main()
