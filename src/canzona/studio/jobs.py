"""The queue: takes in order, one worker process a core, one thread each; what happens is stored and told to all pages."""

import heapq
import sys
import threading
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from canzona.faults import MachineFault
from canzona.processes import deaf_to_ctrl_c
from canzona.studio.events import Events
from canzona.studio.library import Refused
from canzona.studio.records import OPEN, RESTARTABLE, Asked, JobRecords
from canzona.studio.worker import STOP, serve

_SECONDS_TO_END = 2.0


@dataclass
class _Worker:
    """A process at work or waiting.

    Attributes:
        process, connection: its own.
        task: (job, take) that it works at; ``None`` for none, or for one that is given up and whose end it has not told yet.
        is_free: whether it waits for work.
    """

    process: Any
    connection: Connection
    task: tuple[str, int] | None = None
    is_free: bool = True


@dataclass
class _Progress:
    """How far a take is, and what there is of its song."""

    level: str | None = None
    step: int = 0
    steps: int = 0
    share: float = 0.0
    song: dict[str, Any] | None = None


@dataclass(order=True)
class _Waiting:
    """A take in the queue; jobs keep their order, also when they are started again."""

    place: int
    number: int
    job_id: str = field(compare=False)


class Jobs:
    """All work on songs. Nothing starts unless a person asks for it, here or in another page."""

    def __init__(self, records: JobRecords, events: Events, weights: Path | None, processes: int) -> None:
        """The queue over what is stored; what a server before left open is marked interrupted.

        Args:
            records: where jobs are stored.
            events: where their progress is told.
            weights: folder with other weights than the package's.
            processes: how many takes are composed at once.
        """
        self._records, self._events, self._weights, self._processes = records, events, weights, processes
        self._waiting: list[_Waiting] = []
        self._workers: list[_Worker] = []
        self._progress: dict[tuple[str, int], _Progress] = {}
        self._lock = threading.RLock()
        self._wake, self._woken = get_context("spawn").Pipe()
        self._is_ending = False
        records.interrupt()
        self._thread = threading.Thread(target=self._listen, name="jobs", daemon=True)
        self._thread.start()

    def add(self, asked: Asked) -> dict[str, Any]:
        """A job at the end of the queue."""
        with self._lock:
            job_id = self._records.add(asked)
            self._enqueue(job_id, range(1, asked.takes + 1))
            return self._told(job_id)

    def listed(self) -> list[dict[str, Any]]:
        """The latest jobs, in the order of the queue, as ``wire.Job`` without songs."""
        with self._lock:
            return [self._with_progress(job) for job in self._records.jobs()]

    def job(self, job_id: str, with_songs: bool = False) -> dict[str, Any]:
        """A job as ``wire.Job`` has it.

        Raises:
            NotThere: where there is none.
        """
        with self._lock:
            job = self._with_progress(self._records.job(job_id, with_songs))
            if with_songs:
                for take in job["takes"]:
                    so_far = self._progress.get((job_id, take["number"]), _Progress()).song
                    take["song"] = take["song"] or (so_far if take["state"] == "running" else None)
            return job

    def stop(self, job_id: str) -> dict[str, Any]:
        """End a job: what waits leaves the queue, and what is at work ends within a step.

        Raises:
            NotThere: where there is none.
            Refused: where it is neither waiting nor at work.
        """
        with self._lock:
            numbers = self._in_state(job_id, OPEN)
            if not numbers:
                raise Refused("The job is neither waiting nor at work.")
            self._waiting = [own for own in self._waiting if own.job_id != job_id]
            heapq.heapify(self._waiting)
            for worker in self._workers:
                if worker.task is not None and worker.task[0] == job_id:
                    worker.task = None
                    _send(worker, STOP)
            self._records.set_state(job_id, numbers, "stopped")
            return self._told(job_id)

    def restart(self, job_id: str) -> dict[str, Any]:
        """Make what a job that was stopped, interrupted or failed has not made, from its stored request, in its old place.

        Raises:
            NotThere: where there is none.
            Refused: where nothing of it is left to be made, or it is at work.
        """
        with self._lock:
            numbers = self._in_state(job_id, RESTARTABLE)
            if not numbers:
                raise Refused("The job has nothing left to be made.")
            self._records.set_state(job_id, numbers, "queued")
            self._enqueue(job_id, numbers)
            return self._told(job_id)

    def warm_up(self) -> None:
        """Start one worker, so that the first song need not wait for it."""
        with self._lock:
            if not self._workers:
                self._hire()
                self._wake.send(None)

    def close(self) -> None:
        """End all workers; what they were at is interrupted."""
        with self._lock:
            self._is_ending = True
            self._wake.send(None)
        self._thread.join()
        for worker in self._workers:
            worker.process.kill()
            worker.process.join(_SECONDS_TO_END)
            worker.connection.close()
        self._records.interrupt()

    def _in_state(self, job_id: str, states: tuple[str, ...]) -> list[int]:
        return [take["number"] for take in self._records.job(job_id)["takes"] if take["state"] in states]

    def _enqueue(self, job_id: str, numbers: Any) -> None:
        place = self._records.place(job_id)
        for number in numbers:
            self._progress.pop((job_id, number), None)
            heapq.heappush(self._waiting, _Waiting(place, number, job_id))
        self._wake.send(None)

    def _listen(self) -> None:
        """In a thread of its own: hand out work, and hear of it."""
        while True:
            ready = wait([self._woken, *(worker.connection for worker in self._workers)])
            with self._lock:
                if self._is_ending:
                    return
                for connection in ready:
                    if connection is self._woken:
                        self._woken.recv()
                try:
                    for worker in [own for own in self._workers if own.connection in ready]:
                        self._hear_from(worker)
                    self._hand_out()
                except MachineFault as fault:  # such as a full disk: what was at work is interrupted when a server begins
                    print(f"canzona: {fault}", file=sys.stderr)

    def _hand_out(self) -> None:
        while self._waiting:
            worker = next((own for own in self._workers if own.is_free), None)
            if worker is None and len(self._workers) >= self._processes:
                return
            worker = worker or self._hire()
            first = heapq.heappop(self._waiting)
            worker.task, worker.is_free = (first.job_id, first.number), False
            self._progress[worker.task] = _Progress()
            self._records.set_state(first.job_id, [first.number], "running")
            _send(worker, self._records.request(first.job_id, first.number))
            self._told(first.job_id)

    def _hire(self) -> _Worker:
        context = get_context("spawn")
        own, its = context.Pipe()
        process = context.Process(target=serve, args=(its, self._weights), name="canzona-composer", daemon=True)
        with deaf_to_ctrl_c():
            process.start()
        its.close()
        self._workers.append(_Worker(process, own))
        return self._workers[-1]

    def _hear_from(self, worker: _Worker) -> None:
        try:
            kind, *said = worker.connection.recv()
        except (EOFError, OSError):
            self._bury(worker)
        else:
            self._hear(worker, kind, *said)

    def _hear(self, worker: _Worker, kind: str, *said: Any) -> None:
        task = worker.task
        if kind == "progress":
            if task is not None:
                before = self._progress[task]
                self._progress[task] = _Progress(*said, song=before.song)
                if before.level != said[0]:
                    self._records.set_level(task[0], said[0])
                self._told(task[0])
            return
        if kind == "so far":
            if task is not None:
                self._progress[task].song = said[0]
                self._told(task[0])
            return
        worker.task, worker.is_free = None, True
        if task is None:
            return
        job_id, number = task
        self._progress[task].song = added = None
        if kind == "done":
            added = self._records.finish(job_id, number, said[0])
        else:
            self._records.set_state(job_id, [number], "failed" if kind == "failed" else "stopped", *said)
        self._told(job_id)
        if added is not None:
            self._events.publish("song", added, {"id": added, "version": 1})

    def _bury(self, worker: _Worker) -> None:
        """A worker was ended from outside: its take has failed, and another worker comes when there is work."""
        self._workers.remove(worker)
        worker.connection.close()
        worker.process.join(_SECONDS_TO_END)
        if worker.task is not None:
            why = "The process that composed was ended, as for want of memory; start the job again."
            self._records.set_state(worker.task[0], [worker.task[1]], "failed", why)
            self._told(worker.task[0])

    def _with_progress(self, job: dict[str, Any]) -> dict[str, Any]:
        known = [self._progress.get((job["id"], take["number"]), _Progress()) for take in job["takes"]]
        shares = [1.0 if take["state"] == "done" else own.share for take, own in zip(job["takes"], known, strict=True)]
        latest = max(known, key=lambda own: own.step > 0)
        working = [own for take, own in zip(job["takes"], known, strict=True) if take["state"] == "running" and own.steps]
        latest = working[-1] if working else latest
        return job | {"step": latest.step, "steps": latest.steps, "share": round(sum(shares) / len(shares), 4)}

    def _told(self, job_id: str) -> dict[str, Any]:
        """A job, once all pages have been told of it."""
        job = self._with_progress(self._records.job(job_id))
        self._events.publish("job", job_id, job)
        return job


def _send(worker: _Worker, message: Any) -> None:
    try:
        worker.connection.send(message)
    except OSError:
        return  # its end is heard by the thread that listens
