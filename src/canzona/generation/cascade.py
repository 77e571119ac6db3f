"""The cascade: four levels, each composed given all before it."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from canzona.generation.canvas import Canvas, LevelModel, LevelPlan
from canzona.generation.codes import code_plan
from canzona.generation.controls import Lock, Revision
from canzona.generation.dynamics import shipped_dynamics, with_dynamics
from canzona.generation.ending import closing_evidence
from canzona.generation.fixed import Fixed, fixed_music, merge
from canzona.generation.form import fixed_form, form_evidence, opening, read_form
from canzona.generation.harmonisation import harmonic_evidence
from canzona.generation.home import shift_home, within_range
from canzona.generation.request import Request
from canzona.generation.request_json import request_to_dict, seed_of
from canzona.generation.variation import literal_frames, reference_shares
from canzona.hierarchy.levels import LEVELS, Level, Sampling
from canzona.model.denoiser import Guidance
from canzona.model.dynamics import Dynamics
from canzona.model.registry import DYNAMICS
from canzona.representation.encoders import Encoders
from canzona.representation.image import decode_level, encode_level
from canzona.representation.window import ImageStore
from canzona.song.harmony import Chord
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.transposition import transposed
from canzona.version import __version__

_MOST_DRAWS = 8
"""How often a level is drawn before a song may come out with nothing to sing, or bars composed anew as what they were."""


@dataclass(frozen=True)
class Progress:
    """How far a composition is.

    Attributes:
        level: which level is being composed.
        step, steps: steps of the sampler done and in all, at this level.
        songs: in the order of the requests, as far as they are composed, once a level is done, and at last; else ``None``.
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
            *_, last = self.stream(requests[first : first + batch_size])
            songs.extend(last.songs or ())
        return songs

    def revise(
        self,
        song: Song,
        level: str,
        bars: Iterable[int] | None = None,
        vary: float = 1.0,
        seed: int | None = None,
        locks: Iterable[Lock] = (),
        **controls: object,
    ) -> Song:
        """A song with some of its bars composed anew; all else stays as it is.

        Args:
            song: with all of its levels.
            level: name of the coarsest level that is composed anew; those below it change only where they must.
            bars: that are composed anew, counted from 0; ``None`` for all.
            vary: how far from the old version, from 0 (not at all) to 1 (as if there had been none).
            seed: another seed gives other music; ``None`` takes the one after the song's own, which it stores.
            locks: what stays in these bars all the same, such as the melody while its chords are composed anew.
            controls: further fields of ``Request``, such as ``like``.

        Raises:
            ValueError: where the song lacks a level, or the bars are not in it.
        """
        if seed is None:
            used = seed_of(song)
            seed = 0 if used is None else used + 1
        revision = Revision(song, level, None if bars is None else frozenset(bars), vary, tuple(locks))
        return self.compose(Request(seed=seed, revision=revision, **controls))  # type: ignore[arg-type]

    @torch.inference_mode()
    def stream(self, requests: Sequence[Request], until: Level | None = None) -> Iterator[Progress]:
        """Compose songs together, as one batch, reporting every step; closing the iterator stops within a step.

        Args:
            requests: what to compose, one or more.
            until: the last level to be composed; ``None`` composes all.

        Yields:
            Progress; after every level with the songs so far, at last with the whole songs.

        Raises:
            ValueError: where there is no request, the requests disagree in steps or guidance, a level has no model, or what is
                asked for does not fit the form that was composed.
        """
        if not requests:
            raise ValueError("requests: must be at least one, got none")
        with _processors(self.threads):
            yield from self._compose_at_home(requests, until or self.levels[-1])

    def _compose_at_home(self, asked: Sequence[Request], until: Level) -> Iterator[Progress]:
        """Take what is asked for to its home keys, compose it there, level by level, and move the songs back."""
        composed = self.levels[: self.levels.index(until) + 1]
        settings = {level: _settings(self.sampling[level.name], asked) for level in composed}
        shifts = list(map(shift_home, asked))
        requests = [request.transposed(shift) for request, shift in zip(asked, shifts, strict=True)]
        songs = list(map(opening, requests))
        total = 1
        for level in composed:
            fixed = [self._fixed(level, song, request) for song, request in zip(songs, requests, strict=True)]
            songs = [staying.song for staying in fixed]
            if any(staying.is_open for staying in fixed):
                songs, total = yield from self._drawn(level, fixed, requests, shifts, *settings[level])
            if level is until or any(staying.is_open for staying in fixed):
                moved = [within_range(transposed(song, -shift)) for song, shift in zip(songs, shifts, strict=True)]
                yield Progress(level, total, total, tuple(map(self._signed, moved, asked)))

    def _drawn(
        self,
        level: Level,
        fixed: Sequence[Fixed],
        requests: Sequence[Request],
        shifts: Sequence[int],
        steps: int,
        guidance: Guidance,
    ) -> Generator[Progress, None, tuple[list[Song], int]]:
        """Compose one level: gives the songs with it, and how many steps there were.

        Where a form comes out with nothing to sing, or a revision as it was, which happens where little is open, it is drawn
        again with other noise.
        """
        if level.name not in self.models:
            raise ValueError(f"models: must have one for the {level.title}, got {', '.join(self.models) or 'none'}")
        songs, total = [staying.song for staying in fixed], 1
        left = list(range(len(songs)))
        for draw in range(_MOST_DRAWS):
            asked, staying = [requests[number] for number in left], [fixed[number] for number in left]
            canvas = self._canvas(level, [own.song for own in staying], asked, [shifts[number] for number in left])
            plans = [self._plan(level, *each) for each in zip(staying, asked, strict=True)]
            for step, steps_here in canvas.compose(level, self.models[level.name], steps, guidance, plans, draw):
                total = total if draw else steps_here
                yield Progress(level, total if draw else step, total)
            for place, number in enumerate(left):
                if fixed[number].is_open:
                    songs[number] = self._read(level, canvas.store.read(level, place), fixed[number], requests[number])
                    if level.ends_freely:
                        requests[number].check_form(songs[number].form)
            left = [own for own in left if fixed[own].is_open and _falls_short(level, songs[own], requests[own])]
            if not left:
                break
        return songs, total

    def _fixed(self, level: Level, song: Song, request: Request) -> Fixed:
        return fixed_form(level, song, request) if level.ends_freely else fixed_music(level, song, request, self.levels)

    def _plan(self, level: Level, fixed: Fixed, request: Request) -> LevelPlan:
        """What is asked of a level."""
        song = fixed.song
        if level.ends_freely:
            return LevelPlan(fixed.mask, evidence=form_evidence(level, song, request))
        codes = code_plan(level, song, request, self._encode, self.sampling[level.name].external)
        return LevelPlan(
            fixed=fixed.mask,
            literal=literal_frames(level, song, request),
            reference_shares=reference_shares(song.form, request),
            codes=codes,
            evidence=_together(
                harmonic_evidence(level, song, request, self.levels),
                closing_evidence(level, song, request),
                {} if codes is None else codes.evidence(level, song.meter),
            ),
        )

    def _read(self, level: Level, image: np.ndarray, fixed: Fixed, request: Request) -> Song:
        """The song with this level as it now is on the canvas, played; what was given exactly comes back exactly."""
        if level.ends_freely:
            return read_form(level, image, fixed, request)
        song, field = fixed.song, level.attribute
        composed = getattr(with_dynamics(decode_level(level, image, song), self._dynamics), field)
        stays = getattr(song, field)
        return replace(song, **{field: composed if stays is None else merge(level, stays, composed, fixed.mask, song.meter)})

    def _encode(self) -> Encoders:
        if self._encoders is None:
            raise ValueError("like: must be left out where there are no encoders, got a passage")
        return self._encoders()

    def _canvas(self, level: Level, songs: Sequence[Song], requests: Sequence[Request], shifts: Sequence[int]) -> Canvas:
        """A canvas with all that the songs say down to ``level``."""
        forms, meters = [song.form for song in songs], [song.meter for song in songs]
        tonics, tempos = [-shift for shift in shifts], [song.tempo for song in songs]
        store = ImageStore(forms, meters, self.device, self.levels, tonics, tempos)
        for number, song in enumerate(songs):
            for drawn in self.levels[: self.levels.index(level) + 1]:
                if getattr(song, drawn.attribute) is not None:
                    store.write(drawn, number, encode_level(drawn, song))

        def redraw(row: Level, image: np.ndarray, number: int) -> np.ndarray:
            return encode_level(row, decode_level(row, image, songs[number]), len(image))

        return Canvas(store, forms, meters, [request.seed for request in requests], redraw)

    def _signed(self, song: Song, request: Request) -> Song:
        """The song with its keys written as they were asked for, and with all that is needed to compose it again."""
        provenance = {
            "canzona": __version__,
            "request": request_to_dict(request),
            "weights": {name: model.digest for name, model in self.models.items()} | {DYNAMICS: self._dynamics().digest},
            "precision": {name: str(model.dtype).removeprefix("torch.") for name, model in self.models.items()},
            "device": self.device.type,
            "threads": self.threads,
        }
        form = song.form.written_as(request.keyed_form, request.first_key)
        return replace(song, form=form, provenance=MappingProxyType(provenance))


