"""External codes in training: every window is asked to be like itself, as far as codes tell."""

from copy import deepcopy

import numpy as np
import torch
from torch import Tensor

from canzona.hierarchy.level import External
from canzona.model.encoder import Autoencoder
from canzona.representation.encoders import passage_vectors
from canzona.representation.encodings import encoding_named
from canzona.representation.segments import SegmentSource
from canzona.representation.structure import NONE
from canzona.representation.window import AskedCodes
from canzona.song.song import Song
from canzona.song.transposition import at_home

ON_GRID = 0.5
"""Share of windows whose first code begins with them; the others' begins at any bar up to a passage before."""
SOME_ONLY, KEPT = 0.3, 0.5
"""Share of windows that are asked for some of their codes only, and the share of codes that these keep."""


class TrainingCodes:
    """Codes of the songs of a data set, in their home keys, made when they are asked for."""

    def __init__(self, external: External, network: Autoencoder, songs: list[Song], device: torch.device) -> None:
        """Codes of ``songs`` by the encoder of ``network``, for the control ``external``."""
        self.external, self.encoding = external, encoding_named(external.encoding)
        self.source, self.device = SegmentSource([at_home(song) for song in songs]), device
        self.network = deepcopy(network).to(device).eval().requires_grad_(False)

    def of_windows(self, song: Tensor, start_bar: Tensor, window_bars: Tensor, generator: torch.Generator) -> AskedCodes:
        """Codes of consecutive passages that cover windows.

        Args:
            song: (batch,) numbers of songs.
            start_bar: (batch,) where the windows start.
            window_bars: (batch,) their lengths.
            generator: on the CPU.
        """
        count, bars = len(song), self.external.bars
        offset = (torch.rand(count, generator=generator) * bars).long() * (torch.rand(count, generator=generator) >= ON_GRID)
        passages = 1 + int(window_bars.max() + bars - 1) // bars
        starts = (start_bar - offset)[:, None] + bars * torch.arange(passages)[None]
        ends = torch.from_numpy(self.source.bars)[song]
        there = (starts >= 0) & (starts < ends[:, None])
        numbers = np.repeat(song.numpy(), passages)
        segments = self.source.segments(numbers, np.where(there, starts, 0).reshape(-1), bars)
        with torch.no_grad():
            codes = passage_vectors(self.encoding, self.network, self.external, segments)
        some = torch.rand(count, generator=generator) < SOME_ONLY
        kept = there & (~some[:, None] | (torch.rand(count, passages, generator=generator) < KEPT))
        into = torch.arange(int(ends.max()))[None] - starts[:, :1]
        number = torch.where((into >= 0) & (into < bars * passages), into // bars, NONE)
        number = torch.where(torch.gather(kept, 1, number.clamp(min=0)), number, NONE)
        return AskedCodes(codes.unflatten(0, (count, passages)), number.to(self.device), (into % bars).to(self.device))
