"""What a denoiser is told besides the noisy points: one object for every level, and how its parts enter the network.

Three kinds of condition reach the network, each with a learned null for when it is absent: *background* (coarser levels),
*reference* (the same bar of an earlier phrase of the same letter) and *external* codes. Known music is no condition that can be
absent: where nothing is known, its mask is zero.
"""

from dataclasses import dataclass, fields, replace

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from canzona.model.config import ModelConfig

DROPPABLE = ("background", "reference", "external")
"""The conditions that may be absent, as a whole and each by itself."""


@dataclass(frozen=True)
class ExternalCodes:
    """Codes of an external encoder, laid out in time; a place is ``ModelConfig.place_frames`` frames.

    Attributes:
        codes: (batch, places, code size), the code of the passage that a place is to be like, and after it, where the network
            takes them, the features of each of the passage's places, one place after the other.
        phase: (batch, places) whole numbers, how many places into that passage it is.
        mask: (batch, places), 1 where there is a code.
    """

    codes: Tensor
    phase: Tensor
    mask: Tensor

    def to(self, device: torch.device) -> "ExternalCodes":
        return ExternalCodes(self.codes.to(device), self.phase.to(device), self.mask.to(device))


@dataclass(frozen=True)
class Conditions:
    """All that is known about a batch of windows, frame by frame; pixels are 1 (on) or 0 (off or unknown).

    Attributes:
        known: (batch, frames, pixels), what the window already holds; 0 where unknown.
        known_mask: (batch, frames, parts), 1 where that part of the level is known.
        background: (batch, frames, numbers), what the coarser levels say.
        position: (batch, frames, numbers), metre, extent and key; always present.
        tempo: (batch, numbers), how fast the song goes; always present.
        reference: (batch, frames, pixels), each bar's counterpart in an earlier phrase of the same letter; 0 where none.
        reference_mask: (batch, frames, 1), 1 where there is one.
        external: what is asked for from outside, or ``None``.
        dropped: names of ``DROPPABLE`` → (batch,) booleans, true where the learned null takes the condition's place.
    """

    known: Tensor
    known_mask: Tensor
    background: Tensor
    position: Tensor
    tempo: Tensor
    reference: Tensor
    reference_mask: Tensor
    external: ExternalCodes | None = None
    dropped: dict[str, Tensor] | None = None

    @property
    def batch_size(self) -> int:
        return self.known.shape[0]

    def dropping(self, dropped: dict[str, Tensor]) -> "Conditions":
        """The same conditions with these, and only these, absent."""
        return replace(self, dropped=dropped)

    def without(self, *names: str) -> "Conditions":
        """The same conditions with those named absent from the whole batch, and nothing else."""
        if unknown := set(names) - set(DROPPABLE):
            raise ValueError(f"condition: must be one of {', '.join(DROPPABLE)}, got {', '.join(sorted(unknown))}")
        everywhere = torch.ones(self.batch_size, dtype=torch.bool, device=self.known.device)
        return self.dropping(dict.fromkeys(names, everywhere))

    def also_without(self, *names: str) -> "Conditions":
        """The same conditions with those named absent from the whole batch, besides what is absent already."""
        absent = self.without(*names).dropped or {}
        return self.dropping((self.dropped or {}) | absent)

    def to(self, device: torch.device) -> "Conditions":
        moved = {}
        for entry in fields(self):
            value = getattr(self, entry.name)
            moved[entry.name] = value.to(device) if isinstance(value, Tensor | ExternalCodes) else value
        if self.dropped is not None:
            moved["dropped"] = {name: absent.to(device) for name, absent in self.dropped.items()}
        return Conditions(**moved)

    def absent(self, name: str) -> Tensor:
        """(batch, 1, 1) booleans: where this condition is absent."""
        none = torch.zeros(self.batch_size, dtype=torch.bool, device=self.known.device)
        return rearrange((self.dropped or {}).get(name, none), "b -> b 1 1")


