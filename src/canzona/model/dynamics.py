"""A small network that says how loud each note of a voice is played, and files of such networks.

Every note is described by a first layer; a second one sees the note again, its description and the mean descriptions of the
notes in several windows around it. ``dynamics_to_bytes`` and ``dynamics_from_bytes`` are inverses, but for the rounding to half
precision.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from canzona.model.tensor_file import filled, one_line, unpacked

FORMAT = "canzona-dynamics-1"
VELOCITY_UNIT = 10.0
"""Velocities in which the network counts, so that what it says is of the order of 1."""


@dataclass(frozen=True)
class PlayerConfig:
    """The shape of a network, and what it does not learn.

    Attributes:
        numbers: that are told of every note.
        windows: around every note.
        typical_velocity: the mean velocity of a voice.
        width: of both layers.
        dropout: share of what the second layer and the output see that is left out in training.
    """

    numbers: int
    windows: int
    typical_velocity: float
    width: int = 48
    dropout: float = 0.1


class Player(nn.Module):
    """The loudness of one voice's notes. Knows no tempo, no key and no other voice but by what it is told."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, config: PlayerConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("mean", torch.zeros(config.numbers))
        self.register_buffer("deviation", torch.ones(config.numbers))
        self.first = nn.Linear(config.numbers, config.width)
        self.again = nn.Linear(config.numbers, config.width)
        self.second = nn.Linear((1 + config.windows) * config.width, config.width)
        self.output = nn.Linear(config.width, 1)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, told: Tensor, windows: Tensor) -> Tensor:
        """How much louder each note is than others, in velocities from an arbitrary mean.

        Args:
            told: (notes, numbers).
            windows: (notes, windows, 2), the first note in each window and the first after it.

        Returns:
            Shape (notes,).
        """
        told = (told - self.mean) / self.deviation
        described = functional.gelu(self.first(told))
        seen = self.dropout(torch.cat([described, _window_means(described, windows)], dim=1))
        played = functional.gelu(self.second(seen) + self.again(told))
        return VELOCITY_UNIT * self.output(self.dropout(played))[:, 0]

    def velocities(self, told: Tensor, windows: Tensor) -> Tensor:
        """The velocity of each note of a whole voice, with the typical mean, not yet rounded; arguments as of ``forward``."""
        louder = self(told, windows)
        return self.config.typical_velocity + louder - louder.mean()


def _window_means(described: Tensor, windows: Tensor) -> Tensor:
    """(notes, width) and (notes, windows, 2) → (notes, windows · width), zeros for empty windows."""
    sums = functional.pad(described.cumsum(0), (0, 0, 1, 0))
    first, after = windows.unbind(-1)
    return ((sums[after] - sums[first]) / (after - first).clamp(min=1)[..., None]).flatten(1)


@dataclass(frozen=True)
class Dynamics:
    """The networks that play songs.

    Attributes:
        players: voice's name → its network.
        version: of Canzona when they were written.
        training: how they were trained and how they scored.
        digest: SHA-256 of the file that they came from, if any.
    """

    players: Mapping[str, Player]
    version: str
    training: Mapping[str, object] = field(default_factory=dict)
    digest: str | None = None


def dynamics_to_bytes(dynamics: Dynamics) -> bytes:
    """The contents of a file of these networks, in bfloat16."""
    tensors = {
        f"{voice}.{name}": value.detach().to("cpu", torch.bfloat16).contiguous()
        for voice, player in dynamics.players.items()
        for name, value in player.state_dict().items()
    }
    configs = {voice: vars(player.config) for voice, player in dynamics.players.items()}
    texts = {"players": json.dumps(configs), "version": dynamics.version, "training": json.dumps(dict(dynamics.training))}
    return save(tensors, {"format": FORMAT} | texts)


def dynamics_from_bytes(data: bytes, source: str) -> Dynamics:
    """The networks of a file's contents, in double precision, ready to play; ``source`` names the file in errors.

    Raises:
        ValueError: where it is damaged or no file of such networks.
    """
    tensors, metadata = unpacked(data, FORMAT, "dynamics", source)
    try:
        configs = {voice: PlayerConfig(**fields) for voice, fields in json.loads(metadata["players"]).items()}
        players = {voice: _player(voice, config, tensors, source) for voice, config in configs.items()}
        return Dynamics(players, metadata["version"], json.loads(metadata["training"]))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"dynamics: {source} has unreadable metadata ({one_line(error)})") from None


def _player(voice: str, config: PlayerConfig, tensors: Mapping[str, Tensor], source: str) -> Player:
    own = {name.removeprefix(f"{voice}."): value.double() for name, value in tensors.items() if name.startswith(f"{voice}.")}
    return filled(lambda: Player(config), own, "dynamics", source)
