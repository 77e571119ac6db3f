"""Where a song's material comes from: for every bar, its counterparts in earlier phrases and the passages worth remembering."""

import numpy as np

from canzona.song.form import Form, Phrase

REFERENCE_CANDIDATES = 4
PASSAGE_CANDIDATES = 8
NONE = -1


def reference_bars(form: Form) -> np.ndarray:
    """(bars, ``REFERENCE_CANDIDATES``): bars at the same place of earlier phrases of the same letter, earliest first, or −1.

    Every return is so composed after the phrase's first appearance, not after the last return: what differs does not add up.
    """
    table = np.full((form.length_bars, REFERENCE_CANDIDATES), NONE, dtype=np.int64)
    earlier: dict[str, list[tuple[int, Phrase]]] = {}
    for start_bar, phrase in form.spans():
        for bar in range(phrase.length_bars):
            found = [start + bar for start, other in earlier.get(phrase.letter, []) if bar < other.length_bars]
            found = found[:REFERENCE_CANDIDATES]
            table[start_bar + bar, : len(found)] = found
        earlier.setdefault(phrase.letter, []).append((start_bar, phrase))
    return table


def context_passages(form: Form, window_bars: int, passage_bars: int) -> np.ndarray:
    """(bars, ``PASSAGE_CANDIDATES``): for a window starting at each bar, first bars of earlier passages, most alike first.

    The passage sought continues like the middle of the window, where new music begins. Phrases of the same letter come first,
    then of the same type, then of the same kind (sung or not); among equals the latest. −1 for none.
    """
    bars = form.length_bars
    table = np.full((bars, PASSAGE_CANDIDATES), NONE, dtype=np.int64)
    positions, spans = form.bar_positions(), list(form.spans())
    for window_start in range(bars):
        target_bar = min(window_start + window_bars // 2, bars - 1)
        target_number, target_place = positions[target_bar]
        target = form.phrases[target_number]
        ranked = []
        for number, (start_bar, phrase) in enumerate(spans):
            place = min(target_place, max(0, phrase.length_bars - passage_bars))
            passage_start = start_bar + place
            if number >= target_number or passage_start + passage_bars > target_bar:
                continue
            ranked.append((-_likeness(phrase, target), -passage_start))
        starts = [-negative_start for _, negative_start in sorted(ranked)[:PASSAGE_CANDIDATES]]
        table[window_start, : len(starts)] = starts
    return table


def _likeness(phrase: Phrase, other: Phrase) -> int:
    if phrase.letter == other.letter:
        return 3
    if phrase.type is other.type:
        return 2
    return int(phrase.is_sung == other.is_sung)
