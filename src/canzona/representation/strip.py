"""One level of many songs, laid end to end in memory, where windows can be cut from all of them at once."""

from dataclasses import dataclass

import numpy as np
import torch
from einops import rearrange
from torch import Tensor

from canzona.hierarchy.level import Level
from canzona.representation.structure import context_passages
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
        passage_bars: (songs,) bars of a context passage: as in 4/4, or as many as fit.
        passages: (bars of all songs, candidates) as ``context_passages``; ``None`` where the level sees none.
        first_frame: (songs,) where each image begins.
        pixels: (frames of all songs, planes, rows) from 0 to ``FULL``.
    """

    level: Level
    bars: Tensor
    frames_per_bar: Tensor
    window_bars: Tensor
    passage_bars: Tensor
    passages: Tensor | None
    first_frame: Tensor
    pixels: Tensor

    @classmethod
    def empty(cls, level: Level, forms: list[Form], meters: list[Meter], device: torch.device) -> "Strip":
        """Room for the songs of these forms and metres."""
        per_bar = [level.unit.frames_per_bar(meter) for meter in meters]
        window_bars = [level.window_bars(meter) for meter in meters]
        passage_bars = [min(level.context_bars, level.context_frames // frames) for frames in per_bar]
        bars = [form.length_bars for form in forms]
        if level.ends_freely:
            bars = [own + window for own, window in zip(bars, window_bars, strict=True)]
        ends = np.cumsum([0, *(own * frames for own, frames in zip(bars, per_bar, strict=True))])
        passages = None
        if level.context_passages:
            tables = map(context_passages, forms, window_bars, passage_bars)
            passages = torch.from_numpy(np.concatenate(list(tables))).to(device)
        return cls(
            level=level,
            bars=torch.tensor(bars, device=device),
            frames_per_bar=torch.tensor(per_bar, device=device),
            window_bars=torch.tensor(window_bars, device=device),
            passage_bars=torch.tensor(passage_bars, device=device),
            passages=passages,
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

    def gather(self, song: Tensor, bar: Tensor, frame_in_bar: Tensor, rows: Tensor, there: Tensor) -> Tensor:
        """(batch,) songs, (batch, frames) places in time and (planes, rows) places in an image → (batch, planes, frames, rows).

        ``rows`` counts through the flattened image, as in the tables of ``representation/drawing.py``; where it is negative,
        and where ``there`` is false, the value is 0.
        """
        frames = self.first_frame[song][:, None] + bar * self.frames_per_bar[song][:, None] + frame_in_bar
        columns = rows.to(self.pixels.device)
        picked = self.pixels.flatten(1)[torch.where(there, frames, 0)]
        mask = (columns >= 0).to(torch.uint8) * there[..., None, None].to(torch.uint8)
        values = picked[..., columns.clamp(min=0).flatten()].unflatten(-1, columns.shape) * mask
        return rearrange(values, "b t c r -> b c t r")
