"""Composing one level of one or more songs, window by window, on images of the whole songs.

A canvas holds images of songs only: what a window has made is read and drawn again before the next window sees it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from canzona.generation.codes import CodePlan
from canzona.generation.schedule import WindowPlace, open_bars, window_places
from canzona.hierarchy.levels import Level
from canzona.model.denoiser import Denoiser, Guidance, WindowDenoiser
from canzona.model.diffusion import NoiseSchedule
from canzona.model.samplers import dpm_solver_2m
from canzona.representation.drawing import part_masks
from canzona.representation.structure import NONE
from canzona.representation.voices import paint
from canzona.representation.window import FULL, AskedCodes, ImageStore, Window, Windows
from canzona.song.form import Form
from canzona.song.timing import Meter


@dataclass(frozen=True)
class LevelModel:
    """A trained level.

    Attributes:
        denoiser: its network.
        schedule: the noise levels that it knows.
        dtype: the type of number that it computes in.
        digest: SHA-256 of the file that it came from, if any.
        encoders: SHA-256 of the file of encoders whose codes it learnt, if any.
    """

    denoiser: Denoiser
    schedule: NoiseSchedule
    dtype: torch.dtype = torch.float32
    digest: str | None = None
    encoders: str | None = None


@dataclass(frozen=True)
class LevelPlan:
    """What is asked of one level of one song.

    Attributes:
        known: (parts, bars) where each part of the level is on the canvas already and stays.
        unvaried: (half bars,) where what is on the canvas stays besides; ``None`` for nowhere.
        literal: (half bars,) that are copied from their counterparts in the first phrase of the same letter, in their own key;
            ``None`` for none.
        reference_shares: (bars,) shares of the guidance weight of references; ``None`` for 1 throughout.
        codes: external codes; ``None`` for none.
        evidence: part's name → (equal parts of the song, states) log-odds that its states have from elsewhere.
    """

    known: NDArray[np.bool_]
    unvaried: NDArray[np.bool_] | None = None
    literal: NDArray[np.bool_] | None = None
    reference_shares: NDArray[np.float32] | None = None
    codes: CodePlan | None = None
    evidence: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


Redraw = Callable[[Level, np.ndarray, int], np.ndarray]
"""(level, (frames, planes, rows) an image from the song's start, song's number) → the image of the song that is read off it."""


class Canvas:
    """Images of songs while one level after the other is drawn on them. Every song keeps its own generator of noise."""

    def __init__(
        self, store: ImageStore, forms: list[Form], meters: list[Meter], seeds: list[int], redraw: Redraw | None = None
    ) -> None:
        """A canvas over ``store``, with the form, the metre and the seed of each of its songs.

        ``redraw`` reads a song off an image and draws it again; ``None`` leaves images as they were painted.
        """
        self.store, self.forms, self.meters, self.seeds, self.redraw = store, forms, meters, seeds, redraw

    def compose(
        self, level: Level, model: LevelModel, steps: int, guidance: Guidance, plans: Sequence[LevelPlan]
    ) -> Iterator[tuple[int, int]]:
        """Fill this level's images from left to right.

        Args:
            level: what is composed; the coarser levels' images are there.
            model: that composes it.
            steps: of the sampler, a window.
            guidance: weights of the conditions, where a plan does not say otherwise.
            plans: for each song, what stands and what is asked for.

        Yields:
            (steps done, steps in all) after every step, so that a caller can stop within one.
        """
        places = [
            list(window_places(level, meter, form, open_bars(plan.known).tolist()))
            for meter, form, plan in zip(self.meters, self.forms, plans, strict=True)
        ]
        turns = max(map(len, places))
        total, done = steps * turns, 0
        generators = [_generator(seed, level) for seed in self.seeds]
        for turn in range(turns):
            songs = [song for song, own in enumerate(places) if turn < len(own)]
            here, asked = [places[song][turn] for song in songs], [plans[song] for song in songs]
            window = self.store.conditions(level, self._windows(songs, here, asked), model.dtype)
            window = self._with_held(level, songs, here, asked, window)
            shape = (level.window_frames, model.denoiser.config.point_size)
            noise = torch.stack([torch.randn(shape, generator=generators[song]) for song in songs]).to(self.store.device)
            weights = self._weights(level, songs, here, asked, guidance)
            denoise = WindowDenoiser(model.denoiser, window.conditions, weights, self._evidence(level, songs, here, asked))
            for _ in dpm_solver_2m(denoise, noise, model.schedule.walk(steps).to(self.store.device)):
                done += 1
                yield done, total
            self._paint(level, songs, here, window, denoise.states())

    def _windows(self, songs: list[int], places: list[WindowPlace], plans: list[LevelPlan]) -> Windows:
        device = self.store.device
        lengths = (form.length_bars for form in self.forms)
        widest = max(*lengths, *(plan.known.shape[1] for plan in plans), *(place.end_bar for place in places))
        known = np.stack([np.pad(plan.known, ((0, 0), (0, widest - plan.known.shape[1]))) for plan in plans])
        settled = np.array([place.settled_bars for place in places])
        return Windows(
            song=torch.tensor(songs, device=device),
            start_bar=torch.tensor([place.start_bar for place in places], device=device),
            known_bars=torch.from_numpy((np.arange(widest)[None] < settled[:, None]) | known.all(1)).to(device),
            known_parts=torch.from_numpy(known).to(device),
            asked=_asked_codes([plan.codes for plan in plans], widest, device),
        )

    def _weights(
        self, level: Level, songs: list[int], places: list[WindowPlace], plans: list[LevelPlan], guidance: Guidance
    ) -> Guidance:
        """Guidance weights of these windows, frame by frame where plans ask for it."""
        if any(plan.reference_shares is not None for plan in plans):
            share = self._by_frame(level, songs, places, [plan.reference_shares for plan in plans], 1.0)
            guidance = replace(guidance, reference=guidance.reference * share)
        if any(plan.codes is not None for plan in plans):
            weights = [plan.codes and plan.codes.weight for plan in plans]
            guidance = replace(guidance, external=self._by_frame(level, songs, places, weights, 1.0))
        return guidance

    def _with_held(
        self, level: Level, songs: list[int], places: list[WindowPlace], plans: list[LevelPlan], window: Window
    ) -> Window:
        """These windows, with what is to stay or to return literally as known music."""
        if all(plan.literal is None and plan.unvaried is None for plan in plans):
            return window
        conditions = window.conditions
        copied = self._by_frame(level, songs, places, [plan.literal for plan in plans], 0.0)[..., None] > 0
        stays = self._by_frame(level, songs, places, [plan.unvaried for plan in plans], 0.0)[..., None] > 0
        copied = copied & (conditions.reference_mask > 0.5) & window.unknown
        stays = stays & ~copied & window.unknown
        masks = part_masks(level).to(self.store.device)
        copied_pixels, stays_pixels = (torch.einsum("btp,px->btx", held.float(), masks) for held in (copied, stays))
        pixels = torch.where(copied_pixels > 0, conditions.reference.float(), window.image.flatten(2))
        held = (copied_pixels + stays_pixels) > 0
        known = torch.where(held, pixels.to(conditions.known.dtype), conditions.known)
        mask = torch.maximum(conditions.known_mask, (copied | stays).to(known.dtype))
        return replace(
            window,
            conditions=replace(conditions, known=known, known_mask=mask),
            image=pixels.view_as(window.image),
            unknown=window.unknown & ~copied & ~stays,
        )

    def _evidence(
        self, level: Level, songs: list[int], places: list[WindowPlace], plans: list[LevelPlan]
    ) -> list[Tensor | None]:
        """For every part, (batch, frames, 1, states) log-odds from elsewhere; ``None`` for none."""
        evidence: list[Tensor | None] = []
        for part in level.parts:
            given = [plan.evidence.get(part.name) for plan in plans]
            if all(values is None for values in given):
                evidence.append(None)
                continue
            evidence.append(self._by_frame(level, songs, places, given, 0.0)[:, :, None])
        return evidence

    def _by_frame(
        self,
        level: Level,
        songs: list[int],
        places: list[WindowPlace],
        parts: Sequence[NDArray[np.float32 | np.bool_] | None],
        elsewhere: float,
    ) -> Tensor:
        """(batch, frames, …) of values that are given for each bar of a song, or for equal parts of bars."""
        shape = next((own.shape[1:] for own in parts if own is not None), ())
        values = np.full((len(songs), level.window_frames, *shape), elsewhere, np.float32)
        for row, song, place, own in zip(values, songs, places, parts, strict=True):
            if own is not None:
                per_part = level.unit.frames_per_bar(self.meters[song]) * self.forms[song].length_bars // len(own)
                first = place.start_bar * level.unit.frames_per_bar(self.meters[song])
                part = (first + np.arange(level.window_frames)) // per_part
                row[part < len(own)] = own[part[part < len(own)]]
        return torch.from_numpy(values).to(self.store.device)

    def _paint(
        self, level: Level, songs: list[int], places: list[WindowPlace], window: Window, states: Sequence[Tensor]
    ) -> None:
        """Put what was composed, and nothing else, on the canvas, and see that it is the image of a song."""
        for number, (song, place) in enumerate(zip(songs, places, strict=True)):
            per_bar = level.unit.frames_per_bar(self.meters[song])
            first, end = place.start_bar * per_bar, min(place.end_bar * per_bar, self.store.frames(level, song))
            image = self.store.image(level, song)[:end].float() / FULL
            image[first:] = window.image[number, : end - first]
            own = [part[number, : end - first].cpu() for part in states]
            image = image.cpu()
            paint(level, image, first, own, window.unknown[number, : end - first].cpu())
            pixels = image.numpy()
            self.store.write(level, song, pixels if self.redraw is None else self.redraw(level, pixels, song))


def _asked_codes(plans: Sequence[CodePlan | None], bars: int, device: torch.device) -> AskedCodes | None:
    """The codes of a batch, padded to the most and to ``bars``; ``None`` where there are none."""
    present = [plan for plan in plans if plan is not None]
    if not present:
        return None
    codes = np.zeros((len(plans), max(len(plan.codes) for plan in present), present[0].codes.shape[1]), np.float32)
    number, bar = np.full((len(plans), bars), NONE), np.zeros((len(plans), bars), np.int64)
    for row, plan in enumerate(plans):
        if plan is not None:
            codes[row, : len(plan.codes)] = plan.codes
            number[row, : len(plan.number)], bar[row, : len(plan.bar)] = plan.number, plan.bar
    return AskedCodes(*(torch.from_numpy(array).to(device) for array in (codes, number, bar)))


def _generator(seed: int, level: Level) -> torch.Generator:
    """Noise for one level of one song: the same whatever else is composed, and different at each level."""
    state = np.random.SeedSequence([seed, *level.name.encode()]).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)
