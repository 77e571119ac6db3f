"""Where sixteenths, beats and bar lines lie in the notes, whatever the file's events say.

Every sixteenth has features that tell a strong place of the bar from a weak one: how much starts there, how low, how long and
how loud, whether the harmony and the bass change there. What each is worth on each sixteenth of a 4/4 bar was fitted, as a
multinomial logistic regression over the sixteen ways to lay bars over a song, to training songs of POP909. Bars are then the
best path through the beats, on which a half bar too few or too many costs something (the idea: Klapuri, Eronen and Astola,
*Analysis of the Meter of Acoustic Musical Signals*, IEEE TASLP 2006; the path: Viterbi's algorithm).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canzona.hierarchy.best_path import best_path
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.timing import STEPS_PER_BEAT, Meter
from canzona.transcription.performance import Notes

WEIGHTS = np.array((
    (-0.43, 1.43, 1.26, 1.88, 1.27, 2.30, 1.43, 0.47, 2.25),
    (-0.12, -0.49, 0.13, -0.28, 0.07, -0.17, 0.21, 0.08, 0.05),
    (-0.21, 0.12, -0.38, -0.24, -0.63, -0.18, -0.33, 0.08, 0.04),
    (0.44, 0.59, -0.32, -0.44, -0.28, 0.46, -0.71, -0.32, -0.39),
    (0.30, 0.62, -0.08, -0.23, -0.26, 0.36, -0.46, -0.41, 0.25),
    (-0.41, -0.39, -0.25, 0.10, -0.20, 0.17, -0.09, -0.26, -0.24),
    (0.00, 0.08, 0.20, -0.88, -0.17, -0.09, 0.20, -0.17, -0.11),
    (-0.06, 0.33, -0.21, 0.49, -0.25, 0.43, 0.03, 0.03, -0.09),
    (0.61, -0.28, 0.34, 0.21, 0.68, 0.18, -0.19, 0.00, -0.49),
    (0.08, 0.08, -0.03, 0.05, -0.10, -0.26, -0.31, -0.19, 0.15),
    (-0.33, -0.86, -0.08, -0.10, 0.29, -1.00, -0.40, -0.41, -0.53),
    (0.00, -0.19, 0.21, -0.12, -0.11, -0.72, -0.15, -0.14, 0.02),
    (-0.06, 0.02, 0.04, 0.15, 0.49, -0.43, -0.14, 0.15, -0.16),
    (-0.18, -0.32, 0.07, -0.22, 0.12, -1.07, -0.14, 0.29, -0.07),
    (0.29, -0.41, -0.57, 0.34, -0.66, -0.18, 0.06, 0.36, -0.23),
    (0.07, -0.33, -0.34, -0.72, -0.26, 0.20, 1.00, 0.42, -0.43),
))  # fmt: skip
"""Rows: the sixteenths of a 4/4 bar. Columns: the features, as ``step_features`` orders them."""
_OF_THREE = (0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15)  # the rows for the sixteenths of 3/4

HALF_BAR_COST, OTHER_COST = 0.3, 1.0
"""What it costs that half a bar, or another part of one, is missing or too much, as a log-likelihood of the song."""
FIRST_BASS_ON_DOWNBEAT, FIRST_BASS_ON_HALF_BAR = 0.9, -0.7
"""What it is worth, as a log-likelihood of the song, that its first bass note begins a bar, or the second half of one of 4/4;
fitted to 345 training songs beside what ``WEIGHTS`` says."""
LONG_ENOUGH_BARS = 24
"""Shorter music tells less: its log-likelihoods count in proportion."""
FEWEST_STEPS_FOR_METER = 16 * 16
_BASS = 52  # notes below this pitch may be the bass
_LONGEST_STEPS = 32  # longer notes count as this long
_TRIPLE_LAGS, _QUADRUPLE_LAGS = (12, 24, 36), (16, 32, 8)


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars laid over a song.

    Attributes:
        first_step: the step, of the notes that were asked about, on which the first beat lies.
        numbers: for each quarter note from there the beat of the song that it is; bars begin with multiples of the metre, and
            beats before bar 1 are negative.
        confidence: 0 to 1, how likely the best way is among all.
        repaired: bars, from 1, before which part of a bar is missing in the file.
    """

    first_step: int
    numbers: NDArray[np.int64]
    confidence: float
    repaired: tuple[int, ...]


