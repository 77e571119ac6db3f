"""What several commands read: songs, data sets, and where to train."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from canzona.cli.messages import note

if TYPE_CHECKING:
    import torch

    from canzona.limits import LimitedWorker
    from canzona.reading import Reading
    from canzona.song.song import Song
    from canzona.training.dataset import PreparedSong
    from canzona.transcription import Analysis, AnalysisOptions

_Result = TypeVar("_Result")


@cache
def _listener() -> "LimitedWorker[tuple[bytes, AnalysisOptions], Analysis]":
    from canzona.limits import LimitedWorker
    from canzona.transcription.analysis import midi_to_analysis_with

    return LimitedWorker(midi_to_analysis_with)


def hear(given: "tuple[bytes, AnalysisOptions]") -> "Analysis":
    """Hear a stranger's MIDI file, in a process with limits that lasts as long as the command: it takes a second to start.

    Raises:
        ValueError, MachineFault: as ``midi_to_analysis`` and ``LimitedWorker``.
    """
    return _listener()(given)


class Readings:
    """The songs that a command reads, and what it says of them once it is sure that the work can begin."""

    def __init__(self, strict: bool = False, by_name: bool = False) -> None:
        """What is refused, beside what cannot be read.

        Args:
            strict: files of which anything would be left out.
            by_name: MIDI files that label their phrases as Canzona does, but name none of their tracks: what of these is
                measured or played would be a guess.
        """
        self.strict, self.by_name = strict, by_name
        self.read: list[Reading] = []

    def song(self, option: str, path: Path) -> "Song":
        """A song from any file that holds one; errors as of ``reading``."""
        return self.reading(option, path).song

    def reading(self, option: str, path: Path) -> "Reading":
        """A file that holds a song, read.

        Raises:
            ValueError: naming the option and the file, where it is missing or no song.
            MachineFault: where it cannot be read for want of a library.
        """
        from canzona.reading import read_music

        reading = _named(option, path, lambda: self._checked(read_music(path, self.strict, hear)))
        if reading.path not in [earlier.path for earlier in self.read]:
            self.read.append(reading)
        return reading

    def _checked(self, reading: "Reading") -> "Reading":
        if self.by_name and reading.nameless_tracks:
            first, tracks = reading.song.form.phrases[0], ", ".join(reading.nameless_tracks)
            raise ValueError(
                f"{reading.path}: tracks: must be named MELODY, CHORDS or PIANO under labels of phrases such as"
                f" {first.letter}{first.length_bars}, got {tracks}; canzona analyze hears which plays what"
            )
        return reading

    def remark(self, path: Path, words: str) -> None:
        """Something else to be said of a file that was read."""
        self.read = [
            replace(reading, remarks=(*reading.remarks, words)) if reading.path == path else reading for reading in self.read
        ]

    def tell(self) -> None:
        """A line for every file."""
        for reading in self.read:
            note(str(reading))

    def facts(self) -> list[dict[str, object]]:
        """The same for a program."""
        return [reading.facts() for reading in self.read]


def read_file(option: str, path: Path) -> bytes:
    """The contents of an input file, none too large and no pipe.

    Raises:
        ValueError: naming the option and the file, where it cannot be read.
    """
    from canzona.io.files import read_bytes

    return _named(option, path, lambda: read_bytes(path))


def _named(option: str, path: Path, work: Callable[[], _Result]) -> _Result:
    """What ``work`` gives; its refusals are told of the option, and of the file where that cannot be read."""
    try:
        return work()
    except OSError as error:
        raise ValueError(f"{option}: cannot read {str(path)!r}: {(error.strerror or str(error)).lower()}") from None
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from None


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


def split_data(*paths: Path) -> "tuple[list[PreparedSong], list[PreparedSong]]":
    """The songs of data sets that are trained on, and their tuning songs, which training is watched on.

    Where there are no tuning songs, validation songs take their place, and where there are none of these, the training songs.

    Raises:
        ValueError: as ``read_data``, and where a set is given twice.
    """
    from canzona.training.merging import joined_collections

    if len({path.resolve() for path in paths}) < len(paths):
        raise ValueError(f"data: must be different data sets, got {', '.join(map(str, paths))}")
    songs = joined_collections([read_data(path) for path in paths])
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
