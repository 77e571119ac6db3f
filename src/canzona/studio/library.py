"""The library: songs, their versions, and the steps that undo takes back."""

import json
import secrets
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from sqlite3 import Connection, Row
from typing import Any

from canzona.io.song_json import song_from_dict, song_to_dict
from canzona.studio import wire
from canzona.studio.documents import (
    Difference,
    Document,
    applied,
    difference,
    difference_from_dict,
    difference_to_dict,
    lock_from_dict,
    lock_to_dict,
)
from canzona.studio.store import Store

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
VERSIONS_PER_SNAPSHOT = 50
"""Every so many versions a document is stored whole, so that none is far from one."""
_MOST_CACHED = 16


class NotThere(Exception):
    """What is asked for does not exist."""


class Refused(Exception):
    """The state of things does not allow it.

    Attributes:
        version: the song's present one, where another was expected.
    """

    def __init__(self, message: str, version: int | None = None) -> None:
        super().__init__(message)
        self.version = version


@dataclass(frozen=True)
class Held:
    """A song of the library as it is now.

    Attributes:
        id, name, version, edited: its own; ``edited`` is a time in ISO 8601.
        document: the song under edit.
        steps_done, steps: how many steps are in force, of how many.
    """

    id: str
    name: str
    version: int
    edited: str
    document: Document
    steps_done: int = 0
    steps: int = 0


def new_id() -> str:
    """An identifier that nobody can guess, of 16 small letters and digits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(16))


def now() -> str:
    """The time in ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def packed(values: Any) -> bytes:
    """Plain values as compressed JSON; ``unpacked`` is the inverse."""
    return zlib.compress(json.dumps(values, separators=(",", ":")).encode(), 1)


def unpacked(data: bytes) -> Any:
    """The inverse of ``packed``."""
    return json.loads(zlib.decompress(data))


