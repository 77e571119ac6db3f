"""Training curves for TensorBoard, where it is installed; the same figures are in the run's history in any case."""

from pathlib import Path
from types import TracebackType

from canzona.training.loop import TrainingProgress


class ScalarLog:
    """Writes each step's and each validation's figures. Does nothing where TensorBoard is missing."""

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard.writer import SummaryWriter
        except ImportError:
            self._writer = None
        else:
            self._writer = SummaryWriter(str(folder / "tensorboard"))

    def add(self, progress: TrainingProgress) -> None:
        if self._writer is None:
            return
        self._writer.add_scalar("loss", progress.loss, progress.step)
        self._writer.add_scalar("learning rate", progress.learning_rate, progress.step)
        for name, value in (progress.validation or {}).items():
            self._writer.add_scalar(f"validation/{name}", value, progress.step)

    def __enter__(self) -> "ScalarLog":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._writer is not None:
            self._writer.close()
