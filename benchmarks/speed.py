"""Seconds and memory that a song takes, level by level, and two settings compared in one run.

    python benchmarks/speed.py --form i4A8B8A8B8A8B8A8o4 --against-steps 32

Absolute seconds depend on the machine and on what else it does; the ratio of two settings, taken in turns, does not.
"""

import argparse
import resource
import sys
import time
from statistics import median

from canzona import pretrained
from canzona.generation.cascade import Cascade
from canzona.generation.request import Request
from canzona.song.form import Form
from canzona.song.harmony import Key


def main() -> None:
    """Parse the options, compose in turns, print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", default="i4A8B8A8B8A8B8A8o4")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="sampler steps; default: each level's own")
    parser.add_argument("--against-steps", type=int, help="a second number of steps to compare with")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    threads = pretrained.use_processors(options.threads)
    started = time.perf_counter()
    cascade = pretrained.load()
    print(f"loading the weights: {time.perf_counter() - started:.2f} s, {threads} threads")

    settings = [options.steps] + ([options.against_steps] if options.against_steps else [])
    totals: dict[int | None, list[float]] = {steps: [] for steps in settings}
    form = Form.parse(options.form)
    for _ in range(options.rounds):
        for steps in settings:
            by_level = _seconds_by_level(cascade, Request(form=form, key=Key(7), steps=steps))
            totals[steps].append(sum(by_level.values()))
            parts = ", ".join(f"{title} {seconds:.1f}" for title, seconds in by_level.items())
            print(f"steps {steps or 'own'}: {totals[steps][-1]:.1f} s for {form.length_bars} bars ({parts})")
    if len(settings) > 1:
        ratios = [first / second for first, second in zip(*totals.values(), strict=True)]
        print(f"ratio of steps {settings[0] or 'own'} to {settings[1]}: median {median(ratios):.2f}")
    unit = 1 if sys.platform == "darwin" else 1024
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20:.0f} MiB")


def _seconds_by_level(cascade: Cascade, request: Request) -> dict[str, float]:
    seconds: dict[str, float] = {}
    last = time.perf_counter()
    for progress in cascade.stream([request]):
        now = time.perf_counter()
        seconds[progress.level.title] = seconds.get(progress.level.title, 0.0) + now - last
        last = now
    return seconds


if __name__ == "__main__":
    main()
