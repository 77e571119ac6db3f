"""Data sets that shards of one preparation made, put together as one preparation would have made them."""

from collections.abc import Mapping, Sequence

from canzona.training.dataset import PreparedSong


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
