"""``canzona compose``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.common import Readings
from canzona.cli.composing import LOADING, NamedFiles, compose_batch, compose_one
from canzona.cli.outputs import batch_folder, outputs_of
from canzona.cli.progress import progress
from canzona.cli.steering import likeness_files, read_kept, steering, stored_request

MOST_SONGS = 1_000_000
BESIDE_REQUEST = (
    *("request", "output", "force", "seed", "count", "again", "pack", "shard", "processes", "engine", "address"),
    *("weights", "device", "threads", "as_json", "strict"),
)
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
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="MIDI file to write; song.json goes beside it. A folder, or a name with / at its end: files named by seed. "
            "Default: the first free name.",
            rich_help_panel=options.OUTPUT,
        ),
    ] = None,
    count: Annotated[
        int,
        typer.Option(help="Songs to compose, seeds counting up from --seed; 1 to 1000000.", rich_help_panel=options.OUTPUT),
    ] = 1,
    again: Annotated[
        bool, typer.Option("--again", help="In a folder: compose songs that are there anew.", rich_help_panel=options.OUTPUT)
    ] = False,
    pack: Annotated[
        bool, typer.Option("--pack", help="In a folder: a thousand songs in one tar file.", rich_help_panel=options.OUTPUT)
    ] = False,
    force: options.Force = False,
    strict: options.Strict = False,
    as_json: options.AsJson = False,
    weights: options.Weights = None,
    device: options.Device = "cpu",
    threads: options.Threads = 1,
    processes: options.Processes = None,
    shard: options.ShardOf = None,
    engine: options.EngineName = "processes",
    address: options.Address = None,
) -> None:
    """Compose a song, or many: a MIDI file, and beside it a song.json with all four levels."""
    from canzona.engine import PROCESSES, Engine
    from canzona.processes import loading, processors_here
    from canzona.shard import Shard
    from canzona.song import Form, Key, Meter

    if request is not None:
        for parameter in context.command.params:
            source_of = context.get_parameter_source(parameter.name or "")
            if parameter.name not in BESIDE_REQUEST and source_of is not None and source_of.name == "COMMANDLINE":
                raise ValueError(f"request: must be without {parameter.opts[0].lstrip('-')}, which it holds already, got both")
    if not 1 <= count <= MOST_SONGS:
        raise ValueError(f"count: must be 1 to {MOST_SONGS}, got {count}")
    folder = batch_folder(output)
    for name, given in (("again", again), ("pack", pack)):
        if given and folder is None:
            raise ValueError(f"{name}: must be given with a folder as output, such as songs/, got {output!r}")
    part = Shard() if shard is None else Shard.parse(shard)
    if shard is not None and seed is None and request is None:
        raise ValueError(f"shard: must be given with seed, which all shards have in common, got {shard} alone")
    at_once = max(1, processors_here() // max(1, threads)) if device == "cpu" else 1
    worker = Engine(min(at_once, count) if processes is None else processes, engine, address)
    parsed_form = None if form is None else Form.parse(form)
    parsed_key, parsed_meter = None if key is None else Key.parse(key), None if meter is None else Meter.parse(meter)

    readings = Readings(strict)
    with progress() as display:
        display.show(LOADING, 0, None)
        with loading():
            from canzona.batch import Keeper, Order, PackFolder, SongFolder, packs_of
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
        order = Order(asked, weights and weights.resolve(), device, threads)
        seeds = range(asked.seed, asked.seed + count)
        asked.with_seed(seeds[-1])  # checks that the last seed is in range
        own = part.of(seeds)
        keeper: Keeper
        if folder is not None:
            packs = packs_of(seeds)
            if pack and part.count > len(packs):
                raise ValueError(f"shard: must be of at most {len(packs)} with pack, one for every pack, got {part}")
            keeper = PackFolder(folder, order, part.of(packs), again) if pack else SongFolder(folder, order, own, again)
            total = sum(map(len, part.of(packs))) if pack else len(own)
            folder.mkdir(exist_ok=True)
        else:
            inputs = [melody, lead_sheet, reduced, source, prompt, request, *likeness_files(like)]
            paths = outputs_of(None if output is None else Path(output), "song.mid", seeds, force, inputs)
            keeper, total = NamedFiles({seed: paths[seed] for seed in own}, force), len(own)
        if count == 1 and folder is None and worker.name == PROCESSES:
            compose_one(order, keeper, readings, display, as_json)
        else:
            compose_batch(order, keeper, worker, total, readings, display, as_json, summary=folder is not None)
