"""Running requests through the cascade with progress shown, and writing what comes out."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from canzona.cli.common import progress_bar, report, writable

if TYPE_CHECKING:
    from canzona.generation.request import Request

MOST_SONGS = 10_000


def outputs_of(output: Path, seeds: range) -> dict[int, Path]:
    """Seed → MIDI file, numbered by seed where there are several; that they can be written is checked.

    Raises:
        ValueError: where one cannot be.
    """
    outputs = {seed: output if len(seeds) == 1 else output.with_stem(f"{output.stem}-{seed}") for seed in seeds}
    for path in outputs.values():
        writable("output", path, (".mid", ".midi"))
        writable("output", path.with_suffix(".json"))
    return outputs


def compose_to_files(
    requests: "Mapping[Path, Request]", weights: Path | None, device: str, threads: int, as_json: bool
) -> None:
    """Compose each request and write the MIDI file and the song.json beside it, one song after the other.

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
    for path, request in requests.items():
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
        atomic_write_all({path: song_to_midi(song), path.with_suffix(".json"): song_to_json(song).encode()})
        key_found, seconds = song.form.phrases[0].key, round(time.perf_counter() - started, 2)
        facts = {
            "midi": str(path),
            "song": str(path.with_suffix(".json")),
            "form": str(song.form),
            "key": None if key_found is None else str(key_found),
            "bars": song.form.length_bars,
            "seed": request.seed,
            "seconds": seconds,
        }
        said = f"{song.form}, {key_found or 'no key'}, {song.form.length_bars} bars, seed {request.seed}"
        report(facts, as_json, f"{path}: {said}, composed in {seconds} s")
