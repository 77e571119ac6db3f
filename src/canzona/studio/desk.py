"""Processes beside the server that do what takes memory, time or trust, one thing at a time each."""

import threading
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from canzona.limits import LimitedWorker
from canzona.song.song import Song

OWN_SECONDS, OWN_MEMORY_BYTES = 120.0, 16 * 2**30
"""What our own work may take: enough for any song, so that a fault ends. PyTorch reserves far more memory than it uses."""


class Desk:
    """One process, started when it is first needed, for work of one kind; threads wait for one another."""

    def __init__(self, seconds: float = OWN_SECONDS, memory_bytes: int = OWN_MEMORY_BYTES) -> None:
        """A desk with limits for each piece of work, as of ``LimitedWorker``."""
        self._worker = LimitedWorker(_call, seconds, memory_bytes)
        self._lock = threading.Lock()

    def __call__(self, module: str, function: str, *arguments: Any) -> Any:
        """What a function of a module makes of arguments that can be pickled; the server need not load what it needs.

        Raises:
            ValueError, MachineFault, OSError: as the function, and as ``LimitedWorker``.
        """
        with self._lock:
            return self._worker((module, function, arguments))

    def warm_up(self, module: str) -> None:
        """Load a module, so that the first work need not wait for it."""
        self("canzona.studio.desk", "load", module)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._worker.__exit__()


def _call(item: tuple[str, str, tuple[Any, ...]]) -> Any:
    module, function, arguments = item
    return getattr(import_module(module), function)(*arguments)


def load(module: str) -> None:
    """Load a module in a desk's process."""
    import_module(module)


def read_file(name: str, data: bytes) -> tuple[Song, str]:
    """A stranger's file, and a line on how it was read; done by a desk with limits.

    Args:
        name: the file's name, whose ending says what it is; nothing else of it is used.
        data: its contents.

    Raises:
        ValueError: in one line, where it is no song.
    """
    from canzona.io.found import in_one_line
    from canzona.reading import READERS, read_music

    ending = Path(name).suffix.lower()
    if ending not in READERS:
        *others, last = READERS
        raise ValueError(f"file: must end in {', '.join(others)} or {last}, got {name!r}")
    with TemporaryDirectory(prefix="canzona-") as folder:
        path = Path(folder) / f"song{ending}"
        path.write_bytes(data)
        try:
            reading = read_music(path)
        except ValueError as error:
            raise ValueError(str(error).replace(f"{path}: ", "file: ")) from None
    return reading.song, f"read: {in_one_line(reading.song, reading.remarks, reading.left_out)}"
