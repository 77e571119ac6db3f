"""The weights that come with the package, checked against their registry before use."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import torch

from canzona.generation.canvas import LevelModel
from canzona.generation.cascade import Cascade
from canzona.generation.dynamics import load_dynamics, read_dynamics, shipped_dynamics
from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import LEVELS, level_named
from canzona.hub import check_config
from canzona.io.files import LARGEST_FILE_BYTES, atomic_write_all
from canzona.model.denoiser import Denoiser
from canzona.model.dynamics import FORMAT as DYNAMICS_FORMAT
from canzona.model.encoder_weights import FORMAT as ENCODERS_FORMAT
from canzona.model.encoder_weights import TrainedEncoder, encoders_from_bytes, encoders_to_bytes, read_encoders
from canzona.model.precision import fast_dtype
from canzona.model.registry import (
    DYNAMICS,
    ENCODERS,
    HUB_WEIGHTS,
    REGISTRY,
    WEIGHTS_FOLDER,
    UnusableWeights,
    digest_of,
    read_registry,
    registered_bytes,
    weights_file,
)
from canzona.model.tensor_file import format_of
from canzona.model.weights import WeightsCard, load_weights, read_card
from canzona.processes import processors_here
from canzona.representation.encoders import Encoders
from canzona.representation.encodings import ENCODINGS
from canzona.representation.specification import image_fields, specification

MOST_PROCESSORS = 64


def load(folder: Path | None = None, device: str = "cpu", dtype: torch.dtype | None = None, threads: int = 1) -> Cascade:
    """The cascade, ready to compose.

    Args:
        folder: where the four weight files and their registry are, and encoders and dynamics, if not the package's; ``None``
            takes those of the package.
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
    registry = read_registry(folder)
    models = {level.name: _load_registered(folder, level, registry, device, dtype) for level in LEVELS}
    own = folder if ENCODERS in registry else None
    return Cascade(
        models,
        device,
        encoders=cache(lambda: _encoders_of(own, models)),
        threads=threads,
        dynamics=cache(lambda: load_dynamics(folder)) if DYNAMICS in registry else shipped_dynamics,
    )


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
    path, digest = weights_file(folder, ENCODERS), read_registry(folder).get(ENCODERS, "")
    data = registered_bytes(path, digest)
    try:
        return Encoders(tuple(encoders_from_bytes(data, str(path))), digest)
    except ValueError as error:
        raise UnusableWeights(str(error)) from None


def digests(folder: Path | None = None) -> dict[str, str]:
    """SHA-256 of the weights of every level and of dynamics, as songs that are composed with them name them.

    Args:
        folder: where they and their registry are; ``None`` takes those of the package, which also plays where another does not.

    Raises:
        UnusableWeights: where the registry is missing, damaged, or lacks a level.
    """
    folder = folder or WEIGHTS_FOLDER
    registry = read_registry(folder)
    lacking = [level.name for level in LEVELS if level.name not in registry]
    if lacking:
        raise UnusableWeights(f"weights: {folder / REGISTRY} must name {lacking[0]}, does not; register its weights")
    played = registry if DYNAMICS in registry else read_registry(WEIGHTS_FOLDER)
    return {level.name: registry[level.name] for level in LEVELS} | {DYNAMICS: played.get(DYNAMICS, "")}


def cards(folder: Path | None = None) -> list[WeightsCard]:
    """What each level's weight file says of itself, coarsest level first."""
    return [read_card(weights_file(folder or WEIGHTS_FOLDER, level.name)) for level in LEVELS]


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


def replaced_by(files: Sequence[Path], folder: Path) -> list[Path]:
    """The files that ``register`` would put into a folder in the place of others; encoders are added to theirs.

    Raises:
        ValueError: where a file is damaged or made for other levels or notes than these.
    """
    formats = {file: format_of(file) for file in files}
    return [weights_file(folder, _checked_name(*own)) for own in formats.items() if own[1] != ENCODERS_FORMAT]


def register(files: Sequence[Path], folder: Path) -> dict[str, str]:
    """Take trained weight files into a folder of weights, one for each level that they name, and note them in its registry.

    Encoders are added to the folder's one file of encoders, in the place of those of the same name and seed. The entries of all
    else stay as they are, whatever has become of their files.

    Returns:
        Level's name, ``ENCODERS`` or ``DYNAMICS`` → SHA-256 of every file now registered.

    Raises:
        ValueError: where a file is too large or made for other levels, encoders or notes than these.
        UnusableWeights: where the folder has a registry, or a file of encoders that is added to, that cannot be read.
    """
    contents: dict[Path, bytes] = {}
    registry = read_registry(folder) if (folder / REGISTRY).exists() else {}
    formats = {file: format_of(file) for file in files}
    of_encoders = [file for file in files if formats[file] == ENCODERS_FORMAT]
    for file in files:
        if file not in of_encoders:
            name = _checked_name(file, formats[file])
            data = contents[weights_file(folder, name)] = _small_enough(file.read_bytes(), file)
            registry[name] = digest_of(data)
    if of_encoders:
        path = weights_file(folder, ENCODERS)
        present = registered_bytes(path, registry[ENCODERS]) if ENCODERS in registry else None
        contents[path] = _small_enough(_encoders_with(present, of_encoders, path), path)
        registry[ENCODERS] = digest_of(contents[path])
    registry = {name: registry[name] for name in (*(level.name for level in LEVELS), ENCODERS, DYNAMICS) if name in registry}
    contents[folder / REGISTRY] = (json.dumps(registry, indent=2) + "\n").encode()
    atomic_write_all(contents)
    return registry


def _checked_name(file: Path, format: str | None) -> str:
    """The name under which a sound file is registered, of dynamics or of a level."""
    if format == DYNAMICS_FORMAT:
        read_dynamics(file.read_bytes(), str(file))
        return DYNAMICS
    level = level_named(read_card(file).level)
    load_level(file, level)
    return level.name


def _load_registered(
    folder: Path, level: Level, registry: dict[str, str], device: str, dtype: torch.dtype | None
) -> LevelModel:
    path = weights_file(folder, level.name)
    registered_bytes(path, registry.get(level.name, ""))
    if path.name == HUB_WEIGHTS:
        check_config(path)
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
        found = getattr(card.config, name)
        if found != wanted and (name, found) != ("tempo_size", 0):  # what was learnt before tempo was told goes on without
            raise ValueError(f"weights: {path} has {name} {found!r}, must have {wanted!r}")
    learnt = card.training.get("encoders")
    return LevelModel(Denoiser(network.to(device)), card.schedule, dtype, encoders=learnt if isinstance(learnt, str) else None)


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
