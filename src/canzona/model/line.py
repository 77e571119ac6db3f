"""A voice that draws a line: what it begins lies on a scale of steps, such as pitches, and moves from one to the next.

How far a line moves matters more than where it is, and a network whose tokens are frames would have to learn that for every
pitch anew, with the last note some frames away. So it is told, in every frame, what the voice began last and what it begins
next, as far as its own estimate and known music say, and how far these lie from what begins now; and beside its log-odds it
gives those of an interval from the one and to the other. A figure can so be copied to any pitch.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from canzona.model.states import VoiceShape

FARTHEST = 12
"""Steps of the widest interval that is told apart."""
INTERVALS = 2 * FARTHEST + 1


class Line(nn.Module):
    """Reads the neighbours of every frame on one voice's line, and adds log-odds of the intervals to them."""

    def __init__(self, shape: VoiceShape, width: int) -> None:
        super().__init__()
        self.items = shape.line
        self.read = nn.Linear(2 * self.items, width, bias=False)
        self.read_intervals = nn.Linear(2 * INTERVALS, width, bias=False)
        self.intervals = nn.Linear(width, 2 * INTERVALS)
        for layer in (self.read, self.read_intervals, self.intervals):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.intervals.bias)

    def features(self, begins: Tensor, near: Tensor) -> Tensor:
        """(batch, frames, items) what begins, and its neighbours → (batch, frames, width)."""
        moves = torch.einsum("bti,btnir->btnr", begins, _shifted(near))
        return self.read(near.flatten(2)) + self.read_intervals(moves.flatten(2))

    def logits(self, hidden: Tensor, near: Tensor) -> Tensor:
        """(batch, frames, width) features and neighbours → (batch, frames, items) log-odds."""
        weights = self.intervals(hidden).unflatten(-1, (2, INTERVALS))
        return torch.einsum("btnir,btnr->bti", _shifted(near), weights)


def neighbours(begins: Tensor, blind: Tensor) -> Tensor:
    """What a voice began last before each frame, and what it begins next after it.

    Args:
        begins: (batch, frames, items) probabilities that an item begins, together at most 1 a frame.
        blind: (batch, frames) booleans, where nothing is said of the frame: what lies beyond is not told.

    Returns:
        (batch, frames, 2, items) probabilities; together less than 1 where it may be that nothing has begun yet.
    """
    frames = begins.shape[1]
    quiet = torch.log((1 - begins.sum(-1)).masked_fill(blind, 0).clamp(min=1e-6))
    since = functional.pad(quiet.cumsum(1), (1, 0))  # ln of the probability that nothing begins in the frames before
    earlier, later = since[:, :-1], since[:, 1:]
    between = torch.ones(frames, frames, dtype=torch.bool, device=begins.device).tril(-1)
    last = (earlier[:, :, None] - later[:, None, :]).masked_fill(~between, -torch.inf).exp()
    following = (earlier[:, None, :] - later[:, :, None]).masked_fill(~between.T, -torch.inf).exp()
    return torch.stack([last @ begins, following @ begins], dim=2)


def _shifted(near: Tensor) -> Tensor:
    """(batch, frames, 2, items) → (…, items, intervals): what lies so far from each item, from ``FARTHEST`` below to above."""
    return functional.pad(near, (FARTHEST, FARTHEST)).unfold(-1, INTERVALS, 1)
