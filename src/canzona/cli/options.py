"""Options that commands which compose have in common."""

from pathlib import Path
from typing import Annotated

import typer

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="MIDI file to write; song.json goes beside it. Default: the first free name."),
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that are there already.")]
Seed = Annotated[int | None, typer.Option(help="Same seed, same song; 0 or more. Default: drawn at random.")]
Steps = Annotated[int | None, typer.Option(help="Sampler steps a window, 2 to 1000. Default: each level's own.")]
Strength = Annotated[
    float | None,
    typer.Option("--guidance", help="How strongly to follow the coarser levels, 0 to 5; 1 is as tuned. Default: 1."),
]
Chords = Annotated[
    str | None,
    typer.Option("--chords", help='Exact chords, bars parted by |: "C G/B | Am7 F", or by phrase: "A: C | G; B: F | C".'),
]
_LIKE = "FILE[:BARS][@LETTER], a passage whose {} to be like; may be given several times."
_WEIGHT = "How strongly, 0 to 10; 1 is the model's own belief. Default: as tuned."
ChordsLike = Annotated[list[str] | None, typer.Option("--chords-like", help=_LIKE.format("chords in 8 bars are"))]
ChordsLikeWeight = Annotated[float | None, typer.Option("--chords-like-weight", help=_WEIGHT)]
RhythmLike = Annotated[list[str] | None, typer.Option("--rhythm-like", help=_LIKE.format("melody's rhythm in 2 bars is"))]
RhythmLikeWeight = Annotated[float | None, typer.Option("--rhythm-like-weight", help=_WEIGHT)]
TextureLike = Annotated[list[str] | None, typer.Option("--texture-like", help=_LIKE.format("piano texture in 2 bars is"))]
TextureLikeWeight = Annotated[float | None, typer.Option("--texture-like-weight", help=_WEIGHT)]
Repeat = Annotated[
    str | None,
    typer.Option("--repeat", help="How literally phrases return, 0 (free) to 1 (literal): 0.8, or by letter: A=1,B=0.2."),
]
EndOnTonic = Annotated[
    bool | None,
    typer.Option("--end-on-tonic/--no-end-on-tonic", help="Whether the last bar has the tonic chord. Default: it has."),
]
Weights = Annotated[Path | None, typer.Option(help="Folder with other weights than the package's.")]
Device = Annotated[str, typer.Option(help="cpu or cuda.")]
Threads = Annotated[int, typer.Option(help="Processors to use, 1 to 64; a single song is quickest on one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
