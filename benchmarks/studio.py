"""What the studio promises, counted: ``python benchmarks/studio.py [PROMISE …] [--quick]``; one row a promise.

It works on tiny random networks, which take the same path as the package's and are quick.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

import torch

from studio_edits import random_command
from studio_jobs import Counted, kills, reloads, stops

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from canzona.io.song_json import song_to_json
from canzona.studio import wire
from canzona.studio.commands import apply_all
from canzona.studio.documents import Document, document_of
from canzona.studio.library import Library
from canzona.studio.store import Store
from test_render import example_song
from tiny import write_tiny_weights


def _applied(commands: Sequence[wire.Command], _: object, document: Document) -> Document:
    return apply_all(document, commands, lambda _: document.song)


def edits(folder: Path, count: int) -> Counted:
    """Random edits, then full undo and full redo; kept are the steps whose JSON is the one that it was."""
    random, store = Random(0), Store(folder / "edits")
    library = Library(store)
    held = library.add("song", document_of(example_song("i2A4B4A4o2")), "new")
    texts = [song_to_json(held.document.song)]
    while len(texts) <= count:
        asked = {"base_version": held.version, "commands": [random_command(held.document, random)]}
        try:
            commands = wire.Change.model_validate(asked).commands
            new = library.change(held.id, held.version, partial(_applied, commands), "edit")
        except ValueError:
            continue
        if new.version > held.version:
            texts.append(song_to_json(new.document.song))
        held = new
    kept = 0
    for expected in reversed(texts[:-1]):
        held = library.undo(held.id, held.version)
        kept += song_to_json(held.document.song) == expected
    redone = True
    for expected in texts[1:]:
        held = library.redo(held.id, held.version)
        redone &= song_to_json(held.document.song) == expected
    store.close()
    return Counted(count, kept if redone else 0, fault=None if redone else "redo gives another song")


PROMISES = {
    "edits": (2000, 60),
    "kills": (20, 2),
    "reloads": (50, 5),
    "stops": (100, 5),
}
"""Promise → how often it is tried, and how often with ``--quick``."""


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("promises", nargs="*", choices=[*PROMISES, []], default=[])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--count", type=int, help="how often, in place of what is promised")
    arguments = parser.parse_args()
    for name in arguments.promises or PROMISES:
        count = arguments.count or PROMISES[name][arguments.quick]
        with tempfile.TemporaryDirectory(prefix="canzona-") as text:
            folder, began = Path(text), time.monotonic()
            if name == "edits":
                counted = edits(folder, count)
            else:
                with torch.inference_mode():
                    weights = write_tiny_weights(folder / "tiny")
                counted = {"kills": kills, "reloads": reloads, "stops": stops}[name](folder, weights, count)
            seconds = time.monotonic() - began
        worst = f", longest {counted.worst_seconds:.2f} s" if counted.worst_seconds else ""
        said = f"; {counted.fault}" if counted.fault else ""
        print(f"{name:8} tried {counted.tried}, kept {counted.kept}{worst}, in {seconds:.0f} s{said}", flush=True)


if __name__ == "__main__":
    main()
