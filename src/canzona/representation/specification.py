"""From a row of the table of levels to the shape of its network."""

from dataclasses import replace

from canzona.hierarchy.levels import Level
from canzona.model.config import ModelConfig
from canzona.representation.window import POSITION_PLANES, background_channels


def model_config(level: Level, **overrides: object) -> ModelConfig:
    """The network that fits a level's images.

    Args:
        level: the level.
        overrides: fields of ``ModelConfig`` that do not follow from the level, such as ``widths``.
    """
    config = ModelConfig(
        own_channels=len(level.planes),
        background_channels=background_channels(level),
        position_channels=len(POSITION_PLANES),
        frames=level.window_frames,
        rows=level.rows,
        context_passages=level.context_passages,
        context_frames=level.context_frames,
        external_width=level.external_width,
        graded_channels=tuple(number for number, plane in enumerate(level.planes) if plane.graded),
    )
    return replace(config, **overrides)  # type: ignore[arg-type]


def specification(level: Level) -> str:
    """One line that changes whenever the meaning of a level's tensors does; stored with weights, which are refused elsewhere."""
    regions = ",".join(
        f"{region.name}:{region.first_row}+{region.row_count}:{region.drawing.value}" for region in level.regions
    )
    planes = ",".join(plane.name for plane in level.planes)
    return (
        f"{level.window_frames} {level.unit.value}s x {level.rows} rows from {level.lowest_pitch}; planes {planes}; "
        f"regions {regions}; background {','.join(level.background) or 'none'}; position {','.join(POSITION_PLANES)}; "
        f"context {level.context_passages} x {level.context_bars} bars"
    )
