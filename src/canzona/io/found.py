"""What a reader of files gives: a song, and what is to be said of how it was read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from canzona.song import Song


@dataclass(frozen=True, slots=True)
class Found:
    """A song out of a file.

    Attributes:
        song: as far as the file tells it.
        left_out: what of the file is not in the song, in words such as ``2 grace notes``.
        remarks: what was taken otherwise than it is written, such as ``2/2 taken as 4/4``.
        is_own: whether Canzona wrote the file, so that its keys are believed.
    """

    song: Song
    left_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    is_own: bool = False


def counted(number: int, thing: str) -> str:
    """``1 grace note``, ``2 grace notes``; ``{s}`` is where the plural goes where that is not the end."""
    named = thing if "{s}" in thing else thing + "{s}"
    return f"{number} {named.replace('{s}', '' if number == 1 else 's')}"


def counts(things: Iterable[str]) -> tuple[str, ...]:
    """How many there are of each thing, in the order in which they first come."""
    return tuple(counted(number, thing) for thing, number in Counter(things).items())
