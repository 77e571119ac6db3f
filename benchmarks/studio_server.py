"""The studio's server as its own process, to be killed, stopped and asked as a page asks it."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_SECONDS_TO_ANSWER = 300.0
_SECONDS_TO_END = 10.0
ENDED = ("done", "stopped", "failed", "interrupted")


class Server:
    """A server on a free port. Used as a context, which ends it."""

    def __init__(self, library: Path, weights: Path, processes: int = 1, options: Sequence[str] = ()) -> None:
        """Start it over a library with these weights, and further options; ``line`` is what it says once it is there."""
        program = "from canzona.cli import main; main()"
        words = ["--port", "0", "--no-browser", "--library", str(library), "--weights", str(weights)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, "studio", *words, *options, "--processes", str(processes)],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stderr is not None
        self.line = line = self.process.stderr.readline()
        found = re.search(r"http://[^/ ]+:(\d+)/", line)
        if found is None:
            self.kill()
            raise RuntimeError(f"the studio did not start: {line}")
        self.port = int(found[1])

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer that is one of success.

        Raises:
            RuntimeError: for any other.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS_TO_ANSWER)
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"content-type": "application/json"} if data else {})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return json.loads(text)

    def until(self, job_id: str, states: tuple[str, ...], seconds: float = 300.0) -> Any:
        """A job once it is in one of these states."""
        end = time.monotonic() + seconds
        while (job := self.ask("GET", f"/api/jobs/{job_id}"))["state"] not in states:
            if time.monotonic() > end:
                raise RuntimeError(f"job is still {job['state']}")
            time.sleep(0.02)
        return job

    def listen(self) -> str:
        """The first event that tells of a job, as a page that is then closed hears it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_SECONDS_TO_ANSWER)
        connection.request("GET", "/api/events")
        answer = connection.getresponse()
        while (line := answer.readline().decode()) and not line.startswith("event: job"):
            pass
        data = answer.readline().decode()
        connection.close()
        return data

    def processes(self) -> list[int]:
        """All processes that the server has started, and that are there."""
        return _session(self.process.pid)

    def kill(self) -> list[int]:
        """End the server as by ``kill -9``; gives the processes that are left over after a while."""
        self.process.kill()
        self.process.communicate()
        return _gone(self.process.pid)

    def end(self) -> list[int]:
        """End it as by Ctrl-C; gives what is left over. Raises where it does not end by itself."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.communicate(timeout=_SECONDS_TO_END * 6)
        self._close()
        return _gone(self.process.pid)

    def _close(self) -> None:
        if self.process.stderr is not None:
            self.process.stderr.close()


def _session(leader: int) -> list[int]:
    """The living processes of a session."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(session) == leader and state != "Z":
                found.append(int(entry.name))
    return found


def _gone(leader: int) -> list[int]:
    end = time.monotonic() + _SECONDS_TO_END
    while (left := _session(leader)) and time.monotonic() < end:
        time.sleep(0.05)
    for process in left:
        os.kill(process, signal.SIGKILL)
    return left
