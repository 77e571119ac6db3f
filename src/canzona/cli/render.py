"""``canzona render``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.common import Readings
from canzona.cli.messages import note, report
from canzona.cli.outputs import writable


def render(
    song: Annotated[Path, typer.Argument(help="song.json, a MIDI file or a MusicXML file.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="What to write: picture (.png), sound (.wav), MIDI (.mid), score (.musicxml) or song (.json).",
        ),
    ],
    chords: Annotated[bool, typer.Option("--chords", help="In sound (.wav): let the block chords sound too.")] = False,
    force: options.Force = False,
    strict: options.Strict = False,
    as_json: options.AsJson = False,
) -> None:
    """Draw, play or write down a song."""
    from canzona.hierarchy.extraction import completed
    from canzona.io.saving import ENDINGS, SOUND, save_song

    writable("output", output, ENDINGS, force, [song])
    if chords and output.suffix.lower() != SOUND:
        raise ValueError(f"chords: must only be given for sound (.wav), got output {str(output)!r}")
    readings = Readings(strict)
    read = completed(readings.song("song", song))
    if not (read.lead_sheet or read.accompaniment):
        raise ValueError(f"song: must have notes or chords to be rendered, got none in {str(song)!r}")
    played = save_song(read, output, force=True, with_chords=chords)
    readings.tell()
    if played is not None and played.missing:
        note(f"the simple synthesiser played: {played.missing}")
    report({"output": str(output), "read": readings.facts()}, as_json, str(output))
