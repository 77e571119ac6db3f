"""Training one encoder: a plain loop that yields its progress and can be stopped at any step."""

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from canzona.io.files import atomic_write
from canzona.model.encoder import Autoencoder
from canzona.model.encoder_weights import EncoderCard, TrainedEncoder, encoders_from_bytes, encoders_to_bytes, write_encoders
from canzona.model.precision import fast_autocast
from canzona.processes import finishing_first
from canzona.representation.encodings import Encoding
from canzona.representation.segments import Segments, SegmentSource, transposed_chords
from canzona.representation.views import answers
from canzona.song.harmony import PITCH_CLASSES
from canzona.training.checkpoint import HISTORY, WEIGHTS
from canzona.training.dataset import PreparedSong, first_labellings
from canzona.training.ema import moving_average
from canzona.training.encoder_scores import (
    reconstruction_figures,
    reconstruction_loss,
    texture_likeness,
    validation_segments,
)
from canzona.training.rate import budget_used, check_settings, learning_rate
from canzona.training.revoicing import revoiced
from canzona.version import __version__

LOWEST_SHIFT, SHIFT_END = -PITCH_CLASSES // 2, PITCH_CLASSES // 2
HISTORY_EVERY = 50


@dataclass(frozen=True)
class EncoderTrainingConfig:
    """All that decides a training run besides the data and the encoder."""

    batch_size: int = 128  # segments a step
    learning_rate: float = 2e-3  # highest, reached after the warm-up
    decay: float = 1.0  # share of the budget, at its end, in which the rate falls to nothing
    warmup_steps: int = 50  # steps until the highest learning rate
    weight_decay: float = 0.01  # of AdamW
    clip_norm: float = 5.0  # largest norm of a step's gradient
    ema_decay: float = 0.995  # of the moving average that is released
    divergence_weight: float = 0.05  # of the Kullback-Leibler divergence, both it and the reconstruction in nats a segment
    divergence_rise: float = 0.3  # share of the budget after which that weight is reached
    max_steps: int | None = None  # budget in steps; None for no limit
    max_minutes: float | None = 4.0  # budget in minutes of wall clock; None for no limit
    seed: int = 0  # of the weights, the segments and the noise

    def __post_init__(self) -> None:
        check_settings(self, ("batch_size", "learning_rate", "warmup_steps", "clip_norm", "max_steps", "max_minutes"))


@dataclass(frozen=True)
class EncoderProgress:
    """What a step had to show.

    Attributes:
        step: steps done.
        progress: share of the budget used, 0 to 1.
        reconstruction: cross-entropy of the step's batch, in nats a segment.
        divergence: Kullback–Leibler divergence of its codes, in nats a segment.
        minutes: wall clock used.
    """

    step: int
    progress: float
    reconstruction: float
    divergence: float
    minutes: float


