"""How the report draws: matplotlib's SVG laid into a page, in colours that the page's style sheet sets, light or dark."""

import io
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup
from matplotlib import rc_context, style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from canzona.io.roll_layout import INK, LINE, PAPER, PHRASE_COLORS, QUIET

_OF_SYSTEMS = (
    ("#0072b2", "#4aa8e0"), ("#d55e00", "#f08a3c"), ("#009e73", "#2fc79a"), ("#cc79a7", "#e29ac2"), ("#b58900", "#e3bb3e"),
    ("#56b4e9", "#93d3f7"),
)  # fmt: skip
"""Six colours that eyes of all kinds tell apart (after Okabe and Ito), on a light page and on a dark one."""

COLORS = {f"s{number}": pair for number, pair in enumerate(_OF_SYSTEMS, start=1)} | {
    f"p{kind.value}": (ink, f"color-mix(in srgb,{ink} 67%,white)") for kind, ink in PHRASE_COLORS.items()
}
"""Name in the style sheet → (light, dark) of the systems' and the phrases' colours."""

_NAMES = {light: name for name, (light, _) in COLORS.items()} | {INK: "text", QUIET: "quiet", LINE: "line", PAPER: "page"}
_SHAPES = (("s", "■"), ("^", "▲"), ("D", "◆"), ("o", "●"))
_LONGEST_NAME = 15
_SETTINGS: Any = {
    "svg.fonttype": "none", "svg.hashsalt": "canzona", "text.parse_math": False, "font.size": 9, "text.color": INK,
    "axes.edgecolor": LINE, "axes.labelcolor": INK, "xtick.color": QUIET, "ytick.color": INK, "axes.formatter.useoffset": False,
    "axes.unicode_minus": True, "xtick.major.size": 0, "ytick.major.size": 0, "grid.color": LINE, "grid.linewidth": 0.7,
    "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
}  # fmt: skip


@dataclass(frozen=True)
class Sign:
    """What a system is drawn with: six colours and four shapes, so that twelve systems differ even without colours.

    Attributes:
        color: name in the style sheet; ``text``, the colour of the text, is the human system's.
        marker: its shape, as matplotlib calls it.
        glyph: the same shape as a letter.
    """

    color: str
    marker: str
    glyph: str

    @property
    def ink(self) -> str:
        """The colour as matplotlib is given it."""
        return INK if self.color == "text" else COLORS[self.color][0]


def signs_of(systems: Sequence[str], reference: str) -> dict[str, Sign]:
    """The sign of each system; without the human system nobody has the colour of the text."""
    found = {reference: Sign("text", *_SHAPES[-1])} if reference in systems else {}
    for number, name in enumerate(name for name in systems if name != reference):
        found[name] = Sign(f"s{number % len(_OF_SYSTEMS) + 1}", *_SHAPES[number % len(_SHAPES)])
    return found


def short(name: str) -> str:
    """A name as it is drawn beside an axis: cut, and without signs that no drawing may hold."""
    shown = "".join(sign if sign.isprintable() else "�" for sign in name)
    return shown if len(shown) <= _LONGEST_NAME else shown[: _LONGEST_NAME - 1] + "…"


@contextmanager
def plain_style() -> Iterator[None]:
    """A user's own style changes nothing, dollars in names are no formulas, and the browser has the letters that fonts lack."""
    with style.context("default"), rc_context(_SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        yield


def canvas(width: float, height: float, left: float, bottom: float, top: float = 2, right: float = 6) -> tuple[Figure, Axes]:
    """A drawing with one pair of axes, whose margins are given; all in points, which are the page's pixels."""
    figure = Figure(figsize=(width / 72, height / 72), facecolor="none")
    across, up = (width - left - right) / width, (height - top - bottom) / height
    return figure, figure.add_axes((left / width, bottom / height, across, up), facecolor="none")


def as_svg(figure: Figure, label: str, titles: Mapping[str, Sequence[str]] | None = None) -> Markup:
    """The drawing as part of a page.

    Args:
        figure: a finished drawing.
        label: what it shows, in words.
        titles: gid of a line of marks → what is shown under the pointer of each mark.
    """
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None})
    root = ElementTree.fromstring(file.getvalue())
    for element in root.iter():
        element[:] = [child for child in element if not child.tag.endswith(("metadata", "style"))]
        element.tag = element.tag.rpartition("}")[2]
        attributes = {name.rpartition("}")[2]: value for name, value in element.attrib.items()}
        gid = attributes.pop("id", "") if element.tag == "g" else ""
        element.attrib = attributes | ({"style": _recolored(own)} if (own := attributes.get("style")) else {})
        marks = [child for child in element.iter() if child.tag.endswith("}use")] if titles and gid in titles else []
        for mark, title in zip(marks, titles[gid] if marks and titles else (), strict=True):
            ElementTree.SubElement(mark, "title").text = title
    root.attrib = {"viewBox": root.attrib["viewBox"], "role": "img", "aria-label": label}
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _recolored(style: str) -> str:
    """The colours that the style sheet has are called by their names there."""
    return re.sub("#[0-9a-f]{6}", lambda color: f"var(--{_NAMES[color[0]]})" if color[0] in _NAMES else color[0], style)
