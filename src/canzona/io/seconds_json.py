"""How long songs took to compose: a file in their folder."""

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import StrictFloat, StrictStr

from canzona.io.files import atomic_write, read_bytes
from canzona.io.strict_json import as_kind, parse_json

SECONDS = "seconds.json"
"""The name of the file."""


def read_seconds(folder: Path) -> dict[str, float]:
    """Name of a song, without ending → seconds; empty where the folder does not say. The inverse of ``write_seconds``.

    Raises:
        ValueError: naming the file, where it holds something else.
        OSError: where it cannot be read.
    """
    path = folder / SECONDS
    if not path.exists():
        return {}
    data = read_bytes(path)
    try:
        return as_kind(parse_json(data), dict[StrictStr, StrictFloat])
    except ValueError as error:
        raise ValueError(f"{path} must hold seconds by song's name: {error}") from None


def write_seconds(folder: Path, seconds: Mapping[str, float]) -> None:
    """Write how long songs took.

    Raises:
        OSError: as ``atomic_write``.
    """
    atomic_write(folder / SECONDS, json.dumps(dict(seconds)).encode())
