"""``canzona prepare``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.messages import report
from canzona.cli.outputs import writable
from canzona.cli.progress import progress


def prepare(
    pop909: Annotated[Path, typer.Option(help="Folder POP909/ of a clone of POP909-Dataset, or its parent.")],
    structure: Annotated[
        Path, typer.Option(help="Folder POP909/ of a clone of hierarchical-structure-analysis, or its parent.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Data set to write.")] = Path("dataset.npz"),
    processes: Annotated[int, typer.Option(help="Processes that read songs, 1 to 64.")] = 2,
    force: options.Force = False,
    as_json: options.AsJson = False,
    shard: options.ShardOf = None,
    engine: options.EngineName = "processes",
    address: options.Address = None,
) -> None:
    """Read POP909 and its annotations into one data set for training."""
    from canzona.engine import Engine
    from canzona.shard import Shard
    from canzona.training.dataset import save_songs
    from canzona.training.prepare import prepare_songs

    writable("output", output, (".npz",), force)
    if not 1 <= processes <= 64:
        raise ValueError(f"processes: must be 1 to 64, got {processes}")
    worker, part = Engine(processes, engine, address), None if shard is None else Shard.parse(shard)
    results = []
    with progress() as display:
        for result in prepare_songs(_songs_folder(pop909), _songs_folder(structure), worker, part):
            results.append(result)
            display.show("reading songs", len(results), None, f"{len(results)} songs")
    results.sort(key=lambda result: result.number)
    taken = [result for result in results if result.reason is None]
    if not taken:
        raise ValueError(
            f"pop909: must hold a song that can be used, got {len(results)}, of which the first: {results[0].reason}"
        )
    size = save_songs(output, [song for result in taken for song in result.songs])
    rejected = {f"{result.number:03d}": result.reason for result in results if result.reason is not None}
    facts = {
        "output": str(output),
        "bytes": size,
        "songs": len(taken),
        "labellings": sum(len(result.songs) for result in taken),
        "lowest_melody_match": round(min(result.melody_match for result in taken), 4),
        "rejected": rejected,
    }
    lines = [f"rejected {number}: {reason}" for number, reason in rejected.items()]
    lines.append(
        f"{output}: {len(taken)} of {len(results)} songs taken, {facts['labellings']} with both labellings, "
        f"melody matched in each by {facts['lowest_melody_match']:.1%} or more, {size / 1e6:.1f} MB"
    )
    report(facts, as_json, "\n".join(lines))


def _songs_folder(folder: Path) -> Path:
    """The folder of numbered songs in a clone, given it or its parent."""
    return folder / "POP909" if (folder / "POP909").is_dir() else folder
