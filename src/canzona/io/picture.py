"""Songs as a picture: the four levels one above the other, sharing one axis of bars."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from canzona.faults import missing
from canzona.io.files import check_storable
from canzona.io.roll_layout import INK, LINE, PAPER, PHRASE_COLORS, QUIET, chord_names, phrase_spans, pitch_range
from canzona.song import LeadSheet, Note, Song
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.spelling import key_name
from canzona.song.timing import beats_to_steps, steps_to_seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 16.0, 10.4, 100
"""The picture is 1600 × 1040 pixels, whatever the song's length."""

_LEFT_INCHES, _RIGHT_INCHES, _BOTTOM_INCHES, _HEADING_INCHES, _GAP_INCHES = 0.56, 0.19, 0.54, 0.57, 0.55
_MOST_BAR_NUMBERS = 24
_CHORD_STRIP = 0.2  # of a roll's height
_CHORD_POINTS, _KEY_POINTS = 9.0, 9.5
_DARKEST_VELOCITY = 100
_FEWEST_BAR_POINTS = 4.0  # narrower bars get no lines
_REPEAT_GAP_POINTS = 0.8  # between a note and the next of the same pitch


def song_to_picture(song: Song, kind: str = "png") -> bytes:
    """A picture of the song, ``png`` or ``svg``, always the same bytes for one version of matplotlib.

    From the top: phrases with their keys, reduced lead sheet, lead sheet, piano. The background of every panel shows the
    phrases; bars are counted from 1; where chords crowd, those on the weightier beats keep their symbols. A level that the song
    lacks is left empty, with a word that says so.

    Raises:
        MachineFault: where matplotlib is not installed, naming what to install.
        ValueError: as ``check_storable``.
    """
    check_storable(song)
    try:
        from matplotlib import rc_context, style
    except ImportError:
        raise missing("pictures", "matplotlib") from None
    with style.context("default"), rc_context({"svg.hashsalt": "canzona"}):  # a user's own style changes nothing
        figure = drawn(song, PANELS, heading_inches=_HEADING_INCHES)
        top = 1 - _HEADING_INCHES * 0.82 / figure.get_figheight()
        figure.text(_LEFT_INCHES / WIDTH_INCHES, top, _heading(song), fontsize=19, fontweight="bold", color=INK)
        figure.text(1 - _RIGHT_INCHES / WIDTH_INCHES, top, _subheading(song), fontsize=13, color=QUIET, ha="right")
        file = io.BytesIO()
        figure.savefig(file, format=kind, facecolor=PAPER, metadata={"png": {"Software": None}, "svg": {"Date": None}}[kind])
    return file.getvalue()


def drawn(song: Song, panels: Sequence[Panel], heading_inches: float = 0.0) -> Figure:
    """Some panels of a song's picture, one above the other; for use within a style of matplotlib.

    Args:
        song: what is drawn.
        panels: from the top down.
        heading_inches: room that is left for a heading.
    """
    from matplotlib.figure import Figure

    height = heading_inches + _BOTTOM_INCHES + sum(panel.height_inches + _GAP_INCHES for panel in panels)
    figure = Figure(figsize=(WIDTH_INCHES, height), dpi=DOTS_PER_INCH, facecolor="none")
    left, width = _LEFT_INCHES / WIDTH_INCHES, 1 - (_LEFT_INCHES + _RIGHT_INCHES) / WIDTH_INCHES
    top = height - heading_inches
    for panel in panels:
        top -= _GAP_INCHES + panel.height_inches
        axes = figure.add_axes((left, top / height, width, panel.height_inches / height), facecolor="none")
        _draw_frame(axes, song, panel.title, panel.subtitle)
        panel.draw(axes, song)
    _number_bars(figure.axes[-1], song)
    return figure


def _heading(song: Song) -> str:
    keys = [key_name(key) for key, _ in groupby(phrase.key for phrase in song.form.phrases) if key is not None]
    names = " → ".join(keys[:4]) + (" …" if len(keys) > 4 else "")
    return "   ".join(filter(None, [names, str(song.meter), f"♩ = {song.tempo:.4g}"]))


def _subheading(song: Song) -> str:
    minutes, seconds = divmod(round(steps_to_seconds(song.length_steps, song.tempo)), 60)
    bars = song.form.length_bars
    return f"{bars} bar{'s' * (bars > 1)}, {minutes}:{seconds:02d}"


def _draw_frame(axes: Axes, song: Song, title: str, subtitle: str) -> None:
    """Title, phrase backgrounds and bar lines."""
    axes.set_xlim(0, song.length_steps)
    axes.set_title(title, loc="left", fontsize=12.5, fontweight="bold", color=INK, pad=6)
    axes.annotate(
        subtitle, (0, 1), (_width(title, 12.5, bold=True) + 9, 6), "axes fraction", "offset points", fontsize=11, color=QUIET
    )
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=9.5, labelcolor=QUIET, labelbottom=False)
    for span in phrase_spans(song):
        end = span.start_step + span.length_steps
        axes.axvspan(span.start_step, end, color=PHRASE_COLORS[span.type], alpha=0.09, linewidth=0, zorder=0)
    phrase_starts = {span.start_step for span in phrase_spans(song)}
    crowded = _points(song, song.meter.steps_per_bar) < _FEWEST_BAR_POINTS
    for step in range(0, song.length_steps, song.meter.steps_per_bar):
        if step in phrase_starts or not crowded:
            axes.axvline(step, color=PAPER, linewidth=2.4 if step in phrase_starts else 0.9, zorder=1)


