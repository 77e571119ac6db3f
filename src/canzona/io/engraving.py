"""Scores as they are printed: Verovio engraves a song's MusicXML, as one long SVG picture or as the pages of a PDF file."""

import re
from dataclasses import replace
from typing import Any
from xml.etree.ElementTree import tostring
from xml.sax.saxutils import escape

from canzona.faults import MachineFault, missing
from canzona.io.engraved_pages import pages_to_pdf
from canzona.io.musicxml_writing import Lengths, ScoreOptions, song_to_score
from canzona.song import Song

PAGE_WIDTH, PAGE_HEIGHT = 2100, 2970
"""A4 in tenths of a millimetre."""

_MARGIN, _UNIT, _LONGEST_PAGE = 130, 8, 60_000
_COMPOSER_SIZE = 360  # hundredths of a millimetre
_RUNNING_HEAD = re.compile(r'<g [^>]*class="pgHead[^"]*">.*?</g>', re.DOTALL)
_HEADER = re.compile(r'(?P<start>class="pgHead[^"]*">).*?y="(?P<baseline>[0-9]+)"', re.DOTALL)


def song_to_score_svg(song: Song, options: ScoreOptions) -> bytes:
    """The score on one page as long as it needs, with the fonts of its signs in it.

    Raises:
        MachineFault: where Verovio is not installed, naming what to install.
        ValueError: as ``song_to_musicxml``.
    """
    toolkit = _engraved(song, options, pageHeight=_LONGEST_PAGE, adjustPageHeight=True, smuflTextFont="embedded")
    return _pages(toolkit, options)[0].encode()


def song_to_score_pages(song: Song, options: ScoreOptions) -> tuple[bytes, ...]:
    """The score on A4 pages, each an SVG picture with the fonts of its signs in it.

    Raises:
        MachineFault: where Verovio is not installed, naming what to install.
        ValueError: as ``song_to_musicxml``.
    """
    toolkit = _engraved(song, options, pageHeight=PAGE_HEIGHT, smuflTextFont="embedded")
    return tuple(toolkit.renderToSVG(number).encode() for number in range(1, toolkit.getPageCount() + 1))


def song_to_score_pdf(song: Song, options: ScoreOptions) -> bytes:
    """The score on A4 pages, numbered where there are several.

    Raises:
        MachineFault: where a library is not installed, naming what to install.
        ValueError: as ``song_to_musicxml``.
    """
    toolkit = _engraved(song, options, pageHeight=PAGE_HEIGHT, smuflTextFont="none")
    return pages_to_pdf(
        _pages(toolkit, options), 10 * PAGE_WIDTH, 10 * PAGE_HEIGHT, {"title": options.title, "author": options.composer}
    )


def _engraved(song: Song, options: ScoreOptions, **settings: object) -> Any:
    """Verovio's toolkit with the song laid out on pages."""
    try:
        import verovio
    except ImportError:
        raise missing("scores", "verovio") from None
    root = song_to_score(song, replace(options, lengths=options.lengths or Lengths.LEGIBLE))
    for harmony in root.iter("harmony"):  # Verovio would write degrees beside the symbol that says them
        harmony[:] = [child for child in harmony if child.tag != "degree"]
    if options.title:  # which it sets larger by itself, but alone
        root[:] = [child for child in root if child.tag != "credit"]
    toolkit = verovio.toolkit()
    margins = dict.fromkeys((f"pageMargin{side}" for side in ("Left", "Right", "Top", "Bottom")), _MARGIN)
    toolkit.setOptions(
        {"pageWidth": PAGE_WIDTH, "unit": _UNIT, "footer": "none", "header": "auto", "svgViewBox": True, "breaks": "auto"}
        | {"spacingSystem": 10, "xmlIdSeed": 1, "justifyVertically": True, "defaultBottomMargin": 1.5}
        | margins
        | settings
    )
    if not toolkit.loadData(tostring(root, encoding="unicode")) or not toolkit.loadData(_beside_bar_lines(toolkit.getMEI())):
        raise MachineFault("scores: Verovio does not take this song's MusicXML")
    return toolkit


def _beside_bar_lines(mei: str) -> str:
    """Phrases' names a little after the bar line: where one stands on it, Verovio leaves the bar's number out."""
    return mei.replace("<reh ", '<reh tstamp="0.5" ')


def _pages(toolkit: Any, options: ScoreOptions) -> list[str]:
    """All pages as SVG, the composer in line with the title, and the others without a head, which would number them."""
    drawn = [toolkit.renderToSVG(number + 1) for number in range(toolkit.getPageCount())]
    pages = [drawn[0], *(_RUNNING_HEAD.sub("", page) for page in drawn[1:])]
    header = _HEADER.search(pages[0]) if options.title and options.composer else None
    if header is not None:
        size = f'font-size="{_COMPOSER_SIZE}px"'
        place = f'x="{10 * (PAGE_WIDTH - 2 * _MARGIN)}" y="{header["baseline"]}" text-anchor="end"'
        text = f"<text {place} {size}><tspan {size}>{escape(options.composer)}</tspan></text>"
        pages[0] = pages[0][: header.end("start")] + text + pages[0][header.end("start") :]
    return pages
