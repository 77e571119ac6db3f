"""Building blocks of the transformer."""

import math

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

from canzona.model.config import ModelConfig


def rms_norm(x: Tensor) -> Tensor:
    """Features scaled to unit mean square (Zhang & Sennrich, *Root Mean Square Layer Normalization*, 2019), without weights."""
    return functional.rms_norm(x, (x.shape[-1],))


class NoiseEmbedding(nn.Module):
    """Fourier features of the noise level, through a small perceptron."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.octaves = width // 2
        self.layers = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())

    def forward(self, c_noise: Tensor) -> Tensor:
        """(batch,) → (batch, width)."""
        frequencies = torch.linspace(math.log(0.25), math.log(64.0), self.octaves, device=c_noise.device).exp()
        angles = c_noise.float()[:, None] * frequencies
        features = torch.cat([angles.cos(), angles.sin()], dim=1)
        return self.layers(features.to(self.layers[0].weight.dtype))  # type: ignore[arg-type]


class TransformerBlock(nn.Module):
    """Self-attention over frames and a perceptron, scaled, shifted and gated by the noise level (Peebles & Xie, *DiT*, 2023).

    Heads know how far apart two frames are by a bias each has for every distance; a quarter of the features that enter comes
    from the frame before and a quarter from the frame after.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        width, self.heads = config.width, config.width // config.head_width
        self.modulate = nn.Linear(config.noise_width, 6 * width)
        self.attention_inputs = nn.Linear(width, 3 * width, bias=False)
        self.attention_output = nn.Linear(width, width, bias=False)
        self.distance_bias = nn.Parameter(torch.zeros(self.heads, 2 * config.frames - 1))
        self.expand = nn.Linear(width, config.expansion * width)
        self.contract = nn.Linear(config.expansion * width, width)
        self.dropout = nn.Dropout(0.0)
        for last in (self.modulate, self.attention_output, self.contract):
            nn.init.zeros_(last.weight)
        with torch.no_grad():  # gates begin open, scales at 1
            self.modulate.bias.zero_().view(2, 3, width)[:, 2].fill_(1.0)

    def forward(self, x: Tensor, noise: Tensor) -> Tensor:
        """(batch, frames, width) and (batch, noise width) → (batch, frames, width)."""
        scale, shift, gate, scale_mlp, shift_mlp, gate_mlp = self.modulate(noise)[:, None].chunk(6, dim=-1)
        x = x + gate * self.dropout(self._attend(torch.addcmul(shift, _with_neighbours(rms_norm(x)), 1 + scale)))
        hidden = torch.addcmul(shift_mlp, _with_neighbours(rms_norm(x)), 1 + scale_mlp)
        hidden = self.dropout(functional.gelu(self.expand(hidden), approximate="tanh"))
        return x + gate_mlp * self.contract(hidden)

    def _attend(self, x: Tensor) -> Tensor:
        query, key, value = rearrange(self.attention_inputs(x), "b t (three h d) -> three b h t d", three=3, h=self.heads)
        query, key = rms_norm(query), rms_norm(key)
        frame = torch.arange(x.shape[1], device=x.device)
        bias = self.distance_bias[:, frame[None] - frame[:, None] + x.shape[1] - 1].to(query.dtype)
        scale = query.shape[-1] ** -0.25
        attended = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias[None], scale=scale)
        return self.attention_output(rearrange(attended, "b h t d -> b t (h d)"))


def _with_neighbours(x: Tensor) -> Tensor:
    """A quarter of the features of the frame before, a quarter of those of the frame after, the rest of the frame itself."""
    quarter = x.shape[-1] // 4
    before = functional.pad(x[:, :-1, :quarter], (0, 0, 1, 0))
    after = functional.pad(x[:, 1:, quarter : 2 * quarter], (0, 0, 0, 1))
    return torch.cat([before, after, x[..., 2 * quarter :]], dim=-1)
