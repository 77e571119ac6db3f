"""``canzona export-weights``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.messages import report
from canzona.cli.outputs import writable


def export_weights(
    folder: Annotated[Path, typer.Argument(help="Folder that takes them; made where there is none.")],
    weights: options.Weights = None,
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Write weights as a folder of the Hugging Face Hub: model card, and weights and configuration of each level."""
    from canzona import hub

    if folder.exists() and not folder.is_dir():
        raise ValueError(f"folder: must be a folder, got the file {str(folder)!r}")
    if not folder.parent.is_dir():
        raise ValueError(f"folder: its folder must exist, got {str(folder)!r}")
    for path in hub.hub_files(folder, weights):
        if path.parent.is_dir():
            writable("folder", path, force=force)
    files = hub.export_weights(folder, weights)
    size = sum(path.stat().st_size for path in files)
    facts = {"folder": str(folder), "files": [str(path.relative_to(folder)) for path in files], "bytes": size}
    report(facts, as_json, f"{folder}: {len(files)} files, {size / 1e6:.1f} MB")