def sixteenth_phase(onsets: NDArray[np.float64]) -> tuple[float, float]:
    """How far onsets lie behind the sixteenths of their axis, −.5 to .5 sixteenths, and how much they agree on it, 0 to 1.

    Args:
        onsets: in sixteenths.
    """
    mean = np.exp(2j * np.pi * onsets).mean()
    return float(np.angle(mean) / (2 * np.pi)), float(abs(mean))


def step_features(notes: Notes) -> NDArray[np.float64]:
    """Steps × features, from step 0 to whole bars of 4/4 after the last onset.

    Args:
        notes: with times in steps, none before 0.
    """
    start = np.rint(notes.start).astype(int)
    steps = 16 * (int(start.max()) // 16 + 2)
    end = np.clip(np.rint(notes.end).astype(int), start + 1, steps)
    length = np.log2(np.minimum(end - start, _LONGEST_STEPS))
    bass = notes.pitch < _BASS
    count = np.bincount(start, minlength=steps)
    lowest = np.full(steps, 128)
    np.minimum.at(lowest, start, notes.pitch)
    longest, longest_bass, loudest = np.zeros(steps), np.zeros(steps), np.zeros(steps)
    np.maximum.at(longest, start, length)
    np.maximum.at(longest_bass, start[bass], length[bass] + 1)
    np.maximum.at(loudest, start, notes.velocity)
    loudness = (loudest - notes.velocity.mean()) / (notes.velocity.std() + 5)
    chroma = sounding_chroma(start, end, notes.pitch, steps)
    return np.stack(
        [
            (count > 0).astype(float),
            np.log1p(count),
            np.where(lowest < 128, np.clip((60 - lowest) / 24, 0, 1.5), 0),
            longest / 4,
            longest_bass / 4,
            np.where(count > 0, loudness, 0),
            _harmonic_change(chroma, 4),
            _harmonic_change(chroma, 8),
            _bass_change(start, notes.pitch, bass, steps),
        ],
        axis=1,
    )


def sounding_chroma(
    start: NDArray[np.int64], end: NDArray[np.int64], pitch: NDArray[np.int64], steps: int
) -> NDArray[np.float64]:
    """How many notes of each pitch class sound on each step, shape (steps, 12)."""
    changes = np.zeros((steps + 1, PITCH_CLASSES))
    np.add.at(changes, (start, pitch % PITCH_CLASSES), 1)
    np.add.at(changes, (np.minimum(end, steps), pitch % PITCH_CLASSES), -1)
    return np.cumsum(changes, axis=0)[:-1]


def first_bass_prior(notes: Notes, meter: Meter) -> NDArray[np.float64]:
    """For each step of a bar what the first bass note says of a bar's beginning there, as a log-likelihood; 0 without one."""
    prior = np.zeros(meter.steps_per_bar)
    bass = notes.start[notes.pitch < _BASS]
    if len(bass):
        first = int(np.rint(bass.min()))
        prior[first % len(prior)] = FIRST_BASS_ON_DOWNBEAT
        if meter.beats_per_bar == 4:
            prior[(first - len(prior) // 2) % len(prior)] = FIRST_BASS_ON_HALF_BAR
    return prior


def _harmonic_change(chroma: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """How much the pitch classes of the next ``width`` steps differ from those of the last, 0 to 1."""
    sums = np.concatenate([np.zeros((1, PITCH_CLASSES)), np.cumsum(chroma, axis=0)])
    step, last = np.arange(len(chroma)), len(chroma)
    before = sums[step] - sums[np.maximum(step - width, 0)]
    after = sums[np.minimum(step + width, last)] - sums[step]
    norm = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    return np.where(norm > 0, 1 - (before * after).sum(axis=1) / np.maximum(norm, 1e-9), 0)


def _bass_change(
    start: NDArray[np.int64], pitch: NDArray[np.int64], bass: NDArray[np.bool_], steps: int
) -> NDArray[np.float64]:
    """1 on steps on which the lowest bass note that starts is of another pitch class than the one before."""
    change = np.zeros(steps)
    order = np.lexsort((pitch, start))
    order = order[bass[order]]
    places, first = np.unique(start[order], return_index=True)
    lowest = pitch[order][first] % PITCH_CLASSES
    change[places[1:]] = lowest[1:] != lowest[:-1]
    return change


def heard_meter(features: NDArray[np.float64]) -> tuple[Meter, float]:
    """3/4 or 4/4, whichever's bars are more alike, and how sure that is, 0 to 1; too short a song is in 4/4."""
    if len(features) < FEWEST_STEPS_FOR_METER:
        return Meter(4), 0.5
    standard = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-6)

    def alike(lag: int) -> float:
        return float((standard[:-lag] * standard[lag:]).mean())

    surplus = sum(map(alike, _TRIPLE_LAGS)) - sum(map(alike, _QUADRUPLE_LAGS))
    return Meter(3) if surplus > 0 else Meter(4), float(1 / (1 + np.exp(-8 * abs(surplus))))


def lay_bars(features: NDArray[np.float64], meter: Meter, prior: NDArray[np.float64], first_onset: int, whole: bool) -> Bars:
    """Lay bars over the notes.

    Args:
        features: as ``step_features`` gives them.
        meter: of the bars.
        prior: for each step of a bar what is known beforehand of a bar's beginning there, as a log-likelihood.
        first_onset: the step of the first note; the bar that holds it is the first.
        whole: whether bars are taken to be whole throughout.
    """
    length = meter.steps_per_bar
    weights = WEIGHTS if meter.beats_per_bar == 4 else WEIGHTS[list(_OF_THREE)]
    bars = len(features) / length
    centred = (features - features.mean(axis=0)) / bars * min(1.0, bars / LONG_ENOUGH_BARS)
    worth = centred @ weights.T  # steps × places in the bar
    step = np.arange(len(features))
    likelihood = np.array([worth[step, (step - phase) % length].sum() for phase in range(length)]) + prior
    best = int(likelihood.argmax())
    shares = np.exp(likelihood - likelihood.max())
    first_step = best % STEPS_PER_BEAT
    beats = np.arange((len(features) - first_step) // STEPS_PER_BEAT)
    beat_steps = first_step + STEPS_PER_BEAT * beats
    if whole:
        path = (beats - best // STEPS_PER_BEAT) % meter.beats_per_bar
    else:
        places = STEPS_PER_BEAT * np.arange(meter.beats_per_bar)
        by_beat = sum(worth[(beat_steps + s)[:, None], places + s] for s in range(STEPS_PER_BEAT))
        path = _best_places(by_beat + prior[(beat_steps[:, None] - places) % length] / len(beats))
    numbers = path[0] + np.concatenate([[0], np.cumsum((np.diff(path) - 1) % meter.beats_per_bar + 1)])
    before_first = max((first_onset - first_step) // STEPS_PER_BEAT, 0)  # the beat that holds it
    upbeat = -int(first_onset < first_step)
    numbers = numbers - meter.bars_to_beats((int(numbers[before_first]) + upbeat) // meter.beats_per_bar)
    jumps = np.flatnonzero((np.diff(numbers) > 1) & (beats[1:] > before_first)) + 1
    repaired = tuple(meter.bar_of_beat(int(numbers[jump])) + 1 for jump in jumps)
    return Bars(first_step, numbers, float(shares[best] / shares.sum()), repaired)


def _best_places(worth: NDArray[np.float64]) -> NDArray[np.int64]:
    """The place in the bar of every beat, on the best path: each beat goes on from the one before, or pays for a jump."""
    places = worth.shape[1]
    ahead = (np.arange(places)[None, :] - np.arange(places)[:, None] - 1) % places  # beats left out, from → to
    cost = np.where(ahead == 0, 0.0, np.where(2 * ahead == places, HALF_BAR_COST, OTHER_COST))
    return np.array(best_path(worth, cost))
