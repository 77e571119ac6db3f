"""A cascade of tiny random networks: its music is noise, but the whole public path runs in seconds."""

import math
from pathlib import Path
from typing import Any

import torch

from canzona import pretrained
from canzona.generation.cascade import Cascade
from canzona.hierarchy.level import Level, Voicing
from canzona.hierarchy.levels import LEVELS
from canzona.model.config import ModelConfig
from canzona.model.diffusion import NoiseSchedule
from canzona.model.network import FrameTransformer
from canzona.model.weights import WeightsCard, save_weights
from canzona.representation.specification import model_config, new_network, specification
from canzona.representation.voices import FIRST_ITEM, HOLD, REST, voices
from canzona.version import __version__

TINY = {"width": 32, "blocks": 2, "head_width": 16, "noise_width": 16, "expansion": 2, "code_width": 16}
"""The size of the networks."""

LOUDNESS = 0.5
"""How far random networks' log-odds spread: enough that all that they are told matters."""

FORM_BARS = 24
"""About where a composed form ends."""


def tiny_config(level: Level, **overrides: object) -> ModelConfig:
    """The shape of a level's network, as small as it gets."""
    return model_config(level, **TINY | overrides)


def tiny_network(level: Level, seed: int = 0) -> FrameTransformer:
    """A random network in which everything that is told it, but for the tempo, has a say in what comes out."""
    generator = torch.Generator().manual_seed(seed)
    network = new_network(level, tiny_config(level)).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name.startswith(("points", "conditions.pace", "conditions.read_tempo")):  # the tempo says nothing until it is learnt
            continue
        if name.endswith("bias") and "distance" not in name:
            if "modulate" not in name:
                parameter.zero_()
        else:
            fan_in = math.prod(parameter.shape[1:]) if parameter.ndim > 1 else 1
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / fan_in**0.5)
    network.output.weight.mul_(LOUDNESS)
    _balance(level, network)
    if level.ends_freely:
        network.conditions.place[FORM_BARS:, 0] = 1000.0
    return network


def _balance(level: Level, network: FrameTransformer) -> None:
    """Enough notes that every song has some, few enough to be quick; phrases of some length."""
    offset = 0
    for part, own in zip(level.parts, voices(level), strict=True):
        bias = torch.zeros(own.shape.states)
        items = own.shape.states - FIRST_ITEM
        bias[REST], bias[HOLD] = 0.0, 1.0
        bias[FIRST_ITEM:] = -math.log(items) - (1.0 if part.voicing is Voicing.KEYS else 0.0)
        if level.ends_freely:
            network.output.weight[offset + REST, 0] = 10.0
        network.output.bias[offset : offset + own.shape.logit_size] = bias.repeat(own.shape.count)
        offset += own.shape.logit_size


def tiny_card(level: Level, /, **fields: Any) -> WeightsCard:
    """What a weight file of ``tiny_network`` says of itself, but for ``fields``."""
    config = tiny_config(level)
    values = {"level": level.name, "specification": specification(level), "config": config, "schedule": NoiseSchedule()}
    return WeightsCard(**(values | {"version": __version__, "training": {"steps": 0}} | fields))


def write_tiny_run(folder: Path, level: Level, seed: int = 0) -> Path:
    """A folder as a training run leaves it; returns its weight file."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "weights.safetensors"
    save_weights(path, tiny_network(level, seed), tiny_card(level))
    return path


def write_tiny_weights(folder: Path) -> Path:
    """``folder`` with the weights of a whole cascade and their registry, as ``pretrained.load`` takes them."""
    weights = folder / "weights"
    weights.mkdir(parents=True)
    pretrained.register([write_tiny_run(folder / "runs" / level.name, level) for level in LEVELS], weights)
    return weights


def tiny_cascade(folder: Path) -> Cascade:
    """The cascade of ``write_tiny_weights``, in single precision, the same on every machine."""
    return pretrained.load(write_tiny_weights(folder), dtype=torch.float32)
