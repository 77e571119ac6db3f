"""The cascade: four levels, each composed given all before it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import torch

from canzona.generation.canvas import Canvas, LevelModel, LevelPlan
from canzona.generation.codes import code_plan
from canzona.generation.controls import Revision
from canzona.generation.dynamics import shipped_dynamics, with_dynamics
from canzona.generation.form import form_evidence, opening, read_form
from canzona.generation.home import shift_home, within_range
from canzona.generation.request import Request
from canzona.generation.request_json import request_to_dict
from canzona.generation.settled import Settled, settled_form, settled_music, spliced
from canzona.generation.variation import literal_parts, reference_shares, unvaried_parts
from canzona.hierarchy.levels import LEVELS, Level, Sampling
from canzona.model.denoiser import Guidance
from canzona.model.dynamics import Dynamics
from canzona.representation.encoders import Encoders
from canzona.representation.image import decode_level, encode_level
from canzona.representation.window import ImageStore
from canzona.song.song import Song
from canzona.song.transposition import home_shift, transposed
from canzona.version import __version__


@dataclass(frozen=True)
class Progress:
    """How far a composition is.

    Attributes:
        level: which level is being composed.
        step, steps: steps of the sampler done and in all, at this level.
        songs: the finished songs, in the order of the requests; ``None`` until the last report.
    """

    level: Level
    step: int
    steps: int
    songs: tuple[Song, ...] | None = None


class Cascade:
    """Composes songs with one trained model for each level. Holds no state between songs."""

    def __init__(
        self,
        models: Mapping[str, LevelModel],
        device: torch.device | str = "cpu",
        sampling: Mapping[str, Sampling] | None = None,
        levels: Sequence[Level] = LEVELS,
        encoders: Callable[[], Encoders] | None = None,
        threads: int = 1,
        dynamics: Callable[[], Dynamics] = shipped_dynamics,
    ) -> None:
        """A cascade of these models.

        Args:
            models: level's name → model; a level without one can only be given.
            device: where the models are.
            sampling: level's name → how to sample it, where not as the table of levels says.
            levels: what is composed, top-down; other rows than those of the table make another cascade.
            encoders: gives the encoders, once a song is to be like a passage; ``None`` where there are none.
            threads: processors that compose; the sums, and so the songs, depend on it.
            dynamics: gives the networks that play what is composed, once there are notes.
        """
        self.models = dict(models)
        self.device = torch.device(device)
        self.levels = tuple(levels)
        self.sampling = {level.name: level.sampling for level in levels} | dict(sampling or {})
        self._encoders, self._dynamics, self.threads = encoders, dynamics, threads

    def compose(self, request: Request) -> Song:
        """One song; drains ``stream``."""
        return self.compose_many([request])[0]

    def compose_many(self, requests: Sequence[Request], batch_size: int = 1) -> list[Song]:
        """Several songs, ``batch_size`` of them at a time.

        With a batch size of 1 a song is the same, bit for bit, alone or among many; in larger batches, which pay on a GPU, sums
        may round differently.

        Raises:
            ValueError: for a batch size below 1, and as ``stream``.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size: must be 1 or more, got {batch_size}")
        songs: list[Song] = []
        for first in range(0, len(requests), batch_size):
            for progress in self.stream(requests[first : first + batch_size]):
                songs.extend(progress.songs or ())
        return songs

    def revise(self, revision: Revision, seed: int = 0, **controls: object) -> Song:
        """A song with some of its bars composed anew; all else stays as it is.

        Args:
            revision: which song, level and bars, and how far from the old version.
            seed: another seed gives other music.
            controls: further fields of ``Request``, such as ``like``.
        """
        song = revision.song
        return self.compose(Request(meter=song.meter, tempo=song.tempo, seed=seed, revision=revision, **controls))  # type: ignore[arg-type]

    @torch.inference_mode()
    def stream(
        self, requests: Sequence[Request], drafts: Sequence[Song] | None = None, until: Level | None = None
    ) -> Iterator[Progress]:
        """Compose songs together, as one batch, reporting every step; closing the iterator stops within a step.

        Args:
            requests: what to compose, one or more.
            drafts: for each, a song whose levels, as far as they are there, are kept, with its metre and tempo, whatever the
                request says of them; the form must be there, with its keys. Notes that no instrument plays move by octaves, as
                composed ones do. ``None`` for no drafts.
            until: the last level to be composed; ``None`` composes all.

        Yields:
            Progress; the last report holds the songs.

        Raises:
            ValueError: where there is no request, the requests disagree in steps or guidance, a level has no model, or what is
                asked for does not fit the form that was composed.
        """
        if not requests:
            raise ValueError("requests: must be at least one, got none")
        with _processors(self.threads):
            yield from self._compose_at_home(requests, drafts, until or self.levels[-1])

    def _compose_at_home(self, asked: Sequence[Request], drafts: Sequence[Song] | None, until: Level) -> Iterator[Progress]:
        """Take what is asked for to its home keys, compose it there, level by level, and move the songs back."""
        shifts = list(map(shift_home, asked)) if drafts is None else [home_shift(draft.form) for draft in drafts]
        requests = [request.transposed(shift) for request, shift in zip(asked, shifts, strict=True)]
        if drafts is None:
            songs = [opening(request) for request in requests]
        else:
            songs = [transposed(draft, shift) for draft, shift in zip(drafts, shifts, strict=True)]
        total = 1
        for level in self.levels[: self.levels.index(until) + 1]:
            given = [getattr(draft, level.attribute, None) is not None for draft in drafts or [None] * len(songs)]
            stands = [
                _everything(level, song) if whole else self._settled(level, song, request)
                for song, request, whole in zip(songs, requests, given, strict=True)
            ]
            songs = [settled.song for settled in stands]
            if any(settled.is_open for settled in stands):
                if level.name not in self.models:
                    raise ValueError(f"models: must have one for the {level.title}, got {', '.join(self.models) or 'none'}")
                canvas = self._canvas(level, songs, requests, shifts)
                plans = [self._plan(level, *each) for each in zip(stands, requests, strict=True)]
                steps, guidance = _settings(self.sampling[level.name], requests)
                for step, total in canvas.compose(level, self.models[level.name], steps, guidance, plans):
                    yield Progress(level, step, total)
                for number, (settled, request) in enumerate(zip(stands, requests, strict=True)):
                    if settled.is_open:
                        songs[number] = self._read(level, canvas.store.read(level, number), settled, request)
                        if level.ends_freely:
                            request.check_form(songs[number].form)
        moved = [within_range(transposed(song, -shift)) for song, shift in zip(songs, shifts, strict=True)]
        yield Progress(until, total, total, tuple(map(self._signed, moved, asked)))

    def _settled(self, level: Level, song: Song, request: Request) -> Settled:
        if level.ends_freely:
            return settled_form(level, song, request, level.bars_to_compose(song.form.length_bars, song.meter))
        return settled_music(level, song, request, self.levels)

    def _plan(self, level: Level, settled: Settled, request: Request) -> LevelPlan:
        """What is asked of a level whose settled part is known."""
        if level.ends_freely:
            return LevelPlan(settled.known, evidence=form_evidence(level, settled.song, request))
        song = settled.song
        codes = code_plan(level, song, request, self._encode, self.sampling[level.name].external)
        return LevelPlan(
            known=settled.known,
            unvaried=unvaried_parts(song.form, song.meter, request),
            literal=literal_parts(song.form, song.meter, request),
            reference_shares=reference_shares(song.form, request),
            codes=codes,
            evidence={} if codes is None else codes.evidence(level, song.meter),
        )

    def _read(self, level: Level, image: np.ndarray, settled: Settled, request: Request) -> Song:
        """The song with this level as it now stands on the canvas, played; what was given exactly comes back exactly."""
        if level.ends_freely:
            return read_form(level, image, settled, request)
        played = with_dynamics(decode_level(level, image, settled.song), self._dynamics)
        return spliced(level, settled, replace(settled.song, **{level.attribute: getattr(played, level.attribute)}))

    def _encode(self) -> Encoders:
        if self._encoders is None:
            raise ValueError("like: must be left out where there are no encoders, got a passage")
        return self._encoders()

    def _canvas(self, level: Level, songs: Sequence[Song], requests: Sequence[Request], shifts: Sequence[int]) -> Canvas:
        """A canvas with all that the songs say down to ``level``."""
        forms, meters = [song.form for song in songs], [song.meter for song in songs]
        store = ImageStore(forms, meters, self.device, self.levels, [-shift for shift in shifts])
        for number, song in enumerate(songs):
            for drawn in self.levels[: self.levels.index(level) + 1]:
                if getattr(song, drawn.attribute) is not None:
                    store.write(drawn, number, encode_level(drawn, song))

        def redraw(row: Level, image: np.ndarray, number: int) -> np.ndarray:
            return encode_level(row, decode_level(row, image, songs[number]), len(image))

        return Canvas(store, forms, meters, [request.seed for request in requests], redraw)

    def _signed(self, song: Song, request: Request) -> Song:
        """The song with all that is needed to compose it again."""
        provenance = {
            "canzona": __version__,
            "request": request_to_dict(request),
            "weights": {name: model.digest for name, model in self.models.items()},
            "precision": {name: str(model.dtype).removeprefix("torch.") for name, model in self.models.items()},
            "device": self.device.type,
            "threads": self.threads,
        }
        return replace(song, provenance=MappingProxyType(provenance))


@contextmanager
def _processors(threads: int) -> Iterator[None]:
    """PyTorch computes on so many processors within the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _settings(sampling: Sampling, requests: Sequence[Request]) -> tuple[int, Guidance]:
    """Steps and guidance on which the requests agree."""
    steps = {request.steps or sampling.steps for request in requests}
    factors = {request.guidance for request in requests}
    if len(steps) > 1 or len(factors) > 1:
        raise ValueError("requests: must agree in steps and guidance to be composed together, got several")
    factor = factors.pop()

    def scaled(weight: float) -> float:
        return max(0.0, 1 + factor * (weight - 1))

    return steps.pop(), Guidance(scaled(sampling.background), scaled(sampling.reference), sharpness=scaled(sampling.sharpness))


def _everything(level: Level, song: Song) -> Settled:
    bars = level.bars_to_compose(song.form.length_bars, song.meter)
    return Settled(song, np.ones((len(level.parts), bars), dtype=bool))
