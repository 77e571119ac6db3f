"""``canzona evaluate``."""

from pathlib import Path
from statistics import fmean
from typing import Annotated

import typer

from canzona.cli.common import read_data, read_song, report


def evaluate(
    songs: Annotated[
        list[Path], typer.Argument(help="Songs (.json, .mid), or folders of them, or one data set (.npz): its test songs.")
    ],
    each: Annotated[bool, typer.Option("--each", help="Print every song's figures too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Print the figures of songs, and their mean."""
    from canzona.evaluation.metrics import METRICS, score

    scores = {name: score(song) for name, song in _songs(songs)}
    if not scores:
        raise ValueError(f"songs: must be at least one, got none in {', '.join(map(str, songs))}")
    means: dict[str, float | None] = {}
    for metric in METRICS:
        values = [value for own in scores.values() if (value := own[metric.name]) is not None]
        means[metric.name] = fmean(values) if values else None
    lines = [f"{'figure':28}{'mean':>8}{'songs':>8}   meaning"]
    for metric in METRICS:
        mean = means[metric.name]
        fitting = sum(own[metric.name] is not None for own in scores.values())
        lines.append(f"{metric.name:28}{'–' if mean is None else f'{mean:.3f}':>8}{fitting:>8}   {metric.meaning}")
    if each:
        for name, own in scores.items():
            figures = ", ".join(f"{key} {'–' if value is None else f'{value:.3f}'}" for key, value in own.items())
            lines.append(f"{name}: {figures}")
    report({"songs": len(scores), "mean": means} | ({"each": scores} if each else {}), as_json, "\n".join(lines))


def _songs(paths: list[Path]):
    for path in paths:
        if path.suffix == ".npz":
            yield from (
                (f"{item.number}-{place}", item.song) for place, item in enumerate(read_data(path)) if item.is_validation
            )
        elif path.is_dir():
            written = sorted(path.glob("*.json"))
            only_played = [file for file in sorted(path.glob("*.mid")) if file.with_suffix(".json") not in written]
            yield from ((str(file), read_song(file)) for file in written + only_played)
        else:
            yield str(path), read_song(path)
