"""Where a song's material comes from: for every bar, its counterparts in earlier phrases of the same letter."""

import numpy as np

from canzona.song.form import Form, Phrase

REFERENCE_CANDIDATES = 4
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
