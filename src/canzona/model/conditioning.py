"""What a denoiser is told besides the noisy image: one object for every level, and how its parts enter the network.

Four kinds of condition reach the network, each with a learned null for when it is absent: *background* planes (coarser levels),
*reference* planes (the same bar of an earlier phrase of the same letter), *context* passages and *external* codes (tokens, by
cross-attention). Known music is no condition that can be absent: where nothing is known, its mask is zero.
"""

from dataclasses import dataclass, fields, replace

import torch
from einops import rearrange, repeat
from torch import Tensor, nn

from canzona.model.config import ModelConfig

DROPPABLE = ("background", "reference", "context", "external")
"""The conditions that may be absent, as a whole and each by itself."""


@dataclass(frozen=True)
class ExternalCodes:
    """Codes of an external encoder, laid out in time; a place is ``ModelConfig.fold_frames`` frames.

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
    """All that is known about a batch of windows; images hold values from −1 (off) to 1 (on).

    Attributes:
        known: (batch, own, frames, rows), what the window already holds; 0 where unknown.
        known_mask: same shape, 1 where known.
        background: (batch, background, frames, rows), the coarser levels drawn at this level's time.
        position: (batch, position, frames, rows), metre and extent; always present.
        reference: (batch, own, frames, rows), each bar's counterpart in an earlier phrase of the same letter; 0 where none.
        reference_mask: (batch, 1, frames, rows), 1 where there is one.
        context: (batch, passages, own, context frames, rows), earlier passages.
        context_mask: (batch, passages), 1 where there is one.
        external: what is asked for from outside, or ``None``.
        evidence: (batch, own, frames, rows) log-odds that something else than the network gives, or ``None``.
        dropped: names of ``DROPPABLE`` → (batch,) booleans, true where the learned null takes the condition's place.
    """

    known: Tensor
    known_mask: Tensor
    background: Tensor
    position: Tensor
    reference: Tensor
    reference_mask: Tensor
    context: Tensor
    context_mask: Tensor
    external: ExternalCodes | None = None
    evidence: Tensor | None = None
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


def concatenate(parts: list[Conditions]) -> Conditions:
    """Several batches of conditions as one.

    Raises:
        ValueError: where some have external codes and others none.
    """
    if len({part.external is None for part in parts}) > 1:
        raise ValueError("external: must be given for all of the conditions that are joined or for none")
    joined: dict[str, object] = {}
    for entry in fields(Conditions):
        values = [getattr(part, entry.name) for part in parts]
        if entry.name == "dropped":
            joined[entry.name] = {name: torch.cat([_dropped(part, name) for part in parts]) for name in DROPPABLE}
        elif isinstance(values[0], ExternalCodes):
            joined[entry.name] = ExternalCodes(*(torch.cat(parts) for parts in zip(*map(_tensors, values), strict=True)))
        else:
            joined[entry.name] = None if values[0] is None else torch.cat(values)
    return Conditions(**joined)  # type: ignore[arg-type]


def _dropped(conditions: Conditions, name: str) -> Tensor:
    """(batch,) booleans: where this condition is absent."""
    none = torch.zeros(conditions.batch_size, dtype=torch.bool, device=conditions.known.device)
    return (conditions.dropped or {}).get(name, none)


def _tensors(codes: ExternalCodes) -> tuple[Tensor, Tensor, Tensor]:
    return codes.codes, codes.phase, codes.mask


class PlaneConditioner(nn.Module):
    """Stacks every plane that goes into the network beside the noisy image, with learned nulls for absent ones."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.background_null = nn.Parameter(torch.zeros(config.background_channels))
        self.reference_null = nn.Parameter(torch.zeros(config.own_channels + 1))

    def forward(self, conditions: Conditions) -> Tensor:
        """(batch, ``ModelConfig.condition_channels``, frames, rows)."""
        reference = torch.cat([conditions.reference, conditions.reference_mask], dim=1)
        return torch.cat(
            [
                conditions.known,
                conditions.known_mask,
                conditions.position,
                self._or_null(conditions.background, self.background_null, _dropped(conditions, "background")),
                self._or_null(reference, self.reference_null, _dropped(conditions, "reference")),
            ],
            dim=1,
        )

    @staticmethod
    def _or_null(planes: Tensor, null: Tensor, dropped: Tensor) -> Tensor:
        return torch.where(rearrange(dropped, "b -> b 1 1 1"), rearrange(null, "c -> 1 c 1 1").to(planes.dtype), planes)


