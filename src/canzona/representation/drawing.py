"""How pixels move: a level transposed, and where its parts are drawn. Tables of places, without any music."""

from functools import cache

import torch
from torch import Tensor

from canzona.hierarchy.level import Drawing, Level

NOWHERE = -1
"""In a table of pixels: one that shows nothing."""


@cache
def moved_pixels(level: Level, semitones: int) -> Tensor:
    """(planes · rows,): which pixel of the level's flattened image moves to each pixel of it, where it is transposed."""
    table = torch.full((len(level.planes), level.rows), NOWHERE)
    for region in level.regions:
        for row in range(region.row_count):
            source = row if region.drawing is Drawing.CONSTANT else row - semitones
            if region.drawing is Drawing.TILED:
                source %= region.row_count
            for channel in map(level.channel, region.planes):
                if 0 <= source < region.row_count:
                    table[channel, region.first_row + row] = channel * level.rows + region.first_row + source
    return table.flatten()


@cache
def part_masks(level: Level) -> Tensor:
    """(parts, planes · rows) 1 where a pixel belongs to a part."""
    masks = torch.zeros(len(level.parts), len(level.planes), level.rows)
    for mask, part in zip(masks, level.parts, strict=True):
        for region in part.regions:
            for plane in region.planes:
                mask[level.channel(plane), region.rows] = 1
    return masks.flatten(1)
