"""What a worker process does: it composes one request after the other, tells every step, and stops when it is told to."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from canzona.faults import MachineFault
from canzona.processes import begin_worker, loading

STOP = "stop"
"""What is sent to a worker at work to make it stop; else it is sent requests, as plain values."""


def serve(connection: Connection, weights: Path | None) -> None:
    """Work until the server ends.

    Sends ``("progress", level's title, step, steps, share)`` for every step of the sampler, ``("so far", song)`` after every
    level, and for every request one of ``("done", song)``, ``("stopped",)`` and ``("failed", why)``.

    Args:
        connection: to the server.
        weights: folder with other weights than the package's.
    """
    begin_worker(None)
    with suppress(ValueError, MachineFault, OSError), loading():  # what is wrong is told to whoever asks for a song
        _cascade(weights)
    while True:
        try:
            asked = connection.recv()
            if asked != STOP:  # else it came too late, for what is done
                connection.send(_composed(connection, asked, weights))
        except (EOFError, OSError):
            return


def _composed(connection: Connection, asked: Mapping[str, Any], weights: Path | None) -> tuple[Any, ...]:
    from canzona.generation.progress import share_done
    from canzona.generation.request_json import request_from_dict
    from canzona.io.song_json import song_to_dict
    from canzona.studio.documents import document_of

    try:
        cascade = _cascade(weights)
        request, song = request_from_dict(asked), None
        for progress in cascade.stream([request]):
            if connection.poll():
                connection.recv()
                return ("stopped",)
            share = share_done(cascade, request, progress) or 0.0
            connection.send(("progress", progress.level.title, progress.step, progress.steps, share))
            song = progress.songs[0] if progress.songs else None
            if song is not None:
                connection.send(("so far", song_to_dict(document_of(song).song)))
    except (ValueError, MachineFault, OSError, MemoryError) as error:
        return ("failed", str(error) or "the machine has too little memory")
    assert song is not None
    return ("done", song_to_dict(song))


@cache
def _cascade(weights: Path | None) -> Any:
    """The cascade, loaded once: it takes seconds."""
    from canzona import pretrained

    return pretrained.load(weights, threads=1)
