"""Ctrl-C while weights change."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def finishing_first() -> Iterator[None]:
    """A Ctrl-C within the block takes effect when the block is done, so that what belongs together is done together.

    Does nothing outside the main thread, where Python delivers no signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed = threading.Event()
    earlier = signal.signal(signal.SIGINT, lambda number, frame: pressed.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier or signal.SIG_DFL)
    if pressed.is_set():
        signal.raise_signal(signal.SIGINT)
