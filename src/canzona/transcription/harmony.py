"""The chords of a song, with their basses, heard in all its notes beat by beat."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from canzona.song.harmony import Chord, ChordSpan
from canzona.song.notes import Note
from canzona.song.timing import Meter
from canzona.transcription.recognition import heard_tones, recognise

BASS_SHARE = 0.6
"""The share of a chord's lowest notes that are of one pitch class, from which on this is its bass."""


def heard_chords(notes: Sequence[Note], meter: Meter, length_bars: int) -> tuple[tuple[ChordSpan, ...], float]:
    """The chords, neighbours told apart by their change alone, and the share 0 to 1 of what sounds that their tones explain."""
    notes = tuple(notes)
    chords = recognise(notes, meter, length_bars)
    tones, basses = heard_tones(notes, meter.bars_to_beats(length_bars))
    spans: list[ChordSpan] = []
    explained = 0.0
    start = 0
    for end in range(1, len(chords) + 1):
        if end < len(chords) and chords[end] == chords[start]:
            continue
        chord = chords[start]
        if chord is not None:
            spans.append(ChordSpan(start, end - start, _over_its_bass(chord, basses[start:end].sum(axis=0))))
            explained += float(tones[start:end, list(chord.chroma)].sum())
        start = end
    return tuple(spans), explained / max(float(tones.sum()), 1.0)


def _over_its_bass(chord: Chord, lowest: NDArray[np.float64]) -> Chord:
    """The chord over its root, or over another of its tones that is the lowest for most of it.

    Args:
        chord: what is heard.
        lowest: for how many steps each pitch class is the lowest.
    """
    bass = int(lowest.argmax())
    is_bass = bass in chord.chroma and lowest[bass] >= BASS_SHARE * float(lowest.sum()) > 0
    return replace(chord, bass=bass) if is_bass else chord
