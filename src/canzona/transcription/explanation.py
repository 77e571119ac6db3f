"""What was found in a file, as a picture: phrases, keys, bars, chords and melody over the piano roll."""

import io
from typing import TYPE_CHECKING

from canzona.faults import missing
from canzona.io.found import in_one_line
from canzona.io.roll_layout import PHRASE_COLORS, phrase_spans, pitch_range
from canzona.song.chord_symbols import chord_name
from canzona.song.song import Song
from canzona.song.timing import beats_to_steps
from canzona.transcription.analysis import Analysis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BARS_PER_ROW = 16
MOST_ROWS = 24
"""Longer songs have longer rows."""
_WIDTH_INCHES, _ROW_INCHES, _HEAD_INCHES = 16.0, 1.9, 1.0
_OTHERS, _QUIET = "#b4b9c2", "#7b818c"


def analysis_to_png(analysis: Analysis) -> bytes:
    """A PNG picture: rows of bars from the top, the melody in the ink of its phrase and what else sounds in grey.

    Raises:
        MachineFault: where matplotlib is not installed, naming the extra that brings it.
    """
    try:
        from matplotlib import style
        from matplotlib.figure import Figure
    except ImportError:
        raise missing("pictures", "matplotlib") from None
    song = analysis.song
    bars = max(BARS_PER_ROW, -(-song.form.length_bars // MOST_ROWS))
    rows = -(-song.form.length_bars // bars)
    height = _HEAD_INCHES + rows * _ROW_INCHES
    with style.context("default"):
        figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=80, facecolor="white")
        axes = figure.subplots(rows, 1, squeeze=False, gridspec_kw={
            "left": 0.03, "right": 0.99, "top": 1 - _HEAD_INCHES / height, "bottom": 0.02, "hspace": 0.35,
        })[:, 0]  # fmt: skip
        sure = ", ".join(f"{name} {value:.2f}" for name, value in analysis.confidence.items())
        figure.text(
            0.03, 1 - 0.35 / height, in_one_line(song, analysis.remarks, analysis.left_out)[:230], fontsize=11, parse_math=False
        )
        figure.text(0.03, 1 - 0.62 / height, f"how sure: {sure}", fontsize=11, color=_QUIET)
        for row, panel in enumerate(axes):
            _draw_row(panel, song, row * bars, bars)
        file = io.BytesIO()
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _draw_row(axes: "Axes", song: Song, first_bar: int, bars: int) -> None:
    length = song.meter.steps_per_bar
    start, end = first_bar * length, (first_bar + bars) * length
    sheet = song.lead_sheet
    melody, piano = (sheet.melody if sheet else ()), song.accompaniment or ()
    lowest, highest = pitch_range([*melody, *piano]) if melody or piano else (48, 72)
    axes.set_xlim(start, end)
    axes.set_ylim(lowest, highest + 8)
    axes.set_yticks([])
    shown = list(range(first_bar, min(first_bar + bars, song.form.length_bars)))
    axes.set_xticks([bar * length for bar in shown], [str(bar + 1) for bar in shown], ha="left", fontsize=8, color=_QUIET)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    for bar in shown:
        axes.axvline(bar * length, color="#d5d8de", linewidth=0.8, zorder=0)
    inks = {}
    keys = song.form.keys_by_bar()
    for span in phrase_spans(song):
        inks |= dict.fromkeys(range(span.start_step, span.start_step + span.length_steps), PHRASE_COLORS[span.type])
        if start <= span.start_step < end:
            axes.axvline(span.start_step, color=PHRASE_COLORS[span.type], linewidth=2.5)
            key = keys[span.start_step // length]
            axes.text(
                span.start_step + 1, highest + 8, f"{span.name} {key or ''}", fontsize=9, fontweight="bold",
                color=PHRASE_COLORS[span.type], va="top", clip_on=True,
            )  # fmt: skip
    for notes, is_melody in ((piano, False), (melody, True)):
        for note in notes:
            if start <= note.start_step < end:
                color = inks.get(note.start_step, _QUIET) if is_melody else _OTHERS
                axes.broken_barh([(note.start_step, note.duration_steps - 0.2)], (note.pitch - 0.5, 1.2), color=color)
    for chord in sheet.chords if sheet else ():
        step = beats_to_steps(chord.start_beat)
        if start <= step < end:
            axes.text(step + 0.5, highest + 1.5, chord_name(chord.chord), fontsize=7.5, clip_on=True)
