"""The report's plots: the profile of all metrics, a strip a metric, two metrics against each other, histograms, matrices."""

from collections.abc import Mapping, Sequence
from statistics import fmean, quantiles

from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from canzona.evaluation.evaluation import Evaluation, ScoredSong
from canzona.evaluation.report.closeness import FURTHEST, Spread
from canzona.evaluation.report.drawing import Sign, as_svg, canvas, short
from canzona.evaluation.report.histograms import Histogram
from canzona.evaluation.report.similarity import self_similarity
from canzona.evaluation.report.tables import figure_text, grouped
from canzona.io.roll_layout import INK, LINE, PAPER, QUIET
from canzona.song.song import Song

_GOLDEN = 0.618034  # its multiples fill an interval evenly: a jitter without chance
_MOST_TICKS = 5
_MARK_POINTS, _MEAN_POINTS, _LARGE_POINTS = 5.5, 7.5, 10.0


def profile(evaluation: Evaluation, signs: Mapping[str, Sign], spreads: Mapping[str, Spread]) -> Markup:
    """Every metric a row: how far each system's mean lies from the human mean, in standard deviations of human songs."""
    rows = [row for row in evaluation.rows if row.name in spreads]
    headings = grouped(rows)
    lines = [line for group, members in headings.items() for line in (group, *(row.name for row in members))]
    places = {row.name: lines.index(row.name, lines.index(row.group)) for row in rows}
    figure, axes = canvas(900, 15 * len(lines) + 30, left=232, bottom=4, top=24, right=24)
    axes.set(xlim=(-FURTHEST, FURTHEST), ylim=(len(lines) - 0.4, -0.6))
    axes.axvspan(-1, 1, color=INK, alpha=0.08, linewidth=0)
    axes.axvline(0, color=INK, linewidth=1, alpha=0.6)
    axes.set_yticks(range(len(lines)), lines)
    for number, label in enumerate(axes.get_yticklabels()):
        label.set_fontweight("normal" if number in places.values() else "bold")
    edge = round(FURTHEST)
    ticks = {tick: f"{tick:+d}" if tick else "human mean" for tick in range(-edge, edge + 1)}
    ends = {-edge: "≤ ", edge: "≥ "}
    axes.set_xticks(list(ticks), [ends.get(tick, "") + text.replace("-", "−") for tick, text in ticks.items()])
    axes.xaxis.tick_top()
    axes.spines["bottom"].set_visible(False)
    axes.hlines(list(places.values()), -FURTHEST, FURTHEST, color=LINE, linewidth=0.7, zorder=0)
    titles = {}
    for number, (system, sign) in reversed(list(enumerate(signs.items()))):
        means = {row.name: fmean(own) for row in rows if (own := scores(evaluation.systems[system], row.name))}
        far = {name: spreads[name].distance(mean) for name, mean in means.items()}
        titles[f"of {number}"] = [f"{system}: {name} {figure_text(means[name])}, {far[name]:+.2f} sd" for name in means]
        _marks(axes, list(far.values()), [places[name] for name in far], sign, gid=f"of {number}")
    return as_svg(figure, "Distance of every metric's mean from the human mean, by system", titles)


def strip(systems: Mapping[str, tuple[ScoredSong, ...]], signs: Mapping[str, Sign], reference: str, name: str) -> Markup:
    """One metric: a dot a song, a row a system."""
    figures = {system: scores(songs, name) for system, songs in systems.items()}
    figure, axes = canvas(330, 18 * len(figures) + 20, left=92, bottom=18)
    _rows_of_systems(axes, list(figures))
    _figures_along(axes)
    human = figures.get(reference, [])
    if len(human) > 1:
        low, _, high = quantiles(human, n=4, method="inclusive")
        axes.axvspan(low, high, color=INK, alpha=0.08)
        axes.axvline(fmean(human), color=INK, linewidth=1, alpha=0.6)
    titles = {}
    for row, (system, listed) in enumerate(figures.items()):
        if not listed:
            axes.annotate("not scored", (0, row), (4, 0), ("axes fraction", "data"), "offset points", color=QUIET, va="center")
            continue
        places = [row + 0.5 * ((index * _GOLDEN) % 1 - 0.5) for index in range(len(listed))]
        axes.plot(listed, places, "o", color=signs[system].ink, markersize=4, markeredgewidth=0, alpha=0.42, clip_on=False)
        titles[f"mean {row}"] = [f"{system}: mean {figure_text(fmean(listed))}"]
        _marks(axes, [fmean(listed)], [row], signs[system], _MEAN_POINTS, gid=f"mean {row}")
    return as_svg(figure, f"{name} of every song, by system", titles)


