"""The weights that come with the package, checked against their registry before use."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch
from pydantic import StrictStr

from canzona.faults import MachineFault
from canzona.generation.canvas import LevelModel
from canzona.generation.cascade import Cascade
from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import LEVELS, level_named
from canzona.io.files import LARGEST_FILE_BYTES, atomic_write_all, read_bytes
from canzona.io.strict_json import as_kind, parse_json
from canzona.model.denoiser import Denoiser
from canzona.model.encoder_weights import TrainedEncoder, encoders_from_bytes, encoders_to_bytes, holds_encoders, read_encoders
from canzona.model.weights import WeightsCard, load_weights, read_card
from canzona.processes import processors_here
from canzona.representation.encoders import Encoders
from canzona.representation.encodings import ENCODINGS
from canzona.representation.specification import image_fields, specification

WEIGHTS_FOLDER = Path(__file__).parent / "weights"
REGISTRY = "registry.json"
ENCODERS = "encoders"
"""The name of the encoders' file, and of its entry in the registry."""

MOST_PROCESSORS = 64
FAST_BFLOAT16_FLAGS = ("amx_bf16", "avx512_bf16")


class UnusableWeights(MachineFault):
    """Weights are missing or not what the registry says; the message says in one line which and what to do."""


def load(folder: Path | None = None, device: str = "cpu", dtype: torch.dtype | None = None, threads: int = 1) -> Cascade:
    """The cascade, ready to compose.

    Args:
        folder: where the four weight files and their registry are, and encoders, if not the package's; ``None`` takes those of
            the package.
        device: ``"cpu"`` or ``"cuda"``.
        dtype: in which the networks compute; ``None`` takes bfloat16 where the device is fast at it, else single precision.
        threads: processors that compose, 1 to 64; songs depend on it.

    Raises:
        UnusableWeights: where a file is missing, damaged, or made for other levels than these.
        ValueError: for a device that this machine lacks, or other threads.
    """
    if device != "cpu" and not torch.cuda.is_available():
        raise ValueError(f"device: must be cpu on a machine without CUDA, got {device!r}")
    check_processors(threads)
    folder = folder or WEIGHTS_FOLDER
    registry = _read_registry(folder)
    models = {level.name: _load_registered(folder, level, registry, device, dtype) for level in LEVELS}
    own = folder if ENCODERS in registry else None
    return Cascade(models, device, encoders=cache(lambda: _encoders_of(own, models)), threads=threads)


def _encoders_of(folder: Path | None, models: Mapping[str, LevelModel]) -> Encoders:
    """The encoders, once it is sure that they are those whose codes the levels learnt."""
    encoders = load_encoders(folder)
    for name, model in models.items():
        if model.encoders not in (None, encoders.digest):
            raise UnusableWeights(
                f"weights: {name} learnt the codes of other encoders than those of {ENCODERS}.safetensors; train it again"
            )
    return encoders


def load_encoders(folder: Path | None = None) -> Encoders:
    """The encoders of short passages, ready to encode songs.

    Args:
        folder: where their file and its registry are; ``None`` takes those of the package.

    Raises:
        UnusableWeights: where the file is missing, damaged, or made for other encoders than these.
    """
    folder = folder or WEIGHTS_FOLDER
    path, digest = _encoders_file(folder), _read_registry(folder).get(ENCODERS, "")
    data = _registered_bytes(path, digest)
    try:
        return Encoders(tuple(encoders_from_bytes(data, str(path))), digest)
    except ValueError as error:
        raise UnusableWeights(str(error)) from None


def cards(folder: Path | None = None) -> list[WeightsCard]:
    """What each level's weight file says of itself, coarsest level first."""
    return [read_card(level_file(folder or WEIGHTS_FOLDER, level)) for level in LEVELS]


def fast_dtype(device: str) -> torch.dtype:
    """bfloat16 on a GPU, and on a processor with instructions for it; single precision elsewhere."""
    if device != "cpu":
        return torch.bfloat16
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return torch.float32
    return torch.bfloat16 if any(flag in flags for flag in FAST_BFLOAT16_FLAGS) else torch.float32


def check_processors(threads: int) -> None:
    """See that threads are 1 to ``MOST_PROCESSORS``.

    Raises:
        ValueError: where they are not.
    """
    if not 1 <= threads <= MOST_PROCESSORS:
        raise ValueError(f"threads: must be 1 to {MOST_PROCESSORS}, got {threads}")


def use_processors(threads: int | None = None) -> int:
    """Fix how many processors compose: the sums, and so the songs, depend on it.

    Args:
        threads: how many; ``None`` takes those this process may use, at most 4.

    Returns:
        How many.

    Raises:
        ValueError: where they are not 1 to ``MOST_PROCESSORS``.
    """
    if threads is not None:
        check_processors(threads)
    threads = threads or min(4, processors_here())
    torch.set_num_threads(threads)
    return threads


def levels_of(files: Sequence[Path]) -> list[Level]:
    """The levels whose weights are in these files; those of encoders are left out.

    Raises:
        ValueError: where a file is damaged or made for another level than these.
    """
    return [level_named(read_card(file).level) for file in files if not holds_encoders(file)]


