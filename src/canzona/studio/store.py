"""The library's file: an SQLite database whose shape is brought up to date when it is opened."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from canzona.faults import MachineFault

FILE = "library.sqlite3"

MIGRATIONS = (
    """
    CREATE TABLE songs (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, created TEXT NOT NULL, edited TEXT NOT NULL,
        deleted INTEGER NOT NULL DEFAULT 0, version INTEGER NOT NULL, steps_done INTEGER NOT NULL DEFAULT 0,
        form TEXT NOT NULL, key TEXT, tempo REAL NOT NULL, bars INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE versions (
        song_id TEXT NOT NULL REFERENCES songs, version INTEGER NOT NULL, edited TEXT NOT NULL, what TEXT NOT NULL,
        difference BLOB, document BLOB, PRIMARY KEY (song_id, version)
    ) STRICT;
    CREATE TABLE steps (
        song_id TEXT NOT NULL REFERENCES songs, number INTEGER NOT NULL, what TEXT NOT NULL, difference BLOB NOT NULL,
        PRIMARY KEY (song_id, number)
    ) STRICT;
    CREATE TABLE jobs (
        place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, created TEXT NOT NULL,
        song_id TEXT REFERENCES songs, base_version INTEGER, first_bar INTEGER, last_bar INTEGER, level TEXT, name TEXT,
        asked_level TEXT, request BLOB NOT NULL, error TEXT
    ) STRICT;
    CREATE TABLE takes (
        job_id TEXT NOT NULL REFERENCES jobs(id), number INTEGER NOT NULL, seed INTEGER NOT NULL, state TEXT NOT NULL,
        song BLOB, taken INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (job_id, number)
    ) STRICT;
    CREATE INDEX jobs_of_songs ON jobs(song_id);
    """,
)
"""What brings a database from each version of its shape to the next. Blobs are compressed JSON."""


class Store:
    """One connection for all threads of the server; every block of work is a transaction, done whole or not at all."""

    def __init__(self, folder: Path) -> None:
        """Open the library of a folder, which is made where there is none.

        Raises:
            MachineFault: where it is of a later version of Canzona, or no library.
            OSError: where the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(folder / FILE, check_same_thread=False, isolation_level=None, timeout=1)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")  # one server at a time
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._migrate()
        except sqlite3.Error as error:
            in_use = "is in use by another studio" if "locked" in str(error) else f"cannot be opened: {error}"
            raise MachineFault(f"library: {folder / FILE} {in_use}") from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A block of work on the database.

        Raises:
            MachineFault: where the disk is full or the file is damaged; nothing of the block is kept.
        """
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise MachineFault(f"library: cannot be written or read: {error}") from None
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _migrate(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > len(MIGRATIONS):
            raise MachineFault("library: was written by a later version of Canzona; install that")
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self._connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
