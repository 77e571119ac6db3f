"""Fit how a level's melody moves to how humans' melodies move: intervals, and figures and rhythms heard again.

    python benchmarks/fit_line.py reduced-lead-sheet --data dataset.npz --run runs/fitted && canzona register runs/fitted
    python benchmarks/fit_line.py lead-sheet --data dataset.npz --run runs/fitted && canzona register runs/fitted

A network that is right about every note by itself can be wrong about two: it hears itself at every step of the sampler,
and what is likeliest, the same note again, becomes likelier still. Of all distributions with given means of some features,
the one nearest to a model's is the model's times exp(weights · features) (Csiszár 1975; Khalifa, Elsahar and Dymetman, *A
Distributional Approach to Controlled Text Generation*, 2021). The features are how far a note lies from the one before,
by classes, that it moves as two or four bars before or after, and that the voice rests, holds or begins as there. Their
weights are log-odds which the network has already, biases of its line (``model/line.py``). Songs are composed for the forms of
tuning songs, levels above included; what humans of the training split do more often is made likelier, and so on for some
rounds. Nothing is added to composing. How often notes begin, and how long they are held, is fitted first, by ``fit_pace.py``.
"""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray

from canzona import pretrained
from canzona.evaluation.density import melody_notes_per_sung_bar
from canzona.evaluation.harmony import chord_tones_melody
from canzona.evaluation.line import (
    melody_duration_steps,
    melody_figures_again,
    melody_rhythm_alike,
    melody_sixteenth_notes,
    melody_stepwise,
    melody_wide_leaps,
)
from canzona.evaluation.returns import returns_melody_different, returns_melody_same
from canzona.evaluation.voices import melody_of
from canzona.generation.canvas import LevelModel
from canzona.generation.cascade import Cascade
from canzona.generation.request import Request
from canzona.hierarchy import levels
from canzona.model.line import FARTHEST, Line
from canzona.model.weights import read_card, save_weights
from canzona.song.song import Song
from canzona.song.timing import Meter
from canzona.training.dataset import first_labellings, load_songs
from canzona.training.loop import WEIGHTS
from control_studio import kept_above, shortened
from level import judged

CLASSES = ("repeat", "step", "third", "fourth or fifth", "leap")
FEATURES = (*CLASSES, "figure as two or four bars apart", "rhythm as two or four bars apart")
NARROWER_THAN = (1, 3, 5, 8)
"""Semitones at which a class ends and the next begins."""
FLOOR = 0.01
"""Added to every share, so that a rare class does not move far by chance."""
FARTHEST_MOVE = 0.4
"""Of a weight in one round, in nats."""
ALIKE_BARS = (2, 4)
"""How far apart bars lie that are to be as like each other as in human songs."""
AGAIN, ALIKE = 0.6, 0.8
"""Nats a round, at each of these lags, for figures heard again, and for rhythms alike, e times too seldom."""
CONNECTED_BARS = 1


@dataclass(frozen=True)
class Moments:
    """What is fitted.

    Attributes:
        shares: of each of ``CLASSES`` in all intervals between neighbours at most a bar (of a skeleton: two) apart.
        again: share of figures heard again, mean over songs.
        alike: likeness of rhythms so far apart, mean over songs.
    """

    shares: NDArray[np.float64]
    again: float
    alike: float

    @classmethod
    def of(cls, songs: Sequence[Song], connected_bars: int) -> "Moments":
        """Those of the songs' melodies."""
        counts = np.bincount(
            np.searchsorted(NARROWER_THAN, list(_intervals(songs, connected_bars)), side="right"), minlength=len(CLASSES)
        )
        again = fmean(value for song in songs if (value := melody_figures_again(song)) is not None)
        likenesses = (melody_rhythm_alike(song, bars) for song in songs for bars in ALIKE_BARS)
        return cls(counts / counts.sum(), again, fmean(value for value in likenesses if value is not None))

    def apart(self, other: "Moments") -> "Moments":
        """How much likelier this has what it has than the other, in nats."""
        own, theirs = (np.array([*moments.shares, moments.again, moments.alike]) + FLOOR for moments in (self, other))
        *shares, again, alike = np.log(own / theirs).tolist()
        return Moments(np.array(shares), again, alike)


