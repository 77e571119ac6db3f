"""The order in which the bars of a score are played: repeats, endings, D.C. and D.S., to the coda and to Fine."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields

MOST_PLAYED_BARS = 1024


@dataclass(slots=True)
class Signs:
    """What a bar says of where to go on.

    Attributes:
        begins_repeat: whether a repeat begins at its start.
        repeats: how often the repeat that ends with it is played, 2 or more; 1 where none ends.
        endings: the turns of the repeat in which it is played; empty for all.
        is_segno, is_coda: whether a D.S. goes to its start, or a jump to the coda.
        is_fine, leaves_for_coda: whether the song ends after it, or goes to the coda, once a D.C. or D.S. was followed.
        jump: ``capo``, ``segno`` or ``None``: where to go on after it, once.
    """

    begins_repeat: bool = False
    repeats: int = 1
    endings: frozenset[int] = field(default_factory=frozenset)
    is_segno: bool = False
    is_coda: bool = False
    is_fine: bool = False
    leaves_for_coda: bool = False
    jump: str | None = None


def merged(bars: Iterable[Signs]) -> Signs:
    """What the same bar says in several parts."""
    all_signs = Signs()
    for own in bars:
        for sign in fields(Signs):
            value = getattr(own, sign.name)
            if value != sign.default and value != frozenset():
                setattr(all_signs, sign.name, value)
    return all_signs


def playing_order(bars: Sequence[Signs]) -> list[int] | None:
    """The numbers of the bars, from 0, as they are played; ``None`` where the signs make no sense or no end of it.

    A repeat without a start goes back to the end of the one before it. After a jump repeats are not played again, and of
    endings the last is taken.
    """
    order: list[int] = []
    bar, section, turn = 0, 0, 1
    has_jumped = False
    while bar < len(bars):
        own = bars[bar]
        if own.begins_repeat and bar != section:
            if not has_jumped and _is_open(bars, section, bar):
                return None
            section, turn = bar, 1
        if bar > section and bars[bar - 1].endings and not own.endings:
            section, turn = bar, 1
        if own.endings and (max(_turns(bars, section)) if has_jumped else turn) not in own.endings:
            bar += 1
            continue
        order.append(bar)
        if len(order) > MOST_PLAYED_BARS:
            return None
        if has_jumped and own.is_fine:
            return order
        if has_jumped and own.leaves_for_coda:
            coda = next((number for number, other in enumerate(bars) if other.is_coda), None)
            if coda is None or coda <= bar:
                return None
            bar, section, turn = coda, coda, 1
            continue
        if own.repeats > 1 and not has_jumped:
            if turn < max(own.repeats, *_turns(bars, section)):
                bar, turn = section, turn + 1
                continue
            if not own.endings:
                section, turn = bar + 1, 1
        if own.jump and not has_jumped:
            target = 0 if own.jump == "capo" else next((n for n, other in enumerate(bars) if other.is_segno), None)
            if target is None or target > bar:
                return None
            bar, section, turn, has_jumped = target, target, 1, True
            continue
        bar += 1
    return order


def _is_open(bars: Sequence[Signs], section: int, bar: int) -> bool:
    """Whether a repeat that begins at ``section`` has no end before another begins at ``bar``."""
    return bars[section].begins_repeat and not any(own.repeats > 1 or own.endings for own in bars[section:bar])


def _turns(bars: Sequence[Signs], section: int) -> set[int]:
    """The turns that the endings of the repeat that begins at ``section`` name."""
    turns, inside = {1}, False
    for own in bars[section:]:
        if (inside and not own.endings) or (turns == {1} and own.repeats > 1 and not own.endings):
            break
        inside = bool(own.endings)
        turns |= own.endings
    return turns
