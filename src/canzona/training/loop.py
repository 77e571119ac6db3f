"""Training one level: a plain loop that yields its progress, can be stopped at any step and resumed as if it had not been."""

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import level_named
from canzona.io.files import atomic_write
from canzona.model.config import ModelConfig
from canzona.model.denoiser import Denoiser
from canzona.model.diffusion import NoiseSchedule
from canzona.model.network import FrameTransformer
from canzona.model.precision import fast_dtype
from canzona.model.weights import WeightsCard, read_tensors, save_weights
from canzona.processes import finishing_first, noting_stops
from canzona.representation.encoders import CONTROL_SEED, Encoders
from canzona.representation.image import encode_level
from canzona.representation.specification import model_config, new_network, specification
from canzona.song.song import Song
from canzona.training.checkpoint import (
    CHECKPOINT,
    HISTORY,
    WEIGHTS,
    Checkpoint,
    learn_again,
    learned,
    read_checkpoint,
    read_history,
    refusing_damage,
    write_checkpoint,
)
from canzona.training.codes import TrainingCodes
from canzona.training.config import MOST_ESTIMATES, NOISE_BANDS, TrainingConfig
from canzona.training.dataset import PreparedSong, TrainingSongs
from canzona.training.ema import moving_average
from canzona.training.group import Group
from canzona.training.objective import NoisyWindows, Objective, undisturbed
from canzona.training.optimizer import Optimizers
from canzona.training.rate import budget_used, learning_rate
from canzona.training.sampling import Corruption, Dropout, draw_windows, with_corruption, with_dropout
from canzona.version import __version__

RUN_SETTINGS = ("batch_size", "learning_rate", "feature_dropout", "seed")
"""What a run goes on with where nothing else is said."""

BRANCH = 0.1
"""Steps of a branch, in steps of the run that it finishes."""


@dataclass(frozen=True)
class TrainingProgress:
    """What a step, or a validation after it, had to show.

    Attributes:
        step: steps done.
        progress: share of the budget used, 0 to 1.
        loss: cross-entropy of the step's batch, in nats a frame.
        learning_rate: of the step.
        minutes: wall clock used, earlier legs counted in.
        validation: figures by name after a validation, else ``None``.
    """

    step: int
    progress: float
    loss: float
    learning_rate: float
    minutes: float
    validation: dict[str, float] | None = None


