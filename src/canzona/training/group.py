"""The processes that train one network together, each with its own part of every batch; on their own, a group of one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Group:
    """One process of several that do the same steps with different windows.

    Attributes:
        rank: which, from 0; the first alone writes files.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def writes(self) -> bool:
        return self.rank == 0

    def part(self, batch_size: int) -> slice:
        """The places of a batch that are this process's own; those of all processes are all of it.

        Raises:
            ValueError: where a batch cannot be shared out evenly, as its mean would weigh windows differently.
        """
        if batch_size % self.size:
            raise ValueError(f"batch-size: must be a multiple of the {self.size} processes that train, got {batch_size}")
        own = batch_size // self.size
        return slice(self.rank * own, (self.rank + 1) * own)

    def joined(self, network: nn.Module) -> nn.Module:
        """The network, whose gradients are the means over all processes after each backward pass."""
        if self.size == 1:
            return network
        return DistributedDataParallel(network, find_unused_parameters=True)

    def mean(self, value: Tensor) -> Tensor:
        """The mean over all processes, the same in each."""
        if self.size == 1:
            return value
        total = value.detach().clone()
        distributed.all_reduce(total)
        return total / self.size

    def agreed(self, value: float, device: torch.device) -> float:
        """The first process's value, in each."""
        if self.size == 1:
            return value
        told = torch.tensor(value, dtype=torch.float64, device=device)
        distributed.broadcast(told, 0)
        return told.item()

    def any(self, here: bool, device: torch.device) -> bool:
        """Whether it is so in any process."""
        return here if self.size == 1 else bool(self.mean(torch.tensor(float(here), device=device)) > 0)


def started_here() -> int:
    """How many processes ``torchrun`` started on this machine, which share its processors; 1 without it."""
    return int(os.environ["LOCAL_WORLD_SIZE"]) if distributed.is_torchelastic_launched() else 1


@contextmanager
def joined_group(device: torch.device) -> Iterator[tuple[Group, torch.device]]:
    """The group that ``torchrun`` started this process in, and where it trains; a group of one where nothing did.

    Gradients travel by NCCL between graphics cards, one a process, else by Gloo.
    """
    if not distributed.is_torchelastic_launched():
        yield Group(), device
        return
    on_cpu = device.type == "cpu"
    own = device if on_cpu else torch.device(device.type, int(os.environ["LOCAL_RANK"]))
    if not on_cpu:
        torch.cuda.set_device(own)
    distributed.init_process_group("gloo" if on_cpu else "nccl")
    try:
        yield Group(distributed.get_rank(), distributed.get_world_size()), own
    finally:
        distributed.destroy_process_group()
