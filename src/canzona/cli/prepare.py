"""``canzona prepare``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from canzona.cli import options
from canzona.cli.messages import note, report
from canzona.cli.outputs import writable
from canzona.cli.progress import progress
from canzona.processes import processors_here

if TYPE_CHECKING:
    from canzona.engine import Engine
    from canzona.shard import Shard


def prepare(
    pop909: Annotated[Path | None, typer.Option(help="Folder POP909/ of a clone of POP909-Dataset, or its parent.")] = None,
    structure: Annotated[
        Path | None, typer.Option(help="Folder POP909/ of a clone of hierarchical-structure-analysis, or its parent.")
    ] = None,
    midi: Annotated[
        list[Path] | None,
        typer.Option(help="In place of these: folder of MIDI and MusicXML files of whole songs; may be given several times."),
    ] = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="Data set to write.")] = Path("dataset.npz"),
    processes: Annotated[
        int | None, typer.Option(help="Processes that read songs, 1 to 64. Default: 2, or one a processor with --midi.")
    ] = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
    shard: options.ShardOf = None,
    engine: options.EngineName = "processes",
    address: options.Address = None,
) -> None:
    """Read POP909 and its annotations, or folders of songs, into one data set for training."""
    from canzona.engine import Engine
    from canzona.shard import Shard
    from canzona.training.dataset import save_songs
    from canzona.training.prepare import prepare_songs

    writable("output", output, (".npz",), force)
    if processes is not None and not 1 <= processes <= 64:
        raise ValueError(f"processes: must be 1 to 64, got {processes}")
    if (pop909 is None) != (structure is None) or (pop909 is None) == (not midi):
        raise ValueError("pop909: must be given together with structure, or midi in place of both")
    worker = Engine(processes or (2 if pop909 else processors_here()), engine, address)
    part = None if shard is None else Shard.parse(shard)
    if pop909 is None or structure is None:
        _prepare_folders(midi or [], output, worker, part, as_json)
        return
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


def _prepare_folders(folders: list[Path], output: Path, worker: "Engine", part: "Shard | None", as_json: bool) -> None:
    """The songs of folders, each once, and why files are none."""
    from collections import Counter

    from canzona.training.dataset import save_songs
    from canzona.training.folder import files_of_songs, prepare_files, without_duplicates

    files = files_of_songs(folders)
    intakes = []
    with progress() as display:
        for intake in prepare_files(files, worker, part):
            intakes.append(intake)
            display.show("reading songs", len(intakes), len(files), str(intake.file.path))
    kept = without_duplicates(intakes)
    songs = [intake.song for intake in kept if intake.song is not None]
    rejected = {str(intake.file.path): intake.reason for intake in kept if intake.reason is not None}
    for reason in rejected.values():
        note(f"rejected {reason}")
    if not songs:
        raise ValueError(f"midi: must hold a song that can be used, got {len(kept)} files without")
    size = save_songs(output, songs)
    sources = Counter(intake.file.source for intake in kept if intake.song is not None)
    shares = [f"{source} {number} ({number / len(songs):.0%})" for source, number in sorted(sources.items())]
    facts = {"output": str(output), "bytes": size, "songs": len(songs), "sources": dict(sources), "rejected": rejected}
    said = f"{output}: {len(songs)} of {len(kept)} files taken, {', '.join(shares)}, {size / 1e6:.1f} MB"
    report(facts, as_json, said)


def _songs_folder(folder: Path) -> Path:
    """The folder of numbered songs in a clone, given it or its parent."""
    return folder / "POP909" if (folder / "POP909").is_dir() else folder
