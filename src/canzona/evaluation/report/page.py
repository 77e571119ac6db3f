"""The report: every figure of an evaluation, and music to judge by eye, as one page that needs nothing else."""

from collections.abc import Mapping
from html import escape

from canzona.evaluation.comparison import SIGNIFICANT
from canzona.evaluation.evaluation import Evaluation
from canzona.evaluation.metrics import DIFFERENT
from canzona.evaluation.report.closeness import FURTHEST, Spread, human_spreads
from canzona.evaluation.report.histograms import histograms
from canzona.evaluation.report.marks import Sign, legend, ordered_systems, signs
from canzona.evaluation.report.plots import SCATTERS, profile, scatter, strip_names, strips
from canzona.evaluation.report.rolls import EXCERPT_BARS, spectrum
from canzona.evaluation.report.similarity import matrices
from canzona.evaluation.report.style import style_sheet
from canzona.evaluation.report.tables import SHADES, copies_table, metrics_table
from canzona.version import __version__

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"  # nothing is loaded, whatever names hold


def report_page(evaluation: Evaluation) -> str:
    """A whole HTML page: tables, plots and piano rolls, drawn as SVG within it.

    It loads nothing and runs nothing; it is light or dark as the reader's screen is, fits phones, and prints. The same
    evaluation always gives the same page. Whatever a system lacks (a metric, a voice, all songs) is said to be missing.

    Raises:
        ValueError: where the evaluation has no system.
    """
    if not evaluation.systems:
        raise ValueError("systems: must be at least one, got none")
    systems = ordered_systems(evaluation)
    system_signs = signs(evaluation)
    spreads = human_spreads(systems.get(evaluation.reference, ()), evaluation.rows)
    sections = [
        ("figures", "Figures", _figures(evaluation, system_signs, spreads)),
        ("profile", "Profile", _profile(evaluation, system_signs, spreads)),
        ("songs", "Song by song", _distributions(evaluation, system_signs)),
        ("notes", "Notes", _histograms(evaluation, system_signs)),
        ("scatter", "One figure against another", _scatters(evaluation, system_signs)),
        ("repetition", "Repetition within a song", _matrices(evaluation, system_signs, spreads)),
        ("examples", "From the most to the least human", _examples(evaluation, system_signs, spreads)),
        ("copies", "Closest copies", _copies(evaluation, system_signs)),
    ]
    shown = [section for section in sections if section[2]]
    links = "".join(f'<a href="#{anchor}">{title}</a>' for anchor, title, _ in shown)
    body = "".join(f'<section id="{anchor}"><h2>{title}</h2>{content}</section>' for anchor, title, content in shown)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>Songs measured: {escape(', '.join(systems))}</title><style>{style_sheet()}</style></head>\n"
        f"<body>{_introduction(evaluation, system_signs)}<nav>{links}</nav>{body}</body></html>\n"
    )


def _introduction(evaluation: Evaluation, system_signs: Mapping[str, Sign]) -> str:
    counts = ", ".join(
        f"{escape(name)} ({len(songs)} song{'s' * (len(songs) != 1)})" for name, songs in ordered_systems(evaluation).items()
    )
    metrics = len(evaluation.rows)
    notes = "".join(f"<li>{escape(note)}</li>" for note in evaluation.notes)
    return (
        f"<h1>Songs measured</h1><p>{metrics} metric{'s' * (metrics != 1)} of {counts}. Made by Canzona {escape(__version__)}; "
        "the same code scores every system. Intervals are 95 % bootstrap intervals over songs. A song that a metric does not "
        "fit is not scored; n says how many were.</p>" + (f"<ul>{notes}</ul>" if notes else "") + legend(system_signs)
    )


def _figures(evaluation: Evaluation, system_signs: Mapping[str, Sign], spreads: Mapping[str, Spread]) -> str:
    names = [f"up to {limit:g}" for limit in SHADES] + [f"above {SHADES[-1]:g}"]
    swatches = "".join(f'<span class="swatch d{number}">{name}</span>' for number, name in enumerate(names))
    return _caption(
        f"Mean, interval and songs scored. Except where a metric says otherwise, the aim is the human figure, not a high one. "
        f"▲ and ▼ say that a mean lies above or below the human mean, and by how many half-widths of the human interval; "
        f"≈ lies within that interval. {_comparison(evaluation)}Published figures were measured in another way, for "
        f"orientation; beside them stand songs that others published, measured here as all others are. {_different(evaluation)}"
        f"<br>Half-widths: {swatches}"
    ) + metrics_table(evaluation, system_signs, spreads)


