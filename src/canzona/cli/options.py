"""Options that several commands have in common, most of them those which compose."""

from pathlib import Path
from typing import Annotated, Any

import typer

SONG, KEEP, STEER, OUTPUT, MACHINE = "Song", "Keep", "Steer", "Output", "Machine"
"""The panels of the help of commands that compose."""


def _option(panel: str, *names: str, help: str) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=panel)


_LIKE = r"FILE[:BARS]\[@LETTER], a passage whose {} to be like; may be given several times."
_WEIGHT = "How strongly, 0 to 10; 1 is the model's own belief. Default: as tuned."

Seed = Annotated[int | None, _option(SONG, help="Same seed, same song; 0 or more. Default: drawn at random.")]

Chords = Annotated[
    str | None,
    _option(KEEP, "--chords", help='Exact chords, bars parted by |: "C G/B | Am7 F", or by phrase: "A: C | G; B: F | C".'),
]

Steps = Annotated[int | None, _option(STEER, help="Sampler steps a window, 2 to 1000. Default: each level's own.")]
Strength = Annotated[
    float | None,
    _option(STEER, "--guidance", help="How strongly to follow the coarser levels, 0 to 5; 1 is as tuned. Default: 1."),
]
ChordsLike = Annotated[list[str] | None, _option(STEER, "--chords-like", help=_LIKE.format("chords in 8 bars are"))]
ChordsLikeWeight = Annotated[float | None, _option(STEER, "--chords-like-weight", help=_WEIGHT)]
RhythmLike = Annotated[list[str] | None, _option(STEER, "--rhythm-like", help=_LIKE.format("melody's rhythm in 2 bars is"))]
RhythmLikeWeight = Annotated[float | None, _option(STEER, "--rhythm-like-weight", help=_WEIGHT)]
TextureLike = Annotated[list[str] | None, _option(STEER, "--texture-like", help=_LIKE.format("piano texture in 2 bars is"))]
TextureLikeWeight = Annotated[float | None, _option(STEER, "--texture-like-weight", help=_WEIGHT)]
Repeat = Annotated[
    str | None,
    _option(STEER, "--repeat", help="How literally phrases return, 0 (free) to 1 (literal): 0.8, or by letter: A=1,B=0.2."),
]
EndOnTonic = Annotated[
    bool | None,
    _option(
        STEER,
        "--end-on-tonic/--no-end-on-tonic",
        help="Whether the last bar has the tonic chord, and the tune comes to rest. Default: yes.",
    ),
]

Output = Annotated[
    Path | None,
    _option(OUTPUT, "--output", "-o", help="MIDI file to write; song.json goes beside it. Default: the first free name."),
]
Force = Annotated[bool, _option(OUTPUT, "--force", help="Replace files that are there already.")]
Strict = Annotated[bool, _option(OUTPUT, "--strict", help="Refuse a file of which anything would be left out.")]
AsJson = Annotated[bool, _option(OUTPUT, "--json", help="Print the result as JSON.")]

Weights = Annotated[Path | None, _option(MACHINE, help="Folder with other weights than the package's.")]
Device = Annotated[str, _option(MACHINE, help="cpu or cuda.")]
Processes = Annotated[int | None, _option(MACHINE, help="Songs composed at once, 1 to 1024. Default: one a processor.")]
ShardOf = Annotated[
    str | None,
    _option(MACHINE, "--shard", help="One of several equal parts of the work, such as 1/4. Default: all."),
]
EngineName = Annotated[str, _option(MACHINE, "--engine", help="Who works: processes of this machine, or ray.")]
Address = Annotated[str | None, _option(MACHINE, help="With --engine ray: a cluster's address. Default: this machine.")]
Threads = Annotated[int, _option(MACHINE, help="Processors to use, 1 to 64; a single song is quickest on one.")]
