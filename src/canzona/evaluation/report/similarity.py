"""The report's self-similarity matrices: which bars of a song are alike, with the form on both axes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from canzona.evaluation.evaluation import Evaluation, ScoredSong
from canzona.evaluation.report.closeness import Spread, closeness, examples
from canzona.evaluation.report.marks import Sign, heat_map, line, ordered_systems, svg, words
from canzona.evaluation.structure import frame_chroma
from canzona.song.song import Song

_SIDE, _MARGIN = 240.0, 14.0


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


def matrices(evaluation: Evaluation, signs: Mapping[str, Sign], spreads: Mapping[str, Spread]) -> str:
    """A matrix a system: of the song that the most systems have, or else of the one in the middle of its examples."""
    systems = {system: songs for system, songs in ordered_systems(evaluation).items() if songs}
    shared = _shared_name(systems, _by_closeness(systems.get(evaluation.reference, ()), spreads))
    figures = []
    for system, songs in systems.items():
        chosen = next((song for song in songs if song.name == shared), None)
        if chosen is None:
            listed = examples(songs, spreads)
            chosen = listed[len(listed) // 2].song
        caption = f"<figcaption>{signs[system].key(system)} <small>{escape(chosen.name)}</small></figcaption>"
        figures.append(f"<figure>{_matrix(chosen.song, f'{system}: {chosen.name}')}{caption}</figure>")
    return f'<div class="panels small">{"".join(figures)}</div>'


def _by_closeness(songs: Sequence[ScoredSong], spreads: Mapping[str, Spread]) -> list[str]:
    """The names of human songs, the most typical first."""
    return [song.name for song in sorted(songs, key=lambda song: closeness(song, spreads) or 0.0)]


def _shared_name(systems: Mapping[str, tuple[ScoredSong, ...]], typical: list[str]) -> str | None:
    """The song name that the most systems have, of several the most typical human song's; ``None`` where no two share one."""
    counts = Counter(name for songs in systems.values() for name in {song.name for song in songs})
    places = {name: place for place, name in enumerate(typical)}
    name, count = min(counts.items(), key=lambda pair: (-pair[1], places.get(pair[0], len(places)), pair[0]), default=("", 0))
    return name if count > 1 else None


def _matrix(song: Song, label: str) -> str:
    scale = _SIDE / song.form.length_bars
    parts = [
        f'<image href="{heat_map(self_similarity(song))}" x="{_MARGIN}" y="{_MARGIN}" width="{_SIDE}" height="{_SIDE}" '
        'preserveAspectRatio="none"/>'
    ]
    for start_bar, phrase in song.form.spans():
        place, middle = _MARGIN + start_bar * scale, _MARGIN + (start_bar + phrase.length_bars / 2) * scale
        if start_bar:
            parts.append(
                line(place, 2, place, _MARGIN + _SIDE, "boundary") + line(2, place, _MARGIN + _SIDE, place, "boundary")
            )
        parts.append(words(middle, 10, phrase.letter, "tick middle") + words(6, middle + 3.5, phrase.letter, "tick middle"))
    return svg(_SIDE + _MARGIN + 2, _SIDE + _MARGIN + 2, "".join(parts), f"Self-similarity of the bars of {label}")
