"""Data sets put together: those that shards of one preparation made, and those of several collections."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from canzona.training.dataset import FIRST_OWN_NUMBER, PreparedSong


def merged_songs(parts: Mapping[str, Sequence[PreparedSong]]) -> list[PreparedSong]:
    """All songs by their numbers, whatever the order of the parts.

    Args:
        parts: name of a data set, for messages → its songs.

    Raises:
        ValueError: where a number is in two of them.
    """
    owners: dict[int, str] = {}
    for name, songs in parts.items():
        for number in {song.number for song in songs}:
            if (owner := owners.setdefault(number, name)) != name:
                raise ValueError(f"parts: must have no song in common, got song {number} in {owner} and {name}")
    return sorted((song for songs in parts.values() for song in songs), key=lambda song: song.number)


def joined_collections(sets: Sequence[Sequence[PreparedSong]]) -> list[PreparedSong]:
    """The songs of all sets in order; those that are not POP909's get other numbers than those of earlier sets."""
    joined: list[PreparedSong] = []
    following = FIRST_OWN_NUMBER
    for songs in sets:
        shift = following - FIRST_OWN_NUMBER
        joined += [song if song.number < FIRST_OWN_NUMBER else replace(song, number=song.number + shift) for song in songs]
        following = max((song.number + 1 for song in joined), default=following)
        following = max(following, FIRST_OWN_NUMBER)
    return joined
