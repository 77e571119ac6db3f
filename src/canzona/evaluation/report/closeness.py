"""How close a song's figures lie to those of human songs, and examples from the closest to the furthest."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from canzona.evaluation.evaluation import ScoredSong
from canzona.evaluation.metrics import Row

FURTHEST = 5.0
"""A single figure counts as at most so many standard deviations, so that none outshouts all others."""


@dataclass(frozen=True)
class Spread:
    """How one figure varies among human songs.

    Attributes:
        mean: over the songs that the metric fits.
        deviation: standard deviation over the same songs, above 0.
        group: of the metric.
    """

    mean: float
    deviation: float
    group: str

    def distance(self, figure: float) -> float:
        """Signed, in standard deviations from the human mean, within ±``FURTHEST``."""
        return max(-FURTHEST, min(FURTHEST, (figure - self.mean) / self.deviation))


@dataclass(frozen=True)
class Example:
    """A song and its place within its system.

    Attributes:
        place: "closest to human", "in the middle" and so on.
        song: the song with its scores.
        closeness: as of the function of that name.
    """

    place: str
    song: ScoredSong
    closeness: float | None


def human_spreads(songs: Iterable[ScoredSong], rows: Iterable[Row]) -> dict[str, Spread]:
    """The spread of every metric among human songs, by name; metrics without any spread are left out."""
    listed = list(songs)
    spreads = {}
    for row in rows:
        figures = [figure for song in listed if (figure := song.scores.get(row.name)) is not None]
        if len(figures) > 1 and (deviation := stdev(figures)) > 0:
            spreads[row.name] = Spread(fmean(figures), deviation, row.group)
    return spreads


def distances(song: ScoredSong, spreads: Mapping[str, Spread]) -> dict[str, float]:
    """The signed distance from the human mean of every figure that the song has, in standard deviations of human songs."""
    scores = {name: song.scores.get(name) for name in spreads}
    return {name: spreads[name].distance(figure) for name, figure in scores.items() if figure is not None}


def closeness(song: ScoredSong, spreads: Mapping[str, Spread]) -> float | None:
    """Mean absolute distance over all figures of a song, 0 and up, about 0.8 for a human song; ``None`` without any.

    The mean is taken within each group of metrics, then over groups, so that a group does not weigh more for having many.
    """
    groups: dict[str, list[float]] = {}
    for name, distance in distances(song, spreads).items():
        groups.setdefault(spreads[name].group, []).append(abs(distance))
    return fmean(map(fmean, groups.values())) if groups else None


def examples(songs: Sequence[ScoredSong], spreads: Mapping[str, Spread]) -> tuple[Example, ...]:
    """The closest song, the one in the middle and the furthest; fewer of fewer songs. Songs without closeness come last."""
    ranked = sorted(
        ((closeness(song, spreads), song) for song in songs),
        key=lambda pair: (pair[0] is None, pair[0] or 0.0, pair[1].name),
    )
    chosen = {0: "closest to human", len(ranked) - 1: "furthest from human", (len(ranked) - 1) // 2: "in the middle"}
    if len(ranked) < 3:
        chosen = dict(zip(range(len(ranked)), ("closest to human", "furthest from human"), strict=False))
    return tuple(Example(place, ranked[number][1], ranked[number][0]) for number, place in sorted(chosen.items()))
