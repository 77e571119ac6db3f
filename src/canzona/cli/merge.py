"""``canzona merge``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.common import read_data
from canzona.cli.messages import report
from canzona.cli.outputs import writable


def merge(
    parts: Annotated[list[Path], typer.Argument(help="Data sets made by 'canzona prepare --shard'.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Data set to write.")] = Path("dataset.npz"),
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Put the shards of a data set together: the same bytes as prepared in one run."""
    from canzona.training.dataset import save_songs
    from canzona.training.merging import merged_songs

    writable("output", output, (".npz",), force, parts)
    songs = merged_songs({str(path): read_data(path) for path in parts})
    size = save_songs(output, songs)
    facts = {"output": str(output), "bytes": size, "songs": len({song.number for song in songs}), "labellings": len(songs)}
    report(facts, as_json, f"{output}: {facts['songs']} songs, {len(songs)} with both labellings, {size / 1e6:.1f} MB")