def _draw_form(axes: Axes, song: Song) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    latest = None
    for span, phrase in zip(phrase_spans(song), song.form.phrases, strict=True):
        start, length = span.start_step, span.length_steps
        axes.axvspan(start, start + length, color=PHRASE_COLORS[span.type], linewidth=0, zorder=2)
        axes.axvline(start, color=PAPER, linewidth=2.4, zorder=3)
        room = _points(song, length) - 6
        key = "" if phrase.key in (None, latest) else key_name(phrase.key)
        latest = phrase.key or latest
        key = next((text for text in (key, key.split(" ")[0]) if _width(text, _KEY_POINTS) < room), "")
        name = next((text for text in (span.name, phrase.letter) if _width(text, 15, bold=True) < room), "")
        middle = start + length / 2
        axes.text(middle, 0.64 if key else 0.5, name, fontsize=15, fontweight="bold", color=PAPER, ha="center", va="center")
        axes.text(middle, 0.22, key, fontsize=_KEY_POINTS, color=PAPER, ha="center", va="center")


def _draw_lead_sheet(axes: Axes, song: Song, lead_sheet: LeadSheet | None) -> None:
    if lead_sheet is None:
        _draw_roll(axes, song, None)
        return
    lowest, highest = _draw_roll(axes, song, lead_sheet.melody)
    strip = (highest - lowest) * _CHORD_STRIP / (1 - _CHORD_STRIP)
    axes.set_ylim(lowest, highest + strip)
    names = chord_names(song, lead_sheet.chords, _points(song, 1), lambda name: _width(name, _CHORD_POINTS))
    boxes = [(beats_to_steps(span.start_beat), beats_to_steps(span.duration_beats)) for span in lead_sheet.chords]
    bottom, middle = highest + 0.14 * strip, highest + 0.56 * strip
    axes.broken_barh(boxes, (bottom, 0.8 * strip), facecolor=PAPER, alpha=0.75, zorder=2)
    axes.vlines([start for start, _ in boxes], bottom, bottom + 0.2 * strip, color=QUIET, linewidth=0.9, zorder=3)
    for span, name in names.items():
        axes.annotate(
            name, (beats_to_steps(span.start_beat), middle), (2.5, -0.36 * _CHORD_POINTS), "data", "offset points",
            fontsize=_CHORD_POINTS, color=INK, zorder=4,
        )  # fmt: skip


def _draw_roll(axes: Axes, song: Song, notes: tuple[Note, ...] | None) -> tuple[float, float]:
    """Draw notes in the ink of their phrase, the louder the darker; gives the range of pitches that the panel shows."""
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    if not notes:
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, "not there yet" if notes is None else "no notes", transform=axes.transAxes, fontsize=12, color=QUIET,
            ha="center", va="center",
        )  # fmt: skip
        return axes.get_ylim()
    lowest, highest = pitch_range(notes)
    octaves = [pitch for pitch in range(0, 128, PITCH_CLASSES) if lowest < pitch < highest]
    axes.set_ylim(lowest, highest)
    axes.set_yticks(octaves, [f"C{pitch // PITCH_CLASSES - 1}" for pitch in octaves])
    axes.hlines(octaves, 0, song.length_steps, color=LINE, linewidth=0.9, zorder=1)
    inks = [PHRASE_COLORS[span.type] for span in phrase_spans(song) for _ in range(span.length_steps)]
    gap = min(_REPEAT_GAP_POINTS / _points(song, 1), 0.35)
    boxes = [Rectangle((n.start_step, n.pitch - 0.42), n.duration_steps - gap, 0.84) for n in notes]
    colors = [to_rgba(inks[n.start_step], 0.3 + 0.7 * min(n.velocity / _DARKEST_VELOCITY, 1.0)) for n in notes]
    axes.add_collection(PatchCollection(boxes, facecolors=colors, linewidths=0, zorder=2))
    return lowest, highest


def _number_bars(axes: Axes, song: Song) -> None:
    every = 1
    while song.form.length_bars / every > _MOST_BAR_NUMBERS:
        every *= 2
    bars = range(0, song.form.length_bars, every)
    axes.set_xticks([song.meter.bars_to_steps(bar) for bar in bars], [str(bar + 1) for bar in bars], ha="left")
    axes.tick_params(axis="x", labelbottom=True, pad=4)
    axes.set_xlabel("bar", fontsize=10, color=QUIET, labelpad=2)


def _points(song: Song, steps: float) -> float:
    """How wide ``steps`` are drawn, in points."""
    return steps / song.length_steps * (WIDTH_INCHES - _LEFT_INCHES - _RIGHT_INCHES) * 72


def _width(text: str, points: float, bold: bool = False) -> float:
    """How wide a text is drawn, in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    if not text:
        return 0.0
    return TextPath((0, 0), text, prop=FontProperties(weight="bold" if bold else "normal", size=points)).get_extents().width


@dataclass(frozen=True)
class Panel:
    """A part of the picture.

    Attributes:
        title: stands above it.
        subtitle: what it shows.
        height_inches: of the picture.
        draw: puts the song into it.
    """

    title: str
    subtitle: str
    height_inches: float
    draw: Callable[[Axes, Song], object]


PANELS = (
    Panel("Form", "phrases and keys", 0.58, _draw_form),
    Panel(
        "Reduced lead sheet", "melody skeleton, simplified chords", 1.63,
        lambda axes, song: _draw_lead_sheet(axes, song, song.reduced_lead_sheet),
    ),
    Panel("Lead sheet", "melody and chords", 1.96, lambda axes, song: _draw_lead_sheet(axes, song, song.lead_sheet)),
    Panel("Accompaniment", "piano, the louder the darker", 2.92, lambda axes, song: _draw_roll(axes, song, song.accompaniment)),
)  # fmt: skip
EXCERPT_PANELS = (PANELS[0], *PANELS[2:])
"""What an excerpt shows: phrases, melody under its chords, and piano."""
