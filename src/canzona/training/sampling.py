"""Which windows a network is trained on, and what it is shown of them."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import level_named
from canzona.model.conditioning import DROPPABLE
from canzona.representation.drawing import part_masks
from canzona.representation.window import Window, Windows
from canzona.song.timing import Meter
from canzona.training.dataset import TrainingSongs


@dataclass(frozen=True)
class Visibility:
    """How much of a training window is known; the rest is to be composed.

    Generation walks by half a window and so asks for the second half given the first; a song's first window is asked for whole,
    a continuation given any beginning, an infill given both sides, and a harmonisation given one part.
    """

    first_half: float = 0.5  # share of windows whose first half is known
    nothing: float = 0.2  # share of windows of which nothing is known
    beginning: float = 0.15  # share with a beginning of any length known; the remaining windows have a gap anywhere
    part: float = 0.4  # share of windows in which, besides, one part of the level is known: throughout, or in some bars
    last_part: float = 0.8  # share of these in which it is the level's last part: a melody to which chords are to be found
    throughout: float = 0.7  # share of these in which it is known throughout
    opening_bars: int = 8  # the longest beginning that is known of a level that finds its own end
    ending: float = 0.25  # share of windows of such a level that are shown where the song ends
    later: float = 0.2  # share of windows of such a level that begin within the song, its bars known up to any place


@dataclass(frozen=True)
class Dropout:
    """How often conditions are taken away in training, so that each can be guided by itself."""

    each: float = 0.1  # of every droppable condition by itself, but for external codes
    external: float = 0.4  # of external codes by themselves: most songs are composed without any
    all: float = 0.05  # of all at once


def draw_windows(songs: TrainingSongs, level: Level, count: int, visibility: Visibility, generator: torch.Generator) -> Windows:
    """Random windows of random songs: every bar of the data equally likely, or every song, where a window holds all of one.

    Args:
        songs: the data.
        level: whose windows.
        count: how many.
        visibility: what is known of each.
        generator: on the CPU; the only source of chance.
    """

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    chances = torch.ones(len(songs)) if level.ends_freely else songs.bars.float()
    song = torch.multinomial(chances, count, replacement=True, generator=generator)
    bars = songs.bars[song]
    extents = torch.tensor([songs.store.window_extent(level, int(number)) for number in song])
    half = extents // 2
    widest = max(int(songs.bars.max()), level.window_frames)
    if level.ends_freely:
        start = (uniform(count) * bars).long() * (uniform(count) < visibility.later)
    else:
        start = (uniform(count) * (bars - half).clamp(min=1)).long()
        on_grid = uniform(count) < 0.5
        start = torch.where(on_grid, start // half * half, start)

    bar = torch.arange(widest)[None] - start[:, None]
    place, first, second = uniform(count), uniform(count), uniform(count)
    if level.ends_freely:
        opening = (first * (visibility.opening_bars + 1)).long()
        unknown_from = torch.where(place < visibility.nothing + visibility.first_half, 0, opening)
        unknown_from = torch.where(start > 0, (first * (bars - start)).long(), unknown_from)
        unknown_to = torch.where(uniform(count) < visibility.ending, bars - start, widest)
        part_from = torch.zeros_like(unknown_from)
        short = (uniform(count) < 0.5) & (start == 0)
        part_to = torch.where(short, (second * visibility.opening_bars).long() + 1, widest)
    else:
        beginning = (first * extents).long()
        length = 1 + (second * (extents - beginning)).long()
        edges = torch.tensor([visibility.first_half, visibility.nothing, visibility.beginning]).cumsum(0)
        case = torch.bucketize(place, edges)
        unknown_from = torch.stack([half, torch.zeros_like(half), beginning, beginning])[case, torch.arange(count)]
        unknown_to = torch.where(case == 3, unknown_from + length, widest)
        some = uniform(count) >= visibility.throughout
        ends = (uniform(2, count) * (extents + 1)).long().sort(dim=0).values
        part_from, part_to = torch.where(
            some, ends, torch.stack([torch.zeros_like(half) - widest, torch.full_like(half, widest)])
        )
    known_bars = (bar < unknown_from[:, None]) | (bar >= unknown_to[:, None])

    parts = len(level.parts)
    earlier = torch.randint(max(1, parts - 1), (count,), generator=generator)
    chosen = torch.where(uniform(count) < visibility.last_part, parts - 1, earlier)
    shown = (uniform(count) < visibility.part) & (parts > 1)
    device = songs.store.device
    frame_bar = songs.store.bars_of_frames(level, song.to(device), torch.zeros_like(start, device=device)).cpu()
    here = (frame_bar >= part_from[:, None]) & (frame_bar < part_to[:, None]) & shown[:, None]
    known_parts = here[..., None] & (torch.arange(parts) == chosen[:, None])[:, None]
    chance = torch.Generator().manual_seed(int(torch.randint(1 << 62, (), generator=generator)))  # as many draws without codes
    asked = songs.codes and songs.codes.of_windows(song, start, extents, chance)
    return Windows(song.to(device), start.to(device), known_bars.to(device), known_parts.to(device), asked)


@dataclass(frozen=True)
class Corruption:
    """How coarser levels are spoilt in training, so that a level forgives what the levels above it compose.

    Conditioning augmentation (Ho et al., *Cascaded Diffusion Models*, 2022): the network is told how strong it is.
    """

    share: float = 0.3  # of windows that are spoilt, with a strength that is uniform from 0 to 1
    silenced: float = 0.3  # share of beats, at strength 1, in which a part of a coarser level is silent
    foreign: float = 0.2  # share of beats, at strength 1, in which it is that of another beat of the window


def with_corruption(window: Window, level: Level, corruption: Corruption, generator: torch.Generator) -> Window:
    """The same window with coarser levels of notes spoilt beat by beat; its strength is the last number of the background."""
    background = window.conditions.background
    coarser = [level_named(name) for name in level.background]
    if all(row.ends_freely for row in coarser) or corruption.share == 0:
        return window
    count, frames = background.shape[:2]
    beat = level.unit.frames_per_bar(Meter()) // Meter().beats_per_bar
    beats = -(-frames // beat)
    strength = torch.rand(count, generator=generator) * (torch.rand(count, generator=generator) < corruption.share)
    spoilt, first = background.clone(), 0
    for row in coarser:
        size = len(row.planes) * row.rows
        for mask in part_masks(row) * (not row.ends_freely):
            drawn = torch.rand(count, beats, generator=generator)
            silenced = drawn < corruption.silenced * strength[:, None]
            foreign = ~silenced & (drawn < (corruption.silenced + corruption.foreign) * strength[:, None])
            source = torch.where(foreign, torch.randint(beats, (count, beats), generator=generator), torch.arange(beats))
            frame = (source[:, :, None] * beat + torch.arange(beat)).flatten(1)[:, :frames].clamp(max=frames - 1)
            kept = (~silenced).repeat_interleave(beat, 1)[:, :frames].to(background.dtype)
            frame, kept, pixels = frame.to(background.device), kept.to(background.device), mask.to(background.device) > 0
            other = background[..., first : first + size].gather(1, frame[..., None].expand(-1, -1, size)) * kept[..., None]
            spoilt[..., first : first + size] = torch.where(pixels, other, spoilt[..., first : first + size])
        first += size
    spoilt[..., -1] = strength[:, None].to(background.device)
    return replace(window, conditions=replace(window.conditions, background=spoilt))


def with_dropout(window: Window, dropout: Dropout, generator: torch.Generator) -> Window:
    """The same window with some of its conditions taken away."""
    batch = window.conditions.batch_size
    drawn = torch.rand(len(DROPPABLE) + 1, batch, generator=generator)
    everything = drawn[-1] < dropout.all
    shares = dict.fromkeys(DROPPABLE, dropout.each) | {"external": dropout.external}
    dropped = {
        name: ((row < shares[name]) | everything).to(window.image.device) for name, row in zip(DROPPABLE, drawn, strict=False)
    }
    return replace(window, conditions=window.conditions.dropping(dropped))
