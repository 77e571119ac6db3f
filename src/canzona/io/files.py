"""What all files of songs share: writing that leaves no half-written file, and what a song must satisfy to be stored."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from canzona.processes import finishing_first
from canzona.song import LeadSheet, Note, Song

LONGEST_FORM_BARS = 1024
"""The longest form that is read or written: far beyond any song, short enough that a hostile file costs nothing."""


LARGEST_FILE_BYTES = 16 * 2**20
"""The largest file of music, and of weights, that is read."""


def read_bytes(path: Path, largest: int = LARGEST_FILE_BYTES) -> bytes:
    """The contents of a file that a stranger may have put there: neither a pipe nor a giant is read.

    Raises:
        ValueError: where it is larger than ``largest`` bytes.
        OSError: where it is missing, a folder, no ordinary file, or cannot be read.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
        raise OSError(errno.EINVAL, "must be an ordinary file, is a device or pipe", str(path))
    if status.st_size <= largest:
        with path.open("rb") as file:
            data = file.read(largest + 1)
        if len(data) <= largest:
            return data
    raise ValueError(f"{path}: must be at most {largest / 2**20:g} MiB, got {max(status.st_size, largest + 1)} bytes")


def atomic_write(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` so that a reader finds the old file or the whole new one, never a part.

    Raises:
        OSError: where the folder is missing or not writable, the disk is full, or ``path`` is a folder or a device; what was at
            ``path`` stays as it was.
    """
    atomic_write_all({path: data})


def atomic_write_all(contents: Mapping[Path, bytes]) -> None:
    """Write several files, all or none as far as a file system allows.

    All the data is on disk, beside its goal, before the first file gets its name: a full disk or a missing folder leaves
    nothing behind. Only a failure between two renames could leave some of the files new and others old.

    Raises:
        OSError: as ``atomic_write``.
    """
    staged: dict[Path, Path] = {}
    with finishing_first():
        try:
            for path, data in contents.items():
                goal = _goal(path)
                temporary = _name_beside(goal)
                staged[temporary] = goal
                with _naming(goal):
                    _create(temporary, goal)
                    temporary.write_bytes(data)
                    _flush_to_disk(temporary)
            for temporary, goal in staged.items():
                with _naming(goal):
                    os.replace(temporary, goal)
        finally:
            for temporary in staged:
                temporary.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """For a file that another program writes: gives an empty file beside ``path`` to fill.

    It takes the place of ``path`` when the block ends, and is removed where the block raises.

    Raises:
        OSError: as ``atomic_write``.
    """
    goal = _goal(path)
    temporary = _name_beside(goal)
    try:
        with _naming(goal):
            _create(temporary, goal)
        with _naming(goal, temporary):
            yield temporary
            _flush_to_disk(temporary)
            os.replace(temporary, goal)
    finally:
        temporary.unlink(missing_ok=True)


def _goal(path: Path) -> Path:
    """The file that is really to be replaced: a link stays a link; folders and devices are refused."""
    goal = Path(os.path.realpath(path))
    if goal.is_dir():
        raise IsADirectoryError(f"{path}: must be a file, is a folder")
    if goal.exists() and not goal.is_file():
        raise OSError(f"{path}: must be an ordinary file, is a device or pipe")
    return goal


@contextmanager
def _naming(goal: Path, temporary: Path | None = None) -> Iterator[None]:
    """The system's errors within the block name ``goal``: not a temporary file, nor, as a full disk does, no file at all.

    Where ``temporary`` is given, those of other files than it keep their names.
    """
    try:
        yield
    except OSError as error:
        if error.errno is not None and (temporary is None or error.filename in (None, str(temporary))):
            error.filename, error.filename2 = str(goal), None
        raise


def _name_beside(goal: Path) -> Path:
    """A name that nothing has, in the folder of ``goal``."""
    return goal.with_name(f".canzona-{secrets.token_hex(8)}.tmp")


def _create(temporary: Path, goal: Path) -> None:
    """An empty file with the permissions of ``goal``, or where that is new with those that any new file gets."""
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    if goal.exists():
        temporary.chmod(stat.S_IMODE(goal.stat().st_mode))


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def check_storable(song: Song) -> None:
    """See that a song's levels are in order of time and within its form, as every file format relies on.

    Raises:
        ValueError: naming the first note or chord that is not, or a form longer than ``LONGEST_FORM_BARS``.
    """
    if song.form.length_bars > LONGEST_FORM_BARS:
        raise ValueError(f"form: must have {LONGEST_FORM_BARS} bars at most, got {song.form.length_bars}")
    for name, lead_sheet in (("reduced_lead_sheet", song.reduced_lead_sheet), ("lead_sheet", song.lead_sheet)):
        if lead_sheet is not None:
            _check_notes(f"{name}.melody", lead_sheet.melody, song.length_steps)
            _check_chords(f"{name}.chords", lead_sheet, song.meter.bars_to_beats(song.form.length_bars))
    _check_notes("accompaniment", song.accompaniment or (), song.length_steps)


def _check_notes(name: str, notes: tuple[Note, ...], length_steps: int) -> None:
    for number, (earlier, later) in enumerate(pairwise(notes), start=1):
        if later.start_step < earlier.start_step:
            raise ValueError(
                f"{name}[{number}]: notes must be in order of time, got a start at step {later.start_step} "
                f"after one at {earlier.start_step}"
            )
    for number, note in enumerate(notes):
        if note.end_step > length_steps:
            raise ValueError(f"{name}[{number}]: must end by step {length_steps}, the end of the form, got {note.end_step}")


def _check_chords(name: str, lead_sheet: LeadSheet, length_beats: int) -> None:
    for number, (earlier, later) in enumerate(pairwise(lead_sheet.chords), start=1):
        if later.start_beat < earlier.end_beat:
            raise ValueError(
                f"{name}[{number}]: chords must follow one another, got a start at beat {later.start_beat} "
                f"before the end of the last at {earlier.end_beat}"
            )
    for number, span in enumerate(lead_sheet.chords):
        if span.end_beat > length_beats:
            raise ValueError(f"{name}[{number}]: must end by beat {length_beats}, the end of the form, got {span.end_beat}")
