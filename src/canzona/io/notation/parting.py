"""Notes parted in two, low and high, wherever several start together: the cheapest way through a song that is found."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from canzona.song.notes import Note

State = TypeVar("State")
"""What is to be known of both sides to go on."""

Parting = Callable[[State, Sequence[Note], Sequence[Note]], tuple[float, State]]
"""(state, low notes, high notes that start together, from the lowest up; not both empty) → cost of it, state after it."""


@dataclass(frozen=True, slots=True)
class _Path(Generic[State]):
    cost: float
    state: State
    number_low: int = 0
    before: "_Path[State] | None" = None


def parted(
    notes: Sequence[Note], start: State, parting: Parting[State], alike: Callable[[State], Hashable], followed: int
) -> tuple[list[Note], list[Note]]:
    """The notes of the low and of the high side, each in order of time; every note is on exactly one.

    Args:
        notes: in any order.
        start: the state before the first.
        parting: what it costs to part notes so.
        alike: what of a state counts: of paths that agree in it the cheapest is followed.
        followed: how many paths are followed at once.
    """
    groups = [sorted(group, key=lambda note: note.pitch) for _, group in groupby(sorted(notes), key=lambda n: n.start_step)]
    paths = [_Path(0.0, start)]
    for group in groups:
        longer = []
        for before in paths:
            for number in range(len(group) + 1):
                cost, state = parting(before.state, group[:number], group[number:])
                longer.append(_Path(before.cost + cost, state, number, before))
        best: dict[tuple[Hashable, int], _Path[State]] = {}
        for longer_path in sorted(longer, key=lambda path: path.cost):
            best.setdefault((alike(longer_path.state), longer_path.number_low), longer_path)
        paths = list(best.values())[:followed]
    low: list[Note] = []
    high: list[Note] = []
    path: _Path[State] | None = paths[0]
    for group in reversed(groups):
        assert path is not None
        low += group[: path.number_low]
        high += group[path.number_low :]
        path = path.before
    return sorted(low), sorted(high)
