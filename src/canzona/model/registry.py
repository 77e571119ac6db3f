"""The folder of weights that comes with the package, and the registry that says by a SHA-256 what each of its files is."""

import hashlib
from pathlib import Path

from pydantic import StrictStr

from canzona.faults import MachineFault
from canzona.io.files import read_bytes
from canzona.io.strict_json import as_kind, parse_json

WEIGHTS_FOLDER = Path(__file__).parents[1] / "weights"
REGISTRY = "registry.json"
ENCODERS = "encoders"
DYNAMICS = "dynamics"
"""The names of two files, and of their entries in the registry; the others are named by their levels."""


class UnusableWeights(MachineFault):
    """Weights are missing or not what the registry says; the message says in one line which and what to do."""


HUB_WEIGHTS, HUB_CONFIG = "model.safetensors", "config.json"
"""The files of a level's own folder, in a folder that is laid out as on the Hugging Face Hub."""


def weights_file(folder: Path, name: str) -> Path:
    """Where a folder has the file of a name: in it, or where there is a folder of that name, in that."""
    return folder / name / HUB_WEIGHTS if (folder / name).is_dir() else folder / f"{name}.safetensors"


def read_registry(folder: Path) -> dict[str, str]:
    """Name of a file → its SHA-256.

    Raises:
        UnusableWeights: where the registry is missing or damaged.
    """
    path = folder / REGISTRY
    try:
        return as_kind(parse_json(read_bytes(path)), dict[StrictStr, StrictStr])
    except OSError:
        raise UnusableWeights(f"weights: {path} is missing; install canzona again or name a folder that has it") from None
    except ValueError:
        raise UnusableWeights(f"weights: {path} is damaged; install canzona again") from None


def registered_bytes(path: Path, digest: str) -> bytes:
    """A file's contents, once it is sure that they are those with this SHA-256.

    Raises:
        UnusableWeights: where it is missing or has others.
    """
    try:
        data = read_bytes(path)
    except ValueError as error:
        raise UnusableWeights(f"weights: {error}") from None
    except OSError:
        raise UnusableWeights(f"weights: {path} is missing; install canzona again or name a folder that has it") from None
    if digest != digest_of(data):
        raise UnusableWeights(f"weights: {path} is damaged (its SHA-256 is not that of {REGISTRY}); install canzona again")
    return data


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
