"""A song into a file of any format, by its ending."""

from collections.abc import Callable
from pathlib import Path

from canzona.io.audio import Played, song_to_wav
from canzona.io.files import atomic_write
from canzona.io.midi import song_to_midi
from canzona.io.musicxml import song_to_musicxml
from canzona.io.picture import song_to_png
from canzona.io.song_json import song_to_json
from canzona.song import Song

SOUND = ".wav"
WRITERS: dict[str, Callable[[Song], bytes]] = {
    ".json": lambda song: song_to_json(song).encode(),
    ".mid": song_to_midi,
    ".midi": song_to_midi,
    ".musicxml": song_to_musicxml,
    ".png": song_to_png,
}
"""Ending → what writes it; sound besides is written by ``song_to_wav``."""

ENDINGS = (*WRITERS, SOUND)


def save_song(song: Song, path: str | Path, force: bool = False, with_chords: bool = False) -> Played | None:
    """Write a song to ``path``, whole or not at all, as its ending says; ``canzona.read`` reads all but pictures and sound.

    Args:
        song: with whatever levels it has.
        path: ending in one of ``ENDINGS``.
        force: whether a file that is there already may be replaced.
        with_chords: in sound, whether the block chords sound too.

    Returns:
        How it was played, where it is sound.

    Raises:
        ValueError: for another ending, for a file that is there where ``force`` is not given, and as the writers.
        MachineFault: where a library is missing that the format needs.
        OSError: as ``atomic_write``.
    """
    goal = Path(path)
    if goal.suffix.lower() not in ENDINGS:
        raise ValueError(f"path: must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}, got {str(goal)!r}")
    if goal.exists() and not force:
        raise ValueError(f"path: must be a new file, got {str(goal)!r}, which is there already; force=True replaces it")
    if goal.suffix.lower() == SOUND:
        return song_to_wav(song, goal, with_chords)
    atomic_write(goal, WRITERS[goal.suffix.lower()](song))
    return None
