"""Chords heard in notes alone.

A hidden Markov model with a state for each of the 24 qualities on each of the 12 roots, one beat a frame. A beat's notes are
drawn from the chord's tones, its lowest notes from the chord's likely basses, and chords change with a probability that depends
on the beat of the bar; Viterbi's algorithm finds the likeliest chords. That is the recipe of template recognisers since Sheh &
Ellis, *Chord Segmentation and Recognition using EM-Trained Hidden Markov Models* (ISMIR 2003). The numbers were counted in, or
fitted to, training songs of POP909.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from canzona.song.harmony import PITCH_CLASSES, QUALITIES, Chord
from canzona.song.notes import Note
from canzona.song.timing import STEPS_PER_BEAT, Meter

TRIAD_TONE, ADDED_TONE = 2.0, 1.0
"""How much sounds on a tone of the triad (a suspended tone stands for a third), and on a seventh, ninth and the like."""
FOREIGN_TONES = 0.05
"""Share of what sounds that belongs to none of the chord's tones."""
BASS_THIRD, BASS_FIFTH, BASS_OTHER, BASS_FOREIGN = 0.08, 0.06, 0.02, 0.003
"""How likely the bass is the third, the fifth, another chord tone, and any of the foreign tones; the rest is the root's."""
HIGHEST_BASS = 58
"""Lowest notes above this MIDI pitch say nothing of the bass."""
TONE_WEIGHT, BASS_WEIGHT = 0.36, 0.3
"""How much a step of sound counts: neighbouring steps are not independent, so less than 1."""
CHANGES = {4: (0.8, 0.01, 0.25, 0.04), 3: (0.8, 0.05, 0.1)}
"""Beats a bar → how likely the chord changes on each of its beats."""
QUALITY_SHARES = {
    "maj": 0.448, "min": 0.39, "sus2": 0.05, "min7": 0.041, "maj7": 0.025, "sus4": 0.016, "7": 0.009, "sus4(b7)": 0.007,
    "dim": 0.004, "hdim7": 0.003, "maj6": 0.003, "min9": 0.001,
}  # fmt: skip
"""How much of the time a chord is of each quality."""
RARE_QUALITY = 0.0003
PRIOR_WEIGHT = 0.7
"""How much those shares count."""

STATES = tuple((root, quality) for quality in QUALITIES for root in range(PITCH_CLASSES))
MINOR_THIRD, MAJOR_THIRD = 3, 4
_FIFTHS = (7, 6, 8)


def recognise(notes: tuple[Note, ...], meter: Meter, length_bars: int) -> list[Chord | None]:
    """The chord on every beat, in root position; ``None`` throughout bars in which nothing sounds.

    Args:
        notes: what is heard.
        meter: theirs.
        length_bars: how many bars to hear, 1 or more.
    """
    beats = meter.bars_to_beats(length_bars)
    tones, basses = heard_tones(notes, beats)
    tables = _tables()
    evidence = TONE_WEIGHT * tones @ tables.tones.T + BASS_WEIGHT * basses @ tables.basses.T
    path = _likeliest(evidence, tables.prior, np.array(CHANGES[meter.beats_per_bar]))
    sounding = tones.reshape(length_bars, -1).sum(1) > 0
    chords = [Chord(root, quality, root) for root, quality in STATES]
    return [chords[state] if sounding[meter.bar_of_beat(beat)] else None for beat, state in enumerate(path)]


@dataclass(frozen=True)
class _Tables:
    """Logarithms of probabilities: of pitch classes in each state's sound and bass (states, 12), and of states (states,)."""

    tones: NDArray[np.float64]
    basses: NDArray[np.float64]
    prior: NDArray[np.float64]


@cache
def _tables() -> _Tables:
    tones, basses = [], []
    for root, quality in STATES:
        tones.append(np.roll(_tone_shares(QUALITIES[quality]), root))
        basses.append(np.roll(_bass_shares(QUALITIES[quality]), root))
    shares = np.array([QUALITY_SHARES.get(quality, RARE_QUALITY) for _, quality in STATES])
    return _Tables(np.log(tones), np.log(basses), PRIOR_WEIGHT * np.log(shares))


def _triad(tones: tuple[int, ...]) -> set[int]:
    """Root, third and fifth; for a chord without a third its suspended second or fourth."""
    third = {MINOR_THIRD, MAJOR_THIRD} & set(tones) or {5 if 5 in tones else 2}
    return {0, _fifth(tones)} | third


def _fifth(tones: tuple[int, ...]) -> int:
    return next(fifth for fifth in _FIFTHS if fifth in tones)


def _tone_shares(tones: tuple[int, ...]) -> NDArray[np.float64]:
    shares = np.array(
        [(tone in tones) * (TRIAD_TONE if tone in _triad(tones) else ADDED_TONE) for tone in range(PITCH_CLASSES)]
    )
    return np.where(shares > 0, (1 - FOREIGN_TONES) * shares / shares.sum(), FOREIGN_TONES / np.sum(shares == 0))


def _bass_shares(tones: tuple[int, ...]) -> NDArray[np.float64]:
    shares = np.full(PITCH_CLASSES, BASS_FOREIGN / (PITCH_CLASSES - len(tones)))
    for tone in tones:
        shares[tone] = BASS_THIRD if tone in (MINOR_THIRD, MAJOR_THIRD) else BASS_OTHER
    shares[_fifth(tones)] = BASS_FIFTH
    shares[0] = 1 - shares[1:].sum()
    return shares


def heard_tones(notes: tuple[Note, ...], beats: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What sounds and what is lowest: (beats, pitch classes) steps, each onset counting as a step more in the first."""
    steps = beats * STEPS_PER_BEAT
    tones, basses = np.zeros((beats, PITCH_CLASSES)), np.zeros((beats, PITCH_CLASSES))
    lowest = np.full(steps, HIGHEST_BASS + 1)
    for note in notes:
        sounding = np.arange(note.start_step, min(note.end_step, steps))
        np.add.at(tones[:, note.pitch % PITCH_CLASSES], sounding // STEPS_PER_BEAT, 1)
        tones[sounding[:1] // STEPS_PER_BEAT, note.pitch % PITCH_CLASSES] += 1
        lowest[sounding] = np.minimum(lowest[sounding], note.pitch)
    low = np.flatnonzero(lowest <= HIGHEST_BASS)
    np.add.at(basses, (low // STEPS_PER_BEAT, lowest[low] % PITCH_CLASSES), 1)
    return tones, basses


def _likeliest(evidence: NDArray[np.float64], prior: NDArray[np.float64], changes: NDArray[np.float64]) -> list[int]:
    """The best path of states; what a change costs does not depend on the chord before it, so only the best one is asked."""
    states = np.arange(len(prior))
    change, stay = np.log(changes), np.log(1 - changes)
    total, origins = evidence[0] + prior, []
    for beat, row in enumerate(evidence[1:], 1):
        place = beat % len(changes)
        best = int(total.argmax())
        staying, changing = total + stay[place], total[best] + change[place] + prior - np.log(PITCH_CLASSES)
        origins.append(np.where(changing > staying, best, states))
        total = np.maximum(staying, changing) + row
    path = [int(total.argmax())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return path[::-1]
