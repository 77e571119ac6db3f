"""``canzona analyze``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.common import Readings, hear, read_file
from canzona.cli.messages import note, report
from canzona.cli.outputs import writable


def analyze(
    file: Annotated[Path, typer.Argument(help="Any MIDI file (.mid, .midi, .kar, .rmi), or MusicXML (.musicxml, .mxl, .xml).")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Song to write (.json), with its four levels.")],
    meter: Annotated[str | None, typer.Option(help="4/4 or 3/4. Default: the file's, else as found.")] = None,
    tempo: Annotated[
        float | None, typer.Option(help="Quarter notes a minute, 20 to 300. Default: the file's, else as found.")
    ] = None,
    first_downbeat: Annotated[
        float | None,
        typer.Option(help="When a bar begins, in seconds from the file's start. Default: the file's, else as found."),
    ] = None,
    melody_track: Annotated[
        str | None, typer.Option(help="Track that is the melody, by name or number from 1. Default: by name, else as found.")
    ] = None,
    drop_track: Annotated[
        list[str] | None, typer.Option(help="Track that is not read, by name or number; may be given several times.")
    ] = None,
    explain: Annotated[Path | None, typer.Option(help="Picture (.png) of what was found, to write beside the song.")] = None,
    strict: options.Strict = False,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Hear a song in any MIDI file: its bars, melody, chords, keys and phrases."""
    from canzona.reading import HEARD, MIDI_FILES, SCORES
    from canzona.song.timing import Meter
    from canzona.transcription import AnalysisOptions

    writable("output", output, (".json",), force, [file])
    if explain is not None:
        writable("explain", explain, (".png",), force, [file])
    known = AnalysisOptions(
        meter=None if meter is None else Meter.parse(meter),
        tempo=tempo,
        first_downbeat_seconds=first_downbeat,
        melody_track=melody_track,
        drop_tracks=tuple(drop_track or ()),
    )
    suffix = file.suffix.lower()
    if suffix in SCORES:
        if known != AnalysisOptions() or explain is not None:
            raise ValueError(f"file: must be a MIDI file where anything is said of it or explained, got {str(file)!r}")
        _write_score(file, output, strict, as_json)
        return
    if suffix not in MIDI_FILES:
        raise ValueError(f"file: must end in {', '.join((*MIDI_FILES, *SCORES))}, got {str(file)!r}")
    from dataclasses import replace

    from canzona.io.files import atomic_write_all
    from canzona.io.found import in_one_line
    from canzona.io.song_json import song_to_json
    from canzona.transcription.explanation import analysis_to_png

    data = read_file("file", file)
    try:
        analysis = hear((data, known))
    except ValueError as error:
        raise ValueError(f"file: {file}: {error}") from None
    if strict and analysis.left_out:
        raise ValueError(f"file: {file}: must be read whole with --strict, left out would be {', '.join(analysis.left_out)}")
    findings = {
        "confidence": {name: round(value, 3) for name, value in analysis.confidence.items()},
        "found": list(analysis.remarks),
        "left_out": list(analysis.left_out),
    }
    form = {"form": HEARD} if analysis.form_is_heard else {}
    song = replace(analysis.song, provenance={"command": "analyze", "file": file.name, **form, **findings})
    contents = {output: song_to_json(song).encode()}
    if explain is not None:
        contents[explain] = analysis_to_png(analysis)
    atomic_write_all(contents)
    note(f"read {file}: {in_one_line(song, analysis.remarks, analysis.left_out, analysis.form_is_heard)}")
    facts = {"output": str(output), "form": song.form.keyed_text(), "meter": str(song.meter), "tempo": song.tempo, **findings}
    report(facts, as_json, str(output))


def _write_score(file: Path, output: Path, strict: bool, as_json: bool) -> None:
    """The song of a score, with the levels that it lacks."""
    from canzona.hierarchy.extraction import completed
    from canzona.io.song_json import write_song_file

    readings = Readings(strict)
    song = completed(readings.song("file", file))
    write_song_file(output, song)
    readings.tell()
    report({"output": str(output), "read": readings.facts()}, as_json, str(output))
