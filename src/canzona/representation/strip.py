"""One level of many songs, laid end to end in memory, where windows can be cut from all of them at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from canzona.hierarchy.level import Level
from canzona.song.form import Form
from canzona.song.timing import Meter

FULL = 255
"""The stored value of a pixel that is on."""


@dataclass(frozen=True)
class Strip:
    """The images of a level, and what of the songs' metres and structure cutting them needs.

    Attributes:
        level: whose images.
        bars: (songs,) that an image has room for: the song's own, and a window more where the level finds the song's end.
        frames_per_bar: (songs,).
        window_bars: (songs,) whole bars in a window.
        first_frame: (songs,) where each image begins.
        pixels: (frames of all songs, planes, rows) from 0 to ``FULL``.
    """

    level: Level
    bars: Tensor
    frames_per_bar: Tensor
    window_bars: Tensor
    first_frame: Tensor
    pixels: Tensor

    @classmethod
    def empty(cls, level: Level, forms: Sequence[Form], meters: Sequence[Meter], device: torch.device) -> "Strip":
        """Room for the songs of these forms and metres."""
        per_bar = [level.unit.frames_per_bar(meter) for meter in meters]
        window_bars = [level.window_bars(meter) for meter in meters]
        bars = [form.length_bars for form in forms]
        if level.ends_freely:
            bars = [own_bars + window for own_bars, window in zip(bars, window_bars, strict=True)]
        ends = np.cumsum([0, *(own_bars * frames for own_bars, frames in zip(bars, per_bar, strict=True))])
        return cls(
            level=level,
            bars=torch.tensor(bars, device=device),
            frames_per_bar=torch.tensor(per_bar, device=device),
            window_bars=torch.tensor(window_bars, device=device),
            first_frame=torch.from_numpy(ends[:-1]).to(device),
            pixels=torch.zeros((int(ends[-1]), len(level.planes), level.rows), dtype=torch.uint8, device=device),
        )

    def frames(self, song: int) -> int:
        """Frames of one image."""
        return int(self.bars[song] * self.frames_per_bar[song])

    def image(self, song: int) -> Tensor:
        """(frames, planes, rows) of one image: a view, so writing to it writes to the strip."""
        first = int(self.first_frame[song])
        return self.pixels[first : first + self.frames(song)]

    def gather(self, song: Tensor, bar: Tensor, frame_in_bar: Tensor, there: Tensor) -> Tensor:
        """(batch,) songs and (batch, frames) places in time → (batch, frames, planes, rows); 0 where ``there`` is false."""
        frames = self.first_frame[song][:, None] + bar * self.frames_per_bar[song][:, None] + frame_in_bar
        return self.pixels[torch.where(there, frames, 0)] * there[..., None, None].to(torch.uint8)
