"""Statistics of pitch and rhythm, of melody and piano together.

Entropy and groove are those of Wu & Yang, *The Jazz Transformer on the Front Line* (ISMIR 2020), section 4; bars have their own
number of steps here, 16 or 12, where the paper's have 64 places.
"""

import numpy as np
from numpy.typing import NDArray

from canzona.evaluation.voices import melody_of
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.notes import Note
from canzona.song.song import Song


def entropy_1(song: Song) -> float | None:
    """Pitch-class entropy in bits, 0 to 3.58, the mean over bars; ``None`` without notes."""
    return _entropy(song, 1)


def entropy_4(song: Song) -> float | None:
    """The same over windows of four bars, one starting on every bar; a shorter song is one window."""
    return _entropy(song, 4)


def groove(song: Song) -> float | None:
    """How alike the rhythms of bars are: the share of steps with an onset in both or in neither, mean over all pairs of bars.

    ``None`` for one bar or a song without notes.
    """
    onsets = _pitch_classes_by_step(song).any(1).reshape(song.form.length_bars, song.meter.steps_per_bar)
    bars = len(onsets)
    if bars < 2 or not onsets.any():
        return None
    with_onset = onsets.sum(0)  # of the pairs of bars, as many differ at a step as one with an onset has partners without
    return float(1 - np.mean(with_onset * (bars - with_onset)) / (bars * (bars - 1) / 2))


def out_of_key(song: Song) -> float | None:
    """Share of steps on which a note outside the phrase's key sounds, of the steps on which any note sounds.

    A minor key is the natural minor, so its raised sixth and seventh degrees count as outside. Steps of phrases without a key
    are left out; ``None`` where that leaves nothing.
    """
    judged, foreign = (np.zeros(song.length_steps, dtype=bool) for _ in range(2))
    keys = song.form.keys_by_bar()
    scales = [None if key is None else frozenset(key.scale) for key in keys]
    for note in _notes(song):
        for step in range(note.start_step, min(note.end_step, song.length_steps)):
            scale = scales[song.meter.bar_of_step(step)]
            if scale is not None:
                judged[step] = True
                foreign[step] |= note.pitch % PITCH_CLASSES not in scale
    return float(foreign.sum() / judged.sum()) if judged.any() else None


def _notes(song: Song) -> tuple[Note, ...]:
    return (*melody_of(song), *(song.accompaniment or ()))


def _pitch_classes_by_step(song: Song) -> NDArray[np.float64]:
    """(steps, pitch classes) how many notes start."""
    counts = np.zeros((song.length_steps, PITCH_CLASSES))
    for note in _notes(song):
        counts[note.start_step, note.pitch % PITCH_CLASSES] += 1
    return counts


def _entropy(song: Song, window_bars: int) -> float | None:
    bars = _pitch_classes_by_step(song).reshape(song.form.length_bars, -1, PITCH_CLASSES).sum(1)
    window_bars = min(window_bars, len(bars))
    before = np.concatenate([np.zeros((1, PITCH_CLASSES)), bars.cumsum(0)])
    windows = before[window_bars:] - before[:-window_bars]
    windows = windows[windows.any(1)]
    if not len(windows):
        return None
    shares = windows / windows.sum(1, keepdims=True)
    bits = np.where(shares > 0, shares * np.log2(np.where(shares > 0, shares, 1)), 0)
    return float(-bits.sum(1).mean())
