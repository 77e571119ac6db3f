"""Tones that several chords have: the bass decides between them, and where no bass sounds what is commoner in songs."""

import pytest

from canzona.song import Meter, Note
from canzona.transcription.recognition import recognise

NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")


def heard(pitches: tuple[int, ...]) -> set[str]:
    """The chords that are heard in a bar of these tones in all transpositions, as they are called where nothing is moved."""
    symbols = set()
    for semitones in range(12):
        found = recognise(tuple(Note(0, pitch + semitones, 16) for pitch in pitches), Meter(), 1)
        assert None not in found
        symbols |= {f"{NAMES[(chord.root - semitones) % 12]}:{chord.quality}" for chord in found if chord is not None}
    return symbols


@pytest.mark.parametrize(
    ("bass", "tones", "chord"),
    [
        (36, (60, 64, 67, 69), "C:maj6"),
        (33, (60, 64, 67, 69), "A:min7"),
        (36, (60, 62, 67), "C:sus2"),
        (31, (60, 62, 67), "G:sus4"),
        (36, (64, 67), "C:maj"),
        (40, (64, 67), "E:min"),
    ],
)
def test_the_bass_tells_chords_of_the_same_tones_apart(bass: int, tones: tuple[int, ...], chord: str) -> None:
    assert heard((bass, *tones)) == {chord}


@pytest.mark.parametrize(
    ("tones", "commoner"),
    [
        ((72, 76, 79, 81), "A:min7"),  # rather than C:maj6
        ((72, 74, 79), "C:sus2"),  # rather than G:sus4
        ((76, 79), "C:maj"),  # rather than E:min, which has one tone less to explain
    ],
)
def test_without_a_bass_it_is_the_commoner_chord(tones: tuple[int, ...], commoner: str) -> None:
    assert heard(tones) == {commoner}
