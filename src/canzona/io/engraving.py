"""Scores as they are printed: Verovio engraves a song's MusicXML, as one long SVG picture or as the pages of a PDF file."""

import atexit
import base64
import ctypes
import ctypes.util
import io
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from canzona.faults import MachineFault, missing
from canzona.io.musicxml_writing import ScoreOptions, song_to_musicxml
from canzona.song import Song

PAGE_WIDTH, PAGE_HEIGHT = 2100, 2970
"""A4 in tenths of a millimetre."""

_MARGIN, _UNIT, _LONGEST_PAGE = 130, 8, 60_000
_FONTS = ("Leipzig", "Liberation")  # Verovio's own, of music and of text
_TEXT_FONT = "Liberation Serif"


def song_to_score_svg(song: Song, options: ScoreOptions) -> bytes:
    """The score on one page as long as it needs, with the fonts of its signs in it.

    Raises:
        MachineFault: where Verovio is not installed, naming what to install.
        ValueError: as ``song_to_musicxml``.
    """
    toolkit = _engraved(song, options, pageHeight=_LONGEST_PAGE, adjustPageHeight=True, smuflTextFont="embedded")
    return toolkit.renderToSVG(1).encode()


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
    try:
        import brotli  # noqa: F401 - fontTools needs it
        import fontTools.ttLib  # noqa: F401
        from cairosvg import svg2pdf
        from pypdf import PdfReader, PdfWriter
    except (ImportError, OSError):  # OSError: the program library of Cairo itself
        raise missing("scores as PDF", "verovio", "cairosvg", "pypdf", "fonttools", "brotli") from None
    _lend_fonts()
    count = toolkit.getPageCount()
    writer = PdfWriter()
    for number in range(1, count + 1):
        svg = toolkit.renderToSVG(number).replace("Times, serif", _TEXT_FONT)
        if count > 1:
            place = f'x="{PAGE_WIDTH / 2}" y="{PAGE_HEIGHT - _MARGIN / 2}" text-anchor="middle"'
            text = f'<text {place} font-family="{_TEXT_FONT}" font-size="36">{number}</text>'
            svg = svg[: svg.rindex("</svg>")] + text + "</svg>"
        page = svg2pdf(svg.encode(), output_width=PAGE_WIDTH / 254 * 96, output_height=PAGE_HEIGHT / 254 * 96)
        writer.append(PdfReader(io.BytesIO(page or b"")))
    writer.add_metadata({"/Title": options.title, "/Author": options.composer, "/Producer": "Canzona"})
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def _engraved(song: Song, options: ScoreOptions, **settings: object) -> Any:
    """Verovio's toolkit with the song laid out on pages."""
    try:
        import verovio
    except ImportError:
        raise missing("scores", "verovio") from None
    root = ElementTree.fromstring(song_to_musicxml(song, options))
    for harmony in root.iter("harmony"):  # Verovio would write degrees beside the symbol that says them
        harmony[:] = [child for child in harmony if child.tag != "degree"]
    toolkit = verovio.toolkit()
    margins = dict.fromkeys((f"pageMargin{side}" for side in ("Left", "Right", "Top", "Bottom")), _MARGIN)
    toolkit.setOptions(
        {"pageWidth": PAGE_WIDTH, "unit": _UNIT, "footer": "none", "header": "auto", "svgViewBox": True, "breaks": "auto"}
        | {"spacingSystem": 10, "xmlIdSeed": 1}
        | margins
        | settings
    )
    if not toolkit.loadData(ElementTree.tostring(root, encoding="unicode")):
        raise MachineFault("scores: Verovio does not take this song's MusicXML")
    return toolkit


@cache
def _lend_fonts() -> None:
    """Make Verovio's fonts known to this process, so that Cairo draws signs and letters as Verovio measured them.

    Where fontconfig is not what finds fonts, as on Windows, those of the system are taken.
    """
    import verovio
    from fontTools.ttLib import TTFont

    found = ctypes.util.find_library("fontconfig")
    if found is None:
        return
    library = ctypes.CDLL(found)
    folder = Path(tempfile.mkdtemp(prefix="canzona-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # Cairo reads the files whenever it draws
    for name in _FONTS:
        css = (Path(verovio.__file__).parent / "data" / f"{name}.css").read_text("utf-8")
        for number, encoded in enumerate(re.findall(r"base64,\s*([A-Za-z0-9+/=]+)", css)):
            path = folder / f"{name}-{number}.ttf"
            font = TTFont(io.BytesIO(base64.b64decode(encoded)))
            font.flavor = None
            font.save(path)
            library.FcConfigAppFontAddFile(None, str(path).encode())
