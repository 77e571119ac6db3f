"""A cascade of tiny random networks: its music is noise, but the whole public path runs in seconds."""

import math
from pathlib import Path

import torch

from canzona import pretrained
from canzona.generation.cascade import Cascade
from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import LEVELS
from canzona.model.diffusion import NoiseSchedule
from canzona.model.unet import UNet
from canzona.model.weights import WeightsCard, save_weights
from canzona.representation.specification import model_config, specification
from canzona.version import __version__

WIDTHS = (16, 32, 32)
OUTPUT_BIAS = -2.0
"""Log-odds of a pixel: enough notes that every song has some, few enough to be quick."""

FORM_GRID_CELLS = 3
"""Where a composed form fades out, in cells of the network's second grid, 8 bars each."""


def tiny_network(level: Level, seed: int = 0) -> UNet:
    """A random network in which everything that is told it has a say in what comes out."""
    generator = torch.Generator().manual_seed(seed)
    network = UNet(model_config(level, widths=WIDTHS, blocks=1)).eval().requires_grad_(False)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            parameter.zero_()
        elif parameter.ndim > 1 or name.endswith("null"):  # what is left are the ones of normalisations
            fan_in = math.prod(parameter.shape[1:])
            parameter.copy_(torch.randn(parameter.shape, generator=generator) / fan_in**0.5)
    network.fold_out.bias.fill_(OUTPUT_BIAS)
    if level.ends_freely:
        _fade_out(network)
    return network


def _fade_out(network: UNet) -> None:
    """Give the network a sense of time, without which random forms would fill the window: its first feature becomes "later"."""
    middle, finest = network.up[0][0], network.up[1][0].residual
    middle.attention.place_in_time[0, FORM_GRID_CELLS:] = 40.0
    finest.skip.weight[0] = 0
    finest.skip.weight[0, 0] = 1
    finest.convolve_out.weight[0] = 0
    network.fold_out.bias.fill_(1.0)
    network.fold_out.weight[:, 0] = -10.0


def tiny_card(level: Level, /, **fields: object) -> WeightsCard:
    """What a weight file of ``tiny_network`` says of itself, but for ``fields``."""
    config = model_config(level, widths=WIDTHS, blocks=1)
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
