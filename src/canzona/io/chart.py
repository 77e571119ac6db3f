"""Chord charts: bars of lead-sheet symbols under the names of their phrases, as players want them on a stand."""

from __future__ import annotations

import io
from dataclasses import dataclass
from itertools import groupby

from canzona.faults import missing
from canzona.song import Key, LeadSheet, Song
from canzona.song.spelling import chord_name, key_name

BARS_PER_LINE = 4
NO_CHORD, SAME_CHORD, ONE_BEAT = "N.C.", "%", "/"
_BEATS_OF_HALVES = 4  # a bar of which is told by its halves
_PAGE_INCHES = (8.27, 11.69)  # A4
_MARGIN, _TOP, _BOTTOM = 0.08, 0.9, 0.05  # shares of the page
_LARGEST_POINTS, _POINTS_OF_LINE = 15.0, 0.5
_LETTER_WIDTH = 0.62  # of the font's size


@dataclass(frozen=True, slots=True)
class ChartPhrase:
    """A phrase of a chart.

    Attributes:
        name: letter and length in bars, ``A8``.
        first_bar: counted from 1.
        key: its key where it is another than before, else ``None``.
        bars: the text of each bar: ``C``, ``C / G /``, or ``%`` where the chord before sounds on through the whole bar.
    """

    name: str
    first_bar: int
    key: Key | None
    bars: tuple[str, ...]


def chart(song: Song) -> tuple[ChartPhrase, ...]:
    """The chords of the lead sheet by phrases and bars, spelt in the phrase's key."""
    spans = (song.lead_sheet or LeadSheet()).chords
    by_beat = {beat: span for span in spans for beat in range(span.start_beat, span.end_beat)}
    beats_per_bar = song.meter.beats_per_bar
    phrases: list[ChartPhrase] = []
    latest: Key | None = None
    for start_bar, phrase in song.form.spans():
        bars: list[str] = []
        for bar in range(start_bar, start_bar + phrase.length_bars):
            beats = [by_beat.get(beat) for beat in range(bar * beats_per_bar, (bar + 1) * beats_per_bar)]
            names = [NO_CHORD if span is None else chord_name(span.chord, phrase.key) for span in beats]
            bars.append(_bar_text(names))
        for number in range(len(bars) - 1, 0, -1):
            if bars[number] == bars[number - 1] and " " not in bars[number]:
                bars[number] = SAME_CHORD
        phrases.append(ChartPhrase(str(phrase), start_bar + 1, phrase.key if phrase.key != latest else None, tuple(bars)))
        latest = phrase.key or latest
    return tuple(phrases)


def _bar_text(names: list[str]) -> str:
    """One symbol for a whole bar, two for halves, else a stroke for every beat on which a chord goes on."""
    runs = [(name, len(list(group))) for name, group in groupby(names)]
    lengths = [length for _, length in runs]
    if len(runs) == 1 or (len(set(lengths)) == 1 and len(names) == _BEATS_OF_HALVES):
        return " ".join(name for name, _ in runs)
    return " ".join(name + f" {ONE_BEAT}" * (length - 1) for name, length in runs)


def heading(song: Song) -> str:
    """Keys, metre, tempo and length in one line."""
    keys = [key_name(key) for key, _ in groupby(phrase.key for phrase in song.form.phrases) if key is not None]
    return "   ".join([" → ".join(keys) or "no key", str(song.meter), f"♩ = {song.tempo:.4g}", f"{song.form.length_bars} bars"])


def song_to_chart_text(song: Song, title: str = "") -> str:
    """The chart in columns, for any editor or terminal."""
    phrases = chart(song)
    width = max(len(bar) for phrase in phrases for bar in phrase.bars)
    lines = [*([title] if title else []), heading(song), ""]
    for phrase in phrases:
        key = f" ({key_name(phrase.key)})" if phrase.key is not None and phrase is not phrases[0] else ""
        lines.append(f"{phrase.name}{key}")
        for start in range(0, len(phrase.bars), BARS_PER_LINE):
            bars = phrase.bars[start : start + BARS_PER_LINE]
            lines.append(f"{phrase.first_bar + start:>4} | " + " | ".join(bar.ljust(width) for bar in bars) + " |")
    return "\n".join(lines) + "\n"


def song_to_chart_pdf(song: Song, title: str = "", composer: str = "") -> bytes:
    """The chart on one A4 page, always the same bytes for one version of matplotlib; longer songs are set smaller.

    Raises:
        MachineFault: where matplotlib is not installed, naming what to install.
    """
    try:
        from matplotlib import rc_context, style
        from matplotlib.figure import Figure
    except ImportError:
        raise missing("chord charts as PDF", "matplotlib") from None
    phrases = chart(song)
    per_line = BARS_PER_LINE * (1 if song.form.length_bars <= 160 else 2 if song.form.length_bars <= 400 else 4)
    lines = [
        (phrase, phrase.bars[start : start + per_line], phrase.first_bar + start, start == 0)
        for phrase in phrases
        for start in range(0, len(phrase.bars), per_line)
    ]
    height = min((_TOP - 0.04 - _BOTTOM) / len(lines), 0.045)
    column = (1 - 2 * _MARGIN - 0.08) / per_line
    widest = max(len(bar) for phrase in phrases for bar in phrase.bars)
    room_points = column * _PAGE_INCHES[0] * 72 * 0.9
    points = min(_LARGEST_POINTS, height * _PAGE_INCHES[1] * 72 * _POINTS_OF_LINE, room_points / (_LETTER_WIDTH * widest))
    with style.context("default"), rc_context({"text.parse_math": False}):
        figure = Figure(figsize=_PAGE_INCHES, facecolor="white")
        figure.text(0.5, 0.945, title, fontsize=20, fontweight="bold", ha="center")
        figure.text(_MARGIN, 0.915, heading(song), fontsize=10)
        figure.text(1 - _MARGIN, 0.915, composer, fontsize=10, ha="right")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set(xlim=(0, 1), ylim=(0, 1))
        y = _TOP - 0.03
        for phrase, bars, number, is_first in lines:
            left = _MARGIN + 0.08
            if is_first:
                axes.text(_MARGIN, y, phrase.name, fontsize=points, fontweight="bold", va="center")
            axes.text(left - 0.008, y, str(number), fontsize=points * 0.5, va="center", ha="right", color="#69707d")
            for place, bar in enumerate(bars):
                axes.text(left + (place + 0.06) * column, y, bar, fontsize=points, va="center")
            edges = [left + place * column for place in range(len(bars) + 1)]
            axes.vlines(edges, y - 0.34 * height, y + 0.34 * height, color="black", linewidth=0.9)
            if is_first:
                axes.vlines(left - 0.003, y - 0.34 * height, y + 0.34 * height, color="black", linewidth=0.9)
            y -= height
        file = io.BytesIO()
        figure.savefig(file, format="pdf", metadata={"CreationDate": None, "Producer": "Canzona", "Title": title})
    return file.getvalue()
