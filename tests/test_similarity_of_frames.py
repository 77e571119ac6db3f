"""The similarity under the structure indicator, held against its definition worked out frame by frame."""

import numpy as np
import pytest
from numpy.typing import NDArray

from canzona.evaluation.structure import enhanced_similarity

SMOOTHED_FRAMES = 8
"""Four bars of two frames."""


def cosine(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def by_definition(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Every transposition smoothed along its diagonals, forwards and backwards; of all the highest; of that a quarter."""
    frames = len(chroma)
    heard = [row if row.any() else np.ones(12) for row in chroma]
    highest = np.zeros((frames, frames))
    for semitones in range(12):
        moved = [np.roll(row, semitones) for row in heard]
        for first, second in np.ndindex(frames, frames):
            for step in (1, -1):
                places = [(first + step * k, second + step * k) for k in range(SMOOTHED_FRAMES)]
                within = [(i, j) for i, j in places if min(i, j) >= 0 and max(i, j) < frames]
                mean = sum(cosine(moved[i], heard[j]) for i, j in within) / SMOOTHED_FRAMES
                highest[first, second] = max(highest[first, second], mean)
    least, most = np.quantile(highest, 0.75), highest.max()
    kept = np.where(highest >= least, (highest - least) / (most - least), -2.0)
    np.fill_diagonal(kept, 1)
    return kept


def without_the_least(similarity: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rounding decides whether what lies on the threshold is kept, as 0, or not, as −2."""
    return np.where(np.abs(similarity) < 1e-9, -2.0, similarity)


@pytest.mark.parametrize("frames", [6, 14, 20])
def test_it_is_that_of_the_definition(frames: int) -> None:
    generator = np.random.default_rng(frames)
    chroma = (generator.integers(0, 5, (frames, 12)) * (generator.random((frames, 12)) < 0.4)).astype(np.float64)
    chroma[3] = 0  # a silent frame
    assert without_the_least(enhanced_similarity(chroma)) == pytest.approx(without_the_least(by_definition(chroma)))
