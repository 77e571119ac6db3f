"""``canzona show``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from canzona.cli import options
from canzona.cli.common import Readings

if TYPE_CHECKING:
    from rich.console import RenderableType

    from canzona.song.song import Song


def show(
    song: Annotated[Path, typer.Argument(help="song.json, a MIDI file or a MusicXML file.")], strict: options.Strict = False
) -> None:
    """Draw a song's form and chords on the terminal."""
    readings = Readings(strict)
    read = readings.song("song", song)
    readings.tell()
    draw(read)


def draw(song: "Song") -> None:
    """The song on stdout, in colours where it is a terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    for part in drawing(song):
        console.print(part)


def drawing(song: "Song") -> "list[RenderableType]":
    """One line of facts, the form as a ribbon, and the chords of every phrase by bars."""
    from rich.table import Table
    from rich.text import Text

    from canzona.io.chart import BARS_PER_LINE, chart, heading
    from canzona.io.roll_layout import PHRASE_COLORS
    from canzona.song.spelling import key_name

    phrases = list(zip(chart(song), song.form.phrases, strict=True))
    ribbon = Text()
    for section, phrase in phrases:
        name = section.name.center(max(phrase.length_bars, len(section.name) + 2))
        ribbon.append(name, style=f"bold white on {PHRASE_COLORS[phrase.type]}").append(" ")
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(2 + BARS_PER_LINE):
        table.add_column(no_wrap=True)
    for section, phrase in phrases:
        for start in range(0, len(section.bars), BARS_PER_LINE):
            bars = section.bars[start : start + BARS_PER_LINE]
            key = f" {key_name(section.key)}" if section.key is not None and section is not phrases[0][0] else ""
            name = Text(section.name + key if start == 0 else "", style=f"bold {PHRASE_COLORS[phrase.type]}")
            cells = [Text(f"│ {bar}") for bar in bars]
            table.add_row(name, Text(str(section.first_bar + start), style="dim", justify="right"), *cells)
    return [Text(heading(song)), ribbon, table]
