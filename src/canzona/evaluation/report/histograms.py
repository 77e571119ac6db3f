"""What the report counts: which pitches, lengths and places in the bar the notes of each system have."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from canzona.evaluation.evaluation import ScoredSong
from canzona.evaluation.voices import melody_of
from canzona.song.harmony import DEGREES, PITCH_CLASSES
from canzona.song.notes import Note
from canzona.song.song import Song

_LOWEST_PITCH, _HIGHEST_PITCH, _PITCHES_PER_BIN = 24, 107, 2
_LONGEST_STEPS = 17  # longer notes are counted with these
_STEPS = 16  # of the longest bar


@dataclass(frozen=True)
class Histogram:
    """What is counted.

    Attributes:
        title: what the notes are sorted by.
        labels: bin → its name, for some of the bins.
        bins: how many.
        places: song → the bin of each note; none where the song lacks the voice or its keys.
    """

    title: str
    labels: Mapping[int, str]
    bins: int
    places: Callable[[Song], Iterable[int]]

    def shares(self, songs: Sequence[ScoredSong]) -> np.ndarray | None:
        """The share of notes in each bin, mean over the songs that have such notes; ``None`` where none has."""
        counts = [np.bincount(places, minlength=self.bins) for song in songs if (places := list(self.places(song.song)))]
        return np.mean([count / count.sum() for count in counts], axis=0) if counts else None


def _piano(song: Song) -> tuple[Note, ...]:
    return song.accompaniment or ()


def _melody_degrees(song: Song) -> Iterable[int]:
    keys = song.form.keys_by_bar()
    for note in melody_of(song):
        if (key := keys[song.meter.bar_of_step(note.start_step)]) is not None:
            yield (note.pitch - key.tonic) % PITCH_CLASSES


def _lengths(notes: Iterable[Note]) -> Iterable[int]:
    return (min(note.duration_steps, _LONGEST_STEPS) - 1 for note in notes)


def _places_in_bar(song: Song, notes: Iterable[Note]) -> Iterable[int]:
    return (note.start_step % song.meter.steps_per_bar for note in notes)


def _registers(notes: Iterable[Note]) -> Iterable[int]:
    return ((min(max(note.pitch, _LOWEST_PITCH), _HIGHEST_PITCH) - _LOWEST_PITCH) // _PITCHES_PER_BIN for note in notes)


_LENGTH_LABELS = {0: "♬", 1: "⅛", 3: "¼", 7: "½", 15: "1", 16: "+"}
_PLACE_LABELS = {4 * beat: str(beat + 1) for beat in range(4)}
_OCTAVES = {
    (pitch - _LOWEST_PITCH) // _PITCHES_PER_BIN: f"C{pitch // PITCH_CLASSES - 1}"
    for pitch in range(_LOWEST_PITCH, _HIGHEST_PITCH, PITCH_CLASSES)
}

HISTOGRAMS = (
    Histogram("Melody: degree of the key", dict(enumerate(DEGREES)), PITCH_CLASSES, _melody_degrees),
    Histogram("Melody: length of notes", _LENGTH_LABELS, _LONGEST_STEPS, lambda song: _lengths(melody_of(song))),
    Histogram("Melody: beat of onsets", _PLACE_LABELS, _STEPS, lambda song: _places_in_bar(song, melody_of(song))),
    Histogram(
        "Piano: pitch",
        _OCTAVES,
        (_HIGHEST_PITCH + 1 - _LOWEST_PITCH) // _PITCHES_PER_BIN,
        lambda song: _registers(_piano(song)),
    ),
    Histogram("Piano: length of notes", _LENGTH_LABELS, _LONGEST_STEPS, lambda song: _lengths(_piano(song))),
    Histogram("Piano: beat of onsets", _PLACE_LABELS, _STEPS, lambda song: _places_in_bar(song, _piano(song))),
)
