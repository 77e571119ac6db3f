"""``canzona render``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.common import read_song
from canzona.cli.messages import note, report
from canzona.cli.outputs import writable


def render(
    song: Annotated[Path, typer.Argument(help="song.json or a MIDI file that canzona wrote.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="What to write: a picture (.png), sound (.wav) or MIDI (.mid).")
    ],
    chords: Annotated[bool, typer.Option("--chords", help="In sound (.wav): let the block chords sound too.")] = False,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Draw or play a song."""
    from canzona.io.audio import song_to_wav
    from canzona.io.files import atomic_write
    from canzona.io.midi import song_to_midi
    from canzona.io.picture import song_to_picture

    writable("output", output, (".png", ".wav", ".mid"), force, [song])
    suffix = output.suffix.lower()
    if chords and suffix != ".wav":
        raise ValueError(f"chords: must only be given for sound (.wav), got output {str(output)!r}")
    read = read_song("song", song)
    if suffix == ".wav":
        played = song_to_wav(read, output, with_chords=chords)
        if played.missing:
            note(f"the simple synthesiser played: {played.missing}")
    else:
        atomic_write(output, song_to_picture(read) if suffix == ".png" else song_to_midi(read))
    report({"output": str(output)}, as_json, str(output))
