"""Progress of long work on stderr: bars on a terminal, elsewhere plain lines now and then."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from canzona.cli.messages import note, printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

SECONDS_BETWEEN_LINES = 10.0
"""Without a terminal: how long work lasts before it is told of, and again after each line."""


class Display:
    """Several pieces of work by name, each told of as it goes on."""

    def __init__(self, bars: "Progress | None") -> None:
        """Bars that are on the screen; ``None`` where there is no terminal."""
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._told = time.monotonic()

    def show(self, title: str, done: float, total: float | None, figures: str = "") -> None:
        """Say how far a piece of work is.

        Args:
            title: what is done.
            done: how much of it.
            total: of how much; ``None`` where that is not known.
            figures: what else is to be said.
        """
        if self._bars is not None:
            if title not in self._tasks:
                self._tasks[title] = self._bars.add_task(title, total=total, figures="")
            self._bars.update(self._tasks[title], completed=done, total=total, figures=printable(figures))
        elif time.monotonic() - self._told >= SECONDS_BETWEEN_LINES:
            self._told = time.monotonic()
            share = f"{done / total:.0%}" if total else f"{done:g}"
            note(f"{title}: {share}{figures and ', '}{figures}")

    def clear(self) -> None:
        """Forget all work so far."""
        if self._bars is not None:
            for task in self._tasks.values():
                self._bars.remove_task(task)
            self._bars.refresh()
        self._tasks.clear()


@contextmanager
def progress() -> Iterator[Display]:
    """A display that leaves stdout to results and nothing on the screen when it ends."""
    if not sys.stderr.isatty():
        yield Display(None)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=sys.stderr), transient=True, redirect_stdout=False) as bars:
        yield Display(bars)
