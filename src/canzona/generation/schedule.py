"""In what order windows cover a song."""

from collections.abc import Iterator
from dataclasses import dataclass

from canzona.hierarchy.levels import Level
from canzona.representation.structure import reference_bars
from canzona.song.form import Form
from canzona.song.timing import Meter


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


def window_places(level: Level, meter: Meter, form: Form) -> Iterator[WindowPlace]:
    """Windows from left to right: the first is composed whole, each later one overlaps by half with what is settled.

    A window settles no bar whose counterpart in an earlier phrase of the same letter is itself still to be settled: the next
    window then composes that bar with its counterpart before its eyes.

    Args:
        level: the level; one that ends freely has a single window whatever the form.
        meter: the song's metre.
        form: the song's form.
    """
    extent = level.window_bars(meter)
    if level.ends_freely:
        yield WindowPlace(0, 0, extent)
        return
    counterparts = reference_bars(form)[:, 0]
    settled = 0
    while settled < form.length_bars:
        start = max(0, settled - extent // 2)
        end = min(start + extent, form.length_bars)
        if level.has_references:
            end = next((bar for bar in range(settled + 1, end) if counterparts[bar] >= settled), end)
        yield WindowPlace(start, settled, end)
        settled = end
