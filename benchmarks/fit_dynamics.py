"""Learn from POP909 how loud notes are played, and hold what was learnt against its pianists on the tuning songs.

    python benchmarks/fit_dynamics.py --data dataset.npz --run runs/dynamics && canzona register runs/dynamics
    python benchmarks/fit_dynamics.py --data dataset.npz --measure

How loud a whole song is recorded varies, so each song's mean velocity is taken away; what is learnt plays all songs with the
mean of the songs' means. Every song counts by the inverse of its variance, down to a floor. A regression is less spread than
what it learns from: one factor a voice makes up for it on the tuning songs, wholly for the piano, in part for the melody, where
all of it would cost more in error than the correlation gains.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from canzona import pretrained
from canzona.generation.dynamics import MELODY, PIANO, shipped_dynamics, with_dynamics
from canzona.io.files import atomic_write
from canzona.model.dynamics import Dynamics, Player, PlayerConfig, dynamics_from_bytes, dynamics_to_bytes
from canzona.representation.playing import playing
from canzona.song.notes import Note
from canzona.song.song import Song
from canzona.training.dataset import first_labellings, load_songs
from canzona.training.loop import WEIGHTS
from canzona.version import __version__
from descent import Descent

SHARES = {MELODY: 0.85, PIANO: 1.0}
"""Voice → how much of the pianists' standard deviation within songs what is learnt is to have."""

LEAST_DEVIATION, DEVIATION_FLOOR = 1.5, 6.0
"""In velocities: songs with less were not played but typed, and are left out; songs with less than the other count alike."""

DESCENT = Descent(batch=4, learning_rate=2e-3, weight_decay=0.05, warm_up_steps=50, clip=1.0)
EPOCHS = {MELODY: 6, PIANO: 7}
BIN, FURTHEST = 4, 126
"""Width of the bins of velocity deviations, and the largest deviation."""


@dataclass(frozen=True)
class Lesson:
    """A voice of a song: what is told of its notes, and how much louder than its mean each is, in velocities."""

    told: Tensor
    windows: Tensor
    louder: Tensor
    mean: float


def voice_of(name: str, song: Song) -> tuple[Note, ...]:
    """The notes of a voice that every song of the data set has."""
    assert song.lead_sheet is not None
    assert song.accompaniment is not None
    return song.lead_sheet.melody if name == MELODY else song.accompaniment


def lesson(name: str, song: Song) -> Lesson:
    """What a song teaches of a voice."""
    notes = voice_of(name, song)
    told = playing(notes, song, voice_of(MELODY, song) if name == PIANO else ())
    velocity = torch.tensor([note.velocity for note in notes], dtype=torch.float32)
    windows = torch.from_numpy(told.windows.astype(np.int32))
    return Lesson(torch.from_numpy(told.told).float(), windows, velocity - velocity.mean(), velocity.mean().item())


def fit(name: str, training: Sequence[Song], tuning: Sequence[Song], epochs: int, seed: int) -> Player:
    """The network of a voice, learnt from the training songs, as spread as is asked on the tuning songs."""
    lessons = [found for song in training if (found := lesson(name, song)).louder.std() >= LEAST_DEVIATION]
    torch.manual_seed(seed)
    typical = round(float(np.mean([own.mean for own in lessons])))
    player = Player(PlayerConfig(lessons[0].told.shape[1], lessons[0].windows.shape[1], typical))
    told = torch.cat([own.told for own in lessons[::4]])
    player.mean.copy_(told.mean(0))
    player.deviation.copy_(told.std(0).clamp(min=0.05))
    for line in DESCENT.epochs(player, lessons, partial(_loss, player), epochs, np.random.default_rng(seed)):
        print(f"{name}: {line}", flush=True)
    return _spread(name, player.eval().requires_grad_(False), [lesson(name, song) for song in tuning])


