"""How sure a mean over songs is: percentile bootstrap (Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 10_000
CONFIDENCE = 0.95
MOST_NUMBERS_AT_ONCE = 500_000
"""Resamples are drawn in blocks of at most so many songs in all, so that memory does not grow with the number of songs."""


@dataclass(frozen=True)
class Figure:
    """One metric over the songs of a system.

    Attributes:
        mean: over the songs that were scored.
        low, high: ends of its 95 % interval.
        n: songs scored; those that the metric does not fit are left out.
    """

    mean: float
    low: float
    high: float
    n: int


def figure_of(values: Sequence[float], generator: np.random.Generator) -> Figure | None:
    """The mean of ``values`` with its interval, or ``None`` where there are none."""
    if not len(values):
        return None
    low, high = interval(_resampled_means(values, generator))
    return Figure(float(np.mean(values)), low, high, len(values))


def interval(resampled: np.ndarray, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The middle share ``confidence`` of a statistic's resamples."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return float(low), float(high)


def resamples(songs: int, generator: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """``RESAMPLES`` times the numbers of as many songs as there are, drawn with replacement, some resamples at a time."""
    rows = max(1, MOST_NUMBERS_AT_ONCE // songs)
    for start in range(0, RESAMPLES, rows):
        yield generator.integers(songs, size=(min(rows, RESAMPLES - start), songs))


def _resampled_means(values: Sequence[float], generator: np.random.Generator) -> NDArray[np.float64]:
    """(``RESAMPLES``,) means over the songs of each resample."""
    figures = np.asarray(values, dtype=np.float64)
    return np.concatenate([figures[drawn].mean(1) for drawn in resamples(len(figures), generator)])
