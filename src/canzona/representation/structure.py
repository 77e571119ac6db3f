"""Where a song's material comes from: for every bar, its counterparts in other phrases of the same letter."""

import numpy as np

from canzona.song.form import Form

REFERENCE_CANDIDATES = 4
NONE = -1


def reference_bars(form: Form) -> np.ndarray:
    """(bars, ``REFERENCE_CANDIDATES``): bars at the same place of phrases of the same letter, or −1.

    Earlier phrases come first, the earliest before all: every return is so composed after the phrase's first appearance, not
    after the last return, and what differs does not add up. Later ones follow, for a first appearance that is composed again
    among its returns.
    """
    table = np.full((form.length_bars, REFERENCE_CANDIDATES), NONE, dtype=np.int64)
    spans = list(form.spans())
    for number, (start_bar, phrase) in enumerate(spans):
        others = [span for span in (*spans[:number], *spans[number + 1 :]) if span[1].letter == phrase.letter]
        for bar in range(phrase.length_bars):
            found = [start + bar for start, other in others if bar < other.length_bars][:REFERENCE_CANDIDATES]
            table[start_bar + bar, : len(found)] = found
    return table
