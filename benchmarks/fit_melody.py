"""Learn from POP909 which notes of a song are its melody, once its tracks are merged into one.

    python benchmarks/fit_melody.py --data ../shared/data [--epochs N] [-o src/canzona/transcription/melody.safetensors]
    python benchmarks/fit_melody.py --data ../shared/data --measure

It learns from the training songs without the tuning songs, and prints of these after each epoch the F-measure of the notes, as
they are and all equally loud. Every song is learnt at another height each time, and a quarter of the time without its loudness.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from symusic.core import ScoreTick
from torch import Tensor, nn
from torch.nn import functional

from analysis import merged
from canzona.io.files import atomic_write
from canzona.io.midi import MELODY
from canzona.io.tracks import role_of
from canzona.training.dataset import POP909_SONGS, tuning_numbers, validation_numbers
from canzona.transcription.analysis import in_steps
from canzona.transcription.melody import DILATIONS, WEIGHTS, heard_melody, likeliest, melody_odds
from canzona.transcription.melody_features import (
    HEIGHT,
    HEIGHT_SQUARED,
    IS_SUNG,
    NUMBERS,
    equally_loud,
    heights,
    melody_features,
)
from canzona.transcription.options import AnalysisOptions
from canzona.transcription.performance import Notes, read_performance
from canzona.transcription.quantisation import nearest_steps, rounded, straightened
from canzona.transcription.timing import hear_timing
from descent import Descent

WIDTH, TAPS, DROPOUT = 48, 3, 0.1
EPOCHS = 6
DESCENT = Descent(batch=4, learning_rate=3e-3, weight_decay=0.05, warm_up_steps=100, clip=1.0)
FARTHEST_SEMITONES, EQUALLY_LOUD_SHARE = 5, 0.25
FIRST_GUESS = 0.3
"""What the loss of the first guess counts, by which the means over melody and rest are taken."""
FEWEST_NOTES = 40
"""Songs with less melody teach none."""


@dataclass(frozen=True)
class Lesson:
    """A song: its notes on the grid, which of them are melody, how many melody notes it has, and what is told of the notes."""

    notes: Notes
    is_melody: NDArray[np.bool_]
    melody_notes: int
    told: NDArray[np.float32]

    def f_measure(self, sung: NDArray[np.bool_]) -> float:
        """Of the notes that were found; two at one place and pitch are one."""
        found = sung & self.is_melody
        hits = len(set(zip(self.notes.start[found].tolist(), self.notes.pitch[found].tolist(), strict=True)))
        return 2 * hits / max(int(sung.sum()) + self.melody_notes, 1)


class MelodyNetwork(nn.Module):
    """What ``canzona.transcription.melody.melody_odds`` computes, to be learnt."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(NUMBERS, WIDTH, 1)
        self.around = nn.ModuleList(
            nn.Conv1d(WIDTH, WIDTH, TAPS, padding=TAPS // 2 * dilation, dilation=dilation) for dilation in DILATIONS
        )
        self.mixed = nn.ModuleList(nn.Conv1d(WIDTH, WIDTH, 1) for _ in DILATIONS)
        self.likely, self.sung = nn.Conv1d(WIDTH, 1, 1), nn.Conv1d(WIDTH, 1, 1)
        self.again = nn.Conv1d(3 * WIDTH, WIDTH, 1)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, told: Tensor, is_note: Tensor) -> tuple[Tensor, Tensor]:
        """Log-odds by the first guess and at last, (songs, notes).

        Args:
            told: (songs, numbers, notes).
            is_note: (songs, 1, notes), 1 where there is a note and 0 after a song's end.
        """
        seen = self.first(told) * is_note
        for around, mixed in zip(self.around, self.mixed, strict=True):
            seen = seen + self.dropout(mixed(functional.gelu(around(seen), approximate="tanh"))) * is_note
        guess = self.likely(seen)
        shares = [guess.sigmoid() * is_note, (-guess).sigmoid() * is_note]
        means = [(seen * share).sum(2, keepdim=True) / (share.sum(2, keepdim=True) + 1) for share in shares]
        again = torch.cat([seen, *(mean.expand_as(seen) for mean in means)], 1)
        hidden = functional.gelu(self.again(again), approximate="tanh")
        return guess[:, 0], self.sung(self.dropout(hidden))[:, 0]


def lesson(data: bytes) -> Lesson:
    """What a song of three tracks teaches, once they are merged."""
    score = ScoreTick.from_midi(data)
    tracks = [track for track in score.tracks if role_of(track.name) == MELODY]
    melody = {(note.time, note.pitch) for track in tracks for note in track.notes}
    performance = read_performance(merged(data))
    ticks = np.rint(performance.notes.start * score.ticks_per_quarter).astype(int).tolist()
    is_melody = np.array([place in melody for place in zip(ticks, performance.notes.pitch.tolist(), strict=True)])
    played, _ = straightened(in_steps(performance.notes, hear_timing(performance, AnalysisOptions()).grid))
    order = np.lexsort((played.pitch, nearest_steps(played.start)))
    notes = rounded(played.chosen(order))
    return Lesson(notes, is_melody[order], len(melody), melody_features(notes))


