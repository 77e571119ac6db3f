"""Training one level: a plain loop that yields its progress, can be stopped at any step and resumed as if it had not been."""

import json
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from canzona.hierarchy.levels import Level
from canzona.io.files import atomic_write
from canzona.model.config import ModelConfig
from canzona.model.denoiser import Denoiser
from canzona.model.diffusion import NoiseSchedule, cross_entropy
from canzona.model.unet import UNet
from canzona.model.weights import WeightsCard, save_weights
from canzona.representation.specification import model_config, specification
from canzona.training.dataset import PreparedSong, TrainingSongs
from canzona.training.ema import moving_average
from canzona.training.sampling import Dropout, Visibility, draw_windows, with_dropout
from canzona.version import __version__

CHECKPOINT, WEIGHTS, HISTORY = "checkpoint.safetensors", "weights.safetensors", "history.jsonl"

NOISE_BANDS = 3
"""How many ranges of noise levels a validation tells apart: low, middle and high."""


@dataclass(frozen=True)
class TrainingConfig:
    """All that decides a training run besides the data and the level."""

    batch_size: int = 16  # windows a step
    learning_rate: float = 1.2e-3  # highest, reached after the warm-up
    final_rate: float = 0.02  # share of it at the end of the budget
    warmup_steps: int = 200  # steps until the highest learning rate
    weight_decay: float = 0.01  # of AdamW
    clip_norm: float = 1.0  # largest norm of a step's gradient
    ema_decay: float = 0.999  # of the moving average that is released
    max_steps: int | None = None  # budget in steps; None for no limit
    max_minutes: float | None = 30.0  # budget in minutes of wall clock, earlier legs counted in; None for no limit
    validation_every: int = 500  # steps between validations
    validation_windows: int = 192  # windows of each validation, always the same with the same noise
    checkpoint_minutes: float = 3.0  # minutes between checkpoints
    seed: int = 0  # of the weights, the windows and the noise
    compile: bool = False  # compile the network; pays on a GPU
    widths: tuple[int, ...] = (64, 160, 224)  # features of the network at each resolution
    visibility: Visibility = field(default_factory=Visibility)  # what is known of training windows
    dropout: Dropout = field(default_factory=Dropout)  # how often conditions are taken away
    schedule: NoiseSchedule = field(default_factory=NoiseSchedule)  # noise levels

    def __post_init__(self) -> None:
        if self.max_steps is None and self.max_minutes is None:
            raise ValueError("max-minutes: must be given where max-steps is not, got neither")
        for name in (
            "batch_size", "learning_rate", "warmup_steps", "clip_norm", "max_steps", "max_minutes", "validation_every",
            "checkpoint_minutes",
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ValueError(f"{name.replace('_', '-')}: must be more than 0, got {value}")
        if self.validation_windows < NOISE_BANDS:
            raise ValueError(f"validation-windows: must be {NOISE_BANDS} or more, got {self.validation_windows}")
        for name in ("final_rate", "ema_decay"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name.replace('_', '-')}: must be 0 to 1, got {getattr(self, name)}")


@dataclass(frozen=True)
class TrainingProgress:
    """What a step, or a validation after it, had to show.

    Attributes:
        step: steps done.
        progress: share of the budget used, 0 to 1.
        loss: cross-entropy of the step's batch, in nats a pixel.
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
    """One level's training run. ``run`` does the work; ``save`` can be called between any two of its steps."""

    def __init__(
        self,
        level: Level,
        training: list[PreparedSong],
        validation: list[PreparedSong],
        folder: Path,
        config: TrainingConfig,
        device: torch.device,
        network_config: ModelConfig | None = None,
    ) -> None:
        """A fresh run, or, where ``folder`` holds a checkpoint of the same level, its continuation after ``resume``.

        Args:
            level: what is trained.
            training, validation: disjoint songs.
            folder: where checkpoint, weights and history go.
            config: how to train.
            device: where to train.
            network_config: shape of the network; ``None`` takes the level's with the widths of ``config``.
        """
        self.level, self.config, self.folder, self.device = level, config, folder, device
        self.songs = TrainingSongs(training, device)
        self.validation_songs = TrainingSongs(validation, device)
        with torch.random.fork_rng(devices=[]):  # PyTorch draws first weights from its global generator alone
            torch.manual_seed(config.seed)
            network = UNet(network_config or model_config(level, widths=config.widths))
        self.network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = moving_average(self.network, config.ema_decay)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=config.learning_rate,
            betas=(0.9, 0.99),
            weight_decay=config.weight_decay,
            foreach=True,
        )
        self.denoiser = Denoiser(self.network)
        if config.compile:
            self.denoiser.network = torch.compile(self.network)  # type: ignore[assignment]
        self.generator = torch.Generator().manual_seed(config.seed + 1)
        self.step, self.seconds = 0, 0.0
        self.figures: dict[str, float] = {}
        self._history: list[str] = []

    def run(self) -> Iterator[TrainingProgress]:
        """Train until the budget is used up, saving now and then and at the end.

        Raises:
            FloatingPointError: where training has diverged; the last checkpoint stays.
        """
        started = last_saved = time.monotonic()
        earlier = self.seconds
        while (progress := self._progress()) < 1:
            rate = self._learning_rate(progress)
            loss = self._train_step(rate)
            self.step += 1
            self.seconds = earlier + time.monotonic() - started
            validation = None
            if self.step % self.config.validation_every == 0 or self._progress() >= 1:
                validation = self.validate()
            done = TrainingProgress(self.step, min(1.0, self._progress()), loss, rate, self.seconds / 60, validation)
            self._note(done)
            if time.monotonic() - last_saved > 60 * self.config.checkpoint_minutes:
                self.save()
                last_saved = time.monotonic()
            yield done
        self.save()

    def validate(self) -> dict[str, float]:
        """Cross-entropy of the averaged network on fixed windows with fixed noise: in all, and by range of noise levels."""
        network: UNet = self.average.module  # type: ignore[assignment]
        generator = torch.Generator().manual_seed(20240901)
        losses, sigmas = [], []
        network.eval()
        with torch.no_grad():
            for _ in range(math.ceil(self.config.validation_windows / self.config.batch_size)):
                loss, sigma = self._losses(self.validation_songs, Denoiser(network), generator, Dropout(0, 0), transpose=False)
                losses.append(loss.cpu())
                sigmas.append(sigma.cpu())
        network.train()
        loss = torch.cat(losses)[torch.cat(sigmas).argsort()]
        low, middle, high = loss.tensor_split(NOISE_BANDS)
        self.figures = {
            "loss": float(loss.mean()),
            "loss_low_noise": float(low.mean()),
            "loss_middle_noise": float(middle.mean()),
            "loss_high_noise": float(high.mean()),
        }
        return self.figures

    def save(self) -> None:
        """Write history, weights and checkpoint, each atomically, checkpoint last: ``resume`` cuts a history ahead of it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"network.{name}": value for name, value in self.network.state_dict().items()}
        tensors |= {f"average.{name}": value for name, value in self.average.state_dict().items()}
        names = [name for name, _ in self.network.named_parameters()]
        for number, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{names[number]}.{entry}": value for entry, value in state.items()}
        tensors["generator"] = self.generator.get_state()
        facts = {
            "level": self.level.name,
            "specification": specification(self.level),
            "config": self.network.config.to_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "figures": self.figures,
        }
        checkpoint = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
        training = {
            "steps": self.step,
            "windows": self.step * self.config.batch_size,
            "minutes": round(self.seconds / 60, 2),
            "device": self.device.type,
            "settings": {name: value for name, value in asdict(self.config).items() if isinstance(value, int | float)},
            "validation": {name: round(value, 6) for name, value in self.figures.items()},
        }
        card = WeightsCard(
            self.level.name, specification(self.level), self.network.config, self.config.schedule, __version__, training
        )
        atomic_write(self.folder / HISTORY, "".join(self._history).encode())
        save_weights(self.folder / WEIGHTS, self.average.module, card)  # type: ignore[arg-type]
        atomic_write(self.folder / CHECKPOINT, save(checkpoint, {"facts": json.dumps(facts)}))

    def resume(self, checkpoint: Path) -> None:
        """Take up a run where ``save`` left it: weights, average, optimiser, chance, figures and the time already used.

        Raises:
            ValueError: where the checkpoint is damaged or belongs to another level or network.
            OSError: where it cannot be read.
        """
        checkpoint.open("rb").close()  # where it cannot be read, this error names it
        try:
            with safe_open(checkpoint, framework="pt") as file:
                facts = dict(json.loads((file.metadata() or {}).get("facts", "{}")))
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        except (SafetensorError, ValueError, TypeError, RecursionError) as error:
            raise ValueError(f"resume: {checkpoint} is damaged ({error})") from None
        wanted = {
            "level": self.level.name,
            "specification": specification(self.level),
            "config": json.loads(json.dumps(self.network.config.to_dict())),
        }
        for name, value in wanted.items():
            if facts.get(name) != value:
                raise ValueError(f"resume: {checkpoint} has {name} {facts.get(name)!r}, must have {value!r}")
        try:
            self._restore(facts, tensors)
            self._history = _lines_until(checkpoint.with_name(HISTORY), self.step)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise ValueError(f"resume: {checkpoint} is damaged ({' '.join(str(error).split())})") from None

    def _restore(self, facts: dict[str, Any], tensors: dict[str, Tensor]) -> None:
        def under(prefix: str) -> dict[str, Tensor]:
            return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

        self.network.load_state_dict(under("network."))
        self.average.load_state_dict(under("average."))
        entries = under("optimizer.")
        state: dict[int, dict[str, Tensor]] = {}
        for number, (name, parameter) in enumerate(self.network.named_parameters()):
            if f"{name}.step" in entries:  # a parameter that never had a gradient has no state
                moments = {kind: entries[f"{name}.{kind}"] for kind in ("exp_avg", "exp_avg_sq")}
                # laid out in memory as the parameter is, or every later step would be slower and round otherwise
                state[number] = {kind: torch.empty_like(parameter).copy_(moment) for kind, moment in moments.items()}
                state[number]["step"] = entries[f"{name}.step"]
        self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": state})
        self.generator.set_state(tensors["generator"])
        self.step, self.seconds = int(facts["step"]), float(facts["seconds"])
        self.figures = dict(facts.get("figures", {}))

    def _train_step(self, rate: float) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        losses, _ = self._losses(self.songs, self.denoiser, self.generator, self.config.dropout, transpose=True)
        loss = losses.mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip_norm, foreach=True)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        if not math.isfinite(value := loss.item()):
            raise FloatingPointError(f"loss: is {value} at step {self.step + 1}; a lower learning-rate may help")
        return value

    def _losses(
        self, songs: TrainingSongs, denoiser: Denoiser, generator: torch.Generator, dropout: Dropout, transpose: bool
    ) -> tuple[Tensor, Tensor]:
        """Losses and noise levels of one batch of windows, (batch,) each."""
        config = self.config
        windows = draw_windows(songs, self.level, config.batch_size, config.visibility, generator, transpose)
        window = with_dropout(songs.store.conditions(self.level, windows, torch.bfloat16), dropout, generator)
        sigma = config.schedule.draw(config.batch_size, generator, self.device)
        seed = int(torch.randint(1 << 62, (), generator=generator))
        noise_generator = torch.Generator(self.device).manual_seed(seed)
        noise = torch.randn(window.clean.shape, generator=noise_generator, device=self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = denoiser.logits(window.clean + sigma[:, None, None, None] * noise, sigma, window.conditions)
        return cross_entropy(logits, window.clean, window.weight), sigma

    def _progress(self) -> float:
        """Share of the budget used, by whichever limit is nearer."""
        by_steps = self.step / self.config.max_steps if self.config.max_steps else 0.0
        by_time = self.seconds / 60 / self.config.max_minutes if self.config.max_minutes else 0.0
        return max(by_steps, by_time)

    def _learning_rate(self, progress: float) -> float:
        """Linear warm-up, then a cosine that reaches its end when the budget does."""
        warm = min(1.0, (self.step + 1) / self.config.warmup_steps)
        cosine = (1 + math.cos(math.pi * min(1.0, progress))) / 2
        return self.config.learning_rate * warm * (self.config.final_rate + (1 - self.config.final_rate) * cosine)

    def _note(self, done: TrainingProgress) -> None:
        if done.validation is not None or done.step % 50 == 0:
            self._history.append(json.dumps(asdict(done)) + "\n")


def _lines_until(history: Path, step: int) -> list[str]:
    """Lines of a run's history up to a step; none where there is no history."""
    lines = history.read_text().splitlines(keepends=True) if history.is_file() else []
    return [line for line in lines if json.loads(line)["step"] <= step]
