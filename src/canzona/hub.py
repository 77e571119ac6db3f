"""Weights laid out as on the Hugging Face Hub: a model card with metadata, and a folder a level with weights and configuration.

Nothing here uses a network. ``canzona.pretrained`` loads such a folder like any other; ``export_weights`` writes one.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from canzona.hierarchy.levels import LEVELS
from canzona.io.files import atomic_write_all, read_bytes
from canzona.io.strict_json import parse_json
from canzona.model.registry import (
    DYNAMICS,
    ENCODERS,
    HUB_CONFIG,
    HUB_WEIGHTS,
    REGISTRY,
    WEIGHTS_FOLDER,
    UnusableWeights,
    read_registry,
    registered_bytes,
    weights_file,
)
from canzona.model.weights import WeightsCard, read_card
from canzona.version import __version__

CARD = "README.md"


def hub_files(folder: Path, weights: Path | None = None) -> dict[Path, bytes]:
    """The files that ``export_weights`` writes into a folder, whole weights only, with encoders and dynamics.

    Args:
        folder: where they are to go.
        weights: the folder whose weights are taken; ``None`` takes the package's, which also has what another lacks.

    Raises:
        UnusableWeights: where one of them is missing or damaged.
        ValueError: where one is no weight file.
    """
    weights = weights or WEIGHTS_FOLDER
    registry = read_registry(weights)
    files: dict[Path, bytes] = {}
    own: dict[str, str] = {}
    facts: list[tuple[WeightsCard, int]] = []
    for name in (*(level.name for level in LEVELS), ENCODERS, DYNAMICS):
        source = WEIGHTS_FOLDER if name in (ENCODERS, DYNAMICS) and name not in registry else weights
        own[name] = read_registry(source).get(name, "")
        files[folder / name / HUB_WEIGHTS] = registered_bytes(weights_file(source, name), own[name])
    for level in LEVELS:
        card = read_card(weights_file(weights, level.name))
        files[folder / level.name / HUB_CONFIG] = config_json(card).encode()
        facts.append((card, len(files[folder / level.name / HUB_WEIGHTS])))
    files[folder / CARD] = model_card(facts, own).encode()
    files[folder / REGISTRY] = (json.dumps(own, indent=2) + "\n").encode()
    return files


def export_weights(folder: Path, weights: Path | None = None) -> list[Path]:
    """Write weights as ``canzona.load`` takes them from a folder of the hub; what is there already is replaced.

    Returns:
        The files, whole and all of them or none.

    Raises:
        UnusableWeights, ValueError: as ``hub_files``.
        OSError: where a file cannot be written.
    """
    files = hub_files(folder, weights)
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    atomic_write_all(files)
    return list(files)


def check_config(weights: Path) -> None:
    """See that the ``config.json`` beside a level's weights says what these say of themselves.

    Raises:
        UnusableWeights: where it is missing or says something else.
    """
    path = weights.with_name(HUB_CONFIG)
    try:
        told = parse_json(read_bytes(path))
    except OSError:
        raise UnusableWeights(f"weights: {path} is missing; export the weights again") from None
    except ValueError:
        raise UnusableWeights(f"weights: {path} is damaged; export the weights again") from None
    if told != json.loads(config_json(read_card(weights))):
        raise UnusableWeights(f"weights: {path} does not say what the weights beside it are; export them again")


def config_json(card: WeightsCard) -> str:
    """What a level's weight file says of itself, as its ``config.json``."""
    fields = {
        "model_type": "canzona",
        "level": card.level,
        "specification": card.specification,
        "canzona_version": card.version,
        "network": card.config.to_dict(),
        "noise_schedule": vars(card.schedule),
        "training": dict(card.training),
    }
    return json.dumps(fields, indent=2) + "\n"


def model_card(levels: list[tuple[WeightsCard, int]], digests: Mapping[str, str]) -> str:
    """``README.md``: metadata as the hub reads it, what the levels are, how to compose with them, and what files they are."""
    rows = [
        f"| {card.level} | {size / 1e6:.1f} MB | {card.training.get('steps', 'unknown')} | {card.version} |"
        for card, size in levels
    ]
    sums = [f"- `{name}/{HUB_WEIGHTS}`: `{digest}`" for name, digest in digests.items()]
    return "\n".join(
        [
            "---",
            "license: mit",
            "library_name: canzona",
            "tags:",
            *(f"- {tag}" for tag in ("music", "music-generation", "symbolic-music", "midi", "diffusion")),
            f"canzona_version: {json.dumps(__version__)}",
            "---",
            "",
            "# Weights of Canzona",
            "",
            "Four diffusion models that compose a whole pop song as notes, one level after the other.",
            "",
            "| level | weights | training steps | written by version |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "```python",
            "from pathlib import Path",
            "",
            "import canzona",
            "",
            'song = canzona.load(Path("this-folder")).compose(canzona.Request(seed=7))',
            'song.save("song.mid")',
            "```",
            "",
            f"Every file is checked before use against its SHA-256, which `{REGISTRY}` has too:",
            "",
            *sums,
            "",
        ]
    )
