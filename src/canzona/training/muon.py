"""The optimiser of hidden matrices: momentum whose every direction is as strong as the others (Jordan et al., *Muon*, 2024).

It is PyTorch's own, but computes in the number format that the device is fast at: in bfloat16 on a processor without
instructions for it, this one product would take nine tenths of a training step.
"""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer

from canzona.model.precision import fast_dtype

QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients of the iteration, chosen by its authors so that small singular values grow fastest."""
ITERATIONS = 5
MOMENTUM = 0.95
ADAMW_SIZE = 0.2
"""Root mean square of an AdamW step at rate 1, which these steps are given too (Liu et al., *Muon is Scalable*, 2025)."""


class Muon(Optimizer):
    """Moves matrices by their orthogonalised Nesterov momentum, with decoupled weight decay."""

    def __init__(self, matrices: Iterable[Tensor], weight_decay: float) -> None:
        super().__init__(matrices, {"lr": 1e-3, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move every matrix that has a gradient."""
        for group in self.param_groups:
            rate = group["lr"]
            for matrix in group["params"]:
                if matrix.grad is None:
                    continue
                momentum = self.state[matrix].setdefault("momentum_buffer", torch.zeros_like(matrix))
                momentum.lerp_(matrix.grad, 1 - MOMENTUM)
                direction = orthogonal(matrix.grad.lerp(momentum, MOMENTUM))
                matrix.mul_(1 - rate * group["weight_decay"])
                matrix.add_(direction, alpha=-rate * ADAMW_SIZE * max(matrix.shape) ** 0.5)


def orthogonal(matrix: Tensor) -> Tensor:
    """About U Vᵀ of a matrix U S Vᵀ: its singular values come to lie between about .5 and 1.5 (Newton and Schulz's iteration).

    Args:
        matrix: (rows, columns).
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    x = wide.to(fast_dtype(matrix.device.type))
    x = x / x.norm().clamp(min=1e-7)
    a, b, c = QUINTIC
    for _ in range(ITERATIONS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x if wide is matrix else x.T).to(matrix.dtype)
