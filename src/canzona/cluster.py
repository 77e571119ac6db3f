"""Work on a cluster by Ray (Moritz et al. 2018, arXiv 1712.05889), or by processes of Ray's on this machine."""

import logging
import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from types import ModuleType
from typing import Any, TypeVar

from canzona.faults import MachineFault, missing
from canzona.processes import STOPS, deaf_to_ctrl_c

Item = TypeVar("Item")
Result = TypeVar("Result")

WAITING_PER_PROCESSOR = 4
"""How many items a processor has before it, so that none waits for this program."""

_OBJECTS_BYTES = 2**27
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Ray reports no use of it to anyone, and warns of no change to come."""


def on_cluster(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    processes: int,
    address: str | None = None,
    threads: int = 1,
    gpus: int = 0,
) -> Generator[Result, None, None]:
    """What ``work`` makes of every item, as it is done, in any order; what a process or machine was at that went is done again.

    Args:
        work: is done with each item; it, the items and results must be picklable, and Canzona installed on every machine.
        items: what is worked on.
        processes: how many work at once where Ray is started here.
        address: of a cluster, as ``ray.init`` takes it; ``None`` starts Ray on this machine until the iterator ends.
        threads, gpus: processors and graphics cards that an item takes.

    Raises:
        MachineFault: where Ray is missing, or there is no cluster.
        Exception: what ``work`` raises.
    """
    with _ray(processes * threads, address) as ray:
        task = ray.remote(num_cpus=threads, num_gpus=gpus, max_retries=-1)(_do)
        shared = ray.put(work)
        source, running = iter(items), []
        while True:
            most = WAITING_PER_PROCESSOR * max(1, int(ray.cluster_resources().get("CPU", 1)) // threads)
            running += [task.remote(shared, item) for item in islice(source, max(0, most - len(running)))]
            if not running:
                return
            done, running = ray.wait(running)
            for reference in done:
                yield _result(ray, reference)


def _do(work: Callable[[Item], Result], item: Item) -> Result:
    return work(item)


def _result(ray: ModuleType, reference: object) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:  # says all of what it wraps, over many lines
        raise error.cause from None
    except ray.exceptions.RayError as error:
        raise MachineFault(f"engine: ray lost some work ({str(error).splitlines()[0]})") from None


def _begin(ray: ModuleType, address: str, options: dict[str, object]) -> None:
    """Start Ray, or join the cluster at an address.

    Raises:
        ConnectionError, TimeoutError: where no cluster is there.
        ValueError: where the address is none.
        MachineFault: where Ray's own processes do not answer within its half minute, as on a machine with much else to do.
    """
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL, **options)
    except (ConnectionError, TimeoutError, ValueError):
        raise
    except Exception as error:  # Ray raises Exception itself, nothing more special
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise MachineFault(f"engine: ray could not be started ({reason}); try again, or without --engine ray") from None


@contextmanager
def _ray(processors: int, address: str | None) -> Iterator[ModuleType]:
    """Ray, ready for work; signals mean here what they meant before."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise missing("engine ray", "ray") from None
    own = {"num_cpus": processors, "object_store_memory": _OBJECTS_BYTES, "include_dashboard": False}
    handlers = {number: signal.getsignal(number) for number in STOPS}
    try:
        with deaf_to_ctrl_c():
            _begin(ray, address or "local", {} if address else own)
            for number, handler in handlers.items():
                signal.signal(number, handler)
        yield ray
    except (ConnectionError, TimeoutError) as error:
        raise MachineFault(f"address: no cluster answers at {address!r} ({str(error).splitlines()[0]})") from None
    finally:
        ray.shutdown()
