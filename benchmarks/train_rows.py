"""Train networks that are no level of the released cascade: the flat baseline, and the levels of the ablations.

    python benchmarks/train_rows.py flat --data dataset.npz --minutes 40 --runs runs/baselines
    python benchmarks/train_rows.py without-form --data dataset.npz --minutes 15 --runs runs/ablations

The minutes are shared evenly by the system's levels below the form. A run that stopped goes on where it was.
"""

import argparse
from pathlib import Path

import torch

from canzona.baselines.ablations import ABLATIONS
from canzona.baselines.flat import FLAT, encode_flat
from canzona.hierarchy.levels import FORM
from canzona.pretrained import use_processors
from canzona.training.config import TrainingConfig
from canzona.training.dataset import load_songs
from canzona.training.loop import CHECKPOINT, Trainer

SYSTEMS = {"flat": (FORM, FLAT)} | ABLATIONS


def main() -> None:
    """Parse the options and train every level below the form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("system", choices=list(SYSTEMS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40.0)
    parser.add_argument("--runs", type=Path, default=Path("runs/baselines"))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    use_processors(options.threads)
    songs = load_songs(options.data)
    training = [song for song in songs if not song.is_validation and not song.is_tuning]
    validation = [song for song in songs if song.is_tuning]
    levels = SYSTEMS[options.system][1:]
    for level in levels:
        folder = options.runs / options.system / level.name
        config = TrainingConfig(max_minutes=options.minutes / len(levels))
        trainer = Trainer(level, training, validation, folder, config, torch.device("cpu"), encode=encode_flat)
        if (folder / CHECKPOINT).is_file():
            trainer.resume(folder / CHECKPOINT)
        for progress in trainer.run():
            if progress.validation is not None:
                print(f"{level.name}: step {progress.step}, {progress.minutes:.1f} min, {progress.validation}", flush=True)


if __name__ == "__main__":
    main()
