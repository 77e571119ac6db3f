"""Songs as a picture: the four levels one above the other, sharing one axis of bars."""

from __future__ import annotations

import io
from itertools import groupby
from typing import TYPE_CHECKING

from canzona.faults import MachineFault
from canzona.io.files import check_storable
from canzona.io.roll_layout import PHRASE_COLORS, chord_names, phrase_spans, pitch_range
from canzona.song import LeadSheet, Note, Song
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.spelling import key_name
from canzona.song.timing import beats_to_steps, steps_to_seconds

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_INCHES, HEIGHT_INCHES, DOTS_PER_INCH = 16.0, 10.4, 100
"""The picture is 1600 × 1040 pixels, whatever the song's length."""

_INK, _QUIET, _LINE = "#22262e", "#7b818c", "#d5d8de"
_PANELS = (  # title, what it shows, relative height
    ("Form", "phrases and keys", 0.62),
    ("Reduced lead sheet", "melody skeleton, simplified chords", 1.75),
    ("Lead sheet", "melody and chords", 2.1),
    ("Accompaniment", "piano, the louder the darker", 3.1),
)
_LEFT, _RIGHT, _BOTTOM, _TOP, _GAP = 0.035, 0.988, 0.052, 0.892, 0.3
_MOST_BAR_NUMBERS = 24
_CHORD_STRIP = 0.2  # of a roll's height
_CHORD_POINTS, _KEY_POINTS = 9.0, 9.5
_DARKEST_VELOCITY = 100
_FEWEST_BAR_POINTS = 4.0  # narrower bars get no lines
_REPEAT_GAP_POINTS = 0.8  # between a note and the next of the same pitch


def song_to_png(song: Song) -> bytes:
    """A PNG picture of the song, always the same bytes for one version of matplotlib.

    From the top: phrases with their keys, reduced lead sheet, lead sheet, piano. The background of every panel shows the
    phrases; bars are counted from 1; where chords crowd, those on the weightier beats keep their symbols. A level that the song
    lacks is left empty, with a word that says so.

    Raises:
        MachineFault: where matplotlib is not installed, naming the extra that brings it.
        ValueError: as ``check_storable``.
    """
    check_storable(song)
    try:
        from matplotlib import style
        from matplotlib.figure import Figure
    except ImportError:
        raise MachineFault("pictures need matplotlib, which is not installed: pip install 'canzona[render]'") from None
    with style.context("default"):  # a user's own style changes nothing
        figure = Figure(figsize=(WIDTH_INCHES, HEIGHT_INCHES), dpi=DOTS_PER_INCH, facecolor="white")
        axes = figure.subplots(
            len(_PANELS), 1, sharex=True,
            gridspec_kw={"left": _LEFT, "right": _RIGHT, "bottom": _BOTTOM, "top": _TOP, "hspace": _GAP,
                         "height_ratios": [height for _, _, height in _PANELS]},
        )  # fmt: skip
        figure.text(_LEFT, 0.955, _heading(song), fontsize=19, fontweight="bold", color=_INK)
        figure.text(_RIGHT, 0.957, _subheading(song), fontsize=13, color=_QUIET, ha="right")
        for panel, (title, subtitle, _) in zip(axes, _PANELS, strict=True):
            _draw_frame(panel, song, title, subtitle)
        _draw_form(axes[0], song)
        for panel, lead_sheet in ((axes[1], song.reduced_lead_sheet), (axes[2], song.lead_sheet)):
            _draw_lead_sheet(panel, song, lead_sheet)
        _draw_roll(axes[3], song, song.accompaniment)
        _number_bars(axes[3], song)
        file = io.BytesIO()
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


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
    axes.set_title(title, loc="left", fontsize=12.5, fontweight="bold", color=_INK, pad=6)
    axes.annotate(
        subtitle, (0, 1), (_width(title, 12.5, bold=True) + 9, 6), "axes fraction", "offset points", fontsize=11, color=_QUIET
    )
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelsize=9.5, labelcolor=_QUIET, labelbottom=False)
    for span in phrase_spans(song):
        end = span.start_step + span.length_steps
        axes.axvspan(span.start_step, end, color=PHRASE_COLORS[span.type], alpha=0.09, linewidth=0, zorder=0)
    phrase_starts = {span.start_step for span in phrase_spans(song)}
    crowded = _points(song, song.meter.steps_per_bar) < _FEWEST_BAR_POINTS
    for step in range(0, song.length_steps, song.meter.steps_per_bar):
        if step in phrase_starts or not crowded:
            axes.axvline(step, color="white", linewidth=2.4 if step in phrase_starts else 0.9, zorder=1)


