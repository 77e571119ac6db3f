"""What composing 64 bars costs by the published procedure on this machine: an extrapolation from single passes.

    python benchmarks/published_cost.py --threads 2

arXiv 2405.09901 composes by four U-Nets over images of 128 × 128 points, 1000 steps a window (DDPM), windows half overlapping,
and every step costs two passes where it is guided. Here is a network of that shape, built from the description: four
resolutions of 64, 128, 256 and 256 channels, two residual blocks each, transformers of four heads at the two coarsest, with
cross-attention; the published one has 39.6 M parameters and 91 GFLOP.
Its weights are random, for time does not depend on them. Passes are timed and multiplied; nothing is composed.
"""

import argparse
import time
from statistics import median

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

SIZE = 128
CHANNELS, MULTIPLIERS, ATTENDING, BLOCKS, HEADS, CODE = 64, (1, 2, 4, 4), (2, 3), 2, 4, 128
PASSES = 33_000
"""For 64 bars: windows of all four levels × 1000 steps, those of the guided levels twice."""


class Residual(nn.Module):
    """Two convolutions around a shift by the noise level."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.GroupNorm(32, before), nn.SiLU(), nn.Conv2d(before, after, 3, padding=1))
        self.noise = nn.Sequential(nn.SiLU(), nn.Linear(4 * CHANNELS, after))
        self.second = nn.Sequential(nn.GroupNorm(32, after), nn.SiLU(), nn.Conv2d(after, after, 3, padding=1))
        self.skip = nn.Identity() if before == after else nn.Conv2d(before, after, 1)

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        return self.skip(x) + self.second(self.first(x) + self.noise(noise)[:, :, None, None])


class Attention(nn.Module):
    """Attention over all points, or over codes."""

    def __init__(self, width: int, told: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(own, width, bias=False) for own in (width, told, told))
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, codes: Tensor | None) -> Tensor:
        normal = self.norm(x)
        told = normal if codes is None else codes
        query, key, value = (
            layer(source).unflatten(-1, (HEADS, -1)).transpose(1, 2)
            for layer, source in ((self.query, normal), (self.key, told), (self.value, told))
        )
        heard = functional.scaled_dot_product_attention(query, key, value)
        return x + self.out(heard.transpose(1, 2).flatten(2))


class Transformer(nn.Module):
    """Attention to all points and to codes, and a gated perceptron."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm, self.enter, self.leave = nn.GroupNorm(32, width), nn.Conv2d(width, width, 1), nn.Conv2d(width, width, 1)
        self.points, self.codes = Attention(width, width), Attention(width, CODE)
        self.expand, self.contract = (
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 8 * width)),
            nn.Linear(4 * width, width),
        )

    def forward(self, image: Tensor, codes: Tensor) -> Tensor:
        x = self.enter(self.norm(image)).flatten(2).transpose(1, 2)
        x = self.codes(self.points(x, None), codes)
        value, gate = self.expand(x).chunk(2, dim=-1)
        x = x + self.contract(value * functional.gelu(gate))
        return image + self.leave(x.transpose(1, 2).unflatten(2, image.shape[2:]))


class UNet(nn.Module):
    """Down, through and up again, each resolution added where it comes back."""

    def __init__(self, planes: int, drawn: int) -> None:
        super().__init__()
        widths = [CHANNELS * own for own in MULTIPLIERS]
        self.noise = nn.Sequential(nn.Linear(CHANNELS, 4 * CHANNELS), nn.SiLU(), nn.Linear(4 * CHANNELS, 4 * CHANNELS))
        self.enter = nn.Conv2d(planes, CHANNELS, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        kept, width = [CHANNELS], CHANNELS
        for number, own in enumerate(widths):
            for _ in range(BLOCKS):
                self.down.append(_block(width, own, number in ATTENDING))
                width = own
                kept.append(width)
            if number < len(widths) - 1:
                self.down.append(nn.Conv2d(width, width, 3, stride=2, padding=1))
                kept.append(width)
        self.middle = nn.ModuleList([Residual(width, width), Transformer(width), Residual(width, width)])
        for number, own in reversed(list(enumerate(widths))):
            for _ in range(BLOCKS + 1):
                self.up.append(_block(width + kept.pop(), own, number in ATTENDING))
                width = own
            if number:
                self.up.append(nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(width, width, 3, padding=1)))
        self.leave = nn.Sequential(nn.GroupNorm(32, width), nn.SiLU(), nn.Conv2d(width, drawn, 3, padding=1))

    def forward(self, x: Tensor, noise: Tensor, codes: Tensor) -> Tensor:
        noise, x = self.noise(noise), self.enter(x)
        kept = [x]
        for layer in self.down:
            x = _through(layer, x, noise, codes)
            kept.append(x)
        for layer in self.middle:
            x = _through(layer, x, noise, codes)
        for layer in self.up:
            joined = torch.cat([x, kept.pop()], dim=1) if isinstance(layer, nn.ModuleList) else x
            x = _through(layer, joined, noise, codes)
        return self.leave(x)


def _block(before: int, after: int, attends: bool) -> nn.ModuleList:
    return nn.ModuleList([Residual(before, after), *([Transformer(after)] if attends else [])])


def _through(layer: nn.Module, x: Tensor, noise: Tensor, codes: Tensor) -> Tensor:
    if isinstance(layer, nn.ModuleList):
        for part in layer:
            x = _through(part, x, noise, codes)
        return x
    if isinstance(layer, Residual):
        return layer(x, noise)
    return layer(x, codes) if isinstance(layer, Transformer) else layer(x)


@torch.no_grad()
def main() -> None:
    """Time passes and print what 64 bars would take."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--passes", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    network = UNet(planes=12, drawn=2).eval()
    told = torch.zeros(1, 12, SIZE, SIZE), torch.zeros(1, CHANNELS), torch.zeros(1, 1, CODE)
    with FlopCounterMode(display=False) as counter:
        network(*told)
    seconds = []
    for _ in range(options.passes):
        started = time.process_time()
        network(*told)
        seconds.append(time.process_time() - started)
    each, work = median(seconds), counter.get_total_flops()
    size = sum(own.numel() for own in network.parameters())
    print(f"{size / 1e6:.1f} M parameters, {work / 1e9:.0f} GFLOP and {each:.2f} s of processor a pass")
    print(
        f"64 bars, {PASSES} passes, extrapolated: {work * PASSES / 1e12:.0f} TFLOP, {each * PASSES / 3600:.1f} h of processor"
    )


if __name__ == "__main__":
    main()
