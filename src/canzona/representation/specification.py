"""From a row of the table of levels to the shape of its network."""

from hashlib import sha256

from canzona.hierarchy.level import Drawing, Level
from canzona.hierarchy.levels import level_named
from canzona.model.config import ModelConfig
from canzona.representation.drawing import background_channels
from canzona.representation.strip import FULL
from canzona.representation.window import POSITION_PLANES
from canzona.song.form import PhraseType
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.timing import Meter


def image_fields(level: Level) -> dict[str, object]:
    """The fields of ``ModelConfig`` that follow from a level: the shapes of its images and conditions."""
    melodic = any(region.drawing is Drawing.AS_IS for region in level.regions)
    tiled = [region for region in level.regions if melodic and region.drawing is Drawing.TILED]
    return {
        "own_channels": len(level.planes),
        "background_channels": background_channels(level),
        "position_channels": len(POSITION_PLANES),
        "frames": level.window_frames,
        "rows": level.rows,
        "context_passages": level.context_passages,
        "context_frames": level.context_frames,
        "external_width": level.external.width if level.external else 0,
        "external_phases": external_places(level),
        "external_features": level.external.features if level.external else 0,
        "fold_frames": ModelConfig.fold_frames,
        "graded_channels": tuple(number for number, plane in enumerate(level.planes) if plane.graded),
        "echo_bands": tuple(region.first_row for region in tiled),
        "echo_height": PITCH_CLASSES,
        "echo_phase": level.lowest_pitch % PITCH_CLASSES,
    }


def external_places(level: Level) -> int:
    """How many places, of ``ModelConfig.fold_frames`` frames, an external code speaks of; 0 where there is none."""
    return level.external.bars * level.unit.frames_per_bar(Meter()) // ModelConfig.fold_frames if level.external else 0


def model_config(level: Level, **overrides: object) -> ModelConfig:
    """The network that fits a level's images.

    Args:
        level: the level.
        overrides: fields of ``ModelConfig`` that do not follow from the level, such as ``widths``.
    """
    return ModelConfig(**image_fields(level) | overrides)  # type: ignore[arg-type]


def specification(level: Level) -> str:
    """One line that changes whenever the meaning of a level's tensors does; stored with weights, refused where it differs.

    It ends with a digest of all that decides how this level and its background are drawn.
    """
    drawn = [
        (row.unit, row.window_frames, row.rows, row.lowest_pitch, row.planes, row.parts)
        for row in (*map(level_named, level.background), level)
    ]
    decisive = repr((drawn, level.context_passages, level.context_bars, POSITION_PLANES, FULL, list(PhraseType)))
    return (
        f"{level.window_frames} {level.unit.value}s x {level.rows} rows from {level.lowest_pitch}, "
        f"background {','.join(level.background) or 'none'}, {sha256(decisive.encode()).hexdigest()[:16]}"
    )
