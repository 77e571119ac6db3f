"""The noise schedule: which noise levels are trained on, which a sampler visits, and how a network is told them.

The diffusion is that of Karras et al. (*Elucidating the Design Space of Diffusion-Based Generative Models*, 2022, "EDM"):
x = y + σ n with n normal, a log-normal σ in training, and the network's input scaled by c_in = 1/√(σ² + σ_data²), its noise
level given as c_noise = ln(σ)/4. What the network gives and how it is trained is told in ``model/states.py``.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

SIGMA_DATA = 0.5
"""Standard deviation that a number of a clean point is taken to have."""

SMALLEST_SETTING, LARGEST_SETTING = 1e-4, 1e4


@dataclass(frozen=True)
class NoiseSchedule:
    """Which noise levels are trained on and which a sampler visits (EDM, table 1).

    Attributes:
        mean, deviation: of ln σ in training.
        sigma_min, sigma_max: the range that samplers walk; at ``sigma_max`` points are as good as lost in the noise, at
            ``sigma_min`` every state is certain.
        rho: curvature of the walk; larger takes smaller steps at small σ.
    """

    mean: float = 1.0
    deviation: float = 0.9
    sigma_min: float = 0.5
    sigma_max: float = 40.0
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
    """c_in: brings a noisy point to about unit variance (EDM, equation 7)."""
    return (sigma**2 + SIGMA_DATA**2).rsqrt()


def noise_label(sigma: Tensor) -> Tensor:
    """c_noise: the noise level as the network is told it (EDM, table 1)."""
    return sigma.log() / 4
