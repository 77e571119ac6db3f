"""Running requests through the cascade with progress shown, and writing what comes out."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from canzona.cli.common import progress_bar, report
from canzona.cli.outputs import song_files, still_free

if TYPE_CHECKING:
    from canzona.generation.request import Request

MOST_SONGS = 10_000


def compose_to_files(
    requests: "Mapping[Path, Request]", weights: Path | None, device: str, threads: int, as_json: bool, force: bool
) -> None:
    """Compose each request and write the MIDI file and the song.json beside it, one song after the other.

    Unless ``force``, a file that has come to be there since the paths were checked is not replaced: the song takes a free name.

    Raises:
        ValueError: where the device is neither cpu nor cuda, and as ``Cascade.stream``.
    """
    if device not in ("cpu", "cuda"):
        raise ValueError(f"device: must be cpu or cuda, got {device!r}")

    from canzona import pretrained
    from canzona.io.files import atomic_write_all
    from canzona.io.midi import song_to_midi
    from canzona.io.song_json import song_to_json

    cascade = pretrained.load(weights, device, threads=threads)
    for wanted, request in requests.items():
        started = time.perf_counter()
        song = None
        with progress_bar() as bar:
            tasks: dict[str, int] = {}
            for progress in cascade.stream([request]):
                title = progress.level.title
                if title not in tasks:
                    tasks[title] = bar.add_task(title, total=progress.steps, figures="")  # type: ignore[assignment]
                bar.update(tasks[title], completed=progress.step, total=progress.steps)  # type: ignore[arg-type]
                song = progress.songs[0] if progress.songs else None
        assert song is not None
        midi, json_file = song_files(wanted if force else still_free(wanted))
        atomic_write_all({midi: song_to_midi(song), json_file: song_to_json(song).encode()})
        key_found, seconds = song.form.phrases[0].key, round(time.perf_counter() - started, 2)
        facts = {
            "midi": str(midi),
            "song": str(json_file),
            "form": str(song.form),
            "key": None if key_found is None else str(key_found),
            "bars": song.form.length_bars,
            "seed": request.seed,
            "seconds": seconds,
        }
        said = f"{song.form}, {key_found or 'no key'}, {song.form.length_bars} bars, seed {request.seed}"
        report(facts, as_json, f"{midi}: {said}, composed in {seconds} s")
