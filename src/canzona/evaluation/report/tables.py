"""The report's tables: every figure of every system, and the closest copies."""

import math
from collections.abc import Mapping
from html import escape
from statistics import fmean

from canzona.evaluation.bootstrap import Figure
from canzona.evaluation.copying import Match
from canzona.evaluation.evaluation import Evaluation
from canzona.evaluation.metrics import Anchor, Row
from canzona.evaluation.report.closeness import Spread, closeness
from canzona.evaluation.report.marks import NOT_SCORED, Sign, figure_text, grouped, ordered_systems
from canzona.song.harmony import PITCH_CLASSES

SHADES = (1.0, 2.0, 4.0, 8.0)
"""Distances to human, in half-widths of the human interval, above which a cell is shaded darker."""

ANCHORS = ("published, measured otherwise", "published songs, measured here")
"""The heads of the columns of others' figures."""
LEAST_P = 0.001
"""Smaller ones are not told apart."""

COPIES_PER_SYSTEM = 8
_LONGEST_DISTANCE = 99.0


def human_distance(figure: Figure, human: Figure) -> float:
    """Signed distance of the means, in half-widths of the human interval: within ±1 lies inside the interval."""
    difference, half_width = figure.mean - human.mean, (human.high - human.low) / 2
    return difference / half_width if half_width > 0 else math.copysign(math.inf, difference) if difference else 0.0


def metrics_table(evaluation: Evaluation, signs: Mapping[str, Sign], spreads: Mapping[str, Spread]) -> str:
    """All metrics by all systems; beside them how systems differ, what was published, and what published songs give."""
    systems = ordered_systems(evaluation)
    beside = [*([f"less {evaluation.compared_with}"] if evaluation.differences else []), *ANCHORS]
    columns = len(systems) + len(beside) + 1
    heads = "".join(f'<th scope="col">{signs[name].key(name)}</th>' for name in systems)
    heads += "".join(f'<th scope="col">{escape(name)}</th>' for name in beside)
    parts = [
        f'<thead><tr><th scope="col">Metric</th>{heads}</tr></thead>',
        _summary(evaluation, spreads),
    ]
    for group, rows in grouped(evaluation.rows).items():
        parts.append(
            f'<tbody><tr class="group"><th scope="rowgroup" colspan="{columns}"><span>{escape(group)}</span></th></tr>'
        )
        for row in rows:
            cells = "".join(_cell(evaluation, system, row.name) for system in systems)
            compared = _compared(evaluation, row.name) if evaluation.differences else ""
            parts.append(f"<tr>{_row_head(row)}{cells}{compared}{_anchor(row.published)}{_anchor(row.measured)}</tr>")
        parts.append("</tbody>")
    return f'<div class="scroll" tabindex="0"><table class="metrics">{"".join(parts)}</table></div>'


def _row_head(row: Row) -> str:
    return f'<th scope="row">{escape(row.name).replace("_", "_<wbr>")}<small>{escape(row.meaning)}</small></th>'


def _summary(evaluation: Evaluation, spreads: Mapping[str, Spread]) -> str:
    """How many songs, how many means within the human interval, how far a song is from human on the average."""
    counts, inside, far = [], [], []
    for system, songs in ordered_systems(evaluation).items():
        counts.append(str(len(songs)))
        judged = [
            abs(human_distance(figure, human)) <= SHADES[0]
            for row in evaluation.rows
            if (figure := _figure(evaluation, system, row.name))
            and (human := _figure(evaluation, evaluation.reference, row.name))
        ]
        is_other = system != evaluation.reference and judged
        inside.append(f"{sum(judged)} of {len(judged)}" if is_other else NOT_SCORED)
        own = [distance for song in songs if (distance := closeness(song, spreads)) is not None]
        far.append(figure_text(fmean(own)) if own else NOT_SCORED)
    lines = (
        ("songs", "scored, of this system", counts),
        ("within human", "metrics whose mean lies in the human interval", inside),
        (
            "distance of a song",
            "mean absolute z-score against human songs; less is closer",
            far,
        ),
    )
    body = "".join(
        f'<tr><th scope="row">{name}<small>{meaning}</small></th>'
        + "".join(f"<td><b>{value}</b></td>" for value in values)
        + f'<td class="published" colspan="{len(ANCHORS) + bool(evaluation.differences)}"></td></tr>'
        for name, meaning, values in lines
    )
    return f'<tbody class="summary">{body}</tbody>'


