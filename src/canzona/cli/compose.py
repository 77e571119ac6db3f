"""``canzona compose``."""

import time
from pathlib import Path
from typing import Annotated

import typer

from canzona.cli.common import progress_bar, report, writable


def compose(
    output: Annotated[Path, typer.Option("--output", "-o", help="MIDI file to write; song.json goes beside it.")] = Path(
        "song.mid"
    ),
    form: Annotated[
        str | None, typer.Option(help="Phrases with lengths in bars, capitals sung: i4A8B8o4. Default: composed.")
    ] = None,
    key: Annotated[str | None, typer.Option(help="Key, such as 'G major' or 'F# minor'. Default: composed.")] = None,
    meter: Annotated[str, typer.Option(help="4/4 or 3/4.")] = "4/4",
    tempo: Annotated[float, typer.Option(help="Quarter notes a minute, 20 to 300.")] = 90.0,
    seed: Annotated[int, typer.Option(help="Same seed, same song; 0 or more.")] = 0,
    count: Annotated[int, typer.Option(help="Songs to compose, with seeds counting up from --seed; 1 to 10000.")] = 1,
    steps: Annotated[int | None, typer.Option(help="Sampler steps a window, 2 to 1000. Default: each level's own.")] = None,
    guidance: Annotated[float, typer.Option(help="How strongly to follow the coarser levels, 0 to 5; 1 is as tuned.")] = 1.0,
    weights: Annotated[Path | None, typer.Option(help="Folder with other weights than the package's.")] = None,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    threads: Annotated[int, typer.Option(help="Processors to use, 1 to 64; a single song is quickest on one.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Compose a song: a MIDI file, and beside it a song.json with all four levels."""
    from canzona.song import Form, Key, Meter

    writable("output", output, (".mid", ".midi"))
    if not 1 <= count <= 10_000:
        raise ValueError(f"count: must be 1 to 10000, got {count}")
    if device not in ("cpu", "cuda"):
        raise ValueError(f"device: must be cpu or cuda, got {device!r}")
    parsed_form = None if form is None else Form.parse(form)
    parsed_key, parsed_meter = None if key is None else Key.parse(key), Meter.parse(meter)

    from canzona.generation.request import Request

    request = Request(parsed_form, parsed_key, parsed_meter, tempo, seed, steps, guidance)
    request.with_seed(seed + count - 1)  # checks that the last seed is in range
    outputs = {own: output if count == 1 else output.with_stem(f"{output.stem}-{own}") for own in range(seed, seed + count)}
    for path in outputs.values():
        writable("output", path)
        writable("output", path.with_suffix(".json"))

    from canzona import pretrained
    from canzona.io.files import atomic_write_all
    from canzona.io.midi import song_to_midi
    from canzona.io.song_json import song_to_json

    pretrained.use_processors(threads)
    cascade = pretrained.load(weights, device)
    for own_seed, path in outputs.items():
        started = time.perf_counter()
        song = None
        with progress_bar() as bar:
            tasks: dict[str, int] = {}
            for progress in cascade.stream([request.with_seed(own_seed)]):
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
            "seed": own_seed,
            "seconds": seconds,
        }
        said_key = key_found or "no key"
        text = f"{path}: {song.form}, {said_key}, {song.form.length_bars} bars, seed {own_seed}, composed in {seconds} s"
        report(facts, as_json, text)
