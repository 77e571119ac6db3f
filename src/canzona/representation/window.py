"""Windows on songs: everything that the model is told about some bars, cut from images of whole songs.

Training cuts windows from thousands of finished songs, generation from one that is still being composed; both use
``ImageStore.conditions``, so the model cannot be told one thing and then another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from canzona.hierarchy.levels import LEVELS, Drawing, Level, Region, Stretching, level_named
from canzona.model.conditioning import Conditions
from canzona.representation.structure import NONE, context_passages, reference_bars
from canzona.song.form import Form
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.timing import Meter

FULL = 255
"""The stored value of a pixel that is on."""

EVERYWHERE = 1 << 20
"""A bar beyond every song: what is known before it is known throughout."""

POSITION_PLANES = ("bar phase", "beat phase", "triple metre", "inside")
TRANSPOSITIONS = range(-6, 6)


@dataclass(frozen=True)
class Windows:
    """A batch of windows of one level.

    Attributes:
        song: (batch,) numbers of songs in the store.
        start_bar: (batch,) first bar of each, from 0 within its song.
        known_bars: (batch, bars) booleans over the bars of the *song* (padded to the longest): what may be drawn on.
        known_part_bars: (batch, parts): each part of the level is known, besides, in all bars of the song before this one.
        transposition: semitones, of ``TRANSPOSITIONS``, for the whole batch.
    """

    song: Tensor
    start_bar: Tensor
    known_bars: Tensor
    known_part_bars: Tensor
    transposition: int = 0


@dataclass(frozen=True)
class Window:
    """What ``ImageStore.conditions`` cuts: the conditions, and the truth where the store has it.

    Attributes:
        conditions: for the denoiser.
        clean: (batch, own, frames, rows) what the store holds, from −1 to 1.
        weight: same shape, 1 where there is something to compose: inside the song and not known.
    """

    conditions: Conditions
    clean: Tensor
    weight: Tensor


class ImageStore:
    """Whole songs as images of every level, laid end to end in memory.

    Knows nothing of how images are made or read; the songs need not be complete.
    """

    def __init__(self, forms: list[Form], meters: list[Meter], device: torch.device | str = "cpu") -> None:
        """Room for these songs, all of it empty.

        Args:
            forms: give the structure and the length of each song.
            meters: one a song.
            device: where the images live.
        """
        self.device = torch.device(device)
        self.bars = torch.tensor([form.length_bars for form in forms], device=self.device)
        self.beats_per_bar = torch.tensor([meter.beats_per_bar for meter in meters], device=self.device)
        self._meters = meters
        self._first_frame: dict[str, Tensor] = {}
        self._images: dict[str, Tensor] = {}
        self._passages: dict[str, Tensor] = {}
        bars_before = np.concatenate([[0], np.cumsum([form.length_bars for form in forms])])
        self._first_bar = torch.from_numpy(bars_before[:-1]).to(self.device)
        self._references = torch.from_numpy(np.concatenate([reference_bars(form) for form in forms])).to(self.device)

        def by_song(measure: Callable[[Level, Meter], int]) -> dict[str, Tensor]:
            return {
                level.name: torch.tensor([measure(level, meter) for meter in meters], device=self.device) for level in LEVELS
            }

        self._bar_frames = by_song(lambda level, meter: level.unit.frames_per_bar(meter))
        self._extents = by_song(lambda level, meter: level.window_bars(meter))
        self._passage_bars = by_song(_passage_bars)
        for level in LEVELS:
            frames = [self.frames(level, number) for number in range(len(forms))]
            first = np.concatenate([[0], np.cumsum(frames)])
            self._first_frame[level.name] = torch.from_numpy(first[:-1]).to(self.device)
            shape = (int(first[-1]), len(level.planes), level.rows)
            self._images[level.name] = torch.zeros(shape, dtype=torch.uint8, device=self.device)
            if level.context_passages:
                tables = [
                    context_passages(form, level.window_bars(meter), _passage_bars(level, meter))
                    for form, meter in zip(forms, meters, strict=True)
                ]
                self._passages[level.name] = torch.from_numpy(np.concatenate(tables)).to(self.device)

    def frames(self, level: Level, song: int) -> int:
        """Frames of a whole song."""
        bars = level.window_frames if level.ends_freely else int(self.bars[song])
        return bars * level.unit.frames_per_bar(self._meters[song])

    def image(self, level: Level, song: int) -> Tensor:
        """(frames, planes, rows) stored values of a whole song, 0 to ``FULL``: a view, so writing to it writes to the store."""
        first = int(self._first_frame[level.name][song])
        return self._images[level.name][first : first + self.frames(level, song)]

    def write(self, level: Level, song: int, image: np.ndarray) -> None:
        """Store an image of values from 0 to 1; frames beyond it stay empty."""
        self.image(level, song)[: len(image)] = torch.from_numpy(np.rint(image * FULL).astype(np.uint8)).to(self.device)

    def read(self, level: Level, song: int) -> np.ndarray:
        """The image of a whole song, values from 0 to 1; the inverse of ``write``."""
        return self.image(level, song).cpu().numpy().astype(np.float32) / FULL

    def window_extent(self, level: Level, song: int) -> int:
        """Bars in a window of this song."""
        return level.window_bars(self._meters[song])

    def conditions(self, level: Level, windows: Windows, dtype: torch.dtype = torch.float32) -> Window:
        """Cut a batch of windows of one level.

        Bars outside the song or beyond the whole bars of a window hold nothing, as known music. What may be drawn on as
        reference and context is ``known_bars`` alone.
        """
        song, transposition = windows.song, windows.transposition
        frames = torch.arange(level.window_frames, device=self.device)[None]
        per_bar = self._frames_per_bar(level, song)[:, None]
        bar_in_window, frame_in_bar = frames // per_bar, frames % per_bar
        bar = windows.start_bar[:, None] + bar_in_window
        extent = self._extents[level.name][song][:, None]
        length = torch.full_like(self.bars, level.window_frames)[song] if level.ends_freely else self.bars[song]
        inside = (bar_in_window < extent) & (bar >= 0) & (bar < length[:, None])
        bar = torch.where(inside, bar, 0)

        rows = _own_rows(level)[transposition - TRANSPOSITIONS.start]
        own_frames = self._first_frame[level.name][song][:, None] + bar * per_bar + frame_in_bar
        clean = _signed(self._gather(level, own_frames, rows, inside), torch.float32)

        available = windows.known_bars
        known = ~inside | torch.gather(available, 1, bar.clamp(max=available.shape[1] - 1))
        part_masks = torch.stack([_part_mask(level, number) for number in range(len(level.parts))]).to(self.device)
        known_parts = bar[:, None] < windows.known_part_bars[..., None]
        known_mask = known[:, None, :, None] | (torch.einsum("bpt,pcr->bctr", known_parts.float(), part_masks) > 0)
        weight = ~known_mask & inside[:, None, :, None]

        reference, reference_mask = self._reference(level, song, bar, frame_in_bar, per_bar, inside, available, rows, dtype)
        context, context_mask = self._context(level, windows, rows, dtype)
        position = self._position(level, song, frame_in_bar, per_bar, inside).to(dtype)
        conditions = Conditions(
            known=(clean * known_mask).to(dtype),
            known_mask=known_mask.to(dtype),
            background=self._background(level, song, transposition, bar, frame_in_bar, per_bar, inside, dtype),
            position=position[..., None].expand(-1, -1, -1, level.rows),
            reference=reference,
            reference_mask=reference_mask.to(dtype),
            context=context,
            context_mask=context_mask.to(dtype),
        )
        return Window(conditions, clean, weight.to(torch.float32))

    def _gather(self, level: Level, frames: Tensor, rows: Tensor, there: Tensor) -> Tensor:
        """(batch, frames) places in time and (planes, rows) places in an image → (batch, planes, frames, rows) stored values.

        ``rows`` counts through the flattened image; where it is −1, and where ``there`` is false, the value is 0.
        """
        columns = rows.to(self.device)
        picked = self._images[level.name].flatten(1)[frames]
        mask = (columns >= 0).to(torch.uint8) * there[..., None, None].to(torch.uint8)
        values = picked[..., columns.clamp(min=0).flatten()].unflatten(-1, columns.shape) * mask
        return rearrange(values, "b t c r -> b c t r")

    def _reference(
        self,
        level: Level,
        song: Tensor,
        bar: Tensor,
        frame_in_bar: Tensor,
        per_bar: Tensor,
        inside: Tensor,
        available: Tensor,
        rows: Tensor,
        dtype: torch.dtype,
    ) -> tuple[Tensor, Tensor]:
        """Every frame's counterpart in the latest earlier phrase of the same letter that is there, and where there is one."""
        last = len(self._references) - 1
        candidates = self._references[(self._first_bar[song][:, None] + bar).clamp(max=last)]
        found = (candidates != NONE) & torch.gather(
            available[:, None].expand(-1, candidates.shape[1], -1), 2, candidates.clamp(0, available.shape[1] - 1)
        )
        choice = found.int().argmax(-1, keepdim=True)
        counterpart = torch.gather(candidates, 2, choice)[..., 0].clamp(min=0)
        exists = found.any(-1) & inside & (not level.ends_freely)
        frames = self._first_frame[level.name][song][:, None] + torch.where(exists, counterpart, 0) * per_bar + frame_in_bar
        mask = exists[:, None, :, None]
        values = _signed(self._gather(level, torch.where(exists, frames, 0), rows, exists), dtype) * mask
        return values, mask.expand(-1, 1, -1, level.rows)

    def _context(self, level: Level, windows: Windows, rows: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """The first few candidate passages all of whose bars are there."""
        batch, song = len(windows.song), windows.song
        passages, length = level.context_passages, level.context_frames
        if not passages:
            shape = (batch, 0, len(level.planes), length, level.rows)
            return torch.zeros(shape, dtype=dtype, device=self.device), torch.zeros(batch, 0, device=self.device)
        per_bar = self._frames_per_bar(level, song)[:, None]
        bars = self._passage_bars[level.name][song]
        starts = self._passages[level.name][(self._first_bar[song] + windows.start_bar.clamp(min=0))]
        reach = torch.arange(int(bars.max()), device=self.device)
        places = (starts[..., None] + reach).clamp(0, windows.known_bars.shape[1] - 1)
        there = torch.gather(windows.known_bars[:, None].expand(-1, starts.shape[1], -1), 2, places) | (
            reach >= bars[:, None, None]
        )
        found = (starts != NONE) & there.all(-1)
        order = torch.argsort((~found).int(), dim=1, stable=True)[:, :passages]
        mask, chosen = torch.gather(found, 1, order), torch.gather(starts, 1, order)
        offsets = torch.arange(length, device=self.device)[None, None]
        inside = mask[..., None] & (offsets < (bars[:, None] * per_bar)[..., None])
        frames = (self._first_frame[level.name][song][:, None] + chosen * per_bar)[..., None] + offsets
        frames = rearrange(torch.where(inside, frames, 0), "b p t -> b (p t)")
        values = self._gather(level, frames, rows, rearrange(inside, "b p t -> b (p t)"))
        values = rearrange(_signed(values, dtype), "b c (p t) r -> b p c t r", p=passages)
        return values * inside[:, :, None, :, None], mask

    def _background(
        self,
        level: Level,
        song: Tensor,
        transposition: int,
        bar: Tensor,
        frame_in_bar: Tensor,
        per_bar: Tensor,
        inside: Tensor,
        dtype: torch.dtype,
    ) -> Tensor:
        """All coarser levels at this level's time: an onset stays an onset, its later copies become sustain."""
        planes: list[Tensor] = []
        for name in level.background:
            coarse = level_named(name)
            coarse_per_bar = self._frames_per_bar(coarse, song)[:, None]
            coarse_frame = frame_in_bar * coarse_per_bar // per_bar
            first_copy = (frame_in_bar * coarse_per_bar % per_bar < coarse_per_bar) & inside
            frames = self._first_frame[name][song][:, None] + bar * coarse_per_bar + coarse_frame
            for region in coarse.regions:
                rows = _drawn_rows(level, coarse, region)[transposition - TRANSPOSITIONS.start]
                values = self._gather(coarse, frames, rows, inside)
                later = torch.zeros_like(values[:, 0])
                for name_in_region, value in zip(region.planes, values.unbind(1), strict=True):
                    plane = coarse.planes[coarse.channel(name_in_region)]
                    if plane.stretching is Stretching.ONSET:
                        later = value * ~first_copy[..., None]
                        value = value * first_copy[..., None]
                    elif plane.stretching is Stretching.SUSTAIN:
                        value = torch.maximum(value, later)
                    planes.append(value)
        if not planes:
            return torch.zeros(len(song), 0, level.window_frames, level.rows, dtype=dtype, device=self.device)
        return torch.stack(planes, dim=1).to(dtype) / FULL

    def _position(self, level: Level, song: Tensor, frame_in_bar: Tensor, per_bar: Tensor, inside: Tensor) -> Tensor:
        """(batch, ``POSITION_PLANES``, frames): the place in bar and beat, whether three beats count, what is song."""
        beats_per_bar = self.beats_per_bar[song][:, None]
        per_beat = (per_bar // beats_per_bar).clamp(min=1)
        planes = (frame_in_bar / per_bar, frame_in_bar % per_beat / per_beat, beats_per_bar == 3, inside)
        return torch.stack([plane.expand_as(inside).float() for plane in planes], dim=1)

    def _frames_per_bar(self, level: Level, song: Tensor) -> Tensor:
        return self._bar_frames[level.name][song]


def background_channels(level: Level) -> int:
    """How many planes the coarser levels are drawn on."""
    return sum(len(region.planes) for name in level.background for region in level_named(name).regions)


@cache
def _part_mask(level: Level, part_number: int) -> Tensor:
    """(planes, rows) 1 where a pixel belongs to this part."""
    mask = torch.zeros(len(level.planes), level.rows)
    for region in level.parts[part_number].regions:
        for plane in region.planes:
            mask[level.channel(plane), region.first_row : region.first_row + region.row_count] = 1
    return mask


def _signed(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Stored values → −1 (off) to 1 (on)."""
    return values.to(dtype) * (2 / FULL) - 1


@cache
def _own_rows(level: Level) -> Tensor:
    """(transpositions, planes, rows): which pixel of the level's flattened image moves to each pixel of it, −1 for none."""
    table = torch.full((len(TRANSPOSITIONS), len(level.planes), level.rows), NONE)
    for number, semitones in enumerate(TRANSPOSITIONS):
        for region in level.regions:
            for row in range(region.row_count):
                if region.drawing is Drawing.TILED:
                    source = (row - semitones) % region.row_count
                else:
                    source = row if region.drawing is Drawing.CONSTANT else row - semitones
                for channel in map(level.channel, region.planes):
                    if 0 <= source < region.row_count:
                        table[number, channel, region.first_row + row] = channel * level.rows + region.first_row + source
    return table


@cache
def _drawn_rows(target: Level, source: Level, region: Region) -> Tensor:
    """(transpositions, region's planes, rows of target): which pixel of a coarser level's flattened image each pixel shows."""
    table = torch.full((len(TRANSPOSITIONS), len(region.planes), target.rows), NONE)
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


def _passage_bars(level: Level, meter: Meter) -> int:
    """Bars of a context passage: as in 4/4, or as many as fit."""
    return min(level.context_bars, level.context_frames // level.unit.frames_per_bar(meter))
