"""``canzona revise``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.common import Readings
from canzona.cli.composing import LOADING, NamedFiles, compose_one
from canzona.cli.outputs import outputs_of
from canzona.cli.progress import progress
from canzona.cli.steering import likeness_files, steering


def revise(
    song: Annotated[Path, typer.Argument(help="The song that is revised: song.json, MIDI or MusicXML.")],
    level: Annotated[str, typer.Option(help="The coarsest level that is composed anew; those below follow where they must.")],
    bars: Annotated[str | None, typer.Option(help="Bars that are composed anew, such as 9-16 or 1-4,9. Default: all.")] = None,
    phrases: Annotated[
        str | None, typer.Option(help="Phrases instead: letters, or one of several as in A2, such as B,A2.")
    ] = None,
    vary: Annotated[
        float, typer.Option(help="How far from the old version, 0 (as it was) to 1 (as if there were none).")
    ] = 1.0,
    seed: options.Seed = None,
    steps: options.Steps = None,
    guidance: options.Strength = None,
    chords: options.Chords = None,
    chords_like: options.ChordsLike = None,
    chords_like_weight: options.ChordsLikeWeight = None,
    rhythm_like: options.RhythmLike = None,
    rhythm_like_weight: options.RhythmLikeWeight = None,
    texture_like: options.TextureLike = None,
    texture_like_weight: options.TextureLikeWeight = None,
    repeat: options.Repeat = None,
    end_on_tonic: options.EndOnTonic = None,
    output: options.Output = None,
    force: options.Force = False,
    strict: options.Strict = False,
    as_json: options.AsJson = False,
    weights: options.Weights = None,
    device: options.Device = "cpu",
    threads: options.Threads = 1,
) -> None:
    """Compose some bars of a song anew, from one level down; all else stays as it is, bit for bit."""
    if bars is not None and phrases is not None:
        raise ValueError("phrases: must be left out where bars are given, got both")
    from canzona.processes import loading

    readings = Readings(strict)
    with progress() as display:
        display.show(LOADING, 0, None)
        from canzona.hierarchy.extraction import completed

        old = completed(readings.song("song", song))

        with loading():
            from canzona.batch import Order
        from canzona.generation.controls import Revision
        from canzona.generation.request import Request
        from canzona.generation.request_json import drawn_seed
        from canzona.song.bar_ranges import bars_of_phrases, parse_bar_set

        chosen = None if bars is None else parse_bar_set(bars, old.form.length_bars)
        chosen = chosen if phrases is None else bars_of_phrases(old.form, phrases)
        like = {
            "chords": (chords_like, chords_like_weight),
            "rhythm": (rhythm_like, rhythm_like_weight),
            "texture": (texture_like, texture_like_weight),
        }
        seed = drawn_seed(old) if seed is None else seed
        controls = steering(readings, old.meter, seed, steps, guidance, chords, repeat, end_on_tonic, like)
        request = Request(tempo=old.tempo, revision=Revision(old, level, chosen, vary), **controls)
        inputs = [song, *likeness_files(like)]
        paths = outputs_of(output, "revised.mid", range(request.seed, request.seed + 1), force, inputs)
        compose_one(Order(request, weights, device, threads), NamedFiles(paths, force), readings, display, as_json)