def scatter(
    systems: Mapping[str, tuple[ScoredSong, ...]], signs: Mapping[str, Sign], reference: str, along: str, upwards: str
) -> Markup:
    """One metric against another, a mark a song; empty where no song has both."""
    points = {
        system: [
            (song.name, x, y)
            for song in songs
            if (x := song.scores.get(along)) is not None and (y := song.scores.get(upwards)) is not None
        ]
        for system, songs in systems.items()
    }
    points = {system: listed for system, listed in points.items() if listed}
    if not points:
        return Markup()
    figure, axes = canvas(460, 368, left=56, bottom=36, top=8)
    _figures_along(axes)
    axes.yaxis.set_major_locator(MaxNLocator(_MOST_TICKS))
    axes.grid(axis="y")
    axes.set_xlabel(f"{along} →")
    axes.set_ylabel(f"{upwards} →")
    if len(human := points.get(reference, [])) > 1:
        left, right = _middle_share([x for _, x, _ in human])
        low, high = _middle_share([y for *_, y in human])
        axes.add_patch(Rectangle((left, low), right - left, high - low, facecolor=INK, alpha=0.08, linewidth=0))
    titles = {}
    for number, (system, listed) in reversed(list(enumerate(points.items()))):
        titles[f"of {number}"] = [
            f"{system}: {name}\n{along} {figure_text(x)}\n{upwards} {figure_text(y)}" for name, x, y in listed
        ]
        _marks(axes, [x for _, x, _ in listed], [y for *_, y in listed], signs[system], gid=f"of {number}", alpha=0.6)
    for number, (system, listed) in enumerate(points.items()):
        mean = [fmean(x for _, x, _ in listed)], [fmean(y for *_, y in listed)]
        titles[f"mean {number}"] = [f"{system}: mean of {len(listed)} songs"]
        _marks(axes, *mean, signs[system], _LARGE_POINTS, gid=f"mean {number}", edge=INK)
    return as_svg(figure, f"{upwards} against {along}, a mark a song", titles)


def histogram_plot(
    systems: Mapping[str, tuple[ScoredSong, ...]], signs: Mapping[str, Sign], reference: str, histogram: Histogram
) -> Markup:
    """A row a system, the human outline over every row."""
    shares = {system: histogram.shares(songs) for system, songs in systems.items()}
    most = max((float(listed.max()) for listed in shares.values() if listed is not None), default=1.0) / 0.85
    figure, axes = canvas(330, 40 * len(shares) + 20, left=92, bottom=18)
    _rows_of_systems(axes, list(shares))
    axes.set_xlim(0, histogram.bins)
    axes.set_xticks([place + 0.5 for place in histogram.labels], list(histogram.labels.values()))
    human = shares.get(reference)
    for row, (system, listed) in enumerate(shares.items()):
        floor = row + 0.5
        if listed is None:
            axes.annotate("no such notes", (0, row), (4, 0), ("axes fraction", "data"), "offset points", color=QUIET)
            continue
        axes.axhline(floor, color=QUIET, linewidth=0.7)
        middles = [place + 0.5 for place in range(histogram.bins)]
        axes.bar(middles, -listed / most, 0.85, bottom=floor, color=signs[system].ink, alpha=0.62)
        if human is not None and system != reference:
            axes.stairs(floor - human / most, baseline=floor, color=INK, linewidth=1)
    return as_svg(figure, f"{histogram.title}, by system")


def matrix(song: Song, label: str) -> Markup:
    """Which bars of a song are alike, with the form on both axes."""
    figure, axes = canvas(256, 256, left=14, bottom=2, top=14, right=2)
    bars = song.form.length_bars
    axes.imshow(self_similarity(song), cmap="viridis", vmin=0, vmax=1, interpolation="none", extent=(0, bars, bars, 0))
    spans = list(song.form.spans())
    for start_bar, _ in spans[1:]:
        axes.axvline(start_bar, color="#fefefe", linewidth=0.8, alpha=0.75)
        axes.axhline(start_bar, color="#fefefe", linewidth=0.8, alpha=0.75)
    middles = [start_bar + phrase.length_bars / 2 for start_bar, phrase in spans]
    letters = [phrase.letter for _, phrase in spans]
    axes.set_xticks(middles, letters)
    axes.set_yticks(middles, letters)
    axes.xaxis.tick_top()
    axes.tick_params(pad=1)
    axes.spines[:].set_visible(False)
    return as_svg(figure, f"Self-similarity of the bars of {label}")


def scores(songs: Sequence[ScoredSong], name: str) -> list[float]:
    """One metric's figures, of the songs that it fits."""
    return [figure for song in songs if (figure := song.scores.get(name)) is not None]


def _marks(
    axes: Axes, x: Sequence[float], y: Sequence[float], sign: Sign, points: float = _MARK_POINTS, *, gid: str,
    edge: str = PAPER, alpha: float = 1.0,
) -> None:  # fmt: skip
    axes.plot(
        x, y, linestyle="none", marker=sign.marker, markersize=points, color=sign.ink, markeredgecolor=edge, alpha=alpha,
        markeredgewidth=points / 8, clip_on=False, gid=gid,
    )  # fmt: skip


def _rows_of_systems(axes: Axes, systems: Sequence[str]) -> None:
    axes.set_ylim(len(systems) - 0.5, -0.5)
    axes.set_yticks(range(len(systems)), [short(system) for system in systems])


def _figures_along(axes: Axes) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(_MOST_TICKS))
    axes.margins(x=0.04)
    axes.grid(axis="x")


def _middle_share(figures: Sequence[float]) -> tuple[float, float]:
    """Between which figures the middle 80 % lie."""
    tenths = quantiles(figures, n=10, method="inclusive")
    return tenths[0], tenths[-1]