class Trainer:
    """One level's training run. ``run`` does the work; ``save`` can be called whenever it has paused or been interrupted."""

    def __init__(
        self,
        level: Level,
        training: list[PreparedSong],
        validation: list[PreparedSong],
        folder: Path,
        config: TrainingConfig,
        device: torch.device,
        network_config: ModelConfig | None = None,
        encode: Callable[[Level, Song], np.ndarray] = encode_level,
        encoders: Encoders | None = None,
        group: Group | None = None,
    ) -> None:
        """A fresh run, or, where ``folder`` holds a checkpoint of the same level, its continuation after ``resume``.

        Args:
            level: what is trained.
            training, validation: disjoint songs.
            folder: where checkpoint, weights and history go.
            config: how to train.
            device: where to train.
            network_config: shape of the network; ``None`` takes the level's with the width and blocks of ``config``.
            encode: how songs are drawn.
            encoders: that make the codes of the level's external control; without any it learns none.
            group: of processes that train together; ``None`` for this one alone. Each draws the same batch and takes its own
                part of it, so that a run does not depend on how many they are, but for the rounding of sums.

        Raises:
            ValueError: where there are no songs, or a batch cannot be shared out evenly.
        """
        self.group = group or Group()
        self._own = self.group.part(config.batch_size)
        self.level, self.config, self.folder, self.device = level, config, folder, device
        noise = level.noise
        self.schedule = config.schedule or NoiseSchedule(noise.mean, noise.deviation, sigma_max=noise.largest)
        self.encoders = encoders.digest if encoders is not None and level.external is not None else None
        drawn = (*map(level_named, level.background), level)
        self.songs, self.validation_songs = (
            TrainingSongs(songs, device, drawn, encode, _codes(level, encoders, songs, device))
            for songs in (training, validation)
        )
        with torch.random.fork_rng(devices=[]):  # PyTorch draws first weights from its global generator alone
            torch.manual_seed(config.seed)
            network = new_network(level, network_config or model_config(level, width=config.width, blocks=config.blocks))
        self.network = network.to(device)
        self.network.drop_out(config.feature_dropout)
        self.average = moving_average(self.network, config.ema_decay)
        self.optimizers = Optimizers(self.network, config.weight_decay)
        denoiser = Denoiser(self.network)
        if config.compile:
            denoiser.network = torch.compile(self.network)  # type: ignore[assignment]
        self.objective = self.group.joined(Objective(denoiser))
        self.generator = torch.Generator().manual_seed(config.seed + 1)
        self.step, self.seconds = 0, 0.0
        self.figures: dict[str, float] = {}
        self._history: list[str] = []

    def start_from(self, path: Path) -> tuple[str, ...]:
        """Begin with the weights of another run of this level, wherever they fit.

        Returns:
            The names of tensors that the file lacks, or has in another shape: these begin at random.

        Raises:
            ValueError: where the file is damaged or made for another level or specification.
            OSError: where it cannot be read.
        """
        there = read_tensors(path, self.level.name, specification(self.level))
        own = self.network.state_dict()
        fitting = {name: there[name] for name, value in own.items() if name in there and there[name].shape == value.shape}
        self.network.load_state_dict(own | fitting)
        self.average.module.load_state_dict(self.network.state_dict())
        return tuple(name for name in own if name not in fitting)

    def run(self) -> Iterator[TrainingProgress]:
        """Train until the budget is used up, saving now and then and at the end. Ctrl-C lets a step finish.

        Of several processes all stop after the same step when one is asked to.

        Raises:
            FloatingPointError: where training has diverged; the last checkpoint stays.
        """
        with noting_stops() if self.group.size > 1 else nullcontext([]) as came:
            yield from self._steps(came)
        self.save()

    def _steps(self, stops: list[int]) -> Iterator[TrainingProgress]:
        """The steps of ``run``, until one after which any process has been asked to stop."""
        started = last_saved = time.monotonic()
        earlier = self.seconds
        while (progress := self._progress()) < 1:
            rate = self._learning_rate(progress)
            with finishing_first():
                loss = self._train_step(rate)
                self.step += 1
                self.seconds = self.group.agreed(earlier + time.monotonic() - started, self.device)
            validation = None
            if self.group.writes and (self.step % self.config.validation_every == 0 or self._progress() >= 1):
                validation = self.validate()
            done = TrainingProgress(self.step, min(1.0, self._progress()), loss, rate, self.seconds / 60, validation)
            self._note(done)
            if time.monotonic() - last_saved > 60 * self.config.checkpoint_minutes:
                self.save()
                last_saved = time.monotonic()
            if self.group.any(bool(stops), self.device):
                raise KeyboardInterrupt
            yield done

    def validate(self) -> dict[str, float]:
        """Cross-entropy of the averaged network on fixed windows with fixed noise, without external codes.

        In all, by range of noise levels, and, where the level knows external codes, with these.
        """
        loss, sigma = self._validation_losses(without_codes=True)
        low, middle, high = loss[sigma.argsort()].tensor_split(NOISE_BANDS)
        self.figures = {
            "loss": float(loss.mean()),
            "loss_low_noise": float(low.mean()),
            "loss_middle_noise": float(middle.mean()),
            "loss_high_noise": float(high.mean()),
        }
        if self.validation_songs.codes:
            self.figures["loss_with_codes"] = float(self._validation_losses(without_codes=False)[0].mean())
        return self.figures

    def _validation_losses(self, without_codes: bool) -> tuple[Tensor, Tensor]:
        """Losses and noise levels of the validation windows, (windows,) each."""
        network: FrameTransformer = self.average.module  # type: ignore[assignment]
        generator = torch.Generator().manual_seed(20240901)
        dropout = Dropout(each=0, external=float(without_codes), all=0)
        batches = math.ceil(self.config.validation_windows / self.config.batch_size)
        with torch.no_grad(), undisturbed(network):
            losses = [
                (Objective(Denoiser(network))(batch), batch.sigma)
                for batch in (
                    self._drawn(self.validation_songs, generator, dropout, Corruption(share=0)) for _ in range(batches)
                )
            ]
        loss, sigma = (torch.cat(parts).cpu() for parts in zip(*losses, strict=True))
        return loss, sigma

    def save(self) -> None:
        """Write history, weights and checkpoint, each atomically, checkpoint last: ``resume`` cuts a history ahead of it.

        Of several processes the first alone does.
        """
        if not self.group.writes:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        training = {
            "steps": self.step,
            "windows": self.step * self.config.batch_size,
            "minutes": round(self.seconds / 60, 2),
            "device": self.device.type,
            "settings": {name: value for name, value in asdict(self.config).items() if isinstance(value, int | float)},
            "validation": {name: round(value, 6) for name, value in self.figures.items()},
        }
        if self.encoders is not None:
            training["encoders"] = self.encoders
        card = WeightsCard(
            self.level.name, specification(self.level), self.network.config, self.schedule, __version__, training
        )
        atomic_write(self.folder / HISTORY, "".join(self._history).encode())
        save_weights(self.folder / WEIGHTS, self.average.module, card)  # type: ignore[arg-type]
        tensors = learned(self.network, self.average, self.optimizers, self.generator)
        settings = {name: getattr(self.config, name) for name in RUN_SETTINGS} | {"encoders": self.encoders}
        checkpoint = Checkpoint(self._origin(), self.step, self.seconds, self.figures, tensors, settings)
        write_checkpoint(self.folder / CHECKPOINT, checkpoint)

    def resume(self, path: Path) -> None:
        """Take up a run where ``save`` left it: weights, average, optimiser, chance, figures and the time already used.

        Raises:
            ValueError: where the checkpoint is damaged or belongs to another level or network.
            OSError: where it cannot be read.
        """
        checkpoint = read_checkpoint(path, self._origin())
        if checkpoint.settings.get("encoders", self.encoders) != self.encoders:
            raise ValueError(f"resume: {path} has learnt the codes of other encoders; must be those that it began with")
        with refusing_damage(path):
            learn_again(checkpoint.tensors, self.network, self.average, self.optimizers, self.generator)
            self._history = read_history(path.with_name(HISTORY), checkpoint.step)
        self.step, self.seconds, self.figures = checkpoint.step, checkpoint.seconds, dict(checkpoint.figures)

    def branch_from(self, path: Path) -> None:
        """Take up a run to finish it: a tenth of its steps more, in which the learning rate falls to nothing.

        Raises:
            ValueError, OSError: as ``resume``.
        """
        self.resume(path)
        steps = self.step + max(1, round(BRANCH * self.step))
        self.config = replace(self.config, max_steps=steps, max_minutes=None, decay=1 - self.step / steps)

    def _origin(self) -> dict[str, object]:
        return {
            "level": self.level.name,
            "specification": specification(self.level),
            "config": self.network.config.to_dict(),
        }

    def _train_step(self, rate: float) -> float:
        self.optimizers.zero_grad()
        batch = self._drawn(self.songs, self.generator, self.config.dropout, self.config.corruption)
        features = int(torch.randint(1 << 62, (), generator=self.generator))  # which are dropped, others in every process
        with torch.random.fork_rng(devices=[self.device] if self.device.type == "cuda" else []):
            torch.manual_seed(features + self.group.rank)
            loss = self.objective(batch if self.group.size == 1 else batch.part(self._own)).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip_norm, foreach=True)
        self.optimizers.step(rate)
        self.average.update_parameters(self.network)
        if not math.isfinite(value := self.group.mean(loss).item()):
            raise FloatingPointError(f"loss: is {value} at step {self.step + 1}; a lower learning-rate may help")
        return value

    def _drawn(
        self, songs: TrainingSongs, generator: torch.Generator, dropout: Dropout, corruption: Corruption
    ) -> NoisyWindows:
        """One batch of windows; what is drawn is the same in every process of a group."""
        config = self.config
        windows = draw_windows(songs, self.level, config.batch_size, config.visibility, generator)
        window = songs.store.conditions(self.level, windows, fast_dtype(self.device.type))
        window = with_dropout(with_corruption(window, self.level, corruption, generator), dropout, generator)
        sigma = self.schedule.draw(config.batch_size, generator, self.device)
        again = torch.rand(MOST_ESTIMATES, generator=generator) < config.self_conditioning
        estimates = int(again.cumprod(0).sum())
        seed = int(torch.randint(1 << 62, (), generator=generator))
        noise_generator = torch.Generator(self.device).manual_seed(seed)
        clean = Denoiser(self.network).draw(window.states)
        noisy = clean + sigma[:, None, None] * torch.randn(clean.shape, generator=noise_generator, device=self.device)
        return NoisyWindows(window, clean, noisy, sigma, estimates)

    def _progress(self) -> float:
        return budget_used(self.step, self.seconds, self.config.max_steps, self.config.max_minutes)

    def _learning_rate(self, progress: float) -> float:
        config = self.config
        return learning_rate(self.step, progress, config.learning_rate, config.decay, config.warmup_steps)

    def _note(self, done: TrainingProgress) -> None:
        if done.validation is not None or done.step % 50 == 0:
            self._history.append(json.dumps(asdict(done)) + "\n")


def _codes(level: Level, encoders: Encoders | None, songs: list[PreparedSong], device: torch.device) -> TrainingCodes | None:
    if encoders is None or level.external is None:
        return None
    network = encoders.named(level.external.encoding, CONTROL_SEED).network
    return TrainingCodes(level.external, network, [item.song for item in songs], device)
