"""Batches under load and faults: speed with one process, two, and Ray; memory; and a worker killed every 30 seconds.

    python benchmarks/batches.py speed --count 40
    python benchmarks/batches.py faults --engine ray --count 1000 --seconds 30
    python benchmarks/batches.py shards --count 40
    python benchmarks/batches.py memory --count 200

Songs of 8 bars in 2 steps; ``--weights FOLDER`` composes with others than the package's.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from canzona.batch import Order, SongFolder, compose_seeds
from canzona.generation.request import Request
from canzona.song import Form, Key

FORM, STEPS = "A8", 2


def main() -> None:
    """Parse the options and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["speed", "faults", "shards", "memory", "start"])
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--engine", default="ray", choices=["processes", "ray"])
    parser.add_argument("--weights", type=Path)
    options = parser.parse_args()
    if options.what == "speed":
        print(speed(options.count, options.weights))
    elif options.what == "faults":
        with tempfile.TemporaryDirectory() as place:
            print(faults(Path(place) / "songs", options.count, options.engine, options.seconds, options.weights))
    elif options.what == "shards":
        print(shards(options.count, options.weights))
    elif options.what == "memory":
        print(memory(options.count, options.weights)[1])
    else:
        print(start(options.weights))


def command(folder: Path, count: int, weights: Path | None, *more: str, seed: int = 0) -> list[str]:
    """The command that composes a batch into a folder."""
    music = ["--form", FORM, "--key", "G major", "--steps", str(STEPS), "--seed", str(seed), "--count", str(count)]
    others = [] if weights is None else ["--weights", str(weights)]
    return [sys.executable, "-m", "canzona", "compose", *music, "-o", f"{folder}/", *others, *more]


def order(weights: Path | None) -> Order:
    """The same as an order."""
    return Order(Request(Form.parse(FORM), Key.parse("G major"), steps=STEPS), weights and weights.resolve())


