"""The table of figures in the documents: what a report says, and others' figures as the metrics cite them."""

from pathlib import Path

import pytest

from canzona.evaluation.metrics import DIFFERENT, MEASURED, PUBLISHED, ROWS, YARDSTICK
from canzona.evaluation.report.tables import ANCHORS

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tables(benchmark):
    """The module that writes the table."""
    return benchmark("tables")


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


@pytest.mark.parametrize("page", ["README.md", "MODEL_CARD.md"])
def test_what_others_published_stands_with_its_source_and_apart_from_what_was_measured_here(page, tables):
    table = (ROOT / page).read_text(encoding="utf-8").split(tables.BEGIN)[1].split(tables.END)[0].strip().splitlines()
    assert tuple(cells(table[0])[-2:]) == ANCHORS
    told = {cells(line)[0].strip("`"): cells(line)[-2:] for line in table[2:]}
    for row in ROWS:
        if row.group != YARDSTICK:
            assert told[row.name] == [tables.anchored(row.published), tables.anchored(row.measured)]


def test_published_figures_are_cited_and_measured_ones_say_of_which_songs():
    names = {row.name for row in ROWS}
    assert PUBLISHED.keys() | MEASURED.keys() <= names
    assert all("arXiv" in anchor.source for anchor in PUBLISHED.values())
    assert all("songs" in anchor.source or "passages" in anchor.source for anchor in MEASURED.values())


def test_every_figure_that_differs_from_its_namesake_has_an_asterisk_and_the_readme_says_how():
    for prefix, mark in (("ils_", "ILS*"), ("si_", "SI*"), ("oa_", "OA*")):
        assert mark in DIFFERENT
        own = [row for row in ROWS if row.name.startswith(prefix) and not row.name.endswith("_numerator")]
        assert own
        assert all(mark in row.meaning for row in own)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert all(f"*{mark.replace('*', chr(92) + '*')}*" in readme for mark in DIFFERENT)


def test_a_report_becomes_a_table(tables):
    def figure(mean: float, n: int, difference: float | None = None, p: float = 0.01) -> dict:
        told = {} if difference is None else {"difference": {"to": "canzona", "mean": difference, "p": p}}
        return {"mean": mean, "low": mean - 0.1, "high": mean + 0.1, "n": n} | told

    figures = {
        "flat": {"groove": figure(0.25, 24, -0.25), "si_2_8": figure(0.3, 20, -0.1, 0.2)},
        "canzona": {"groove": figure(0.5, 24), "si_2_8": None},
        "human": {"groove": figure(15.25, 46, 14.75)},
    }
    heads, _, *rows = (cells(line) for line in tables.lines(figures, with_meaning=True))
    assert heads == ["figure", "meaning", "human (46)", "Canzona (24)", "flat diffusion (24)", "differs from Canzona", *ANCHORS]
    told = {row[0].strip("`"): row[2:] for row in rows}
    assert told["groove"] == ["15.2", ".500", ".250", "human ▲, flat diffusion ▼", "", ""]
    assert told["si_2_8"][:4] == ["–", "–", ".300", ""]
    assert told["si_2_8"][4].startswith("human .440, cascade .323, SFS .329 (arXiv 2510.05881")
    _, _, *rows = (cells(line) for line in tables.lines({"flat": {"groove": figure(0.25, 24)}}, with_meaning=False))
    assert next(row for row in rows if row[0] == "`groove`") == ["`groove`", ".250 [.150, .350]", "", ""]
