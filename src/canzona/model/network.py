"""The denoising network: a transformer over frames. A frame is one token that holds all that is known of it, pixel by pixel.

The published network is a U-Net over a picture (arXiv 2405.09901); there, a pixel of a reference or of a skeleton passes a
cell of many pixels on its way to the output. Here every frame's planes enter by one linear map and stay in its residual
stream, so a return or a given skeleton can be copied exactly, and attention relates any two frames, which is how a figure or a
rhythm comes again. A voice on a line is told its neighbours besides (``model/line.py``).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from canzona.model.conditioning import Conditioner
from canzona.model.config import ModelConfig
from canzona.model.layers import NoiseEmbedding, TransformerBlock, rms_norm
from canzona.model.line import Line, neighbours
from canzona.model.states import split_points


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
        self.lines = nn.ModuleDict(
            {str(number): Line(shape, config.width) for number, shape in enumerate(config.voices) if shape.line}
        )
        self.output = nn.Linear(config.width, config.logit_size)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, x: Tensor, estimate: Tensor, c_noise: Tensor, told: Tensor, known: Tensor | None = None) -> Tensor:
        """One pass.

        Args:
            x: (batch, frames, points) scaled noisy points, 0 where they are known.
            estimate: the same of the clean points, from the step before; 0 where there is none.
            c_noise: (batch,) noise levels.
            told: (batch, frames, width), what ``conditions`` makes of all that is known.
            known: (batch, frames, points) known clean points, 0 where they are not known; ``None`` for none.

        Returns:
            (batch, frames, log-odds).
        """
        hidden = told + self.read_points(torch.cat([x, estimate], dim=-1))
        lines = [(int(name), line) for name, line in self.lines.items() if isinstance(line, Line)]
        near = []
        for number, line in lines:
            begins, blind = self._begins(estimate if known is None else estimate + known, number)
            near.append(neighbours(begins, blind).to(hidden.dtype))
            hidden = hidden + line.features(begins.to(hidden.dtype), near[-1])
        noise = self.noise(c_noise)
        for block in self.blocks:
            hidden = block(hidden, noise)
        hidden = rms_norm(hidden)
        parts = list(self.output(hidden).split([shape.logit_size for shape in self.config.voices], dim=-1))
        for (number, line), own in zip(lines, near, strict=True):
            moves = line.logits(hidden, own)
            parts[number] = parts[number] + functional.pad(moves, (parts[number].shape[-1] - moves.shape[-1], 0))
        return torch.cat(parts, dim=-1)

    def _begins(self, estimate: Tensor, number: int) -> tuple[Tensor, Tensor]:
        """By estimates of a voice's points, how likely each item on its line begins, and the frames without an estimate."""
        shape, table = self.config.voices[number], self.points[number]
        own = split_points(estimate, self.config.voices)[number][:, :, 0]  # a line is of one voice
        return (own[..., -shape.line :].float() / table[-1, -1].float()).clamp(0, 1), (own == 0).all(-1)
