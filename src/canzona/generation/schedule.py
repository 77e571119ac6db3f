"""In what order windows cover a song."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canzona.hierarchy.levels import Level
from canzona.representation.structure import reference_bars
from canzona.song.form import Form
from canzona.song.timing import Meter


def open_bars(level: Level, meter: Meter, fixed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(parts, frames) where a level's parts stay → (bars,) where there is something to compose."""
    by_bar = fixed.all(axis=0).reshape(-1, level.unit.frames_per_bar(meter))
    return np.logical_not(by_bar.all(axis=1))


@dataclass(frozen=True)
class WindowPlace:
    """Where a window lies and what it settles.

    Attributes:
        start_bar: its first bar.
        settled_bars: bars of the song before this one are composed when the window's turn comes.
        end_bar: the bar after the last that it settles; what it holds beyond is only a sketch.
    """

    start_bar: int
    settled_bars: int
    end_bar: int


def window_places(level: Level, meter: Meter, form: Form, is_open: Sequence[bool] | None = None) -> Iterator[WindowPlace]:
    """Windows from left to right: the first is composed whole, each later one begins with bars that are settled.

    A window settles no bar whose counterpart in an earlier phrase of the same letter is itself still to be settled: the next
    window then composes that bar with its counterpart before its eyes. Bars that stand already are passed over.

    Args:
        level: the level; one that ends freely fills at least a whole window, whatever the form.
        meter: the song's metre.
        form: the song's form.
        is_open: for each bar, whether there is anything to compose; ``None`` for all bars.
    """
    extent = level.window_bars(meter)
    length = level.bars_to_compose(form.length_bars, meter)
    is_open = [True] * length if is_open is None else is_open
    counterparts = reference_bars(form)[:, 0]

    def must_wait(bar: int) -> bool:
        counterpart = int(counterparts[bar])
        return bool(is_open[bar]) and settled <= counterpart < bar and bool(is_open[counterpart])

    settled = next((bar for bar in range(length) if is_open[bar]), length)
    while settled < length:
        start = max(0, settled - level.lookback_bars(meter))
        end = min(start + extent, length)
        if level.has_references:
            end = next((bar for bar in range(settled + 1, end) if must_wait(bar)), end)
        yield WindowPlace(start, settled, end)
        settled = next((bar for bar in range(end, length) if is_open[bar]), length)
