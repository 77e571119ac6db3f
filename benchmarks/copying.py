"""How near the songs that people wrote come to the training songs: the bound for any system, with its time and memory.

    python benchmarks/copying.py --data dataset.npz
    python benchmarks/copying.py --data dataset.npz --split training --count 46

Each song is compared with all training songs but itself. Printed are mean, lowest and highest figure over the songs, and the
nearest passages of the first songs. Seconds are those of the processor.
"""

import argparse
import resource
import time
from pathlib import Path

import numpy as np

from canzona.evaluation.copying import Copying, TrainingPassages, nearest
from canzona.training.dataset import load_songs

LENGTHS = (1, 2, 3, 4)


def main() -> None:
    """Parse the options, index the training songs, ask for every song and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="a data set of canzona prepare")
    parser.add_argument("--split", choices=("validation", "training"), default="validation")
    parser.add_argument("--count", type=int, help="ask for so many songs only, spread evenly")
    options = parser.parse_args()
    prepared = load_songs(options.data)
    started = time.process_time()
    passages = TrainingPassages.of([(f"{item.number:03d}", item.song) for item in prepared if not item.is_validation])
    print(f"{len(passages.songs)} training songs indexed in {time.process_time() - started:.2f} s")

    wanted = options.split == "validation"
    songs = {f"{item.number:03d}": item.song for item in prepared if item.is_validation == wanted}
    names = list(songs)
    if options.count is not None:
        names = [names[place] for place in np.linspace(0, len(names) - 1, options.count).astype(int)]
    found: dict[str, Copying] = {}
    seconds: list[float] = []
    for name in names:
        started = time.process_time()
        found[name] = nearest(songs[name], passages, but_itself=True, lengths=LENGTHS)
        seconds.append(time.process_time() - started)

    for metric in next(iter(found.values())).figures():
        figures = [value for copying in found.values() if (value := copying.figures()[metric]) is not None]
        print(f"{metric}: {np.mean(figures):.3f} ({min(figures):.3f} to {max(figures):.3f}), n {len(figures)}")
    bars = sum(songs[name].form.length_bars for name in names)
    print(f"time: {sum(seconds) / bars * 80:.2f} s for 80 bars, {max(seconds):.2f} s for the slowest song")
    print(f"memory at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, training package included")
    for name in names[:3]:
        for match in found[name].listed:
            own, other = f"{name} bar {match.own_bar + 1}", f"{match.name} bar {match.bar + 1}"
            transposed = f"{match.transposition} semitones up"
            print(f"{match.voice}, {own}: {match.overlap:.2f} of {match.onsets} onsets with {other}, {transposed}")


if __name__ == "__main__":
    main()
