"""Every control measured: codes asked and obtained, what is given exactly, revisions, returns, endings, contradictions.

    python benchmarks/control.py --data dataset.npz
    python benchmarks/control.py --data dataset.npz --only rhythm --cases 4 --steps 4 --level-weights lead-sheet=run.safetensors

Validation songs are targets and sources. A row is a mean over cases with its 95 % interval, and where there is a bar, whether
it is reached. With weight files of one's own, measurements that need a level without usable weights are left out.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from canzona import pretrained
from canzona.hierarchy.levels import ACCOMPANIMENT, LEAD_SHEET, LEVELS, Level
from canzona.io.files import atomic_write
from canzona.song.song import Song
from canzona.training.dataset import first_labellings, load_songs
from control_codes import CONTROLS, cases_of, measure_codes
from control_contradictions import answer, contradictions
from control_exact import endings, exact_chords, given_music, harmonised, piano_chords, unused
from control_studio import Row, Studio, Weights, row
from control_versions import QUICK_REPEATED_FORM, REPEATED_FORM, repetitions, revisions


@dataclass(frozen=True)
class Measurement:
    """What one name after ``--only`` measures, and the levels that it composes."""

    name: str
    levels: tuple[Level, ...]
    rows: Callable[[], list[Row]]


def main() -> None:
    """Parse the options, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--only", help="names of measurements, parted by commas; default: all")
    parser.add_argument("--quick", action="store_true", help=f"returns in {QUICK_REPEATED_FORM} in place of {REPEATED_FORM}")
    parser.add_argument("--json", type=Path, help="file to write the rows to")
    options = parser.parse_args()
    found: list[Row] = []
    with studio_of(options) as studio:
        measurements = measurements_of(studio, validation_songs(options.data), options.cases, options.seeds, options.quick)
        wanted = options.only.split(",") if options.only else [own.name for own in measurements]
        if unknown := set(wanted) - {own.name for own in measurements}:
            parser.error(f"--only: must be among {', '.join(own.name for own in measurements)}, got {', '.join(unknown)}")
        for own in measurements:
            if own.name not in wanted:
                continue
            if own.levels and not studio.composes(own.levels):
                print(f"{own.name}: left out, for {' or '.join(level.title for level in own.levels)} has no weights")
                continue
            print(f"measuring {own.name}", file=sys.stderr)
            for each in own.rows():
                print(each, flush=True)
                found.append(each)
    if options.json is not None:
        atomic_write(options.json, (json.dumps([asdict(each) for each in found], indent=1) + "\n").encode())
    judged = [each for each in found if each.passed is not None]
    print(f"{sum(bool(each.passed) for each in judged)} of {len(judged)} bars reached")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options that say which songs are composed, and with what."""
    parser.add_argument("--data", type=Path, required=True, help="data set made by 'canzona prepare'")
    parser.add_argument("--cases", type=int, default=32)
    parser.add_argument("--seeds", type=int, default=1, help="songs that are composed for each case of a control by codes")
    parser.add_argument("--steps", type=int, help="of the sampler; default: as tuned")
    parser.add_argument("--weights", type=Path, help="a folder with other weights than the package's")
    parser.add_argument(
        "--level-weights", action="append", default=[], metavar="LEVEL=FILE", help="an unregistered weight file"
    )
    parser.add_argument("--processes", type=int, default=1)


def studio_of(options: argparse.Namespace) -> Studio:
    """The studio that the options ask for."""
    files = tuple((name, Path(file)) for name, _, file in (text.partition("=") for text in options.level_weights))
    pretrained.use_processors(1)
    return Studio(Weights(options.weights, files), options.processes, options.steps)


def validation_songs(data: Path) -> list[Song]:
    """Each validation song once."""
    return [item.song for item in first_labellings(load_songs(data)) if item.is_validation]


def tuning_songs(data: Path) -> list[Song]:
    """Each tuning song once: what is chosen is chosen on them."""
    return [item.song for item in first_labellings(load_songs(data)) if item.is_tuning]


def measurements_of(studio: Studio, songs: list[Song], cases: int, seeds: int, quick: bool) -> list[Measurement]:
    """All that can be measured, in the order in which it is printed."""
    encoders = pretrained.load_encoders(studio.weights.folder)
    pairs, chosen = cases_of(songs, cases), songs[:cases]
    down_to = {level.name: LEVELS[1 : LEVELS.index(level) + 1] for level in (LEAD_SHEET, ACCOMPANIMENT)}
    sheets, whole = down_to[LEAD_SHEET.name], down_to[ACCOMPANIMENT.name]
    text = QUICK_REPEATED_FORM if quick else REPEATED_FORM
    return [
        *(Measurement(own.name, (own.level,), partial(measure_codes, studio, own, pairs, seeds, encoders)) for own in CONTROLS),
        Measurement("exact-chords", sheets, partial(exact_chords, studio, chosen)),
        Measurement("piano", (ACCOMPANIMENT,), partial(piano_chords, studio, chosen)),
        Measurement("given", whole, partial(given_music, studio, chosen)),
        Measurement("harmonised", sheets, partial(harmonised, studio, chosen)),
        Measurement("revise", whole, partial(revisions, studio, chosen)),
        Measurement("repeat", whole, partial(repetitions, studio, chosen, encoders, text)),
        Measurement("ending", sheets, partial(endings, studio, chosen)),
        Measurement("unused", whole, partial(unused, studio, chosen)),
        Measurement("contradictions", (), lambda: list(contradiction_rows())),
    ]


def contradiction_rows() -> Iterator[Row]:
    """A row for every mistake that is not told clearly, and one for them all."""
    clear = []
    with tempfile.TemporaryDirectory() as folder:
        for mistake in contradictions(Path(folder)):
            told = answer(mistake)
            clear.append(told.is_clear)
            if not told.is_clear:
                yield from row(f"not told in one line: {mistake.title}: status {told.status}", [False], 1.0)
    yield from row("contradictory requests: one clear line, status 2", clear, 1.0)


if __name__ == "__main__":
    main()
