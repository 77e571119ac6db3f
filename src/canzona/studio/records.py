"""Jobs and their takes as they are stored: what was asked for stays, and so does what was made."""

from collections.abc import Iterable
from dataclasses import dataclass
from sqlite3 import Connection, Row
from typing import Any

from canzona.io.song_json import song_from_dict
from canzona.song.song import Song
from canzona.studio import wire
from canzona.studio.documents import document_of
from canzona.studio.library import Library, NotThere, Refused, new_id, now, packed, unpacked

MOST_LISTED = 100
OPEN = ("queued", "running")
"""States of takes that have a place in the queue."""
RESTARTABLE = ("stopped", "interrupted", "failed")


@dataclass(frozen=True)
class Asked:
    """Work that was asked for.

    Attributes:
        kind: whether a song is composed or recomposed.
        request: a stored ``Request``, of the first take.
        takes: how many; their seeds count up.
        song_id, base_version: the song that is recomposed, and as it was then.
        bars: that are composed anew, counted from 1; ``None`` for all.
        name: of the song that is composed.
        level: the coarsest that is composed anew, by its name; ``None`` where all are.
    """

    kind: wire.JobKind
    request: dict[str, Any]
    takes: int
    song_id: str | None = None
    base_version: int | None = None
    bars: tuple[int, int] | None = None
    name: str | None = None
    level: str | None = None


@dataclass(frozen=True)
class StoredTake:
    """A take that was made, and the version of its song that it began with, if any."""

    song: Song
    base_version: int | None


