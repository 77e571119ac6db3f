"""All that decides a training run besides the data and the level."""

from dataclasses import dataclass, field

from canzona.model.diffusion import NoiseSchedule
from canzona.training.rate import check_settings
from canzona.training.sampling import Dropout, Visibility

NOISE_BANDS = 3
"""How many ranges of noise levels a validation tells apart: low, middle and high."""


@dataclass(frozen=True)
class TrainingConfig:
    """Budget, optimiser, data order, and what windows show."""

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
        positive = ("batch_size", "learning_rate", "warmup_steps", "clip_norm", "max_steps", "max_minutes")
        check_settings(self, (*positive, "validation_every", "checkpoint_minutes"))
        if self.validation_windows < NOISE_BANDS:
            raise ValueError(f"validation-windows: must be {NOISE_BANDS} or more, got {self.validation_windows}")
        for name in ("final_rate", "ema_decay"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name.replace('_', '-')}: must be 0 to 1, got {getattr(self, name)}")
