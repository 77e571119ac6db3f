"""The denoising network: a transformer over frames. A frame is one token that holds all that is known of it, pixel by pixel.

The published network is a U-Net over a picture (arXiv 2405.09901); there, a pixel of a reference or of a skeleton passes a
cell of many pixels on its way to the output. Here every frame's planes enter by one linear map and stay in its residual
stream, so a return or a given skeleton can be copied exactly, and attention relates any two frames, which is how a figure or a
rhythm comes again. A voice on a line is told its neighbours, and itself a few bars away, besides (``model/line.py``).
"""

import torch
from torch import Tensor, nn

from canzona.model.conditioning import Conditioner, Pace
from canzona.model.config import ModelConfig
from canzona.model.echo import Echo
from canzona.model.layers import NoiseEmbedding, TransformerBlock, rms_norm
from canzona.model.line import Line, heard
from canzona.model.sounding import Sounding
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
        self.echoes = nn.ModuleDict(
            {str(number): Echo(own, config.width) for number, own in enumerate(config.voices) if own.lags and not own.line}
        )
        self.sounding = Sounding(config.voices, config.width) if any(shape.items for shape in config.voices) else None
        self.output = nn.Linear(config.width, config.logit_size)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    @property
    def pace(self) -> Pace | None:
        """What the tempo says by itself; ``None`` where it is not told."""
        return self.conditions.pace

    def drop_out(self, share: float) -> None:
        """From now on, drop this share of the blocks' features in training (Srivastava et al., *Dropout*, 2014)."""
        for module in self.modules():
            if isinstance(module, nn.Dropout):
                module.p = share

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
        said = split_points(estimate if known is None else estimate + known, self.config.voices)
        if self.sounding is not None:
            hidden = hidden + self.sounding(said, self.points)
        lines = [(int(name), line) for name, line in self.lines.items() if isinstance(line, Line)]
        own = []
        for number, line in lines:
            own.append(heard(said[number][:, :, 0].float(), self.points[number].float(), line.items, hidden.dtype))
            hidden = hidden + line.features(own[-1])
        noise = self.noise(c_noise)
        for block in self.blocks:
            hidden = block(hidden, noise)
        hidden = rms_norm(hidden)
        parts = list(self.output(hidden).split([shape.logit_size for shape in self.config.voices], dim=-1))
        for (number, line), voice in zip(lines, own, strict=True):
            parts[number] = parts[number] + line.logits(hidden, voice)
        for name, echo in self.echoes.items():
            parts[int(name)] = parts[int(name)] + echo(hidden, said[int(name)]).flatten(2)
        return torch.cat(parts, dim=-1)
