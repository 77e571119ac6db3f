"""One song of 256 bars, and whether it holds together over its whole length.

    python benchmarks/long_song.py --data dataset.npz --seed 0

prints, for the composed song and for the human test songs, how literally melody and piano of phrases of one letter return, by
the distance between the phrases in bars, and for the composed song how its figures move from one quarter to the next.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import fmean

from canzona import pretrained
from canzona.evaluation.metrics import score
from canzona.evaluation.returns import Return, melody_returns, piano_returns
from canzona.generation.request import Request
from canzona.io.song_json import read_song_file, write_song_file
from canzona.song.excerpt import excerpt
from canzona.song.form import Form
from canzona.song.harmony import Key
from canzona.song.song import Song
from canzona.training.dataset import first_labellings, load_songs

FORM = "i8A8B8A8B8C8b8A8B8A8B8C8b8A8B8A8B8C8b8A8B8A8B8C8b8A8B8A8B8B8B8o8"
DISTANCES = (8, 16, 32, 64, 128, 256)
QUARTER_FIGURES = (
    "chord_tones_piano", "chord_tones_melody", "melody_in_key", "piano_onsets_per_bar", "melody_notes_per_sung_bar",
    "entropy_4", "groove",
)  # fmt: skip


def main() -> None:
    """Parse the options, compose, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--form", default=FORM)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--song", type=Path, help="measure this song.json in place of composing one")
    parser.add_argument("--output", "-o", type=Path, help="song.json to write")
    options = parser.parse_args()
    if options.song is not None:
        song = read_song_file(options.song)
    else:
        pretrained.use_processors(1)
        cascade = pretrained.load()
        started = time.perf_counter()
        song = cascade.compose(Request(Form.parse(options.form), Key.parse("G major"), seed=options.seed))
        print(f"{song.form.length_bars} bars in {time.perf_counter() - started:.0f} s")
    if options.output is not None:
        write_song_file(options.output, song)
    human = [item.song for item in first_labellings(load_songs(options.data)) if item.is_validation]
    for voice, returns in (("melody", melody_returns), ("piano", piano_returns)):
        print(f"{voice}: overlap of phrases of one letter (of different letters), by distance in bars up to")
        for name, songs in (("composed", [song]), ("human", human)):
            print(f"  {name:9}", "  ".join(_by_distance(songs, returns)))
    print("quarter  " + "  ".join(name.rjust(len(name)) for name in QUARTER_FIGURES))
    for number, part in enumerate(_quarters(song), start=1):
        figures = score(part)
        cells = [("–" if figures[name] is None else f"{figures[name]:.3f}").rjust(len(name)) for name in QUARTER_FIGURES]
        print(f"{number:<9}" + "  ".join(cells))


def _by_distance(songs: Iterable[Song], returns: Callable[[Song], Iterator[Return]]) -> Iterator[str]:
    found: dict[tuple[int, bool], list[float]] = defaultdict(list)
    for song in songs:
        for each in returns(song):
            found[next(far for far in DISTANCES if each.distance_bars <= far), each.same_letter].append(each.overlap)
    for far in DISTANCES:
        same, different = (f"{fmean(own):.3f}" if (own := found.get((far, letter))) else "–" for letter in (True, False))
        yield f"{far}: {same} ({different})"


def _quarters(song: Song) -> Iterator[Song]:
    """Four parts of about the same length, each of whole phrases."""
    starts = [start for start, _ in song.form.spans()]
    ends = [min(starts, key=lambda start: abs(start - quarter * song.form.length_bars // 4)) for quarter in range(4)]
    for first, end in zip(ends, [*ends[1:], song.form.length_bars], strict=True):
        yield excerpt(song, first, end)


if __name__ == "__main__":
    main()
