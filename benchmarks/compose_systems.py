"""One song of every system for the form, keys, metre and tempo of each validation song, as folders for ``canzona evaluate``.

    python benchmarks/compose_systems.py canzona copy-bot human human-train --data dataset.npz --songs 24 -o build/songs
    python benchmarks/compose_systems.py flat --weights runs/baselines/flat --data dataset.npz --songs 24 -o build/songs

A song's seed is its number, and so is its file's name; songs that are there already are left alone. ``seconds.json`` in each
folder says how long each took on one core, in seconds of processor time, without loading.
"""

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from canzona import pretrained
from canzona.baselines import flat
from canzona.baselines.ablations import ABLATIONS
from canzona.baselines.copybot import CopyBot
from canzona.generation.cascade import Cascade
from canzona.generation.request import Request
from canzona.io.seconds_json import read_seconds, write_seconds
from canzona.io.song_json import write_song_file
from canzona.song.song import Song
from canzona.training.dataset import PreparedSong, first_labellings, load_songs
from canzona.training.loop import WEIGHTS

Composer = Callable[[Sequence[Request]], Iterator[Song]]
HUMAN, HUMAN_TRAIN, CANZONA, COPY_BOT, FLAT, REMI = "human", "human-train", "canzona", "copy-bot", "flat", "remi"


def main() -> None:
    """Parse the options and compose, system by system."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("systems", nargs="+", choices=[HUMAN, HUMAN_TRAIN, CANZONA, COPY_BOT, FLAT, REMI, *ABLATIONS])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--songs", type=int, default=24)
    parser.add_argument("--weights", type=Path, help="folder of the system's training runs")
    parser.add_argument("--output", "-o", type=Path, default=Path("build/songs"))
    options = parser.parse_args()
    pretrained.use_processors(1)
    prepared = load_songs(options.data)
    validation = first_labellings(song for song in prepared if song.is_validation)[: options.songs]
    training = first_labellings(song for song in prepared if not song.is_validation)
    for system in options.systems:
        folder = options.output / system
        folder.mkdir(parents=True, exist_ok=True)
        if system in (HUMAN, HUMAN_TRAIN):
            chosen = validation if system == HUMAN else training[:: len(training) // options.songs][: options.songs]
            for item in chosen:
                write_song_file(folder / f"{item.number:03d}.json", item.song)
        else:
            compose(folder, validation, composer(system, options.weights, training))
        print(f"{folder}: {len(list(folder.glob('[0-9]*.json')))} songs")


def composer(system: str, weights: Path | None, training: Sequence[PreparedSong]) -> Composer:
    """What makes a system's songs."""
    if system == COPY_BOT:
        return CopyBot([item.song for item in training]).compose_many
    if system == CANZONA:
        return partial(_compose_cascade, pretrained.load(weights))
    if weights is None:
        raise SystemExit(f"weights: must be given for {system}")
    if system == FLAT:
        return partial(flat.compose_many, pretrained.load_level(weights / flat.FLAT.name / WEIGHTS, flat.FLAT))
    if system == REMI:
        from canzona.baselines import remi

        return partial(remi.compose_many, remi.load(weights))
    levels = ABLATIONS[system]
    models = {level.name: pretrained.load_level(weights / level.name / WEIGHTS, level) for level in levels[1:]}
    return partial(_compose_cascade, Cascade(models, levels=levels))


def compose(folder: Path, songs: Sequence[PreparedSong], compose_many: Composer) -> None:
    """Write a song for each of ``songs`` and note the seconds: of the processor, so that other work on it does not count."""
    seconds = read_seconds(folder)
    for item in songs:
        path = folder / f"{item.number:03d}.json"
        if path.is_file():
            continue
        request = Request(item.song.form, meter=item.song.meter, tempo=item.song.tempo, seed=item.number)
        started = time.process_time()
        (song,) = compose_many([request])
        seconds[path.stem] = round(time.process_time() - started, 2)
        write_song_file(path, song)
        write_seconds(folder, seconds)


def _compose_cascade(cascade: Cascade, requests: Sequence[Request]) -> Iterator[Song]:
    yield from cascade.compose_many(requests)


if __name__ == "__main__":
    main()
