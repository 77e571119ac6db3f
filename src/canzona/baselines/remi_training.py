"""Training of the REMI Transformer: next-token prediction on windows of whole bars, within a budget of processor time."""

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from canzona.baselines.remi_model import RemiConfig, RemiModel, new_network, save_model
from canzona.baselines.remi_tokens import RemiTokens
from canzona.baselines.remi_windows import UNJUDGED, TokenSong, window
from canzona.io.files import atomic_write
from canzona.model.precision import fast_autocast
from canzona.training.checkpoint import (
    CHECKPOINT,
    HISTORY,
    Checkpoint,
    read_checkpoint,
    read_history,
    refusing_damage,
    write_checkpoint,
)
from canzona.training.rate import budget_used, learning_rate

BARS_BEFORE = 7
"""Windows start so many bars before a song's first bar and its last as often as elsewhere; the first are moved to bar 0."""


@dataclass(frozen=True)
class RemiTraining:
    """All that decides a run besides data and network."""

    processor_minutes: float = 40.0  # spent on steps by one thread, earlier legs counted in
    batch_size: int = 2  # windows a step
    learning_rate: float = 1.5e-3  # highest, reached after the warm-up
    decay: float = 1.0  # share of the budget, at its end, in which the rate falls to nothing
    warmup_steps: int = 60
    weight_decay: float = 0.1  # of AdamW
    clip_norm: float = 1.0  # largest norm of a step's gradient
    save_minutes: float = 2.0  # of the processor, between validations, each with a checkpoint
    validation_windows: int = 24  # always the same
    seed: int = 0


