"""The melody among all notes of a song: a small network judges every note among its neighbours, and one at a time is sung.

Five dilated convolutions over the notes in order of time and pitch see 243 of them; then each note is seen again beside
what the song's melody and the rest of it are like on the mean. ``benchmarks/fit_melody.py`` learns the network from training
songs of POP909 whose tracks are merged into one. The idea: Simonetta, Cancino-Chacón, Ntalampiras and Widmer, *A Convolutional
Approach to Melody Line Identification in Symbolic Scores*, ISMIR 2019.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from canzona.transcription.melody_features import melody_features
from canzona.transcription.performance import Notes

WEIGHTS = Path(__file__).with_name("melody.safetensors")
DILATIONS = (1, 3, 9, 27, 81)
"""Of the convolutions, in notes."""
LEAST_ODDS = -0.75
"""Log-odds from which a note is taken for melody: where the F-measure on the tuning songs is highest."""

Numbers = NDArray[np.floating]


def heard_melody(notes: Notes) -> tuple[NDArray[np.bool_], float]:
    """Which notes are the melody, no two at once, and how sure that is, 0 to 1.

    Args:
        notes: of all tracks, in whole steps, in order of time and pitch.
    """
    odds = melody_odds(melody_features(notes), _weights())
    sung = likeliest(notes, odds)
    return sung, float(_sigmoid(odds[sung]).mean()) if sung.any() else 0.5


def likeliest(notes: Notes, odds: Numbers) -> NDArray[np.bool_]:
    """Of the notes that start together the likeliest, where it is likely enough."""
    order = np.lexsort((-odds, notes.start))
    first = order[np.diff(notes.start[order], prepend=-1) > 0]
    sung = np.zeros(len(notes), dtype=bool)
    sung[first[odds[first] > LEAST_ODDS]] = True
    return sung


def melody_odds(features: Numbers, weights: Mapping[str, Numbers]) -> Numbers:
    """The log-odds of each note's being melody, shape (notes,).

    Args:
        features: as ``melody_features`` gives them.
        weights: by name, as ``benchmarks/fit_melody.py`` writes them.
    """

    def linear(name: str, numbers: Numbers) -> Numbers:
        return numbers @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    seen = linear("first", features)
    for layer, dilation in enumerate(DILATIONS):
        around = _convolved(seen, weights[f"around.{layer}.weight"], dilation) + weights[f"around.{layer}.bias"]
        seen = seen + linear(f"mixed.{layer}", _gelu(around))
    likely = _sigmoid(linear("likely", seen))
    means = [(seen * share).sum(axis=0) / (share.sum() + 1) for share in (likely, 1 - likely)]
    again = np.concatenate([seen, *(np.broadcast_to(mean, seen.shape) for mean in means)], axis=1)
    return linear("sung", _gelu(linear("again", again)))[:, 0]


def _convolved(numbers: Numbers, kernels: Numbers, dilation: int) -> Numbers:
    """(notes, in) convolved over the notes with (out, in, taps) → (notes, out)."""
    taps = kernels.shape[2]
    padded = np.pad(numbers, ((dilation * (taps // 2),) * 2, (0, 0)))
    shifted = (padded[dilation * tap : dilation * tap + len(numbers)] @ kernels[:, :, tap].T for tap in range(taps))
    return sum(shifted, np.zeros((len(numbers), len(kernels)), np.float32))


def _gelu(numbers: Numbers) -> Numbers:
    return numbers / 2 * (1 + np.tanh(np.float32(np.sqrt(2 / np.pi)) * (numbers + np.float32(0.044715) * numbers**3)))


def _sigmoid(numbers: Numbers) -> Numbers:
    return (1 + np.tanh(numbers / 2)) / 2


@cache
def _weights() -> dict[str, Numbers]:
    return {name: values.astype(np.float32) for name, values in load_file(WEIGHTS).items()}