def compose(folder: Path, count: int, weights: Path | None, *more: str, seed: int = 0) -> str:
    """Run the command to its end; what it said on stderr."""
    done = subprocess.run(command(folder, count, weights, *more, seed=seed), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stderr.strip().splitlines()[-1]


def speed(count: int, weights: Path | None) -> str:
    """Songs a minute of one process, two, and two of Ray's, one after the other; ratios, start-up counted in."""
    rates = {}
    with tempfile.TemporaryDirectory() as place:
        for name, more in (
            ("one process", ("--processes", "1")),
            ("two processes", ("--processes", "2")),
            ("Ray with two", ("--processes", "2", "--engine", "ray")),
        ):
            folder, began = Path(place) / name.replace(" ", "-"), time.perf_counter()
            compose(folder, count, weights, *more)
            rates[name] = 60 * count / (time.perf_counter() - began)
    first = rates["one process"]
    return ", ".join(f"{name} {rate:.1f} songs a minute ({rate / first:.2f})" for name, rate in rates.items())


def faults(folder: Path, count: int, engine: str, seconds: float, weights: Path | None) -> str:
    """Compose into a folder with a worker killed now and then, then again, and see that each seed is there once and whole.

    Raises:
        AssertionError: where something is amiss.
    """
    own = command(folder, count, weights, "--engine", engine, "--processes", "2")
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        began = last = time.monotonic()
        running = subprocess.Popen(own, stdout=output, stderr=errors, start_new_session=True)
        killed = turns = 0
        try:
            while running.poll() is None:
                time.sleep(0.2)
                if time.monotonic() - last >= seconds:
                    killed, turns, last = killed + kill_one(running.pid), turns + 1, time.monotonic()
        finally:
            running.terminate()
        took = time.monotonic() - began
        output.seek(0)
        errors.seek(0)
        complaint = errors.read()[-300:].replace("\n", " ")
        told = [line for line in output.read().splitlines() if ", seed " in line]  # Ray has its say there too
    assert running.returncode == 0, f"exit status {running.returncode} after {took:.0f} s and {killed} kills: {complaint}"
    assert killed >= turns / 2, f"only {killed} workers were found to kill at {turns} times"
    expected = sorted(f"{seed}.{suffix}" for seed in range(count) for suffix in ("json", "mid"))
    assert sorted(path.name for path in folder.iterdir()) == expected, "not each seed once, and nothing else"
    assert len(told) == len({line.split(", seed ")[1].split(",")[0] for line in told}) == count, "a seed was told twice"
    keeper = SongFolder(folder, order(weights), range(count))
    assert keeper.missing() == [], "a song is not whole"
    gone = random.Random(0).sample(range(count), max(2, count // 100))
    before = _contents(folder)
    for seed in gone:
        (folder / f"{seed}.json").unlink()
    for seed in gone[: len(gone) // 2]:
        (folder / f"{seed}.mid").unlink()
    said = compose(folder, count, weights, "--processes", "2")
    assert f"{len(gone)} songs composed, {count - len(gone)} there already" in said, said
    assert _contents(folder) == before, "gaps were filled otherwise"
    return (
        f"{count} songs in {took:.0f} s, {killed} workers killed, each seed once and whole; "
        f"of {len(gone)} gaps each filled bit for bit"
    )


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def kill_one(leader: int) -> int:
    """Kill one worker of a command that composes, never one of another's; how many were killed."""
    lines: dict[int, bytes] = {}
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                lines[int(entry.name)] = (entry / "cmdline").read_bytes()
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # gone meanwhile
                continue

    def descends(process: int) -> bool:
        parent = parents.get(process, 0)
        return parent == leader or (parent > 1 and descends(parent))

    workers = [
        process
        for process in parents
        if (b"spawn_main" in lines[process] or lines[process].startswith(b"ray::_do")) and descends(process)
    ]
    if not workers:
        return 0
    os.kill(random.choice(workers), signal.SIGKILL)
    return 1


def shards(count: int, weights: Path | None, whole: Path | None = None) -> str:
    """Compose a batch in four shards, and hold it against the batch in one run: that in ``whole``, or one composed here.

    Raises:
        AssertionError: where a byte differs.
    """
    with tempfile.TemporaryDirectory() as place:
        parts = Path(place) / "parts"
        if whole is None:
            whole = Path(place) / "whole"
            compose(whole, count, weights)
        for number in (3, 1, 4, 2):
            compose(parts, count, weights, "--shard", f"{number}/4")
        one, other = _contents(whole), _contents(parts)
        assert one == other, "shards differ from one run"
        assert len(one) == 2 * count
    return f"{count} songs in four shards are those of one run, bit for bit"


def memory(count: int, weights: Path | None) -> tuple[float, str]:
    """How much resident memory grows over songs in one process, from the tenth song on, in MiB and in words."""
    own, sizes = order(weights), []
    for seed in range(count):
        compose_seeds(own, [seed])
        sizes.append(resident_mib())
    first = sizes[min(9, count - 1)]
    grown = max(sizes[min(9, count - 1) :]) - first
    return grown, f"{count} songs: {first:.0f} MiB after ten, {grown:+.0f} at most after that"


def resident_mib() -> float:
    """Of this process."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith("VmRSS"))) / 1024


def start(weights: Path | None) -> str:
    """What a worker needs before its first song: wall clock, and seconds of the processor, of which other work takes none."""
    place = None if weights is None else str(weights.resolve())
    program = f"""
import time
wall = time.perf_counter()
from pathlib import Path
from canzona.batch import composing
composing.loaded({place and f"Path({place!r})"}, "cpu", 1)
print(time.perf_counter() - wall, time.process_time())
"""
    runs: Sequence[list[float]] = [
        [float(word) for word in subprocess.check_output([sys.executable, "-c", program], text=True).split()] for _ in range(3)
    ]
    wall, processor = (min(values) for values in zip(*runs, strict=True))
    return f"{wall:.2f} s, of which the processor {processor:.2f} s"


if __name__ == "__main__":
    main()
