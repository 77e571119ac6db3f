"""Pages that Verovio drew as SVG, set again as a PDF file: signs and letters as text of its own fonts, lines as lines."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, fromstring

from canzona.faults import MachineFault, missing

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_POINTS = 72 / 25.4 / 100  # of Verovio's unit, a hundredth of a millimetre
_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_SIGNS, _LETTERS = "Leipzig", "Liberation"
_FOOT, _FOOT_SIZE = 650, 360  # how far pages' numbers stand above the edge, and how large
_CIRCLE = 0.5523  # how far the handles of a quarter of a circle reach, of its radius
_UNITS_PER_EM = 1000  # of Leipzig, in which the drawn signs are
_BOLD = frozenset(("ending", "fing", "reh", "tempo"))
_ITALIC = frozenset(("dir", "dynam", "mNum"))
_NOT_DRAWN = frozenset(("desc", "style", "defs", "title"))
_EAST_ASIAN = (
    (0x3040, 0x30FF, "HeiseiMin-W3"), (0xAC00, 0xD7AF, "HYSMyeongJo-Medium"), (0x2E80, 0xFFEF, "STSong-Light"),
)  # fmt: skip
"""First and last character, and the font that every reader of PDF has for them."""
_NUMBERS = re.compile(r"-?[0-9.]+")
_PATH = re.compile(r"([A-Za-z])([^A-Za-z]*)")


@dataclass(frozen=True, slots=True)
class _Style:
    """What holds for all within an element: where its coordinates begin, and how its text is set."""

    left: float = 0.0
    top: float = 0.0
    bold: bool = False
    italic: bool = False
    family: str = _LETTERS
    size: float = 0.0

    def within(self, element: Element) -> _Style:
        """What holds within an element that this holds around."""
        own, kind = element.attrib, element.get("class", "").partition(" ")[0]
        left, top = _numbers(own["transform"]) if element.tag == f"{_SVG}g" and "transform" in own else (0.0, 0.0)
        weight, slant = own.get("font-weight"), own.get("font-style")
        family, size = own.get("font-family", ""), own.get("font-size")
        return _Style(
            self.left + left,
            self.top + top,
            kind in _BOLD or (self.bold and kind != "label") if weight is None else weight == "bold",
            kind in _ITALIC or self.italic if slant is None else slant == "italic",
            _SIGNS if family == _SIGNS else _LETTERS if family else self.family,
            self.size if size is None else float(size.removesuffix("px")),
        )


def pages_to_pdf(pages: Sequence[str], width: float, height: float, facts: Mapping[str, str]) -> bytes:
    """Verovio's pages as one PDF file, numbered at the foot where there are several; always the same bytes.

    Args:
        pages: as Verovio draws them, with signs of Leipzig and other text of whatever family, which is set in Liberation Serif.
        width, height: of a page, in Verovio's units, hundredths of a millimetre.
        facts: title and author of the document.

    Raises:
        MachineFault: where a library is missing, or Verovio draws something that is not known here.
        ValueError: for a letter that no font has.
    """
    try:
        from reportlab.pdfgen.canvas import Canvas
    except ImportError:
        raise missing("scores as PDF", "reportlab") from None
    file = io.BytesIO()
    canvas = Canvas(file, (width * _POINTS, height * _POINTS), pageCompression=1, invariant=1)
    canvas.setTitle(facts.get("title", ""))
    canvas.setAuthor(facts.get("author", ""))
    canvas.setProducer("Canzona")
    for number, page in enumerate(pages, start=1):
        drawing = _Drawing(canvas, height)
        for element in fromstring(page):
            drawing.draw(element, _Style())
        if len(pages) > 1:
            drawing.write([(str(number), _Style(size=_FOOT_SIZE))], width / 2, height - _FOOT, "middle")
        canvas.showPage()
    canvas.save()
    return file.getvalue()


class _Drawing:
    """A page that is being drawn, in Verovio's units, which count from the top."""

    def __init__(self, canvas: Canvas, height: float) -> None:
        self._canvas, self._height = canvas, height
        canvas.setLineWidth(0)

    def draw(self, element: Element, around: _Style) -> None:
        """An element and all in it."""
        tag = element.tag.removeprefix(_SVG)
        if tag in _NOT_DRAWN or "placeholder" in element.get("class", ""):
            return
        style = around.within(element)
        if tag in ("svg", "g"):
            for inner in element:
                self.draw(inner, style)
        elif tag == "use":
            x, y, scale, _ = _numbers(element.get("transform", ""))
            sign = chr(int(element.get(_LINK, "")[1:5], 16))
            sized = _Style(around.left, around.top, family=_SIGNS, size=scale * _UNITS_PER_EM)
            self.write([(sign, sized)], x, y, "start")
        elif tag == "text":
            self._text(element, style)
        elif (commands := _outline(tag, element.attrib)) is not None:
            self._path(commands, element.attrib, style)
        else:
            raise MachineFault(f"scores as PDF: Verovio drew {tag!r}, which is not known here; .svg shows it")

    def _path(self, commands: Sequence[tuple[str, Sequence[float]]], attributes: Mapping[str, str], style: _Style) -> None:
        path, canvas = self._canvas.beginPath(), self._canvas
        is_line = len(commands) <= 2
        for letter, numbers in commands:
            places = [self._y(number, style) if place % 2 else self._x(number, style) for place, number in enumerate(numbers)]
            {"M": path.moveTo, "L": path.lineTo, "C": path.curveTo, "Z": path.close}[letter](*places)
        canvas.setLineWidth(float(attributes.get("stroke-width", 1)) * _POINTS)
        canvas.setLineCap(attributes.get("stroke-linecap") == "round")
        canvas.setLineJoin(attributes.get("stroke-linejoin") == "round")
        is_filled = not is_line and attributes.get("fill-opacity") != "0" and attributes.get("fill") != "none"
        canvas.drawPath(path, stroke=1, fill=int(is_filled))

    def _text(self, element: Element, style: _Style) -> None:
        runs: list[tuple[str, _Style]] = []
        at = 0.0, 0.0, "start"
        for inner, own in _elements(element, style):
            if "x" in inner.attrib or "y" in inner.attrib:
                self.write(runs, *at)
                x, y = (float(inner.get(axis, 0)) for axis in "xy")
                runs, at = [], (x, y, inner.get("text-anchor", "start"))
            if len(inner) == 0 and inner.text:
                runs.append((inner.text, own))
        self.write(runs, *at)

    def write(self, runs: Sequence[tuple[str, _Style]], x: float, y: float, anchor: str) -> None:
        """Text in one line from, around or to a place."""
        set_runs = [(part, font, own) for text, own in runs for part, font in _in_fonts(text, own)]
        widths = [self._canvas.stringWidth(part, font, own.size) for part, font, own in set_runs]
        x -= {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * sum(widths)
        for (part, font, own), width in zip(set_runs, widths, strict=True):
            self._canvas.setFont(font, own.size * _POINTS)
            self._canvas.drawString(self._x(x, own), self._y(y, own), part)
            x += width

    def _x(self, x: float, style: _Style) -> float:
        return (x + style.left) * _POINTS

    def _y(self, y: float, style: _Style) -> float:
        return (self._height - y - style.top) * _POINTS


def _elements(element: Element, style: _Style) -> Iterator[tuple[Element, _Style]]:
    """An element and those within, in order, with what holds in each."""
    yield element, style
    for inner in element:
        yield from _elements(inner, style.within(inner))


def _outline(tag: str, own: Mapping[str, str]) -> list[tuple[str, Sequence[float]]] | None:
    """A shape as lines (L) and curves (C) from a start (M), closed or not (Z); ``None`` for what is none."""
    if tag == "path":
        return [(letter, _numbers(numbers)) for letter, numbers in _PATH.findall(own["d"])]
    if tag in ("polygon", "polyline"):
        points = [_numbers(point) for point in own["points"].split()]
        return [("M", points[0]), *(("L", point) for point in points[1:]), *([("Z", ())] if tag == "polygon" else [])]
    if tag == "rect":
        x, y, width, height = (float(own[name]) for name in ("x", "y", "width", "height"))
        return [("M", (x, y)), ("L", (x + width, y)), ("L", (x + width, y + height)), ("L", (x, y + height)), ("Z", ())]
    if tag == "ellipse":
        x, y, across, down = (float(own[name]) for name in ("cx", "cy", "rx", "ry"))
        arms = [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 0)]
        curves: list[tuple[str, Sequence[float]]] = [("M", (x + across, y))]
        for (a, b), (c, d) in pairwise(arms):
            bent = ((a + _CIRCLE * c, b + _CIRCLE * d), (c + _CIRCLE * a, d + _CIRCLE * b), (c, d))
            curves.append(("C", [place for e, f in bent for place in (x + across * e, y + down * f)]))
        return [*curves, ("Z", ())]
    return None


