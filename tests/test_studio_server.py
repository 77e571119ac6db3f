"""The studio as a process of its own: it begins, is killed, and ends."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from canzona.cli.app import run
from tiny import write_tiny_weights


def test_a_server_that_is_killed_loses_nothing(benchmark: Callable[[str], ModuleType], tmp_path: Path) -> None:
    counted = benchmark("studio_jobs").kills(tmp_path, write_tiny_weights(tmp_path / "tiny"), 1)
    assert (counted.kept, counted.fault) == (1, None)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--port", "99999"], "port: must be 0 to 65535, got 99999"),
        (["--processes", "0"], "processes: must be 1 to 64, got 0"),
        (["--data", "nowhere.npz"], "data: must be a file made by canzona prepare, got 'nowhere.npz'"),
        (["--weights", "nowhere"], "weights: must be a folder, got 'nowhere'"),
        (["--host", "192.0.2.1", "--port", "0"], "port: cannot listen on 192.0.2.1"),
    ],
)
def test_mistakes_are_one_line(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["studio", "--no-browser", *words]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"canzona: {sentence}")
    assert error.count("\n") == 1
