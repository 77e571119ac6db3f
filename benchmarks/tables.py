"""The table of figures in README.md and MODEL_CARD.md, written from a report, so that no figure is copied by hand.

    python benchmarks/tables.py report/report.json

Beside the systems stand those that differ from one of them, what others published, which was measured in another way, and what
songs that others published give when they are measured here.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from canzona.evaluation.comparison import SIGNIFICANT
from canzona.evaluation.metrics import ROWS, YARDSTICK, Anchor
from canzona.evaluation.report.tables import ANCHORS
from canzona.io.files import atomic_write

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- comparison -->\n", "<!-- /comparison -->"
TITLES = {
    "human": "human", "canzona": "Canzona", "flat": "flat diffusion", "remi": "REMI Transformer", "copy-bot": "copy-bot",
    "human-train": "human, training songs",
}  # fmt: skip
"""Systems in the order of the columns."""

Figures = Mapping[str, Mapping[str, Mapping[str, Any] | None]]


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
    compared = sorted(
        {figure["difference"]["to"] for name in systems for figure in figures[name].values() if is_compared(figure)}
    )
    titles = [f"{TITLES[name]} ({most(figures[name])})" for name in systems]
    differing = [f"differs from {TITLES.get(name, name)}" for name in compared]
    heads = ["figure", *(["meaning"] if with_meaning else []), *titles, *differing, *ANCHORS]
    rows = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    for row in ROWS:
        if row.group == YARDSTICK:
            continue
        cells = [shown(figures[name].get(row.name), with_interval=not with_meaning) for name in systems]
        meaning = [row.meaning.replace("*", "\\*")] if with_meaning else []
        plain = [differing_systems({name: figures[name].get(row.name) for name in systems})] if compared else []
        beside = [*plain, anchored(row.published), anchored(row.measured)]
        rows.append(f"| {' | '.join([f'`{row.name}`', *meaning, *cells, *beside])} |")
    return rows


def most(figures: Mapping[str, Mapping[str, Any] | None]) -> int:
    """How many songs of a system were measured."""
    return max((figure["n"] for figure in figures.values() if figure is not None), default=0)


def is_compared(figure: Mapping[str, Any] | None) -> TypeGuard[Mapping[str, Any]]:
    """Whether a figure says how far it is from that of another system."""
    return figure is not None and "difference" in figure


def differing_systems(figures: Mapping[str, Mapping[str, Any] | None]) -> str:
    """The systems whose figures differ plainly, with the direction: ``flat diffusion ▼``."""
    found = []
    for name, figure in figures.items():
        if figure is not None and is_compared(figure) and figure["difference"]["p"] <= SIGNIFICANT:
            found.append(f"{TITLES[name]} {'▲' if figure['difference']['mean'] > 0 else '▼'}")
    return ", ".join(found)


def shown(figure: Mapping[str, float] | None, with_interval: bool) -> str:
    """``.884``, or with its interval ``.884 [.871, .896]``."""
    if figure is None:
        return "–"
    mean, low, high = (short(figure[name]) for name in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]" if with_interval else mean


def anchored(anchor: Anchor | None) -> str:
    """Others' systems and their figures, with where they come from."""
    if anchor is None:
        return ""
    return ", ".join(f"{name} {short(figure)}" for name, figure in anchor.figures.items()) + f" ({anchor.source})"


def short(figure: float) -> str:
    """Three digits that count."""
    if abs(figure) < 1:
        return f"{figure:.3f}".replace("0.", ".", 1)
    return f"{figure:.2f}" if abs(figure) < 10 else f"{figure:.1f}"


if __name__ == "__main__":
    main()
