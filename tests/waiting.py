"""Waiting for processes of their own groups, and a process that ends itself; worker processes import this quickly."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path


def wait_until(happened: Callable[[], bool], seconds: float = 60) -> None:
    """Look again and again; it must have happened by then."""
    last = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < last
        time.sleep(0.05)


def once_killed(place: Path) -> str:
    """Ends its process the first time."""
    if not place.exists():
        place.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return place.name


def is_there(group: int) -> bool:
    """Whether any process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
