"""What commands do to files that are there already, and the seeds that they draw."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest

from canzona.generation.request_json import seed_of
from canzona.hierarchy.levels import FORM
from canzona.io.midi import song_to_midi
from canzona.io.song_json import read_song_file, write_song_file
from canzona.song import Form, Song
from midi_files import TICKS, midi
from test_cli import assert_one_line, canzona, compose, here, names, tiny_weights
from test_pop909 import example, write
from test_render import example_song
from tiny import write_tiny_run

SONG = example_song("A2B2")

__all__ = ["canzona", "compose", "here", "tiny_weights"]  # fixtures


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def there(here: Path, prepared_dataset: Path, tmp_path: Path) -> Path:
    """A folder that holds what every command would write."""
    write_song_file(here / "song.json", SONG)
    (here / "song.mid").write_bytes(song_to_midi(SONG))
    (here / "package.json").write_text('{"name": "of somebody else"}')
    (here / "dataset.npz").write_bytes(prepared_dataset.read_bytes())
    (here / "report").mkdir()
    (here / "report" / "report.html").write_text("old")
    for name in ("checkpoint.safetensors", "weights.safetensors"):
        (here / "run").mkdir(exist_ok=True)
        (here / "run" / name).write_text("old")
    (here / "weights").mkdir()
    (here / "weights" / "form.safetensors").write_text("old")
    write_tiny_run(tmp_path / "form-run", FORM)
    write(tmp_path / "clones", example())
    return here


REPLACING = {
    "compose": "--form A1 -o song.mid",
    "compose, the song beside": "--form A1 -o package.mid",
    "compose, its melody": "--melody song.json -o song.mid",
    "compose, a passage": "--form A1 --texture-like song.mid -o song.mid",
    "revise": "song.json --level accompaniment -o song.mid",
    "render": "song.json -o song.mid",
    "evaluate": "song.json -o report",
    "prepare": "--pop909 ../clones --structure ../clones",
    "train": "form --data dataset.npz --run run",
    "train-encoder": "texture --data dataset.npz --run run",
    "register": "../form-run --weights weights",
}
READ = ("compose, its melody", "compose, a passage", "revise")


@pytest.mark.parametrize(("name", "words"), REPLACING.items(), ids=REPLACING)
def test_nothing_that_is_there_is_replaced_unasked(canzona, there, name, words):
    before = contents(there)
    outcome = canzona(name.split(",")[0], *words.split())
    assert_one_line(outcome, 2, "--force", "which is read by this command" if name in READ else "")
    assert contents(there) == before


def test_force_replaces_and_keeps_who_may_read(compose, there):
    for name in ("song.mid", "song.json"):
        (there / name).chmod(0o600)
    assert compose("-o", "song.mid", "--force").status == 0
    assert read_song_file(there / "song.json") != SONG
    assert [stat.S_IMODE((there / name).stat().st_mode) for name in ("song.mid", "song.json")] == [0o600] * 2


def test_force_lets_the_other_commands_replace(canzona, there):
    for words in ("render song.json -o song.mid", "evaluate song.json -o report", "register ../form-run --weights weights"):
        assert canzona(*words.split(), "--force").status == 0, words
    assert (there / "report" / "report.html").read_text() != "old"
    assert (there / "weights" / "form.safetensors").read_bytes() == (there / "../form-run/weights.safetensors").read_bytes()


def test_composing_without_a_name_takes_free_ones_and_other_seeds(compose, here):
    seeds = [json.loads(compose("--json").out)["seed"] for _ in range(3)]
    assert names(here) == sorted(f"{stem}.{suffix}" for stem in ("song", "song-2", "song-3") for suffix in ("mid", "json"))
    assert len(set(seeds)) == 3
    stored = [seed_of(read_song_file(here / f"{stem}.json")) for stem in ("song", "song-2", "song-3")]
    assert stored == seeds


def test_a_file_that_comes_to_be_there_meanwhile_is_not_replaced(compose, here, monkeypatch):
    monkeypatch.setattr("canzona.pretrained.check_processors", lambda threads: (here / "song.json").write_text("another's"))
    outcome = compose("-o", "song.mid")
    assert outcome.status == 0
    assert outcome.out.startswith("song-2.mid: ")
    assert "song.mid" in outcome.err
    assert (here / "song.json").read_text() == "another's"
    assert (here / "song-2.mid").read_bytes() == song_to_midi(read_song_file(here / "song-2.json"))


def test_a_revision_is_another_song_by_default(compose, canzona, tiny_weights, here, monkeypatch):
    drawn = iter([5, 5, 5, 6])
    monkeypatch.setattr("secrets.randbelow", lambda below: next(drawn))
    assert compose("-o", "song.mid").status == 0
    outcome = canzona("revise", "song.json", "--level", "accompaniment", "--steps", 2, "--weights", tiny_weights, "--json")
    assert (outcome.status, json.loads(outcome.out)["seed"]) == (0, 6)
    song, revised = read_song_file(here / "song.json"), read_song_file(here / "revised.json")
    assert seed_of(revised) == 6
    assert revised.lead_sheet == song.lead_sheet
    assert revised.accompaniment != song.accompaniment


# What strangers may put in an input


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"song": 1e999}', '{"song": NaN}', '{"song": "2"}', "[1]", "1" * 400, "\udcff"]
)
def test_seconds_that_are_none_get_one_line(canzona, here, text):
    (here / "songs").mkdir()
    write_song_file(here / "songs" / "song.json", SONG)
    (here / "songs" / "seconds.json").write_text(text, errors="surrogateescape")
    assert_one_line(canzona("evaluate", "songs"), 2, "songs: songs/seconds.json must hold seconds by song's name")


@pytest.mark.parametrize(
    "field", [{"seed": 1.5}, {"steps": 2.5}, {"kept": "abc"}, {"end_on_tonic": "no"}, {"repeat": [{"amount": "x"}]}]
)
def test_a_stored_request_of_other_types_gets_one_line(canzona, here, field):
    write_song_file(here / "song.json", replace(SONG, provenance={"request": {"form": "A1"} | field}))
    assert_one_line(canzona("compose", "--request", "song.json", "-o", "new.mid"), 2, f"request: {next(iter(field))}")


def test_a_song_that_no_figure_fits_is_measured_without_a_word_lost(canzona, here):
    write_song_file(here / "bare.json", Song(Form.parse("A4")))
    outcome = canzona("evaluate", "bare.json", "--processes", 1)
    assert outcome.status == 0
    assert outcome.err.splitlines() == [
        "canzona: read bare.json: 4 bars of 4/4, 90 bpm, no melody, no chords, form A4",
        "canzona: nothing to measure: no figure fits these songs",
    ]


def test_labelled_phrases_over_tracks_without_a_known_name_are_not_measured_nor_played(canzona, here):
    tune = [(TICKS * beat, TICKS, 60 + beat % 8, 90) for beat in range(16)]
    (here / "flute.mid").write_bytes(midi({"Flute": tune}, meters=[(0, 4, 4)], markers=[(0, "A4")]))
    (here / "plain.mid").write_bytes(midi({"Flute": tune}, meters=[(0, 4, 4)]))
    for command in (
        ("evaluate", "flute.mid"),
        ("render", "flute.mid", "-o", "flute.png"),
        ("render", "flute.mid", "-o", "a.wav"),
    ):
        assert_one_line(canzona(*command), 2, "flute.mid: tracks: must be named MELODY, CHORDS or PIANO", "A4, got 'Flute'")
    assert canzona("analyze", "flute.mid", "-o", "flute.json").status == 0
    assert canzona("evaluate", "plain.mid", "--processes", 1).status == 0
    assert names(here) == ["flute.json", "flute.mid", "plain.mid"]


@pytest.mark.parametrize("name", ["song.json", "song.mid", "song.musicxml", "answers.csv"])
def test_giants_and_pipes_are_not_read(canzona, here, name):
    def refusal() -> None:
        command = ("listen-test", "--score", name) if name.endswith("csv") else ("compose", "--melody", name, "-o", "new.mid")
        option = "CSV" if name.endswith("csv") else "melody"
        assert_one_line(canzona(*command), 2, f"{option}: ", name, said)

    with (here / name).open("wb") as file:
        file.truncate(8 * 2**30)
    said = "must be at most 16 MiB, got 8589934592 bytes"
    refusal()
    (here / name).unlink()
    os.mkfifo(here / name)
    said = "must be an ordinary file"
    refusal()
    (here / name).unlink()
    (here / name).symlink_to("/dev/zero")
    refusal()


def test_a_data_set_that_unpacks_to_a_giant_is_not_unpacked(canzona, here, monkeypatch):
    monkeypatch.setattr(np, "load", lambda *given, **options: pytest.fail("it was unpacked"))
    with ZipFile(here / "bomb.npz", "w", ZIP_DEFLATED) as packed:
        packed.writestr("melody_0.npy", bytes(2**24))
        packed.writestr("melody_1.npy", bytes(2**24))
        packed.infolist()[0].file_size = 2**30 - 2**24 + 1  # as its directory says; all zeros would take seconds to pack
    assert_one_line(canzona("evaluate", "bomb.npz"), 2, "data: must be a canzona-dataset-1 file", "it unpacks to")
