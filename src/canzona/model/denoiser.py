"""A network made into a denoiser: scaled, guided and told what is known."""

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from canzona.model.conditioning import DROPPABLE, Conditions, concatenate
from canzona.model.config import ModelConfig
from canzona.model.diffusion import clean_estimate, input_scale, likelihood_logits, noise_label
from canzona.model.unet import UNet

LARGEST_WEIGHT = 10


@dataclass(frozen=True)
class Guidance:
    """How strongly each condition pulls: 0 ignores it, 1 is the model's own belief, more exaggerates it.

    Classifier-free guidance (Ho & Salimans 2022), one weight a condition, in log-odds: with ℓ the pixel's log-odds under all
    conditions and ℓ₋ᵢ those without condition i, the guided ones are ℓ + Σᵢ (wᵢ − 1)(ℓ − ℓ₋ᵢ). A weight of 1 costs nothing;
    every other costs one more pass through the network. A weight may differ in time: a tensor (batch, frames).
    """

    background: float | Tensor = 1.0  # coarser levels
    reference: float | Tensor = 1.0  # the same bar of an earlier phrase
    context: float | Tensor = 1.0  # earlier passages
    external: float | Tensor = 1.0  # external codes

    def __post_init__(self) -> None:
        for entry in fields(self):
            weight = torch.as_tensor(getattr(self, entry.name))
            if not bool(((weight >= 0) & (weight <= LARGEST_WEIGHT)).all()):
                given = f"{weight.min():g}" if weight.min() < 0 else f"{weight.max():g}"
                raise ValueError(f"guidance on {entry.name}: must be 0 to {LARGEST_WEIGHT}, got {given}")

    def active(self) -> dict[str, float | Tensor]:
        """The conditions whose weight is not 1."""
        weights = {name: getattr(self, name) for name in DROPPABLE}
        return {name: weight for name, weight in weights.items() if bool((torch.as_tensor(weight) != 1.0).any())}


class Denoiser(nn.Module):
    """``denoise(x, sigma, conditions) → clean estimate``: the contract between models and samplers."""

    def __init__(self, network: UNet) -> None:
        super().__init__()
        self.network = network

    @property
    def config(self) -> ModelConfig:
        return self.network.config

    def logits(self, x: Tensor, sigma: Tensor, conditions: Conditions) -> Tensor:
        """Log-odds of every pixel, unguided.

        Args:
            x: (batch, own, frames, rows) noisy image, single precision.
            sigma: (batch,) noise levels.
            conditions: of the network's floating-point type.
        """
        column = sigma[:, None, None, None]
        scaled = (x * input_scale(column)).to(conditions.known.dtype)
        output = self.network(scaled, noise_label(sigma), conditions).float()
        return output + likelihood_logits(x, column, self.config.graded_channels)

    def denoise(self, x: Tensor, sigma: Tensor, conditions: Conditions, guidance: Guidance | None = None) -> Tensor:
        """The expected clean image, from −1 to 1, of the shape of ``x``; what is known comes back as known.

        Args:
            x: (batch, own, frames, rows) noisy image.
            sigma: noise level, a scalar tensor.
            conditions: what is known of these windows.
            guidance: weights of the conditions; ``None`` weighs each by 1.
        """
        weights = (guidance or Guidance()).active()
        if conditions.external is None:
            weights.pop("external", None)
        variants = [conditions, *(conditions.also_without(name) for name in weights)]
        copies = len(variants)
        joined = concatenate(variants) if copies > 1 else conditions
        logits, *without = self.logits(x.repeat(copies, 1, 1, 1), sigma.to(x.device).expand(copies * len(x)), joined).chunk(
            copies
        )
        guided = logits
        for weight, absent in zip(weights.values(), without, strict=True):
            factor = weight[:, None, :, None].to(logits.device) if isinstance(weight, Tensor) else weight
            guided = guided + (factor - 1) * (logits - absent)
        if conditions.evidence is not None:
            guided = guided + conditions.evidence
        return torch.where(conditions.known_mask > 0.5, conditions.known.float(), clean_estimate(guided))