class CodeConditioner(nn.Module):
    """External codes as tokens, one a place: each place has its own reading of the code, for it is told what is *now*.

    Where a decoder of the codes gives features of every place, these are read too; they start as nothing.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.width = config.external_width
        self.hear = nn.Linear(config.external_features, config.token_width, bias=False) if config.external_features else None
        if self.hear is not None:
            nn.init.zeros_(self.hear.weight)
        self.phases, self.places = config.external_phases, config.frames // config.fold_frames
        self.read = nn.Linear(config.external_width, config.external_phases * config.token_width)
        self.null = nn.Parameter(torch.randn(config.token_width) * 0.02)
        self.place = nn.Parameter(torch.randn(self.places, config.token_width) * 0.02)

    def forward(self, conditions: Conditions) -> Tensor:
        """(batch, places, token width): the null where there is no code."""
        null = repeat(self.null.to(conditions.known.dtype), "d -> b p d", b=conditions.batch_size, p=self.places)
        if conditions.external is None:
            return null + self.place.to(null.dtype)
        asked = conditions.external
        code, features = asked.codes.to(null.dtype).tensor_split([self.width], dim=-1)
        reading = self._now(self.read(code), asked.phase)
        if self.hear is not None:
            reading = reading + self.hear(self._now(features, asked.phase))
        absent = _dropped(conditions, "external")[:, None] | (asked.mask < 0.5)
        return torch.where(absent[..., None], null, reading) + self.place.to(null.dtype)

    def _now(self, by_phase: Tensor, phase: Tensor) -> Tensor:
        """(batch, places, phases · width) and (batch, places) phases → (batch, places, width)."""
        split = rearrange(by_phase, "b p (f d) -> b p f d", f=self.phases)
        return split.gather(2, repeat(phase.long(), "b p -> b p 1 d", d=split.shape[-1]))[:, :, 0]


class TokenConditioner(nn.Module):
    """Encodes earlier passages to tokens for cross-attention.

    A passage becomes one token for every ``fold_frames`` frames, so that its rhythm survives; the published encoder squeezes
    four bars into eight tokens.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.fold_frames = config.fold_frames
        self.passages = config.context_passages
        self.tokens_per_passage = config.context_frames // config.fold_frames
        features = config.own_channels * config.fold_frames * config.rows
        if self.passages:
            self.embed_passage = nn.Sequential(
                nn.Linear(features, config.token_width), nn.SiLU(), nn.Linear(config.token_width, config.token_width)
            )
            self.passage_place = nn.Parameter(torch.randn(self.passages, self.tokens_per_passage, config.token_width) * 0.02)
        self.context_null = nn.Parameter(torch.randn(config.token_width) * 0.02)
        self.external_null = nn.Parameter(torch.randn(config.token_width) * 0.02)

    def forward(self, conditions: Conditions) -> Tensor:
        """(batch, tokens, token width): the nulls stand in for what is absent, so no attention mask is needed.

        The last token says nothing, so that there is always one.
        """
        tokens = []
        if self.passages:
            folded = rearrange(conditions.context, "b p c (t f) r -> b p t (c f r)", f=self.fold_frames)
            embedded = self.embed_passage(folded) + self.passage_place.to(folded.dtype)
            absent = _dropped(conditions, "context")[:, None] | (conditions.context_mask < 0.5)
            embedded = torch.where(absent[:, :, None, None], self.context_null.to(embedded.dtype), embedded)
            tokens.append(rearrange(embedded, "b p t d -> b (p t) d"))
        tokens.append(repeat(self.external_null.to(conditions.known.dtype), "d -> b 1 d", b=conditions.batch_size))
        return torch.cat(tokens, dim=1)