class Conditioner(nn.Module):
    """All conditions of a frame as one vector of features, which does not depend on the noise: it is made once a window."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        parts, width = len(config.voices), config.width
        self.read_known = nn.Linear(config.image_size + parts + config.position_size, width)
        self.read_background = nn.Linear(config.background_size, width, bias=False) if config.background_size else None
        self.read_reference = nn.Linear(config.reference_size + 1, width, bias=False) if config.reference_size else None
        self.read_tempo = nn.Linear(config.tempo_size, width, bias=False) if config.tempo_size else None
        if self.read_tempo is not None:
            nn.init.zeros_(self.read_tempo.weight)  # weights that were learnt without it may go on with it
        self.pace = Pace(config) if config.tempo_size else None
        self.place = nn.Parameter(torch.zeros(config.frames, width))
        self.background_null, self.reference_null = (nn.Parameter(torch.zeros(width)) for _ in range(2))
        self.codes = CodeConditioner(config) if config.external_places else None

    def forward(self, conditions: Conditions) -> Tensor:
        """(batch, frames, width)."""
        told = self.read_known(torch.cat([conditions.known, conditions.known_mask, conditions.position], dim=-1))
        told = told + self.place.to(told.dtype)
        if self.read_tempo is not None:
            told = told + self.read_tempo(conditions.tempo)[:, None]
        if self.read_background is not None:
            read = self.read_background(conditions.background)
            told = told + torch.where(conditions.absent("background"), self.background_null.to(read.dtype), read)
        if self.read_reference is not None:
            read = self.read_reference(torch.cat([conditions.reference, conditions.reference_mask], dim=-1))
            told = told + torch.where(conditions.absent("reference"), self.reference_null.to(read.dtype), read)
        return told if self.codes is None else told + self.codes(conditions)


class Pace(nn.Module):
    """How much likelier than the network believes voices rest, hold and begin at each place, by tempo.

    How often songs begin notes and chords off the beat depends above all on how fast they go; what depends on so little is told
    to the output at once.
    """

    KINDS = 3
    """States are told apart as the first (rest), the second (hold) and all others (something begins)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.voices = config.voices
        self.weights = nn.Parameter(torch.zeros(config.tempo_size, config.position_size, len(config.voices), self.KINDS))

    def forward(self, conditions: Conditions) -> Tensor:
        """(batch, frames, log-odds of all states)."""
        tempo, position = conditions.tempo, conditions.position
        by_kind = torch.einsum("bk,btp,kpvs->btvs", tempo, position, self.weights.to(tempo.dtype))
        parts = []
        for own, shape in zip(by_kind.unbind(2), self.voices, strict=True):
            begins = own[..., -1:].expand(-1, -1, shape.states - self.KINDS + 1)
            parts.append(torch.cat([own[..., :-1], begins], dim=-1).repeat(1, 1, shape.count))
        return torch.cat(parts, dim=-1)


class CodeConditioner(nn.Module):
    """External codes, told to the frames they speak of: each place has its own reading of the code, of what is *now*.

    Where a decoder of the codes gives features of every place, these are read too.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.width, self.places, self.frames = config.external_width, config.external_places, config.place_frames
        self.hear = nn.Linear(config.external_features, config.width, bias=False) if config.external_features else None
        self.read = nn.Linear(config.external_width, config.external_places * config.code_width)
        self.spread = nn.Linear(config.code_width, config.width)
        self.null = nn.Parameter(torch.zeros(config.width))

    def forward(self, conditions: Conditions) -> Tensor:
        """(batch, frames, width): the null where there is no code."""
        asked = conditions.external
        if asked is None:
            return self.null.to(conditions.known.dtype)
        code, features = asked.codes.to(conditions.known.dtype).tensor_split([self.width], dim=-1)
        reading = self.spread(self._now(self.read(code), asked.phase))
        if self.hear is not None:
            reading = reading + self.hear(self._now(features, asked.phase))
        absent = conditions.absent("external") | (asked.mask < 0.5)[..., None]
        reading = torch.where(absent, self.null.to(reading.dtype), reading)
        return repeat(reading, "b p d -> b (p f) d", f=self.frames)

    def _now(self, by_phase: Tensor, phase: Tensor) -> Tensor:
        """(batch, places, phases · width) and (batch, places) phases → (batch, places, width)."""
        split = rearrange(by_phase, "b p (f d) -> b p f d", f=self.places)
        return split.gather(2, repeat(phase.long(), "b p -> b p 1 d", d=split.shape[-1]))[:, :, 0]
