"""Random bars of a song composed anew under random locks: whether these hold, and what is open changes."""

from dataclasses import dataclass
from random import Random
from typing import Any

from canzona.generation import Cascade, Lock, Request, Revision
from canzona.hierarchy.levels import LEVELS, Level, level_named
from canzona.song import Song
from canzona.studio.lanes import Strand, by_bar, items_of

REVISABLE = [level for level in LEVELS if not level.ends_freely]


@dataclass(frozen=True)
class Trial:
    """One recomposition.

    Attributes:
        level, bars, locks: what was asked for; bars from 0.
        is_kept: whether all that was locked or out of the chosen bars is as it was.
        is_open: whether anything of the coarsest level that was composed anew could change: a beat or more of one of its voices
            in which nothing is locked, asked for by a lock below, the last bar's tonic, or a note that began before and stays.
        is_changed: whether any of that did, in more than its loudness.
    """

    level: str
    bars: frozenset[int]
    locks: tuple[Lock, ...]
    is_kept: bool
    is_open: bool
    is_changed: bool


def trial(cascade: Cascade, song: Song, random: Random, **controls: Any) -> Trial:
    """Compose random bars anew, from a random level down, under up to three random locks."""
    length = song.form.length_bars
    level = random.choice(REVISABLE)
    bars = _bars(random, length)
    locks = tuple(_lock(random, length) for _ in range(random.randrange(4)))
    request = Request(revision=Revision(song, level.name, bars, locks=locks), seed=random.randrange(10**6), **controls)
    new = cascade.compose(request)
    is_kept, is_open, is_changed = True, False, False
    for strand in Strand:
        anew = bars if REVISABLE.index(strand.value.level) >= REVISABLE.index(level) else frozenset()
        held = set(range(length)) - anew | _locked(strand, strand.value.level.attribute, locks, length)
        before, after = by_bar(song, strand), by_bar(new, strand)
        is_kept &= all(before[bar] == after[bar] for bar in held)
        if strand.value.level == level:
            free = _free_bars(song, strand, held | _locked(strand, level.reduces, locks, length))
            is_open |= bool(free)
            is_changed |= any(_heard(before[bar], strand) != _heard(after[bar], strand) for bar in free)
    return Trial(level.name, bars, locks, is_kept, is_open, is_changed)


def _locked(strand: Strand, attribute: str | None, locks: tuple[Lock, ...], length: int) -> set[int]:
    """Bars in which locks hold a strand's part, at the strand's own level or at the one below that it reduces."""
    bars: set[int] = set()
    for lock in locks:
        if level_named(lock.level).attribute == attribute and lock.part in (None, strand.value.part):
            bars |= lock.bars or frozenset(range(length))
    return bars


def _free_bars(song: Song, strand: Strand, held: set[int]) -> set[int]:
    """Bars with a beat in which nothing holds a strand."""
    meter, row = song.meter, strand.value
    free = set(range(song.form.length_bars)) - held
    if row.is_chords:
        return free - {song.form.length_bars - 1}  # the last bar ends on the tonic
    staying = [note for note in items_of(song, strand) if meter.bar_of_step(note.start_step) in held] if row.one_voice else []
    beat_steps = meter.steps_per_bar // meter.beats_per_bar

    def has_room(bar: int) -> bool:
        first, end = meter.bars_to_steps(bar), meter.bars_to_steps(bar + 1)
        return any(
            all(note.end_step <= beat or beat + beat_steps <= note.start_step for note in staying)
            for beat in range(first, end, beat_steps)
        )

    return {bar for bar in free if has_room(bar)}


def _heard(bar: list[tuple[int, ...]], strand: Strand) -> list[tuple[int, ...]]:
    """What a strand has in a bar, without the loudness of notes."""
    return bar if strand.value.is_chords else [note[:3] for note in bar]


def _bars(random: Random, length: int) -> frozenset[int]:
    first, last = sorted(random.choices(range(length), k=2))
    return frozenset(range(first, last + 1))


def _lock(random: Random, length: int) -> Lock:
    level: Level = random.choice(REVISABLE)
    part = random.choice([None, *(part.name for part in level.parts)])
    return Lock(level.name, part, random.choice([None, _bars(random, length)]))
