"""The report's self-similarity matrices: which bars of a song are alike, with the form on both axes."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from canzona.evaluation.evaluation import ScoredSong
from canzona.evaluation.report.closeness import Spread, closeness, examples
from canzona.evaluation.structure import frame_chroma
from canzona.song.song import Song


def bar_chroma(song: Song) -> np.ndarray:
    """Each bar's chroma, a beat after the other, of melody and piano together, weighted by duration.

    Returns:
        (bars, beats a bar × 12), counted in steps.
    """
    return frame_chroma(song, song.meter.beats_per_bar).reshape(song.form.length_bars, -1)


def self_similarity(song: Song) -> np.ndarray:
    """Cosine of every two bars' chroma, (bars, bars), 0 to 1; a silent bar is like no other bar, itself included."""
    chroma = bar_chroma(song)
    lengths = np.linalg.norm(chroma, axis=1, keepdims=True)
    unit = chroma / np.where(lengths > 0, lengths, 1)
    return np.clip(unit @ unit.T, 0, 1)


def compared_songs(
    systems: Mapping[str, Sequence[ScoredSong]], reference: str, spreads: Mapping[str, Spread]
) -> dict[str, ScoredSong]:
    """A song a system: the one that the most systems have, or else the one in the middle of its examples."""
    systems = {system: songs for system, songs in systems.items() if songs}
    shared = _shared_name(systems, _by_closeness(systems.get(reference, ()), spreads))
    chosen = {}
    for system, songs in systems.items():
        listed = examples(songs, spreads)
        chosen[system] = next((song for song in songs if song.name == shared), listed[len(listed) // 2].song)
    return chosen


def _by_closeness(songs: Sequence[ScoredSong], spreads: Mapping[str, Spread]) -> list[str]:
    """The names of human songs, the most typical first."""
    return [song.name for song in sorted(songs, key=lambda song: closeness(song, spreads) or 0.0)]


def _shared_name(systems: Mapping[str, Sequence[ScoredSong]], typical: list[str]) -> str | None:
    """The song name that the most systems have, of several the most typical human song's; ``None`` where no two share one."""
    counts = Counter(name for songs in systems.values() for name in {song.name for song in songs})
    places = {name: place for place, name in enumerate(typical)}
    name, count = min(counts.items(), key=lambda pair: (-pair[1], places.get(pair[0], len(places)), pair[0]), default=("", 0))
    return name if count > 1 else None
