"""How the small networks beside the levels are learnt: AdamW over songs in batches, at a rate that rises, then falls."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor, nn

Lesson = TypeVar("Lesson")


@dataclass(frozen=True)
class Descent:
    """How steep and how long.

    Attributes:
        batch: songs a step.
        learning_rate: the highest, reached after the warm-up.
        weight_decay: of all weights.
        warm_up_steps: until then the rate rises.
        clip: largest norm of a step's gradient.
    """

    batch: int
    learning_rate: float
    weight_decay: float
    warm_up_steps: int
    clip: float

    def epochs(
        self,
        network: nn.Module,
        lessons: Sequence[Lesson],
        loss_of: Callable[[list[Lesson]], Tensor],
        epochs: int,
        generator: np.random.Generator,
    ) -> Iterator[str]:
        """Learn; after each epoch a line that says how it went."""
        optimizer = torch.optim.AdamW(network.parameters(), self.learning_rate, (0.9, 0.99), weight_decay=self.weight_decay)
        step, total, started = 0, epochs * (len(lessons) // self.batch), time.perf_counter()
        for epoch in range(epochs):
            losses = []
            for batch in self._batches(lessons, generator):
                step += 1
                rate = self.learning_rate * min(1.0, step / self.warm_up_steps) * (1 + np.cos(np.pi * step / total)) / 2
                optimizer.param_groups[0]["lr"] = rate
                loss = loss_of(batch)
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(network.parameters(), self.clip)
                optimizer.step()
                losses.append(loss.item())
            yield f"epoch {epoch + 1}, {time.perf_counter() - started:.0f} s, loss {np.mean(losses):.3f}"

    def _batches(self, lessons: Sequence[Lesson], generator: np.random.Generator) -> Iterator[list[Lesson]]:
        order = generator.permutation(len(lessons))
        for first in range(0, len(order) - self.batch + 1, self.batch):
            yield [lessons[place] for place in order[first : first + self.batch]]