def _draw_form(axes: Axes, song: Song) -> None:
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    for span, phrase in zip(phrase_spans(song), song.form.phrases, strict=True):
        start, length = span.start_step, span.length_steps
        axes.axvspan(start, start + length, color=PHRASE_COLORS[span.type], linewidth=0, zorder=2)
        axes.axvline(start, color="white", linewidth=2.4, zorder=3)
        room = _points(song, length) - 6
        key = "" if phrase.key is None else key_name(phrase.key)
        key = next((text for text in (key, key.split(" ")[0]) if _width(text, _KEY_POINTS) < room), "")
        name = next((text for text in (span.name, phrase.letter) if _width(text, 15, bold=True) < room), "")
        middle = start + length / 2
        axes.text(middle, 0.64 if key else 0.5, name, fontsize=15, fontweight="bold", color="white", ha="center", va="center")
        axes.text(middle, 0.22, key, fontsize=_KEY_POINTS, color="white", ha="center", va="center")


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
    axes.broken_barh(boxes, (bottom, 0.8 * strip), facecolor="white", alpha=0.75, zorder=2)
    axes.vlines([start for start, _ in boxes], bottom, bottom + 0.2 * strip, color=_QUIET, linewidth=0.9, zorder=3)
    for span, name in names.items():
        axes.annotate(
            name, (beats_to_steps(span.start_beat), middle), (2.5, -0.36 * _CHORD_POINTS), "data", "offset points",
            fontsize=_CHORD_POINTS, color=_INK, zorder=4,
        )  # fmt: skip


def _draw_roll(axes: Axes, song: Song, notes: tuple[Note, ...] | None) -> tuple[float, float]:
    """Draw notes in the ink of their phrase, the louder the darker; gives the range of pitches that the panel shows."""
    from matplotlib.collections import PatchCollection
    from matplotlib.colors import to_rgba
    from matplotlib.patches import Rectangle

    if not notes:
        axes.set_yticks([])
        axes.text(
            0.5, 0.5, "not there yet" if notes is None else "no notes", transform=axes.transAxes, fontsize=12, color=_QUIET,
            ha="center", va="center",
        )  # fmt: skip
        return axes.get_ylim()
    lowest, highest = pitch_range(notes)
    octaves = [pitch for pitch in range(0, 128, PITCH_CLASSES) if lowest < pitch < highest]
    axes.set_ylim(lowest, highest)
    axes.set_yticks(octaves, [f"C{pitch // PITCH_CLASSES - 1}" for pitch in octaves])
    axes.hlines(octaves, 0, song.length_steps, color=_LINE, linewidth=0.9, zorder=1)
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
    axes.set_xlabel("bar", fontsize=10, color=_QUIET, labelpad=2)


def _points(song: Song, steps: float) -> float:
    """How wide ``steps`` are drawn, in points."""
    return steps / song.length_steps * (_RIGHT - _LEFT) * WIDTH_INCHES * 72


def _width(text: str, points: float, bold: bool = False) -> float:
    """How wide a text is drawn, in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    if not text:
        return 0.0
    return TextPath((0, 0), text, prop=FontProperties(weight="bold" if bold else "normal", size=points)).get_extents().width