def _numbers(text: str) -> list[float]:
    return [float(number) for number in _NUMBERS.findall(text)]


def _in_fonts(text: str, style: _Style) -> Iterator[tuple[str, str]]:
    """A text in the pieces that one font each has, with the fonts' names."""
    own = (_SIGNS, 0) if style.family == _SIGNS else (_LETTERS, style.bold + 2 * style.italic)
    name, known = _font(*own)
    piece, font = "", name
    for letter in text:
        needed = (
            name
            if ord(letter) in known
            else next((_east_asian(font) for first, last, font in _EAST_ASIAN if first <= ord(letter) <= last), None)
        )
        if needed is None:
            raise ValueError(f"title: must have letters that a font for PDF has, got {letter!r}; .svg takes any")
        if piece and needed != font:
            yield piece, font
            piece = ""
        piece, font = piece + letter, needed
    yield piece, font


@cache
def _font(family: str, face: int) -> tuple[str, frozenset[int]]:
    """Make a font of Verovio's own known to the library of PDF; gives its name and the characters that it has.

    Args:
        family: of ``_SIGNS`` and ``_LETTERS``.
        face: 0 for the upright one, of the letters also 1 for bold, 2 for italic and 3 for both.
    """
    try:
        import brotli  # noqa: F401 - fontTools needs it
        import verovio
        from fontTools.ttLib import TTFont
        from reportlab.pdfbase import pdfmetrics, ttfonts
    except ImportError:
        raise missing("scores as PDF", "verovio", "reportlab", "fonttools", "brotli") from None
    css = (Path(verovio.__file__).parent / "data" / f"{family}.css").read_text("utf-8")
    packed: Any = TTFont(
        io.BytesIO(base64.b64decode(re.findall(r"base64,\s*([A-Za-z0-9+/=]+)", css)[face])), recalcTimestamp=False
    )
    packed.flavor = None
    plain, name = io.BytesIO(), f"{family}-{face}"
    packed.save(plain)
    pdfmetrics.registerFont(ttfonts.TTFont(name, io.BytesIO(plain.getvalue())))
    return name, frozenset(packed.getBestCmap())


@cache
def _east_asian(name: str) -> str:
    """The name of a font that is not put into the file, made known to the library of PDF."""
    from reportlab.pdfbase import cidfonts, pdfmetrics

    pdfmetrics.registerFont(cidfonts.UnicodeCIDFont(name))
    return name
