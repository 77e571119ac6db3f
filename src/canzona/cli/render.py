"""``canzona render``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options, playing
from canzona.cli.common import Readings
from canzona.cli.messages import note, report
from canzona.cli.outputs import writable
from canzona.io.saving import MIDI, SOUND, WRITERS

ONLY_FOR = {
    **dict.fromkeys(("parts", "humanize", "seed", "pedal", "programs"), (*SOUND, *MIDI)),
    **dict.fromkeys(("click", "count_in"), SOUND),
    **dict.fromkeys(("channels", "tracks"), MIDI),
}
"""Option → endings of the files that it is for; other options are for all."""


def render(
    context: typer.Context,
    song: Annotated[Path, typer.Argument(help="song.json, a MIDI file or a MusicXML file.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="What to write: picture (.png), sound (.wav, .flac, .mp3), MIDI (.mid), score (.musicxml) or song (.json).",
        ),
    ],
    parts: playing.Parts = None,
    click: playing.Click = False,
    count_in: playing.CountIn = False,
    humanize: playing.Humanize = 0.0,
    seed: playing.Seed = 0,
    pedal: playing.Pedal = False,
    programs: playing.Programs = None,
    channels: playing.Channels = None,
    tracks: playing.Tracks = playing.SEPARATE,
    force: options.Force = False,
    strict: options.Strict = False,
    as_json: options.AsJson = False,
) -> None:
    """Draw, play or write down a song."""
    from canzona.hierarchy.extraction import completed
    from canzona.io.saving import Manner, save_song

    writable("output", output, tuple(WRITERS), force, [song])
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "")
        endings = ONLY_FOR.get(parameter.name or "", tuple(WRITERS))
        if given is not None and given.name == "COMMANDLINE" and output.suffix.lower() not in endings:
            name = parameter.opts[0].lstrip("-")
            raise ValueError(f"{name}: must only be given for {', '.join(endings)}, got output {str(output)!r}")
    performance = playing.performance_of(humanize, seed, pedal, programs, channels, tracks)
    manner = Manner(performance, playing.parts_of(parts), click, count_in)
    readings = Readings(strict)
    read = completed(readings.song("song", song))
    if not (read.lead_sheet or read.accompaniment):
        raise ValueError(f"song: must have notes or chords to be rendered, got none in {str(song)!r}")
    remark = save_song(read, output, force=True, manner=manner)
    readings.tell()
    if remark:
        note(remark)
    report({"output": str(output), "read": readings.facts()}, as_json, str(output))
