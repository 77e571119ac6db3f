"""``canzona register``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli.common import report


def register(
    runs: Annotated[list[Path], typer.Argument(help="Folders of finished training runs.")],
    weights: Annotated[Path | None, typer.Option(help="Folder that takes the weights. Default: the package's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make the weights of training runs the ones that compose."""
    from canzona import pretrained
    from canzona.training.loop import WEIGHTS

    if weights is not None and not weights.is_dir():
        raise ValueError(f"weights: must be a folder, got {str(weights)!r}")
    for run in runs:
        if not (run / WEIGHTS).is_file():
            raise ValueError(f"runs: must be folders with {WEIGHTS}, got {str(run)!r}")
    registry = pretrained.register([run / WEIGHTS for run in runs], weights)
    report(registry, as_json, "\n".join(f"{level}: {digest}" for level, digest in registry.items()))
