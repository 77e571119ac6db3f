"""How literally phrases return: the overlap (Dice) of onset and pitch class between bars at the same place of two phrases."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from canzona.evaluation.voices import melody_of, share
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.notes import Note
from canzona.song.song import Song


@dataclass(frozen=True, slots=True)
class Return:
    """A bar of a later phrase held against the bar at the same place of an earlier one.

    Attributes:
        same_letter: whether the phrases have one letter; if not, the overlap is what chance gives.
        distance_bars: from the earlier bar to the later.
        overlap: Dice's coefficient of (onset, pitch class), 0 to 1.
    """

    same_letter: bool
    distance_bars: int
    overlap: float


def returns_melody_same(song: Song) -> float | None:
    """Mean overlap of melody between phrases of the same letter."""
    return _mean(melody_returns(song), same_letter=True)


def returns_melody_different(song: Song) -> float | None:
    """The same between sung phrases of different letters: what chance gives."""
    return _mean(melody_returns(song), same_letter=False)


def returns_piano_same(song: Song) -> float | None:
    return _mean(piano_returns(song), same_letter=True)


def returns_piano_different(song: Song) -> float | None:
    return _mean(piano_returns(song), same_letter=False)


def melody_returns(song: Song) -> Iterator[Return]:
    """Every pair of bars of the melody, of sung phrases, of which one holds an onset."""
    return _returns(song, melody_of(song), sung_only=True)


def piano_returns(song: Song) -> Iterator[Return]:
    """Every pair of bars of the piano, of all phrases."""
    return _returns(song, song.accompaniment or (), sung_only=False)


def _returns(song: Song, notes: tuple[Note, ...], sung_only: bool) -> Iterator[Return]:
    bars: list[set[tuple[int, int]]] = [set() for _ in range(song.form.length_bars)]
    for note in notes:
        bars[song.meter.bar_of_step(note.start_step)].add(
            (note.start_step % song.meter.steps_per_bar, note.pitch % PITCH_CLASSES)
        )
    spans = [(start, phrase) for start, phrase in song.form.spans() if phrase.is_sung or not sung_only]
    for (start, phrase), (later_start, later) in combinations(spans, 2):
        for place in range(min(phrase.length_bars, later.length_bars)):
            first, second = bars[start + place], bars[later_start + place]
            if first or second:
                overlap = 2 * len(first & second) / (len(first) + len(second))
                yield Return(phrase.letter == later.letter, later_start - start, overlap)


def _mean(returns: Iterator[Return], same_letter: bool) -> float | None:
    return share(found.overlap for found in returns if found.same_letter is same_letter)
