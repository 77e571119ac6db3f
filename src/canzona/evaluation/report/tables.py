"""What the report's tables say: how far a figure is from human, the closest copies, figures as people read them."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from canzona.evaluation.bootstrap import Figure
from canzona.evaluation.copying import Match
from canzona.evaluation.evaluation import Evaluation, ScoredSong
from canzona.evaluation.metrics import Row
from canzona.song.harmony import PITCH_CLASSES

SHADES = (1.0, 2.0, 4.0, 8.0)
"""Distances to human, in half-widths of the human interval, above which a cell is shaded darker."""

ANCHORS = ("published, measured otherwise", "published songs, measured here")
"""The heads of the columns of others' figures."""

LEAST_P = 0.001
"""Smaller ones are not told apart."""

COPIES_PER_SYSTEM = 8
NOT_SCORED = "–"
_LONGEST_DISTANCE = 99.0


@dataclass(frozen=True)
class Cell:
    """A figure of a system in the table.

    Attributes:
        figure: mean, interval and number of songs.
        shade: 0 within the human interval, up to the number of ``SHADES``; ``None`` where there is no human figure beside it.
        distance: in half-widths, as people read it; empty where there is none.
    """

    figure: Figure
    shade: int | None = None
    distance: str = ""


def cell(evaluation: Evaluation, system: str, metric: str) -> Cell | None:
    """What the table says of a system's metric; ``None`` where it was not scored."""
    figure = evaluation.figures.get(system, {}).get(metric)
    human = evaluation.figures.get(evaluation.reference, {}).get(metric)
    if figure is None or human is None or system == evaluation.reference:
        return None if figure is None else Cell(figure)
    far = human_distance(figure, human)
    shade = sum(abs(far) > limit for limit in SHADES)
    amount = f"{abs(far):.1f}" if abs(far) < _LONGEST_DISTANCE else f"> {_LONGEST_DISTANCE:.0f}"
    return Cell(figure, shade, f"{'▲' if far > 0 else '▼'} {amount}" if shade else "≈")


def human_distance(figure: Figure, human: Figure) -> float:
    """Signed distance of the means, in half-widths of the human interval: within ±1 lies inside the interval."""
    difference, half_width = figure.mean - human.mean, (human.high - human.low) / 2
    return difference / half_width if half_width > 0 else math.copysign(math.inf, difference) if difference else 0.0


def within_human(evaluation: Evaluation, system: str) -> str:
    """How many means lie within the human interval: ``12 of 40``."""
    shades = [own.shade for row in evaluation.rows if (own := cell(evaluation, system, row.name)) and own.shade is not None]
    return f"{shades.count(0)} of {len(shades)}" if shades else NOT_SCORED


def mean_text(figures: Iterable[float | None]) -> str:
    """The mean of those that there are."""
    known = [figure for figure in figures if figure is not None]
    return figure_text(fmean(known)) if known else NOT_SCORED


def grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Heading → its metrics, both in the order in which they first come."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return groups


def closest_copies(songs: Sequence[ScoredSong]) -> list[tuple[str, Match]]:
    """Names of songs and passages copied, the nearest first."""
    found = [(song.name, match) for song in songs for match in song.copies]
    return sorted(found, key=lambda pair: (-pair[1].overlap, -pair[1].onsets, pair[0], pair[1].own_bar))[:COPIES_PER_SYSTEM]


def figure_text(value: float) -> str:
    """A figure as people read it: three digits that matter, or three decimals below 10."""
    if not math.isfinite(value):
        return str(value)
    decimals = 3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:.{decimals}f}".replace("-", "−")


def p_text(p: float) -> str:
    return f"p {p:.3f}" if p >= LEAST_P else f"p < {LEAST_P}"


def semitones_text(transposition: int) -> str:
    """The nearer way: 10 semitones up are ``−2``."""
    semitones = (transposition + 5) % PITCH_CLASSES - 5
    return f"{semitones:+d}".replace("-", "−") if semitones else "0"


def bars_text(first: int, count: int) -> str:
    """Bars counted from 0, as people count them: ``5–8``."""
    return str(first + 1) if count == 1 else f"{first + 1}–{first + count}"