def _figure(evaluation: Evaluation, system: str, metric: str) -> Figure | None:
    return evaluation.figures.get(system, {}).get(metric)


def _cell(evaluation: Evaluation, system: str, metric: str) -> str:
    figure = _figure(evaluation, system, metric)
    if figure is None:
        return f'<td class="none">{NOT_SCORED}</td>'
    human = _figure(evaluation, evaluation.reference, metric)
    shade, distance = "", ""
    if human is not None and system != evaluation.reference:
        far = human_distance(figure, human)
        shade = f"d{sum(abs(far) > limit for limit in SHADES)}"
        amount = f"{abs(far):.1f}" if abs(far) < _LONGEST_DISTANCE else f"> {_LONGEST_DISTANCE:.0f}"
        distance = f" <i>{'≈' if abs(far) <= SHADES[0] else ('▲ ' if far > 0 else '▼ ') + amount}</i>"
    interval = f"{figure_text(figure.low)} – {figure_text(figure.high)}"
    return f'<td class="{shade}"><b>{figure_text(figure.mean)}</b>{distance}<small>{interval}<i>n {figure.n}</i></small></td>'


def _compared(evaluation: Evaluation, metric: str) -> str:
    """Each other system's difference, the plain ones in bold."""
    lines = []
    for system in ordered_systems(evaluation):
        if (difference := evaluation.differences.get(system, {}).get(metric)) is None:
            continue
        p = f"p {difference.p:.3f}" if difference.p >= LEAST_P else f"p < {LEAST_P}"
        line = f"{escape(system)} {figure_text(difference.mean)}"
        lines.append((f"<b>{line}</b>" if difference.is_significant else line) + f" <small>{escape(p)}</small>")
    return f'<td class="published compared">{"<br>".join(lines)}</td>'


def _anchor(anchor: Anchor | None) -> str:
    if anchor is None:
        return '<td class="published"></td>'
    figures = "<br>".join(f"{escape(name)} {figure_text(figure)}" for name, figure in anchor.figures.items())
    return f'<td class="published">{figures}<small>{escape(anchor.source)}</small></td>'


def copies_table(evaluation: Evaluation, signs: Mapping[str, Sign]) -> str:
    """The closest copies of each system, the nearest first."""
    heads = ("song", "voice", "bars", "onsets", "training song", "its bars", "semitones", "overlap")
    bodies = []
    for system, songs in ordered_systems(evaluation).items():
        found = [(song.name, match) for song in songs for match in song.copies]
        found.sort(key=lambda pair: (-pair[1].overlap, -pair[1].onsets, pair[0], pair[1].own_bar))
        if found:
            title = f'<th scope="rowgroup" colspan="{len(heads)}"><span>{signs[system].key(system)}</span></th>'
            rows = "".join(_copy(name, match) for name, match in found[:COPIES_PER_SYSTEM])
            bodies.append(f'<tbody><tr class="group">{title}</tr>{rows}</tbody>')
    if not bodies:
        return '<p class="caption">No system was compared with training songs.</p>'
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    table = f'<table class="copies"><thead><tr>{head}</tr></thead>{"".join(bodies)}</table>'
    return f'<div class="scroll" tabindex="0">{table}</div>'


def _copy(song: str, match: Match) -> str:
    semitones = (match.transposition + 5) % PITCH_CLASSES - 5  # the nearer way
    cells = (
        escape(song),
        escape(match.voice),
        _bars(match.own_bar, match.length_bars),
        str(match.onsets),
        escape(match.name),
        _bars(match.bar, match.length_bars),
        f"{semitones:+d}".replace("-", "−") if semitones else "0",
    )
    overlap = f'<td class="amount" style="--share:{100 * match.overlap:.0f}%"><b>{match.overlap:.2f}</b></td>'
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + overlap + "</tr>"


def _bars(first: int, count: int) -> str:
    """Bars counted from 0, as people count them: ``5–8``."""
    return str(first + 1) if count == 1 else f"{first + 1}–{first + count}"
