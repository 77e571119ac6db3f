"""What several commands share: songs and data read, progress on stderr, results on stdout."""

import json
import sys
from collections.abc import Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from canzona.cli.outputs import MIDI_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from rich.progress import Progress

    from canzona.song.song import Song
    from canzona.training.dataset import PreparedSong


SCORES = (".musicxml", ".mxl", ".xml")
"""Endings of files of MusicXML."""

SECONDS = "seconds.json"
"""The file in a folder of songs that says how long each took to compose."""


def read_song(path: Path) -> "Song":
    """A song from ``.json`` or ``.mid``.

    Raises:
        ValueError: where the file is missing or no song.
    """
    from canzona.io.midi import midi_to_song
    from canzona.io.song_json import read_song_file

    if path.suffix.lower() not in (".json", *MIDI_FILES):
        raise ValueError(f"song: must end in .json, {' or '.join(MIDI_FILES)}, got {str(path)!r}")
    if path.suffix.lower() != ".json":
        return midi_to_song(_bytes_of(path))
    try:
        return read_song_file(path)
    except OSError as error:
        raise _unreadable(path, error) from None


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> ValueError:
    return ValueError(f"song: cannot read {str(path)!r}: {(error.strerror or str(error)).lower()}")


def read_any_song(path: Path) -> "Song":
    """As ``read_song``, but also MusicXML, and any MIDI file with tracks MELODY, CHORDS and PIANO; keys are found.

    Raises:
        ValueError: where the file is missing, or no song and without such tracks.
        MachineFault: where MusicXML cannot be read for want of a library.
    """
    from dataclasses import replace

    from canzona.hierarchy.analysis import phrase_keys
    from canzona.io.musicxml import musicxml_to_song
    from canzona.io.tracks import tracks_to_song

    if path.suffix.lower() in SCORES:
        song = musicxml_to_song(_bytes_of(path))
    else:
        try:
            song = read_song(path)
        except ValueError:
            if path.suffix.lower() not in MIDI_FILES or not path.is_file():
                raise
            song = tracks_to_song(_bytes_of(path))
    if song.lead_sheet is None or all(phrase.key for phrase in song.form.phrases):
        return song
    return replace(song, form=song.form.with_keys_from(phrase_keys(song.form, song.lead_sheet, song.meter)))


def songs_in(folder: Path) -> dict[str, Path]:
    """The files of songs in a folder, by name without ending; a song's JSON stands for its MIDI file."""
    found: dict[str, Path] = {}
    for ending in (".midi", ".mid", ".json"):
        found |= {path.stem: path for path in folder.glob(f"*{ending}") if path.name != SECONDS}
    return dict(sorted(found.items()))


def read_data(path: Path) -> "list[PreparedSong]":
    """The songs of a data set.

    Raises:
        ValueError: where the file cannot be read or is no data set.
    """
    from canzona.training.dataset import load_songs

    try:
        return load_songs(path)
    except OSError as error:
        raise ValueError(f"data: cannot read {str(path)!r}: {(error.strerror or str(error)).lower()}") from None


def split_data(path: Path) -> "tuple[list[PreparedSong], list[PreparedSong]]":
    """The songs of a data set that are trained on, and its tuning songs, which training is watched on.

    Where there are no tuning songs, validation songs take their place, and where there are none of these, the training songs.

    Raises:
        ValueError: as ``read_data``.
    """
    songs = read_data(path)
    training = [song for song in songs if not song.is_validation and not song.is_tuning]
    validation = [song for song in songs if song.is_validation]
    return training, [song for song in songs if song.is_tuning] or validation or training


def training_device(name: str) -> "torch.device":
    """Where to train: ``cpu``, ``cuda``, or with ``auto`` CUDA where there is any.

    Raises:
        ValueError: for another name, or for CUDA on a machine without.
    """
    import torch

    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device: must be auto, cpu or cuda, got {name!r}")
    if name == "cuda" and not torch.cuda.is_available():
        raise ValueError("device: must be cpu on a machine without CUDA, got 'cuda'")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


def report(facts: Mapping[str, object], as_json: bool, text: str) -> None:
    """One result on stdout, for a program or for a person; signs that a terminal lacks are spelt out."""
    printed = json.dumps(dict(facts)) if as_json else text
    try:
        print(printed)
    except UnicodeEncodeError:
        print(printed.encode(sys.stdout.encoding, "backslashreplace").decode(sys.stdout.encoding))


@contextmanager
def progress_bar() -> "Iterator[Progress]":
    """A progress display on stderr that leaves stdout to results; silent where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[figures]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True, disable=not sys.stderr.isatty()) as progress:
        yield progress
