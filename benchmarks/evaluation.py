"""Seconds and memory that ``canzona evaluate`` takes for 32 songs of 40 bars, held against the validation songs.

    python benchmarks/evaluation.py --data dataset.npz

The songs are those of the copy-bot, which cost nothing to make. Memory is the largest of any single process, and that of all
processes if each reached that at once.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from canzona.baselines.copybot import CopyBot
from canzona.generation.request import Request
from canzona.io.song_json import write_song_file
from canzona.song.form import Form
from canzona.song.harmony import Key
from canzona.training.dataset import first_labellings, load_songs

FORM = "i4A8B8A8B8o4"


def main() -> None:
    """Parse the options, make the songs, run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--songs", type=int, default=32)
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    training = first_labellings(song for song in load_songs(options.data) if not song.is_validation)
    bot = CopyBot([item.song for item in training])
    requests = [Request(Form.parse(FORM), Key(7), seed=seed) for seed in range(options.songs)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "songs"
        folder.mkdir()
        for seed, song in enumerate(bot.compose_many(requests)):
            write_song_file(folder / f"{seed:03d}.json", song)
        arguments = ["--songs", f"copy-bot={folder}", "--data", options.data, "--processes", str(options.processes)]
        program = "from canzona.cli import main; main()"
        started = time.perf_counter()
        command = [sys.executable, "-c", program, "evaluate", *map(str, arguments), "-o", f"{name}/report"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - started
        report = Path(name) / "report" / "report.html"
        print(f"{options.songs} songs of {Form.parse(FORM).length_bars} bars and the validation songs: {seconds:.0f} s")
        print(f"report.html: {report.stat().st_size / 1e6:.1f} MB")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 2**20
    print(f"peak memory of one process: {peak:.0f} MiB; of all: at most {peak * (options.processes + 1):.0f} MiB")


if __name__ == "__main__":
    main()
