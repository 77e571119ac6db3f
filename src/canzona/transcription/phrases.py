"""Phrases and their letters, from what returns and where something new begins.

Phrases are the best way to cut the song into stretches: each is worth how usual its length is, how plainly something begins at
its start (the melody pauses, or what is heard elsewhere in the song begins or stops) and whether it is sung or not
throughout; a dynamic programme over bars (the idea: Paulus and Klapuri, *Music Structure Analysis Using a Probabilistic Fitness
Measure*, IEEE TASLP 2009). Phrases that sound alike share a letter.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from canzona.song.form import Form, Phrase, PhraseType
from canzona.song.harmony import PITCH_CLASSES, ChordSpan
from canzona.song.notes import Note
from canzona.song.timing import STEPS_PER_BEAT, Meter

LENGTH_SHARES = {
    1: 0.05, 2: 0.04, 3: 0.04, 4: 0.34, 5: 0.035, 6: 0.024, 7: 0.024, 8: 0.36, 9: 0.053, 10: 0.019, 11: 0.006, 12: 0.013,
    13: 0.006, 14: 0.004, 15: 0.003, 16: 0.036,
}  # fmt: skip
"""Bars → how many phrases are of this length, of those that people marked in training songs of POP909."""
LONGEST_BARS = max(LENGTH_SHARES)
PAUSE_WORTH, NOVELTY_WORTH, VOICE_WORTH, MIXED_COST = 1.1, 4.6, 0.94, 0.39
"""What it is worth that the melody pauses before a phrase, that something new begins, that the voice begins or ends there; and
what a bar costs that is sung where the phrase is not, or not where it is. Beside the logarithm of its length's share."""
RHYTHM_WEIGHT, TUNE_WEIGHT, HARMONY_WEIGHT, TEXTURE_WEIGHT = 0.58, 0.93, 0.6, 0.7
"""How much each counts in how alike two bars are; like all weights here chosen by random search on training songs."""
SAME_PHRASE = 0.57
"""Mean likeness of bars from which phrases share a letter."""
SUNG_SHARE = 0.39
"""Share of bars with melody from which a phrase is sung."""
_SUNG_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_OTHER_LETTERS = "bcdefghjklmnpqrstuvwxyz"


def heard_form(
    melody: Sequence[Note], chords: Sequence[ChordSpan], others: Sequence[Note], meter: Meter, length_bars: int
) -> tuple[Form, float]:
    """The phrases, without keys, and how clear the letters are, 0 to 1.

    Args:
        melody: one note at a time.
        chords: in order.
        others: all that sounds besides.
        meter: theirs.
        length_bars: 1 or more.
    """
    likeness = bar_likeness(melody, chords, others, meter, length_bars)
    sung = np.zeros(length_bars, dtype=bool)
    for note in melody:
        sung[meter.bar_of_step(note.start_step)] = True
    bounds = _cut(likeness, _pauses(melody, meter, length_bars), sung)
    return _lettered(likeness, sung, bounds)


def bar_likeness(
    melody: Sequence[Note], chords: Sequence[ChordSpan], others: Sequence[Note], meter: Meter, length_bars: int
) -> NDArray[np.float64]:
    """How alike bars are, shape (bars, bars), 0 to 1: melody, harmony and what else sounds, in equal parts where they are."""
    steps = meter.bars_to_steps(length_bars)
    tune, rhythm = np.zeros((steps, 128)), np.zeros(steps)
    for note in melody:
        tune[note.start_step, note.pitch] = 1
        rhythm[note.start_step] = 1
    harmony = np.zeros((meter.bars_to_beats(length_bars), PITCH_CLASSES))
    for span in chords:
        harmony[span.start_beat : span.end_beat, list(span.chord.chroma)] = 1
        harmony[span.start_beat : span.end_beat, span.chord.root] += 0.5
    texture = np.zeros((steps, PITCH_CLASSES))
    for note in others:
        if note.start_step < steps:
            texture[note.start_step, note.pitch % PITCH_CLASSES] = 1
    parts = [(_alike(rhythm, length_bars), RHYTHM_WEIGHT), (_alike(tune, length_bars), TUNE_WEIGHT)] if melody else []
    parts += [(_alike(harmony, length_bars), HARMONY_WEIGHT)] if len(chords) else []
    parts += [(_alike(texture, length_bars), TEXTURE_WEIGHT)] if len(others) else []
    if not parts:
        return np.ones((length_bars, length_bars))
    return np.average([part for part, _ in parts], axis=0, weights=[weight for _, weight in parts])


def _alike(roll: NDArray[np.float64], length_bars: int) -> NDArray[np.float64]:
    """Cosines between bars; two that hold nothing are alike."""
    bars = roll.reshape(length_bars, -1)
    norm = np.linalg.norm(bars, axis=1)
    cosines = bars @ bars.T / np.maximum(np.outer(norm, norm), 1e-9)
    empty = norm == 0
    cosines[np.ix_(empty, empty)] = 1
    return cosines