class EncoderTrainer:
    """One encoder's training run. ``run`` does the work; ``finish`` measures and saves, also after an interruption."""

    def __init__(
        self,
        encoding: Encoding,
        seed_number: int,
        training: Sequence[PreparedSong],
        validation: Sequence[PreparedSong],
        config: EncoderTrainingConfig,
        device: torch.device,
        **network: int,
    ) -> None:
        """A fresh run.

        Args:
            encoding: what is trained.
            seed_number: under which number it will be found.
            training, validation: disjoint songs; of several labellings of one song the first is taken.
            config: how to train.
            device: where to train.
            network: fields of ``AutoencoderConfig`` that do not follow from the encoding.
        """
        if not training or not validation:
            raise ValueError("data: must hold songs for training and for validation, got none for one of them")
        self.encoding, self.seed_number, self.config, self.device = encoding, seed_number, config, device
        self.source, self.validation = source_of(training), source_of(validation)
        self.songs = np.repeat(np.arange(len(self.source.bars)), self.source.bars)
        self.bars = np.concatenate([np.arange(bars) for bars in self.source.bars])
        with torch.random.fork_rng(devices=[]):  # PyTorch draws first weights from its global generator alone
            torch.manual_seed(config.seed)
            self.network = Autoencoder(encoding.config(**network)).to(device)
        self.average = moving_average(self.network, config.ema_decay)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay, foreach=True
        )
        self.generator = np.random.default_rng(config.seed)
        self.noise = torch.Generator().manual_seed(config.seed)
        self.step, self.seconds = 0, 0.0
        self.figures: dict[str, float] = {}
        self._history: list[str] = []

    def run(self) -> Iterator[EncoderProgress]:
        """Train until the budget is used up. Ctrl-C lets a step finish.

        Raises:
            FloatingPointError: where training has diverged.
        """
        started = time.monotonic()
        while (progress := self._progress()) < 1:
            with finishing_first():
                reconstruction, divergence = self._train_step(progress)
                self.step += 1
                self.seconds = time.monotonic() - started
            done = EncoderProgress(self.step, min(1.0, self._progress()), reconstruction, divergence, self.seconds / 60)
            if self.step % HISTORY_EVERY == 0 or done.progress >= 1:
                self._history.append(json.dumps(asdict(done)) + "\n")
            yield done

    def finish(self, folder: Path) -> dict[str, float]:
        """Measure the encoder as it will be read back, and write it with its figures and the run's history into ``folder``.

        Returns:
            The figures of the validation songs.
        """
        folder.mkdir(parents=True, exist_ok=True)
        network: Autoencoder = self.average.module  # type: ignore[assignment]
        data = encoders_to_bytes([TrainedEncoder(self._card(), network)])
        (rounded,) = encoders_from_bytes(data, WEIGHTS)
        self.figures = validation_figures(rounded, self.encoding, self.validation)
        atomic_write(folder / HISTORY, "".join(self._history).encode())
        write_encoders(folder / WEIGHTS, [TrainedEncoder(self._card(), network)])
        return self.figures

    def _card(self) -> EncoderCard:
        training = {
            "steps": self.step,
            "segments": self.step * self.config.batch_size,
            "minutes": round(self.seconds / 60, 2),
            "device": self.device.type,
            "settings": {name: value for name, value in asdict(self.config).items() if value is not None},
            "validation": {name: round(value, 4) for name, value in self.figures.items()},
        }
        encoding, config = self.encoding, self.network.config
        return EncoderCard(encoding.name, self.seed_number, encoding.specification(), config, __version__, training)

    def _train_step(self, progress: float) -> tuple[float, float]:
        config = self.config
        rate = learning_rate(self.step, progress, config.learning_rate, config.decay, config.warmup_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        heard, written = self._draw()
        given = self.encoding.given_inputs(written)
        right = {name: self._tensor(values) for name, values in answers(self.encoding.view, written).items()}
        with fast_autocast(self.device):
            posterior = self.network.encoder(self._tensor(self.encoding.inputs(heard)))
            logits = self.network.decoder(posterior.draw(self.noise), None if given is None else self._tensor(given))
        reconstruction = reconstruction_loss(self.encoding, logits, right).mean()
        divergence = posterior.divergence().mean()
        weight = config.divergence_weight * min(1.0, progress / config.divergence_rise if config.divergence_rise else 1.0)
        self.optimizer.zero_grad(set_to_none=True)
        (reconstruction + weight * divergence).backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), config.clip_norm, foreach=True)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        if not math.isfinite(value := reconstruction.item()):
            raise FloatingPointError(f"loss: is {value} at step {self.step + 1}; a lower learning-rate may help")
        return value, divergence.item()

    def _draw(self) -> tuple[Segments, Segments]:
        """Random segments, every bar equally likely, transposed: as the encoder hears and as the decoder must say them."""
        size, generator = self.config.batch_size, self.generator
        place = generator.integers(len(self.bars), size=2 * size)
        segments = self.source.segments(self.songs[place[:size]], self.bars[place[:size]], self.encoding.bars)
        written = segments.transposed(generator.integers(LOWEST_SHIFT, SHIFT_END, size))
        if not self.encoding.is_revoiced:
            return written, written
        hosts = self.source.segments(self.songs[place[size:]], self.bars[place[size:]], self.encoding.bars)
        return revoiced(written, transposed_chords(hosts.chords, generator.integers(LOWEST_SHIFT, SHIFT_END, size))), written

    def _tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def _progress(self) -> float:
        return budget_used(self.step, self.seconds, self.config.max_steps, self.config.max_minutes)


def validation_figures(encoder: TrainedEncoder, encoding: Encoding, songs: SegmentSource) -> dict[str, float]:
    """How an encoder and its decoder do on songs, by name; always the same for the same encoder and songs."""
    segments = validation_segments(songs, encoding)
    right = answers(encoding.view, segments)
    figures = reconstruction_figures(encoder.network, encoding, segments, right)
    if encoding.is_revoiced:
        likeness = texture_likeness(encoder.network, encoding, segments, np.random.default_rng(0))
        figures |= {f"likeness_{name}": value for name, value in asdict(likeness).items()}
    return figures


def source_of(songs: Sequence[PreparedSong]) -> SegmentSource:
    """The music of prepared songs; of several labellings of one song the first is taken."""
    return SegmentSource([item.song for item in first_labellings(songs)])
