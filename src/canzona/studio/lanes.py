"""The lanes in which a song is shown, edited and locked, and the strands of notes or chords that they are made of."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Any

from canzona.hierarchy.levels import ACCOMPANIMENT, LEAD_SHEET, REDUCED_LEAD_SHEET, Level
from canzona.song.harmony import ChordSpan
from canzona.song.notes import Note
from canzona.song.song import Song
from canzona.song.timing import Meter, TimeUnit, beats_to_steps


class Lane(StrEnum):
    """What a page draws on one strip of time."""

    FORM = "form"
    REDUCED = "reduced"
    CHORDS = "chords"
    MELODY = "melody"
    PIANO = "piano"


@dataclass(frozen=True)
class StrandRow:
    """One voice or one row of chords of a song.

    Attributes:
        level: of the hierarchy that it belongs to.
        part: of that level.
        is_chords: whether it holds chords, else notes.
        one_voice: whether two of its notes may not sound at once; else two of one pitch may not.
        grid_steps: sixteenths of the grid on which its notes lie.
    """

    level: Level
    part: str
    is_chords: bool = False
    one_voice: bool = True
    grid_steps: int = 1


def _sheet(level: Level) -> tuple[StrandRow, StrandRow]:
    grid_steps = beats_to_steps(1) if level.unit is TimeUnit.BEAT else 1
    chords, melody = (part.name for part in level.parts)
    return StrandRow(level, melody, grid_steps=grid_steps), StrandRow(level, chords, is_chords=True)


class Strand(Enum):
    """The strands of a song, coarsest first."""

    REDUCED_MELODY, REDUCED_CHORDS = _sheet(REDUCED_LEAD_SHEET)
    MELODY, CHORDS = _sheet(LEAD_SHEET)
    PIANO = StrandRow(ACCOMPANIMENT, ACCOMPANIMENT.parts[0].name, one_voice=False)


STRANDS: dict[Lane, tuple[Strand, ...]] = {
    Lane.FORM: (),
    Lane.REDUCED: (Strand.REDUCED_MELODY, Strand.REDUCED_CHORDS),
    Lane.CHORDS: (Strand.CHORDS,),
    Lane.MELODY: (Strand.MELODY,),
    Lane.PIANO: (Strand.PIANO,),
}
"""Lane → what it shows."""


def strand_of(lane: Lane, is_chords: bool) -> Strand:
    """The strand of a lane that holds chords, or notes."""
    return next(strand for strand in STRANDS[lane] if strand.value.is_chords is is_chords)


def items_of(song: Song, strand: Strand) -> tuple[Any, ...]:
    """The notes or chord spans of a strand, in order of time; none where the song lacks its level."""
    content = getattr(song, strand.value.level.attribute)
    if content is None or isinstance(content, tuple):
        return content or ()
    return getattr(content, strand.value.part)


def with_items(song: Song, strand: Strand, items: tuple[Any, ...]) -> Song:
    """The song with other notes or chords in a strand, whose level it has."""
    name = strand.value.level.attribute
    content = getattr(song, name)
    return replace(song, **{name: items if isinstance(content, tuple) else replace(content, **{strand.value.part: items})})


def by_bar(song: Song, strand: Strand) -> list[list[tuple[int, ...]]]:
    """For every bar what a strand has there, times from its start: the notes that begin in it, whole, or what chords sound."""
    bars: list[list[tuple[int, ...]]] = [[] for _ in range(song.form.length_bars)]
    for item in items_of(song, strand):
        for bar, content in _bar_content(item, song.meter):
            bars[bar].append(content)
    return bars


def _bar_content(item: Note | ChordSpan, meter: Meter) -> Iterator[tuple[int, tuple[int, ...]]]:
    if isinstance(item, Note):
        bar = meter.bar_of_step(item.start_step)
        start_step = item.start_step - meter.bars_to_steps(bar)
        yield bar, (start_step, item.pitch, item.duration_steps, item.velocity)
        return
    chord = item.chord
    for bar in range(meter.bar_of_beat(item.start_beat), meter.bar_of_beat(item.end_beat - 1) + 1):
        first, end = meter.bars_to_beats(bar), meter.bars_to_beats(bar + 1)
        start, stop = max(item.start_beat, first), min(item.end_beat, end)
        yield bar, (start - first, stop - start, chord.root, *map(ord, chord.quality), chord.bass)
