"""What commands say: progress without a terminal, whole songs, names that would steer a terminal or a spreadsheet."""

import os
import subprocess
import sys

import pytest

from canzona.cli import progress
from canzona.cli.messages import note, printable, report
from canzona.cli.progress import SECONDS_BETWEEN_LINES, Display
from canzona.evaluation.listening_test.plan import inert, named
from canzona.generation.cascade import Progress
from canzona.generation.progress import share_done
from canzona.generation.request import Request
from canzona.hierarchy.levels import LEVELS
from canzona.io.audio import song_to_sound
from canzona.song import Form, Key
from test_cli import assert_one_line, canzona, compose, here, tiny_weights
from test_render import example_song
from tiny import tiny_cascade

__all__ = ["canzona", "compose", "here", "tiny_weights"]  # fixtures


def test_signs_that_steer_a_terminal_are_spelt_out(capsys):
    name = "a\x1b[31m\u202e\x9b.mid"
    assert printable(f"Äpfel ♪\n{name}") == "Äpfel ♪\na\\x1b[31m\\u202e\\x9b.mid"
    note(name)
    report({}, False, name)
    told = capsys.readouterr()
    assert told.err == f"canzona: {printable(name)}\n"
    assert told.out == f"{printable(name)}\n"


def test_a_file_name_does_not_steer_the_terminal(canzona, here):
    assert_one_line(canzona("render", "\x1b]0;x\x07.json", "-o", "x.mid"), 2, "\\x1b]0;x\\x07.json")


def test_without_a_terminal_work_is_told_of_now_and_then(capsys, monkeypatch):
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    display = Display(None)
    for second in range(25):
        now = float(second)
        display.show("measuring songs", second, 50, f"song {second}")
    assert SECONDS_BETWEEN_LINES == 10
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["canzona: measuring songs: 20%, song 10", "canzona: measuring songs: 40%, song 20"]


@pytest.mark.parametrize("asked", ["form", "bars", "nothing"])
def test_the_share_of_a_whole_song_grows_to_one(tmp_path, asked):
    fields = {"form": {"form": Form.parse("A8B8A8B8"), "key": Key.parse("C")}, "bars": {"bars": 24}, "nothing": {}}[asked]
    cascade, request = tiny_cascade(tmp_path), Request(steps=2, guidance=0.0, **fields)
    shares = [share_done(cascade, request, step) for step in cascade.stream([request])]
    known = [share for share in shares if share is not None]
    assert known[-1] == pytest.approx(1)
    assert all(0 < share <= 1 for share in known)
    if asked == "form":
        assert known == sorted(known)
        assert len(known) == len(shares)
    assert {step.name for step in LEVELS} == set(cascade.sampling)
    first = Progress(LEVELS[0], 1, 2)
    assert (share_done(cascade, request, first) is None) == (asked == "nothing")


def test_all_keys_are_told(compose, here):
    outcome = compose("--form", "A1 B1@A", "-o", "song.mid")
    assert outcome.out.startswith("song.mid: A1B1, G major and A major, 2 bars, ")


@pytest.mark.parametrize("name", ["=cmd|x", "+1", "-1", "@x", "'quoted", "human", "a=b"])
def test_a_name_in_a_key_is_no_formula_and_comes_back(name):
    assert inert(name)[0] not in "=+-@"
    assert named(inert(name)) == name


def test_a_full_disk_names_the_sound_file(tmp_path, monkeypatch):
    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CANZONA_SOUNDFONT", raising=False)
    monkeypatch.setattr("canzona.io.audio.play", full)
    with pytest.raises(OSError, match="No space left") as told:
        song_to_sound(example_song("A1"), tmp_path / "song.wav")
    assert told.value.filename == str(tmp_path / "song.wav")
    assert list(tmp_path.iterdir()) == []


def test_the_shell_completes_commands_and_options():
    def completions(words: str) -> set[str]:
        asked = {"_CANZONA_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        script = "from canzona.cli import main; main()"
        return set(
            subprocess.run(
                [sys.executable, "-c", script], env=os.environ | asked, capture_output=True, text=True
            ).stdout.split()
        )

    assert completions("canzona re") == {"register", "render", "revise"}
    assert "--melody" in completions("canzona compose --me")


def test_help_shows_brackets_and_panels(canzona, monkeypatch):
    monkeypatch.setenv("COLUMNS", "240")
    shown = canzona("compose", "-h").out
    assert "FILE[:BARS][@LETTER]" in shown
    places = [shown.index(f" {panel} ") for panel in ("Song", "Keep", "Steer", "Output", "Machine")]
    assert places == sorted(places)
