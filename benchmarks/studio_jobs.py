"""What the studio promises of its jobs: a server that is killed, pages that are reloaded, jobs that are stopped."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from studio_server import ENDED, Server

OPEN = ("queued", "running")
STEPS = 24
"""Of the sampler: enough that a job on tiny networks can be met at work."""


@dataclass(frozen=True)
class Counted:
    """How often a promise was tried and kept, and what went wrong first.

    Attributes:
        tried, kept: counts.
        worst_seconds: the longest time that was measured, if any.
        fault: the first that was seen; ``None`` for none.
    """

    tried: int
    kept: int
    worst_seconds: float = 0.0
    fault: str | None = None


def _asked(seed: int, takes: int = 1, steps: int = STEPS) -> dict[str, Any]:
    return {"form": "A4", "key": "G", "seed": seed, "steps": steps, "takes": takes}


def _songs(job: Mapping[str, Any]) -> list[Any]:
    return [take.get("song") for take in job["takes"]]


def reference(server: Server, seed: int, takes: int) -> list[Any]:
    """The takes of an undisturbed job."""
    return _songs(server.until(server.ask("POST", "/api/jobs", _asked(seed, takes))["id"], ENDED))


def kills(folder: Path, weights: Path, count: int, seed: int = 0) -> Counted:
    """Kill the server at random moments of two jobs, and start again what it was at."""
    random, kept, fault, seconds = Random(seed), 0, None, 1.0
    expected: list[list[Any]] = []
    for trial in range(count):
        with Server(folder / "killed", weights) as server:
            before = server.ask("GET", "/api/songs")
            whole = {own["id"]: server.ask("GET", f"/api/songs/{own['id']}")["song"] for own in before}
            ids = [server.ask("POST", "/api/jobs", _asked(own, takes=2))["id"] for own in (1, 2)]
            server.until(ids[0], ("running", *ENDED))
            time.sleep(random.uniform(0, seconds))
            left = server.kill()
        server, problems = Server(folder / "killed", weights), dict[str, bool]()
        try:
            jobs = server.ask("GET", "/api/jobs")[-2:]
            states = [job["state"] for job in jobs]
            time.sleep(0.3)
            still = [job["state"] for job in server.ask("GET", "/api/jobs")[-2:]]
            problems |= {
                "processes were left over": bool(left),
                "a job is lost or out of order": [job["id"] for job in jobs] != ids,
                "a job is neither done nor interrupted": any(state not in ("done", "interrupted") for state in states),
                "something started by itself": still != states or len(server.processes()) > 4,
                "a song is not what it was": any(
                    server.ask("GET", f"/api/songs/{own}")["song"] != song for own, song in whole.items()
                ),
            }
            for job, state in zip(jobs, states, strict=True):
                if state == "interrupted":
                    server.ask("POST", f"/api/jobs/{job['id']}/restart")
            results = [_songs(server.until(own, ENDED)) for own in ids]
            if not expected:
                began = time.monotonic()
                expected = [reference(server, own, takes=2) for own in (1, 2)]
                seconds = time.monotonic() - began
            problems["the result is another"] = results != expected
        finally:
            problems["it did not end cleanly"] = bool(server.end())
        wrong = [name for name, is_so in problems.items() if is_so]
        kept, fault = kept + (not wrong), fault or (f"kill {trial}: {', '.join(wrong)}" if wrong else None)
    return Counted(count, kept, fault=fault)


def reloads(folder: Path, weights: Path, count: int) -> Counted:
    """Close and open the page again while a job goes on; each page must find it, and the result must be the same."""
    kept, job = 0, None
    with Server(folder / "reloaded", weights) as server:
        expected = reference(server, 3, takes=4)
        job_id = server.ask("POST", "/api/jobs", _asked(3, takes=4))["id"]
        for _ in range(count):
            job = server.ask("GET", f"/api/jobs/{job_id}")
            if job["state"] not in OPEN:  # the next job is as good
                kept += _songs(job) == expected
                job_id = server.ask("POST", "/api/jobs", _asked(3, takes=4))["id"]
                continue
            kept += job_id in server.listen() and any(own["id"] == job_id for own in server.ask("GET", "/api/jobs"))
        is_same = _songs(server.until(job_id, ENDED)) == expected
    return Counted(count, kept if is_same else 0, fault=None if is_same else "the result is another")


def stops(folder: Path, weights: Path, count: int, seed: int = 0) -> Counted:
    """Stop jobs at random moments; the next job must then begin at once, and no process be left over."""
    random, kept, worst = Random(seed), 0, 0.0
    with Server(folder / "stopped", weights) as server:
        reference(server, 1, takes=1)
        expected = len(server.processes())
        for _ in range(count):
            job_id = server.ask("POST", "/api/jobs", _asked(5, steps=1000))["id"]
            server.until(job_id, ("running",))
            time.sleep(random.uniform(0, 0.2))
            began = time.monotonic()
            is_stopped = server.ask("POST", f"/api/jobs/{job_id}/stop")["state"] == "stopped"
            following = server.ask("POST", "/api/jobs", _asked(6, steps=1000))["id"]
            while not server.ask("GET", f"/api/jobs/{following}")["step"]:
                time.sleep(0.005)
            seconds = time.monotonic() - began
            server.ask("POST", f"/api/jobs/{following}/stop")
            worst = max(worst, seconds)
            kept += is_stopped and len(server.processes()) == expected
        left = server.end()
    return Counted(count, 0 if left else kept, worst, "processes were left over" if left else None)
