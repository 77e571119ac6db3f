"""``canzona render``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import notation, options, playing
from canzona.cli.common import Readings
from canzona.cli.messages import note, report
from canzona.cli.outputs import writable
from canzona.io.saving import MIDI, SCORES, SOUND, Kind, writers

_PLAYED = {Kind.USUAL: (*SOUND, *MIDI)}
_HEARD = {Kind.USUAL: SOUND}
_IN_TRACKS = {Kind.USUAL: MIDI}
_WRITTEN = {Kind.USUAL: SCORES}
_TITLED = {Kind.USUAL: SCORES, Kind.CHART: tuple(writers(Kind.CHART))}
ONLY_FOR = {
    "part": _WRITTEN, "transpose": _WRITTEN, "lengths": _WRITTEN, "title": _TITLED, "composer": _TITLED, "parts": _PLAYED,
    "humanize": _PLAYED, "seed": _PLAYED, "pedal": _PLAYED, "programs": _PLAYED, "click": _HEARD, "count_in": _HEARD,
    "channels": _IN_TRACKS, "tracks": _IN_TRACKS,
}  # fmt: skip
"""Option → endings of the files that it is for, by kind; other options are for all."""


def render(
    context: typer.Context,
    song: Annotated[Path, typer.Argument(help="song.json, a MIDI file or a MusicXML file.")],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="What to write: notation (.musicxml, .mxl, .svg, .pdf), a picture (.png), sound (.wav, .flac, .mp3), "
            "MIDI (.mid) or a song (.json).",
        ),
    ],
    part: notation.Part = None,
    transpose: notation.Transpose = None,
    lengths: notation.Lengths = None,
    title: notation.Title = None,
    composer: notation.Composer = None,
    chart: notation.Chart = False,
    picture: notation.Picture = False,
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
    """Write, draw or play a song."""
    from canzona.hierarchy.extraction import completed
    from canzona.io.saving import Manner, composer_of, save_song

    if chart and picture:
        raise ValueError("picture: must be given without chart, got both")
    kind = Kind.CHART if chart else Kind.PICTURE if picture else Kind.USUAL
    writable("output", output, tuple(writers(kind)), force, [song])
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "")
        if given is not None and given.name == "COMMANDLINE" and parameter.name in ONLY_FOR:
            allowed = ONLY_FOR[parameter.name]
            if output.suffix.lower() not in allowed.get(kind, ()):
                endings = ", ".join(allowed[Kind.USUAL])
                raise ValueError(
                    f"{parameter.opts[0].lstrip('-')}: must only be given for {endings}, got output {str(output)!r}"
                )
    score = notation.score_options(song, part, transpose, lengths, title, composer)
    performance = playing.performance_of(humanize, seed, pedal, programs, channels, tracks)
    named = playing.parts_of(parts)
    readings = Readings(strict, by_name=True)
    read = completed(readings.song("song", song))
    if not (read.lead_sheet or read.accompaniment):
        raise ValueError(f"song: must have notes or chords to be rendered, got none in {str(song)!r}")
    if composer is None:
        score = replace(score, composer=composer_of(read))
    remark = save_song(read, output, force=True, manner=Manner(kind, score, performance, named, click, count_in))
    readings.tell()
    if remark:
        note(remark)
    report({"output": str(output), "read": readings.facts()}, as_json, str(output))
