"""Forms composed without ``--form``: print them, and how many are songs.

    python benchmarks/forms.py --count 64 --data dataset.npz

A form counts as well begun if it starts with an intro or a sung phrase, and as returning if a letter stands in it twice.
"""

import argparse
from collections import Counter
from pathlib import Path
from statistics import fmean

from canzona import pretrained
from canzona.generation.cascade import Cascade
from canzona.generation.request import Request
from canzona.hierarchy.levels import LEVELS
from canzona.song.form import Form
from canzona.song.harmony import Key
from canzona.training.dataset import first_labellings, load_songs

BATCH = 16


def main() -> None:
    """Parse the options, compose the forms, print them and their shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--key", help="compose them in this key")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--data", type=Path, help="data set, whose forms stand beside")
    parser.add_argument("--weights", type=Path, help="a weight file to try in place of the registered one")
    options = parser.parse_args()
    pretrained.use_processors(1)
    level = LEVELS[0]
    tried = options.weights
    cascade = pretrained.load() if tried is None else Cascade({level.name: pretrained.load_level(tried, level)})
    key = None if options.key is None else Key.parse(options.key)
    seeds = range(options.first_seed, options.first_seed + options.count)
    requests = [Request(seed=seed, key=key, steps=options.steps) for seed in seeds]
    forms: list[Form] = []
    for first in range(0, len(requests), BATCH):
        *_, last = cascade.stream(requests[first : first + BATCH], until=level)
        forms.extend(song.form for song in last.songs or ())

    for seed, form in zip(seeds, forms, strict=True):
        keys = list(dict.fromkeys(str(phrase.key) for phrase in form.phrases))
        print(f"seed {seed}: {form}, {form.length_bars} bars, {', '.join(keys)}")
    print(f"parse: {sum(Form.parse(str(form)).length_bars == form.length_bars for form in forms)} of {len(forms)}")
    columns = {"composed": _facts(forms)}
    if options.data is not None:
        songs = first_labellings(load_songs(options.data))
        columns["human"] = _facts([item.song.form for item in songs if item.is_validation])
        columns["human, training"] = _facts([item.song.form for item in songs if not item.is_validation])
    print("".ljust(34), *(name.rjust(16) for name in columns))
    for name in columns["composed"]:
        print(name.ljust(34), *(f"{facts[name]:16.3f}" for facts in columns.values()))


def _facts(forms: list[Form]) -> dict[str, float]:
    """Means over forms."""
    lengths = [form.length_bars for form in forms]
    phrases = [phrase for form in forms for phrase in form.phrases]
    return {
        "forms": len(forms),
        "shortest, bars": min(lengths),
        "mean length, bars": fmean(lengths),
        "longest, bars": max(lengths),
        "phrases a form": len(phrases) / len(forms),
        "sung phrases": fmean(phrase.is_sung for phrase in phrases),
        "phrases of 4, 8, 12 or 16 bars": fmean(phrase.length_bars in (4, 8, 12, 16) for phrase in phrases),
        "well begun and returning": fmean(map(_well_made, forms)),
        "ending with an outro": fmean(form.phrases[-1].letter == "o" for form in forms),
        "in one key": fmean(len({phrase.key for phrase in form.phrases}) == 1 for form in forms),
    }


def _well_made(form: Form) -> bool:
    first = form.phrases[0].letter
    return (first == "i" or first.isupper()) and max(Counter(phrase.letter for phrase in form.phrases).values()) > 1


if __name__ == "__main__":
    main()
