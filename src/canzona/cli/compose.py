"""``canzona compose``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.common import Readings
from canzona.cli.composing import LOADING, MOST_SONGS, compose_to_files
from canzona.cli.outputs import outputs_of
from canzona.cli.progress import progress
from canzona.cli.steering import likeness_files, read_kept, steering, stored_request

BESIDE_REQUEST = ("request", "output", "force", "seed", "count", "weights", "device", "threads", "as_json", "strict")
"""Parameters that may be given with a stored request."""


def compose(
    context: typer.Context,
    form: Annotated[
        str | None,
        typer.Option(
            help='Phrases with lengths in bars, capitals sung: i4A8B8o4; keys after @: "A8@D B8@Em". Default: composed.',
            rich_help_panel=options.SONG,
        ),
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Key, such as 'G major' or 'F# minor'. Default: composed.", rich_help_panel=options.SONG)
    ] = None,
    meter: Annotated[
        str | None, typer.Option(help="4/4 or 3/4. Default: that of the music given, else 4/4.", rich_help_panel=options.SONG)
    ] = None,
    tempo: Annotated[
        float | None,
        typer.Option(
            help="Quarter notes a minute, 20 to 300. Default: that of the music given, else 90.", rich_help_panel=options.SONG
        ),
    ] = None,
    bars: Annotated[
        int | None,
        typer.Option(help="Length of a composed form, 1 to 1024. Default: as the model likes.", rich_help_panel=options.SONG),
    ] = None,
    seed: options.Seed = None,
    chords: options.Chords = None,
    melody: Annotated[
        Path | None, typer.Option(help="Song, MIDI or MusicXML file whose melody is kept.", rich_help_panel=options.KEEP)
    ] = None,
    lead_sheet: Annotated[
        Path | None, typer.Option("--lead-sheet", help="File whose melody and chords are kept.", rich_help_panel=options.KEEP)
    ] = None,
    reduced: Annotated[
        Path | None, typer.Option(help="File whose reduced lead sheet is kept.", rich_help_panel=options.KEEP)
    ] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="File whose levels are kept down to --level.", rich_help_panel=options.KEEP)
    ] = None,
    level: Annotated[
        str | None, typer.Option(help="The finest level of --from that is kept.", rich_help_panel=options.KEEP)
    ] = None,
    prompt: Annotated[
        Path | None, typer.Option(help="Song whose beginning is kept and continued.", rich_help_panel=options.KEEP)
    ] = None,
    prompt_bars: Annotated[
        int | None, typer.Option(help="How many bars of --prompt are kept.", rich_help_panel=options.KEEP)
    ] = None,
    request: Annotated[
        Path | None,
        typer.Option(
            help="A song.json that is composed again; of other options --seed and --count alone hold.",
            rich_help_panel=options.KEEP,
        ),
    ] = None,
    steps: options.Steps = None,
    guidance: options.Strength = None,
    chords_like: options.ChordsLike = None,
    chords_like_weight: options.ChordsLikeWeight = None,
    rhythm_like: options.RhythmLike = None,
    rhythm_like_weight: options.RhythmLikeWeight = None,
    texture_like: options.TextureLike = None,
    texture_like_weight: options.TextureLikeWeight = None,
    repeat: options.Repeat = None,
    end_on_tonic: options.EndOnTonic = None,
    output: options.Output = None,
    count: Annotated[
        int,
        typer.Option(help="Songs to compose, with seeds counting up from --seed; 1 to 10000.", rich_help_panel=options.OUTPUT),
    ] = 1,
    force: options.Force = False,
    strict: options.Strict = False,
    as_json: options.AsJson = False,
    weights: options.Weights = None,
    device: options.Device = "cpu",
    threads: options.Threads = 1,
) -> None:
    """Compose a song: a MIDI file, and beside it a song.json with all four levels."""
    from canzona.song import Form, Key, Meter

    if request is not None:
        for parameter in context.command.params:
            source_of = context.get_parameter_source(parameter.name or "")
            if parameter.name not in BESIDE_REQUEST and source_of is not None and source_of.name == "COMMANDLINE":
                raise ValueError(f"request: must be without {parameter.opts[0].lstrip('-')}, which it holds already, got both")
    if not 1 <= count <= MOST_SONGS:
        raise ValueError(f"count: must be 1 to {MOST_SONGS}, got {count}")
    parsed_form = None if form is None else Form.parse(form)
    parsed_key, parsed_meter = None if key is None else Key.parse(key), None if meter is None else Meter.parse(meter)

    readings = Readings(strict)
    with progress() as display:
        display.show(LOADING, 0, None)
        from canzona.generation.request import Request
        from canzona.generation.request_json import drawn_seed
        from canzona.song.progression import chart_form
        from canzona.song.song import DEFAULT_TEMPO

        like = {
            "chords": (chords_like, chords_like_weight),
            "rhythm": (rhythm_like, rhythm_like_weight),
            "texture": (texture_like, texture_like_weight),
        }
        if request is not None:
            asked = stored_request(request)
            asked = asked if seed is None else asked.with_seed(seed)
        else:
            kept = read_kept(readings, melody, lead_sheet, reduced, source, level, prompt, prompt_bars)
            own_meter = parsed_meter or (kept[0].song.meter if kept else Meter())
            seed = drawn_seed() if seed is None else seed
            if parsed_form is None and chords is not None and not kept and bars is None:
                parsed_form = chart_form(chords, own_meter)
            asked = Request(
                form=parsed_form,
                key=parsed_key,
                tempo=(kept[0].song.tempo if kept else DEFAULT_TEMPO) if tempo is None else tempo,
                bars=bars,
                kept=kept,
                **steering(readings, own_meter, seed, steps, guidance, chords, repeat, end_on_tonic, like),
            )
        seeds = range(asked.seed, asked.seed + count)
        asked.with_seed(seeds[-1])  # checks that the last seed is in range
        inputs = [melody, lead_sheet, reduced, source, prompt, request, *likeness_files(like)]
        requests = {path: asked.with_seed(own) for own, path in outputs_of(output, "song.mid", seeds, force, inputs).items()}
        compose_to_files(requests, readings, display, weights, device, threads, as_json, force)
