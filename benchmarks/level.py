"""One level under human coarser levels: compose it for tuning songs and score it beside what the humans wrote there.

    python benchmarks/level.py lead-sheet --data dataset.npz --songs 8 --background 1,1.5,2 --reference 1,1.5

prints a column for each combination of settings, and one for the human songs. Used to choose ``Sampling`` in ``levels.py``.
"""

import argparse
import time
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import fmean

from canzona import pretrained
from canzona.evaluation import ROWS, Entry, Equipment, judge
from canzona.generation.cascade import Cascade
from canzona.generation.request import Request
from canzona.hierarchy import levels
from canzona.song.song import Song
from canzona.training.dataset import load_songs
from control_studio import kept_above, shortened


def main() -> None:
    """Parse the options and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("level", choices=[level.name for level in levels.LEVELS[1:]])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, help="a weight file to try in place of the registered one")
    parser.add_argument("--songs", type=int, default=8)
    parser.add_argument("--bars", type=int, default=40, help="phrases are dropped from the end until a song is this short")
    parser.add_argument("--steps", default="8")
    parser.add_argument("--background", default="1")
    parser.add_argument("--reference", default="1")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    pretrained.use_processors(options.threads)
    level = levels.level_named(options.level)
    whole = [item.song for item in load_songs(options.data) if item.is_tuning][::2][: options.songs]
    songs = [shortened(song, options.bars) for song in whole]
    tried = options.weights
    models = pretrained.load().models if tried is None else {level.name: pretrained.load_level(tried, level)}

    yardsticks = Equipment.of(pretrained.load_encoders())
    columns = {"human": _means([judged(song, level) for song in songs], yardsticks)}
    grid = product(*(option.split(",") for option in (options.steps, options.background, options.reference)))
    for steps, background, reference in grid:
        sampling = replace(level.sampling, steps=int(steps), background=float(background), reference=float(reference))
        cascade = Cascade(models, sampling={level.name: sampling})
        started = time.perf_counter()
        composed = []
        for seed, song in enumerate(songs):
            request = Request(meter=song.meter, kept=kept_above(song, level), seed=seed)
            *_, last = cascade.stream([request], until=level)
            composed.append(last.songs[0])  # type: ignore[index]
        seconds = (time.perf_counter() - started) / len(songs)
        means = _means([judged(song, level) for song in composed], yardsticks)
        columns[f"{steps}/{background}/{reference}"] = means | {"seconds": seconds}
    print("steps/background/reference".ljust(36), *(name.rjust(13) for name in columns))
    for name in [row.name for row in ROWS if row.name in columns["human"]] + ["seconds"]:
        cells = [column.get(name) for column in columns.values()]
        print(name.ljust(36), *("–".rjust(13) if cell is None else f"{cell:13.3f}" for cell in cells))


def judged(song: Song, level: levels.Level) -> Song:
    """The song with this level, if it is a lead sheet, in the place that the metrics look at."""
    content = getattr(song, level.attribute)
    return song if level.content is levels.Content.NOTES else replace(song, lead_sheet=content)


def _means(songs: list[Song], yardsticks: Equipment) -> dict[str, float]:
    scores = [judge(Entry("", "", song), yardsticks).scores for song in songs]
    by_name = {name: [value for own in scores if (value := own[name]) is not None] for name in scores[0]}
    return {name: fmean(values) for name, values in by_name.items() if values}


if __name__ == "__main__":
    main()