def _comparison(evaluation: Evaluation) -> str:
    if not evaluation.differences:
        return ""
    return (
        f"The column after the systems says how each differs from {escape(str(evaluation.compared_with))}: by song where "
        "names agree, bold where the difference is plain (studentised bootstrap, p at most "
        f"{SIGNIFICANT:g} after Holm's correction over metrics). "
    )


def _different(evaluation: Evaluation) -> str:
    """How the figures with an asterisk differ from those of the literature."""
    meanings = " ".join(row.meaning for row in evaluation.rows)
    return " ".join(escape(f"{name}: {how}.") for name, how in DIFFERENT.items() if name in meanings)


def _profile(evaluation: Evaluation, system_signs: Mapping[str, Sign], spreads: Mapping[str, Spread]) -> str:
    drawing = profile(evaluation, system_signs, spreads)
    text = (
        "Where each system's mean lies among human songs, in standard deviations of human songs. Marks on the middle line are "
        "as human as can be; the grey band is where two thirds of human songs lie. Look for marks that leave the band, and for "
        "groups of metrics that leave it together."
    )
    return _caption(text) + legend(system_signs) + f'<div class="scroll" tabindex="0">{drawing}</div>' if drawing else ""


def _distributions(evaluation: Evaluation, system_signs: Mapping[str, Sign]) -> str:
    chosen, others = strip_names(evaluation)
    if not chosen:
        return ""
    text = (
        "A dot is a song, the larger mark the mean. The line is the human mean, the band holds the middle half of the human "
        "songs. A system can have the right mean and still be too uniform, or have it from two heaps on either side."
    )
    folded = f"<details><summary>The other {len(others)} metrics</summary>{strips(evaluation, system_signs, others)}</details>"
    return _caption(text) + strips(evaluation, system_signs, chosen) + (folded if others else "")


def _histograms(evaluation: Evaluation, system_signs: Mapping[str, Sign]) -> str:
    text = (
        "The share of notes of each pitch, length and place in the bar, mean over songs; the outline is the human histogram. "
        "Degrees count from the phrase's tonic, lengths are in notes (⅛, ¼, ½, 1; ♬ a sixteenth, + longer), places in beats. "
        "Bars that stand out of the outline are overused."
    )
    return _caption(text) + histograms(evaluation, system_signs)


def _scatters(evaluation: Evaluation, system_signs: Mapping[str, Sign]) -> str:
    figures = "".join(
        f"<figure>{drawing}<figcaption><small>{text}</small></figcaption></figure>"
        for along, upwards, text in SCATTERS
        if (drawing := scatter(evaluation, system_signs, along, upwards))
    )
    text = (
        "A mark is a song (its name shows under the pointer), a large mark a system's mean. The grey box holds the middle 80 % "
        "of human songs on either axis: a good system fills it and stays in it."
    )
    return _caption(text) + legend(system_signs) + f'<div class="panels wider">{figures}</div>' if figures else ""


def _matrices(evaluation: Evaluation, system_signs: Mapping[str, Sign], spreads: Mapping[str, Spread]) -> str:
    text = (
        "Every bar against every bar of a song, the brighter the more alike (cosine of chroma beat by beat, melody and piano); "
        "lines and letters are the phrases that were asked for. Bright diagonal lines where two phrases of the same letter "
        "meet are returns; a song without them does not repeat, one that is bright all over never changes. Systems that "
        "have a song of the same name show that one."
    )
    return _caption(text) + matrices(evaluation, system_signs, spreads)


def _examples(evaluation: Evaluation, system_signs: Mapping[str, Sign], spreads: Mapping[str, Spread]) -> str:
    text = (
        "Songs of each system, ranked by the mean absolute z-score of their metrics against the human songs (the mean within "
        f"each group of metrics, then over groups; a single metric counts at most {FURTHEST:g}; a typical human song has about "
        f"0.8). Drawn are the first {EXCERPT_BARS} bars: melody under its chords, piano below, in the colours of the phrases. "
        "Look at the furthest as hard as at the closest."
    )
    return _caption(text) + spectrum(evaluation, system_signs, spreads)


def _copies(evaluation: Evaluation, system_signs: Mapping[str, Sign]) -> str:
    text = (
        "Passages nearest to a passage of a training song, after transposing that by the semitones given: overlap is the Dice "
        "share of common onsets and pitch classes, 1 a literal copy. The nearest come first, of equals "
        "those with more onsets; bars count from 1. Human songs show what is usual: a system should not copy more than they do."
    )
    return _caption(text) + copies_table(evaluation, system_signs)


def _caption(text: str) -> str:
    """An explanation in HTML."""
    return f'<p class="caption">{text}</p>'
