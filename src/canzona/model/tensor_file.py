"""What every weight file has in common: tensors and a few texts in one safetensors file, of a named format.

Errors name what is read (``noun``) and the file (``source``) in one line.
"""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)


def format_of(path: Path) -> str | None:
    """The format that the file says it has; it may be damaged nevertheless. ``None`` where it says none.

    Raises:
        OSError: where it cannot be read.
    """
    path.open("rb").close()  # where it cannot be read, this error names it
    try:
        with safe_open(path, framework="pt") as file:
            return (file.metadata() or {}).get("format")
    except SafetensorError:
        return None


def unpacked(data: bytes, format: str, noun: str, source: str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the texts of a file's contents, both by name.

    Raises:
        ValueError: where it is damaged or not of this format.
    """
    try:
        tensors = load(data)
        metadata = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")]).get("__metadata__", {})
    except (SafetensorError, ValueError) as error:
        raise ValueError(f"{noun}: {source} is damaged ({one_line(error)})") from None
    if metadata.get("format") != format:
        raise ValueError(f"{noun}: {source} must be a {format} file, got {metadata.get('format')!r}")
    return tensors, metadata


def filled(make: Callable[[], N], tensors: Mapping[str, Tensor], noun: str, source: str) -> N:
    """A network of these tensors, ready to be used but not to be trained.

    Raises:
        ValueError: where they are not those of such a network, or not all of their numbers are finite.
    """
    try:
        with torch.device("meta"):  # a configuration that the tensors do not bear out must cost no memory
            network = make()
        network.load_state_dict(dict(tensors), assign=True)
    except RuntimeError as error:
        raise ValueError(f"{noun}: {source} is damaged ({one_line(error)})") from None
    for name, value in tensors.items():
        if not torch.isfinite(value.sum()) and not torch.isfinite(value).all():  # a sum is quick, but may overflow
            raise ValueError(f"{noun}: {source} is damaged (numbers of {name} are not finite)")
    return network.eval().requires_grad_(False)


def one_line(error: Exception) -> str:
    return " ".join(line.strip() for line in str(error).splitlines()[:2])
