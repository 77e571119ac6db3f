"""The studio: what the routes ask, put together from its parts."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from canzona.hierarchy.levels import LEVELS
from canzona.io.song_json import song_from_dict, song_to_dict
from canzona.limits import MEMORY_BYTES, SECONDS
from canzona.reading import READERS
from canzona.song.harmony import MOST_ACCIDENTALS, PITCH_CLASSES, Key, Mode
from canzona.song.song import HIGHEST_TEMPO, LOWEST_TEMPO
from canzona.song.timing import Meter
from canzona.studio import wire
from canzona.studio.command_line import command_line
from canzona.studio.desk import Desk
from canzona.studio.documents import LONGEST_BARS, LONGEST_MINUTES, MOST_NOTES, lock_to_dict
from canzona.studio.events import Events
from canzona.studio.exports import FORMATS, ExportedFile, file_name
from canzona.studio.jobs import Jobs
from canzona.studio.library import Library, NotThere, Refused
from canzona.studio.records import Asked, JobRecords
from canzona.studio.songs import Songs
from canzona.studio.store import Store
from canzona.version import __version__

_READERS = ("canzona.reading", "canzona.transcription.analysis")
"""Modules that read strangers' files."""


@dataclass(frozen=True)
class Settings:
    """What a studio is told when it begins.

    Attributes:
        library: the folder that it keeps.
        weights: folder with other weights than the package's; ``None`` for those.
        data: a prepared data set that songs are held against; ``None`` for none.
        processes: takes that are composed at once, 1 or more.
    """

    library: Path
    weights: Path | None = None
    data: Path | None = None
    processes: int = 1


class Studio:
    """The library, the queue, and processes beside them. To be closed."""

    def __init__(self, settings: Settings) -> None:
        """Open the library.

        Raises:
            MachineFault, OSError: as ``Store``.
        """
        self.settings, self.events = settings, Events()
        self._store = Store(settings.library)
        self.library = Library(self._store)
        self.records = JobRecords(self.library)
        self.songs = Songs(self.library, self.records, self.events)
        self.jobs = Jobs(self.records, self.events, settings.weights, settings.processes)
        self._asking, self._writing = Desk("canzona.studio.asking"), Desk("canzona.studio.exports")
        self._comparing = Desk("canzona.studio.closeness")
        self._reading = Desk("canzona.studio.desk", *_READERS, seconds=SECONDS, memory_bytes=MEMORY_BYTES)

    def warm_up(self) -> None:
        """Begin to start what the first song needs, and go on."""
        self.jobs.warm_up()
        threading.Thread(target=self._asking.begin, daemon=True).start()

    def close(self) -> None:
        """End all processes, and leave the library in order."""
        self.jobs.close()
        for desk in (self._asking, self._writing, self._comparing, self._reading):
            desk.close()
        self._store.close()

    def import_file(self, name: str, data: bytes) -> dict[str, Any]:
        """A new song from a stranger's file, read in a process with limits of time and memory."""
        song, read = self._reading("read_file", name, data)
        stem = "".join(own if own.isprintable() else " " for own in name.replace("\\", "/").split("/")[-1]).rpartition(".")[0]
        return self.songs.add_read(stem.strip() or "Imported song", song_from_dict(song), read)

    def compose(self, body: wire.Composing) -> dict[str, Any]:
        """A song is to be composed; raises ``ValueError`` where it cannot be as it is asked for."""
        values = body.model_dump(mode="json")
        request = self._asking("composing", values, self._passages(body))
        return self.jobs.add(Asked("compose", request, body.takes, name=body.name))

    def recompose(self, song_id: str, body: wire.Recomposing) -> dict[str, Any]:
        """Bars of a song are to be composed anew; raises as ``compose``, and ``Refused`` where the song has changed."""
        held = self.library.get(song_id)
        if held.version != body.base_version:
            raise Refused("The song has changed since; look at it before composing it anew.", held.version)
        song, locks = song_to_dict(held.document.song), [lock_to_dict(lock) for lock in held.document.locks]
        values = body.model_dump(mode="json")
        request = self._asking("recomposing", values, song, locks, self._passages(body))
        return self.jobs.add(Asked("recompose", request, body.takes, song_id, held.version, body.bars, level=body.level))

    def export(self, song_id: str, name: str) -> ExportedFile:
        """The song as a file of a format."""
        held = self.library.get(song_id)
        song, edited = song_to_dict(held.document.song), held.document.edited
        data = self._writing("written", song, name, held.name, edited)
        return ExportedFile(data, FORMATS[name].media_type, file_name(held.name, FORMATS[name].ending))

    def score_page(self, song_id: str, number: int) -> tuple[bytes, int]:
        """A page of the score, from 1, and how many there are; raises ``NotThere`` for one that there is not."""
        held = self.library.get(song_id)
        page, pages = self._writing("score_page", song_to_dict(held.document.song), held.name, number)
        if page is None:
            raise NotThere(f"The score has {pages} pages.")
        return page, pages

    def closeness(self, song_id: str) -> Mapping[str, Any]:
        """What the song shares with the training data, if that is here."""
        held = self.library.get(song_id)
        if self.settings.data is None:
            detail = "The training data is not here: start the studio with --data and a file made by canzona prepare."
            return wire.Closeness(detail=detail).model_dump()
        return self._comparing("closeness", song_to_dict(held.document.song), self.settings.data)

    def command(self, song_id: str) -> wire.CommandLine:
        """The request that made the song, as a command."""
        held = self.library.get(song_id)
        return command_line(held.document, held.name)

    def state(self) -> dict[str, Any]:
        """``wire.State`` as plain values."""
        return {
            "version": __version__,
            "keys": [str(key) for mode in Mode for key in _keys(mode)],
            "meters": [str(Meter(beats)) for beats in Meter.ALLOWED],
            "levels": [
                {
                    "name": level.name,
                    "title": level.title,
                    "revisable": not level.ends_freely,
                    "like": level.external and level.external.name,
                    "pitches": _ends([level.playable_pitches(part.name) for part in level.parts]),
                }
                for level in LEVELS
            ],
            "limits": {
                "lowest_tempo": LOWEST_TEMPO,
                "highest_tempo": HIGHEST_TEMPO,
                "bars": LONGEST_BARS,
                "minutes": LONGEST_MINUTES,
                "notes": MOST_NOTES,
                "takes": wire.MOST_TAKES,
                "name": wire.LONGEST_NAME,
            },
            "weights": "the package's" if self.settings.weights is None else str(self.settings.weights),
            "formats": [*FORMATS],
            "imports": [*READERS],
            "has_training_data": self.settings.data is not None,
        }

    def _passages(self, body: wire.Knobs) -> list[dict[str, Any]]:
        """The songs of the library that the music is to be like."""
        return [song_to_dict(self.library.get(own.song_id).document.song) for own in body.like]


def _keys(mode: Mode) -> list[Key]:
    """Every key of a mode as it is usually written, in order of its signature."""
    keys = (Key(tonic, mode) for tonic in range(PITCH_CLASSES))
    return sorted(keys, key=lambda key: key.accidentals + MOST_ACCIDENTALS)


def _ends(ranges: list[range]) -> tuple[int, int] | None:
    """The lowest and the highest pitch of the first range that has any."""
    return next(((own.start, own.stop - 1) for own in ranges if own), None)
