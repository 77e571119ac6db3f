"""A voice that draws a line: what it begins lies on a scale of steps, such as pitches, and moves from one to the next.

How far a line moves matters more than where it is, and a network whose tokens are frames would have to learn that for every
pitch anew, with the last note some frames away. So it is told, in every frame, what the voice began last and what it begins
next, as far as its own estimate and known music say, and how far these lie from what begins now; and beside its log-odds it
gives those of an interval from the one and to the other. A figure can so be copied to any pitch.

What a voice does comes again after a bar or a few. So every frame is also told what the voice does some lags before and after
it, and gives each lag weights: that it rests, holds or begins as there, by the same interval, or the same item.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from canzona.model.states import VoiceShape, at_lags

FARTHEST = 12
"""Steps of the widest interval that is told apart."""
INTERVALS = 2 * FARTHEST + 1


@dataclass(frozen=True)
class Heard:
    """What a voice on a line does in every frame, as far as its own estimate and known music say.

    Attributes:
        others: (batch, frames, states) probabilities of the states that are not on the line, such as rest and hold.
        begins: (batch, frames, items) probabilities of the items on the line. All states together give 1, or 0 where nothing is
            said.
        near: (batch, frames, 2, items) what began last and begins next, as ``neighbours`` has it.
        moves: (batch, frames, 2, intervals) probabilities that an item begins so far from these.
    """

    others: Tensor
    begins: Tensor
    near: Tensor
    moves: Tensor


def heard(points: Tensor, table: Tensor, items: int, dtype: torch.dtype) -> Heard:
    """Read the estimate of a voice's points, (batch, frames, size), all 0 where nothing is said, by the table of its states."""
    count = len(table) - items
    others = (points[..., :count] / table.diagonal()[:count]).clamp(0, 1)
    begins = (points[..., -items:] / table[-1, -1]).clamp(0, 1)
    near = neighbours(begins, (points == 0).all(-1)).to(dtype)
    begins = begins.to(dtype)
    return Heard(others.to(dtype), begins, near, torch.einsum("bti,btnir->btnr", begins, _shifted(near)))


class Line(nn.Module):
    """Tells every frame its neighbours on one voice's line and what lies some lags away; adds log-odds from these."""

    def __init__(self, shape: VoiceShape, width: int) -> None:
        super().__init__()
        self.items, self.others, self.lags = shape.line, shape.states - shape.line, shape.lags
        self.read = nn.Linear(2 * self.items, width, bias=False)
        self.read_intervals = nn.Linear(2 * INTERVALS, width, bias=False)
        self.intervals = nn.Linear(width, 2 * INTERVALS)
        layers = [self.read, self.read_intervals, self.intervals]
        if self.lags:
            self.read_lags = nn.Linear(len(self.lags) * (self.others + 1 + INTERVALS), width, bias=False)
            self.lag_weights = nn.Linear(width, len(self.lags) * (self.others + 3))
            layers += [self.read_lags, self.lag_weights]
        for layer in layers:
            nn.init.zeros_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def features(self, own: Heard) -> Tensor:
        """(batch, frames, width) of what is told to each frame."""
        told = self.read(own.near.flatten(2)) + self.read_intervals(own.moves.flatten(2))
        if not self.lags:
            return told
        return told + self.read_lags(at_lags(self._rhythm_and_moves(own), self.lags).flatten(2))

    def logits(self, hidden: Tensor, own: Heard) -> Tensor:
        """(batch, frames, width) features → (batch, frames, states) log-odds to be added to those of the voice."""
        weights = self.intervals(hidden).unflatten(-1, (2, INTERVALS))
        states = hidden.new_zeros(*hidden.shape[:2], self.others + self.items)
        if self.lags:
            by_lag = self.lag_weights(hidden).unflatten(-1, (len(self.lags), self.others + 3))
            rhythm_weights, (by_interval, by_item) = by_lag[..., :-2], by_lag[..., -2:].unbind(-1)
            rhythm, moves = at_lags(self._rhythm_and_moves(own), self.lags).split([self.others + 1, INTERVALS], dim=-1)
            kinds = (rhythm * rhythm_weights).sum(2)
            again = torch.einsum("btl,btli->bti", by_item, at_lags(own.begins, self.lags))
            states = torch.cat([kinds[..., :-1], kinds[..., -1:] + again], dim=-1)
            from_last = torch.einsum("btl,btlr->btr", by_interval, moves)
            weights = weights + torch.stack([from_last, torch.zeros_like(from_last)], dim=2)
        return states + functional.pad(torch.einsum("btnir,btnr->bti", _shifted(own.near), weights), (self.others, 0))

    def _rhythm_and_moves(self, own: Heard) -> Tensor:
        """(batch, frames, others + 1 + intervals): the other states, that something begins, and how far from the last."""
        return torch.cat([own.others, own.begins.sum(-1, keepdim=True), own.moves[:, :, 0]], dim=-1)


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
