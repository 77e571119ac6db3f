"""Voices that are in one state at a time: how states are drawn as points in noise, and what a noisy point says about them.

A voice is a melody, a chord track, one key of a piano. At every frame it is in exactly one of its states (rest, hold, or one of
its items begins), and a state k is a point e_k. The diffusion is that of ``model/diffusion.py`` over these points, so the
likelihood of a noisy point is known exactly, ln p(x | k) = (e_k·x − |e_k|²/2)/σ² + const, and Bayes' rule gives

    P(k | x) = softmax(F_θ + (e_k·x − |e_k|²/2)/σ²),        D(x; σ) = Σ_k P(k | x) e_k

where F_θ, all that is left to learn, are the log-odds of the states given everything *but* the voice's own noisy point. The
loss is the cross-entropy of P. How far apart points lie says at which noise level a question is settled: near ones last.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from einops import rearrange
from torch import Tensor

MOST_EVIDENCE = 1e4


@dataclass(frozen=True)
class VoiceShape:
    """The shape of a part of an image: ``count`` voices of equal kind.

    Attributes:
        count: voices.
        states: of each.
        size: numbers that a point has.
        line: how many of the last states lie on a line, a step apart, as pitches do; 0 for none. Each has one of the last
            numbers of a point to itself, and each of the other states one of the first.
        items: how many of the last numbers of a point tell apart what a single voice can begin, where every frame is told what
            sounds in it; 0 where it is not. Then a hold is drawn by its number alone.
        lags: in frames, at which voices are told what they do themselves; before (negative) and after.
    """

    count: int
    states: int
    size: int
    line: int = field(default=0, compare=False)  # of the network, not of the images: weights without lines fit a level with one
    items: int = field(default=0, compare=False, kw_only=True)
    lags: tuple[int, ...] = field(default=(), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lags", tuple(self.lags))  # a list, where it comes from JSON

    @property
    def point_size(self) -> int:
        """Numbers of all voices' points."""
        return self.count * self.size

    @property
    def logit_size(self) -> int:
        """Log-odds of all voices' states."""
        return self.count * self.states


def split_points(x: Tensor, shapes: Sequence[VoiceShape]) -> list[Tensor]:
    """(batch, frames, points) → for every part, (batch, frames, voices, size)."""
    parts = x.split([shape.point_size for shape in shapes], dim=-1)
    return [rearrange(part, "b t (v d) -> b t v d", v=shape.count) for part, shape in zip(parts, shapes, strict=True)]


def split_logits(logits: Tensor, shapes: Sequence[VoiceShape]) -> list[Tensor]:
    """(batch, frames, log-odds) → for every part, (batch, frames, voices, states)."""
    parts = logits.split([shape.logit_size for shape in shapes], dim=-1)
    return [rearrange(part, "b t (v k) -> b t v k", v=shape.count) for part, shape in zip(parts, shapes, strict=True)]


def join(parts: Sequence[Tensor]) -> Tensor:
    """The inverse of ``split_points`` and ``split_logits``."""
    return torch.cat([part.flatten(2) for part in parts], dim=-1)


def at_lags(x: Tensor, lags: Sequence[int]) -> Tensor:
    """(batch, frames, …) → (batch, frames, lags, …): what lies so many frames later; 0 beyond the ends."""
    frames, farthest = x.shape[1], max(map(abs, lags))
    padded = torch.cat([beyond := x.new_zeros(x.shape[0], farthest, *x.shape[2:]), x, beyond], dim=1)
    return torch.stack([padded[:, farthest + lag : farthest + lag + frames] for lag in lags], dim=2)


def likelihood_logits(x: Tensor, points: Tensor, sigma: Tensor) -> Tensor:
    """(e_k·x − |e_k|²/2)/σ²: what a voice's own noisy point says about its states.

    Args:
        x: (batch, frames, voices, size) noisy points.
        points: (states, size).
        sigma: (batch,) noise levels.

    Returns:
        (batch, frames, voices, states), up to a constant: 0 for the nearest point, less for others.
    """
    scores = x @ points.T - points.square().sum(-1) / 2
    return ((scores - scores.amax(-1, keepdim=True)) / sigma[:, None, None, None] ** 2).clamp(min=-MOST_EVIDENCE)


def expected_points(logits: Tensor, points: Tensor) -> Tensor:
    """Σ_k P(k) e_k, the clean estimate: (batch, frames, voices, states) log-odds → (batch, frames, voices, size)."""
    return logits.softmax(-1) @ points


def cross_entropy(logits: Sequence[Tensor], states: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
    """Cross-entropy a frame that is to be composed, in nats, summed over its voices.

    Args:
        logits: for every part, (batch, frames, voices, states), likelihood included.
        states: for every part, (batch, frames, voices) whole numbers.
        weights: for every part, (batch, frames), 1 where it is to be composed, else 0.

    Returns:
        (batch,): a window with nothing to compose scores 0.
    """
    total = torch.zeros(len(weights[0]), device=weights[0].device)
    for own, state, weight in zip(logits, states, weights, strict=True):
        each = torch.nn.functional.cross_entropy(own.flatten(0, 2), state.flatten(), reduction="none")
        total = total + (each.view(state.shape).sum(-1) * weight).sum(1)
    return total / torch.stack(list(weights)).amax(0).sum(1).clamp(min=1)
