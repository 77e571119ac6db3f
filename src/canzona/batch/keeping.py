"""Where the songs of a batch are kept: named by their seeds, written whole, and not composed again where they are there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from canzona.batch.composing import Composed, Order
from canzona.generation.request_json import seed_of
from canzona.io.files import atomic_write_all, read_bytes
from canzona.io.song_json import FORMAT, song_from_json
from canzona.song.song import Song


class Keeper(Protocol):
    """Takes the songs of a batch as they are done, in any order."""

    def missing(self) -> list[int]:
        """The seeds whose songs are to be composed, in order.

        Raises:
            ValueError: where something is there that must not be replaced.
        """
        ...

    def keep(self, song: Composed) -> tuple[Path, ...]:
        """Put a song away, whole or not at all.

        Returns:
            The files that are done by it: those of the song, or of a thousand at once.
        """
        ...


class SongFolder:
    """A folder with ``SEED.mid`` and ``SEED.json`` for every song."""

    def __init__(self, folder: Path, order: Order, seeds: range, again: bool = False) -> None:
        """``again`` composes what is there already anew."""
        self.folder, self.order, self.seeds, self.again = folder, order, seeds, again

    def missing(self) -> list[int]:
        """As ``Keeper.missing``: a song that is there whole, by the same request and weights, stays."""
        return [seed for seed in self.seeds if self.again or not self.has(seed)]

    def files(self, seed: int) -> tuple[Path, Path]:
        """Where a song's song.json and MIDI file are."""
        return self.folder / f"{seed}.json", self.folder / f"{seed}.mid"

    def has(self, seed: int) -> bool:
        """Whether a song's two files are there and whole.

        Raises:
            ValueError: where they are no song, or that of another request or other weights.
        """
        song_json, midi = self.files(seed)
        song, played = _contents(song_json, f'{{\n  "format": "{FORMAT}"'.encode()), _contents(midi, b"MThd")
        if song is None:
            return False
        try:
            found = song_from_json(song)
        except ValueError:  # cut short
            return False
        check_origin(found, self.order, seed, song_json)
        return played is not None and _is_whole_midi(played)

    def keep(self, song: Composed) -> tuple[Path, ...]:
        song_json, midi = self.files(song.seed)
        atomic_write_all({midi: song.midi, song_json: song.song_json})
        return midi, song_json


def check_origin(song: Song, order: Order, seed: int, path: Path) -> None:
    """See that a song is the one of this order and seed.

    Raises:
        ValueError: where its provenance tells of another.
    """
    told = {name: song.provenance.get(name) for name in order.origin}
    if isinstance(request := told["request"], Mapping):
        told |= {"request": {**request, "seed": None}}
    if told != order.origin or seed_of(song) != seed:
        raise ValueError(
            f"output: {path} must be the song of this request and these weights, is another; "
            "--again composes it anew, another folder keeps both"
        )


def _contents(path: Path, beginning: bytes) -> bytes | None:
    """What is in a file, or in as much as was written of it; ``None`` where there is none.

    Raises:
        ValueError: where it is somebody else's.
    """
    try:
        data = read_bytes(path)
    except FileNotFoundError:
        return None
    if data[: len(beginning)] != beginning[: len(data)]:
        raise ValueError(f"output: {path} must be a song of Canzona's or a new file, is another; --again replaces it")
    return data


def _is_whole_midi(data: bytes) -> bool:
    """Whether a MIDI file's chunks, as long as they say they are, make up all of it."""
    place = 0
    while place + 8 <= len(data):
        place += 8 + int.from_bytes(data[place + 4 : place + 8], "big")
    return place == len(data) > 0
