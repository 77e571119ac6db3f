"""What is done for each song of a batch, the same wherever it is done: from an order and seeds to the bytes of files."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import torch

from canzona import pretrained
from canzona.faults import MachineFault
from canzona.generation.cascade import Cascade
from canzona.generation.request import Request
from canzona.generation.request_json import request_to_dict
from canzona.io.midi import song_to_midi
from canzona.io.song_json import song_to_json
from canzona.song.song import Song

TOGETHER_ON_A_GPU = 64
"""Songs that are tried as one batch on a graphics card; where they do not fit, half as many, and so on."""


@dataclass(frozen=True)
class Order:
    """What the songs of a batch have in common.

    Attributes:
        request: of every song, but for its seed.
        weights: folder with the weights; ``None`` for the package's.
        device: ``"cpu"`` or ``"cuda"``.
        threads: processors that compose a song; songs depend on it.
    """

    request: Request
    weights: Path | None = None
    device: str = "cpu"
    threads: int = 1

    def __post_init__(self) -> None:
        if self.device not in ("cpu", "cuda"):
            raise ValueError(f"device: must be cpu or cuda, got {self.device!r}")

    @property
    def together(self) -> int:
        """How many songs are composed as one batch: on a processor a song is the same alone only where it is alone."""
        return 1 if self.device == "cpu" else TOGETHER_ON_A_GPU

    @cached_property
    def origin(self) -> Mapping[str, object]:
        """What the provenance of every song tells of it, but for the seed.

        Raises:
            UnusableWeights: where the registry of the weights cannot be read.
        """
        request: dict[str, object] = json.loads(json.dumps(request_to_dict(self.request)))  # as a file gives it back
        return {"request": request | {"seed": None}, "weights": pretrained.digests(self.weights)}


@dataclass(frozen=True)
class Composed:
    """A song of a batch, as its two files and what is said of it.

    Attributes:
        seed: of the song.
        song_json, midi: contents of the files.
        form, keys, bars: of the song, keys each once.
        seconds: wall clock that it took, its share where several were composed together.
    """

    seed: int
    song_json: bytes
    midi: bytes
    form: str
    keys: tuple[str, ...]
    bars: int
    seconds: float


@dataclass(frozen=True)
class Refused:
    """A seed whose song cannot be composed as asked, as where a form that was composed lacks a letter that is named."""

    seed: int
    reason: str


def compose_seeds(order: Order, seeds: Sequence[int]) -> list[Composed | Refused]:
    """The songs of these seeds; weights are read when a process is first asked for any.

    Raises:
        UnusableWeights: where they cannot be used.
        MachineFault: where memory does not hold even one song.
    """
    cascade = loaded(order.weights, order.device, order.threads)
    return list(_composed(cascade, [order.request.with_seed(seed) for seed in seeds]))


@cache
def loaded(weights: Path | None, device: str, threads: int) -> Cascade:
    """The cascade, read once in a process."""
    return pretrained.load(weights, device, threads=threads)


def _composed(cascade: Cascade, requests: Sequence[Request]) -> Iterator[Composed | Refused]:
    """Songs composed together; where that does not work, half of them at a time."""
    started = time.perf_counter()
    try:
        songs = cascade.compose_many(requests, batch_size=len(requests))
    except (ValueError, torch.OutOfMemoryError) as error:
        if len(requests) > 1:
            torch.cuda.empty_cache()
            half = len(requests) // 2
            yield from _composed(cascade, requests[:half])
            yield from _composed(cascade, requests[half:])
        elif isinstance(error, ValueError):
            yield Refused(requests[0].seed, str(error))
        else:
            raise MachineFault("device: its memory does not hold one such song; --device cpu may") from None
    else:
        seconds = (time.perf_counter() - started) / len(requests)
        yield from (as_files(song, own.seed, seconds) for song, own in zip(songs, requests, strict=True))


def as_files(song: Song, seed: int, seconds: float) -> Composed:
    """A song as its files, and what is said of it."""
    keys = tuple(dict.fromkeys(str(phrase.key) for phrase in song.form.phrases if phrase.key is not None))
    data = song_to_json(song).encode()
    return Composed(seed, data, song_to_midi(song), str(song.form), keys, song.form.length_bars, round(seconds, 2))
