"""How a network's parameters are moved: matrices between features by Muon, all else by AdamW, each at the same rate."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer

from canzona.training.muon import Muon

HIDDEN = "blocks."
"""What names of the parameters between the input and the output begin with."""


class Optimizers:
    """Muon (Jordan et al., 2024) for the hidden matrices, AdamW for inputs, outputs and vectors; vectors do not decay.

    Muon's steps have the size of AdamW's (Liu et al., *Muon is Scalable for LLM Training*, 2025), so one rate serves both.
    """

    def __init__(self, network: nn.Module, weight_decay: float) -> None:
        """Optimisers of ``network``; parameters that need no gradient are left alone."""
        self.names: dict[Tensor, str] = {
            parameter: name for name, parameter in network.named_parameters() if parameter.requires_grad
        }
        kinds: dict[str, list[Tensor]] = {"hidden": [], "matrix": [], "vector": []}
        for parameter, name in self.names.items():
            kinds[_kind(name, parameter)].append(parameter)
        groups = [{"params": kinds["matrix"], "weight_decay": weight_decay}, {"params": kinds["vector"], "weight_decay": 0.0}]
        self.optimizers: tuple[Optimizer, ...] = (
            Muon(kinds["hidden"], weight_decay),
            AdamW(groups, betas=(0.9, 0.98), foreach=True),
        )

    def zero_grad(self) -> None:
        for optimizer in self.optimizers:
            optimizer.zero_grad(set_to_none=True)

    def step(self, rate: float) -> None:
        """Move every parameter by its gradient, at this learning rate."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step()

    def state(self) -> dict[str, Tensor]:
        """All that the optimisers remember, by parameter and kind. The inverse of ``restore``."""
        return {
            f"{self.names[parameter]}.{kind}": torch.as_tensor(value)
            for optimizer in self.optimizers
            for parameter, state in optimizer.state.items()
            for kind, value in state.items()
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Remember what ``state`` gave.

        Raises:
            KeyError, RuntimeError: where something does not fit.
        """
        for optimizer in self.optimizers:
            optimizer.state.clear()
        owners = {name: parameter for parameter, name in self.names.items()}
        optimizer_of = {
            parameter: optimizer
            for optimizer in self.optimizers
            for group in optimizer.param_groups
            for parameter in group["params"]
        }
        for entry, value in tensors.items():
            name, kind = entry.rsplit(".", 1)
            parameter = owners[name]
            kept = value.clone() if value.ndim == 0 else torch.empty_like(parameter).copy_(value)
            optimizer_of[parameter].state[parameter][kind] = kept
        if any(len({frozenset(state) for state in optimizer.state.values()}) > 1 for optimizer in self.optimizers):
            raise KeyError("optimizer: must remember the same of all parameters")


def _kind(name: str, parameter: Tensor) -> str:
    if parameter.ndim < 2 or name.endswith(("bias", "null", "place", "pace.weights")):
        return "vector"
    return "hidden" if name.startswith(HIDDEN) and "modulate" not in name else "matrix"