def fit(training: Sequence[Lesson], epochs: int, seed: int, told: Callable[[MelodyNetwork, str], object]) -> MelodyNetwork:
    """The network that was learnt from these songs; after each epoch it is told of."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    network, generator = MelodyNetwork(), np.random.default_rng(seed)
    some = np.concatenate([own.told for own in training[::4]])
    mean, deviation = some.mean(0), some.std(0) + 0.05

    def loss_of(batch: list[Lesson]) -> Tensor:
        return _loss(network, [((_varied(own, generator) - mean) / deviation, own.is_melody) for own in batch])

    for line in DESCENT.epochs(network, training, loss_of, epochs, generator):
        told(_of_raw_numbers(network, mean, deviation), line)
    return _of_raw_numbers(network, mean, deviation)


def _varied(own: Lesson, generator: np.random.Generator) -> NDArray[np.float32]:
    """What is told of a song's notes at another height, and now and then as if all were equally loud."""
    told = equally_loud(own.told) if generator.random() < EQUALLY_LOUD_SHARE else own.told.copy()
    higher = int(generator.integers(-FARTHEST_SEMITONES, FARTHEST_SEMITONES + 1))
    told[:, [IS_SUNG, HEIGHT, HEIGHT_SQUARED]] = np.stack(heights(own.notes.pitch + higher), axis=1)
    return told


def _loss(network: MelodyNetwork, batch: Sequence[tuple[NDArray[np.float32], NDArray[np.bool_]]]) -> Tensor:
    told = nn.utils.rnn.pad_sequence([torch.from_numpy(own) for own, _ in batch], batch_first=True).transpose(1, 2)
    wanted = nn.utils.rnn.pad_sequence([torch.from_numpy(own).float() for _, own in batch], batch_first=True)
    is_note = nn.utils.rnn.pad_sequence([torch.ones(len(own)) for own, _ in batch], batch_first=True)
    guess, sung = (
        functional.binary_cross_entropy_with_logits(odds, wanted, reduction="none") for odds in network(told, is_note[:, None])
    )
    return ((FIRST_GUESS * guess + sung) * is_note).sum() / is_note.sum()


def _of_raw_numbers(network: MelodyNetwork, mean: NDArray[np.float32], deviation: NDArray[np.float32]) -> MelodyNetwork:
    """The same network for numbers that are not brought to mean 0 and deviation 1 before."""
    raw = MelodyNetwork()
    raw.load_state_dict(network.state_dict())
    with torch.no_grad():
        raw.first.weight.div_(torch.from_numpy(deviation)[None, :, None])
        assert raw.first.bias is not None
        raw.first.bias.sub_(raw.first.weight[:, :, 0] @ torch.from_numpy(mean))
    return raw


def weights_of(network: MelodyNetwork) -> dict[str, Tensor]:
    """The weights as ``melody_odds`` takes them, in half precision."""
    kept = {name: values.detach() for name, values in network.state_dict().items()}
    return {
        name: (values if name.startswith("around") else values.squeeze(-1) if values.ndim == 3 else values).half().contiguous()
        for name, values in kept.items()
    }


def measured(tuning: Sequence[Lesson], network: MelodyNetwork) -> str:
    """The F-measure on songs, as they are and all equally loud."""
    weights = {name: values.float().numpy() for name, values in weights_of(network).items()}
    means = [
        np.mean([own.f_measure(likeliest(own.notes, melody_odds(told(own), weights))) for own in tuning])
        for told in (lambda own: own.told, lambda own: equally_loud(own.told))
    ]
    return f"F {means[0]:.3f}, equally loud {means[1]:.3f}"


def main() -> None:
    """Parse the options, learn, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds POP909")
    parser.add_argument("--output", "-o", type=Path, default=WEIGHTS, help="file for the weights")
    parser.add_argument("--measure", action="store_true", help="measure those of the package and learn nothing")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    numbers = [number for number in range(1, POP909_SONGS + 1) if number not in validation_numbers()]
    files = {number: options.data / "POP909" / f"{number:03d}" / f"{number:03d}.mid" for number in numbers}
    files = {number: file for number, file in files.items() if file.is_file()}
    tuning = [lesson(file.read_bytes()) for number, file in files.items() if number in tuning_numbers()]
    if options.measure:
        print(f"{np.mean([own.f_measure(heard_melody(own.notes)[0]) for own in tuning]):.3f}, {len(tuning)} tuning songs")
        return
    lessons = [lesson(file.read_bytes()) for number, file in files.items() if number not in tuning_numbers()]
    training = [own for own in lessons if own.is_melody.sum() > FEWEST_NOTES]
    print(f"{len(training)} training songs, {sum(len(own.notes) for own in training)} notes; {len(tuning)} tuning songs")
    network = fit(
        training, options.epochs, options.seed, lambda own, line: print(f"{line}, {measured(tuning, own)}", flush=True)
    )
    atomic_write(options.output, save(weights_of(network)))
    print(f"{options.output}: {options.output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