def _pauses(melody: Sequence[Note], meter: Meter, length_bars: int) -> NDArray[np.float64]:
    """For every bar how long the melody pauses around its start, from its last onset to the next, 0 to 1 for a bar or more."""
    onsets = np.array([note.start_step for note in melody])
    lines = meter.steps_per_bar * np.arange(length_bars)
    if not len(onsets):
        return np.zeros(length_bars)
    upbeat = STEPS_PER_BEAT + 2  # a phrase may begin this much before its bar
    last = np.searchsorted(onsets, lines - upbeat) - 1
    following = np.minimum(last + 1, len(onsets) - 1)
    gap = np.where(last >= 0, onsets[following] - onsets[np.maximum(last, 0)], meter.steps_per_bar)
    return np.clip(gap / meter.steps_per_bar, 0, 1)


def _novelty(likeness: NDArray[np.float64]) -> NDArray[np.float64]:
    """For every bar how much of what is heard elsewhere begins or stops there, −1 to 1 or so; 0 for the first."""
    bars = len(likeness)
    novelty = np.zeros(bars)
    ahead = np.zeros_like(likeness)  # mean likeness of two bars from a pair of places on
    behind = np.zeros_like(likeness)
    for offset in range(2):
        ahead[: bars - offset, : bars - offset] += likeness[offset:, offset:] / 2
        behind[offset + 1 :, offset + 1 :] += likeness[: bars - offset - 1, : bars - offset - 1] / 2
    for bar in range(2, bars - 1):
        others = np.abs(np.arange(bars) - bar) >= 2
        change = np.abs(ahead[bar] - behind[bar])[others]
        novelty[bar] = np.sort(change)[-max(3, bars // 12) :].mean() if others.any() else 0.0
    spread = novelty[2:-1].std() if bars > 4 else 0.0
    return (novelty - novelty[2:-1].mean()) / spread / 3 if spread > 0 else novelty


def _cut(likeness: NDArray[np.float64], pauses: NDArray[np.float64], sung: NDArray[np.bool_]) -> list[int]:
    """The bars with which phrases start, and the end."""
    bars = len(sung)
    begins = PAUSE_WORTH * (pauses - pauses.mean()) + NOVELTY_WORTH * _novelty(likeness)
    begins += VOICE_WORTH * (np.diff(sung, prepend=sung[0]) != 0)
    total, origin = np.full(bars + 1, -np.inf), np.zeros(bars + 1, dtype=int)
    total[0] = 0.0
    count = np.concatenate([[0], np.cumsum(sung)])
    for end in range(1, bars + 1):
        for length in range(1, min(LONGEST_BARS, end) + 1):
            start = end - length
            voiced = (count[end] - count[start]) / length
            worth = (
                total[start]
                + float(np.log(LENGTH_SHARES[length]))
                + (begins[start] if start else 0.0)
                - MIXED_COST * min(voiced, 1 - voiced) * length
            )
            if worth > total[end]:
                total[end], origin[end] = worth, start
    bounds = [bars]
    while bounds[-1]:
        bounds.append(int(origin[bounds[-1]]))
    return bounds[::-1]


def _lettered(likeness: NDArray[np.float64], sung: NDArray[np.bool_], bounds: list[int]) -> tuple[Form, float]:
    """Phrases that are alike get one letter, by average linkage; in a song without melody all count as sung."""
    spans = list(pairwise(bounds))
    voiced = [not sung.any() or bool(sung[start:end].mean() >= SUNG_SHARE) for start, end in spans]
    distances = []
    for i, (start, end) in enumerate(spans):
        for j in range(i + 1, len(spans)):
            other_start, other_end = spans[j]
            bars = np.arange(min(end - start, other_end - other_start))
            shorter = len(bars) / max(end - start, other_end - other_start)
            alike = float(likeness[start + bars, other_start + bars].mean()) * (0.8 + 0.2 * shorter)
            distances.append(max(0.0, 1 - alike) if voiced[i] == voiced[j] else 1.0)
    groups = fcluster(linkage(np.array(distances), "average"), 1 - SAME_PHRASE, "distance") if len(spans) > 1 else [1]
    names: dict[int, str] = {}
    letters = {True: iter(_SUNG_LETTERS), False: iter(_OTHER_LETTERS)}
    phrases = []
    last_sung = max((number for number, is_sung in enumerate(voiced) if is_sung), default=-1)
    first_sung = voiced.index(True) if True in voiced else len(voiced)
    for number, ((start, end), group) in enumerate(zip(spans, groups, strict=True)):
        if number < first_sung:
            letter = PhraseType.INTRO.value
        elif number > last_sung:
            letter = PhraseType.OUTRO.value
        else:
            if int(group) not in names:
                names[int(group)] = next(letters[voiced[number]], "Z" if voiced[number] else "z")
            letter = names[int(group)]
        phrases.append(Phrase(letter, end - start))
    clear = float(np.mean(np.abs(np.array(distances) - (1 - SAME_PHRASE)))) if distances else 0.0
    return Form(tuple(phrases)), min(1.0, 0.5 + clear)
