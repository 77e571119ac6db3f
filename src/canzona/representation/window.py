"""Windows on songs: everything that the model is told about some bars, cut from images of whole songs.

Training cuts windows from thousands of finished songs, generation from one that is still being composed; both use
``ImageStore.conditions``, so the model cannot be told one thing and then another. Songs are in their home key, C major or
A minor by their first phrase; how far they are moved afterwards is told, for registers depend on it, and so is the tempo: the
faster songs go, the fewer notes and chords they have a bar, and the more bars.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from canzona.hierarchy.level import Level, Stretching
from canzona.hierarchy.levels import LEVELS
from canzona.model.conditioning import Conditions, ExternalCodes
from canzona.model.config import ModelConfig
from canzona.representation.drawing import NOWHERE, moved_pixels, part_masks
from canzona.representation.strip import FULL, Strip
from canzona.representation.structure import NONE, reference_bars
from canzona.representation.voices import states_of
from canzona.song.form import Form
from canzona.song.harmony import PITCH_CLASSES, Key
from canzona.song.song import DEFAULT_TEMPO
from canzona.song.timing import STEPS_PER_BEAT, Meter

PLACES_IN_BAR = 4 * STEPS_PER_BEAT
"""Frames of the longest bar at the finest level."""
POSITION_SIZE = PLACES_IN_BAR + 2 + PITCH_CLASSES
"""Numbers that tell a frame's place in its bar, whether three beats count, what is song, and the tonic that C is moved to."""

