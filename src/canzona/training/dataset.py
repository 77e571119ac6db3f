"""The prepared data set: songs with all four levels in one compressed file, and in memory as images."""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import torch

from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import LEVELS
from canzona.io.files import atomic_write, read_bytes
from canzona.representation.image import encode_level
from canzona.representation.window import ImageStore
from canzona.song.form import Form
from canzona.song.harmony import QUALITY_NAMES, Chord, ChordSpan, Key
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import Meter
from canzona.song.transposition import at_home, home_shift
from canzona.training.codes import TrainingCodes

FORMAT = "canzona-dataset-1"
LARGEST_PACKED_BYTES, LARGEST_UNPACKED_BYTES = 2**28, 2**30
"""The largest file that is read, and the most that it may unpack to: some thirty times POP909."""

POP909_SONGS = 909
FIRST_OWN_NUMBER = 1000
"""Songs of other collections are numbered from here on."""
TRAINING_SONGS = 818


@dataclass(frozen=True)
class PreparedSong:
    """One arrangement under one phrase labelling.

    Attributes:
        number: POP909 number, or one from ``FIRST_OWN_NUMBER``; two labellings of a song share it.
        song: all four levels, velocities kept.
    """

    number: int
    song: Song

    @property
    def is_validation(self) -> bool:
        return self.number in validation_numbers()

    @property
    def is_tuning(self) -> bool:
        return self.number in tuning_numbers()


@cache
def validation_numbers() -> frozenset[int]:
    """POP909 numbers of the published test split (818 training songs drawn with NumPy's legacy generator, seed 1234)."""
    training = np.random.RandomState(1234).choice(POP909_SONGS, TRAINING_SONGS, replace=False)
    return frozenset(range(1, POP909_SONGS + 1)) - frozenset(int(number) + 1 for number in training)


TUNING_SONGS = 46


@cache
def tuning_numbers() -> frozenset[int]:
    """POP909 numbers of training songs that stay out of training: all that is chosen is chosen on them.

    The validation songs only report. Every 18th number of the published training split, so that they spread over POP909.
    """
    training = sorted(frozenset(range(1, POP909_SONGS + 1)) - validation_numbers())
    return frozenset(training[5::18][:TUNING_SONGS])


def first_labellings(songs: Iterable[PreparedSong]) -> list[PreparedSong]:
    """Each arrangement once, under the first of its phrase labellings, in the order given."""
    firsts: dict[int, PreparedSong] = {}
    for item in songs:
        firsts.setdefault(item.number, item)
    return list(firsts.values())


def save_songs(path: Path, songs: Sequence[PreparedSong]) -> int:
    """Write a data set atomically; the inverse of ``load_songs``. Levels must all be there.

    Returns:
        Bytes written.
    """
    tables: dict[str, list[np.ndarray]] = {name: [] for name in _TABLES}
    for prepared in songs:
        for name, rows in _song_tables(prepared.song).items():
            tables[name].append(rows)
    arrays: dict[str, np.ndarray] = {
        "format": np.array(FORMAT),
        "number": np.array([prepared.number for prepared in songs], dtype=np.int32),
        "beats_per_bar": np.array([prepared.song.meter.beats_per_bar for prepared in songs], dtype=np.int8),
        "tempo": np.array([prepared.song.tempo for prepared in songs], dtype=np.float64),
        "form": np.array([str(prepared.song.form) for prepared in songs]),
        "keys": np.array(["|".join(str(phrase.key) for phrase in prepared.song.form.phrases) for prepared in songs]),
    }
    for name, parts in tables.items():
        arrays[f"{name}_count"] = np.array([len(rows) for rows in parts], dtype=np.int32)
        for column, values in enumerate(np.concatenate(parts).T):  # one array a column compresses best
            arrays[f"{name}_{column}"] = values.astype(np.int16)
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
    atomic_write(path, buffer.getvalue())
    return buffer.tell()


