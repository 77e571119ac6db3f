"""The denoising network: a transformer over frames. A frame is one token that holds all that is known of it, pixel by pixel.

The published network is a U-Net over a picture (arXiv 2405.09901); there, a pixel of a reference or of a skeleton passes a
cell of many pixels on its way to the output. Here every frame's planes enter by one linear map and stay in its residual
stream, so a return or a given skeleton can be copied exactly, and attention relates any two frames, which is how a figure or a
rhythm comes again.
"""

import torch
from torch import Tensor, nn

from canzona.model.conditioning import Conditioner
from canzona.model.config import ModelConfig
from canzona.model.layers import NoiseEmbedding, TransformerBlock, rms_norm


class FrameTransformer(nn.Module):
    """Noisy points and conditions → log-odds of every voice's states. Knows neither the noise schedule nor music."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.conditions = Conditioner(config)
        self.points = nn.ParameterList(
            nn.Parameter(torch.zeros(shape.states, shape.size), requires_grad=False) for shape in config.voices
        )
        self.noise = NoiseEmbedding(config.noise_width)
        self.read_points = nn.Linear(2 * config.point_size, config.width, bias=False)
        self.blocks = nn.ModuleList(TransformerBlock(config) for _ in range(config.blocks))
        self.output = nn.Linear(config.width, config.logit_size)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, estimate: Tensor, c_noise: Tensor, told: Tensor) -> Tensor:
        """One pass.

        Args:
            x: (batch, frames, points) scaled noisy points, 0 where they are known.
            estimate: the same of the clean points, from the step before; 0 where there is none.
            c_noise: (batch,) noise levels.
            told: (batch, frames, width), what ``conditions`` makes of all that is known.

        Returns:
            (batch, frames, log-odds).
        """
        hidden = told + self.read_points(torch.cat([x, estimate], dim=-1))
        noise = self.noise(c_noise)
        for block in self.blocks:
            hidden = block(hidden, noise)
        return self.output(rms_norm(hidden))