def main() -> None:
    """Parse the options, fit, and write weights that ``canzona register`` takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("level", choices=[levels.REDUCED_LEAD_SHEET.name, levels.LEAD_SHEET.name])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="a folder for the weights")
    parser.add_argument("--weights", type=Path, help="a weight file to begin with in place of the registered one")
    parser.add_argument("--songs", type=int, default=16)
    parser.add_argument("--bars", type=int, default=40, help="phrases are dropped from the end until a song is this short")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    pretrained.use_processors(1)
    level = levels.level_named(options.level)
    path = options.weights or pretrained.weights_file(pretrained.WEIGHTS_FOLDER, level.name)
    models = dict(pretrained.load().models) | {level.name: pretrained.load_level(path, level)}
    human = [item for item in first_labellings(load_songs(options.data)) if not item.is_validation]
    tuning = [item.song for item in human if item.is_tuning]
    songs = [shortened(song, options.bars) for song in tuning[:: max(1, len(tuning) // options.songs)][: options.songs]]
    reference = [judged(shortened(item.song, options.bars), level) for item in human]
    connected = CONNECTED_BARS if level is levels.LEAD_SHEET else 2 * CONNECTED_BARS
    target = Moments.of(reference, connected)
    above = levels.LEVELS[levels.LEVELS.index(level) - 1]
    parents = composed(models, [request_of(song, seed) for seed, song in enumerate(songs)], above)
    _tell("human", target, reference, [0.0] * len(FEATURES))
    line = line_of(models[level.name])
    lags = [bars * level.unit.frames_per_bar(Meter(4)) for bars in ALIKE_BARS]
    card = read_card(path)
    before = card.training.get("line", {})
    weights = np.array([before.get(name, 0.0) for name in FEATURES])
    for number in range(options.rounds + 1):
        requests = [
            replace(request_of(song, seed), kept=kept_above(parent, level))
            for seed, (song, parent) in enumerate(zip(songs, parents, strict=True))
        ]
        made = [judged(song, level) for song in composed(models, requests, level)]
        found = Moments.of(made, connected)
        _tell(f"round {number}", found, made, weights)
        if number == options.rounds:
            break
        apart = target.apart(found)
        move = np.clip(apart.shares / 2, -FARTHEST_MOVE, FARTHEST_MOVE)
        move -= target.shares @ move  # no more and no fewer notes in all
        again, alike = np.clip([AGAIN * apart.again, ALIKE * apart.alike], -FARTHEST_MOVE, FARTHEST_MOVE).tolist()
        tilt(line, move, again, alike, lags)
        weights += [*move, again, alike]
    fitted = dict(before) | {name: round(float(value), 3) for name, value in zip(FEATURES, weights, strict=True)}
    options.run.mkdir(parents=True, exist_ok=True)
    network = models[level.name].denoiser.network
    save_weights(options.run / WEIGHTS, network, replace(card, training=dict(card.training) | {"line": fitted}))
    print(f"{options.run / WEIGHTS}: {fitted}")


def line_of(model: LevelModel) -> Line:
    """The line of a level's melody."""
    (line,) = model.denoiser.network.lines.values()
    assert isinstance(line, Line)
    return line


def tilt(line: Line, moves: NDArray[np.float64], again: float, alike: float, lags: Sequence[int]) -> None:
    """Add to the log-odds of intervals, by classes, from what began last and to what begins next, and of what is as at lags."""
    classes = np.searchsorted(NARROWER_THAN, np.abs(np.arange(-FARTHEST, FARTHEST + 1)), side="right")
    with torch.no_grad():
        line.intervals.bias.unflatten(0, (2, -1)).add_(torch.as_tensor(moves[classes], dtype=line.intervals.bias.dtype))
        for place, lag in enumerate(line.lags):
            if abs(lag) in lags:
                own = line.lag_weights.bias.unflatten(0, (len(line.lags), -1))[place]
                own[-2] += again
                own[:-2] += alike


def request_of(song: Song, seed: int) -> Request:
    return Request(song.form, meter=song.meter, tempo=song.tempo, seed=seed)


def composed(models: dict[str, LevelModel], requests: Sequence[Request], level: levels.Level) -> tuple[Song, ...]:
    *_, last = Cascade(models).stream(requests, until=level)
    assert last.songs is not None
    return last.songs


def _intervals(songs: Sequence[Song], connected_bars: int) -> Iterator[int]:
    for song in songs:
        farthest = song.meter.bars_to_steps(connected_bars)
        for first, second in pairwise(sorted(melody_of(song))):
            if second.start_step - first.start_step <= farthest:
                yield abs(second.pitch - first.pitch)


def _tell(name: str, moments: Moments, songs: Sequence[Song], weights: Iterable[float]) -> None:
    measures = {
        "notes": melody_notes_per_sung_bar,
        "duration": melody_duration_steps,
        "steps": melody_stepwise,
        "leaps": melody_wide_leaps,
        "sixteenths": melody_sixteenth_notes,
        "chord tones": chord_tones_melody,
        "same": returns_melody_same,
        "different": returns_melody_different,
        "rhythm 1": lambda song: melody_rhythm_alike(song, 1),
        "rhythm 2": lambda song: melody_rhythm_alike(song, 2),
        "rhythm 4": lambda song: melody_rhythm_alike(song, 4),
    }
    told = {"again": moments.again}
    for label, measure in measures.items():
        told[label] = fmean(value for song in songs if (value := measure(song)) is not None)
    shares = " ".join(f"{share:.3f}" for share in moments.shares)
    by_weight = " ".join(f"{weight:+.2f}" for weight in weights)
    print(f"{name:8} [{by_weight}] {shares}", *(f"{label} {value:.3f}" for label, value in told.items()), sep="  ", flush=True)


if __name__ == "__main__":
    main()