def load_songs(path: Path) -> list[PreparedSong]:
    """Read a data set.

    Raises:
        ValueError: where the file is no data set of this format.
        OSError: where it cannot be read.
    """
    try:
        data = BytesIO(read_bytes(path, LARGEST_PACKED_BYTES))
        with ZipFile(data) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
        if unpacked > LARGEST_UNPACKED_BYTES:
            raise ValueError(f"it unpacks to {unpacked} bytes, more than {LARGEST_UNPACKED_BYTES}")
        with np.load(data, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if str(arrays["format"]) != FORMAT:
            raise ValueError(f"its format is {str(arrays['format'])!r}")
        return _read_songs(arrays)
    except (KeyError, ValueError, TypeError, IndexError, EOFError, RuntimeError, MemoryError, BadZipFile, zlib.error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"data: must be a {FORMAT} file made by 'canzona prepare', got {path} ({reason})") from None


class TrainingSongs:
    """Songs in memory as images, in their home keys."""

    def __init__(
        self,
        songs: Sequence[PreparedSong],
        device: torch.device,
        levels: Sequence[Level] = LEVELS,
        encode: Callable[[Level, Song], np.ndarray] = encode_level,
        codes: TrainingCodes | None = None,
    ) -> None:
        """Draw the songs.

        Args:
            songs: one or more, with all the levels.
            device: where the images live.
            levels: what of the songs is drawn.
            encode: how, as ``encode_level`` does.
            codes: of the same songs, for a level with external control; ``None`` for none.
        """
        self.codes = codes
        if not songs:
            raise ValueError("data: must hold songs for training and for validation, got none for one of them")
        homes = [at_home(item.song) for item in songs]
        tonics = [-home_shift(item.song.form) for item in songs]
        forms, meters, tempos = zip(*((song.form, song.meter, song.tempo) for song in homes), strict=True)
        self.store = ImageStore(forms, meters, device, levels, tonics, tempos)
        self.bars = self.store.bars.cpu()
        for number, song in enumerate(homes):
            for level in levels:
                self.store.write(level, number, encode(level, song))

    def __len__(self) -> int:
        return len(self.bars)


_TABLES = {"reduced_melody": 4, "reduced_chords": 5, "melody": 4, "chords": 5, "piano": 4}


def _read_songs(arrays: Mapping[str, np.ndarray]) -> list[PreparedSong]:
    tables = {
        name: np.split(
            np.stack([arrays[f"{name}_{column}"] for column in range(width)], axis=-1).astype(int),
            np.cumsum(arrays[f"{name}_count"])[:-1],
        )
        for name, width in _TABLES.items()
    }
    read: dict[tuple[object, bytes], tuple] = {}

    def once(reader: Callable[[np.ndarray], tuple], rows: np.ndarray) -> tuple:
        """Both labellings of a song have the same notes."""
        key = (reader, rows.tobytes())
        if key not in read:
            read[key] = reader(rows)
        return read[key]

    songs = []
    for index, number in enumerate(arrays["number"]):
        rows = {name: table[index] for name, table in tables.items()}
        form = Form.parse(str(arrays["form"][index])).with_keys(
            [Key.parse(key) for key in str(arrays["keys"][index]).split("|")]
        )
        song = Song(
            form=form,
            meter=Meter(int(arrays["beats_per_bar"][index])),
            tempo=float(arrays["tempo"][index]),
            reduced_lead_sheet=LeadSheet(once(_notes, rows["reduced_melody"]), _chords(rows["reduced_chords"])),
            lead_sheet=LeadSheet(once(_notes, rows["melody"]), once(_chords, rows["chords"])),
            accompaniment=once(_notes, rows["piano"]),
        )
        songs.append(PreparedSong(int(number), song))
    return songs


def _song_tables(song: Song) -> dict[str, np.ndarray]:
    if song.reduced_lead_sheet is None or song.lead_sheet is None or song.accompaniment is None:
        raise ValueError("song: must have all four levels to be prepared")
    return {
        "reduced_melody": _note_rows(song.reduced_lead_sheet.melody),
        "reduced_chords": _chord_rows(song.reduced_lead_sheet.chords),
        "melody": _note_rows(song.lead_sheet.melody),
        "chords": _chord_rows(song.lead_sheet.chords),
        "piano": _note_rows(song.accompaniment),
    }


def _note_rows(notes: tuple[Note, ...]) -> np.ndarray:
    rows = [(note.start_step, note.pitch, note.duration_steps, note.velocity) for note in notes]
    return np.array(rows, dtype=int).reshape(-1, 4)


def _notes(rows: np.ndarray) -> tuple[Note, ...]:
    return tuple(Note(*row) for row in rows.tolist())


def _chord_rows(spans: tuple[ChordSpan, ...]) -> np.ndarray:
    rows = [
        (span.start_beat, span.duration_beats, span.chord.root, QUALITY_NAMES.index(span.chord.quality), span.chord.bass)
        for span in spans
    ]
    return np.array(rows, dtype=int).reshape(-1, 5)


def _chords(rows: np.ndarray) -> tuple[ChordSpan, ...]:
    return tuple(
        ChordSpan(start, duration, Chord(root, QUALITY_NAMES[quality], bass))
        for start, duration, root, quality, bass in rows.tolist()
    )
