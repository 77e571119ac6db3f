"""What a file says in words: chord symbols and names of phrases, on the song's grid; and what of it says nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from canzona.io.found import counted
from canzona.io.midi_events import key_of
from canzona.io.tracks import CHORDS, chord_texts, is_chord_text, names_chord, role_of
from canzona.song.harmony import Key
from canzona.song.sections import section_word
from canzona.song.timing import STEPS_PER_BEAT
from canzona.transcription.grid import Grid
from canzona.transcription.performance import Performance

Thing = TypeVar("Thing")

READ_SHARE = 0.5
"""Share of the words of a track of chords from which on they are chord symbols, and those that are none are left out."""


@dataclass(frozen=True, slots=True)
class Words:
    """What is written over the music.

    Attributes:
        chords: beat → chord symbol as Harte writes it, the last of each beat.
        names: names of phrases, each with the step at which it stands, ascending.
        signatures: key signatures likewise.
        unread: what else is written, as people read it.
    """

    chords: Mapping[int, str]
    names: Sequence[tuple[float, str]]
    signatures: Sequence[tuple[int, Key]]
    unread: tuple[str, ...]


def written_words(performance: Performance, grid: Grid) -> Words:
    """Read lyrics, markers and key signatures."""
    score = performance.score
    texts = chord_texts(score, [own for own in score.tracks if role_of(own.name) == CHORDS])
    are_markers = bool(texts) and texts == chord_texts(score, [])
    symbols = [(tick, text) for tick, text in texts if is_chord_text(text)]
    if len(symbols) < READ_SHARE * len(texts) or not any(names_chord(text) for _, text in symbols):
        symbols = []
    beats = np.floor(_steps(performance, grid, (tick for tick, _ in symbols)) / STEPS_PER_BEAT + 0.5)
    markers = [] if are_markers else sorted((marker.time, marker.text) for marker in score.markers)
    named = [(tick, text) for tick, text in markers if section_word(text) is not None]
    signatures, strange = [], 0
    for event in sorted(score.key_signatures, key=lambda event: event.time):
        try:
            signatures.append((event.time, key_of(event)))
        except ValueError:
            strange += 1
    sung = sum(len(track.lyrics) for track in score.tracks) - (0 if are_markers else len(texts))
    things = (
        (len(texts) - len(symbols), "marker{s} naming no chord" if are_markers else "lyric{s} naming no chord"),
        (len(markers) - len(named), "marker{s} naming no phrase"),
        (strange, "key signature{s} that no key has"),
        (sung, "word{s} of lyrics"),
    )
    return Words(
        chords={max(int(beat), 0): text for beat, (_, text) in zip(beats, symbols, strict=True)},
        names=_placed(performance, grid, named),
        signatures=[(round(step), key) for step, key in _placed(performance, grid, signatures)],
        unread=tuple(counted(number, thing) for number, thing in things if number),
    )


def _placed(performance: Performance, grid: Grid, things: Sequence[tuple[int, Thing]]) -> list[tuple[float, Thing]]:
    steps = _steps(performance, grid, (tick for tick, _ in things)).tolist()
    return [(step, thing) for step, (_, thing) in zip(steps, things, strict=True)]


def _steps(performance: Performance, grid: Grid, ticks: Iterable[int]) -> np.ndarray:
    return grid.steps(np.array(list(ticks), dtype=float) / performance.score.ticks_per_quarter)
