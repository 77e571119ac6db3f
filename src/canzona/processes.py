"""Processors, worker processes, their loading, and the signals that ask a program to stop: Ctrl-C (SIGINT) and SIGTERM."""

import gc
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import islice
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.connection import wait
from typing import TypeVar

from canzona.faults import MachineFault

Item = TypeVar("Item")
Result = TypeVar("Result")

STOPS = (signal.SIGINT, signal.SIGTERM)
"""Signals that ask a program to stop."""


def processors_here() -> int:
    """How many processors this process may use; on systems that do not say, how many the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def loading() -> Iterator[None]:
    """For a block that loads PyTorch: Python looks for garbage neither in it nor ever among what is there at its end.

    All of that stays; to look through it again and again takes a seventh of the time of loading. Does nothing where PyTorch is
    there already.
    """
    if "torch" in sys.modules or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def finishing_first() -> Iterator[None]:
    """A Ctrl-C or a SIGTERM within the block takes effect when it is done, so that what belongs together is done together.

    Does nothing outside the main thread, where Python delivers no signals.
    """
    with noting_stops() as came:
        yield
    if came:
        signal.raise_signal(came[0])


@contextmanager
def noting_stops() -> Iterator[list[int]]:
    """Gives a list that takes every Ctrl-C and SIGTERM within the block, which have no other effect.

    Does nothing outside the main thread, where Python delivers no signals.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return
    earlier = {number: signal.signal(number, lambda number, frame: came.append(number)) for number in STOPS}
    try:
        yield came
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler or signal.SIG_DFL)


def in_workers(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    processes: int,
    begin: Callable[[], object] | None = None,
    chunk: int = 1,
) -> Iterator[Result]:
    """What ``work`` makes of every item, in order, done by processes that end with this iterator or with this process.

    They are deaf to Ctrl-C, which a terminal sends to all of them: what it means is for this process to say.

    Args:
        work: is done with each item; it, the items and what it returns must be picklable.
        items: what is worked on.
        processes: how many work at once, 1 or more.
        begin: is done once in each process before its work; it must be picklable.
        chunk: how many items travel together.

    Raises:
        MachineFault: where one of the processes was ended from outside, as for want of memory.
        Exception: what ``work`` or ``begin`` raises.
    """
    try:
        with _workers(processes, begin) as pool:
            with deaf_to_ctrl_c():  # processes inherit it from their first moment on
                results = pool.map(partial(_work, work), items, chunksize=chunk)
            yield from results
    except BrokenProcessPool:
        raise MachineFault(_ENDED) from None


def as_done(work: Callable[[Item], Result], items: Iterable[Item], processes: int) -> Generator[Result, None, None]:
    """What ``work`` makes of every item, as it is done, in any order, by processes like those of ``in_workers``.

    Where one is ended from outside, others take up what was not done. Items are taken as they are needed.

    Args:
        work: is done with each item; it, the items and what it returns must be picklable.
        items: what is worked on.
        processes: how many work at once, 1 or more.

    Raises:
        MachineFault: where processes were ended from outside and nothing was done in between.
        Exception: what ``work`` raises.
    """
    source, waiting = iter(items), deque[Item]()
    while True:
        running: dict[Future[Result], Item] = {}
        done = 0
        try:
            with _workers(processes, None) as pool:
                while True:
                    waiting.extend(islice(source, max(0, 2 * processes - len(running) - len(waiting))))
                    with deaf_to_ctrl_c():
                        while waiting:
                            future = pool.submit(_work, work, waiting[0])
                            running[future] = waiting.popleft()
                    if not running:
                        return
                    for future in wait_for(running, return_when=FIRST_COMPLETED).done:
                        result = future.result()
                        del running[future]
                        done += 1
                        yield result
        except BrokenProcessPool:
            if not done:
                raise MachineFault(_ENDED) from None
            waiting.extend(running.values())


_ENDED = "processes: one was ended from outside, as for want of memory; try fewer"


@contextmanager
def _workers(processes: int, begin: Callable[[], object] | None) -> Iterator[ProcessPoolExecutor]:
    """Processes that end with the block: at once where it is left by an exception."""
    others = set(active_children())
    pool = ProcessPoolExecutor(processes, get_context("spawn"), _begin, (begin,))
    try:
        yield pool
    except BaseException:
        for process in set(active_children()) - others:
            process.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Ctrl-C waits until the block is done, and is never heard by processes that are started in it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_FAILED: list[Exception] = []
"""In a worker: what kept it from beginning."""

_LOADING = ExitStack()
"""In a worker: ``loading``, until its first work has come."""


def _begin(begin: Callable[[], object] | None) -> None:
    _LOADING.enter_context(loading())  # what works is imported as it arrives
    begin_worker(begin)


def begin_worker(begin: Callable[[], object] | None) -> None:
    """In a worker: leave Ctrl-C to its parent, and end when that does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        if begin is not None:
            begin()
    except Exception as error:  # told by the first work, since nobody hears it here
        _FAILED.append(error)


def _work(work: Callable[[Item], Result], item: Item) -> Result:
    _LOADING.close()
    if _FAILED:
        raise _FAILED[0]
    return work(item)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
