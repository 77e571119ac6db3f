"""Where a melody is found in its MIDI: what a change of place costs, and what it must gain."""

import numpy as np
import pytest

from canzona.io.alignment import PlayedNotes, align
from canzona.song import Note

BEAT = 4
MELODY = tuple(Note(BEAT * beat, 50 + beat, BEAT) for beat in range(24))


def played(offset_beats: list[int]) -> PlayedNotes:
    """The melody as it sounds when each of its notes comes so many beats late."""
    start = np.array([note.start_step + BEAT * late for note, late in zip(MELODY, offset_beats, strict=True)], float)
    pitch, velocity = (np.array([getattr(note, name) for note in MELODY]) for name in ("pitch", "velocity"))
    return PlayedNotes(start, start + BEAT, pitch, velocity)


def found(offset_beats: list[int]) -> list[int]:
    """The offset that is found for each note, in beats."""
    sung = played(offset_beats)
    return (align(MELODY, (), sung, sung, len(MELODY)).offset // BEAT).tolist()


@pytest.mark.parametrize(("late", "is_followed"), [(1, False), (3, False), (5, True), (12, True)])
def test_the_place_changes_for_more_than_four_notes(late: int, is_followed: bool) -> None:
    offsets = [0] * (len(MELODY) - late) + [4] * late
    assert found(offsets) == (offsets if is_followed else [0] * len(MELODY))


@pytest.mark.parametrize(("strayed", "is_followed"), [(3, False), (7, False), (9, True)])
def test_there_and_back_is_two_changes(strayed: int, is_followed: bool) -> None:
    before = (len(MELODY) - strayed) // 2
    offsets = [0] * before + [4] * strayed + [0] * (len(MELODY) - before - strayed)
    assert found(offsets) == (offsets if is_followed else [0] * len(MELODY))
