"""Deterministic few-step samplers. All they know of a model is ``denoise(x, sigma) → clean estimate``."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor

Denoise = Callable[[Tensor, Tensor], Tensor]
"""(noisy image, noise level as a scalar tensor) → expected clean image."""


def dpm_solver_2m(denoise: Denoise, noise: Tensor, sigmas: Tensor) -> Iterator[Tensor]:
    """DPM-Solver++(2M), multistep of second order (Lu et al., *DPM-Solver++*, 2022, algorithm 2), for x = y + σ n.

    With α = 1 and λ = −ln σ, a step over h = λ' − λ is x' = (σ'/σ) x + (1 − e^(−h)) D̂, where D̂ extrapolates this estimate and
    the last to the middle of the step. The first step has no last estimate and the last step goes to σ = 0: both are of first
    order. Noise has mean 0 and y + σ n that of y, so the first estimate, which is near it, is added before the first step.

    Args:
        denoise: the model.
        noise: standard normal, of the image's shape.
        sigmas: (steps + 1,) falling noise levels that end with 0.

    Yields:
        The image after each step; the last is the sample.
    """
    x = noise * sigmas[0]
    last_estimate: Tensor | None = None
    last_width = torch.zeros(())
    for sigma, next_sigma in pairwise(sigmas):
        estimate = denoise(x, sigma)
        if next_sigma == 0:
            x = estimate
        else:
            width = sigma.log() - next_sigma.log()
            if last_estimate is None:
                x, extrapolated = x + estimate, estimate
            else:
                reach = width / (2 * last_width)
                extrapolated = (1 + reach) * estimate - reach * last_estimate
            x = (next_sigma / sigma) * x - torch.expm1(-width) * extrapolated
            last_estimate, last_width = estimate, width
        yield x