class RemiTrainer:
    """A training run in a folder. ``run`` does the work; ``resume`` takes up what an earlier one left there."""

    def __init__(
        self,
        training: Sequence[TokenSong],
        validation: Sequence[TokenSong],
        tokens: RemiTokens,
        folder: Path,
        config: RemiConfig,
        settings: RemiTraining,
    ) -> None:
        if not training or not validation:
            raise ValueError("data: must hold songs for training and for validation, got none for one of them")
        self.training, self.validation, self.tokens = training, validation, tokens
        self.folder, self.config, self.settings = folder, config, settings
        self.network = new_network(config, len(tokens.names), settings.seed)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=settings.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=settings.weight_decay,
            foreach=True,
        )
        self.step, self.seconds, self.processor_seconds = 0, 0.0, 0.0
        self.figures: dict[str, float] = {}
        self._history: list[str] = []
        self._losses: list[float] = []

    def run(self) -> Iterator[dict[str, float]]:
        """Train until the budget is used up. Whenever it validates it saves a checkpoint and, where they are the best, weights.

        Yields:
            A line of the history: step, minutes of wall clock and of the processor spent on steps, mean loss since the last
            line, in nats a token, and the losses of validation.

        Raises:
            FloatingPointError: where training has diverged; the last checkpoint stays.
        """
        budget = 60 * self.settings.processor_minutes
        saved = self.processor_seconds
        while self.processor_seconds < budget:
            started, busy = time.monotonic(), time.process_time()
            self._train_step()
            self.seconds += time.monotonic() - started
            self.processor_seconds += time.process_time() - busy
            if self.processor_seconds >= budget or self.processor_seconds - saved > 60 * self.settings.save_minutes:
                yield self._save()
                saved = self.processor_seconds

    def resume(self) -> None:
        """Take up the run where it was saved last.

        Raises:
            ValueError: where the checkpoint is damaged or of another network.
            OSError: where it cannot be read.
        """
        path = self.folder / CHECKPOINT
        checkpoint = read_checkpoint(path, {"remi": asdict(self.config)})
        with refusing_damage(path):
            named = dict(self.network.named_parameters())
            state = {}
            for number, (name, parameter) in enumerate(named.items()):
                parameter.data.copy_(checkpoint.tensors[f"network.{name}"])
                state[number] = {kind: checkpoint.tensors[f"{kind}.{name}"] for kind in ("step", "exp_avg", "exp_avg_sq")}
            self.optimizer.load_state_dict(self.optimizer.state_dict() | {"state": state})
            self._history = read_history(self.folder / HISTORY, checkpoint.step)
        self.figures = dict(checkpoint.figures)
        self.step, self.seconds, self.processor_seconds = checkpoint.step, checkpoint.seconds, self.figures["processor_seconds"]

    @torch.inference_mode()
    def validate(self) -> dict[str, float]:
        """Cross-entropy, in nats a token and a bar, on windows that are always the same."""
        generator = np.random.default_rng(20240901)
        self.network.eval()
        nats, count, bars = 0.0, 0, 0
        for _ in range(self.settings.validation_windows):
            ids, targets = self._batch(self.validation, 1, generator)
            judged = int((targets != UNJUDGED).sum())
            nats += float(self._loss(ids, targets)) * judged
            count += judged
            bars += int((targets == self.tokens.ids["Bar_None"]).sum())
        self.network.train()
        return {"loss": nats / count, "loss_bar": nats / bars}

    def _train_step(self) -> None:
        settings = self.settings
        progress = budget_used(self.step, self.processor_seconds, None, settings.processor_minutes)
        rate = learning_rate(self.step, progress, settings.learning_rate, settings.decay, settings.warmup_steps)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        # one generator a step, so that a run taken up again sees what it would have seen
        batch = self._batch(self.training, settings.batch_size, np.random.default_rng([settings.seed, self.step]))
        self.optimizer.zero_grad(set_to_none=True)
        loss = self._loss(*batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), settings.clip_norm, foreach=True)
        self.optimizer.step()
        self.step += 1
        if not math.isfinite(value := loss.item()):
            raise FloatingPointError(f"loss: is {value} at step {self.step}; a lower learning-rate may help")
        self._losses.append(value)

    def _batch(self, songs: Sequence[TokenSong], count: int, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
        """(count, context) tokens and targets of windows that start anywhere in any song."""
        length = self.config.context
        ids = torch.zeros(count, length, dtype=torch.long)
        targets = torch.full((count, length), UNJUDGED)
        for row in range(count):
            song = songs[int(generator.integers(len(songs)))]
            bars = len(song.headers)
            start_bar = max(0, int(generator.integers(-BARS_BEFORE, max(1, bars - BARS_BEFORE))))
            own, following = window(song, start_bar, length, self.tokens)
            ids[row, : len(own)] = torch.tensor(own)
            targets[row, : len(own)] = torch.tensor(following)
        return ids, targets

    def _loss(self, ids: Tensor, targets: Tensor) -> Tensor:
        with fast_autocast(torch.device("cpu")):
            logits = self.network(input_ids=ids, use_cache=False).logits
        return cross_entropy(logits.float().flatten(0, 1), targets.flatten(), ignore_index=UNJUDGED)

    def _save(self) -> dict[str, float]:
        best = self.figures.get("best", math.inf)
        figures = self.validate()
        self.figures = figures | {"best": min(best, figures["loss"]), "processor_seconds": self.processor_seconds}
        mean = float(np.mean(self._losses)) if self._losses else math.nan
        self._losses = []
        line = {"step": self.step, "minutes": self.seconds / 60, "processor_minutes": self.processor_seconds / 60, "loss": mean}
        line |= {f"validation_{name}": value for name, value in figures.items()}
        self._history.append(json.dumps(line) + "\n")
        self.folder.mkdir(parents=True, exist_ok=True)
        if figures["loss"] < best:
            save_model(self.folder, RemiModel(self.network, self.tokens, self.config, line | asdict(self.settings)))
        atomic_write(self.folder / HISTORY, "".join(self._history).encode())
        tensors = {}
        for name, parameter in self.network.named_parameters():
            tensors[f"network.{name}"] = parameter
            tensors |= {f"{kind}.{name}": value for kind, value in self.optimizer.state[parameter].items()}
        checkpoint = Checkpoint({"remi": asdict(self.config)}, self.step, self.seconds, self.figures, tensors)
        write_checkpoint(self.folder / CHECKPOINT, checkpoint)
        return line
