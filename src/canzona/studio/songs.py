"""What the page asks of a song: each answer is the document as it then is, and every change is told to all pages."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import Any

from canzona.io.song_json import song_from_dict, song_to_dict
from canzona.song.song import Song
from canzona.song.spelling import chord_name, harte_symbol
from canzona.studio import wire
from canzona.studio.commands import apply_all, described_commands
from canzona.studio.documents import Document, document_of, lock_to_dict, taken
from canzona.studio.events import Events
from canzona.studio.lanes import Strand, items_of
from canzona.studio.library import Held, Library
from canzona.studio.records import JobRecords


class Songs:
    """Songs under edit, as plain values for JSON. All methods raise as those of ``Library``."""

    def __init__(self, library: Library, records: JobRecords, events: Events) -> None:
        self._library, self._records, self._events = library, records, events

    def add(self, body: wire.NewSong) -> dict[str, Any]:
        """A new song from its JSON."""
        return self._told(self._library.add(body.name, document_of(song_from_dict(body.song)), "new"))

    def add_read(self, name: str, song: Song, read: str) -> dict[str, Any]:
        """A new song from a file, and what was read."""
        return self._told(self._library.add(name[: wire.LONGEST_NAME], document_of(song), read)) | {"read": read}

    def document(self, song_id: str) -> dict[str, Any]:
        return held_to_dict(self._library.get(song_id))

    def rename(self, song_id: str, name: str) -> dict[str, Any]:
        return self._told(self._library.rename(song_id, name))

    def set_deleted(self, song_id: str, deleted: bool) -> None:
        self._library.set_deleted(song_id, deleted)
        version = None if deleted else self._library.get(song_id).version
        self._events.publish("song", song_id, {"id": song_id, "version": version})

    def copy(self, song_id: str, body: wire.Copying) -> dict[str, Any]:
        """The song as it was at a version, with commands on top, as a new song."""
        document = self._library.at_version(song_id, body.version)
        document = apply_all(document, body.commands, self._song_of(document))
        name = body.name or f"{self._library.get(song_id).name} (copy)"[: wire.LONGEST_NAME]
        return self._told(self._library.add(name, document, "copy"))

    def change(self, song_id: str, body: wire.Change) -> dict[str, Any]:
        """Commands, as one step."""
        others = {own.song_id for own in body.commands if isinstance(own, wire.Paste) and own.song_id}
        sources = {other: self._library.get(other).document.song for other in others}

        def make(_: Connection, document: Document) -> Document:
            return apply_all(document, body.commands, lambda other: sources[other] if other else document.song)

        return self._change(song_id, body.base_version, make, described_commands(body.commands))

    def undo(self, song_id: str, base_version: int) -> dict[str, Any]:
        return self._told(self._library.undo(song_id, base_version))

    def redo(self, song_id: str, base_version: int) -> dict[str, Any]:
        return self._told(self._library.redo(song_id, base_version))

    def at_version(self, song_id: str, version: int) -> dict[str, Any]:
        return song_to_dict(self._library.at_version(song_id, version).song)

    def restore_version(self, song_id: str, version: int, base_version: int) -> dict[str, Any]:
        """The song becomes what it was, locks included."""

        def make(db: Connection, _: Document) -> Document:
            return self._library.document_at(db, song_id, version)

        return self._change(song_id, base_version, make, f"version {version} restored")

    def take(self, song_id: str, job_id: str, number: int, base_version: int) -> dict[str, Any]:
        """A take becomes the song."""

        def make(db: Connection, document: Document) -> Document:
            take = self._records.take(db, song_id, job_id, number)
            base = take.base_version and self._library.document_at(db, song_id, take.base_version).song
            self._records.note_taken(db, job_id, number)
            return taken(document, base or None, take.song)

        return self._change(song_id, base_version, make, f"take {number}")

    def _song_of(self, document: Document) -> Callable[[str | None], Song]:
        return lambda other: self._library.get(other).document.song if other else document.song

    def _change(
        self, song_id: str, base_version: int, make: Callable[[Connection, Document], Document], what: str
    ) -> dict[str, Any]:
        return self._told(self._library.change(song_id, base_version, make, what))

    def _told(self, held: Held) -> dict[str, Any]:
        """A song for the page that asked, once the others have been told that there is something new."""
        self._events.publish("song", held.id, {"id": held.id, "version": held.version})
        return held_to_dict(held)


def held_to_dict(held: Held) -> dict[str, Any]:
    """A song as ``wire.Document`` has it."""
    document = held.document
    return {
        "id": held.id,
        "name": held.name,
        "version": held.version,
        "edited": held.edited,
        "song": song_to_dict(document.song),
        "locks": [lock_to_dict(lock) for lock in document.locks],
        "can_undo": held.steps_done > 0,
        "can_redo": held.steps_done < held.steps,
        "chord_names": _chord_names(document.song),
        "read": None,
    }


def _chord_names(song: Song) -> dict[str, str]:
    """How musicians write every chord of the song, by its symbol in Harte's syntax."""
    keys = song.form.keys_in_force()
    spans = (span for strand in Strand if strand.value.is_chords for span in items_of(song, strand))
    places = ((span.chord, keys[song.meter.bar_of_beat(span.start_beat)]) for span in spans)
    return {harte_symbol(chord, key): chord_name(chord, key) for chord, key in places}
