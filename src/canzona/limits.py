"""Work on what strangers sent, in a process of its own with limits of time and memory, whose death is told."""

import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Generic, TypeVar

from canzona.faults import MachineFault
from canzona.processes import begin_worker, deaf_to_ctrl_c

Item = TypeVar("Item")
Result = TypeVar("Result")

SECONDS, MEMORY_BYTES = 10.0, 2**30
"""What a file of music may take to be read, beyond what the program needs itself."""
_SECONDS_TO_START = 120.0


class LimitedWorker(Generic[Item, Result]):
    """A process that does one work on one item at a time; one that died or was ended is followed by another.

    Used as ``with LimitedWorker(work) as worker: worker(item)``. Where the system knows no limits of memory there is none.

    Args:
        work: is done with each item; it, the items and what it returns must be picklable.
        seconds: that an item may take.
        memory_bytes: that the work may need beyond what the process has once its modules are loaded.
        modules: names of further modules that are loaded before the limits hold.
    """

    def __init__(
        self,
        work: Callable[[Item], Result],
        seconds: float = SECONDS,
        memory_bytes: int = MEMORY_BYTES,
        modules: Sequence[str] = (),
    ) -> None:
        self._work, self._seconds, self._memory_bytes, self._modules = work, seconds, memory_bytes, tuple(modules)
        self._process, self._connection = None, None

    def __enter__(self) -> "LimitedWorker[Item, Result]":
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, item: Item) -> Result:
        """What the work makes of an item.

        Raises:
            ValueError: where it takes too long, needs too much memory, or ends its process.
            MachineFault: where no process can be started.
            Exception: what the work raises.
        """
        connection = self.begin()
        try:
            connection.send(item)
            if not connection.poll(self._seconds):
                self._end()
                raise ValueError(f"must be read within {self._seconds:g} seconds, takes longer")
            is_done, result = connection.recv()
        except (EOFError, OSError):
            self._end()
            raise ValueError("must be readable, ended the process that read it") from None
        except BaseException:
            self._end()
            raise
        if is_done:
            return result
        if isinstance(result, MemoryError):
            self._end()
            raise ValueError(f"must be read within {self._memory_bytes / 2**20:g} MiB of memory, needs more")
        raise result

    def processor_seconds(self) -> float:
        """What the present process has used of processors; 0 where there is none, or the system does not say."""
        status = Path(f"/proc/{self._process.pid}/stat") if self._process is not None else None
        if status is None or not status.is_file():
            return 0.0
        user, system = status.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def peak_bytes(self) -> int:
        """The most memory that the present process has had; 0 where there is none, or the system does not say."""
        status = Path(f"/proc/{self._process.pid}/status") if self._process is not None else None
        if status is None or not status.is_file():
            return 0
        peak = next((line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")), "0")
        return 1024 * int(peak)

    def begin(self) -> Connection:
        """Start the process, if it is not there, before there is work for it; gives the connection to it.

        Raises:
            MachineFault: where it cannot be started.
        """
        if self._connection is not None:
            return self._connection
        context = get_context("spawn")
        own, its = context.Pipe()
        self._process = context.Process(target=_serve, args=(its, self._work, self._memory_bytes, self._modules), daemon=True)
        with deaf_to_ctrl_c():
            self._process.start()
        its.close()
        self._connection = own
        try:
            if own.poll(_SECONDS_TO_START):
                own.recv()
                return own
        except EOFError:
            pass
        self._end()
        raise MachineFault("processes: the one that reads files could not be started")

    def _end(self) -> None:
        if self._process is not None and self._connection is not None:
            self._connection.close()
            self._process.kill()
            self._process.join()
        self._process, self._connection = None, None


def _serve(connection: Connection, work: Callable[[Item], Result], memory_bytes: int, modules: Sequence[str]) -> None:
    begin_worker(None)
    for module in modules:
        import_module(module)
    _limit_memory(memory_bytes)
    connection.send(None)
    while True:
        try:
            item = connection.recv()
        except EOFError:
            return
        try:
            outcome = (True, work(item))
        except (Exception, MemoryError) as error:  # told where the work was asked for
            outcome = (False, error)
        connection.send(outcome)


def _limit_memory(more_bytes: int) -> None:
    """Let this process have so much more address space than it has."""
    if not sys.platform.startswith("linux"):  # elsewhere the limit is not kept, or breaks what is loaded later
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + more_bytes, resource.RLIM_INFINITY))
