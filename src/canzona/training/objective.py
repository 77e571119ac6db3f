"""What a network is trained to make small: the cross-entropy of windows that were drawn and made noisy."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from canzona.model.denoiser import Denoiser
from canzona.model.precision import fast_autocast
from canzona.model.states import cross_entropy
from canzona.representation.window import Window


@dataclass(frozen=True)
class NoisyWindows:
    """A batch of windows for training.

    Attributes:
        window: what is known of each, and the truth.
        clean, noisy: (batch, frames, points), the truth as points, without and with noise.
        sigma: (batch,) noise levels.
        estimates: how many estimates the network makes before the one that counts, each in sight of the one before. A sampler
            hands on an estimate at every step, and a network that was only ever shown its first believes itself too readily.
    """

    window: Window
    clean: Tensor
    noisy: Tensor
    sigma: Tensor
    estimates: int

    def part(self, own: slice) -> "NoisyWindows":
        """These windows of the batch alone."""
        return _rows(self, own)


def _rows(value: Any, own: slice) -> Any:
    """The same with every tensor cut to these rows of the batch."""
    if isinstance(value, Tensor):
        return value[own]
    if isinstance(value, Mapping):
        return {name: _rows(entry, own) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_rows(entry, own) for entry in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{entry.name: _rows(getattr(value, entry.name), own) for entry in fields(value)})
    return value


class Objective(nn.Module):
    """The losses of windows as one module, so that its backward pass reaches every parameter by one way."""

    def __init__(self, denoiser: Denoiser) -> None:
        super().__init__()
        self.denoiser = denoiser

    def forward(self, batch: NoisyWindows) -> Tensor:
        """(batch,): cross-entropies in nats a frame."""
        window, clean, noisy, sigma = batch.window, batch.clean, batch.noisy, batch.sigma
        denoiser = self.denoiser
        estimate = torch.zeros_like(noisy)
        with fast_autocast(noisy.device):
            if batch.estimates:
                with torch.no_grad(), undisturbed(denoiser.network):
                    told = denoiser.told(window.conditions, clean)
                    for _ in range(batch.estimates):
                        estimate = denoiser.estimate(denoiser.logits(noisy, estimate, sigma, told))
            logits = denoiser.logits(noisy, estimate, sigma, denoiser.told(window.conditions, clean))
        return cross_entropy(logits, window.states, window.unknown.float().unbind(-1))


@contextmanager
def undisturbed(module: nn.Module) -> Iterator[None]:
    """The module as it composes, without dropout, whatever it does outside."""
    was_training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was_training)