def _falls_short(level: Level, song: Song, request: Request) -> bool:
    """Whether nothing is sung in a form that was composed.

    Or the level from which a song was to be composed anew is, but for its loudness, what it was.
    """
    if level.ends_freely and request.keyed_form is None:
        return not any(phrase.is_sung for phrase in song.form.phrases)
    revision = request.revision
    if revision is None or revision.level != level.name or revision.vary == 0:
        return False
    before, after = (_heard(getattr(own, level.attribute)) for own in (revision.song, song))
    return before == after


def _together(*sources: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Part's name → log-odds that its states have from all sources."""
    summed: dict[str, NDArray[np.float32]] = {}
    for source in sources:
        for name, log_odds in source.items():
            summed[name] = summed[name] + log_odds if name in summed else log_odds
    return summed


def _heard(music: LeadSheet | Sequence[Note]) -> tuple[list[tuple[int, ...]], list[tuple[int, Chord]]]:
    """Notes without their loudness, and chords by beats, wherever they are cut."""
    notes, spans = (music.melody, music.chords) if isinstance(music, LeadSheet) else (music, ())
    return (
        [(note.start_step, note.pitch, note.duration_steps) for note in notes],
        [(beat, span.chord) for span in spans for beat in range(span.start_beat, span.end_beat)],
    )


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
