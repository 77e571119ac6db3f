"""Golden figures: what `canzona evaluate` says of a few songs does not change unnoticed, in any of its figures.

After a change that is meant to change figures, ``python tests/test_golden_figures.py`` writes them anew; what it changes in
``tests/golden/figures/report.json`` is then there to be read. The songs are from the shipped weights, each with the request
that composed it, but for one as another program would store it: no markers, no key, times a little off.
"""

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from canzona.cli.app import run
from canzona.io.song_json import read_song_file
from canzona.training.dataset import PreparedSong, save_songs

FOLDER = Path(__file__).parent / "golden" / "figures"
REPORT = FOLDER / "report.json"
HUMAN, TRAINING, SYSTEM = (FOLDER / name for name in ("human", "training", "system"))
"""Songs that stand for human ones and for those that may have been copied, both by number, and songs of a system."""

TOLERANCE = 1e-6
NOT_COUNTED = "seconds_per_song"


def measured() -> dict[str, object]:
    """Figures of both systems and of each song, as the command line prints them, without what it says of the files."""
    prepared = [PreparedSong(int(path.stem), read_song_file(path)) for folder in (HUMAN, TRAINING) for path in folder.iterdir()]
    prepared.sort(key=lambda song: song.number)
    assert {song.number for song in prepared if song.is_validation} == {int(path.stem) for path in HUMAN.iterdir()}
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(StringIO()) as printed:
        data = Path(folder) / "dataset.npz"
        save_songs(data, prepared)
        status = run(["evaluate", "--songs", f"system={SYSTEM}", "--data", str(data), "--each", "--json", "--processes", "1"])
    assert status == 0
    figures = json.loads(printed.getvalue())
    assert [len(file) > 0 for file in figures.pop("read")] == [True] * len(list(SYSTEM.iterdir()))
    return figures


def leaves(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, object]]:
    """Every figure, by the names that lead to it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    else:
        yield " ".join(path), value


@pytest.fixture(scope="module")
def now() -> dict[str, object]:
    return dict(leaves(measured()))


@pytest.fixture(scope="module")
def golden() -> dict[str, object]:
    return dict(leaves(json.loads(REPORT.read_text(encoding="utf-8"))))


def test_figures_are_those_of_last_time(now: dict[str, object], golden: dict[str, object]) -> None:
    assert set(now) == set(golden)
    changed = {
        name: (golden[name], figure)
        for name, figure in now.items()
        if (figure is None) != (golden[name] is None)
        or (figure is not None and figure != pytest.approx(golden[name], abs=TOLERANCE))
    }
    assert not changed


def test_the_songs_are_enough_for_every_metric(golden: dict[str, object]) -> None:
    """No metric is without a figure, so none can change unnoticed."""
    scored = {name.split()[-1] for name, figure in golden.items() if name.startswith("each") and figure is not None}
    named = {name.split()[-1] for name in golden if name.startswith("each")}
    assert named - scored == {NOT_COUNTED}


if __name__ == "__main__":
    REPORT.write_text(json.dumps(measured(), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{REPORT} written\n")
