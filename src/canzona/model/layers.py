"""Building blocks of the U-Net."""

import math

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional


class NoiseEmbedding(nn.Module):
    """Fourier features of the noise level, through a small perceptron."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.frequencies: Tensor
        # no file holds these: they are real even where a network is built on the meta device to be filled from a file
        octaves = torch.linspace(math.log(0.25), math.log(64.0), width // 2, device="cpu")
        self.register_buffer("frequencies", torch.exp(octaves), persistent=False)
        self.layers = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())

    def forward(self, c_noise: Tensor) -> Tensor:
        """(batch,) → (batch, width)."""
        angles = c_noise.float()[:, None] * self.frequencies.float()[None]
        features = torch.cat([angles.cos(), angles.sin()], dim=1)
        return self.layers(features.to(self.layers[0].weight.dtype))  # type: ignore[arg-type]


class ResidualBlock(nn.Module):
    """Two convolutions, scaled and shifted by the noise level (Dhariwal & Nichol 2021, adaptive group normalisation)."""

    def __init__(self, inputs: int, outputs: int, embedding_width: int) -> None:
        super().__init__()
        self.normalise_in = nn.GroupNorm(_groups(inputs), inputs)
        self.convolve_in = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.modulate = nn.Linear(embedding_width, 2 * outputs)
        self.normalise_out = nn.GroupNorm(_groups(outputs), outputs)
        self.convolve_out = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)
        nn.init.zeros_(self.convolve_out.weight)

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        hidden = self.convolve_in(functional.silu(self.normalise_in(x)))
        scale, shift = rearrange(self.modulate(embedding), "b (two c) -> two b c 1 1", two=2)
        hidden = torch.addcmul(shift, self.normalise_out(hidden), 1 + scale)
        return self.skip(x) + self.convolve_out(functional.silu(hidden))


class AttentionBlock(nn.Module):
    """Self-attention over the grid, cross-attention to tokens, and a perceptron; each starts as the identity."""

    def __init__(self, width: int, token_width: int, head_width: int, grid: tuple[int, int]) -> None:
        super().__init__()
        self.heads = width // head_width
        self.place_in_time = nn.Parameter(torch.randn(width, grid[0], 1) * 0.02)
        self.place_in_rows = nn.Parameter(torch.randn(width, 1, grid[1]) * 0.02)
        self.normalise_self, self.normalise_cross, self.normalise_mlp = (nn.LayerNorm(width) for _ in range(3))
        self.self_inputs = nn.Linear(width, 3 * width)
        self.self_output = nn.Linear(width, width)
        self.cross_query = nn.Linear(width, width)
        self.cross_inputs = nn.Linear(token_width, 2 * width)
        self.cross_output = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(approximate="tanh"), nn.Linear(2 * width, width))
        for last in (self.self_output, self.cross_output, self.mlp[2]):
            nn.init.zeros_(last.weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor, tokens: Tensor) -> Tensor:
        frames = x.shape[2]
        x = rearrange(x + self.place_in_time + self.place_in_rows, "b c t r -> b (t r) c")
        x = x + self.self_output(self._attend(*self.self_inputs(self.normalise_self(x)).chunk(3, dim=-1)))
        x = x + self.cross_output(
            self._attend(self.cross_query(self.normalise_cross(x)), *self.cross_inputs(tokens).chunk(2, dim=-1))
        )
        x = x + self.mlp(self.normalise_mlp(x))
        return rearrange(x, "b (t r) c -> b c t r", t=frames).contiguous(memory_format=torch.channels_last)

    def _attend(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        query, key, value = (rearrange(tensor, "b n (h d) -> b h n d", h=self.heads) for tensor in (query, key, value))
        if query.is_cuda:
            attended = functional.scaled_dot_product_attention(query, key, value)
        else:  # the fused kernel's backward pass in bf16 takes ten times as long as these products on a CPU
            weights = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
            attended = weights.softmax(dim=-1) @ value
        return rearrange(attended, "b h n d -> b n (h d)")


def _groups(channels: int) -> int:
    """Groups of 16 channels, or of fewer where they do not divide."""
    return math.gcd(channels, max(1, channels // 16))
