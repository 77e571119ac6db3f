"""Data sets prepared in shards: together they are the same bytes as in one run."""

from pathlib import Path

import pytest

from canzona.cli.app import run
from canzona.training.dataset import load_songs, save_songs
from conftest import worked_here
from test_pop909 import example, write


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("clones")
    for number in (7, 12, 31):
        played, annotated = write(folder, example(), number)
    return ["--pop909", str(played), "--structure", str(annotated)]


def test_shards_merge_to_the_bytes_of_one_run(
    collections: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["prepare", *collections, "-o", "whole.npz", "--processes", "2"]) == 0
    monkeypatch.setattr("canzona.engine.as_done", worked_here)  # by processes or here: the same bytes
    for number in ("2", "1"):
        shard = ["--shard", f"{number}/2", "-o", f"{number}.npz", "--processes", "1"]
        assert run(["prepare", *collections, *shard]) == 0
    assert run(["merge", "2.npz", "1.npz", "-o", "merged.npz"]) == 0
    assert Path("merged.npz").read_bytes() == Path("whole.npz").read_bytes()
    assert Path("1.npz").read_bytes() != Path("2.npz").read_bytes()
    capsys.readouterr()
    assert run(["merge", "1.npz", "whole.npz", "-o", "other.npz"]) == 2
    assert "must have no song in common, got song 7 in 1.npz and whole.npz" in capsys.readouterr().err
    assert run(["merge", "1.npz", "-o", "whole.npz"]) == 2
    assert run(["prepare", *collections, "--shard", "1/9", "-o", "none.npz"]) == 2
    assert "shard: must be of at most 3, the songs there are" in capsys.readouterr().err
    assert not Path("other.npz").exists()
    assert not Path("none.npz").exists()


def test_what_is_loaded_is_saved_as_it_was(prepared_dataset: Path, tmp_path: Path) -> None:
    save_songs(tmp_path / "again.npz", load_songs(prepared_dataset))
    assert (tmp_path / "again.npz").read_bytes() == prepared_dataset.read_bytes()
