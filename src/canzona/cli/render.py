"""``canzona render``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from canzona.cli import options
from canzona.cli.common import read_song
from canzona.cli.messages import note, report
from canzona.cli.outputs import writable

if TYPE_CHECKING:
    from canzona.io.musicxml_writing import ScoreOptions
    from canzona.song.song import Song

NOTATION = (".musicxml", ".mxl", ".svg", ".pdf")
CHARTS = (".pdf", ".txt")
SCORE, SOUND = "Score", "Sound"
"""Panels of the help."""


@dataclass(frozen=True)
class Asked:
    """What a writer is given beside the song.

    Attributes:
        output: the file.
        score: how notation is written.
        with_chords: whether block chords sound.
    """

    output: Path
    score: "ScoreOptions"
    with_chords: bool


def render(
    song: Annotated[Path, typer.Argument(help="song.json or a MIDI file that canzona wrote.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="What to write: notation (.musicxml, .mxl, .svg, .pdf), a picture (.png), sound (.wav) or MIDI (.mid).",
        ),
    ],
    part: Annotated[
        str | None, typer.Option(help="In notation: lead-sheet, piano or all. Default: all.", rich_help_panel=SCORE)
    ] = None,
    transpose: Annotated[
        str | None,
        typer.Option(
            help="In notation: the lead sheet for an instrument in concert, b-flat or e-flat. Default: concert.",
            rich_help_panel=SCORE,
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help='In notation and charts. Default: the name of SONG; "" for none.', rich_help_panel=SCORE)
    ] = None,
    composer: Annotated[
        str | None, typer.Option(help='In notation and charts. Default: Canzona; "" for none.', rich_help_panel=SCORE)
    ] = None,
    chart: Annotated[
        bool, typer.Option("--chart", help="A chord chart on one page (.pdf, .txt).", rich_help_panel=SCORE)
    ] = False,
    picture: Annotated[
        bool, typer.Option("--picture", help="As .svg the picture of all levels, in place of the score.", rich_help_panel=SCORE)
    ] = False,
    chords: Annotated[
        bool, typer.Option("--chords", help="In sound (.wav): let the block chords sound too.", rich_help_panel=SOUND)
    ] = False,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Write, draw or play a song."""
    writers = CHART_WRITERS if chart else WRITERS | {".svg": _picture} if picture else WRITERS
    writable("output", output, tuple(writers), force, [song])
    suffix = output.suffix.lower()
    is_score = suffix in NOTATION and not chart and not (picture and suffix == ".svg")
    for name, given, allowed, where in (
        ("part", part is not None, is_score, f"notation ({', '.join(NOTATION)})"),
        ("transpose", transpose is not None, is_score, f"notation ({', '.join(NOTATION)})"),
        ("title", title is not None, is_score or chart, "notation and charts"),
        ("composer", composer is not None, is_score or chart, "notation and charts"),
        ("picture", picture, suffix == ".svg" and not chart, "a picture (.svg)"),
        ("chords", chords, suffix == ".wav", "sound (.wav)"),
    ):
        if given and not allowed:
            raise ValueError(f"{name}: must only be given for {where}, got output {str(output)!r}")

    from canzona.io.musicxml_writing import TRANSPOSITIONS, ScoreOptions, ScorePart

    parts = {own.value: own for own in ScorePart}
    if (part or "all") not in parts:
        raise ValueError(f"part: must be {', '.join(parts)}, got {part!r}")
    if (transpose or "concert") not in TRANSPOSITIONS:
        raise ValueError(f"transpose: must be {', '.join(TRANSPOSITIONS)}, got {transpose!r}")
    score = ScoreOptions(
        parts[part or "all"],
        TRANSPOSITIONS[transpose or "concert"],
        song.stem if title is None else title,
        "Canzona" if composer is None else composer,
    )
    read = read_song("song", song)
    writers[suffix](read, Asked(output, score, chords))
    report({"output": str(output)}, as_json, str(output))


def _write(asked: Asked, data: bytes) -> None:
    from canzona.io.files import atomic_write

    atomic_write(asked.output, data)


def _musicxml(song: "Song", asked: Asked) -> None:
    from canzona.io.musicxml_writing import compressed_musicxml, song_to_musicxml

    data = song_to_musicxml(song, asked.score)
    _write(asked, compressed_musicxml(data) if asked.output.suffix.lower() == ".mxl" else data)


def _engraved(song: "Song", asked: Asked) -> None:
    from canzona.io.engraving import song_to_score_pdf, song_to_score_svg

    is_pdf = asked.output.suffix.lower() == ".pdf"
    _write(asked, (song_to_score_pdf if is_pdf else song_to_score_svg)(song, asked.score))


def _chart(song: "Song", asked: Asked) -> None:
    from canzona.io.chart import song_to_chart_pdf, song_to_chart_text

    if asked.output.suffix.lower() == ".pdf":
        _write(asked, song_to_chart_pdf(song, asked.score.title, asked.score.composer))
    else:
        _write(asked, song_to_chart_text(song, asked.score.title).encode())


def _picture(song: "Song", asked: Asked) -> None:
    from canzona.io.picture import song_to_picture

    _write(asked, song_to_picture(song, asked.output.suffix.lower().removeprefix(".")))


def _sound(song: "Song", asked: Asked) -> None:
    from canzona.io.audio import song_to_wav

    played = song_to_wav(song, asked.output, with_chords=asked.with_chords)
    if played.missing:
        note(f"the simple synthesiser played: {played.missing}")


def _midi(song: "Song", asked: Asked) -> None:
    from canzona.io.midi import song_to_midi

    _write(asked, song_to_midi(song))


WRITERS: dict[str, "Callable[[Song, Asked], None]"] = {
    ".png": _picture, ".wav": _sound, ".mid": _midi, ".musicxml": _musicxml, ".mxl": _musicxml, ".svg": _engraved,
    ".pdf": _engraved,
}  # fmt: skip
"""Ending of a file → what writes it."""

CHART_WRITERS: dict[str, "Callable[[Song, Asked], None]"] = dict.fromkeys(CHARTS, _chart)
