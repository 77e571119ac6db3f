"""Processes beside the server that do what takes memory, time or trust, one thing at a time each."""

import threading
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from canzona.io.song_json import song_to_dict
from canzona.limits import LimitedWorker

OWN_SECONDS, OWN_MEMORY_BYTES = 120.0, 16 * 2**30
"""What our own work may take: enough for any song, so that a fault ends. PyTorch reserves far more memory than it uses."""
LARGEST_MIDI_BYTES = 5 * 10**6
"""Of a stranger's MIDI file."""


class Desk:
    """One process, started when it is first needed, for the functions of one module; threads wait for one another."""

    def __init__(self, module: str, *others: str, seconds: float = OWN_SECONDS, memory_bytes: int = OWN_MEMORY_BYTES) -> None:
        """A desk for a module, which the server itself need not load.

        Args:
            module: whose functions do the work.
            others: modules that these load late, and that are loaded before the limits hold.
            seconds, memory_bytes: limits for each piece of work, as of ``LimitedWorker``.
        """
        self._module = module
        self._worker = LimitedWorker(_call, seconds, memory_bytes, (module, *others))
        self._lock = threading.Lock()

    def __call__(self, function: str, *arguments: Any) -> Any:
        """What a function of the module makes of arguments that can be pickled.

        Raises:
            ValueError, MachineFault, OSError: as the function, and as ``LimitedWorker``.
        """
        with self._lock:
            return self._worker((self._module, function, arguments))

    def begin(self) -> None:
        """Start the process, so that the first work need not wait for it."""
        with self._lock:
            self._worker.begin()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._worker.__exit__()


def _call(item: tuple[str, str, tuple[Any, ...]]) -> Any:
    module, function, arguments = item
    return getattr(import_module(module), function)(*arguments)


def read_file(name: str, data: bytes) -> tuple[dict[str, Any], str]:
    """A stranger's file as the song that it holds, in plain values, and a line on how it was read.

    Args:
        name: the file's name, whose ending says what it is; nothing else of it is used.
        data: its contents.

    Raises:
        ValueError: in one line, where it is no song.
    """
    from canzona.io.found import in_one_line
    from canzona.reading import MIDI_FILES, READERS, read_music

    ending = Path(name).suffix.lower()
    if ending not in READERS:
        *others, last = READERS
        raise ValueError(f"file: must end in {', '.join(others)} or {last}, got {name!r}")
    if ending in MIDI_FILES and len(data) > LARGEST_MIDI_BYTES:
        raise ValueError(f"file: must be at most {LARGEST_MIDI_BYTES // 10**6} MB of MIDI, got {len(data) / 10**6:.1f}")
    with TemporaryDirectory(prefix="canzona-") as folder:
        path = Path(folder) / f"song{ending}"
        path.write_bytes(data)
        try:
            reading = read_music(path)
        except ValueError as error:
            raise ValueError(str(error).replace(f"{path}: ", "file: ")) from None
    said = in_one_line(reading.song, reading.remarks, reading.left_out)
    return song_to_dict(reading.song), f"read: {said}"
