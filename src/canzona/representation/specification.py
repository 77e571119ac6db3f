"""From a row of the table of levels to the shape of its network."""

from hashlib import sha256

import torch

from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import level_named
from canzona.model.config import ModelConfig
from canzona.model.network import FrameTransformer
from canzona.representation.strip import FULL
from canzona.representation.voices import voices
from canzona.representation.window import POSITION_SIZE, TEMPI
from canzona.song.form import PhraseType
from canzona.song.timing import Meter


def image_fields(level: Level) -> dict[str, object]:
    """The fields of ``ModelConfig`` that follow from a level: the shapes of its images and conditions."""
    pixels = len(level.planes) * level.rows
    coarser = [level_named(name) for name in level.background]
    return {
        "voices": tuple(voice.shape for voice in voices(level)),
        "image_size": pixels,
        "background_size": sum(len(row.planes) * row.rows for row in coarser) + bool(coarser),
        "position_size": POSITION_SIZE,
        "tempo_size": len(TEMPI),
        "frames": level.window_frames,
        "reference_size": pixels if level.has_references else 0,
        "external_width": level.external.width if level.external else 0,
        "external_places": external_places(level),
        "external_features": level.external.features if level.external else 0,
        "place_frames": ModelConfig.place_frames,
    }


def external_places(level: Level) -> int:
    """How many places, of ``ModelConfig.place_frames`` frames, an external code speaks of; 0 where there is none."""
    return level.external.bars * level.unit.frames_per_bar(Meter()) // ModelConfig.place_frames if level.external else 0


def model_config(level: Level, **overrides: object) -> ModelConfig:
    """The network that fits a level's images.

    Args:
        level: the level.
        overrides: fields of ``ModelConfig`` that do not follow from the level, such as ``width``.
    """
    return ModelConfig(**image_fields(level) | overrides)  # type: ignore[arg-type]


def new_network(level: Level, config: ModelConfig) -> FrameTransformer:
    """An untrained network that draws a level's states as the points that ``voices`` has for them."""
    network = FrameTransformer(config)
    with torch.no_grad():
        for table, voice in zip(network.points, voices(level), strict=True):
            table.copy_(voice.points)
    return network


def specification(level: Level) -> str:
    """One line that changes whenever the meaning of a level's tensors does; stored with weights, refused where it differs.

    It ends with a digest of all that decides how this level and its background are drawn.
    """
    drawn = [
        (row.unit, row.window_frames, row.rows, row.lowest_pitch, row.planes, row.parts)
        for row in (*map(level_named, level.background), level)
    ]
    points = b"".join((8 * voice.points).round().to(torch.int16).numpy().tobytes() for voice in voices(level))
    decisive = repr((drawn, POSITION_SIZE, FULL, list(PhraseType), sha256(points).hexdigest()))
    return (
        f"{level.window_frames} {level.unit.value}s x {level.rows} rows from {level.lowest_pitch}, "
        f"background {','.join(level.background) or 'none'}, {sha256(decisive.encode()).hexdigest()[:16]}"
    )
