"""The noise schedule, the clean-image estimate and the training loss.

The diffusion is that of Karras et al. (*Elucidating the Design Space of Diffusion-Based Generative Models*, 2022, "EDM"):
x = y + σ n with n normal, a log-normal σ in training, and the network's input scaled by c_in = 1/√(σ² + σ_data²), its noise
level given as c_noise = ln(σ)/4. The output differs, because piano rolls are binary. For a pixel y ∈ {−1, 1} the likelihood of
x is known exactly, ln p(x | 1) − ln p(x | −1) = 2x/σ², so Bayes' rule gives the clean estimate

    D(x; σ) = E[y | x] = 2 · sigmoid(F_θ(c_in x, c_noise) + 2x/σ²) − 1

where F_θ, all that is left to learn, is the log-odds of the pixel given everything *but* its own value. 2x/σ² takes the place
of EDM's c_skip x, and the loss is the cross-entropy of that estimate, whose minimum is the same conditional mean as the squared
error's but whose gradient does not vanish on rare pixels. Graded planes have no such likelihood; there the skip is left out.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

SIGMA_DATA = 1.0
"""Standard deviation that images of −1 and 1 are taken to have."""

LARGEST_LOGIT = 30.0
SMALLEST_SETTING, LARGEST_SETTING = 1e-4, 1e4


@dataclass(frozen=True)
class NoiseSchedule:
    """Which noise levels are trained on and which a sampler visits (EDM, table 1).

    Attributes:
        mean, deviation: of ln σ in training.
        sigma_min, sigma_max: the range that samplers walk; at ``sigma_max`` an image is as good as lost in the noise, at
            ``sigma_min`` each binary pixel is certain.
        rho: curvature of the walk; larger takes smaller steps at small σ.
    """

    mean: float = 0.9
    deviation: float = 1.3
    sigma_min: float = 0.2
    sigma_max: float = 60.0
    rho: float = 7.0

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= LARGEST_SETTING:
                raise ValueError(f"{entry.name}: must be a number of size {LARGEST_SETTING:g} at most, got {value!r}")
        for name, least in (("deviation", SMALLEST_SETTING), ("sigma_min", SMALLEST_SETTING), ("rho", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"{name}: must be {least:g} or more, got {getattr(self, name)}")
        if self.sigma_max <= self.sigma_min:
            raise ValueError(f"sigma_max: must be more than sigma_min {self.sigma_min}, got {self.sigma_max}")

    def draw(self, count: int, generator: torch.Generator, device: torch.device | None = None) -> Tensor:
        """(count,) training noise levels, stratified so that a batch covers the distribution evenly."""
        places = (
            torch.arange(count, device=generator.device) + torch.rand(count, generator=generator, device=generator.device)
        ) / count
        normal = torch.special.ndtri(places.clamp(1e-4, 1 - 1e-4))
        return (self.mean + self.deviation * normal).exp().to(device or generator.device)

    def walk(self, steps: int) -> Tensor:
        """(steps + 1,) noise levels from ``sigma_max`` down to ``sigma_min``, then 0 (EDM, equation 5).

        Raises:
            ValueError: for fewer than 2 steps.
        """
        if steps < 2:
            raise ValueError(f"steps: must be 2 or more, got {steps}")
        places = torch.linspace(0, 1, steps, dtype=torch.float64)
        low, high = self.sigma_min ** (1 / self.rho), self.sigma_max ** (1 / self.rho)
        return torch.cat([(high + places * (low - high)) ** self.rho, torch.zeros(1, dtype=torch.float64)]).float()


def input_scale(sigma: Tensor) -> Tensor:
    """c_in: brings a noisy image to unit variance (EDM, equation 7)."""
    return (sigma**2 + SIGMA_DATA**2).rsqrt()


def noise_label(sigma: Tensor) -> Tensor:
    """c_noise: the noise level as the network is told it (EDM, table 1)."""
    return sigma.log() / 4


def likelihood_logits(x: Tensor, sigma: Tensor, graded_channels: tuple[int, ...]) -> Tensor:
    """2x/σ²: what a pixel's own noisy value says about it, in log-odds; 0 for graded channels.

    Args:
        x: (batch, channels, frames, rows) noisy image.
        sigma: broadcastable to ``x``.
        graded_channels: channels whose clean values are not −1 or 1.
    """
    logits = (2 * x / sigma**2).clamp(-LARGEST_LOGIT, LARGEST_LOGIT)
    if graded_channels:
        binary = torch.ones(x.shape[1], device=x.device, dtype=x.dtype)
        binary[list(graded_channels)] = 0
        logits = logits * binary[:, None, None]
    return logits


def clean_estimate(logits: Tensor) -> Tensor:
    """Log-odds of "on" → expected value between −1 (off) and 1 (on)."""
    return 2 * torch.sigmoid(logits) - 1


def cross_entropy(logits: Tensor, clean: Tensor, weight: Tensor) -> Tensor:
    """Mean cross-entropy a pixel, in nats, over pixels of weight 1.

    Args:
        logits, clean, weight: (batch, channels, frames, rows); ``clean`` from −1 to 1, ``weight`` 0 or 1.

    Returns:
        (batch,): an image with no pixel to predict scores 0.
    """
    loss = functional.binary_cross_entropy_with_logits(logits, (clean + 1) / 2, reduction="none") * weight
    return loss.flatten(1).sum(1) / weight.flatten(1).sum(1).clamp(min=1)
