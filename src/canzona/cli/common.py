"""What several commands read: songs, data sets, and where to train."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from canzona.cli.outputs import MIDI_FILES

if TYPE_CHECKING:
    import torch

    from canzona.song.song import Song
    from canzona.training.dataset import PreparedSong


SCORES = (".musicxml", ".mxl", ".xml")
"""Endings of files of MusicXML."""


def read_file(option: str, path: Path) -> bytes:
    """The contents of an input file, none too large and no pipe.

    Raises:
        ValueError: naming the option and the file, where it cannot be read.
    """
    from canzona.io.files import read_bytes

    try:
        return read_bytes(path)
    except OSError as error:
        raise ValueError(f"{option}: cannot read {str(path)!r}: {(error.strerror or str(error)).lower()}") from None
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from None


def read_song(option: str, path: Path) -> "Song":
    """A song from ``.json`` or ``.mid``.

    Raises:
        ValueError: naming the option and the file, where it is missing or no song.
    """
    from canzona.io.midi import midi_to_song
    from canzona.io.song_json import song_from_json

    return _read(option, path, {".json": song_from_json} | dict.fromkeys(MIDI_FILES, midi_to_song))


def read_any_song(option: str, path: Path) -> "Song":
    """As ``read_song``, but also MusicXML, and any MIDI file with tracks MELODY, CHORDS and PIANO; keys are found.

    Raises:
        ValueError: as ``read_song``, where the file has no such tracks either.
        MachineFault: where MusicXML cannot be read for want of a library.
    """
    from dataclasses import replace

    from canzona.hierarchy.analysis import phrase_keys
    from canzona.io.midi import midi_to_song
    from canzona.io.musicxml import musicxml_to_song
    from canzona.io.song_json import song_from_json
    from canzona.io.tracks import tracks_to_song

    def any_midi_to_song(data: bytes) -> "Song":
        try:
            return midi_to_song(data)
        except ValueError:
            return tracks_to_song(data)

    readers = {".json": song_from_json} | dict.fromkeys(MIDI_FILES, any_midi_to_song) | dict.fromkeys(SCORES, musicxml_to_song)
    song = _read(option, path, readers)
    if song.lead_sheet is None or all(phrase.key for phrase in song.form.phrases):
        return song
    return replace(song, form=song.form.with_keys_from(phrase_keys(song.form, song.lead_sheet, song.meter)))


def _read(option: str, path: Path, readers: "Mapping[str, Callable[[bytes], Song]]") -> "Song":
    """A song by the reader of its ending."""
    reader = readers.get(path.suffix.lower())
    if reader is None:
        *others, last = readers
        raise ValueError(f"{option}: must end in {', '.join(others)} or {last}, got {str(path)!r}")
    data = read_file(option, path)
    try:
        return reader(data)
    except ValueError as error:
        raise ValueError(f"{option}: {path}: {error}") from None


def songs_in(folder: Path) -> dict[str, Path]:
    """The files of songs in a folder, by name without ending; a song's JSON stands for its MIDI file."""
    from canzona.io.seconds_json import SECONDS

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
