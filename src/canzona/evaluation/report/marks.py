"""The small marks of which the report is made: numbers, words, signs of systems, pictures, all as HTML and SVG text."""

from __future__ import annotations

import base64
import math
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from canzona.evaluation.evaluation import Evaluation, ScoredSong
from canzona.evaluation.metrics import Row

NOT_SCORED = "–"
_CIRCLE = "m-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0-6.8 0z"
_SHAPES = ("m-3.1-3.1h6.2v6.2h-6.2z", "m0-4.2l4.2 7.2h-8.4z", "m0-4.6l4.6 4.6-4.6 4.6-4.6-4.6z", _CIRCLE)
_COLORS = 6
_LETTER_WIDTH = 0.66  # of the font's size: wide enough for any sans-serif
_VIRIDIS = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
_FIRST_TICK_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Sign:
    """What a system is drawn with: six colours and four shapes, so that twelve systems differ even without colours.

    Attributes:
        css: name of the class that gives its colour; ``s0``, the colour of the text, is the human system's.
        shape: outline of its mark, an SVG path relative to the mark's middle.
    """

    css: str
    shape: str

    def mark(self, x: float, y: float, title: str = "", css: str = "mark") -> str:
        """The mark at a place; ``title`` is shown under the pointer."""
        inner = f"<title>{escape(title)}</title>" if title else ""
        return f'<path class="{css} {self.css}" d="M{coordinate(x)} {coordinate(y)}{self.shape}">{inner}</path>'

    def key(self, name: str) -> str:
        """The mark with the system's name, for legends and headings."""
        return f'<span class="key"><svg width="12" height="12" aria-hidden="true">{self.mark(6, 6)}</svg>{escape(name)}</span>'


def ordered_systems(evaluation: Evaluation) -> dict[str, tuple[ScoredSong, ...]]:
    """The systems, the human one first."""
    return dict(sorted(evaluation.systems.items(), key=lambda pair: pair[0] != evaluation.reference))


def signs(evaluation: Evaluation) -> dict[str, Sign]:
    """The sign of each system; without the human system nobody has the colour of the text."""
    names = list(ordered_systems(evaluation))
    found = {names[0]: Sign("s0", _CIRCLE)} if names and names[0] == evaluation.reference else {}
    for number, name in enumerate(name for name in names if name != evaluation.reference):
        found[name] = Sign(f"s{number % _COLORS + 1}", _SHAPES[number % len(_SHAPES)])
    return found


def grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """Heading → its metrics, both in the order in which they first come."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.group, []).append(row)
    return groups


def coordinate(value: float) -> str:
    """A number within a drawing, to a tenth."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def figure_text(value: float) -> str:
    """A figure as people read it: three digits that matter, or three decimals below 10."""
    if not math.isfinite(value):
        return str(value)
    decimals = 3 if abs(value) < 10 else 1 if abs(value) < 1000 else 0
    return f"{value:.{decimals}f}".replace("-", "−")


def svg(width: float, height: float, body: str, label: str, css: str = "") -> str:
    """A drawing; ``label`` says in words what it shows."""
    return (
        f'<svg class="{css}" viewBox="0 0 {coordinate(width)} {coordinate(height)}" role="img" '
        f'aria-label="{escape(label)}">{body}</svg>'
    )


def words(x: float, y: float, text: str, css: str = "", room: float | None = None, size: float = 10) -> str:
    """A line of text; one too wide for ``room`` is cut, and shown whole under the pointer."""
    shown, title = text, ""
    if room is not None and text_width(text, size) > room:
        shown = text[: max(1, int(room / (_LETTER_WIDTH * size)) - 1)] + "…"
        title = f"<title>{escape(text)}</title>"
    return f'<text x="{coordinate(x)}" y="{coordinate(y)}" class="{css}">{escape(shown)}{title}</text>'


def text_width(text: str, size: float) -> float:
    """At most how wide a text is drawn, in the unit of ``size``."""
    return len(text) * _LETTER_WIDTH * size


def line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return f'<path class="{css}" d="M{coordinate(x1)} {coordinate(y1)}L{coordinate(x2)} {coordinate(y2)}"/>'


def box(x: float, y: float, width: float, height: float, css: str) -> str:
    left, top, across, down = map(coordinate, (x, y, width, height))
    return f'<rect class="{css}" x="{left}" y="{top}" width="{across}" height="{down}"/>'


@dataclass(frozen=True)
class Axis:
    """A linear scale of figures on a stretch of a drawing.

    Attributes:
        low, high: the figures at its ends.
        start, end: where its ends are drawn.
    """

    low: float
    high: float
    start: float
    end: float

    @classmethod
    def around(cls, figures: Sequence[float], start: float, end: float) -> Axis:
        """The scale that shows all figures, at least one, with a small margin."""
        low, high = min(figures), max(figures)
        spare = 0.04 * (high - low) or max(abs(low) * 0.1, 0.1)
        return cls(low - spare, high + spare, start, end)

    def at(self, figure: float) -> float:
        """Where a figure is drawn; one beyond an end is drawn at that end."""
        share = (min(max(figure, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        """Round figures within the scale, evenly apart."""
        magnitude = 10.0 ** math.floor(math.log10((self.high - self.low) / most))
        step = next(step * magnitude for step in _FIRST_TICK_STEPS if (self.high - self.low) / (step * magnitude) <= most)
        first = math.ceil(self.low / step)
        return [round(number * step, 10) for number in range(first, math.floor(self.high / step) + 1)]


def tick_text(value: float) -> str:
    return f"{value:.6g}".replace("-", "−")


def heat_map(shares: np.ndarray) -> str:
    """A matrix of 0 to 1 as the address of a PNG picture, a pixel an entry, dark violet to yellow (viridis)."""
    stops = np.linspace(0, 1, len(_VIRIDIS))
    palette = np.stack([np.interp(np.linspace(0, 1, 256), stops, channel) for channel in zip(*_VIRIDIS, strict=True)], axis=1)
    pixels = np.clip(np.round(shares * 255), 0, 255).astype(np.uint8)
    rows = np.concatenate([np.zeros((len(pixels), 1), np.uint8), pixels], axis=1)  # each row starts with its filter, none

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 8, 3, 0, 0, 0)  # 8 bits, by palette
    colors = np.round(palette).astype(np.uint8).tobytes()
    parts = (("IHDR", header), ("PLTE", colors), ("IDAT", zlib.compress(rows.tobytes(), 9)), ("IEND", b""))
    png = b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name.encode(), data) for name, data in parts)
    return "data:image/png;base64," + base64.b64encode(png).decode()


def legend(system_signs: Mapping[str, Sign]) -> str:
    return '<p class="legend">' + "".join(sign.key(name) for name, sign in system_signs.items()) + "</p>"
