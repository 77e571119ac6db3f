"""What guidance on codes costs: obedience and quality of each control by codes, at several weights, as tables of a page.

    python benchmarks/control_curves.py --data dataset.npz --cases 16
    python benchmarks/control_curves.py --data dataset.npz --only texture --write docs/control.md

A page has a table between ``<!-- curve NAME -->`` and the ``<!-- end -->`` after it. A weight of 1 is the model's own belief.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from canzona import pretrained
from canzona.evaluation.control import normalised
from canzona.io.files import atomic_write
from canzona.representation.encoders import Encoders
from canzona.representation.encodings import SEEDS
from control import add_options, studio_of, tuning_songs
from control_codes import CONTROLS, Case, CodedControl, Composed, cases_of, compose_cases, obedience, quality
from control_studio import Studio

WEIGHTS = "0.5,1,1.5,2,3,5"
END = "<!-- end -->"


def main() -> None:
    """Parse the options, measure, and print the tables or put them in their places."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser)
    parser.add_argument("--only", help=f"controls, parted by commas; default: {','.join(own.name for own in CONTROLS)}")
    parser.add_argument("--strengths", default=WEIGHTS, help="guidance weights, parted by commas")
    parser.add_argument("--write", type=Path, help="a page to put the tables into")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else [own.name for own in CONTROLS]
    strengths = [float(text) for text in options.strengths.split(",")]
    encoders = pretrained.load_encoders(options.weights)
    cases = cases_of(tuning_songs(options.data), options.cases)
    with studio_of(options) as studio:
        for control in (own for own in CONTROLS if own.name in wanted):
            lines = curve(studio, control, cases, options.seeds, encoders, strengths)
            print("\n".join([control.name, *lines]), flush=True)
            if options.write is not None:
                page = options.write.read_text(encoding="utf-8")
                atomic_write(options.write, placed(page, control.name, lines).encode())


def curve(
    studio: Studio, control: CodedControl, cases: Sequence[Case], seeds: int, encoders: Encoders, strengths: Sequence[float]
) -> list[str]:
    """A Markdown table: a row a weight, after one without the control and before one of the human targets."""
    free = compose_cases(studio, control, cases, seeds, asked=False)
    heads = ["weight", *(f"obedience, encoder {judge}" for judge in SEEDS), *control.quality]
    rows = [_cells("without", ["–"] * len(SEEDS), control, free)]
    for strength in strengths:
        obtained = compose_cases(studio, control, cases, seeds, asked=True, weight=strength)
        figures = [
            normalised(obedience(control, cases, obtained, free, encoders, judge), np.random.default_rng(0)) for judge in SEEDS
        ]
        obeyed = [f"{_short(own.mean)} [{_short(own.low)}, {_short(own.high)}]" for own in figures]
        rows.append(_cells(f"{strength:g}", obeyed, control, obtained))
    humans = Composed((tuple(case.target for case in cases),))
    rows.append(_cells("human", ["–"] * len(SEEDS), control, humans))
    return [_line(heads), f"|{' --- |' * len(heads)}", *map(_line, rows)]


def placed(page: str, name: str, lines: Sequence[str]) -> str:
    """The page with the table of this control in its place.

    Raises:
        ValueError: where the page has no such place.
    """
    begin = f"<!-- curve {name} -->"
    before, found, after = page.partition(begin)
    _, ended, rest = after.partition(END)
    if not (found and ended):
        raise ValueError(f"write: the page must have {begin} and {END} after it, got neither or one")
    return f"{before}{begin}\n\n" + "\n".join(lines) + f"\n\n{END}{rest}"


def _cells(name: str, obeyed: Sequence[str], control: CodedControl, composed: Composed) -> list[str]:
    scores = [
        [value for value in quality(control, measure, composed) if value is not None] for measure in control.quality.values()
    ]
    return [name, *obeyed, *("–" if not own else _short(fmean(own)) for own in scores)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _short(figure: float) -> str:
    return f"{figure:.2f}" if abs(figure) < 10 else f"{figure:.1f}"


if __name__ == "__main__":
    main()
