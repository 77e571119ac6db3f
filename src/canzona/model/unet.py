"""The denoising network: a U-Net over an image folded into a coarse grid, as in arXiv 2405.09901 but many times cheaper.

Folding ``fold_frames`` × ``fold_rows`` pixels into channels keeps every pixel and leaves a grid of 32 × 20 for a lead sheet, on
which convolutions cost a hundredth of what they would on 128 × 128.
"""

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional

from canzona.model.conditioning import CodeConditioner, Conditions, PlaneConditioner, TokenConditioner
from canzona.model.config import ModelConfig
from canzona.model.layers import AttentionBlock, NoiseEmbedding, ResidualBlock

OFF_LOGIT = -4.0
"""Where the output starts: music is sparse, and a bias takes long to learn that by itself."""


class UNet(nn.Module):
    """Noisy image and conditions → logits of the clean image. Knows neither the noise schedule nor music."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        fold = config.fold_frames * config.fold_rows
        embedding_width = 2 * config.widths[0]
        self.planes = PlaneConditioner(config)
        self.tokens = TokenConditioner(config)
        self.codes = CodeConditioner(config) if config.external_phases else None
        self.noise = NoiseEmbedding(embedding_width)
        self.fold_in = nn.Conv2d((config.own_channels + config.condition_channels) * fold, config.widths[0], 1)

        grids = [
            (config.frames // config.fold_frames // 2**depth, config.rows // config.fold_rows // 2**depth)
            for depth in range(len(config.widths))
        ]

        def stage(inputs: list[int], depth: int) -> nn.ModuleList:
            width = config.widths[depth]
            blocks = []
            for number in range(config.blocks):
                attention = (
                    AttentionBlock(width, config.token_width, config.head_width, grids[depth])
                    if depth >= config.attention_from
                    else None
                )
                blocks.append(_Block(ResidualBlock(inputs[number], width, embedding_width), attention))
            return nn.ModuleList(blocks)

        depths = range(len(config.widths))
        told = [*(config.widths[max(depth - 1, 0)] for depth in depths), *reversed(config.widths[:-1])]
        self.say_codes = nn.ModuleList(nn.Linear(config.token_width, width) for width in told if self.codes)
        for parameter in self.say_codes.parameters():
            nn.init.zeros_(parameter)
        self.down = nn.ModuleList(
            stage([config.widths[max(depth - 1, 0)]] + [config.widths[depth]] * (config.blocks - 1), depth) for depth in depths
        )
        self.up = nn.ModuleList(
            stage([config.widths[depth + 1] + config.widths[depth]] + [config.widths[depth]] * (config.blocks - 1), depth)
            for depth in reversed(depths[:-1])
        )
        self.normalise = nn.GroupNorm(config.widths[0] // 16, config.widths[0])
        self.fold_out = nn.Conv2d(config.widths[0], config.own_channels * fold, 1)
        nn.init.zeros_(self.fold_out.weight)
        nn.init.constant_(self.fold_out.bias, OFF_LOGIT)  # type: ignore[arg-type]

    def forward(self, x: Tensor, c_noise: Tensor, conditions: Conditions) -> Tensor:
        """(batch, own, frames, rows) scaled image and (batch,) noise level → logits of the image's shape."""
        config = self.config
        tokens, codes = self.tokens(conditions), self.codes and self.codes(conditions)
        if codes is not None:
            tokens = torch.cat([tokens, codes], dim=1)
        embedding = self.noise(c_noise)
        image = torch.cat([x, self.planes(conditions), *self._echoes(x), *self._echoes(conditions.known)], dim=1)
        image = rearrange(image, "b c (t f) (r g) -> b (c f g) t r", f=config.fold_frames, g=config.fold_rows)
        hidden = self.fold_in(image.contiguous(memory_format=torch.channels_last))
        skips: list[Tensor] = []
        for depth, stage in enumerate(self.down):
            if depth:
                hidden = functional.avg_pool2d(hidden, 2)
            hidden = self._with_codes(hidden, codes, depth)
            for block in stage:  # type: ignore[union-attr]
                hidden = block(hidden, embedding, tokens)
            skips.append(hidden)
        skips.pop()
        for number, stage in enumerate(self.up, start=len(self.down)):
            skip = self._with_codes(skips.pop(), codes, number)
            hidden = torch.cat([functional.interpolate(hidden, scale_factor=2.0), skip], dim=1)
            for block in stage:  # type: ignore[union-attr]
                hidden = block(hidden, embedding, tokens)
        hidden = self.fold_out(functional.silu(self.normalise(hidden)))
        return rearrange(hidden, "b (c f g) t r -> b c (t f) (r g)", f=config.fold_frames, g=config.fold_rows)

    def _with_codes(self, hidden: Tensor, codes: Tensor | None, number: int) -> Tensor:
        """Each code is also told to the frames that it speaks of: attention alone takes long to learn which those are."""
        if codes is None:
            return hidden
        pooled = codes.unflatten(1, (hidden.shape[2], -1)).mean(2)
        return hidden + rearrange(self.say_codes[number](pooled), "b t c -> b c t 1")

    def _echoes(self, image: Tensor) -> list[Tensor]:
        """Each band repeated over all rows, so that what it says is near every pixel: a convolution sees but its neighbours."""
        config = self.config
        rows = (torch.arange(config.rows, device=image.device) + config.echo_phase) % config.echo_height
        return [image[..., first + rows] for first in config.echo_bands]


class _Block(nn.Module):
    """A residual block and, at coarse resolutions, attention."""

    def __init__(self, residual: ResidualBlock, attention: AttentionBlock | None) -> None:
        super().__init__()
        self.residual = residual
        self.attention = attention

    def forward(self, x: Tensor, embedding: Tensor, tokens: Tensor) -> Tensor:
        x = self.residual(x, embedding)
        return x if self.attention is None else self.attention(x, tokens)
