"""The shape of a denoising network: one frozen dataclass, stored with its weights."""

from dataclasses import asdict, dataclass, fields

from canzona.model.states import VoiceShape

LARGEST_SIZE, MOST_BLOCKS, MOST_PARTS, MOST_LAGS = 4096, 32, 16, 64
"""Far beyond any network here, and small enough that a hostile weight file costs nothing to refuse."""

_MAY_BE_ZERO = {
    "background_size",
    "tempo_size",
    "reference_size",
    "external_width",
    "external_places",
    "external_features",
}


@dataclass(frozen=True)
class ModelConfig:
    """All that decides a network's tensors."""

    voices: tuple[VoiceShape, ...]  # what is composed, a shape for each part of the level
    image_size: int  # pixels of a frame, as known music and references show it
    background_size: int  # numbers that coarser levels say of a frame; 0 for the coarsest
    position_size: int  # numbers that tell metre, extent and key
    frames: int  # length of a window
    tempo_size: int = 0  # numbers that tell the tempo; 0 where it is not told
    reference_size: int = 0  # pixels of a frame of a reference; 0 where the level has none
    external_width: int = 0  # size of an external code; 0 for none
    external_places: int = 0  # places of ``place_frames`` frames that a code speaks of; 0 for none
    external_features: int = 0  # what a decoder tells of each of these besides; 0 for nothing
    place_frames: int = 4  # frames of such a place
    code_width: int = 96  # features in which a code is read for a place
    width: int = 320  # features of a frame
    blocks: int = 6
    head_width: int = 64  # features of one attention head
    expansion: int = 3  # hidden features of a perceptron, in widths
    noise_width: int = 64  # features of the noise level

    def __post_init__(self) -> None:
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name == "voices":
                continue
            least = 0 if entry.name in _MAY_BE_ZERO else 1
            if type(value) is not int or not least <= value <= LARGEST_SIZE:
                raise ValueError(f"{entry.name}: must be whole, {least} to {LARGEST_SIZE}, got {value!r}")
        if not 1 <= len(self.voices) <= MOST_PARTS:
            raise ValueError(f"voices: must be of 1 to {MOST_PARTS} parts, got {len(self.voices)}")
        for shape in self.voices:
            sizes = (shape.count, shape.states, shape.size)
            if not all(type(size) is int and 1 <= size <= LARGEST_SIZE for size in sizes):
                raise ValueError(f"voices: must be whole, 1 to {LARGEST_SIZE}, got {sizes}")
            if type(shape.line) is not int or not 0 <= shape.line <= (min(shape.states, shape.size) if shape.count == 1 else 0):
                raise ValueError(f"voices: line must be 0, or at most states and size of a single voice, got {shape.line!r}")
            if type(shape.items) is not int or not 0 <= shape.items < (shape.size if shape.count == 1 else 1):
                raise ValueError(f"voices: items must be 0, or less than size of a single voice, got {shape.items!r}")
            if not all(type(lag) is int and 1 <= abs(lag) <= LARGEST_SIZE for lag in shape.lags) or len(shape.lags) > MOST_LAGS:
                raise ValueError(f"voices: must have {MOST_LAGS} lags at most, of whole frames, got {shape.lags!r}")
        if max(self.point_size, self.logit_size) > LARGEST_SIZE:
            raise ValueError(f"voices: must have {LARGEST_SIZE} points and states at most, got {self.voices}")
        if self.blocks > MOST_BLOCKS:
            raise ValueError(f"blocks: must be {MOST_BLOCKS} at most, got {self.blocks}")
        if self.width % self.head_width or self.width % 4:
            raise ValueError(f"width: must be a multiple of 4 and of head_width {self.head_width}, got {self.width}")
        if self.external_places and not self.external_width:
            raise ValueError(f"external_places: must be 0 without external_width, got {self.external_places}")
        if self.frames % self.place_frames:
            raise ValueError(f"frames: must be a multiple of {self.place_frames}, got {self.frames}")

    @property
    def point_size(self) -> int:
        """Numbers of a frame's point, all voices together."""
        return sum(shape.point_size for shape in self.voices)

    @property
    def logit_size(self) -> int:
        """Log-odds of a frame, all voices together."""
        return sum(shape.logit_size for shape in self.voices)

    def to_dict(self) -> dict[str, object]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, object]) -> "ModelConfig":
        """The inverse of ``to_dict``, also from JSON, where tuples have become lists.

        Raises:
            ValueError: where a field is unknown or out of range.
            TypeError: where one is missing or of the wrong kind.
        """
        if not isinstance(values, dict):
            raise ValueError(f"model configuration: must be fields with values, got {type(values).__name__}")
        known = {entry.name for entry in fields(cls)}
        if unknown := set(values) - known:
            raise ValueError(f"model configuration: unknown fields {', '.join(map(repr, sorted(unknown)))}")
        voices = values.get("voices")
        if not isinstance(voices, list | tuple):
            raise TypeError(f"voices: must be a list of shapes, got {type(voices).__name__}")
        return cls(**values | {"voices": tuple(VoiceShape(**own) for own in voices)})  # type: ignore[arg-type]