class JobRecords:
    """Jobs in the library's store."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def add(self, asked: Asked) -> str:
        """A new job at the end of the queue; gives its identifier."""
        job_id, (first, last) = new_id(), asked.bars or (None, None)
        columns = "(id, kind, created, song_id, base_version, first_bar, last_bar, name, asked_level, request)"
        values = (job_id, asked.kind, now(), asked.song_id, asked.base_version, first, last, asked.name, asked.level)
        with self._library.transaction() as db:
            db.execute(f"INSERT INTO jobs {columns} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (*values, packed(asked.request)))
            for number in range(1, asked.takes + 1):
                seed = asked.request["seed"] + number - 1
                db.execute("INSERT INTO takes (job_id, number, seed, state) VALUES (?, ?, ?, 'queued')", (job_id, number, seed))
        return job_id

    def interrupt(self) -> None:
        """Whatever a server left open when it ended will not go on by itself."""
        with self._library.transaction() as db:
            db.execute("UPDATE takes SET state = 'interrupted' WHERE state IN ('queued', 'running')")

    def jobs(self) -> list[dict[str, Any]]:
        """The latest jobs, in the order in which they were asked for."""
        with self._library.transaction() as db:
            rows = db.execute("SELECT * FROM jobs ORDER BY place DESC LIMIT ?", (MOST_LISTED,)).fetchall()
            return [self._job(db, row, with_songs=False) for row in reversed(rows)]

    def job(self, job_id: str, with_songs: bool = False) -> dict[str, Any]:
        """A job as ``wire.Job`` has it, without how far it is.

        Raises:
            NotThere: where there is none.
        """
        with self._library.transaction() as db:
            return self._job(db, self._row(db, job_id), with_songs)

    def place(self, job_id: str) -> int:
        """Where a job stands in the order of the queue."""
        with self._library.transaction() as db:
            return self._row(db, job_id)["place"]

    def request(self, job_id: str, number: int) -> dict[str, Any]:
        """The request of a take."""
        with self._library.transaction() as db:
            values = unpacked(self._row(db, job_id)["request"])
        return values | {"seed": values["seed"] + number - 1}

    def set_state(self, job_id: str, numbers: Iterable[int], state: wire.JobState, error: str | None = None) -> None:
        """Note what has become of takes, and of their job where it failed."""
        with self._library.transaction() as db:
            for number in numbers:
                db.execute("UPDATE takes SET state = ? WHERE job_id = ? AND number = ?", (state, job_id, number))
            db.execute("UPDATE jobs SET error = ? WHERE id = ?", (error, job_id))

    def set_level(self, job_id: str, level: str) -> None:
        """Note the level that was last worked at."""
        with self._library.transaction() as db:
            db.execute("UPDATE jobs SET level = ? WHERE id = ?", (level, job_id))

    def finish(self, job_id: str, number: int, song: dict[str, Any]) -> str | None:
        """Note a take that is done; the first that is done of a composed song becomes a song, whose identifier is given."""
        with self._library.transaction() as db:
            row, added = self._row(db, job_id), None
            if row["song_id"] is None:
                held = self._library.insert(db, row["name"], document_of(song_from_dict(song)), "composed")
                added = held.id
                db.execute("UPDATE jobs SET song_id = ? WHERE id = ?", (held.id, job_id))
            columns = "state = 'done', song = ?, taken = ?"
            values = (packed(song), added is not None, job_id, number)
            db.execute(f"UPDATE takes SET {columns} WHERE job_id = ? AND number = ?", values)
            return added

    def take(self, db: Connection, song_id: str, job_id: str, number: int) -> StoredTake:
        """A take that was made for a song, within a transaction.

        Raises:
            NotThere: where there is none.
            Refused: where it is not done.
        """
        job = self._row(db, job_id)
        query = "SELECT state, song FROM takes WHERE job_id = ? AND number = ?"
        row = db.execute(query, (job_id, number)).fetchone()
        if row is None or job["song_id"] != song_id:
            raise NotThere("There is no such take of this song.")
        if row["song"] is None:
            raise Refused(f"The take is not done; it is {row['state']}.")
        return StoredTake(song_from_dict(unpacked(row["song"])), job["base_version"])

    def note_taken(self, db: Connection, job_id: str, number: int) -> None:
        """Note within a transaction that a take was taken."""
        db.execute("UPDATE takes SET taken = 1 WHERE job_id = ? AND number = ?", (job_id, number))

    def drawer(self, song_id: str) -> list[wire.DrawerTake]:
        """Every take that is done for a song, the last first."""
        self._library.get(song_id)
        query = (
            "SELECT jobs.*, number, seed, taken FROM jobs JOIN takes ON job_id = id "
            "WHERE song_id = ? AND state = 'done' ORDER BY place DESC, number DESC"
        )
        with self._library.transaction() as db:
            rows = db.execute(query, (song_id,)).fetchall()
        return [
            wire.DrawerTake(
                job=row["id"],
                number=row["number"],
                seed=row["seed"],
                level=row["asked_level"],
                bars=_bars(row),
                created=row["created"],
                taken=bool(row["taken"]),
            )
            for row in rows
        ]

    def _row(self, db: Connection, job_id: str) -> Row:
        row = db.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
        if row is None:
            raise NotThere("There is no such job.")
        return row

    def _job(self, db: Connection, row: Row, with_songs: bool) -> dict[str, Any]:
        columns = "number, seed, state, song" if with_songs else "number, seed, state"
        takes = [dict(own) for own in db.execute(f"SELECT {columns} FROM takes WHERE job_id = ? ORDER BY number", (row["id"],))]
        if with_songs:
            takes = [own | {"song": own["song"] and unpacked(own["song"])} for own in takes]
        values = {name: row[name] for name in ("id", "kind", "song_id", "level", "error", "created", "base_version")}
        return values | {"state": _state([own["state"] for own in takes]), "takes": takes, "bars": _bars(row)}


_FIRST_SAID: tuple[wire.JobState, ...] = ("running", "queued", "failed", "interrupted", "stopped", "done")


def _state(states: list[str]) -> wire.JobState:
    """The state of a job, by those of its takes: the first of these that any of them has."""
    return next(state for state in _FIRST_SAID if state in states)


def _bars(row: Row) -> tuple[int, int] | None:
    return None if row["first_bar"] is None else (row["first_bar"], row["last_bar"])
