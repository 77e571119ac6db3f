"""``canzona render``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from canzona.cli import options, playing
from canzona.cli.common import read_song
from canzona.cli.messages import note, report
from canzona.cli.outputs import MIDI_FILES, writable

if TYPE_CHECKING:
    from canzona.io.performance import Performance
    from canzona.song.song import Song

SOUND = (".wav", ".flac", ".mp3")

ONLY_FOR = {
    **dict.fromkeys(("parts", "humanize", "seed", "pedal", "programs"), (*SOUND, *MIDI_FILES)),
    **dict.fromkeys(("click", "count_in"), SOUND),
    **dict.fromkeys(("channels", "tracks"), MIDI_FILES),
}
"""Option → endings of the files that it is for; other options are for all."""


@dataclass(frozen=True, slots=True)
class Playing:
    """How the song is to be played; ``None`` for the parts that a kind of file usually has."""

    performance: "Performance"
    parts: tuple[str, ...] | None
    click: bool
    count_in: bool


def _write_picture(song: "Song", output: Path, _: Playing) -> None:
    from canzona.io.files import atomic_write
    from canzona.io.picture import song_to_png

    atomic_write(output, song_to_png(song))


def _write_sound(song: "Song", output: Path, playing: Playing) -> None:
    from canzona.io.audio import song_to_sound
    from canzona.io.mixing import USUAL_PARTS, Mix

    mix = Mix(playing.parts or USUAL_PARTS, playing.performance, playing.click, playing.count_in)
    played = song_to_sound(song, output, mix)
    if played.missing:
        note(f"a simple sampler played, without reverberation: {played.missing}")


def _write_midi(song: "Song", output: Path, playing: Playing) -> None:
    from canzona.io.files import atomic_write
    from canzona.io.midi import song_to_midi

    atomic_write(output, song_to_midi(song, playing.performance, playing.parts))
    if playing.performance.merged:
        note(f"{output} has one track: read back, its melody is part of the piano, and chord symbols are left out")
    elif playing.parts is not None:
        note(f"{output} has {', '.join(playing.parts).lower()} alone: what is left out is not read back")


WRITERS = (
    {".png": _write_picture} | dict.fromkeys(SOUND, _write_sound) | dict.fromkeys(MIDI_FILES, _write_midi)
)  # fmt: skip
"""Ending → what writes such a file."""


def render(
    context: typer.Context,
    song: Annotated[Path, typer.Argument(help="song.json or a MIDI file that canzona wrote.")],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="What to write: a picture (.png), sound (.wav, .flac or .mp3) or MIDI (.mid)."),
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
    as_json: options.AsJson = False,
) -> None:
    """Draw or play a song."""
    writable("output", output, tuple(WRITERS), force, [song])
    ending = output.suffix.lower()
    for parameter in context.command.params:
        given = context.get_parameter_source(parameter.name or "")
        endings = ONLY_FOR.get(parameter.name or "", tuple(WRITERS))
        if given is not None and given.name == "COMMANDLINE" and ending not in endings:
            name = parameter.opts[0].lstrip("-")
            raise ValueError(f"{name}: must only be given for {', '.join(endings)}, got output {str(output)!r}")
    performance = playing.performance_of(humanize, seed, pedal, programs, channels, tracks)
    played = Playing(performance, playing.parts_of(parts), click, count_in)
    WRITERS[ending](read_song("song", song), output, played)
    report({"output": str(output)}, as_json, str(output))
