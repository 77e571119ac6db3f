"""The report: every figure of an evaluation, and music to judge by eye, as one page that needs nothing else."""

from dataclasses import replace

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from canzona.evaluation.comparison import SIGNIFICANT
from canzona.evaluation.evaluation import Evaluation
from canzona.evaluation.metrics import DIFFERENT
from canzona.evaluation.report import plots, tables
from canzona.evaluation.report.choices import SCATTERS, strip_names
from canzona.evaluation.report.closeness import FURTHEST, closeness, distances, examples, human_spreads
from canzona.evaluation.report.drawing import COLORS, as_svg, plain_style, signs_of
from canzona.evaluation.report.histograms import HISTOGRAMS
from canzona.evaluation.report.similarity import compared_songs
from canzona.io.picture import EXCERPT_PANELS, drawn
from canzona.song import Song
from canzona.song.excerpt import excerpt
from canzona.song.spelling import key_name
from canzona.version import __version__

EXCERPT_BARS = 16
"""How many bars of each example are drawn."""

_TEMPLATE, _STYLE = "page.html", "style.css"


def report_page(evaluation: Evaluation) -> str:
    """A whole HTML page: tables, plots and piano rolls, drawn as SVG within it.

    It loads nothing and runs nothing; it is light or dark as the reader's screen is, fits phones, and prints. The same
    evaluation always gives the same page. Whatever a system lacks (a metric, a voice, all songs) is said to be missing.

    Raises:
        ValueError: where the evaluation has no system.
    """
    if not evaluation.systems:
        raise ValueError("systems: must be at least one, got none")
    reference = evaluation.reference
    systems = dict(sorted(evaluation.systems.items(), key=lambda pair: pair[0] != reference))
    signs = signs_of(list(systems), reference)
    spreads = human_spreads(systems.get(reference, ()), evaluation.rows)
    templates = Environment(
        loader=PackageLoader("canzona.evaluation.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for function in (tables.figure_text, tables.bars_text, tables.semitones_text, tables.p_text, key_name):
        templates.filters[function.__name__] = function
    meanings = " ".join(row.meaning for row in evaluation.rows)
    chosen, others = strip_names(evaluation)
    with plain_style():
        return templates.get_template(_TEMPLATE).render(
            version=__version__,
            style=Markup(templates.get_template(_STYLE).render(colors=COLORS)),
            evaluation=evaluation,
            systems=systems,
            signs=signs,
            groups=tables.grouped(evaluation.rows),
            tables=tables,
            significant=SIGNIFICANT,
            different={name: how for name, how in DIFFERENT.items() if name in meanings},
            meanings={row.name: row.meaning for row in evaluation.rows},
            closenesses={system: [closeness(song, spreads) for song in songs] for system, songs in systems.items()},
            profile=plots.profile(evaluation, signs, spreads) if spreads else "",
            strips=[
                (title, [(name, plots.strip(systems, signs, reference, name)) for name in names])
                for title, names in (("", chosen), (f"The other {len(others)} metrics", others))
                if names
            ],
            scatters=[
                (drawing, text)
                for along, upwards, text in SCATTERS
                if (drawing := plots.scatter(systems, signs, reference, along, upwards))
            ],
            histograms=[
                (histogram.title, plots.histogram_plot(systems, signs, reference, histogram)) for histogram in HISTOGRAMS
            ],
            matrices={
                system: (song.name, plots.matrix(song.song, f"{system}: {song.name}"))
                for system, song in compared_songs(systems, reference, spreads).items()
            },
            examples={system: examples(songs, spreads) for system, songs in systems.items()},
            distances=lambda song: sorted(distances(song, spreads).items(), key=lambda pair: -abs(pair[1])),
            roll=_roll,
            furthest=FURTHEST,
            excerpt_bars=EXCERPT_BARS,
            copies={system: tables.closest_copies(songs) for system, songs in systems.items()},
        )


def _roll(song: Song, label: str) -> Markup:
    """The first bars, drawn as ``canzona render`` draws a song."""
    shown = replace(excerpt(song, 0, min(EXCERPT_BARS, song.form.length_bars)), reduced_lead_sheet=None)
    return as_svg(drawn(shown, EXCERPT_PANELS), label)
