"""``canzona register``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.messages import report
from canzona.cli.outputs import writable


def register(
    runs: Annotated[list[Path], typer.Argument(help="Folders of finished training runs.")],
    weights: Annotated[Path, typer.Option(help="Existing folder that takes the weights; compose with it by --weights.")],
    force: options.Force = False,
    as_json: options.AsJson = False,
) -> None:
    """Take the weights of training runs into a folder, from which they compose."""
    from canzona import pretrained
    from canzona.training.loop import WEIGHTS

    if not weights.is_dir():
        raise ValueError(f"weights: must be a folder, got {str(weights)!r}")
    for run in runs:
        if not (run / WEIGHTS).is_file():
            raise ValueError(f"runs: must be folders with {WEIGHTS}, got {str(run)!r}")
    for file in pretrained.replaced_by([run / WEIGHTS for run in runs], weights):
        writable("weights", file, force=force)
    registry = pretrained.register([run / WEIGHTS for run in runs], weights)
    report(registry, as_json, "\n".join(f"{level}: {digest}" for level, digest in registry.items()))
