"""The benchmark of promises: its table keeps what it was told, and quick forms of promises that are quick."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from canzona.io.midi import song_to_midi
from canzona.song import Form
from test_render import example_song


@pytest.mark.parametrize(
    ("number", "count"),
    [(2, 3), (8, 50), (15, 5), (18, 20)],
    ids=["MusicXML", "chords", "weights", "full disk"],
)
def test_promises_are_kept_in_their_quick_form(benchmark, number: int, count: int) -> None:
    promises = benchmark("promises")
    (own,) = (own for own in promises.PROMISES if own.number == number)
    counted = promises.tried(own, count)
    assert counted is not None
    assert counted.tried >= count
    assert counted.kept == counted.tried, counted.figures


def test_a_row_takes_its_place_and_the_others_stay(benchmark, tmp_path: Path) -> None:
    promises, counted = benchmark("promises"), benchmark("promises_table").Counted
    page = tmp_path / "promises.md"
    for number, kept in ((8, 3), (2, 1), (8, 5)):
        own = promises.PROMISES[number - 1]
        page.write_text(promises.with_row(page, number, promises.row(own, counted(5, kept, "so | so"), 1.0)))
    rows = [line for line in page.read_text().splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert [int(line.split("|")[1]) for line in rows] == list(range(1, 23))
    assert rows[7].endswith("| 10,000 | 5 | 5 | so ¦ so; in 1 s |")
    assert "| 5 | 1 |" in rows[1]
    assert "not tried" in rows[2]


def test_others_read_of_a_midi_file_what_the_song_says_and_notice_what_it_does_not(
    benchmark: Callable[[str], ModuleType],
) -> None:
    readers, song = benchmark("midi_readers"), example_song("A2B2", 4)
    data, told = song_to_midi(song), readers.told_by_song(song)
    others = [
        replace(song, tempo=song.tempo + 1),
        replace(song, form=Form.parse("A2C2")),
        replace(song, accompaniment=(song.accompaniment or ())[1:]),
    ]
    assert {"symusic", "mido"} <= readers.READERS.keys()
    for read in readers.READERS.values():
        assert read(data).agrees(told)
    for read in (readers.by_symusic, readers.by_mido):
        assert not any(read(song_to_midi(other)).agrees(told) for other in others)


def test_only_workers_of_the_command_itself_are_killed(benchmark: Callable[[str], ModuleType]) -> None:
    batches = benchmark("batches")
    begin = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(flush=True); input()', 'spawn_main'])"
    with (
        subprocess.Popen([sys.executable, "-c", begin], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as command,
        subprocess.Popen(["sleep", "60"]) as other,
    ):
        assert command.stdout is not None
        command.stdout.readline()  # its worker is there
        assert batches.kill_one(other.pid) == 0
        assert command.poll() is None
        assert batches.kill_one(command.pid) == 1
        assert command.wait(30) == 0
        other.kill()