def _loss(player: Player, batch: Sequence[Lesson]) -> Tensor:
    sizes = [len(own.louder) for own in batch]
    first_notes = np.cumsum([0, *sizes[:-1]]).tolist()
    windows = torch.cat([own.windows.long() + first for own, first in zip(batch, first_notes, strict=True)])
    played = player(torch.cat([own.told for own in batch]), windows).split(sizes)
    losses = [
        (louder - louder.mean() - own.louder).square().mean() / (own.louder.var() + DEVIATION_FLOOR**2)
        for own, louder in zip(batch, played, strict=True)
    ]
    return torch.stack(losses).mean()


def _spread(name: str, player: Player, tuning: Sequence[Lesson]) -> Player:
    """The network with its range widened so that it has its share of the pianists' deviation."""
    human = np.mean([own.louder.std().item() for own in tuning])
    learnt = np.mean([player(own.told, own.windows.long()).std().item() for own in tuning])
    player.output.weight.mul_(SHARES[name] * float(human / learnt))
    player.output.bias.zero_()
    return player


def measure(name: str, songs: Sequence[Song], dynamics: Dynamics) -> dict[str, tuple[float, float]]:
    """Figure → (human, learnt), means over songs, each song's mean velocity taken away."""
    rows = []
    for song in songs:
        human, learnt = (
            np.array([note.velocity for note in voice_of(name, own)], dtype=float)
            for own in (song, with_dynamics(song, lambda: dynamics))
        )
        human, learnt = human - human.mean(), learnt - learnt.mean()
        edges = np.arange(-FURTHEST - BIN / 2, FURTHEST + BIN, BIN)
        shares = [np.histogram(own, edges)[0] / len(own) for own in (human, learnt)]
        rows.append(
            (
                (1.0, np.corrcoef(human, learnt)[0, 1] if learnt.any() else 0.0),
                (0.0, np.abs(human - learnt).mean()),
                (human.std(), learnt.std()),
                (1.0, np.minimum(*shares).sum()),
            )
        )
    names = ("correlation", "mean error", "deviation", "overlap")
    return {figure: (float(human), float(learnt)) for figure, (human, learnt) in zip(names, np.mean(rows, axis=0), strict=True)}


def main() -> None:
    """Parse the options, fit, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="data set made by 'canzona prepare'")
    parser.add_argument("--run", type=Path, default=Path("runs/dynamics"), help="folder for the weights")
    parser.add_argument("--measure", action="store_true", help="measure those of the package and fit nothing")
    parser.add_argument("--epochs", type=int, help="in place of those of each voice")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    pretrained.use_processors(1)
    songs = first_labellings(load_songs(options.data))
    tuning = [prepared.song for prepared in songs if prepared.is_tuning]
    if options.measure:
        dynamics = shipped_dynamics()
    else:
        training = [prepared.song for prepared in songs if not prepared.is_tuning and not prepared.is_validation]
        epochs = {name: options.epochs or own for name, own in EPOCHS.items()}
        players = {name: fit(name, training, tuning, epochs[name], options.seed) for name in EPOCHS}
        facts: dict[str, object] = {"songs": len(training), "epochs": epochs, "seed": options.seed}
        dynamics = dynamics_from_bytes(dynamics_to_bytes(Dynamics(players, __version__)), "dynamics")  # as rounded
        tuned = {name: {key: learnt for key, (_, learnt) in measure(name, tuning, dynamics).items()} for name in EPOCHS}
        data = dynamics_to_bytes(Dynamics(players, __version__, facts | {"validation": tuned}))
        options.run.mkdir(parents=True, exist_ok=True)
        atomic_write(options.run / WEIGHTS, data)
        print(f"{options.run / WEIGHTS}: {len(data)} bytes")
    print(f"{'':20}{'human':>10}{'learnt':>10}   {len(tuning)} tuning songs, each song's mean taken away")
    for name in EPOCHS:
        for figure, (human, learnt) in measure(name, tuning, dynamics).items():
            print(f"{name + ', ' + figure:20}{human:10.3f}{learnt:10.3f}")
    longest = max(tuning, key=lambda song: len(voice_of(PIANO, song)))
    started = time.perf_counter()
    with_dynamics(longest, lambda: dynamics)
    notes = len(voice_of(MELODY, longest)) + len(voice_of(PIANO, longest))
    print(f"{notes} notes in {time.perf_counter() - started:.3f} s")


if __name__ == "__main__":
    main()
