"""Who does work that comes in many independent pieces: processes of this machine, or a cluster."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import TypeVar

from canzona.cluster import on_cluster
from canzona.processes import as_done

Item = TypeVar("Item")
Result = TypeVar("Result")

PROCESSES, RAY = "processes", "ray"
MOST_PROCESSES = 1024


@dataclass(frozen=True)
class Engine:
    """Where work is done, whatever it is: what comes of an item is the same everywhere.

    Attributes:
        processes: how many work at once on this machine, 1 to ``MOST_PROCESSES``.
        name: ``PROCESSES`` or ``RAY``.
        address: of a cluster for Ray; ``None`` for Ray on this machine alone.
    """

    processes: int
    name: str = PROCESSES
    address: str | None = None

    def __post_init__(self) -> None:
        if self.name not in (PROCESSES, RAY):
            raise ValueError(f"engine: must be {PROCESSES} or {RAY}, got {self.name!r}")
        if not 1 <= self.processes <= MOST_PROCESSES:
            raise ValueError(f"processes: must be 1 to {MOST_PROCESSES}, got {self.processes}")
        if self.address is not None and self.name != RAY:
            raise ValueError(f"address: must be given with engine {RAY}, got {self.address!r} for {self.name}")

    def results(
        self, work: Callable[[Item], Result], items: Iterable[Item], threads: int = 1, gpus: int = 0
    ) -> Generator[Result, None, None]:
        """What ``work`` makes of every item, each once, in the order in which they are done.

        Args:
            work: is done with each item; it, the items and what it returns must be picklable.
            items: what is worked on.
            threads, gpus: processors and graphics cards that an item takes, for a cluster to plan with.

        Raises:
            MachineFault: as ``as_done`` and ``on_cluster``.
            Exception: what ``work`` raises.
        """
        if self.name == RAY:
            return on_cluster(work, items, self.processes, self.address, threads, gpus)
        return as_done(work, items, self.processes)
