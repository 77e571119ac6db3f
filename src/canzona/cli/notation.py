"""Options of how a song is written as a score or a chart, and what they mean."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from canzona.io.musicxml_writing import ScoreOptions

SCORE = "Scores and charts"
"""The panel of the help."""

Part = Annotated[str | None, typer.Option(help="In notation: lead-sheet, piano or all. Default: all.", rich_help_panel=SCORE)]
Transpose = Annotated[
    str | None,
    typer.Option(
        help="In notation: the lead sheet for an instrument in concert, b-flat or e-flat. Default: concert.",
        rich_help_panel=SCORE,
    ),
]
Lengths = Annotated[
    str | None,
    typer.Option(
        help="In notation: exact, or legible: short rests and overlaps left out. Default: exact in MusicXML, legible on pages.",
        rich_help_panel=SCORE,
    ),
]
Title = Annotated[
    str | None, typer.Option(help='In notation and charts. Default: the name of SONG; "" for none.', rich_help_panel=SCORE)
]
Composer = Annotated[
    str | None,
    typer.Option(help='In notation and charts. Default: Canzona for what it composed; "" for none.', rich_help_panel=SCORE),
]
Chart = Annotated[bool, typer.Option("--chart", help="A chord chart on one page (.pdf, .txt).", rich_help_panel=SCORE)]
Picture = Annotated[
    bool, typer.Option("--picture", help="As .svg the picture of all levels, in place of the score.", rich_help_panel=SCORE)
]


def score_options(
    song: Path,
    part: str | None,
    transpose: str | None,
    lengths: str | None,
    title: str | None,
    composer: str | None,
) -> "ScoreOptions":
    """What the options say of a score of the song of this file.

    Raises:
        ValueError: naming the option that is wrong.
    """
    from canzona.io.musicxml_writing import TRANSPOSITIONS, Lengths, ScoreOptions, ScorePart

    parts, lasting = {own.value: own for own in ScorePart}, {own.value: own for own in Lengths}
    if (part or "all") not in parts:
        raise ValueError(f"part: must be {', '.join(parts)}, got {part!r}")
    if (transpose or "concert") not in TRANSPOSITIONS:
        raise ValueError(f"transpose: must be {', '.join(TRANSPOSITIONS)}, got {transpose!r}")
    if lengths is not None and lengths not in lasting:
        raise ValueError(f"lengths: must be {', '.join(lasting)}, got {lengths!r}")
    return ScoreOptions(
        parts[part or "all"],
        TRANSPOSITIONS[transpose or "concert"],
        song.stem if title is None else title,
        composer or "",
        None if lengths is None else lasting[lengths],
    )
