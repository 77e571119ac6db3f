"""Promises about long work: training that is killed, songs in a row, batches under faults, and no network."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

import batches
from canzona.batch.composing import loaded
from canzona.generation.request import Request
from canzona.song import Form, Key
from promises_table import Counted

TESTS = Path(__file__).parents[1] / "tests"
TRAIN = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import torch
torch.set_num_threads(1)
from dataclasses import replace
from test_group import CONFIG, trainer
from canzona.training.checkpoint import CHECKPOINT
own = trainer(Path({folder!r}), 40)
own.config = replace(own.config, checkpoint_minutes=0.001)
if (own.folder / CHECKPOINT).is_file():
    own.resume(own.folder / CHECKPOINT)
print("begun", flush=True)
for step in own.run():
    pass
"""


def killed_training(count: int) -> Counted:
    """Kill a run at random moments and go on: the weights at the end must be those of a run that was left alone."""
    generator = random.Random(0)
    with tempfile.TemporaryDirectory() as place:
        whole, killed = Path(place) / "whole", Path(place) / "killed"
        began = time.perf_counter()
        _train(whole, None)
        seconds, kills = time.perf_counter() - began, 0
        while kills < count:
            if _train(killed, generator.uniform(0, seconds / 4)):
                kills += 1
            else:  # done before it was killed: begin anew
                if not _same(whole, killed):
                    return Counted(count, kills, "a run ended with other weights")
                for path in killed.iterdir():
                    path.unlink()
        _train(killed, None)
        left = [path.name for path in killed.iterdir() if path.suffix == ".tmp"]
        return Counted(count, count if _same(whole, killed) else 0, f"files left half written: {len(left)}")


def _train(folder: Path, seconds: float | None) -> bool:
    """Train to the end, or kill the run so long after its first step; whether it was killed."""
    program = TRAIN.format(tests=str(TESTS), folder=str(folder))
    running = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert running.stdout is not None
    running.stdout.readline()
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.send_signal(signal.SIGKILL)
    running.communicate()
    if running.returncode not in (0, -signal.SIGKILL):
        raise SystemExit("a run could not be taken up again")
    return running.returncode != 0


def _same(one: Path, other: Path) -> bool:
    first, second = (load_file(folder / "weights.safetensors") for folder in (one, other))
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def offline(_: int) -> Counted:
    """Import all modules, compose and render with no network but the machine's own loop."""
    program = "import pkgutil, importlib, canzona\n" + (
        "for module in pkgutil.walk_packages(canzona.__path__, 'canzona.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)\n"
    )
    kept = 0
    with tempfile.TemporaryDirectory() as place:
        for words in (
            ["-c", program],
            ["-m", "canzona", "compose", "--form", "A2", "--steps", "2", "-o", "song.mid"],
            ["-m", "canzona", "render", "song.json", "-o", "song.wav"],
            ["-m", "canzona", "export-weights", "exported"],
        ):
            done = subprocess.run(["unshare", "-rn", sys.executable, *words], cwd=place, capture_output=True, check=False)
            kept += done.returncode == 0
    return Counted(4, kept, "in a network namespace without a route: every import, compose, render, export-weights")


def long_songs(count: int) -> Counted:
    """A song of 96 bars, and so many of 8 in a row, in one process."""
    cascade, began, used = loaded(None, "cpu", 1), time.perf_counter(), time.process_time()
    cascade.compose(Request(Form.parse("i8A16B16A16B16C8B8o8"), Key.parse("G major"), seed=1))
    wall, processor = time.perf_counter() - began, time.process_time() - used
    peak = batches.resident_mib()
    grown, words = batches.memory(count, None)
    good = peak <= 1536 and grown < 50
    figures = f"96 bars in {wall:.0f} s, of which the processor {processor:.0f} s, {peak:.0f} MiB; {words}"
    return Counted(count, count if good else 0, f"{figures}; other work beside it: load {os.getloadavg()[0]:.0f}")


def batch(count: int) -> Counted:
    """Compose with a worker killed every 30 seconds, on Ray, fill gaps, and hold shards against that run; tiny networks."""
    sys.path.insert(0, str(TESTS))
    from tiny import write_tiny_weights

    with tempfile.TemporaryDirectory() as place, torch.inference_mode():
        weights = write_tiny_weights(Path(place))
        try:
            said = batches.faults(Path(place) / "songs", count, "ray", 30.0, weights)
            said += "; " + batches.shards(count, weights, Path(place) / "songs")
        except AssertionError as error:
            return Counted(count, 0, str(error))
    return Counted(count, count, f"tiny networks: {said}")
