"""Variational autoencoders of short passages (Kingma & Welling 2014, arXiv 1312.6114): tensors only, no music."""

import math
from dataclasses import asdict, dataclass, fields

import torch
from einops import rearrange
from torch import Tensor, nn

LARGEST_SIZE, MOST_BLOCKS = 4096, 16
"""Far beyond any encoder here, and small enough that a hostile weight file costs nothing to refuse."""

LOWEST_LOG_VARIANCE, HIGHEST_LOG_VARIANCE = -10.0, 4.0


@dataclass(frozen=True)
class AutoencoderConfig:
    """All that decides an autoencoder's tensors."""

    tokens: int  # stretches of time in a passage
    input_width: int  # features of a token that the encoder sees
    given_width: int  # features of a token that the decoder is told; 0 for none
    output_width: int  # logits of a token
    code_width: int  # numbers in a code, a multiple of the tokens
    width: int = 128  # features of a token within the networks
    encoder_blocks: int = 3  # blocks before the code
    decoder_blocks: int = 3  # blocks after it

    def __post_init__(self) -> None:
        for entry in fields(self):
            value, least = getattr(self, entry.name), 0 if entry.name == "given_width" else 1
            most = MOST_BLOCKS if entry.name.endswith("blocks") else LARGEST_SIZE
            if type(value) is not int or not least <= value <= most:
                raise ValueError(f"{entry.name}: must be whole, {least} to {most}, got {value!r}")
        if self.code_width % self.tokens:
            raise ValueError(f"code_width: must be a multiple of {self.tokens}, got {self.code_width}")

    def to_dict(self) -> dict[str, int]:
        return asdict(self)


@dataclass(frozen=True)
class Posterior:
    """What an encoder makes of passages: a normal distribution over codes.

    Attributes:
        mean: (batch, code width); the code that is used everywhere but in training.
        log_variance: of the same shape.
    """

    mean: Tensor
    log_variance: Tensor

    def divergence(self) -> Tensor:
        """(batch,) Kullback–Leibler divergence from the standard normal distribution, in nats (appendix B)."""
        return 0.5 * (self.mean.square() + self.log_variance.exp() - 1 - self.log_variance).sum(dim=1)

    def draw(self, generator: torch.Generator) -> Tensor:
        """(batch, code width) codes; ``generator`` is on the CPU."""
        noise = torch.randn(self.mean.shape, generator=generator).to(self.mean.device)
        return self.mean + noise * (0.5 * self.log_variance).exp()


class Autoencoder(nn.Module):
    """Tokens → code → tokens, all tokens at once; the decoder may be told something of each token besides."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)


class Encoder(nn.Module):
    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.read = nn.Linear(config.input_width, config.width)
        self.place = nn.Parameter(torch.randn(config.tokens, config.width) * 0.02)
        self.blocks = nn.Sequential(*(MixerBlock(config.tokens, config.width) for _ in range(config.encoder_blocks)))
        self.normalise = nn.LayerNorm(config.width)
        self.squeeze = nn.Linear(config.width, config.code_width // config.tokens)
        self.posterior = nn.Linear(config.code_width, 2 * config.code_width)

    def forward(self, features: Tensor) -> Posterior:
        """(batch, tokens, input width) → what the codes may be."""
        hidden = self.normalise(self.blocks(self.read(features) + self.place))
        squeezed = rearrange(self.squeeze(hidden), "b t c -> b (t c)")
        mean, log_variance = self.posterior(squeezed).float().chunk(2, dim=1)
        return Posterior(mean, log_variance.clamp(LOWEST_LOG_VARIANCE, HIGHEST_LOG_VARIANCE))


class Decoder(nn.Module):
    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.tokens = config.tokens
        self.spread = nn.Linear(config.code_width, config.code_width)
        self.widen = nn.Linear(config.code_width // config.tokens, config.width)
        self.place = nn.Parameter(torch.randn(config.tokens, config.width) * 0.02)
        self.read_given = nn.Linear(config.given_width, config.width) if config.given_width else None
        self.blocks = nn.Sequential(*(MixerBlock(config.tokens, config.width) for _ in range(config.decoder_blocks)))
        self.normalise = nn.LayerNorm(config.width)
        self.write = nn.Linear(config.width, config.output_width)

    def forward(self, code: Tensor, given: Tensor | None = None) -> Tensor:
        """(batch, code width) and (batch, tokens, given width) → logits (batch, tokens, output width)."""
        return self.write(self.features(code, given))

    def features(self, code: Tensor, given: Tensor | None = None) -> Tensor:
        """The same → what is known of every token, (batch, tokens, width), of which the logits are a linear map."""
        hidden = self.widen(rearrange(self.spread(code), "b (t c) -> b t c", t=self.tokens)) + self.place
        if self.read_given is not None:
            hidden = hidden + self.read_given(given)
        return self.normalise(self.blocks(hidden))


class MixerBlock(nn.Module):
    """A perceptron over tokens, then one over features (Tolstikhin et al. 2021, arXiv 2105.01601); starts near the identity."""

    def __init__(self, tokens: int, width: int) -> None:
        super().__init__()
        self.normalise_tokens, self.normalise_features = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix_tokens, self.mix_features = _perceptron(tokens), _perceptron(width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.mix_tokens(self.normalise_tokens(x).transpose(1, 2)).transpose(1, 2)
        return x + self.mix_features(self.normalise_features(x))


def _perceptron(width: int) -> nn.Sequential:
    last = nn.Linear(2 * width, width)
    nn.init.normal_(last.weight, std=0.1 / math.sqrt(2 * width))
    return nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(approximate="tanh"), last)
