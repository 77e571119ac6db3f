"""Songs laid out so that their passages can be compared quickly: bars as sets of onsets, melodies as sequences of tokens."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from canzona.evaluation.voices import melody_of
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.notes import Note
from canzona.song.song import Song
from canzona.song.timing import Meter

if TYPE_CHECKING:
    from canzona.training.dataset import PreparedSong

VOICES = ("melody", "piano")
_PITCHES = 128


@dataclass(frozen=True, slots=True)
class VoiceBars:
    """One voice as its distinct bars, and which of them each bar of the song is. Knows pitch classes, not octaves.

    Attributes:
        distinct: distinct bars × (steps · pitch classes), 1 for an onset.
        of_bar: for every bar of the song its row in ``distinct``.
    """

    distinct: NDArray[np.uint8]
    of_bar: NDArray[np.intp]

    @classmethod
    def of(cls, notes: Sequence[Note], song: Song) -> "VoiceBars":
        """The bars of ``notes``, which lie within the form of ``song``."""
        onsets = np.zeros(song.length_steps * PITCH_CLASSES, np.uint8)
        onsets[[note.start_step * PITCH_CLASSES + note.pitch % PITCH_CLASSES for note in notes]] = 1
        rows: dict[bytes, int] = {}
        of_bar = [rows.setdefault(bar.tobytes(), len(rows)) for bar in onsets.reshape(song.form.length_bars, -1)]
        return cls(np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), -1), np.array(of_bar, np.intp))

    def passage(self, bar: int, length_bars: int) -> NDArray[np.uint8]:
        """The passage that starts at a bar: bars × steps × pitch classes."""
        return self.distinct[self.of_bar[bar : bar + length_bars]].reshape(length_bars, -1, PITCH_CLASSES)

    def onsets(self, length_bars: int) -> NDArray[np.int64]:
        """How many (onset, pitch class) pairs the passage from each bar on has; none for the bars too near the end."""
        upto_bar = np.cumsum([0, *self.distinct.sum(axis=1, dtype=np.int64)[self.of_bar]])
        return upto_bar[length_bars:] - upto_bar[:-length_bars]

    def lowered(self) -> NDArray[np.float32]:
        """The distinct bars 0, 1, … 11 semitones lower, one after another: (12 · distinct bars) × (steps · pitch classes)."""
        bars = self.distinct.reshape(len(self.distinct), -1, PITCH_CLASSES)
        moved = np.concatenate([np.roll(bars, -semitones, axis=2) for semitones in range(PITCH_CLASSES)])
        return moved.reshape(len(moved), -1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class IndexedSong:
    """A song laid out for comparison.

    Attributes:
        name: as reports are to call it.
        meter: passages of other metres are not comparable.
        voices: the bars of each of ``VOICES``, in their order; a level that is not there is silent.
        tokens: the melody, one number for each interval and the steps between its two onsets.
        token_bars: the bar, from 0, of the first note of each token.
    """

    name: str
    meter: Meter
    voices: tuple[VoiceBars, ...]
    tokens: NDArray[np.int32]
    token_bars: NDArray[np.int32]

    def is_same_as(self, other: "IndexedSong") -> bool:
        """Whether both have the same notes: onsets and pitch classes of both voices, and intervals of the melody."""
        own = [self.tokens, *(array for voice in self.voices for array in (voice.distinct, voice.of_bar))]
        others = [other.tokens, *(array for voice in other.voices for array in (voice.distinct, voice.of_bar))]
        return self.meter == other.meter and all(map(np.array_equal, own, others))

    @classmethod
    def of(cls, name: str, song: Song) -> "IndexedSong":
        melody = melody_of(song)
        voices = tuple(VoiceBars.of(notes, song) for notes in (melody, song.accompaniment or ()))
        tokens = [
            (later.start_step - note.start_step) * 2 * _PITCHES + later.pitch - note.pitch + _PITCHES
            for note, later in pairwise(melody)
        ]
        token_bars = [song.meter.bar_of_step(note.start_step) for note in melody[:-1]]
        return cls(name, song.meter, voices, np.array(tokens, np.int32), np.array(token_bars, np.int32))


@dataclass(frozen=True, slots=True)
class TrainingPassages:
    """The training songs, laid out once for all questions; plain arrays, so that it can be handed to other processes."""

    songs: tuple[IndexedSong, ...]

    @classmethod
    def of(cls, songs: Sequence[tuple[str, Song]]) -> "TrainingPassages":
        """Songs with their names; of several under one name, the phrase labellings of one song, the first counts."""
        named: dict[str, Song] = {}
        for name, song in songs:
            named.setdefault(name, song)
        return cls(tuple(IndexedSong.of(name, song) for name, song in named.items()))

    @classmethod
    def of_prepared(cls, prepared: "Iterable[PreparedSong]") -> "TrainingPassages | None":
        """A data set's training songs under their numbers; second labellings are ignored. ``None`` where there are none."""
        training = [(f"{own.number:03d}", own.song) for own in prepared if not own.is_validation]
        return cls.of(training) if training else None