TEMPI = (50.0, 70.0, 100.0, 140.0)
"""Quarter notes a minute, half an octave apart, between which a tempo is told as weights of its two neighbours."""


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
        known_parts: (batch, frames, parts) booleans over the frames of the *window*: where each part is known, besides.
        asked: external codes, for a level that knows them; ``None`` for none.
    """

    song: Tensor
    start_bar: Tensor
    known_bars: Tensor
    known_parts: Tensor
    asked: AskedCodes | None = None


@dataclass(frozen=True)
class Window:
    """What ``ImageStore.conditions`` cuts: the conditions, and the truth where the store has it.

    Attributes:
        conditions: for the denoiser.
        image: (batch, frames, planes, rows) what the store holds, from 0 to 1.
        states: for every part, (batch, frames, voices): the same as states.
        unknown: (batch, frames, parts) booleans, where there is something to compose: inside the song and not known.
    """

    conditions: Conditions
    image: Tensor
    states: list[Tensor]
    unknown: Tensor


@dataclass(frozen=True)
class _Places:
    """Where the frames of a batch of windows lie.

    Attributes:
        song: (batch,) as in ``Windows``.
        bar, frame_in_bar: (batch, frames) the bar, from 0 within its song, and the frame, from 0 within the bar.
        per_bar: (batch, 1) frames of a bar.
        inside: (batch, frames) whether that is a bar of the song and among the whole bars of the window; else ``bar`` is 0.
    """

    song: Tensor
    bar: Tensor
    frame_in_bar: Tensor
    per_bar: Tensor
    inside: Tensor


class ImageStore:
    """Whole songs as images of every level, one strip a level.

    Knows nothing of how images are made or read; the songs need not be complete.
    """

    def __init__(
        self,
        forms: Sequence[Form],
        meters: Sequence[Meter],
        device: torch.device | str = "cpu",
        levels: Sequence[Level] = LEVELS,
        tonics: Sequence[int] | None = None,
        tempos: Sequence[float] | None = None,
    ) -> None:
        """Room for these songs, all of it empty.

        Args:
            forms: give the structure and the length of each song, in its home key.
            meters: one a song.
            device: where the images live.
            levels: what there is room for.
            tonics: for each song, the pitch class that C is moved to; ``None`` for C.
            tempos: one a song, in quarter notes a minute; ``None`` for that of songs that ask for none.
        """
        self.device = torch.device(device)
        lengths = [form.length_bars for form in forms]
        self.bars = torch.tensor(lengths, device=self.device)
        self.beats_per_bar = torch.tensor([meter.beats_per_bar for meter in meters], device=self.device)
        self._first_bar = torch.from_numpy(np.cumsum([0, *lengths])[:-1]).to(self.device)
        self._references = torch.from_numpy(np.concatenate([reference_bars(form) for form in forms])).to(self.device)
        keys = [key for form in forms for key in form.with_missing_keys(Key(0)).keys_by_bar()]
        self._tonics = torch.tensor([key.relative_major if key else 0 for key in keys], device=self.device)
        self._home_tonics = torch.tensor(tonics or [0] * len(forms), device=self.device) % PITCH_CLASSES
        self._tempo = torch.from_numpy(tempo_weights(tempos or [DEFAULT_TEMPO] * len(forms))).to(self.device)
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

    def bars_of_frames(self, level: Level, song: Tensor, start_bar: Tensor) -> Tensor:
        """(batch, frames) the bar of the song in which each frame of a window lies, inside the song or not."""
        per_bar = self._strips[level.name].frames_per_bar[song][:, None]
        return start_bar[:, None] + torch.arange(level.window_frames, device=self.device)[None] // per_bar

    def conditions(self, level: Level, windows: Windows, dtype: torch.dtype = torch.float32) -> Window:
        """Cut a batch of windows of one level.

        Bars outside the song or beyond the whole bars of a window hold nothing, as known music. What may be drawn on as
        reference is ``known_bars`` alone.
        """
        strip = self._strips[level.name]
        places = self._places(strip, windows)
        image = strip.gather(places.song, places.bar, places.frame_in_bar, places.inside).float() / FULL
        known = self._known(windows, places)
        known_pixels = torch.einsum("btp,px->btx", known.float(), part_masks(level).to(self.device))
        reference, reference_mask = self._reference(strip, windows, places)
        conditions = Conditions(
            known=(image.flatten(2) * known_pixels).to(dtype),
            known_mask=known.to(dtype),
            background=self._background(level, places).to(dtype),
            position=self._position(places).to(dtype),
            tempo=self._tempo[places.song].to(dtype),
            reference=reference.to(dtype),
            reference_mask=reference_mask.to(dtype),
            external=self._external(windows, places, dtype),
        )
        return Window(conditions, image, states_of(level, image), ~known & places.inside[..., None])

    def _places(self, strip: Strip, windows: Windows) -> _Places:
        song = windows.song
        frames = torch.arange(strip.level.window_frames, device=self.device)[None]
        per_bar = strip.frames_per_bar[song][:, None]
        bar = self.bars_of_frames(strip.level, song, windows.start_bar)
        end_bar = windows.start_bar + strip.window_bars[song]
        inside = (bar < end_bar[:, None]) & (bar >= 0) & (bar < strip.bars[song][:, None])
        return _Places(song, torch.where(inside, bar, 0), frames % per_bar, per_bar, inside)

    def _known(self, windows: Windows, places: _Places) -> Tensor:
        """(batch, frames, parts) whether a part is given."""
        bars = places.bar.clamp(max=windows.known_bars.shape[1] - 1)
        everything = ~places.inside | torch.gather(windows.known_bars, 1, bars)
        return everything[..., None] | windows.known_parts

    def _reference(self, strip: Strip, windows: Windows, places: _Places) -> tuple[Tensor, Tensor]:
        """Every frame's counterpart in the first phrase of the same letter that is there, moved to its key, and where it is."""
        level = strip.level
        if not level.has_references:
            empty = torch.zeros(*places.bar.shape, 0, device=self.device)
            return empty, torch.zeros(*places.bar.shape, 1, device=self.device)
        available, last = windows.known_bars, len(self._references) - 1
        candidates = self._references[(self._first_bar[places.song][:, None] + places.bar).clamp(max=last)]
        found = (candidates != NONE) & torch.gather(
            available[:, None].expand(-1, candidates.shape[1], -1), 2, candidates.clamp(0, available.shape[1] - 1)
        )
        choice = found.int().argmax(-1, keepdim=True)
        counterpart = torch.gather(candidates, 2, choice)[..., 0]
        exists = found.any(-1) & places.inside
        first = self._first_bar[places.song][:, None]
        shifts = self._tonics[(first + places.bar).clamp(max=last)] - self._tonics[(first + counterpart).clamp(0, last)]
        shifts = torch.where(exists, (shifts + PITCH_CLASSES // 2) % PITCH_CLASSES - PITCH_CLASSES // 2, 0)
        values = strip.gather(places.song, counterpart, places.frame_in_bar, exists).flatten(2).float() / FULL
        for shift in shifts.unique().tolist():
            if shift:
                pixels = moved_pixels(level, shift).to(self.device)
                moved = values[..., pixels.clamp(min=0)] * (pixels != NOWHERE)
                values = torch.where((shifts == shift)[..., None], moved, values)
        return values, exists[..., None].float()

    def _background(self, level: Level, places: _Places) -> Tensor:
        """All coarser levels at this level's time: an onset stays an onset, its later copies become sustain.

        The last number says how far they are to be doubted, 0 here: not at all.
        """
        told: list[Tensor] = []
        for strip in [self._strips[coarse] for coarse in level.background]:
            coarse_per_bar = strip.frames_per_bar[places.song][:, None]
            coarse_frame = places.frame_in_bar * coarse_per_bar // places.per_bar
            first_copy = (places.frame_in_bar * coarse_per_bar % places.per_bar < coarse_per_bar) & places.inside
            image = strip.gather(places.song, places.bar, coarse_frame, places.inside)
            later = torch.zeros_like(image[:, :, 0])
            for plane, value in zip(strip.level.planes, image.unbind(2), strict=True):
                if plane.stretching is Stretching.ONSET:
                    later = value * ~first_copy[..., None]
                    value = value * first_copy[..., None]
                elif plane.stretching is Stretching.SUSTAIN:
                    value = torch.maximum(value, later)
                told.append(value)
        if not told:
            return torch.zeros(*places.bar.shape, 0, device=self.device)
        return torch.cat([*told, torch.zeros_like(told[0][..., :1])], dim=-1).float() / FULL

    def _external(self, windows: Windows, places: _Places, dtype: torch.dtype) -> ExternalCodes | None:
        """The code of every place, by the bar in which the place begins."""
        asked = windows.asked
        if asked is None:
            return None
        first = slice(None, None, ModelConfig.place_frames)
        bar, inside = places.bar[:, first].clamp(max=asked.number.shape[1] - 1), places.inside[:, first]
        number, bar_of_code = torch.gather(asked.number, 1, bar), torch.gather(asked.bar, 1, bar)
        mask = inside & (number != NONE)
        codes = torch.gather(asked.codes, 1, number.clamp(min=0)[..., None].expand(-1, -1, asked.codes.shape[-1]))
        phase = (bar_of_code * places.per_bar + places.frame_in_bar[:, first]) // ModelConfig.place_frames
        return ExternalCodes(codes.to(dtype), torch.where(mask, phase, 0), mask.to(dtype))

    def _position(self, places: _Places) -> Tensor:
        """(batch, frames, ``POSITION_SIZE``): the place in the bar, whether three beats count, what is song, and the tonic."""
        beats_per_bar = self.beats_per_bar[places.song][:, None]
        place = functional.one_hot(places.frame_in_bar.expand_as(places.inside), PLACES_IN_BAR)
        told = torch.stack([(beats_per_bar == 3).expand_as(places.inside), places.inside], dim=-1)
        tonic = functional.one_hot(self._home_tonics[places.song], PITCH_CLASSES)[:, None].expand(-1, place.shape[1], -1)
        return torch.cat([place, told, tonic], dim=-1).float()


def tempo_weights(tempos: Sequence[float]) -> NDArray[np.float32]:
    """(songs, ``TEMPI``): how near, in octaves, each tempo is to these; beyond the first and the last it counts as they do."""
    knots = np.log2(TEMPI)
    return np.stack([np.interp(np.log2(tempos), knots, own) for own in np.eye(len(knots))], axis=-1).astype(np.float32)
