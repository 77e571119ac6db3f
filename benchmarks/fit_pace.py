"""Fit how often a level's voices begin and hold at each place of a bar, by tempo, to how often humans' do.

    python benchmarks/fit_pace.py lead-sheet --data dataset.npz --run runs/fitted && canzona register runs/fitted

As ``fit_line.py`` for intervals: of all distributions that have given means of some features, the one nearest to a model's is
the model's times exp(weights · features). Here the features are that a voice rests, holds or begins at a place, in a song so
fast; their weights are log-odds that the network has already (``Pace`` in ``model/conditioning.py``). Songs are composed for
the forms and tempi of tuning songs, levels above included, with other seeds in every round; what humans of the training split
do more often is made likelier. Nothing is added to composing.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from canzona import pretrained
from canzona.generation.canvas import LevelModel
from canzona.generation.request import Request
from canzona.hierarchy import levels
from canzona.hierarchy.level import Content, Level, Voicing
from canzona.model.conditioning import Pace
from canzona.model.denoiser import Denoiser
from canzona.model.weights import read_card, save_weights
from canzona.representation.image import encode_level
from canzona.representation.specification import new_network
from canzona.representation.voices import states_of, voices
from canzona.representation.window import PLACES_IN_BAR, TEMPI, tempo_weights
from canzona.song.song import Song
from canzona.song.transposition import at_home
from canzona.training.dataset import first_labellings, load_songs
from canzona.training.loop import WEIGHTS
from control_studio import shortened
from fit_line import composed, request_of

FLOOR = 0.002
"""Added to every share, so that what is rare does not move far by chance."""
FARTHEST_MOVE = 0.4
"""Of a weight in one round, in nats."""


def main() -> None:
    """Parse the options, fit, and write weights that ``canzona register`` takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("level", choices=[level.name for level in levels.LEVELS])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True, help="a folder for the weights")
    parser.add_argument("--weights", type=Path, help="a weight file to begin with in place of the registered one")
    parser.add_argument("--songs", type=int, default=23)
    parser.add_argument("--bars", type=int, default=40, help="phrases are dropped from the end until a song is this short")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.5, help="of the difference from human; notes make more notes begin")
    options = parser.parse_args()
    pretrained.use_processors(1)
    level = levels.level_named(options.level)
    path = options.weights or pretrained.weights_file(pretrained.WEIGHTS_FOLDER, level.name)
    models = dict(pretrained.load().models)
    models[level.name] = told_the_tempo(pretrained.load_level(path, level), level)
    human = [item for item in first_labellings(load_songs(options.data)) if not item.is_validation]
    longest = None if level.content is Content.FORM else options.bars
    tuning = [cut(item.song, longest) for item in human if item.is_tuning]
    songs = tuning[:: max(1, len(tuning) // options.songs)][: options.songs]
    target = shares([cut(item.song, longest) for item in human], level)
    _tell("human", target, level)
    lengths = np.array([song.form.length_bars for song in songs], dtype=np.float64)
    bars = tempo_weights([song.tempo for song in songs]).T.astype(np.float64) @ lengths
    pace = models[level.name].denoiser.network.pace
    assert pace is not None
    for number in range(options.rounds + 1):
        found = shares(composed(models, asked(songs, level, number * len(songs)), level), level)
        _tell(f"round {number}", found, level)
        if number == options.rounds:
            break
        apart = np.log((target + FLOOR) / (found + FLOOR))
        move = straight(np.clip(options.rate * apart, -FARTHEST_MOVE, FARTHEST_MOVE), bars)
        with torch.no_grad():
            pace.weights[:, :PLACES_IN_BAR].add_(torch.as_tensor(move, dtype=pace.weights.dtype))
    card = read_card(path)
    network = models[level.name].denoiser.network
    options.run.mkdir(parents=True, exist_ok=True)
    fitted = {"songs": len(songs), "rounds": options.rounds, "rate": options.rate}
    save_weights(
        options.run / WEIGHTS, network, replace(card, config=network.config, training=dict(card.training) | {"pace": fitted})
    )
    print(f"{options.run / WEIGHTS}: {fitted}")


def asked(songs: Sequence[Song], level: Level, first_seed: int) -> list[Request]:
    """For songs of these forms, metres and tempi, with seeds from one on; the form is not given where it is what is fitted."""
    requests = [request_of(song, first_seed + number) for number, song in enumerate(songs)]
    return [replace(request, form=None) for request in requests] if level.content is Content.FORM else requests


def cut(song: Song, longest_bars: int | None) -> Song:
    """The song, or its first phrases up to so many bars."""
    return song if longest_bars is None else shortened(song, longest_bars)


def told_the_tempo(model: LevelModel, level: Level) -> LevelModel:
    """The same model; where it was learnt before tempo was told, with room for it, and not yet changed by it."""
    network = model.denoiser.network
    if network.config.tempo_size:
        return model
    wider = new_network(level, replace(network.config, tempo_size=len(TEMPI))).eval().requires_grad_(False)
    wider.load_state_dict(wider.state_dict() | network.state_dict())
    return replace(model, denoiser=Denoiser(wider.to(next(network.parameters()).dtype)))


def shares(songs: Sequence[Song], level: Level) -> NDArray[np.float64]:
    """(tempi, places, parts, kinds) of what voices in 4/4 do at a place in songs as fast; a melody's in sung phrases alone."""
    counts = np.zeros((len(TEMPI), PLACES_IN_BAR, len(level.parts), Pace.KINDS))
    for song in songs:
        if song.meter.beats_per_bar != 4:
            continue
        (weights,) = tempo_weights([song.tempo])
        frames = level.window_frames if level.content is Content.FORM else None  # of a form also what follows its end
        image = torch.from_numpy(encode_level(level, at_home(song), frames))
        per_bar = level.unit.frames_per_bar(song.meter)
        sung = np.repeat([phrase.is_sung for phrase in song.form.phrases for _ in range(phrase.length_bars)], per_bar)
        for number, (part, states) in enumerate(zip(level.parts, states_of(level, image), strict=True)):
            kinds = np.eye(Pace.KINDS)[states.clamp(max=Pace.KINDS - 1).numpy()].sum(1)
            if part.voicing is Voicing.PITCH:
                kinds = kinds * sung[:, None]
            by_place = kinds.reshape(-1, per_bar, Pace.KINDS).sum(0)
            counts[:, :per_bar, number] += weights[:, None, None] * by_place
    return counts / np.maximum(counts.sum(-1, keepdims=True), 1e-9)


def straight(moves: NDArray[np.float64], bars: NDArray[np.float64]) -> NDArray[np.float64]:
    """Moves (tempi, …) as straight lines over the logarithm of the tempo, fitted where most bars were composed."""
    lines = np.stack([np.ones(len(TEMPI)), np.log2(TEMPI)], axis=1)
    weights = np.sqrt(bars)[:, None]
    solved, *_ = np.linalg.lstsq(lines * weights, moves.reshape(len(TEMPI), -1) * weights, rcond=None)
    return (lines @ solved).reshape(moves.shape)


def _tell(name: str, found: NDArray[np.float64], level: Level) -> None:
    """What begins a bar, and which share of what does not begin is held, by tempo, for every part."""
    for number, (part, own) in enumerate(zip(level.parts, voices(level), strict=True)):
        rest, hold, begin = np.moveaxis(found[:, :, number], -1, 0)
        begun = " ".join(f"{value:5.2f}" for value in own.shape.count * begin.sum(1))
        held = " ".join(f"{value:.3f}" for value in hold.sum(1) / (rest + hold).sum(1))
        print(f"{name:8} {part.name:8} begin a bar {begun}  held {held}", flush=True)


if __name__ == "__main__":
    main()
