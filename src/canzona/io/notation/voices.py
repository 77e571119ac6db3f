"""One hand's notes as at most two voices on a staff: one wherever that does, two where something sounds on meanwhile."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from canzona.song.notes import Note

_PATHS = 24  # that are followed at once
_TIE, _SECOND_VOICE, _ALONE, _CROSSED = 4.0, 0.5, 3.0, 2.0


@dataclass(frozen=True, slots=True)
class _Path:
    """Attributes: cost, what sounds in the upper and in the lower voice as (end, pitch), and how it came to be."""

    cost: float
    upper: tuple[tuple[int, int], ...] = ()
    lower: tuple[tuple[int, int], ...] = ()
    number_lower: int = 0
    before: "_Path | None" = None


def two_voices(notes: Sequence[Note]) -> tuple[list[Note], list[Note]]:
    """The notes of the upper and of the lower voice; the lower one is empty where one voice says it all.

    The way with the fewest ties is taken; a second voice, one that is alone, and voices that cross cost as well.
    """
    groups = [sorted(group, key=lambda note: note.pitch) for _, group in groupby(sorted(notes), key=lambda n: n.start_step)]
    paths = [_Path(0.0)]
    for group in groups:
        best: dict[tuple[object, object, int], _Path] = {}
        for path in sorted((new for before in paths for new in _continued(before, group)), key=lambda path: path.cost):
            best.setdefault((path.upper, path.lower, path.number_lower), path)
        paths = list(best.values())[:_PATHS]
    upper: list[Note] = []
    lower: list[Note] = []
    path: _Path | None = paths[0]
    for group in reversed(groups):
        assert path is not None
        lower += group[: path.number_lower]
        upper += group[path.number_lower :]
        path = path.before
    return sorted(upper), sorted(lower)


def _continued(before: _Path, group: Sequence[Note]) -> Iterator[_Path]:
    start = group[0].start_step
    for number in range(len(group) + 1):
        upper_ties, upper = _sounding(before.upper, group[number:], start)
        lower_ties, lower = _sounding(before.lower, group[:number], start)
        cost = _TIE * (upper_ties + lower_ties) + _SECOND_VOICE * bool(number) + _ALONE * (bool(lower) and not upper)
        if upper and lower and max(pitch for _, pitch in lower) >= min(pitch for _, pitch in upper):
            cost += _CROSSED
        yield _Path(before.cost + cost, upper, lower, number, before)


def _sounding(
    voice: tuple[tuple[int, int], ...], struck: Sequence[Note], start_step: int
) -> tuple[int, tuple[tuple[int, int], ...]]:
    """How many ties notes that are struck bring into a voice, and what sounds in it then."""
    held = tuple(own for own in voice if own[0] > start_step)
    if not struck:
        return 0, held
    together = tuple(sorted((*held, *((note.end_step, note.pitch) for note in struck))))
    return len(held) + _cuts(together) - _cuts(held), together


def _cuts(sounding: tuple[tuple[int, int], ...]) -> int:
    """How often a note is cut because another of its voice ends before it."""
    ends = [end for end, _ in sounding]
    return sum(sum(other > end for other in ends) for end in set(ends))
