"""Whether the order of systems depends on the encoder by which they were compared."""

from collections.abc import Mapping
from itertools import combinations

from canzona.evaluation.bootstrap import Figure
from canzona.evaluation.latent import ASPECTS
from canzona.evaluation.metrics import YARDSTICKS

Figures = Mapping[str, Mapping[str, Figure | None]]


def ranking_notes(figures: Figures) -> tuple[str, ...]:
    """One sentence an aspect of ILS*; none where fewer than two systems or two yardsticks were measured.

    Two systems change places where one is above the other by one yardstick and below it by another. That is plain where, by
    both of them, their intervals do not overlap; else the songs are too few to tell the two apart.
    """
    return tuple(note for aspect in ASPECTS if (note := _note(figures, aspect)) is not None)


def _note(figures: Figures, aspect: str) -> str | None:
    names = [f"ils_{aspect}{ending}" for ending in YARDSTICKS]
    measured = [name for name in names if any(by_metric.get(name) is not None for by_metric in figures.values())]
    systems = [system for system, by_metric in figures.items() if all(by_metric.get(name) is not None for name in measured)]
    if len(measured) < 2 or len(systems) < 2:
        return None
    swapped, plain = [], []
    for first, second in combinations(systems, 2):
        orders = [_order(figures[first][name], figures[second][name]) for name in measured]
        if len({ahead for ahead, _ in orders}) > 1:
            pair = f"{first} and {second}"
            swapped.append(pair)
            if {ahead for ahead, clear in orders if clear} == {True, False}:
                plain.append(pair)
    by = f"The ranking by ils_{aspect}"
    if not swapped:
        return f"{by} is the same by all {len(measured)} yardsticks (two encoders and none)."
    if not plain:
        return f"{by} depends on the yardstick only for systems whose intervals overlap: {', '.join(swapped)}."
    return f"{by} depends on the yardstick: {', '.join(plain)} change places beyond their intervals."


def _order(first: Figure | None, second: Figure | None) -> tuple[bool, bool]:
    """Whether the first is ahead, and whether their intervals do not overlap."""
    assert first is not None
    assert second is not None
    return first.mean > second.mean, first.low > second.high or second.low > first.high
