"""All that decides a training run besides the data and the level."""

from dataclasses import dataclass, field

from canzona.model.diffusion import NoiseSchedule
from canzona.training.rate import check_settings
from canzona.training.sampling import Corruption, Dropout, Visibility

MOST_ESTIMATES = 5
"""How many estimates, each made in sight of the one before, a training step takes at most."""
NOISE_BANDS = 3
"""How many ranges of noise levels a validation tells apart: low, middle and high."""


@dataclass(frozen=True)
class TrainingConfig:
    """Budget, optimiser, data order, and what windows show."""

    batch_size: int = 16  # windows a step
    learning_rate: float = 1.2e-3  # highest, reached after the warm-up
    decay: float = 0.0  # share of the budget, at its end, in which the rate falls to nothing; 0 for a run without an end
    warmup_steps: int = 200  # steps until the highest learning rate
    weight_decay: float = 0.1  # of matrices
    feature_dropout: float = 0.15  # share of the blocks' features that are dropped: 772 songs are few
    clip_norm: float = 1.0  # largest norm of a step's gradient
    ema_decay: float = 0.999  # of the moving average that is released
    max_steps: int | None = None  # budget in steps; None for no limit
    max_minutes: float | None = 30.0  # budget in minutes of wall clock, earlier legs counted in; None for no limit
    validation_every: int = 500  # steps between validations
    validation_windows: int = 192  # windows of each validation, always the same with the same noise
    checkpoint_minutes: float = 3.0  # minutes between checkpoints
    self_conditioning: float = 0.6  # chance that a step shows the network its own estimate, and again that this had seen one
    seed: int = 0  # of the weights, the windows and the noise
    compile: bool = False  # compile the network; pays on a GPU
    width: int = 320  # features of a frame
    blocks: int = 6  # of the network
    visibility: Visibility = field(default_factory=Visibility)  # what is known of training windows
    dropout: Dropout = field(default_factory=Dropout)  # how often conditions are taken away
    corruption: Corruption = field(default_factory=Corruption)  # how coarser levels are spoilt
    schedule: NoiseSchedule | None = None  # noise levels; None for the level's own

    def __post_init__(self) -> None:
        positive = ("batch_size", "learning_rate", "warmup_steps", "clip_norm", "max_steps", "max_minutes")
        check_settings(self, (*positive, "validation_every", "checkpoint_minutes"))
        if self.validation_windows < NOISE_BANDS:
            raise ValueError(f"validation-windows: must be {NOISE_BANDS} or more, got {self.validation_windows}")
        for name in ("decay", "ema_decay", "feature_dropout", "self_conditioning"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name.replace('_', '-')}: must be 0 to 1, got {getattr(self, name)}")
