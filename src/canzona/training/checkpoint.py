"""A run on disk: all that it has learned, so that it can be taken up as if it had never been stopped.

``write_checkpoint`` and ``read_checkpoint`` are inverses, and so are ``learned`` and ``learn_again``.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from canzona.io.files import atomic_write
from canzona.model.network import FrameTransformer
from canzona.training.optimizer import Optimizers

CHECKPOINT, WEIGHTS, HISTORY = "checkpoint.safetensors", "weights.safetensors", "history.jsonl"
"""The files of a run's folder."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stands.

    Attributes:
        origin: what is trained, by name, such as level and specification: a run goes on only from a checkpoint of its own.
        step: steps done.
        seconds: wall clock used.
        figures: of the last validation, by name.
        tensors: what ``learned`` gave.
        settings: batch size, learning rate and seed of the run, and the digest of the encoders whose codes it learns, if any.
    """

    origin: Mapping[str, object]
    step: int
    seconds: float
    figures: Mapping[str, float]
    tensors: Mapping[str, Tensor]
    settings: Mapping[str, object] = field(default_factory=dict)


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint atomically."""
    progress = {
        "step": checkpoint.step,
        "seconds": checkpoint.seconds,
        "figures": dict(checkpoint.figures),
        "settings": dict(checkpoint.settings),
    }
    tensors = {name: value.detach().cpu().contiguous() for name, value in checkpoint.tensors.items()}
    atomic_write(path, save(tensors, {"facts": json.dumps(dict(checkpoint.origin) | progress)}))


def read_checkpoint(path: Path, origin: Mapping[str, object]) -> Checkpoint:
    """Read a checkpoint of a run with this origin.

    Raises:
        ValueError: where the file is damaged or has another origin.
        OSError: where it cannot be read.
    """
    path.open("rb").close()  # where it cannot be read, this error names it
    with refusing_damage(path), safe_open(path, framework="pt") as file:
        facts = _facts(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    for name, wanted in json.loads(json.dumps(dict(origin))).items():
        if facts.get(name) != wanted:
            raise ValueError(f"resume: {path} has {name} {facts.get(name)!r}, must have {wanted!r}")
    with refusing_damage(path):
        figures, settings = dict(facts.get("figures", {})), dict(facts.get("settings", {}))
        return Checkpoint(origin, int(facts["step"]), float(facts["seconds"]), figures, tensors, settings)


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of a checkpoint's run, as ``Checkpoint`` has them; empty where it does not say.

    Raises:
        ValueError: where the file is damaged.
        OSError: where it cannot be read.
    """
    path.open("rb").close()
    with refusing_damage(path), safe_open(path, framework="pt") as file:
        return dict(_facts(file.metadata()).get("settings", {}))


def _facts(metadata: Mapping[str, str] | None) -> dict[str, Any]:
    return dict(json.loads((metadata or {}).get("facts", "{}")))


def read_history(path: Path, until_step: int) -> list[str]:
    """Lines of a run's history up to a step, for it may be ahead of a checkpoint; none where there is no history.

    Raises:
        ValueError, KeyError, TypeError: where it is damaged.
    """
    lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
    return [line for line in lines if json.loads(line)["step"] <= until_step]


@contextmanager
def refusing_damage(path: Path) -> Iterator[None]:
    """Whatever can go wrong within the block is put down to a damaged checkpoint, in one line that names it."""
    try:
        yield
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"resume: {path} is damaged ({' '.join(str(error).split())})") from None


def learned(
    network: FrameTransformer, average: AveragedModel, optimizers: Optimizers, generator: torch.Generator
) -> dict[str, Tensor]:
    """All that a run's steps have changed, by name."""
    tensors = {f"network.{name}": value for name, value in network.state_dict().items()}
    tensors |= {f"average.{name}": value for name, value in average.state_dict().items()}
    tensors |= {f"optimizer.{name}": value for name, value in optimizers.state().items()}
    return tensors | {"generator": generator.get_state()}


def learn_again(
    tensors: Mapping[str, Tensor],
    network: FrameTransformer,
    average: AveragedModel,
    optimizers: Optimizers,
    generator: torch.Generator,
) -> None:
    """Put back what ``learned`` gave.

    Raises:
        KeyError, TypeError, ValueError, RuntimeError: where something is missing or does not fit.
    """

    def under(prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

    network.load_state_dict(under("network."))
    average.load_state_dict(under("average."))
    optimizers.restore(under("optimizer."))
    generator.set_state(tensors["generator"])
