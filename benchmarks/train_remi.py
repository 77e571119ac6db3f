"""Train the REMI Transformer with phrase labels; ``compose_systems.py`` has it compose.

    python benchmarks/train_remi.py --data dataset.npz --output runs/remi --minutes 40

Minutes are those of the processor. Training that finds a checkpoint in its folder goes on from there.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np

from canzona import pretrained
from canzona.baselines.remi_model import RemiConfig
from canzona.baselines.remi_tokens import RemiTokens
from canzona.baselines.remi_training import RemiTrainer, RemiTraining
from canzona.baselines.remi_windows import token_songs
from canzona.training.checkpoint import CHECKPOINT
from canzona.training.dataset import load_songs


def main() -> None:
    """Parse the options and do what they ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=RemiTraining.processor_minutes, help="of processor time")
    parser.add_argument("--batch-size", type=int, default=RemiTraining.batch_size)
    parser.add_argument("--learning-rate", type=float, default=RemiTraining.learning_rate)
    parser.add_argument("--copies", type=int, default=1, help="of each labelled song, each in another key")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    pretrained.use_processors(options.threads)
    train(options)


def train(options: argparse.Namespace) -> None:
    """Train until the budget is used up."""
    songs = load_songs(options.data)
    training = [item.song for item in songs if not item.is_validation and not item.is_tuning]
    validation = [item.song for item in songs if item.is_tuning]
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


if __name__ == "__main__":
    main()
