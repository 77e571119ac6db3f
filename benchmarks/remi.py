"""The REMI Transformer with phrase labels: train it, or have it compose.

    python benchmarks/remi.py train --data dataset.npz --output runs/remi --minutes 40
    python benchmarks/remi.py compose --data dataset.npz --model runs/remi --output runs/songs/remi --songs 32

Training that finds a checkpoint in its folder goes on from there. Composing takes form, keys, metre and tempo of the first
validation songs, and each song's number as its seed, and prints their figures beside those of the human songs.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from canzona import pretrained
from canzona.baselines import remi
from canzona.baselines.remi import RemiSampling
from canzona.baselines.remi_model import RemiConfig
from canzona.baselines.remi_tokens import RemiTokens
from canzona.baselines.remi_training import RemiTrainer, RemiTraining
from canzona.baselines.remi_windows import token_songs
from canzona.evaluation import score
from canzona.generation.request import Request
from canzona.io.files import atomic_write
from canzona.io.song_json import write_song_file
from canzona.training.checkpoint import CHECKPOINT
from canzona.training.dataset import load_songs


def main() -> None:
    """Parse the options and do what they ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    training.add_argument("--data", type=Path, required=True)
    training.add_argument("--output", type=Path, required=True)
    training.add_argument("--minutes", type=float, default=RemiTraining.processor_minutes, help="of processor time")
    training.add_argument("--batch-size", type=int, default=RemiTraining.batch_size)
    training.add_argument("--learning-rate", type=float, default=RemiTraining.learning_rate)
    training.add_argument("--copies", type=int, default=1, help="of each labelled song, each in another key")
    composing = commands.add_parser("compose")
    composing.add_argument("--data", type=Path, required=True)
    composing.add_argument("--model", type=Path, required=True)
    composing.add_argument("--output", type=Path, required=True)
    composing.add_argument("--songs", type=int, default=32)
    composing.add_argument("--temperature", type=float, default=RemiSampling.temperature)
    composing.add_argument("--top-p", type=float, default=RemiSampling.top_p)
    for command in (training, composing):
        command.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    pretrained.use_processors(options.threads)
    {"train": train, "compose": compose}[options.command](options)


def train(options: argparse.Namespace) -> None:
    """Train until the budget is used up."""
    songs = load_songs(options.data)
    training = [item.song for item in songs if not item.is_validation]
    validation = [item.song for item in songs if item.is_validation]
    tokens = RemiTokens()
    started = time.monotonic()
    prepared = token_songs(training, tokens, options.copies, np.random.default_rng(1))
    held_out = token_songs(validation, tokens, 1, np.random.default_rng(2))
    lengths = [len(content) for song in prepared for content in song.contents]
    print(f"{len(prepared)} songs, {np.mean(lengths):.1f} tokens a bar (most {max(lengths)}), "
          f"read in {time.monotonic() - started:.0f} s", flush=True)  # fmt: skip
    settings = RemiTraining(options.minutes, batch_size=options.batch_size, learning_rate=options.learning_rate)
    trainer = RemiTrainer(prepared, held_out, tokens, options.output, RemiConfig(), settings)
    if (options.output / CHECKPOINT).is_file():
        trainer.resume()
    for line in trainer.run():
        print(json.dumps(line), flush=True)


def compose(options: argparse.Namespace) -> None:
    """Write a song for each of the first validation songs, ``NNN.json``, and ``seconds.json``; print figures."""
    model = remi.load(options.model)
    sampling = RemiSampling(options.temperature, options.top_p)
    items = [item for item in load_songs(options.data) if item.is_validation]
    chosen = list({item.number: item for item in reversed(items)}.values())[::-1][
        : options.songs
    ]  # the first labelling of each
    options.output.mkdir(parents=True, exist_ok=True)
    seconds: dict[str, float] = {}
    figures: dict[str, list[dict[str, float | None]]] = {"human": [], "remi": []}
    for item in chosen:
        request = Request(item.song.form, meter=item.song.meter, tempo=item.song.tempo, seed=item.number)
        started = time.perf_counter()
        (song,) = remi.compose_many(model, [request], sampling)
        seconds[f"{item.number:03d}"] = round(time.perf_counter() - started, 2)
        write_song_file(options.output / f"{item.number:03d}.json", song)
        atomic_write(options.output / "seconds.json", json.dumps(seconds).encode())
        figures["human"].append(score(item.song))
        figures["remi"].append(score(song))
    for name in figures["human"][0]:
        print(name.ljust(28), *(f"{system} {_mean([own[name] for own in found]):8.3f}" for system, found in figures.items()))
    print(f"{np.mean(list(seconds.values())):.1f} seconds a song")


def _mean(values: list[float | None]) -> float:
    scored = [value for value in values if value is not None]
    return float(np.mean(scored)) if scored else float("nan")


if __name__ == "__main__":
    main()
