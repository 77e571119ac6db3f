"""Worker processes: their results, and that none outlives the work, whatever ends it."""

import gc
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from canzona.faults import MachineFault
from canzona.processes import in_workers, loading, processors_here
from waiting import is_there, wait_until

SCRIPT = """
import time
from pathlib import Path
from canzona import cli
from canzona.cli import app
from canzona.processes import in_workers

app.run = lambda arguments: list(in_workers(time.sleep, [600, 600], 2, begin=Path(arguments[0]).touch))
cli.main()
"""


def no_room() -> None:
    raise MachineFault("no room")


def test_workers_give_what_the_work_makes_in_order():
    assert list(in_workers(partial(pow, 2), range(5), 2, chunk=2)) == [1, 2, 4, 8, 16]


def test_what_a_worker_raises_is_raised_here():
    with pytest.raises(MachineFault, match="no room"):
        list(in_workers(abs, [1], 1, begin=no_room))
    with pytest.raises(MachineFault, match="ended from outside"):
        list(in_workers(os._exit, [1], 1))


def test_processors_are_counted_where_the_system_does_not_say_which_are_ours(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert processors_here() == os.cpu_count()


def test_no_garbage_is_looked_for_while_pytorch_is_loaded(monkeypatch):
    frozen = gc.get_freeze_count()
    with loading():  # it is there already
        assert gc.isenabled()
    assert gc.get_freeze_count() <= frozen
    monkeypatch.delitem(sys.modules, "torch")
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen


def test_workers_look_for_garbage_once_they_work():
    assert list(in_workers(eval, ["__import__('gc').isenabled()"], 1)) == [True]


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
@pytest.mark.parametrize(
    ("number", "whom", "status"), [("SIGINT", "all", 130), ("SIGTERM", "parent", 130), ("SIGKILL", "parent", -9)]
)
def test_no_worker_outlives_an_interruption(tmp_path: Path, number: str, whom: str, status: int):
    begun, sent = tmp_path / "begun", getattr(signal, number)
    command = [sys.executable, "-c", SCRIPT, str(begun)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        wait_until(begun.exists)
        if whom == "all":  # as a terminal does
            os.killpg(running.pid, sent)
        else:
            running.send_signal(sent)
        _, said = running.communicate(timeout=60)
        assert running.returncode == status
        if status == 130:
            assert said == "canzona: interrupted\n"
        wait_until(lambda: not is_there(running.pid))
    finally:
        if is_there(running.pid):
            os.killpg(running.pid, signal.SIGKILL)
