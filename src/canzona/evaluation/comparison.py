"""Whether two systems differ: the bootstrap of a difference of means, and what many questions at once leave of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from canzona.evaluation.bootstrap import interval, resamples

FEWEST_SONGS = 6
"""Of fewer songs, or pairs of songs, resamples say too little."""
LEAST_SHARED = 0.5
"""Sets are compared song by song where at least this share of the smaller one has namesakes in the other."""
SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Difference:
    """A system less another by one metric.

    Attributes:
        mean: of the differences.
        low, high: ends of its 95 % interval.
        n: pairs of songs, or songs of the smaller set.
        p: of a difference as far from 0 if there were none, 0 to 1.
        is_paired: whether songs of the same name were compared; else the sets are independent.
    """

    mean: float
    low: float
    high: float
    n: int
    p: float
    is_paired: bool

    @property
    def is_significant(self) -> bool:
        return self.p <= SIGNIFICANT


def difference_of(first: Mapping[str, float], second: Mapping[str, float], generator: np.random.Generator) -> Difference | None:
    """The mean of ``first`` less that of ``second``: song's name → figure; ``None`` for fewer than ``FEWEST_SONGS``.

    The interval is that of the percentiles, as of single figures; p is that of the studentised difference (Efron & Tibshirani,
    *An Introduction to the Bootstrap*, 1993, algorithm 16.2; of pairs the same with one set, their differences).
    """
    shared = sorted(first.keys() & second.keys())
    fewer = min(len(first), len(second))
    is_paired = bool(shared) and len(shared) >= LEAST_SHARED * fewer
    if (len(shared) if is_paired else fewer) < FEWEST_SONGS:
        return None
    if is_paired:
        sets = [np.array([first[name] - second[name] for name in shared])]
    else:
        sets = [np.array(list(first.values())), -np.array(list(second.values()))]
    mean = sum(float(values.mean()) for values in sets)
    error = np.sqrt(sum(values.var(ddof=1) / len(values) for values in sets))
    again = [_means_and_errors(values, generator) for values in sets]
    means = sum((mean for mean, _ in again), np.zeros(1))
    errors = np.sqrt(sum((variance for _, variance in again), np.zeros(1)))
    low, high = interval(means)
    as_far = _studentised(means - mean, errors) >= _studentised(np.array([mean]), np.array([error]))
    p = (1 + int(as_far.sum())) / (1 + len(means))
    return Difference(mean, low, high, min(map(len, sets)), p, is_paired)


def _means_and_errors(values: NDArray[np.float64], generator: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Of each resample: the mean, and its squared standard error."""
    blocks = [values[drawn] for drawn in resamples(len(values), generator)]
    means = np.concatenate([block.mean(1) for block in blocks])
    return means, np.concatenate([block.var(1, ddof=1) for block in blocks]) / len(values)


def _studentised(differences: NDArray[np.float64], errors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Absolute differences in standard errors; without any error 0 where there is no difference, else infinite."""
    sizes = np.abs(differences)
    without = np.where(sizes > 0, np.inf, 0.0)
    return np.divide(sizes, errors, out=without, where=errors > 0)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Each p as the family of all allows (Holm, *A Simple Sequentially Rejective Multiple Test Procedure*, 1979), 0 to 1."""
    adjusted, largest = {}, 0.0
    for rank, name in enumerate(sorted(p_values, key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[name]))
        adjusted[name] = largest
    return {name: adjusted[name] for name in p_values}


def adjusted(differences: Mapping[str, Difference]) -> dict[str, Difference]:
    """Differences of one system by many metrics, with Holm's p."""
    p_values = holm({name: difference.p for name, difference in differences.items()})
    return {name: replace(difference, p=p_values[name]) for name, difference in differences.items()}
