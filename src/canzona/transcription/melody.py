"""The melody among all notes of a song: the best chain of notes, each weighed by itself and by how it follows the one before.

A linear-chain model over candidate notes with rests between, in which a note costs or gains what its features are worth and so
does each step from note to note; the path is Viterbi's. Two passes: the second knows how high and how loud the first one's
melody was. The weights are averaged perceptrons (Collins, *Discriminative Training Methods for Hidden Markov Models*, EMNLP
2002) of 170 training songs of POP909 whose three tracks were merged into one; on the tuning songs they find the melody's notes
with an F-measure of .76.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from canzona.transcription.melody_features import Pairs, features_beside, pair_features, single_features
from canzona.transcription.performance import Notes

_WEIGHTS = "melody_weights.json"


def heard_melody(notes: Notes) -> tuple[NDArray[np.bool_], float]:
    """Which notes are the melody, one at a time, and how clearly they stand out, 0 to 1.

    Args:
        notes: of all tracks, in whole steps, in order of time and pitch.
    """
    first, second = _weights()
    single, pairs = single_features(notes), pair_features(notes)
    sung, _ = _best_chain(notes, pairs, single, first)
    sung, worth = _best_chain(notes, pairs, np.concatenate([single, features_beside(notes, sung)], axis=1), second)
    clear = 1 / (1 + np.exp(-worth[sung])) if sung.any() else np.zeros(1)
    return sung, float(clear.mean())


@cache
def _weights() -> tuple[dict[str, NDArray[np.float64]], ...]:
    """The two passes' weights: of single notes, of pairs, and of a note after a long rest."""
    passes = json.loads(Path(__file__).with_name(_WEIGHTS).read_text())
    return tuple({name: np.array(values) for name, values in weights.items()} for weights in passes)


def _best_chain(
    notes: Notes, pairs: Pairs, single: NDArray[np.float64], weights: dict[str, NDArray[np.float64]]
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """The chain of notes of the highest worth, and what each note by itself is worth."""
    worth, steps, after_rest = single @ weights["single"], pairs.features @ weights["pair"], float(weights["after_rest"])
    count = len(notes)
    total, origin = np.zeros(count), np.full(count, -1)
    best, best_note = np.zeros(count + 1), np.full(count + 1, -1)  # of the chains that end before a note
    for note in range(count):
        first, last = int(pairs.first[note]), int(pairs.last[note])
        reached, came_from = after_rest + best[first], best_note[first]
        if first == 0:
            reached = max(reached, 0.0)
        if last > first:
            going_on = total[first:last] + steps[pairs.offsets[note] : pairs.offsets[note + 1]]
            leader = int(going_on.argmax())
            if going_on[leader] > reached:
                reached, came_from = going_on[leader], first + leader
        total[note], origin[note] = worth[note] + reached, came_from
        better = total[note] > best[note]
        best[note + 1], best_note[note + 1] = (total[note], note) if better else (best[note], best_note[note])
    sung = np.zeros(count, dtype=bool)
    note = int(best_note[-1])
    while note >= 0:
        sung[note] = True
        note = int(origin[note])
    return sung, worth
