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
from canzona.representation.voices import paint, states_of
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
        fixed: (parts, frames) where what is on the canvas stays.
        literal: (frames,) that are copied from their counterparts in other phrases of the letter, moved to their key; ``None``
            for none.
        reference_shares: (bars,) shares of the guidance weight of references; ``None`` for 1 throughout.
        codes: external codes; ``None`` for none.
        evidence: part's name → (equal pieces of the image, states) log-odds that its states have from elsewhere.
    """

    fixed: NDArray[np.bool_]
    literal: NDArray[np.bool_] | None = None
    reference_shares: NDArray[np.float32] | None = None
    codes: CodePlan | None = None
    evidence: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)


Redraw = Callable[[Level, np.ndarray, int], np.ndarray]
"""(level, (frames, planes, rows) an image from the song's start, song's number) → the image of the song that is read off it."""


class Canvas:
    """Images of songs while one level after the other is drawn on them. Every song keeps its own generator of noise."""

    def __init__(self, store: ImageStore, forms: list[Form], meters: list[Meter], seeds: list[int], redraw: Redraw) -> None:
        """A canvas over ``store``, with the form, the metre and the seed of each of its songs."""
        self.store, self.forms, self.meters, self.seeds, self.redraw = store, forms, meters, seeds, redraw

    def compose(
        self, level: Level, model: LevelModel, steps: int, guidance: Guidance, plans: Sequence[LevelPlan], draw: int = 0
    ) -> Iterator[tuple[int, int]]:
        """Fill this level's images from left to right.

        Args:
            level: what is composed; the coarser levels' images are there.
            model: that composes it.
            steps: of the sampler, a window.
            guidance: weights of the conditions, where a plan does not say otherwise.
            plans: for each song, what stands and what is asked for.
            draw: another number gives other noise.

        Yields:
            (steps done, steps in all) after every step, so that a caller can stop within one.
        """
        places = [
            list(window_places(level, meter, form, open_bars(level, meter, plan.fixed).tolist()))
            for meter, form, plan in zip(self.meters, self.forms, plans, strict=True)
        ]
        turns = max(map(len, places))
        total, done = steps * turns, 0
        generators = [_generator(seed, level, draw) for seed in self.seeds]
        for turn in range(turns):
            songs = [song for song, windows in enumerate(places) if turn < len(windows)]
            here, asked = [places[song][turn] for song in songs], [plans[song] for song in songs]
            window = self.store.conditions(level, self._windows(level, songs, here, asked), model.dtype)
            window = self._with_literal_returns(level, songs, here, asked, window)
            shape = (level.window_frames, model.denoiser.config.point_size)
            noise = torch.stack([torch.randn(shape, generator=generators[song]) for song in songs]).to(self.store.device)
            weights = self._weights(level, songs, here, asked, guidance)
            evidence = self._evidence(level, songs, here, asked)
            denoise = WindowDenoiser(model.denoiser, window.conditions, weights, evidence, window.states)
            for _ in dpm_solver_2m(denoise, noise, model.schedule.walk(steps).to(self.store.device)):
                done += 1
                yield done, total
            self._paint(level, songs, here, window, denoise.states())

    def _windows(self, level: Level, songs: list[int], places: list[WindowPlace], plans: list[LevelPlan]) -> Windows:
        device = self.store.device
        by_bar = [~open_bars(level, self.meters[song], plan.fixed) for song, plan in zip(songs, plans, strict=True)]
        widest = max(*map(len, by_bar), *(place.end_bar for place in places))
        fixed_bars = np.stack([np.pad(bars, (0, widest - len(bars)), constant_values=True) for bars in by_bar])
        settled = np.array([place.settled_bars for place in places])
        return Windows(
            song=torch.tensor(songs, device=device),
            start_bar=torch.tensor([place.start_bar for place in places], device=device),
            known_bars=torch.from_numpy((np.arange(widest)[None] < settled[:, None]) | fixed_bars).to(device),
            known_parts=self._by_frame(level, songs, places, [plan.fixed.T for plan in plans], True),
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

    def _with_literal_returns(
        self, level: Level, songs: list[int], places: list[WindowPlace], plans: list[LevelPlan], window: Window
    ) -> Window:
        """These windows, with what is to return literally as known music, as far as its counterpart is there."""
        if all(plan.literal is None for plan in plans):
            return window
        conditions = window.conditions
        literal = self._by_frame(level, songs, places, [plan.literal for plan in plans], False)[..., None]
        copied = literal & (conditions.reference_mask > 0.5) & window.unknown
        pixels = torch.einsum("btp,px->btx", copied.float(), part_masks(level).to(self.store.device)) > 0
        image = torch.where(pixels, conditions.reference.float(), window.image.flatten(2)).view_as(window.image)
        return replace(
            window,
            conditions=replace(
                conditions,
                known=torch.where(pixels, conditions.reference, conditions.known),
                known_mask=torch.maximum(conditions.known_mask, copied.to(conditions.known_mask.dtype)),
            ),
            image=image,
            states=states_of(level, image),
            unknown=window.unknown & ~copied,
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
        values: Sequence[NDArray[np.float32 | np.bool_] | None],
        elsewhere: float | bool,
    ) -> Tensor:
        """(batch, frames, …) of what is given for equal pieces of a song: its bars, or halves of them, or its frames."""
        shape = next((pieces.shape[1:] for pieces in values if pieces is not None), ())
        kind = np.bool_ if isinstance(elsewhere, bool) else np.float32
        by_frame = np.full((len(songs), level.window_frames, *shape), elsewhere, kind)
        for row, song, place, pieces in zip(by_frame, songs, places, values, strict=True):
            if pieces is not None:
                per_bar = level.unit.frames_per_bar(self.meters[song])
                per_piece = level.frames_to_compose(self.forms[song].length_bars, self.meters[song]) // len(pieces)
                piece = (place.start_bar * per_bar + np.arange(level.window_frames)) // per_piece
                row[piece < len(pieces)] = pieces[piece[piece < len(pieces)]]
        return torch.from_numpy(by_frame).to(self.store.device)

    def _paint(
        self, level: Level, songs: list[int], places: list[WindowPlace], window: Window, states: Sequence[Tensor]
    ) -> None:
        """Put what was composed, and nothing else, on the canvas, and see that it is the image of a song."""
        for number, (song, place) in enumerate(zip(songs, places, strict=True)):
            per_bar = level.unit.frames_per_bar(self.meters[song])
            first, end = place.start_bar * per_bar, min(place.end_bar * per_bar, self.store.frames(level, song))
            image = self.store.image(level, song)[:end].float() / FULL
            image[first:] = window.image[number, : end - first]
            composed = [part[number, : end - first].cpu() for part in states]
            image = image.cpu()
            paint(level, image, first, composed, window.unknown[number, : end - first].cpu())
            self.store.write(level, song, self.redraw(level, image.numpy(), song))


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


def _generator(seed: int, level: Level, draw: int) -> torch.Generator:
    """Noise for one level of one song: the same whatever else is composed, and different at each level and draw."""
    state = np.random.SeedSequence([seed, *level.name.encode(), *([draw] if draw else [])]).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)
