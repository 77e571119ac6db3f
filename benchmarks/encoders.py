"""How well the encoders give the validation songs back, and how fast they encode.

    python benchmarks/encoders.py --data dataset.npz

The figures of every encoder and seed, measured anew; then the time in which one song is encoded by all encoders of one seed.
"""

import argparse
import time
from pathlib import Path

from canzona import pretrained
from canzona.representation.encodings import ENCODINGS, encoding_named
from canzona.training.dataset import load_songs
from canzona.training.encoders import source_of, validation_figures


def main() -> None:
    """Parse the options, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="data set made by 'canzona prepare'")
    parser.add_argument("--weights", type=Path, help="a folder with other weights than the package's")
    options = parser.parse_args()
    pretrained.use_processors(1)
    encoders = pretrained.load_encoders(options.weights)
    validation = [prepared for prepared in load_songs(options.data) if prepared.is_validation]
    songs = source_of(validation)
    print(f"encoders {encoders.digest[:16]}, {len(songs.bars)} songs")
    for encoder in encoders.trained:
        card = encoder.card
        figures = validation_figures(encoder, encoding_named(card.name), songs)
        measured = ", ".join(f"{name} {value:.3f}" for name, value in figures.items())
        print(f"{card.name} {card.seed_number}: {card.training['steps']} steps; {measured}")

    longest = max((prepared.song for prepared in validation), key=lambda song: song.form.length_bars)
    starts = range(0, longest.form.length_bars, 2)
    started = time.perf_counter()
    for encoding in ENCODINGS:
        encoders.encode(encoding.name, 0, longest, starts)
    print(f"{len(starts)} segments of a song, {len(ENCODINGS)} encoders: {time.perf_counter() - started:.3f} s")


if __name__ == "__main__":
    main()
