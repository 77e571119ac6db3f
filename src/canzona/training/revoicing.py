"""A piano passage moved to other chords: its texture stays, its harmony does not.

A note keeps its part in the chord: the third stays a third, be it minor, major or suspended, the bass the bass, and what lies
between two chord tones stays between them. The root moves by the shorter way, so every note stays near its register. This is
the swap of chords under one texture that PolyDis is tested by (Wang et al. 2020, arXiv 2008.07122, section 4), made into data.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from canzona.representation.segments import NONE, Segments
from canzona.representation.views import LOWEST_PIANO_ROW, PIANO_ROWS, into_range, nearest
from canzona.song.harmony import PITCH_CLASSES, QUALITIES, QUALITY_NAMES
from canzona.song.timing import STEPS_PER_BEAT

BASS_SPAN = 12
"""A bass note lies at most this many semitones above the lowest note of its segment."""

_PARTS = {"third": (4, 3, 5, 2), "fifth": (7, 6, 8), "seventh": (10, 11, 9), "ninth": (2,), "eleventh": (5,)}
"""Part of a chord → semitones above the root that may take it, the first that is there and free."""

_STAND_INS = {"seventh": "octave", "ninth": "root", "eleventh": "third"}
"""What takes a part that a chord lacks."""


def revoiced(segments: Segments, chords: NDArray[np.int64]) -> Segments:
    """The same texture over ``chords``, of the shape of ``segments.chords``; a note without chord before or after stays."""
    notes = segments.notes
    if not len(notes.pitch):
        return replace(segments, chords=chords)
    beat = notes.step // STEPS_PER_BEAT
    old, new = segments.chords[notes.segment, beat], chords[notes.segment, beat]
    interval = (notes.pitch - old[:, 0]) % PITCH_CLASSES
    inner = notes.pitch - interval + nearest(new[:, 0] - old[:, 0]) + _moves()[old[:, 1], new[:, 1], interval]
    bass = notes.pitch + nearest(new[:, 2] - old[:, 2])
    moved = np.where(_is_bass(segments) & (notes.pitch % PITCH_CLASSES == old[:, 2]), bass, inner)
    has_chords = (old[:, 0] != NONE) & (new[:, 0] != NONE)
    pitch = into_range(np.where(has_chords, moved, notes.pitch), LOWEST_PIANO_ROW, PIANO_ROWS)
    return replace(segments, chords=chords, notes=replace(notes, pitch=pitch))


def _is_bass(segments: Segments) -> NDArray[np.bool_]:
    """Which notes are the lowest that begin in their beat, and low in their segment."""
    notes, (count, beats) = segments.notes, segments.inside.shape
    place = notes.segment * beats + notes.step // STEPS_PER_BEAT
    lowest = np.full(count * beats, np.iinfo(np.int64).max)
    np.minimum.at(lowest, place, notes.pitch)
    lowest_of_all = lowest.reshape(count, beats).min(axis=1)
    return (notes.pitch == lowest[place]) & (notes.pitch - lowest_of_all[notes.segment] <= BASS_SPAN)


@cache
def _moves() -> NDArray[np.int64]:
    """(old quality, new quality, semitones above the old root) → semitones above the new root."""
    table = np.zeros((len(QUALITY_NAMES), len(QUALITY_NAMES), PITCH_CLASSES), dtype=np.int64)
    for old, old_quality in enumerate(QUALITY_NAMES):
        for new, new_quality in enumerate(QUALITY_NAMES):
            before, after = _parts(old_quality), _parts(new_quality)
            places = sorted((place, after.get(part, after[_STAND_INS.get(part, "root")])) for part, place in before.items())
            here, there = np.array(places).T
            table[old, new] = np.rint(np.interp(np.arange(PITCH_CLASSES), here, there))
    return table


def _parts(quality: str) -> dict[str, int]:
    """Part of a chord → semitones above the root."""
    parts, left = {"root": 0, "octave": PITCH_CLASSES}, set(QUALITIES[quality]) - {0}
    for part, candidates in _PARTS.items():
        found = [place for place in candidates if place in left]
        if found:
            parts[part] = found[0]
            left.remove(found[0])
    return parts
