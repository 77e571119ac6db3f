"""Windows on songs: everything that the model is told about some bars, cut from images of whole songs.

Training cuts windows from thousands of finished songs, generation from one that is still being composed; both use
``ImageStore.conditions``, so the model cannot be told one thing and then another.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from canzona.hierarchy.level import Level, Stretching
from canzona.hierarchy.levels import LEVELS
from canzona.model.conditioning import Conditions, ExternalCodes
from canzona.model.config import ModelConfig
from canzona.representation.drawing import TRANSPOSITIONS, drawn_rows, own_rows, part_masks
from canzona.representation.strip import FULL, Strip
from canzona.representation.structure import NONE, reference_bars
from canzona.song.form import Form
from canzona.song.harmony import PITCH_CLASSES, Key
from canzona.song.timing import Meter

POSITION_PLANES = ("bar phase", "beat phase", "triple metre", "inside")


@dataclass(frozen=True)
class AskedCodes:
    """External codes over the bars of songs.

    Attributes:
        codes: (batch, codes, code size).
        number: (batch, bars) which of them a bar of the song is to be like; ``NONE`` for none.
        bar: (batch, bars) how many bars into that code's passage the bar is.
    """

    codes: Tensor
    number: Tensor
    bar: Tensor


@dataclass(frozen=True)
class Windows:
    """A batch of windows of one level.

    Attributes:
        song: (batch,) numbers of songs in the store.
        start_bar: (batch,) first bar of each, from 0 within its song.
        known_bars: (batch, bars) booleans over the bars of the *song* (padded to the longest): what may be drawn on.
        known_parts: (batch, parts, bars) booleans: where each part of the level is known, besides.
        asked: external codes, for a level that knows them; ``None`` for none.
        transposition: semitones, of ``TRANSPOSITIONS``, for the whole batch.
    """

    song: Tensor
    start_bar: Tensor
    known_bars: Tensor
    known_parts: Tensor
    asked: AskedCodes | None = None
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


@dataclass(frozen=True)
class _Places:
    """Where the frames of a batch of windows lie.

    Attributes:
        song: (batch,) as in ``Windows``.
        bar, frame_in_bar: (batch, frames) the bar, from 0 within its song, and the frame, from 0 within the bar.
        per_bar: (batch, 1) frames of a bar.
        inside: (batch, frames) whether that is a bar of the song and among the whole bars of the window; else ``bar`` is 0.
        transposition: as in ``Windows``.
    """

    song: Tensor
    bar: Tensor
    frame_in_bar: Tensor
    per_bar: Tensor
    inside: Tensor
    transposition: int


class ImageStore:
    """Whole songs as images of every level, one strip a level.

    Knows nothing of how images are made or read; the songs need not be complete.
    """

    def __init__(
        self,
        forms: list[Form],
        meters: list[Meter],
        device: torch.device | str = "cpu",
        levels: Sequence[Level] = LEVELS,
    ) -> None:
        """Room for these songs, all of it empty.

        Args:
            forms: give the structure and the length of each song.
            meters: one a song.
            device: where the images live.
            levels: what there is room for.
        """
        self.device = torch.device(device)
        lengths = [form.length_bars for form in forms]
        self.bars = torch.tensor(lengths, device=self.device)
        self.beats_per_bar = torch.tensor([meter.beats_per_bar for meter in meters], device=self.device)
        self._first_bar = torch.from_numpy(np.cumsum([0, *lengths])[:-1]).to(self.device)
        self._references = torch.from_numpy(np.concatenate([reference_bars(form) for form in forms])).to(self.device)
        keys = [key for form in forms for key in form.with_missing_keys(Key(0)).keys_by_bar()]
        self._tonics = torch.tensor([key.relative_major if key else 0 for key in keys], device=self.device)
        self._strips = {level.name: Strip.empty(level, forms, meters, self.device) for level in levels}

    def frames(self, level: Level, song: int) -> int:
        """Frames of a whole song."""
        return self._strips[level.name].frames(song)

    def image(self, level: Level, song: int) -> Tensor:
        """(frames, planes, rows) stored values of a whole song, 0 to ``FULL``: a view, so writing to it writes to the store."""
        return self._strips[level.name].image(song)

    def write(self, level: Level, song: int, image: np.ndarray) -> None:
        """Store an image of values from 0 to 1; frames beyond it stay empty."""
        self.image(level, song)[: len(image)] = torch.from_numpy(np.rint(image * FULL).astype(np.uint8)).to(self.device)

    def read(self, level: Level, song: int) -> np.ndarray:
        """The image of a whole song, values from 0 to 1; the inverse of ``write``."""
        return self.image(level, song).cpu().numpy().astype(np.float32) / FULL

    def window_extent(self, level: Level, song: int) -> int:
        """Bars in a window of this song."""
        return int(self._strips[level.name].window_bars[song])

    def conditions(self, level: Level, windows: Windows, dtype: torch.dtype = torch.float32) -> Window:
        """Cut a batch of windows of one level.

        Bars outside the song or beyond the whole bars of a window hold nothing, as known music. What may be drawn on as
        reference and context is ``known_bars`` alone.
        """
        strip = self._strips[level.name]
        places = self._places(strip, windows)
        rows = own_rows(level, windows.transposition)
        values = strip.gather(places.song, places.bar, places.frame_in_bar, rows, places.inside)
        clean = _signed(values, torch.float32)
        known_mask = self._known(level, windows, places)
        weight = ~known_mask & places.inside[:, None, :, None]
        reference, reference_mask = self._reference(strip, windows, places, dtype)
        context, context_mask = self._context(strip, windows, rows, dtype)
        conditions = Conditions(
            known=(clean * known_mask).to(dtype),
            known_mask=known_mask.to(dtype),
            background=self._background(level, places, dtype),
            position=self._position(places).to(dtype)[..., None].expand(-1, -1, -1, level.rows),
            reference=reference,
            reference_mask=reference_mask.to(dtype),
            context=context,
            context_mask=context_mask.to(dtype),
            external=self._external(windows, places, dtype),
        )
        return Window(conditions, clean, weight.to(torch.float32))

    def _places(self, strip: Strip, windows: Windows) -> _Places:
        song = windows.song
        frames = torch.arange(strip.level.window_frames, device=self.device)[None]
        per_bar = strip.frames_per_bar[song][:, None]
        bar_in_window = frames // per_bar
        bar = windows.start_bar[:, None] + bar_in_window
        inside = (bar_in_window < strip.window_bars[song][:, None]) & (bar >= 0) & (bar < strip.bars[song][:, None])
        return _Places(song, torch.where(inside, bar, 0), frames % per_bar, per_bar, inside, windows.transposition)

    def _known(self, level: Level, windows: Windows, places: _Places) -> Tensor:
        """(batch, planes, frames, rows) whether a pixel is given."""
        bars = places.bar.clamp(max=windows.known_bars.shape[1] - 1)
        known = ~places.inside | torch.gather(windows.known_bars, 1, bars)
        parts = windows.known_parts
        known_parts = torch.gather(parts, 2, bars[:, None].expand(-1, parts.shape[1], -1)).float()
        masks = part_masks(level).to(self.device)
        return known[:, None, :, None] | (torch.einsum("bpt,pcr->bctr", known_parts, masks) > 0)

    def _reference(self, strip: Strip, windows: Windows, places: _Places, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Every frame's counterpart in the first phrase of the same letter that is there, moved to its key, and where it is."""
        available, last = windows.known_bars, len(self._references) - 1
        candidates = self._references[(self._first_bar[places.song][:, None] + places.bar).clamp(max=last)]
        found = (candidates != NONE) & torch.gather(
            available[:, None].expand(-1, candidates.shape[1], -1), 2, candidates.clamp(0, available.shape[1] - 1)
        )
        choice = found.int().argmax(-1, keepdim=True)
        counterpart = torch.gather(candidates, 2, choice)[..., 0]
        exists = found.any(-1) & places.inside & strip.level.has_references
        mask = exists[:, None, :, None]
        first = self._first_bar[places.song][:, None]
        shifts = self._tonics[(first + places.bar).clamp(max=last)] - self._tonics[(first + counterpart).clamp(0, last)]
        shifts = torch.where(exists, (shifts + PITCH_CLASSES // 2) % PITCH_CLASSES - PITCH_CLASSES // 2, 0)
        values = None
        for shift in shifts.unique().tolist():
            rows = own_rows(strip.level, windows.transposition + shift)
            moved = strip.gather(places.song, counterpart, places.frame_in_bar, rows, exists & (shifts == shift))
            values = moved if values is None else values + moved
        assert values is not None
        return _signed(values, dtype) * mask, mask.expand(-1, 1, -1, strip.level.rows)

    def _context(self, strip: Strip, windows: Windows, rows: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """The first few candidate passages all of whose bars are there."""
        level, song = strip.level, windows.song
        passages, length = level.context_passages, level.context_frames
        if strip.passages is None:
            shape = (len(song), 0, len(level.planes), length, level.rows)
            return torch.zeros(shape, dtype=dtype, device=self.device), torch.zeros(len(song), 0, device=self.device)
        bars = strip.passage_bars[song]
        starts = strip.passages[(self._first_bar[song] + windows.start_bar.clamp(min=0))]
        reach = torch.arange(int(bars.max()), device=self.device)
        places = (starts[..., None] + reach).clamp(0, windows.known_bars.shape[1] - 1)
        there = torch.gather(windows.known_bars[:, None].expand(-1, starts.shape[1], -1), 2, places) | (
            reach >= bars[:, None, None]
        )
        found = (starts != NONE) & there.all(-1)
        order = torch.argsort((~found).int(), dim=1, stable=True)[:, :passages]
        mask, chosen = torch.gather(found, 1, order), torch.gather(starts, 1, order)
        offsets = torch.arange(length, device=self.device)[None, None]
        inside = mask[..., None] & (offsets < (bars * strip.frames_per_bar[song])[:, None, None])
        bar, frame, heard = (
            rearrange(each.expand_as(inside), "b p t -> b (p t)") for each in (chosen[..., None], offsets, inside)
        )
        values = rearrange(strip.gather(song, bar, frame, rows, heard), "b c (p t) r -> b p c t r", p=passages)
        return _signed(values, dtype) * inside[:, :, None, :, None], mask

    def _background(self, level: Level, places: _Places, dtype: torch.dtype) -> Tensor:
        """All coarser levels at this level's time: an onset stays an onset, its later copies become sustain."""
        planes: list[Tensor] = []
        for strip in [self._strips[coarse] for coarse in level.background]:
            coarse_per_bar = strip.frames_per_bar[places.song][:, None]
            coarse_frame = places.frame_in_bar * coarse_per_bar // places.per_bar
            first_copy = (places.frame_in_bar * coarse_per_bar % places.per_bar < coarse_per_bar) & places.inside
            for region in strip.level.regions:
                rows = drawn_rows(level, strip.level, region)[places.transposition - TRANSPOSITIONS.start]
                values = strip.gather(places.song, places.bar, coarse_frame, rows, places.inside)
                later = torch.zeros_like(values[:, 0])
                for name, value in zip(region.planes, values.unbind(1), strict=True):
                    stretching = strip.level.planes[strip.level.channel(name)].stretching
                    if stretching is Stretching.ONSET:
                        later = value * ~first_copy[..., None]
                        value = value * first_copy[..., None]
                    elif stretching is Stretching.SUSTAIN:
                        value = torch.maximum(value, later)
                    planes.append(value)
        if not planes:
            return torch.zeros(len(places.song), 0, level.window_frames, level.rows, dtype=dtype, device=self.device)
        return torch.stack(planes, dim=1).to(dtype) / FULL

    def _external(self, windows: Windows, places: _Places, dtype: torch.dtype) -> ExternalCodes | None:
        """The code of every place, by the bar in which the place begins."""
        asked = windows.asked
        if asked is None:
            return None
        first = slice(None, None, ModelConfig.fold_frames)
        bar, inside = places.bar[:, first].clamp(max=asked.number.shape[1] - 1), places.inside[:, first]
        number, bar_of_code = torch.gather(asked.number, 1, bar), torch.gather(asked.bar, 1, bar)
        mask = inside & (number != NONE)
        codes = torch.gather(asked.codes, 1, number.clamp(min=0)[..., None].expand(-1, -1, asked.codes.shape[-1]))
        phase = (bar_of_code * places.per_bar + places.frame_in_bar[:, first]) // ModelConfig.fold_frames
        return ExternalCodes(codes.to(dtype), torch.where(mask, phase, 0), mask.to(dtype))

    def _position(self, places: _Places) -> Tensor:
        """(batch, ``POSITION_PLANES``, frames): the place in bar and beat, whether three beats count, what is song."""
        beats_per_bar = self.beats_per_bar[places.song][:, None]
        per_beat = (places.per_bar // beats_per_bar).clamp(min=1)
        beat_phase = places.frame_in_bar % per_beat / per_beat
        planes = (places.frame_in_bar / places.per_bar, beat_phase, beats_per_bar == 3, places.inside)
        return torch.stack([plane.expand_as(places.inside).float() for plane in planes], dim=1)


def _signed(values: Tensor, dtype: torch.dtype) -> Tensor:
    """Stored values → −1 (off) to 1 (on)."""
    return values.to(dtype) * (2 / FULL) - 1
