"""How a training run spends its budget: whether it has one, how much of it is used, and how fast to learn."""

from collections.abc import Iterable
from typing import Protocol


class Budgeted(Protocol):
    """A training configuration with limits in steps and minutes; ``None`` for none."""

    @property
    def max_steps(self) -> int | None: ...
    @property
    def max_minutes(self) -> float | None: ...


def check_settings(settings: Budgeted, positive: Iterable[str]) -> None:
    """See that a training configuration has a budget, and that the fields named are above 0 where they are given.

    Raises:
        ValueError: naming the first option that is not.
    """
    if settings.max_steps is None and settings.max_minutes is None:
        raise ValueError("max-minutes: must be given where max-steps is not, got neither")
    for name in positive:
        value = getattr(settings, name)
        if value is not None and not value > 0:
            raise ValueError(f"{name.replace('_', '-')}: must be more than 0, got {value}")


def budget_used(step: int, seconds: float, max_steps: int | None, max_minutes: float | None) -> float:
    """Share of a budget that is used, by whichever limit is nearer; 1 or more when it is used up.

    Args:
        step: steps done.
        seconds: time used.
        max_steps, max_minutes: the limits; ``None`` for none.
    """
    by_steps = step / max_steps if max_steps else 0.0
    by_time = seconds / 60 / max_minutes if max_minutes else 0.0
    return max(by_steps, by_time)


def learning_rate(step: int, progress: float, highest: float, decay: float, warmup_steps: int) -> float:
    """Linear warm-up, then constant, then a linear fall to nothing at the end of the budget (Hägele et al., 2024).

    A run without a known end does not fall; what is released of it falls on a branch of its own.

    Args:
        step: steps done.
        progress: share of the budget used.
        highest: rate after the warm-up.
        decay: share of the budget, at its end, in which the rate falls, 0 to 1; 0 for a rate that stays.
        warmup_steps: steps until the highest.
    """
    warm = min(1.0, (step + 1) / warmup_steps)
    return highest * warm * (min(1.0, max(0.0, 1 - progress) / decay) if decay else 1.0)
