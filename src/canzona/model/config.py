"""The shape of a denoising network: one frozen dataclass, stored with its weights."""

import math
from dataclasses import asdict, dataclass, fields

LARGEST_SIZE, MOST_BLOCKS, MOST_RESOLUTIONS = 4096, 16, 6
"""Far beyond any network here, and small enough that a hostile weight file costs nothing to refuse."""

WIDTH_MULTIPLE = 16
"""Features of one group of a group normalisation."""

_MAY_BE_ZERO = {
    "background_channels",
    "context_passages",
    "context_frames",
    "external_width",
    "external_phases",
    "external_features",
    "graded_channels",
    "echo_bands",
    "echo_phase",
    "attention_from",
}


@dataclass(frozen=True)
class ModelConfig:
    """All that decides a network's tensors. Frames and rows must fold and halve evenly."""

    own_channels: int  # planes of the image that is generated
    background_channels: int  # planes drawn from coarser levels; 0 for the coarsest
    position_channels: int  # planes that tell metre and extent
    frames: int  # length of a window
    rows: int  # height of the image
    context_passages: int = 0  # earlier passages seen at once
    context_frames: int = 0  # length of each
    external_width: int = 0  # size of an external code; 0 for none
    external_phases: int = 0  # folded frames that a code speaks of; 0 for none
    external_features: int = 0  # what a decoder tells of each of these besides; 0 for nothing
    graded_channels: tuple[int, ...] = ()  # own channels whose values are graded rather than on or off
    echo_bands: tuple[int, ...] = ()  # first rows of bands of the own image that the network also sees repeated over all rows
    echo_height: int = 1  # rows of such a band
    echo_phase: int = 0  # which row of a band row 0 shows
    widths: tuple[int, ...] = (64, 160, 224)  # features at each resolution, finest first
    blocks: int = 2  # residual blocks at each resolution, each way
    attention_from: int = 1  # first resolution, counted from 0, that has attention
    head_width: int = 32  # features of one attention head
    token_width: int = 192  # features of a token
    fold_frames: int = 4  # frames folded into channels before the first convolution
    fold_rows: int = 4  # rows likewise

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            least = 0 if entry.name in _MAY_BE_ZERO else 1
            numbers = value if isinstance(value, tuple) and entry.type == tuple[int, ...] else (value,)
            if not all(type(number) is int and least <= number <= LARGEST_SIZE for number in numbers):
                raise ValueError(f"{entry.name}: must be whole, {least} to {LARGEST_SIZE}, got {value!r}")
        for name, size, most in (("blocks", self.blocks, MOST_BLOCKS), ("widths", len(self.widths), MOST_RESOLUTIONS)):
            if not 1 <= size <= most:
                raise ValueError(f"{name}: must be {most} at most, got {size}")
        for depth, width in enumerate(self.widths):
            multiple = math.lcm(WIDTH_MULTIPLE, self.head_width) if depth >= self.attention_from else WIDTH_MULTIPLE
            if width % multiple:
                raise ValueError(f"widths: must be a multiple of {multiple} at resolution {depth}, got {width}")
        if max(self.echo_bands, default=0) + self.echo_height > self.rows:
            raise ValueError(f"echo_bands: must lie within {self.rows} rows, got {self.echo_bands} of {self.echo_height} rows")
        if max(self.graded_channels, default=0) >= self.own_channels:
            raise ValueError(f"graded_channels: must be below {self.own_channels}, got {self.graded_channels}")
        halvings = 2 ** (len(self.widths) - 1)
        for name, size, fold in (("frames", self.frames, self.fold_frames), ("rows", self.rows, self.fold_rows)):
            if size % (fold * halvings):
                raise ValueError(f"{name}: must be a multiple of {fold * halvings}, got {size}")
        if self.external_phases and not self.external_width:
            raise ValueError(f"external_phases: must be 0 without external_width, got {self.external_phases}")
        if self.context_frames % self.fold_frames:
            raise ValueError(f"context_frames: must be a multiple of {self.fold_frames}, got {self.context_frames}")

    @property
    def condition_channels(self) -> int:
        """Planes beside the noisy image: known music and its mask, position, background, reference and its mask, echoes."""
        echoes = 2 * len(self.echo_bands) * self.own_channels
        return 3 * self.own_channels + 1 + self.position_channels + self.background_channels + echoes

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> "ModelConfig":
        """The inverse of ``to_dict``, also from JSON, where tuples have become lists.

        Raises:
            ValueError: where a field is unknown or out of range.
            TypeError: where one is missing.
        """
        if not isinstance(values, dict):
            raise ValueError(f"model configuration: must be fields with values, got {type(values).__name__}")
        known = {entry.name for entry in fields(cls)}
        if unknown := set(values) - known:
            raise ValueError(f"model configuration: unknown fields {', '.join(map(repr, sorted(unknown)))}")
        return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()})  # type: ignore[arg-type]
