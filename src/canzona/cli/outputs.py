"""What commands write: checked before the work begins, and nothing that is there already is replaced unasked."""

import os
from collections.abc import Iterable, Sequence
from itertools import count
from pathlib import Path

from canzona.cli.messages import note

MIDI_FILES = (".mid", ".midi")


def writable(
    option: str, path: Path, suffixes: Sequence[str] = (), force: bool = False, inputs: Iterable[Path | None] = ()
) -> Path:
    """``path``, once it is sure that a file can be put there.

    Args:
        option: that names the path, for messages.
        path: the file to be written.
        suffixes: the endings that are allowed; none for any.
        force: whether a file that is there already may be replaced.
        inputs: what the command reads, ``None`` for an option that was not given; a message says where ``path`` is one of them.

    Raises:
        ValueError: where it has another ending than allowed, its folder is missing or not writable, it is a folder, or it is
            there already and ``force`` is not given.
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise ValueError(f"{option}: must end in {' or '.join(suffixes)}, got {str(path)!r}")
    if path.is_dir():
        raise ValueError(f"{option}: must be a file, got the folder {str(path)!r}")
    if not path.parent.is_dir():
        raise ValueError(f"{option}: its folder must exist, got {str(path)!r}")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"{option}: its folder must be writable, got {str(path)!r}")
    if path.exists() and not force:
        known = "is read by this command" if _is_read(path, inputs) else "is there already"
        raise ValueError(f"{option}: must be a new file, got {str(path)!r}, which {known}; --force replaces it")
    return path


def _is_read(path: Path, inputs: Iterable[Path | None]) -> bool:
    return path.exists() and any(file is not None and file.exists() and file.samefile(path) for file in inputs)


def new_run(folder: Path, kept: str, force: bool) -> None:
    """See that a training run may begin in a folder: that it replaces none, as the file ``kept`` would tell.

    Raises:
        ValueError: where there is a file in the folder's place, or a run in it and ``force`` is not given.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"run: must be a folder, got the file {str(folder)!r}")
    if (folder / kept).exists() and not force:
        raise ValueError(f"run: must be a folder without {kept}, got {str(folder)!r}; --force begins anew in its place")


def song_files(midi: Path) -> tuple[Path, Path]:
    """The two files of a composed song: MIDI, and the song.json beside it."""
    return midi, midi.with_suffix(".json")


def outputs_of(
    output: Path | None, default: str, seeds: range, force: bool, inputs: Sequence[Path | None] = ()
) -> dict[int, Path]:
    """Seed → MIDI file, numbered by seed where there are several; that they can be written is checked.

    Args:
        output: as the user named it; ``None`` takes ``default``, or the first free name after it.
        default: the name of the file where none is given.
        seeds: of the songs, one or more.
        force: whether files that are there already may be replaced.
        inputs: what the command reads.

    Raises:
        ValueError: as ``writable``.
    """
    named = output or Path(default)
    outputs = {seed: named if len(seeds) == 1 else named.with_stem(f"{named.stem}-{seed}") for seed in seeds}
    if output is None and not force:
        outputs = {seed: free_name(path) for seed, path in outputs.items()}
    for path in outputs.values():
        writable("output", path, MIDI_FILES, force=True)
        for file in sorted(song_files(path), key=lambda file: not _is_read(file, inputs)):  # it is told of what is read first
            writable("output", file, force=force, inputs=inputs)
    return outputs


def batch_folder(output: str | None) -> Path | None:
    """The folder that ``output`` names, by its last sign or by being there; ``None`` where it names a MIDI file.

    Raises:
        ValueError: where there is a file of that name, or the folder's own folder is missing or not writable.
    """
    folder = Path(output or "")
    if output is None or (not output.endswith(("/", os.sep)) and (folder.suffix.lower() in MIDI_FILES or not folder.is_dir())):
        return None
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"output: must be a folder, got the file {output!r}")
    if not folder.parent.is_dir():
        raise ValueError(f"output: its folder must exist, got {output!r}")
    if not os.access(folder if folder.is_dir() else folder.parent, os.W_OK):
        raise ValueError(f"output: must be writable, got {output!r}")
    return folder


def free_name(midi: Path) -> Path:
    """``midi``, or where it or its song.json is there already the first of ``song-2.mid``, ``song-3.mid`` … that is free."""
    names = (midi if number == 1 else midi.with_stem(f"{midi.stem}-{number}") for number in count(1))
    return next(name for name in names if not any(map(os.path.lexists, song_files(name))))


def still_free(midi: Path) -> Path:
    """``midi``, or a free name, and a word of it, where somebody has put a file there while the song was composed."""
    free = free_name(midi)
    if free != midi:
        note(f"{midi} has come to be there meanwhile; the song goes to {free}")
    return free
