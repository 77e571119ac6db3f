"""Many equal voices of few states, such as the keys of a piano, that are told what each of them does some frames away.

A key that holds goes on with what it did a frame before, and a figure comes again a bar later. A network whose tokens are
frames would have to carry that for every key through its features. So every key's log-odds also hear its own estimate, and what
is known of it, at some lags, by weights that the frame gives and that all keys share.
"""

import torch
from torch import Tensor, nn

from canzona.model.states import VoiceShape, at_lags


class Echo(nn.Module):
    """Adds log-odds to every voice from its own points some lags away."""

    def __init__(self, shape: VoiceShape, width: int) -> None:
        super().__init__()
        self.lags, self.sizes = shape.lags, (len(shape.lags), shape.size, shape.states)
        self.weights = nn.Linear(width, len(shape.lags) * shape.size * shape.states)
        nn.init.zeros_(self.weights.weight)
        nn.init.zeros_(self.weights.bias)

    def forward(self, hidden: Tensor, points: Tensor) -> Tensor:
        """(batch, frames, width) and (batch, frames, voices, size) points, 0 for nothing said → (…, voices, states)."""
        weights = self.weights(hidden).unflatten(-1, self.sizes)
        return torch.einsum("btlvd,btlds->btvs", at_lags(points, self.lags), weights)
