"""Composing one level of one or more songs, window by window, on images of the whole songs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from canzona.generation.schedule import WindowPlace, window_places
from canzona.hierarchy.levels import Level
from canzona.model.conditioning import Conditions
from canzona.model.denoiser import Denoiser, Guidance
from canzona.model.diffusion import NoiseSchedule
from canzona.model.samplers import dpm_solver_2m
from canzona.representation.window import FULL, ImageStore, Windows
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
    """

    denoiser: Denoiser
    schedule: NoiseSchedule
    dtype: torch.dtype = torch.float32
    digest: str | None = None


class Canvas:
    """Images of songs while one level after the other is drawn on them. Every song keeps its own generator of noise."""

    def __init__(self, store: ImageStore, forms: list[Form], meters: list[Meter], seeds: list[int]) -> None:
        """A canvas over ``store``, with the form, the metre and the seed of each of its songs."""
        self.store, self.forms, self.meters, self.seeds = store, forms, meters, seeds

    def compose(
        self,
        level: Level,
        model: LevelModel,
        steps: int,
        guidance: Guidance,
        known_parts: Sequence[Mapping[str, int]],
    ) -> Iterator[tuple[int, int]]:
        """Fill this level's images from left to right.

        Args:
            level: what is composed; the coarser levels' images are there.
            model: that composes it.
            steps: of the sampler, a window.
            guidance: weights of the conditions.
            known_parts: for each song, part's name → bars from the start in which the part is on the canvas already and stays.

        Yields:
            (steps done, steps in all) after every step, so that a caller can stop within one.
        """
        places = [list(window_places(level, meter, form)) for meter, form in zip(self.meters, self.forms, strict=True)]
        total = steps * max(map(len, places))
        generators = [_generator(seed, level) for seed in self.seeds]
        done = 0
        for turn in range(max(map(len, places))):
            songs = [song for song, own in enumerate(places) if turn < len(own)]
            here = [places[song][turn] for song in songs]
            known = torch.tensor([[known_parts[song].get(part.name, 0) for part in level.parts] for song in songs])
            window = self.store.conditions(level, self._windows(songs, here, known), model.dtype)
            shape = window.clean.shape[1:]
            noise = torch.stack([torch.randn(shape, generator=generators[song]) for song in songs]).to(self.store.device)
            conditions = window.conditions

            def denoise(x: Tensor, sigma: Tensor, conditions: Conditions = conditions) -> Tensor:
                return model.denoiser.denoise(x, sigma, conditions, guidance)

            image = noise
            for stage in dpm_solver_2m(denoise, noise, model.schedule.walk(steps).to(self.store.device)):
                image = stage
                done += 1
                yield done, total
            self._paint(level, songs, here, image, window.weight)

    def _windows(self, songs: list[int], places: list[WindowPlace], known_part_bars: Tensor) -> Windows:
        device = self.store.device
        widest = max(*(form.length_bars for form in self.forms), *(place.end_bar for place in places))
        settled = torch.tensor([place.settled_bars for place in places], device=device)
        return Windows(
            song=torch.tensor(songs, device=device),
            start_bar=torch.tensor([place.start_bar for place in places], device=device),
            known_bars=torch.arange(widest, device=device)[None] < settled[:, None],
            known_part_bars=known_part_bars.to(device),
        )

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


def _generator(seed: int, level: Level) -> torch.Generator:
    """Noise for one level of one song: the same whatever else is composed, and different at each level."""
    state = np.random.SeedSequence([seed, *level.name.encode()]).generate_state(2, np.uint32)
    return torch.Generator().manual_seed(int(state[0]) << 31 | int(state[1]) >> 1)
