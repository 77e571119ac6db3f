"""Songs by the thousand: kept one by one until a thousand neighbours are there, then packed into one file."""

from pathlib import Path

from canzona.batch.composing import Composed, Order
from canzona.batch.keeping import SongFolder, check_origin
from canzona.batch.pack import SongFiles, packed, unpacked
from canzona.io.files import atomic_write
from canzona.io.song_json import song_from_json

SONGS_IN_A_PACK = 1000


def packs_of(seeds: range) -> list[range]:
    """The seeds of every pack of a batch, counted from its first seed; the last may have fewer songs."""
    return [seeds[first : first + SONGS_IN_A_PACK] for first in range(0, len(seeds), SONGS_IN_A_PACK)]


class PackFolder:
    """A folder with ``FIRST-LAST.tar`` for every thousand songs, and the songs beside it that wait for the rest of theirs."""

    def __init__(self, folder: Path, order: Order, packs: list[range], again: bool = False) -> None:
        """``again`` composes what is there already anew."""
        self.order, self.again = order, again
        self._waiting = {seeds: SongFolder(folder, order, seeds, again) for seeds in packs}
        self._left: dict[range, set[int]] = {}

    def file(self, seeds: range) -> Path:
        """Where the pack of these seeds is: named by the first and the last."""
        return self._waiting[seeds].folder / f"{seeds[0]}-{seeds[-1]}.tar"

    def missing(self) -> list[int]:
        """As ``Keeper.missing``: what is in a whole pack of this order is not composed again, nor what waits beside it."""
        self._left = {seeds: set(own.missing()) for seeds, own in self._waiting.items() if self.again or not self._has(seeds)}
        for seeds in [seeds for seeds, left in self._left.items() if not left]:
            self._pack(seeds)
        return sorted(seed for left in self._left.values() for seed in left)

    def keep(self, song: Composed) -> tuple[Path, ...]:
        seeds = next(own for own in self._left if song.seed in own)
        self._waiting[seeds].keep(song)
        self._left[seeds].discard(song.seed)
        return () if self._left[seeds] else (self._pack(seeds),)

    def _has(self, seeds: range) -> bool:
        """Whether a pack is there and whole; songs that were left beside it are removed.

        Raises:
            ValueError: where it has songs of another order.
        """
        path = self.file(seeds)
        try:
            songs = unpacked(path)
        except (FileNotFoundError, ValueError):
            return False
        if sorted(songs) != list(seeds):
            raise ValueError(f"output: {path} must have the songs of its name, has others; --again replaces it")
        check_origin(song_from_json(songs[seeds[0]][0]), self.order, seeds[0], path)
        self._clear(seeds, songs)
        return True

    def _pack(self, seeds: range) -> Path:
        del self._left[seeds]
        waiting = self._waiting[seeds]
        songs: dict[int, SongFiles] = {}
        for seed in seeds:
            song_json, midi = waiting.files(seed)
            songs[seed] = song_json.read_bytes(), midi.read_bytes()
        atomic_write(self.file(seeds), packed(songs))
        self._clear(seeds, songs)
        return self.file(seeds)

    def _clear(self, seeds: range, songs: dict[int, SongFiles]) -> None:
        """Remove the files of songs that are in a pack; others of their names stay."""
        for seed in seeds:
            for path, data in zip(self._waiting[seeds].files(seed), songs[seed], strict=True):
                if path.is_file() and path.read_bytes() == data:
                    path.unlink()
