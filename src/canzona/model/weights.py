"""Weight files: safetensors with the level's specification, the network's configuration and its figures inside.

``save_weights`` and ``load_weights`` are inverses, but for the rounding to half precision.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from canzona.io.files import atomic_write
from canzona.model.config import ModelConfig
from canzona.model.diffusion import NoiseSchedule
from canzona.model.network import FrameTransformer
from canzona.model.tensor_file import filled

FORMAT = "canzona-weights-1"


@dataclass(frozen=True)
class WeightsCard:
    """What a weight file says of itself.

    Attributes:
        level: name of the level it composes.
        specification: what the level's images look like; a file made for another specification is refused.
        config: the network's shape.
        schedule: the noise levels it was trained for.
        version: of Canzona when it was written.
        training: how it was trained and how it scored.
    """

    level: str
    specification: str
    config: ModelConfig
    schedule: NoiseSchedule
    version: str
    training: Mapping[str, Any] = field(default_factory=dict)


def save_weights(path: Path, network: FrameTransformer, card: WeightsCard) -> int:
    """Write weights in bfloat16, atomically.

    Returns:
        Bytes written.
    """
    tensors = {name: value.detach().to("cpu", torch.bfloat16).contiguous() for name, value in network.state_dict().items()}
    metadata = {
        "format": FORMAT,
        "level": card.level,
        "specification": card.specification,
        "config": json.dumps(card.config.to_dict()),
        "schedule": json.dumps(vars(card.schedule)),
        "version": card.version,
        "training": json.dumps(dict(card.training)),
    }
    data = save(tensors, metadata)
    atomic_write(path, data)
    return len(data)


def read_card(path: Path) -> WeightsCard:
    """What the file says of itself, without its tensors.

    Raises:
        ValueError: where it is no weight file.
        OSError: where it cannot be read.
    """
    path.open("rb").close()  # where it cannot be read, this error names it
    try:
        with safe_open(path, framework="pt") as file:
            return _card(path, file.metadata() or {})
    except SafetensorError as error:
        raise ValueError(f"weights: {path} is damaged ({error})") from None


def load_weights(
    path: Path, level: str, specification: str, dtype: torch.dtype = torch.float32
) -> tuple[FrameTransformer, WeightsCard]:
    """A network with the file's weights, ready to denoise.

    Args:
        path: the file.
        level, specification: what it must have been trained for.
        dtype: of the network's parameters.

    Raises:
        ValueError: where the file is damaged, or made for another level or specification.
        OSError: where it cannot be read.
    """
    card = read_card(path)
    tensors = read_tensors(path, level, specification)
    own = {name: value.to(dtype) for name, value in tensors.items()}
    return filled(lambda: FrameTransformer(card.config), own, "weights", str(path)), card


def read_tensors(path: Path, level: str, specification: str) -> dict[str, torch.Tensor]:
    """A file's tensors by name, whatever network they are for; arguments and errors as of ``load_weights``."""
    card = read_card(path)
    for name, wanted, found in (("level", level, card.level), ("specification", specification, card.specification)):
        if wanted != found:
            raise ValueError(f"weights: {path} has {name} {found!r}, must have {wanted!r}")
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except SafetensorError as error:
        raise ValueError(f"weights: {path} is damaged ({error})") from None


def _card(path: Path, metadata: Mapping[str, str]) -> WeightsCard:
    if metadata.get("format") != FORMAT:
        raise ValueError(f"weights: {path} must be a {FORMAT} file, got {metadata.get('format')!r}")
    try:
        training = json.loads(metadata["training"])
        if not isinstance(training, dict):
            raise TypeError(f"training: must be figures by name, got {type(training).__name__}")
        return WeightsCard(
            level=metadata["level"],
            specification=metadata["specification"],
            config=ModelConfig.from_dict(json.loads(metadata["config"])),
            schedule=NoiseSchedule(**json.loads(metadata["schedule"])),
            version=metadata["version"],
            training=training,
        )
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"weights: {path} has unreadable metadata ({error})") from None
