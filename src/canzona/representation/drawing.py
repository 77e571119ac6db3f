"""How pixels move: a level transposed, and a coarser level drawn on a finer one's rows. Tables of places, without any music."""

from functools import cache

import torch
from torch import Tensor

from canzona.hierarchy.level import Drawing, Level, Region
from canzona.hierarchy.levels import level_named
from canzona.song.harmony import PITCH_CLASSES

NOWHERE = -1
"""In a table of rows: a pixel that shows nothing."""

TRANSPOSITIONS = range(-6, 6)
"""Semitones, in the order of the tables."""


def background_channels(level: Level) -> int:
    """How many planes the coarser levels are drawn on."""
    return sum(len(region.planes) for name in level.background for region in level_named(name).regions)


@cache
def own_rows(level: Level, semitones: int) -> Tensor:
    """(planes, rows): which pixel of the level's flattened image moves to each pixel of it, where it is transposed."""
    table = torch.full((len(level.planes), level.rows), NOWHERE)
    for region in level.regions:
        for row in range(region.row_count):
            if region.drawing is Drawing.TILED:
                source = (row - semitones) % region.row_count
            else:
                source = row if region.drawing is Drawing.CONSTANT else row - semitones
            for channel in map(level.channel, region.planes):
                if 0 <= source < region.row_count:
                    table[channel, region.first_row + row] = channel * level.rows + region.first_row + source
    return table


@cache
def drawn_rows(target: Level, source: Level, region: Region) -> Tensor:
    """(transpositions, region's planes, rows of target): which pixel of a coarser level's flattened image each pixel shows."""
    table = torch.full((len(TRANSPOSITIONS), len(region.planes), target.rows), NOWHERE)
    for number, semitones in enumerate(TRANSPOSITIONS):
        for row in range(target.rows):
            pitch = target.lowest_pitch + row - semitones
            place = {
                Drawing.CONSTANT: 0,
                Drawing.TILED: pitch % PITCH_CLASSES,
                Drawing.AS_IS: pitch - source.lowest_pitch - region.first_row,
            }[region.drawing]
            if 0 <= place < region.row_count:
                for order, channel in enumerate(map(source.channel, region.planes)):
                    table[number, order, row] = channel * source.rows + region.first_row + place
    return table


@cache
def part_masks(level: Level) -> Tensor:
    """(parts, planes, rows) 1 where a pixel belongs to a part."""
    masks = torch.zeros(len(level.parts), len(level.planes), level.rows)
    for mask, part in zip(masks, level.parts, strict=True):
        for region in part.regions:
            for plane in region.planes:
                mask[level.channel(plane), region.first_row : region.first_row + region.row_count] = 1
    return masks
