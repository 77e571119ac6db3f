"""Composing one level of one or more songs, window by window, on images of the whole songs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from canzona.generation.codes import CodePlan
from canzona.generation.schedule import WindowPlace, open_bars, window_places
from canzona.hierarchy.levels import Level
from canzona.model.conditioning import Conditions
from canzona.model.denoiser import Denoiser, Guidance
from canzona.model.diffusion import NoiseSchedule
from canzona.model.samplers import dpm_solver_2m
from canzona.representation.structure import NONE
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
        reference_shares: (bars,) shares of the guidance weights of references and context; ``None`` for 1 throughout.
        codes: external codes; ``None`` for none.
    """

    known: NDArray[np.bool_]
    unvaried: NDArray[np.bool_] | None = None
    literal: NDArray[np.bool_] | None = None
    reference_shares: NDArray[np.float32] | None = None
    codes: CodePlan | None = None


class Canvas:
    """Images of songs while one level after the other is drawn on them. Every song keeps its own generator of noise."""

    def __init__(self, store: ImageStore, forms: list[Form], meters: list[Meter], seeds: list[int]) -> None:
        """A canvas over ``store``, with the form, the metre and the seed of each of its songs."""
        self.store, self.forms, self.meters, self.seeds = store, forms, meters, seeds

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
            shape = window.clean.shape[1:]
            noise = torch.stack([torch.randn(shape, generator=generators[song]) for song in songs]).to(self.store.device)
            weights = self._weights(level, songs, here, asked, guidance)
            held = self._with_held(level, songs, here, asked, window)
            conditions = replace(held, evidence=self._evidence(level, songs, here, asked))

            def denoise(x: Tensor, sigma: Tensor, conditions: Conditions = conditions, weights: Guidance = weights) -> Tensor:
                return model.denoiser.denoise(x, sigma, conditions, weights)

            image = noise
            for stage in dpm_solver_2m(denoise, noise, model.schedule.walk(steps).to(self.store.device)):
                image = stage
                done += 1
                yield done, total
            self._paint(level, songs, here, image, window.weight)

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
            guidance = replace(guidance, reference=guidance.reference * share, context=guidance.context * share)
        if any(plan.codes is not None for plan in plans):
            weights = [plan.codes and plan.codes.weight for plan in plans]
            guidance = replace(guidance, external=self._by_frame(level, songs, places, weights, 1.0))
        return guidance

    def _with_held(
        self, level: Level, songs: list[int], places: list[WindowPlace], plans: list[LevelPlan], window: Window
    ) -> Conditions:
        """The conditions of these windows, with what is to stay or to return literally as known music."""
        conditions = window.conditions
        if all(plan.literal is None and plan.unvaried is None for plan in plans):
            return conditions
        copied = self._by_frame(level, songs, places, [plan.literal for plan in plans], 0.0)[:, None, :, None]
        stays = self._by_frame(level, songs, places, [plan.unvaried for plan in plans], 0.0)[:, None, :, None]
        copied, unknown = (copied > 0) & (conditions.reference_mask > 0.5), conditions.known_mask < 0.5
        known = torch.where(copied & unknown, conditions.reference, conditions.known)
        known = torch.where((stays > 0) & ~copied & unknown, window.clean.to(known.dtype), known)
        mask = torch.maximum(conditions.known_mask, (copied | (stays > 0)).to(known.dtype))
        return replace(conditions, known=known, known_mask=mask)

    def _evidence(self, level: Level, songs: list[int], places: list[WindowPlace], plans: list[LevelPlan]) -> Tensor | None:
        """(batch, own, frames, rows) log-odds of onsets and sustains by the rhythm that codes ask for; ``None`` for none."""
        told = [plan.codes and plan.codes.evidence(self.meters[song]) for song, plan in zip(songs, plans, strict=True)]
        if level.external is None or level.external.voice is None or all(own is None for own in told):
            return None
        region = level.region(level.external.voice)
        evidence = torch.zeros(len(songs), len(level.planes), level.window_frames, level.rows, device=self.store.device)
        rows = slice(region.first_row, region.first_row + region.row_count)
        for number, plane in enumerate(region.planes):
            values = self._by_frame(level, songs, places, [None if own is None else own[:, number] for own in told], 0.0)
            evidence[:, level.channel(plane), :, rows] = values[:, :, None]
        return evidence

    def _by_frame(
        self,
        level: Level,
        songs: list[int],
        places: list[WindowPlace],
        parts: Sequence[NDArray[np.float32] | NDArray[np.bool_] | None],
        elsewhere: float,
    ) -> Tensor:
        """(batch, frames) of values that are given for each bar of a song, or for equal parts of bars."""
        values = np.full((len(songs), level.window_frames), elsewhere, np.float32)
        for row, song, place, own in zip(values, songs, places, parts, strict=True):
            if own is not None:
                per_part = level.unit.frames_per_bar(self.meters[song]) * self.forms[song].length_bars // len(own)
                first = place.start_bar * level.unit.frames_per_bar(self.meters[song])
                part = (first + np.arange(level.window_frames)) // per_part
                row[part < len(own)] = own[part[part < len(own)]]
        return torch.from_numpy(values).to(self.store.device)

    def _paint(self, level: Level, songs: list[int], places: list[WindowPlace], sample: Tensor, weight: Tensor) -> None:
        """Put what was composed, and nothing else, on the canvas; planes that are on or off are decided here."""
        values = ((sample + 1) / 2).clamp(0, 1)
        graded = torch.tensor([plane.graded for plane in level.planes], device=values.device)[:, None, None]
        values = torch.where(graded, values, (values > 0.5).float())
        for song, place, drawn, unknown in zip(songs, places, values, weight, strict=True):
            per_bar = level.unit.frames_per_bar(self.meters[song])
            frames = slice(place.start_bar * per_bar, place.end_bar * per_bar)
            image = self.store.image(level, song)[frames]
            pixels = (drawn * FULL).round().to(torch.uint8).permute(1, 0, 2)[: len(image)]
            image.copy_(torch.where(unknown.permute(1, 0, 2)[: len(image)] > 0.5, pixels, image))


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
