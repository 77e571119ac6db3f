"""The report's plots of figures: the profile of all metrics, a strip a metric, and two metrics against each other."""

from collections.abc import Mapping, Sequence
from html import escape
from statistics import fmean, quantiles

from canzona.evaluation.evaluation import Evaluation, ScoredSong
from canzona.evaluation.report.closeness import FURTHEST, Spread
from canzona.evaluation.report.marks import (
    Axis,
    Sign,
    box,
    coordinate,
    figure_text,
    grouped,
    line,
    ordered_systems,
    svg,
    tick_text,
    words,
)

CHOSEN_STRIPS = (
    "returns_melody_same", "returns_piano_same", "ils_melody_rhythm", "ils_texture", "ils_melody_rhythm_plain", "si_8_16",
    "chord_tones_piano",
    "chord_tones_melody", "chord_accuracy_exact", "out_of_key", "entropy_4", "groove", "piano_onsets_per_bar",
    "melody_notes_per_sung_bar", "copy_melody_2", "copy_melody_4", "boundary_hits",
)  # fmt: skip
"""The strips that are open from the start; the others are folded away below them."""

SCATTERS = (
    (
        "copy_melody_2",
        "returns_melody_same",
        "Up: phrases return more literally. Right: more stands in training songs. Where both rise together, the returns may be "
        "borrowed.",
    ),
    (
        "si_8_16",
        "ils_melody_rhythm",
        "Two views of structure: of the whole sound (right), and of the rhythm of phrases of the same type (up).",
    ),
    (
        "si_8_16",
        "ils_melody_rhythm_plain",
        "Structure of the whole sound (right), and of the rhythm of phrases of the same type, without an encoder (up).",
    ),
    (
        "copy_piano_2",
        "returns_piano_same",
        "Piano that returns (up) against piano that stands in training songs (right).",
    ),
    (
        "chord_tones_piano",
        "returns_piano_same",
        "Obedience to the chords (right) against repetition (up): a system may buy the one with the other.",
    ),
    (
        "entropy_4",
        "groove",
        "Variety of pitches (right) against steadiness of rhythm (up): monotony lies upper left, noise lower right.",
    ),
)
"""(Metric along, metric upwards, what to look for)."""

_FEWEST_VALUES = 3  # a strip of a yes-or-no metric would show nothing
_GOLDEN = 0.618034  # its multiples fill an interval evenly: a jitter without chance


def profile(evaluation: Evaluation, signs: Mapping[str, Sign], spreads: Mapping[str, Spread]) -> str:
    """Every metric a row: how far each system's mean lies from the human mean, in standard deviations of human songs."""
    rows = [row for row in evaluation.rows if row.name in spreads]
    if not rows:
        return ""
    axis, step, top = Axis(-FURTHEST, FURTHEST, 232, 880), 15, 26
    parts, y = [], float(top)
    for group, members in grouped(rows).items():
        parts.append(words(4, y + 11, group, "heading"))
        y += step + 2
        for row in members:
            parts.append(words(12, y + 11, row.name, "", 212) + line(axis.start, y + 8, axis.end, y + 8, "grid"))
            for system, sign in reversed(list(signs.items())):
                figures = _scores(evaluation.systems[system], row.name)
                if figures:
                    mean = fmean(figures)
                    far = spreads[row.name].distance(mean)
                    parts.append(sign.mark(axis.at(far), y + 8, f"{system}: {row.name} {figure_text(mean)}, {far:+.2f} sd"))
            y += step
        y += 5
    back = box(axis.at(-1), top, axis.at(1) - axis.at(-1), y - top, "band") + line(axis.at(0), top, axis.at(0), y, "human")
    for tick in range(-round(FURTHEST), round(FURTHEST) + 1):
        text = f"{tick:+d}".replace("-", "−") if tick else "human mean"
        text = {round(FURTHEST): f"≥ {text}", -round(FURTHEST): f"≤ {text}"}.get(tick, text)
        back += words(axis.at(tick), 16, text, "tick middle")
    return svg(900, y + 6, back + "".join(parts), "Distance of every metric's mean from the human mean, by system", "wide")


def strips(evaluation: Evaluation, signs: Mapping[str, Sign], names: Sequence[str]) -> str:
    """A panel for each of the metrics: a dot a song, a row a system."""
    meanings = {row.name: row.meaning for row in evaluation.rows}
    panels = []
    for name in names:
        drawing = _strip(evaluation, signs, name)
        panels.append(f"<figure><figcaption><b>{escape(name)}</b> {escape(meanings[name])}</figcaption>{drawing}</figure>")
    return f'<div class="panels">{"".join(panels)}</div>' if panels else ""


