"""Options of how a song is played, in sound and in MIDI files, and what they mean."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from canzona.io.performance import Performance

PLAYING = "Sound and MIDI"
"""The panel of the help."""

SEPARATE, MERGED = "separate", "merged"

Parts = Annotated[
    str | None,
    typer.Option(
        help="Of melody,piano,chords, those that are played. Default: in sound melody,piano, in MIDI all.",
        rich_help_panel=PLAYING,
    ),
]
Click = Annotated[bool, typer.Option("--click", help="In sound: a click on every beat.", rich_help_panel=PLAYING)]
CountIn = Annotated[
    bool, typer.Option("--count-in", help="In sound: a bar of clicks before the song.", rich_help_panel=PLAYING)
]
Humanize = Annotated[float, typer.Option(help="How far times deviate, 0 (as written) to 1 (loosely).", rich_help_panel=PLAYING)]
Seed = Annotated[int, typer.Option(help="Same seed, same deviations of --humanize; 0 or more.", rich_help_panel=PLAYING)]
Pedal = Annotated[
    bool, typer.Option("--pedal", help="Take the piano's sustain pedal anew with every chord.", rich_help_panel=PLAYING)
]
Programs = Annotated[
    str | None,
    typer.Option(help="General MIDI sounds, 1 to 128, by part. Default: melody=72,piano=1,chords=5.", rich_help_panel=PLAYING),
]
Channels = Annotated[
    str | None,
    typer.Option(
        help="In MIDI: channels, 1 to 16 but 10, by part. Default: melody=1,chords=2,piano=3.", rich_help_panel=PLAYING
    ),
]
Tracks = Annotated[
    str, typer.Option(help="In MIDI: separate, or merged into one track for the piano.", rich_help_panel=PLAYING)
]


def performance_of(
    humanize: float, seed: int, pedal: bool, programs: str | None, channels: str | None, tracks: str
) -> "Performance":
    """What the options say.

    Raises:
        ValueError: naming the option that is wrong.
    """
    from canzona.io.performance import Performance

    if tracks not in (SEPARATE, MERGED):
        raise ValueError(f"tracks: must be {SEPARATE} or {MERGED}, got {tracks!r}")
    return Performance(humanize, seed, pedal, tracks == MERGED, _by_part("channels", channels), _by_part("programs", programs))


def parts_of(text: str | None) -> tuple[str, ...] | None:
    """The parts that a list such as ``melody,piano`` names, in the order of tracks; ``None`` without a list.

    Raises:
        ValueError: for a name that is none, or given twice.
    """
    from canzona.io.performance import PROGRAMS

    if text is None:
        return None
    named = [_part("parts", name) for name in text.split(",")]
    if len(set(named)) < len(named):
        raise ValueError(f"parts: must name each once, got {text!r}")
    return tuple(part for part in PROGRAMS if part in named)


def _by_part(option: str, text: str | None) -> Mapping[str, int]:
    """Numbers from ``melody=74,piano=1``."""
    numbers: dict[str, int] = {}
    for item in text.split(",") if text is not None else ():
        name, _, number = item.partition("=")
        part = _part(option, name)
        if not number.strip().isdecimal() or part in numbers:
            raise ValueError(f"{option}: must be a number for each part, such as melody=1,piano=2, got {text!r}")
        numbers[part] = int(number)
    return numbers


def _part(option: str, name: str) -> str:
    from canzona.io.performance import PROGRAMS

    part = name.strip().upper()
    if part not in PROGRAMS:
        raise ValueError(f"{option}: must name {', '.join(own.lower() for own in PROGRAMS)}, got {name.strip()!r}")
    return part
