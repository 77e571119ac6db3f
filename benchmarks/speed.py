"""Seconds, operations and memory that a song takes, level by level, and two settings compared in one run.

    python benchmarks/speed.py --form i4A8B8A8B8o4 --against-steps 16

Absolute seconds depend on the machine and on what else it does; operations and the ratio of two settings do not.
"""

import argparse
import resource
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median

from torch.utils.flop_counter import FlopCounterMode

from canzona import pretrained
from canzona.generation.cascade import Cascade
from canzona.generation.request import Request
from canzona.song.form import Form
from canzona.song.harmony import Key


def main() -> None:
    """Parse the options, count operations, compose in turns, print medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--form", default="i4A8B8A8B8o4", help="a form, or 'composed'")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="sampler steps; default: each level's own")
    parser.add_argument("--against-steps", type=int, help="a second number of steps to compare with")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    started = time.perf_counter()
    cascade = pretrained.load(threads=options.threads)
    print(f"loading the weights: {time.perf_counter() - started:.2f} s, {options.threads} threads")

    form = None if options.form == "composed" else Form.parse(options.form)
    settings = [options.steps] + ([options.against_steps] if options.against_steps else [])
    totals: dict[int | None, list[float]] = {steps: [] for steps in settings}
    for steps in settings:
        with FlopCounterMode(display=False) as counter:
            by_level = _by_level(cascade, Request(form=form, key=Key(7), steps=steps), counter.get_total_flops)
        parts = ", ".join(f"{title} {count / 1e12:.3f}" for title, count in by_level.items())
        print(f"steps {steps or 'own'}: {sum(by_level.values()) / 1e12:.3f} TFLOP ({parts})")
    for _ in range(options.rounds):
        for steps in settings:
            by_level = _by_level(cascade, Request(form=form, key=Key(7), steps=steps), time.perf_counter)
            totals[steps].append(sum(by_level.values()))
            parts = ", ".join(f"{title} {seconds:.1f}" for title, seconds in by_level.items())
            print(f"steps {steps or 'own'}: {totals[steps][-1]:.1f} s ({parts})")
    if len(settings) > 1:
        ratios = [first / second for first, second in zip(*totals.values(), strict=True)]
        print(f"ratio of steps {settings[0] or 'own'} to {settings[1]}: median {median(ratios):.2f}")
    unit = 1 if sys.platform == "darwin" else 1024
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20:.0f} MiB")


def _by_level(cascade: Cascade, request: Request, meter: Callable[[], float]) -> dict[str, float]:
    """Level's title → by how much ``meter`` went up while it was composed."""
    spent: dict[str, float] = defaultdict(float)
    last = meter()
    for progress in cascade.stream([request]):
        now = meter()
        spent[progress.level.title] += now - last
        last = now
    return dict(spent)


if __name__ == "__main__":
    main()
