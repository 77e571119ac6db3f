"""What several metrics ask of a song."""

from collections.abc import Iterable

from canzona.song.notes import Note
from canzona.song.song import Song


def melody_of(song: Song) -> tuple[Note, ...]:
    """The melody's notes; none where the song has no lead sheet."""
    return song.lead_sheet.melody if song.lead_sheet is not None else ()


def share(values: Iterable[float]) -> float | None:
    """The mean, or ``None`` of nothing."""
    listed = list(values)
    return sum(listed) / len(listed) if listed else None