def register(files: Sequence[Path], folder: Path) -> dict[str, str]:
    """Take trained weight files into a folder of weights, one for each level that they name, and note them in its registry.

    Encoders are added to the folder's one file of encoders, in the place of those of the same name and seed. The entries of all
    else stay as they are, whatever has become of their files.

    Returns:
        Level's name, or ``ENCODERS`` → SHA-256 of every file now registered.

    Raises:
        ValueError: where a file is too large or made for other levels or encoders than these.
        UnusableWeights: where the folder has a registry, or a file of encoders that is added to, that cannot be read.
    """
    contents: dict[Path, bytes] = {}
    registry = _read_registry(folder) if (folder / REGISTRY).exists() else {}
    of_encoders = [file for file in files if holds_encoders(file)]
    for file in files:
        if file not in of_encoders:
            level = level_named(read_card(file).level)
            load_level(file, level)
            contents[level_file(folder, level)] = _small_enough(file.read_bytes(), file)
            registry[level.name] = _hash(contents[level_file(folder, level)])
    if of_encoders:
        path = _encoders_file(folder)
        present = _registered_bytes(path, registry[ENCODERS]) if ENCODERS in registry else None
        contents[path] = _small_enough(_encoders_with(present, of_encoders, path), path)
        registry[ENCODERS] = _hash(contents[path])
    registry = {name: registry[name] for name in (*(level.name for level in LEVELS), ENCODERS) if name in registry}
    contents[folder / REGISTRY] = (json.dumps(registry, indent=2) + "\n").encode()
    atomic_write_all(contents)
    return registry


def _load_registered(
    folder: Path, level: Level, registry: dict[str, str], device: str, dtype: torch.dtype | None
) -> LevelModel:
    path = level_file(folder, level)
    _registered_bytes(path, registry.get(level.name, ""))
    try:
        return replace(load_level(path, level, device, dtype), digest=registry[level.name])
    except ValueError as error:
        raise UnusableWeights(str(error)) from None


def load_level(path: Path, level: Level, device: str = "cpu", dtype: torch.dtype | None = None) -> LevelModel:
    """One level's model from any weight file, registered or not.

    Raises:
        ValueError: where the file is damaged or made for another level.
        OSError: where it cannot be read.
    """
    dtype = dtype or fast_dtype(device)
    network, card = load_weights(path, level.name, specification(level), dtype)
    for name, wanted in image_fields(level).items():
        if (found := getattr(card.config, name)) != wanted:
            raise ValueError(f"weights: {path} has {name} {found!r}, must have {wanted!r}")
    learnt = card.training.get("encoders")
    return LevelModel(Denoiser(network.to(device)), card.schedule, dtype, encoders=learnt if isinstance(learnt, str) else None)


def _registered_bytes(path: Path, digest: str) -> bytes:
    """A file's contents, once it is sure that they are those with this SHA-256."""
    try:
        data = read_bytes(path)
    except ValueError as error:
        raise UnusableWeights(f"weights: {error}") from None
    except OSError:
        raise UnusableWeights(f"weights: {path} is missing; install canzona again or name a folder that has it") from None
    if digest != _hash(data):
        raise UnusableWeights(f"weights: {path} is damaged (its SHA-256 is not that of {REGISTRY}); install canzona again")
    return data


def _encoders_with(present: bytes | None, files: Sequence[Path], path: Path) -> bytes:
    """The encoders of a file's contents and of further files, the last of the same name and seed, in the order of the table."""
    try:
        found = [] if present is None else encoders_from_bytes(present, str(path))
    except ValueError as error:
        raise UnusableWeights(str(error)) from None
    found += [encoder for file in files for encoder in read_encoders(file)]
    names = [encoding.name for encoding in ENCODINGS]
    latest: dict[tuple[int, int], TrainedEncoder] = {}
    for encoder in found:
        if encoder.card.name not in names:
            raise ValueError(f"encoders: must be {', '.join(names)}, got {encoder.card.name!r}")
        latest[names.index(encoder.card.name), encoder.card.seed_number] = encoder
    kept = Encoders(tuple(latest[place] for place in sorted(latest)))  # refuses those made for other tables
    return encoders_to_bytes(kept.trained)


def _small_enough(data: bytes, path: Path) -> bytes:
    if len(data) > LARGEST_FILE_BYTES:
        raise ValueError(f"weights: {path} must be at most {LARGEST_FILE_BYTES} bytes, got {len(data)}")
    return data


def _encoders_file(folder: Path) -> Path:
    return folder / f"{ENCODERS}.safetensors"


def _read_registry(folder: Path) -> dict[str, str]:
    path = folder / REGISTRY
    try:
        return as_kind(parse_json(read_bytes(path)), dict[StrictStr, StrictStr])
    except OSError:
        raise UnusableWeights(f"weights: {path} is missing; install canzona again or name a folder that has it") from None
    except ValueError:
        raise UnusableWeights(f"weights: {path} is damaged; install canzona again") from None


def level_file(folder: Path, level: Level) -> Path:
    """Where a folder of weights has those of a level."""
    return folder / f"{level.name}.safetensors"


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
