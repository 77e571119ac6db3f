"""The best way through a table of scores when changing one's mind costs something."""

import numpy as np
from numpy.typing import NDArray


def best_path(scores: NDArray[np.float64], change_cost: float | NDArray[np.float64]) -> list[int]:
    """The column to take in every row so that scores less the costs of changes are highest (Viterbi's algorithm).

    Args:
        scores: (rows, columns).
        change_cost: what taking another column than in the row before costs, 0 or more; or (columns, columns) what it costs to
            go from one to another.
    """
    change_costs = change_cost if isinstance(change_cost, np.ndarray) else change_cost * (1 - np.eye(scores.shape[1]))
    total, origins = scores[0], []
    for row in scores[1:]:
        reached = total[:, None] - change_costs
        origins.append(reached.argmax(axis=0))
        total = reached.max(axis=0) + row
    path = [int(total.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1]
