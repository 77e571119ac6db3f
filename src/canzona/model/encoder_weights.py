"""Files of encoders: several autoencoders in one safetensors file, each with its card in the metadata.

``write_encoders`` and ``read_encoders`` are inverses, but for the rounding to half precision.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from canzona.io.files import atomic_write
from canzona.model.encoder import Autoencoder, AutoencoderConfig
from canzona.model.tensor_file import filled, one_line, unpacked

FORMAT = "canzona-encoders-1"


@dataclass(frozen=True)
class EncoderCard:
    """What a file says of one encoder.

    Attributes:
        name: which encoder.
        seed_number: which of its training runs.
        specification: what its inputs look like; an encoder made for another specification is refused.
        config: the networks' shape.
        version: of Canzona when it was written.
        training: how it was trained and how it scored.
    """

    name: str
    seed_number: int
    specification: str
    config: AutoencoderConfig
    version: str
    training: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TrainedEncoder:
    """An encoder with its decoder, and its card."""

    card: EncoderCard
    network: Autoencoder


def encoders_to_bytes(encoders: Iterable[TrainedEncoder]) -> bytes:
    """The contents of a file of these encoders, in bfloat16; (name, seed number) must differ."""
    tensors, cards = {}, []
    for encoder in encoders:
        card = encoder.card
        cards.append(vars(card) | {"config": card.config.to_dict(), "training": dict(card.training)})
        for name, value in encoder.network.state_dict().items():
            tensors[_prefix(card) + name] = value.detach().to("cpu", torch.bfloat16).contiguous()
    return save(tensors, {"format": FORMAT, "encoders": json.dumps(cards)})


def write_encoders(path: Path, encoders: Iterable[TrainedEncoder]) -> int:
    """Write a file of these encoders atomically.

    Returns:
        Bytes written.
    """
    data = encoders_to_bytes(encoders)
    atomic_write(path, data)
    return len(data)


def read_encoders(path: Path) -> list[TrainedEncoder]:
    """All encoders of a file, in single precision, ready to encode.

    Raises:
        ValueError: where the file is damaged or no file of encoders.
        OSError: where it cannot be read.
    """
    return encoders_from_bytes(path.read_bytes(), str(path))


def encoders_from_bytes(data: bytes, source: str) -> list[TrainedEncoder]:
    """The encoders of a file's contents; ``source`` names the file in errors.

    Raises:
        ValueError: where it is damaged or no file of encoders.
    """
    tensors, metadata = unpacked(data, FORMAT, "encoders", source)
    try:
        cards = [_card(entry) for entry in json.loads(metadata["encoders"])]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"encoders: {source} has unreadable metadata ({one_line(error)})") from None
    return [TrainedEncoder(card, _network(card, tensors, source)) for card in cards]


def _network(card: EncoderCard, tensors: Mapping[str, torch.Tensor], source: str) -> Autoencoder:
    prefix = _prefix(card)
    own = {name.removeprefix(prefix): value.float() for name, value in tensors.items() if name.startswith(prefix)}
    return filled(lambda: Autoencoder(card.config), own, "encoders", source)


def _card(entry: dict[str, object]) -> EncoderCard:
    card = EncoderCard(**entry | {"config": AutoencoderConfig(**entry["config"])})  # type: ignore[arg-type]
    for name, kind in (("name", str), ("seed_number", int), ("specification", str), ("version", str), ("training", dict)):
        if not isinstance(getattr(card, name), kind):
            raise TypeError(f"{name}: must be {kind.__name__}, got {getattr(card, name)!r}")
    return card


def _prefix(card: EncoderCard) -> str:
    return f"{card.name}.{card.seed_number}."
