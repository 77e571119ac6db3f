"""Forms composed without ``--form``: print them, and how many are songs.

    python benchmarks/forms.py --count 64

A form counts as well begun if it starts with an intro or a sung phrase, and as returning if a letter stands in it twice.
"""

import argparse
from collections import Counter
from pathlib import Path

from canzona import pretrained
from canzona.generation.cascade import Cascade
from canzona.generation.request import Request
from canzona.hierarchy.levels import LEVELS
from canzona.song.form import Form
from canzona.song.harmony import Key

BATCH = 16


def main() -> None:
    """Parse the options, compose the forms, print them and their shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=64)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--key", help="compose them in this key")
    parser.add_argument("--steps", type=int)
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
    lengths = [form.length_bars for form in forms]
    print(f"parse: {sum(Form.parse(str(form)).length_bars == form.length_bars for form in forms)} of {len(forms)}")
    print(f"length in bars: {min(lengths)} to {max(lengths)}, mean {sum(lengths) / len(lengths):.1f}")
    print(f"well begun and returning: {sum(map(_well_made, forms)) / len(forms):.3f}")
    print(f"in one key: {sum(len({phrase.key for phrase in form.phrases}) == 1 for form in forms) / len(forms):.3f}")


def _well_made(form: Form) -> bool:
    first = form.phrases[0].letter
    return (first == "i" or first.isupper()) and max(Counter(phrase.letter for phrase in form.phrases).values()) > 1


if __name__ == "__main__":
    main()