class Library:
    """Songs in a store. Every change is one transaction, on the version that it was meant for, or refused."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._held: OrderedDict[str, Held] = OrderedDict()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A block of work on the library, done whole or not at all.

        Raises:
            MachineFault: as ``Store.transaction``.
        """
        try:
            with self._store.transaction() as db:
                yield db
        except BaseException:
            self._held.clear()  # it may hold what was not stored
            raise

    def add(self, name: str | None, document: Document, what: str) -> Held:
        """A new song, under a name or the next free number."""
        with self.transaction() as db:
            return self.insert(db, name, document, what)

    def insert(self, db: Connection, name: str | None, document: Document, what: str) -> Held:
        """``add`` within a transaction."""
        if name is None:
            name = f"Song {db.execute('SELECT count(*) + 1 FROM songs').fetchone()[0]}"
        held = Held(new_id(), name, 1, now(), document)
        columns = "(id, name, created, edited, version, form, key, tempo, bars)"
        values = (held.id, held.name, held.edited, held.edited, held.version, *_summary(document))
        db.execute(f"INSERT INTO songs {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
        self._insert_version(db, held, None, what)
        return self._remember(held)

    def get(self, song_id: str) -> Held:
        """A song as it is now.

        Raises:
            NotThere: where there is none, or it is deleted.
        """
        with self.transaction() as db:
            return self._get(db, song_id)

    def songs(self, search: str = "", deleted: bool = False) -> list[wire.Listed]:
        """Songs whose name holds a text, whatever its case, the last edited first."""
        with self.transaction() as db:
            rows = db.execute("SELECT * FROM songs WHERE deleted = ? ORDER BY edited DESC, rowid DESC", (deleted,)).fetchall()
        found = (row for row in rows if search.casefold() in row["name"].casefold())
        names = wire.Listed.model_fields
        return [wire.Listed(**{name: row[name] for name in names if name != "deleted"}, deleted=deleted) for row in found]

    def rename(self, song_id: str, name: str) -> Held:
        """Another name, which is no version of its own."""
        with self.transaction() as db:
            held = replace(self._get(db, song_id), name=name)
            db.execute("UPDATE songs SET name = ? WHERE id = ?", (name, song_id))
            return self._remember(held)

    def set_deleted(self, song_id: str, deleted: bool) -> None:
        """Delete a song, or take it back."""
        with self.transaction() as db:
            if not db.execute("UPDATE songs SET deleted = ? WHERE id = ?", (deleted, song_id)).rowcount:
                raise NotThere("There is no such song.")
            self._held.pop(song_id, None)

    def change(self, song_id: str, base_version: int, make: Callable[[Connection, Document], Document], what: str) -> Held:
        """A step on the present version; steps that were taken back are given up, but stay among the versions.

        Args:
            song_id: the song.
            base_version: the version that the step is meant for.
            make: the document → the new one; it is called within the transaction.
            what: the step in a few words.

        Raises:
            NotThere: where there is no such song.
            Refused: where the song has another version.
            ValueError: as ``make``.
        """
        with self.transaction() as db:
            held = self._current(db, song_id, base_version)
            step = difference(held.document, after := make(db, held.document))
            if not step.fields():
                return held
            number = held.steps_done + 1
            db.execute("DELETE FROM steps WHERE song_id = ? AND number >= ?", (song_id, number))
            db.execute("INSERT INTO steps VALUES (?, ?, ?, ?)", (song_id, number, what, packed(difference_to_dict(step))))
            return self._advance(db, replace(held, document=after, steps_done=number, steps=number), step, what)

    def undo(self, song_id: str, base_version: int) -> Held:
        """The last step that is in force is taken back.

        Raises:
            NotThere, Refused: as ``change``, and where there is no such step.
        """
        return self._walk(song_id, base_version, -1)

    def redo(self, song_id: str, base_version: int) -> Held:
        """The last step that was taken back is done again; raises as ``undo``."""
        return self._walk(song_id, base_version, 1)

    def versions(self, song_id: str) -> list[wire.Version]:
        """Every version, the last first."""
        with self.transaction() as db:
            self._get(db, song_id)
            query = "SELECT version, edited, what FROM versions WHERE song_id = ? ORDER BY version DESC"
            return [wire.Version(**row) for row in map(dict, db.execute(query, (song_id,)))]

    def at_version(self, song_id: str, version: int) -> Document:
        """The document as it was.

        Raises:
            NotThere: where there is no such version.
        """
        with self.transaction() as db:
            return self.document_at(db, song_id, version)

    def document_at(self, db: Connection, song_id: str, version: int) -> Document:
        """``at_version`` within a transaction: the last whole document before it, and the differences since."""
        held = self._held.get(song_id)
        if held is not None and held.version == version:
            return held.document
        query = "SELECT version, difference, document FROM versions WHERE song_id = ? AND version <= ? ORDER BY version DESC"
        later: list[bytes] = []
        for row in db.execute(query, (song_id, version)):
            if row["version"] != version and not later:
                break
            if row["document"] is not None:
                document = _document(unpacked(row["document"]))
                for data in reversed(later):
                    document = applied(document, difference_from_dict(unpacked(data)))
                return document
            later.append(row["difference"])
        raise NotThere("There is no such version of this song.")

    def _walk(self, song_id: str, base_version: int, direction: int) -> Held:
        with self.transaction() as db:
            held = self._current(db, song_id, base_version)
            number = held.steps_done + (1 if direction > 0 else 0)
            query = "SELECT what, difference FROM steps WHERE song_id = ? AND number = ?"
            row = db.execute(query, (song_id, number)).fetchone()
            if row is None:
                raise Refused(f"There is nothing to {'redo' if direction > 0 else 'undo'}.", held.version)
            step = difference_from_dict(unpacked(row["difference"]))
            step = step if direction > 0 else step.inverse()
            after = replace(held, document=applied(held.document, step), steps_done=held.steps_done + direction)
            return self._advance(db, after, step, f"{'redo' if direction > 0 else 'undo'}: {row['what']}")

    def _advance(self, db: Connection, held: Held, step: Difference, what: str) -> Held:
        """Store a song's next version."""
        held = replace(held, version=held.version + 1, edited=now())
        columns = "edited = ?, version = ?, steps_done = ?, form = ?, key = ?, tempo = ?, bars = ?"
        values = (held.edited, held.version, held.steps_done, *_summary(held.document), held.id)
        db.execute(f"UPDATE songs SET {columns} WHERE id = ?", values)
        self._insert_version(db, held, step, what)
        return self._remember(held)

    def _insert_version(self, db: Connection, held: Held, step: Difference | None, what: str) -> None:
        whole = step is None or held.version % VERSIONS_PER_SNAPSHOT == 0
        change = None if step is None else packed(difference_to_dict(step))
        document = packed(_document_to_dict(held.document)) if whole else None
        values = (held.id, held.version, held.edited, what, change, document)
        db.execute("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?)", values)

    def _current(self, db: Connection, song_id: str, base_version: int) -> Held:
        held = self._get(db, song_id)
        if held.version != base_version:
            raise Refused("The song has changed since; keep yours as a copy, or take the changes over.", held.version)
        return held

    def _get(self, db: Connection, song_id: str) -> Held:
        if song_id in self._held:
            self._held.move_to_end(song_id)
            return self._held[song_id]
        row: Row | None = db.execute("SELECT * FROM songs WHERE id = ? AND NOT deleted", (song_id,)).fetchone()
        if row is None:
            raise NotThere("There is no such song.")
        (steps,) = db.execute("SELECT count(*) FROM steps WHERE song_id = ?", (song_id,)).fetchone()
        document = self.document_at(db, song_id, row["version"])
        return self._remember(Held(song_id, row["name"], row["version"], row["edited"], document, row["steps_done"], steps))

    def _remember(self, held: Held) -> Held:
        self._held[held.id] = held
        self._held.move_to_end(held.id)
        if len(self._held) > _MOST_CACHED:
            self._held.popitem(last=False)
        return held


def _summary(document: Document) -> tuple[str, str | None, float, int]:
    """What a list shows of a song."""
    song = document.song
    key = next((str(phrase.key) for phrase in song.form.phrases if phrase.key is not None), None)
    return str(song.form), key, song.tempo, song.form.length_bars


def _document_to_dict(document: Document) -> dict[str, Any]:
    locks = [lock_to_dict(lock) for lock in document.locks]
    return {"song": song_to_dict(document.song), "locks": locks, "edited": document.edited}


def _document(values: dict[str, Any]) -> Document:
    """The inverse of ``_document_to_dict``."""
    return Document(song_from_dict(values["song"]), tuple(map(lock_from_dict, values["locks"])), values["edited"])
