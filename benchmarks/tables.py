"""The table of figures in README.md and MODEL_CARD.md, written from a report, so that no figure is copied by hand.

    python benchmarks/tables.py report/report.json

Published figures stand in the last column; those measured in another way are in brackets.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from canzona.evaluation.metrics import ROWS, YARDSTICK, Row
from canzona.io.files import atomic_write

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- comparison -->\n", "<!-- /comparison -->"
TITLES = {
    "human": "human", "canzona": "Canzona", "flat": "flat diffusion", "remi": "REMI Transformer", "copy-bot": "copy-bot",
    "human-train": "human, training songs",
}  # fmt: skip
"""Systems in the order of the columns."""

Figures = Mapping[str, Mapping[str, Mapping[str, float] | None]]


def main() -> None:
    """Parse the options and rewrite the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("report", type=Path)
    options = parser.parse_args()
    figures: Figures = json.loads(options.report.read_text())
    for page, with_meaning in (("README.md", True), ("MODEL_CARD.md", False)):
        path = ROOT / page
        text = path.read_text(encoding="utf-8")
        before, after = text.split(BEGIN)[0], text.split(END)[1]
        table = "\n".join(lines(figures, with_meaning))
        atomic_write(path, f"{before}{BEGIN}\n{table}\n\n{END}{after}".encode())
        print(f"{page}: {table.count(chr(10)) - 1} rows")


def lines(figures: Figures, with_meaning: bool) -> list[str]:
    """A Markdown table: with meanings and means, or with means and intervals."""
    systems = [name for name in TITLES if name in figures]
    heads = ["figure", *(["meaning"] if with_meaning else []), *(TITLES[name] for name in systems), "published"]
    rows = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for row in ROWS:
        if row.group == YARDSTICK:
            continue
        cells = [shown(figures[name].get(row.name), with_interval=not with_meaning) for name in systems]
        meaning = [row.meaning.replace("*", "\\*")] if with_meaning else []
        rows.append(f"| {' | '.join([f'`{row.name}`', *meaning, *cells, published(row)])} |")
    return rows


def shown(figure: Mapping[str, float] | None, with_interval: bool) -> str:
    """``.884``, or with its interval ``.884 [.871, .896]``."""
    if figure is None:
        return "–"
    mean, low, high = (short(figure[name]) for name in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]" if with_interval else mean


def published(row: Row) -> str:
    """Systems and their figures, in brackets where they are those of another way of measuring."""
    said = ", ".join(f"{name} {short(figure)}" for name, figure in row.published.items())
    return said if row.same_as_published or not said else f"({said})"


def short(figure: float) -> str:
    """Three digits that count."""
    if abs(figure) < 1:
        return f"{figure:.3f}".replace("0.", ".", 1)
    return f"{figure:.2f}" if abs(figure) < 10 else f"{figure:.1f}"


if __name__ == "__main__":
    main()