def strip_names(evaluation: Evaluation) -> tuple[list[str], list[str]]:
    """The metrics that have strips: those chosen, and all others."""
    worthwhile = []
    for row in evaluation.rows:
        values = {figure for songs in evaluation.systems.values() for figure in _scores(songs, row.name)}
        if len(values) >= _FEWEST_VALUES:
            worthwhile.append(row.name)
    chosen = [name for name in CHOSEN_STRIPS if name in worthwhile] or worthwhile[: len(CHOSEN_STRIPS)]
    return chosen, [name for name in worthwhile if name not in chosen]


def _strip(evaluation: Evaluation, signs: Mapping[str, Sign], name: str) -> str:
    figures = {system: _scores(songs, name) for system, songs in ordered_systems(evaluation).items()}
    axis = Axis.around([figure for listed in figures.values() for figure in listed], 92, 322)
    step, bottom = 18, 18 * len(figures) + 2
    parts = _ticks_along(axis, 0, bottom)
    human = figures.get(evaluation.reference, [])
    if len(human) > 1:
        low, _, high = quantiles(human, n=4, method="inclusive")
        parts.append(box(axis.at(low), 0, max(axis.at(high) - axis.at(low), 1), bottom, "band"))
        parts.append(line(axis.at(fmean(human)), 0, axis.at(fmean(human)), bottom, "human"))
    for number, (system, listed) in enumerate(figures.items()):
        middle = step * (number + 0.5) + 1
        parts.append(words(0, middle + 3.5, system, "", 88))
        if not listed:
            parts.append(words(axis.start + 4, middle + 3.5, "not scored", "tick"))
            continue
        places = (middle + 9 * ((index * _GOLDEN) % 1 - 0.5) for index in range(len(listed)))
        dots = "".join(f"M{coordinate(axis.at(figure))} {coordinate(y)}h0" for figure, y in zip(listed, places, strict=True))
        parts.append(f'<path class="dots {signs[system].css}" d="{dots}"/>')
        mean = fmean(listed)
        parts.append(signs[system].mark(axis.at(mean), middle, f"{system}: mean {figure_text(mean)}", "mark mean"))
    return svg(330, bottom + 18, "".join(parts), f"{name} of every song, by system")


def scatter(evaluation: Evaluation, signs: Mapping[str, Sign], along: str, upwards: str) -> str:
    """One metric against another, a mark a song; empty where no song has both."""
    points = {
        system: [
            (song.name, x, y)
            for song in songs
            if (x := song.scores.get(along)) is not None and (y := song.scores.get(upwards)) is not None
        ]
        for system, songs in ordered_systems(evaluation).items()
    }
    everything = [point for listed in points.values() for point in listed]
    if not everything:
        return ""
    across, up = Axis.around([x for _, x, _ in everything], 46, 452), Axis.around([y for *_, y in everything], 330, 8)
    parts = _ticks_along(across, up.end, up.start)
    for tick in up.ticks():
        parts.append(line(across.start, up.at(tick), across.end, up.at(tick), "grid"))
        parts.append(words(across.start - 5, up.at(tick) + 3.5, tick_text(tick), "tick end"))
    human = points.get(evaluation.reference, [])
    if len(human) > 1:
        left, right = _middle_share([x for _, x, _ in human])
        low, high = _middle_share([y for *_, y in human])
        parts.append(
            box(across.at(left), up.at(high), across.at(right) - across.at(left), up.at(low) - up.at(high), "band outlined")
        )
    for system, listed in reversed(list(points.items())):
        for name, x, y in listed:
            title = f"{system}: {name}\n{along} {figure_text(x)}\n{upwards} {figure_text(y)}"
            parts.append(signs[system].mark(across.at(x), up.at(y), title, "mark point"))
    for system, listed in points.items():
        if listed:
            x, y = fmean(x for _, x, _ in listed), fmean(y for *_, y in listed)
            parts.append(
                signs[system].mark(across.at(x), up.at(y), f"{system}: mean of {len(listed)} songs", "mark mean large")
            )
    parts.append(words((across.start + across.end) / 2, 362, f"{along} →", "middle"))
    parts.append(f'<g transform="rotate(-90)">{words(-(up.start + up.end) / 2, 11, f"{upwards} →", "middle")}</g>')
    return svg(460, 368, "".join(parts), f"{upwards} against {along}, a mark a song")


def _ticks_along(axis: Axis, top: float, bottom: float) -> list[str]:
    parts = []
    for tick in axis.ticks():
        parts.append(line(axis.at(tick), top, axis.at(tick), bottom, "grid"))
        parts.append(words(axis.at(tick), bottom + 13, tick_text(tick), "tick middle"))
    return parts


def _middle_share(figures: Sequence[float]) -> tuple[float, float]:
    """Between which figures the middle 80 % lie."""
    tenths = quantiles(figures, n=10, method="inclusive")
    return tenths[0], tenths[-1]


def _scores(songs: Sequence[ScoredSong], name: str) -> list[float]:
    return [figure for song in songs if (figure := song.scores.get(name)) is not None]
