"""Random bars of a song composed anew under random locks: whether these hold, and what is open changes."""

from dataclasses import dataclass
from random import Random
from typing import Any

from canzona.generation import Cascade, Lock, Request, Revision
from canzona.hierarchy.levels import LEVELS, level_named
from canzona.song import Song
from canzona.studio.lanes import Strand, by_bar

REVISABLE = [level for level in LEVELS if not level.ends_freely]


@dataclass(frozen=True)
class Trial:
    """One recomposition.

    Attributes:
        is_kept: whether all that was locked or out of the chosen bars is as it was.
        open_regions, changed_regions: strands of the coarsest level that were composed anew in bars that nothing held, and of
            these the ones that came out otherwise.
    """

    is_kept: bool
    open_regions: int
    changed_regions: int


def trial(cascade: Cascade, song: Song, random: Random, **controls: Any) -> Trial:
    """Compose random bars anew, from a random level down, under up to three random locks."""
    length = song.form.length_bars
    level = random.choice(REVISABLE)
    bars = _bars(random, length)
    locks = tuple(_lock(random, length) for _ in range(random.randrange(4)))
    request = Request(revision=Revision(song, level.name, bars, locks=locks), seed=random.randrange(10**6), **controls)
    new = cascade.compose(request)
    kept, opened, changed = True, 0, 0
    for strand in Strand:
        row = strand.value
        anew = bars if REVISABLE.index(row.level) >= REVISABLE.index(level) else frozenset()
        held = set(range(length)) - anew
        for lock in locks:
            if lock.level == row.level.name and lock.part in (None, row.part):
                held |= lock.bars or frozenset(range(length))
        before, after = by_bar(song, strand), by_bar(new, strand)
        kept &= all(before[bar] == after[bar] for bar in held)
        reduced_locks = any(level_named(lock.level).attribute == row.level.reduces for lock in locks)
        free = anew - held - {length - 1}  # the last bar ends on the tonic
        if row.level == level and not reduced_locks and len(free) > 1:
            opened += 1
            changed += any(before[bar] != after[bar] for bar in free)
    return Trial(kept, opened, changed)


def _bars(random: Random, length: int) -> frozenset[int]:
    first, last = sorted(random.choices(range(length), k=2))
    return frozenset(range(first, last + 1))


def _lock(random: Random, length: int) -> Lock:
    level = random.choice(REVISABLE)
    part = random.choice([None, *(part.name for part in level.parts)])
    return Lock(level.name, part, random.choice([None, _bars(random, length)]))
