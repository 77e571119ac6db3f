"""The cascade: four levels, each composed given all before it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import torch

from canzona.generation.canvas import Canvas, LevelModel
from canzona.generation.dynamics import with_dynamics
from canzona.generation.request import Request
from canzona.hierarchy.levels import LEVELS, Level, Sampling
from canzona.model.denoiser import Guidance
from canzona.representation.form_image import POP_SONG, decode_form, decode_keys
from canzona.representation.image import decode_level, encode_level
from canzona.representation.window import EVERYWHERE, ImageStore
from canzona.song.form import Form, Phrase
from canzona.song.harmony import Key
from canzona.song.song import Song
from canzona.version import __version__

KNOWN_KEY_BARS = 4
"""Opening bars whose key is on the canvas when a form is composed in a given key."""


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
    ) -> None:
        """A cascade of these models.

        Args:
            models: level's name → model; a level without one can only be given.
            device: where the models are.
            sampling: level's name → how to sample it, where not as the table of levels says.
            levels: what is composed, top-down; other rows than those of the table make another cascade.
        """
        self.models = dict(models)
        self.device = torch.device(device)
        self.levels = tuple(levels)
        self.sampling = {level.name: level.sampling for level in levels} | dict(sampling or {})

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

    @torch.inference_mode()
    def stream(
        self, requests: Sequence[Request], drafts: Sequence[Song] | None = None, until: Level | None = None
    ) -> Iterator[Progress]:
        """Compose songs together, as one batch, reporting every step; closing the iterator stops within a step.

        Args:
            requests: what to compose, one or more.
            drafts: for each, a song whose levels, as far as they are there, are kept as they are, with its metre and tempo; the
                form must be there, with its keys. ``None`` composes every level.
            until: the last level to be composed; ``None`` composes all.

        Yields:
            Progress; the last report holds the songs.

        Raises:
            ValueError: where there is no request, the requests disagree in steps or guidance, or a level has no model.
        """
        if not requests:
            raise ValueError("requests: must be at least one, got none")
        if drafts is None:
            songs = [Song(request.keyed_form() or _opening(request), request.meter, request.tempo) for request in requests]
        else:
            songs = list(drafts)
        asked = [None] * len(songs) if drafts else list(requests)
        total, until = 1, until or self.levels[-1]
        for level in self.levels[: self.levels.index(until) + 1]:
            known = [_known_parts(level, song, request) for song, request in zip(songs, asked, strict=True)]
            open_songs = [number for number, parts in enumerate(known) if not _settled(level, parts)]
            if open_songs:
                canvas = self._canvas(level, songs, requests)
                if level.name not in self.models:
                    raise ValueError(f"models: must have one for the {level.title}, got {', '.join(self.models) or 'none'}")
                steps, guidance = _settings(self.sampling[level.name], requests)
                for step, total in canvas.compose(level, self.models[level.name], steps, guidance, known):
                    yield Progress(level, step, total)
                for number in open_songs:
                    songs[number] = _read(level, canvas.store, number, songs[number], asked[number])
        given = drafts or [None] * len(songs)
        finished = tuple(self._finished(*each) for each in zip(songs, given, requests, strict=True))
        yield Progress(until, total, total, finished)

    def _canvas(self, level: Level, songs: Sequence[Song], requests: Sequence[Request]) -> Canvas:
        """A canvas with all that the songs say down to ``level``."""
        store = ImageStore([song.form for song in songs], [song.meter for song in songs], self.device, self.levels)
        for number, song in enumerate(songs):
            for drawn in self.levels[: self.levels.index(level) + 1]:
                if getattr(song, drawn.attribute) is not None:
                    store.write(drawn, number, encode_level(drawn, song))
        forms, meters = [song.form for song in songs], [song.meter for song in songs]
        return Canvas(store, forms, meters, [request.seed for request in requests])

    def _finished(self, song: Song, draft: Song | None, request: Request) -> Song:
        """The song with dynamics where it was composed, and with all that is needed to compose it again."""
        provenance = {
            "canzona": __version__,
            "request": request.to_dict(),
            "weights": {name: model.digest for name, model in self.models.items()},
            "precision": {name: str(model.dtype).removeprefix("torch.") for name, model in self.models.items()},
            "device": self.device.type,
            "threads": torch.get_num_threads(),
        }
        played = with_dynamics(song)
        kept = {level.attribute: own for level in self.levels if (own := getattr(draft, level.attribute, None)) is not None}
        return replace(played, provenance=MappingProxyType(provenance), **kept)


def _opening(request: Request) -> Form:
    """What is drawn before a form is composed: nothing but the key asked for counts of it."""
    return Form((Phrase("A", KNOWN_KEY_BARS, request.key),))


def _settings(sampling: Sampling, requests: Sequence[Request]) -> tuple[int, Guidance]:
    """Steps and guidance on which the requests agree."""
    steps = {request.steps or sampling.steps for request in requests}
    factors = {request.guidance for request in requests}
    if len(steps) > 1 or len(factors) > 1:
        raise ValueError("requests: must agree in steps and guidance to be composed together, got several")
    factor = factors.pop()

    def scaled(weight: float) -> float:
        return max(0.0, 1 + factor * (weight - 1))

    return steps.pop(), Guidance(scaled(sampling.background), scaled(sampling.reference), scaled(sampling.context))


def _known_parts(level: Level, song: Song, request: Request | None) -> dict[str, int]:
    """Part's name → bars of it that are settled before the level is composed; without a request, all that the song has."""
    everything = {part.name: EVERYWHERE for part in level.parts}
    if request is None or not level.ends_freely:
        return everything if getattr(song, level.attribute) is not None else {}
    keys, phrases = (part.name for part in level.parts)
    if request.form is None:
        return {} if request.key is None else {keys: KNOWN_KEY_BARS}
    return everything if all(phrase.key for phrase in song.form.phrases) else {phrases: EVERYWHERE}


def _settled(level: Level, known: Mapping[str, int]) -> bool:
    return all(known.get(part.name, 0) == EVERYWHERE for part in level.parts)


def _read(level: Level, store: ImageStore, number: int, song: Song, request: Request | None) -> Song:
    """The song with this level as it now stands on the canvas; what was asked for exactly comes back exactly."""
    image = store.read(level, number)
    if request is None or not level.ends_freely:
        return decode_level(level, image, song)
    if request.form is not None:
        composed = decode_keys(level, image, song.form, POP_SONG)
        keys = [asked.key or found.key for asked, found in zip(song.form.phrases, composed.phrases, strict=True)]
    else:
        composed = decode_form(level, image, POP_SONG)
        keys = [phrase.key for phrase in composed.phrases]
        keys[0] = request.key or keys[0]
    return replace(song, form=composed.with_keys(keys).with_missing_keys(request.key or Key(0)))
