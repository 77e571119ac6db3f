"""Exponential moving average of weights."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel


def moving_average(network: nn.Module, decay: float) -> AveragedModel:
    """An average of the network's weights, updated by its ``update_parameters``.

    The decay rises from 0 as (1 + n)/(10 + n) over the first updates, so that early weights are soon forgotten.

    Args:
        network: what is averaged.
        decay: share of the old average that an update keeps in the long run, below 1.
    """

    def update(averages: Sequence[Tensor], weights: Sequence[Tensor], updates: Tensor | int) -> None:
        count = int(updates)
        keep = min(decay, (1 + count) / (10 + count))
        torch._foreach_lerp_(list(averages), list(weights), 1 - keep)  # type: ignore[attr-defined]

    return AveragedModel(network, multi_avg_fn=update)  # type: ignore[arg-type]
