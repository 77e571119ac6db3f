"""What a listener hears first of a piano part: how busy it is, how short its notes, how it keeps its rhythm and dynamics.

No figure here fits a song without piano notes.
"""

import numpy as np

from canzona.evaluation.line import onset_places, rhythms_alike
from canzona.evaluation.voices import share
from canzona.song.notes import Note
from canzona.song.song import Song


def piano_onset_places_per_bar(song: Song) -> float | None:
    """Steps a bar on which piano notes start, however many do, over the bars up to the last such."""
    places = [len(bar) for bar in onset_places(song, _piano(song))]
    bars = max((number for number, count in enumerate(places, start=1) if count), default=0)
    return sum(places) / bars if bars else None


def piano_sixteenth_notes(song: Song) -> float | None:
    """Share of piano notes that last one step."""
    return share(note.duration_steps == 1 for note in _piano(song))


def piano_off_sixteenths(song: Song) -> float | None:
    """Share of piano onsets between two eighths, on the second or fourth sixteenth of a beat."""
    return share(note.start_step % 2 for note in _piano(song))


def piano_rhythm_alike(song: Song, bars_apart: int) -> float | None:
    """Mean likeness (Dice) of the onset places of two bars so far apart, both with onsets, whatever the phrase."""
    return share(rhythms_alike(onset_places(song, _piano(song)), bars_apart))


def piano_velocity_deviation(song: Song) -> float | None:
    """Standard deviation of the velocities of a song's piano notes, 0 to 63."""
    notes = _piano(song)
    return float(np.std([note.velocity for note in notes])) if notes else None


def _piano(song: Song) -> tuple[Note, ...]:
    return song.accompaniment or ()
