"""Work on strangers' files: its results and errors arrive, and what takes too long or too much, or dies, costs one line."""

import os
import sys
import time

import pytest

from canzona.limits import LimitedWorker


def crowd(size: int) -> int:
    return len(bytearray(size))


def test_results_and_errors_arrive():
    with LimitedWorker(abs) as worker:
        assert [worker(number) for number in (-3, 4)] == [3, 4]
        with pytest.raises(TypeError, match="bad operand"):
            worker("text")  # type: ignore[arg-type]
        assert worker(-5) == 5


def test_what_takes_too_long_is_ended_and_the_next_is_worked_on():
    with LimitedWorker(time.sleep, seconds=0.3) as worker:
        with pytest.raises(ValueError, match=r"within 0\.3 seconds"):
            worker(60)
        assert worker(0) is None


def test_a_process_that_dies_is_told_of_and_replaced():
    with LimitedWorker(os._exit) as worker:
        for _ in range(2):
            with pytest.raises(ValueError, match="ended the process"):
                worker(1)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs limits of memory")
def test_what_needs_too_much_memory_is_refused():
    with LimitedWorker(crowd, memory_bytes=2**28) as worker:
        with pytest.raises(ValueError, match="within 256 MiB of memory"):
            worker(2**30)
        assert worker(2**20) == 2**20
        assert 0 < worker.peak_bytes() < 2**29
        assert 0 < worker.processor_seconds() < 60
