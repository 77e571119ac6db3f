"""The command line: what it writes, and that every mistake costs one line on stderr and no file."""

import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from symusic.core import ScoreTick

from canzona import pretrained
from canzona.cli.app import run
from canzona.evaluation import score
from canzona.generation.request_json import seed_of
from canzona.hierarchy.levels import FORM, LEVELS
from canzona.io.files import atomic_write
from canzona.io.midi import midi_to_song, song_to_midi
from canzona.io.performance import Performance
from canzona.io.song_json import read_song_file, write_song_file
from canzona.model.denoiser import WindowDenoiser
from canzona.pretrained import REGISTRY
from canzona.song import Form, Key
from canzona.version import __version__
from conftest import VALIDATION_FORMS
from test_pop909 import example, write
from test_render import example_song
from tiny import write_tiny_run, write_tiny_weights

COMMANDS = ("compose", "revise", "render", "evaluate", "listen-test", "prepare", "train", "train-encoder", "register")
SONG = replace(example_song("A2B2"), reduced_lead_sheet=None)


class Outcome(NamedTuple):
    """What a command left behind besides files."""

    status: int
    out: str
    err: str


@pytest.fixture
def canzona(capsys):
    """Runs the command line in this process."""

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        return Outcome(run([str(argument) for argument in arguments]), *capsys.readouterr())

    return call


@pytest.fixture(scope="module")
def tiny_weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("cli"))


@pytest.fixture
def compose(canzona, tiny_weights):
    """``canzona compose`` with tiny weights, for a short song in few steps unless told otherwise."""

    def call(*arguments: object, weights: Path = tiny_weights) -> Outcome:
        quick = ["--form", "A1B1", "--key", "G major", "--steps", 2, "--guidance", 0, "--threads", 1]
        return canzona("compose", *quick, "--weights", weights, *arguments)

    return call


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """An empty folder to work in."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_one_line(outcome: Outcome, status: int, *said: str) -> None:
    """Nothing on stdout, and one line on stderr that says all of ``said``."""
    assert outcome.status == status, outcome
    assert outcome.out == ""
    assert outcome.err.startswith("canzona: ")
    assert outcome.err.endswith("\n")
    assert outcome.err.count("\n") == 1
    for words in said:
        assert words in outcome.err


# Composing


def test_compose_writes_a_midi_file_and_its_song(compose, here):
    outcome = compose("--tempo", 100, "--seed", 5, "-o", "song.mid")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("song.mid: A1B1, G major, 2 bars, seed 5, composed in ")
    assert outcome.out.count("\n") == 1
    assert names(here) == ["song.json", "song.mid"]
    song = read_song_file(here / "song.json")
    assert (str(song.form), song.form.phrases[0].key, song.tempo) == ("A1B1", Key.parse("G major"), 100)
    assert song.provenance["canzona"] == __version__
    assert seed_of(song) == 5
    assert (here / "song.mid").read_bytes() == song_to_midi(song)


def test_the_same_seed_writes_the_same_files(compose, here):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert compose("--seed", seed, "-o", f"{name}.mid").status == 0
    for suffix in ("mid", "json"):
        a, b, c = ((here / f"{name}.{suffix}").read_bytes() for name in "abc")
        assert a == b != c


@pytest.mark.usefixtures("without_processes")
def test_several_songs_are_those_of_their_seeds(compose, here):
    outcome = compose("--count", 2, "--seed", 7, "-o", "many.mid", "--json")
    assert (outcome.status, [line for line in outcome.err.splitlines() if "songs a minute" not in line]) == (0, [])
    reports = [json.loads(line) for line in outcome.out.splitlines()]
    assert [report["seed"] for report in reports] == [7, 8]
    assert names(here) == ["many-7.json", "many-7.mid", "many-8.json", "many-8.mid"]
    assert compose("--seed", 8, "-o", "one.mid").status == 0
    assert (here / "one.mid").read_bytes() == (here / "many-8.mid").read_bytes()


def test_composing_reports_in_json(compose, here):
    outcome = compose("--json", "--meter", "3/4", "--seed", 0, "-o", "waltz.MIDI")
    report = json.loads(outcome.out)
    seconds = report.pop("seconds")
    assert 0 < seconds < 60
    assert report == {
        "midi": "waltz.MIDI",
        "song": "waltz.json",
        "form": "A1B1",
        "key": "G major",
        "keys": ["G major"],
        "bars": 2,
        "seed": 0,
        "read": [],
    }
    assert midi_to_song((here / "waltz.MIDI").read_bytes()).meter.beats_per_bar == 3


def test_form_and_key_may_be_composed_too(canzona, tiny_weights, here):
    outcome = canzona("compose", "--steps", 2, "--guidance", 0, "--threads", 1, "--weights", tiny_weights, "--json")
    report = json.loads(outcome.out)
    assert Form.parse(report["form"]).length_bars == report["bars"]
    assert Key.parse(report["key"])
    assert names(here) == ["song.json", "song.mid"]


def test_paths_need_not_be_ascii(compose, canzona, here):
    folder = here / "Lieder für 歌"
    folder.mkdir()
    song = folder / "Äpfel ♪.mid"
    outcome = compose("-o", song)
    assert outcome.status == 0
    assert str(song) in outcome.out
    assert canzona("render", song.with_suffix(".json"), "-o", folder / "größer.mid").status == 0
    assert canzona("evaluate", folder, "--each", "--processes", "1").status == 0
    assert names(folder) == ["größer.mid", "Äpfel ♪.json", "Äpfel ♪.mid"]
    assert_one_line(canzona("render", folder / "fehlt ß.json", "-o", "x.mid"), 2, "fehlt ß.json")


BAD_OPTIONS = {
    "form, no form": (["--form", "4A"], ["form: must be letters with lengths of 1 bar or more", "got '4A'"]),
    "form, empty": (["--form", ""], ["form: must be", "got ''"]),
    "form, other letters": (["--form", "Ä4"], ["form: must be", "got 'Ä4'"]),
    "form, no bars": (["--form", "A0"], ["form: must be letters with lengths of 1 bar or more, such as i4A8B8o4, got 'A0'"]),
    "form, too long": (["--form", "A1025"], ["form: must be 1 to 1024 bars long, got 1025"]),
    "key": (["--key", "H major"], ["key: must be", "'G major'", "got 'H major'"]),
    "key, no mode": (["--key", "G dorian"], ["key: must be", "got 'G dorian'"]),
    "meter": (["--meter", "6/8"], ["meter: must be one of 3/4, 4/4, got '6/8'"]),
    "tempo, too slow": (["--tempo", "19"], ["tempo: must be 20 to 300", "got 19"]),
    "tempo, no number": (["--tempo", "allegro"], ["--tempo", "number", "got 'allegro'"]),
    "tempo, not a number": (["--tempo", "nan"], ["tempo: must be 20 to 300", "got nan"]),
    "seed, negative": (["--seed", "-1"], ["seed: must be 0 to", "got -1"]),
    "seed, no whole number": (["--seed", "1.5"], ["--seed", "integer", "got '1.5'"]),
    "seed, too large": (["--seed", str(2**63)], ["seed: must be 0 to", f"got {2**63}"]),
    "seed, too large at the last": (["--seed", str(2**63 - 1), "--count", "2"], ["seed: must be 0 to", f"got {2**63}"]),
    "steps": (["--steps", "1"], ["steps: must be 2 to 1000, got 1"]),
    "steps, none": (["--steps", "0"], ["steps: must be 2 to 1000, got 0"]),
    "count": (["--count", "0"], ["count: must be 1 to 1000000, got 0"]),
    "count, too many": (["--count", "1000001"], ["count: must be 1 to 1000000, got 1000001"]),
    "guidance": (["--guidance", "5.1"], ["guidance: must be 0 to 5, got 5.1"]),
    "guidance, negative": (["--guidance", "-1"], ["guidance: must be 0 to 5, got -1"]),
    "threads": (["--threads", "0"], ["threads: must be 1 to 64, got 0"]),
    "threads, too many": (["--threads", "65"], ["threads: must be 1 to 64, got 65"]),
    "device": (["--device", "tpu"], ["device: must be cpu or cuda, got 'tpu'"]),
    "output, other ending": (["-o", "song.wav"], ["output: must end in .mid or .midi, got 'song.wav'"]),
    "output, no ending": (["-o", "song"], ["output: must end in .mid or .midi, got 'song'"]),
    "output, no folder": (["-o", "missing/song.mid"], ["output: its folder must exist, got 'missing/song.mid'"]),
    "unknown option": (["--harmony", "jazz"], ["No such option: --harmony"]),
    "option without value": (["--seed"], ["--seed", "requires an argument"]),
    "extra argument": (["song.json"], ["unexpected extra argument", "song.json"]),
}


@pytest.mark.parametrize(("options", "said"), BAD_OPTIONS.values(), ids=BAD_OPTIONS)
def test_a_bad_option_gets_one_line_and_no_file(compose, here, options, said):
    assert_one_line(compose(*options), 2, *said)
    assert names(here) == []


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without CUDA")
def test_a_device_that_is_not_there_is_refused(compose, here):
    assert_one_line(compose("--device", "cuda"), 2, "device: must be cpu on a machine without CUDA, got 'cuda'")
    assert names(here) == []


@pytest.mark.parametrize("name", ["song.mid", "song.json"])
def test_an_output_that_is_a_folder_is_refused_before_the_work(compose, here, monkeypatch, name):
    monkeypatch.setattr(pretrained, "load", lambda *arguments: pytest.fail("the work began"))
    (here / name).mkdir()
    assert_one_line(compose("-o", "song.mid"), 2, "output: must be a file", f"folder '{name}'")
    assert names(here) == [name]


def test_all_outputs_are_checked_before_the_work(compose, here, monkeypatch):
    monkeypatch.setattr(pretrained, "load", lambda *arguments: pytest.fail("the work began"))
    (here / "song-2.json").mkdir()
    assert_one_line(compose("--count", 3, "--seed", 0, "-o", "song.mid"), 2, "folder 'song-2.json'")


def test_a_folder_that_is_not_writable_is_refused(compose, here, monkeypatch):
    folder = here / "locked"
    folder.mkdir(mode=0o555)
    if os.access(folder, os.W_OK):  # nothing is locked to root
        access = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != folder and access(path, mode))
    assert_one_line(compose("-o", folder / "song.mid"), 2, "output: its folder must be writable", "song.mid")
    assert names(folder) == []


def test_a_folder_that_refuses_after_all_is_the_machines_fault(compose):
    """Root may write everywhere, says the system, and then may not."""
    if not Path("/proc").is_dir():
        pytest.skip("needs /proc")
    outcome = compose("-o", "/proc/song.mid")
    assert outcome.status in (1, 2)
    assert_one_line(outcome, outcome.status, "/proc/song.mid")


def flip_a_byte(folder: Path) -> None:
    path = folder / f"{FORM.name}.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def truncate(folder: Path) -> None:
    os.truncate(folder / f"{FORM.name}.safetensors", 1000)


def truncate_and_register(folder: Path) -> None:
    truncate(folder)
    pretrained.register([], folder)


SPOILT_WEIGHTS = {
    "folder missing": (shutil.rmtree, "registry.json is missing"),
    "registry missing": (lambda folder: (folder / REGISTRY).unlink(), "registry.json is missing"),
    "file missing": (lambda folder: (folder / f"{FORM.name}.safetensors").unlink(), "form.safetensors is missing"),
    "byte flipped": (flip_a_byte, "form.safetensors is damaged"),
    "truncated": (truncate, "form.safetensors is damaged"),
    "truncated and registered": (truncate_and_register, "form.safetensors is damaged"),
    "registry damaged": (lambda folder: (folder / REGISTRY).write_text("{"), "registry.json is damaged"),
    "registry of others": (lambda folder: (folder / REGISTRY).write_text("{}"), "form.safetensors is damaged"),
}


@pytest.mark.parametrize(("spoil", "said"), SPOILT_WEIGHTS.values(), ids=SPOILT_WEIGHTS)
def test_spoilt_weights_are_the_machines_fault(compose, here, tiny_weights, tmp_path, spoil, said):
    weights = Path(shutil.copytree(tiny_weights, tmp_path / "weights"))
    spoil(weights)
    assert_one_line(compose(weights=weights), 1, "weights: ", said)
    assert names(here) == []


def test_without_weights_of_its_own_the_package_says_so(canzona, here, monkeypatch):
    monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", here / "none")
    assert_one_line(canzona("compose", "--form", "A1"), 1, "weights: ", "is missing; install canzona again")


def full(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def half_written(path: Path, data: bytes) -> int:
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("owner", "name", "failing"), [(os, "fsync", full), (Path, "write_bytes", half_written), (os, "open", full)]
)
@pytest.mark.parametrize("old", [False, True], ids=["new", "over an old song"])
def test_a_full_disk_leaves_no_half_song(compose, here, monkeypatch, owner, name, failing, old):
    before = {"song.mid": b"old", "song.json": b"old"} if old else {}
    for file, data in before.items():
        (here / file).write_bytes(data)
    with monkeypatch.context() as patch:
        patch.setattr("canzona.io.files.os." + name if owner is os else "pathlib.Path." + name, failing)
        outcome = compose("-o", "song.mid", "--force")
    assert_one_line(outcome, 1, "song.mid: no space left on device")
    assert {path.name: path.read_bytes() for path in here.iterdir()} == before


@pytest.mark.parametrize("calls", [1, 4])
def test_ctrl_c_stops_at_once_and_leaves_nothing(compose, here, monkeypatch, calls):
    done, denoise = [], WindowDenoiser.__call__

    def interrupted(*arguments: Any) -> torch.Tensor:
        done.append(1)
        if len(done) == calls:
            signal.raise_signal(signal.SIGINT)
        return denoise(*arguments)

    monkeypatch.setattr(WindowDenoiser, "__call__", interrupted)
    assert_one_line(compose("-o", "song.mid"), 130, "interrupted")
    assert len(done) == calls
    assert names(here) == []


# Rendering


def test_render_midi_and_back(canzona, here):
    write_song_file(here / "song.json", SONG)
    outcome = canzona("render", "song.json", "-o", "song.mid")
    assert (outcome.status, outcome.out) == (0, "song.mid\n")
    assert outcome.err.startswith("canzona: read song.json: 4 bars of 4/4 in G major and A major, 92 bpm, melody 22 notes")
    assert midi_to_song((here / "song.mid").read_bytes()).lead_sheet == SONG.lead_sheet
    outcome = canzona("render", "song.mid", "-o", "again.mid", "--json")
    facts = json.loads(outcome.out)
    assert (outcome.status, facts["output"], facts["read"][0]["melody_notes"]) == (0, "again.mid", 22)
    assert (here / "again.mid").read_bytes() == (here / "song.mid").read_bytes()


def test_render_a_picture(canzona, here):
    pytest.importorskip("matplotlib")
    write_song_file(here / "song.json", SONG)
    assert canzona("render", "song.json", "-o", "song.PNG").status == 0
    assert (here / "song.PNG").read_bytes().startswith(b"\x89PNG")
    assert names(here) == ["song.PNG", "song.json"]


def test_a_picture_without_matplotlib_says_what_to_install(canzona, here, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    write_song_file(here / "song.json", SONG)
    assert_one_line(
        canzona("render", "song.json", "-o", "song.png"), 1, "pictures need matplotlib", "-m pip install matplotlib"
    )
    assert names(here) == ["song.json"]


def test_sound_without_a_synthesizer_says_what_to_install(canzona, here, monkeypatch):
    monkeypatch.setenv("PATH", str(here))
    write_song_file(here / "song.json", SONG)
    outcome = canzona("render", "song.json", "-o", "song.wav")
    assert outcome.status == 0
    assert outcome.err.count("\n") == 2, "what was read, and what played"
    assert "a simple sampler played" in outcome.err
    assert "apt install fluidsynth" in outcome.err
    assert (here / "song.wav").read_bytes()[:4] == b"RIFF"
    assert names(here) == ["song.json", "song.wav"]


@pytest.mark.parametrize(("ending", "library"), [("flac", "soundfile"), ("mp3", "lameenc")])
def test_compressed_sound_without_its_library_says_what_to_install(canzona, here, monkeypatch, ending, library):
    monkeypatch.setitem(sys.modules, library, None)
    write_song_file(here / "song.json", SONG)
    assert_one_line(canzona("render", "song.json", "-o", f"song.{ending}"), 1, f"python -m pip install {library}")
    assert names(here) == ["song.json"]


def test_options_of_playing_reach_the_midi_file(canzona, here):
    write_song_file(here / "song.json", SONG)
    options = ["--humanize", "0.5", "--seed", "3", "--pedal", "--programs", "melody=74", "--channels", "piano=16"]
    outcome = canzona("render", "song.json", "-o", "song.mid", *options)
    played = Performance(0.5, 3, pedal=True, channels={"PIANO": 16}, programs={"MELODY": 74})
    assert (outcome.status, outcome.err.count("\n")) == (0, 1)  # what was read
    assert (here / "song.mid").read_bytes() == song_to_midi(SONG, played)
    assert canzona("render", "song.json", "-o", "part.mid", "--parts", "piano,melody").err.count("\n") == 2
    assert (here / "part.mid").read_bytes() == song_to_midi(SONG, parts=("MELODY", "PIANO"))
    assert "one track" in canzona("render", "song.json", "-o", "one.mid", "--tracks", "merged").err
    assert (here / "one.mid").read_bytes() == song_to_midi(SONG, Performance(merged=True))


BAD_RENDERINGS = {
    "no song": (["missing.json", "-o", "x.mid"], ["song: cannot read 'missing.json': no such file"]),
    "a folder": (["folder.json", "-o", "x.mid"], ["song: cannot read 'folder.json': is a directory"]),
    "other ending": (
        ["song.txt", "-o", "x.mid"],
        ["song: must end in .json, .mid, .midi, .kar, .rmi, .musicxml, .mxl or .xml, got 'song.txt'"],
    ),
    "no JSON": (["broken.json", "-o", "x.mid"], ["broken.json: song file: must be JSON"]),
    "no MIDI": (["broken.mid", "-o", "x.png"], ["MIDI file: cannot be read"]),
    "no output": (["song.json"], ["Missing option '--output'"]),
    "no argument": (["-o", "x.mid"], ["Missing argument"]),
    "output, other ending": (
        ["song.json", "-o", "x.ogg"],
        [
            "output: must end in .json or .mid or .midi or .musicxml or .mxl or .svg or .pdf or .png or .wav or .flac or .mp3, "
            "got 'x.ogg'"
        ],
    ),
    "parts of a picture": (["song.json", "--parts", "melody", "-o", "x.png"], ["parts: must only be given for .wav, .flac,"]),
    "clicks in MIDI": (
        ["song.json", "--click", "-o", "x.mid"],
        ["click: must only be given for .wav, .flac, .mp3, got output"],
    ),
    "tracks of sound": (["song.json", "--tracks", "merged", "-o", "x.wav"], ["tracks: must only be given for .mid, .midi"]),
    "a transposed piano": (
        ["song.json", "--part", "piano", "--transpose", "b-flat", "-o", "x.pdf"],
        ["transpose: must only be given for the lead sheet, got part 'piano'"],
    ),
    "lengths of MIDI": (
        ["song.json", "--lengths", "exact", "-o", "x.mid"],
        ["lengths: must only be given for .musicxml, .mxl"],
    ),
    "no lengths": (["song.json", "--lengths", "short", "-o", "x.pdf"], ["lengths: must be exact, legible, got 'short'"]),
    "no tracks": (["song.json", "--tracks", "one", "-o", "x.mid"], ["tracks: must be separate or merged, got 'one'"]),
    "no part": (["song.json", "--parts", "drums", "-o", "x.mid"], ["parts: must name melody, chords, piano, got 'drums'"]),
    "a part twice": (["song.json", "--parts", "piano,piano", "-o", "x.mid"], ["parts: must name each once, got"]),
    "no number": (["song.json", "--programs", "piano=x", "-o", "x.mid"], ["programs: must be a number for each part, such"]),
    "no program": (["song.json", "--programs", "piano=0", "-o", "x.mid"], ["programs: must be 1 to 128, got piano=0"]),
    "not in the soundfont": (["song.json", "--programs", "piano=57", "-o", "x.wav"], ["programs: must be one of 1, 5, 28"]),
    "too human": (["song.json", "--humanize", "1.1", "-o", "x.mid"], ["humanize: must be 0 to 1, got 1.1"]),
    "output, a folder": (["song.json", "-o", "folder.mid"], ["output: must be a file, got the folder 'folder.mid'"]),
    "output, no folder": (["song.json", "-o", "none/x.mid"], ["output: its folder must exist, got 'none/x.mid'"]),
}


@pytest.mark.parametrize(("arguments", "said"), BAD_RENDERINGS.values(), ids=BAD_RENDERINGS)
def test_a_bad_rendering_gets_one_line_and_no_file(canzona, here, arguments, said):
    write_song_file(here / "song.json", SONG)
    (here / "broken.json").write_text("{")
    (here / "broken.mid").write_text("MThd")
    (here / "folder.json").mkdir()
    (here / "folder.mid").mkdir()
    before = names(here)
    assert_one_line(canzona("render", *arguments), 2, *said)
    assert names(here) == before


# Evaluating


def test_evaluate_prints_a_table_of_every_figure(canzona, here):
    write_song_file(here / "song.json", SONG)
    outcome = canzona("evaluate", "song.json")
    assert outcome.status == 0
    assert outcome.err.startswith("canzona: read song.json: 4 bars of 4/4")
    heading, *rows = outcome.out.splitlines()
    assert heading.split() == ["figure", "songs", "(1)"]
    figures = {row.split()[0]: row.split()[1] for row in rows if row.startswith("  ")}
    for name, value in score(SONG).items():
        assert name not in figures if value is None else figures[name] == f"{value:.3f}"


def test_evaluate_takes_songs_of_every_kind(canzona, here, prepared_dataset, validation_songs):
    other = replace(example_song("A2A2"), lead_sheet=None)
    write_song_file(here / "a.json", SONG)
    atomic_write(here / "a.mid", song_to_midi(SONG))  # the same song: counted once
    atomic_write(here / "b.mid", song_to_midi(other))
    outcome = canzona("evaluate", here, prepared_dataset, "--json", "--each", "--processes", "1")
    facts = json.loads(outcome.out)
    each = facts["each"]["songs"]
    assert len(each) == 2 + len(validation_songs)
    assert {name: each["a"][name] for name in score(SONG)} == score(SONG)
    assert {name: each["b"][name] for name in score(other)} == score(other)
    kept = [own["melody_in_key"] for own in each.values() if own["melody_in_key"] is not None]
    figure = facts["figures"]["songs"]["melody_in_key"]
    assert figure["n"] == len(kept) == len(each) - 1
    assert figure["mean"] == pytest.approx(sum(kept) / len(kept))
    assert "songs b: " in canzona("evaluate", here, "--each", "--processes", "1").out


def test_evaluate_writes_a_report_on_several_systems(canzona, here, prepared_dataset, training_songs):
    copied = training_songs[0]  # of a machine: a copy, even under the training song's own name
    for name, song in (("one", SONG), ("two", copied.song), ("human-train", copied.song)):
        (here / name).mkdir()
        write_song_file(here / name / f"{copied.number:03d}.json", song)
    (here / "two" / "seconds.json").write_text(json.dumps({f"{copied.number:03d}": 2.5}))
    systems = [f"--songs={name}={name}" for name in ("one", "two", "human-train")]
    arguments = [*systems, "--data", prepared_dataset, "-o", "report", "--processes", "1"]
    outcome = canzona("evaluate", *arguments)
    assert outcome.status == 0
    assert names(here / "report") == ["report.html", "report.json"]
    report = json.loads((here / "report" / "report.json").read_text())
    assert list(report) == ["human", "one", "two", "human-train"]
    assert report["two"]["seconds_per_song"] == {"mean": 2.5, "low": 2.5, "high": 2.5, "n": 1}
    assert report["one"]["seconds_per_song"] is None
    assert report["two"]["copy_melody_1"]["mean"] == report["two"]["copy_piano_4"]["mean"] == 1
    assert report["human-train"]["copy_piano_4"]["mean"] < 1
    assert report["one"]["ils_chords"] is None  # of two bars a phrase none returns
    assert report["human"]["ils_chords_second"]["n"] == len(VALIDATION_FORMS)
    assert (here / "report" / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "report" not in names(here / "one")


def test_evaluate_reads_files_of_other_systems(canzona, here):
    stranger = ScoreTick.from_midi(song_to_midi(SONG))
    stranger.markers.clear()
    stranger.key_signatures.clear()
    stranger.dump_midi(here / "x.mid")
    facts = json.loads(canzona("evaluate", here, "--json", "--each", "--processes", "1").out)
    found, own = facts["each"]["songs"]["x"], score(SONG)
    assert found["returns_melody_same"] is None
    for name in ("chord_tones_piano", "chord_tones_melody", "piano_onsets_per_bar", "groove"):
        assert found[name] == pytest.approx(own[name], rel=0.03)  # a key struck twice at once is one note


def test_a_terminal_without_all_signs_gets_the_table(canzona, here, monkeypatch):
    (here / "other").mkdir()
    write_song_file(here / "other" / "song.json", SONG)
    write_song_file(here / "song.json", replace(SONG, accompaniment=None))  # has no figures of the piano: a dash
    with monkeypatch.context() as patch:
        terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        patch.setattr(sys, "stdout", terminal)
        assert run(["evaluate", "song.json", "--songs", "other=other", "--processes", "1"]) == 0
        terminal.flush()
        assert rb"\u2013" in terminal.buffer.getvalue()


def broken_data(folder: Path) -> None:
    (folder / "text.npz").write_text("no data set")
    (folder / "empty.npz").touch()
    (folder / "zip.npz").write_bytes(b"PK\x03\x04 no more")
    (folder / "folder.npz").mkdir()


BAD_DATA = {
    "missing.npz": "data: cannot read 'missing.npz': no such file",
    "folder.npz": "data: cannot read 'folder.npz': is a directory",
    "text.npz": "data: must be a canzona-dataset-1 file",
    "empty.npz": "data: must be a canzona-dataset-1 file",
    "zip.npz": "data: must be a canzona-dataset-1 file",
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # NumPy forgets to close a broken zip file
@pytest.mark.parametrize(("data", "said"), BAD_DATA.items(), ids=BAD_DATA)
@pytest.mark.parametrize("command", [["evaluate"], ["train", FORM.name, "--device", "cpu", "--threads", "1", "--data"]])
def test_bad_data_gets_one_line(canzona, here, command, data, said):
    broken_data(here)
    before = names(here)
    assert_one_line(canzona(*command, data), 2, said, data)
    assert names(here) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "songs: must be at least one file, folder or NAME=FOLDER, got none"),
        (["--songs", "folder"], "songs: must be NAME=FOLDER with a folder that exists, got 'folder'"),
        (["x.json", "--songs", "songs=."], "songs: must have another name than 'songs'"),
        (["--songs", "a=missing"], "songs: must be NAME=FOLDER with a folder that exists, got 'a=missing'"),
        (["--songs", "a=.", "--songs", "a=."], "songs: each system must be named once"),
        ([".", "-o", "missing/report"], "output: its folder must exist"),
        ([".", "--processes", "0"], "processes: must be 1 to 64, got 0"),
        ([".", "--against", "missing"], "against: must be a folder, got 'missing'"),
        (["."], "songs: must be at least one, got none in ."),
        (["missing.json"], "songs: cannot read 'missing.json'"),
        (["missing"], "songs: must end in .json, .mid, .midi, .kar, .rmi, .musicxml, .mxl or .xml, got 'missing'"),
    ],
)
def test_a_bad_evaluation_gets_one_line(canzona, here, arguments, said):
    assert_one_line(canzona("evaluate", *arguments), 2, said)


def test_systems_are_compared_with_one_that_is_there(canzona, here):
    write_song_file(here / "song.json", SONG)
    said = "compare-with: must be one of songs, got 'other'"
    assert_one_line(canzona("evaluate", "song.json", "--compare-with", "other"), 2, said)


# Preparing and training


@pytest.mark.usefixtures("without_processes")
def test_prepare_reads_the_two_collections(canzona, here, tmp_path):
    played, annotated = write(tmp_path / "clones", example())
    shutil.move(played, tmp_path / "clones" / "POP909")
    outcome = canzona("prepare", "--pop909", tmp_path / "clones", "--structure", annotated, "--processes", 1, "--json")
    facts = json.loads(outcome.out)
    assert (facts["output"], facts["songs"], facts["rejected"]) == ("dataset.npz", 1, {})
    assert names(here) == ["dataset.npz"]
    assert facts["bytes"] == (here / "dataset.npz").stat().st_size


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--pop909", "missing", "--structure", "."], "pop909: must be a folder, got missing"),
        (["--pop909", ".", "--structure", "missing"], "structure: must be a folder, got missing"),
        (["--pop909", ".", "--structure", "."], "pop909: "),
        (["--structure", "."], "pop909: must be given together with structure, or midi in place of both"),
        (["--pop909", ".", "--structure", ".", "--processes", "0"], "processes: must be 1 to 64, got 0"),
        (["--pop909", ".", "--structure", ".", "-o", "data.zip"], "output: must end in .npz, got 'data.zip'"),
        (["--pop909", ".", "--structure", ".", "-o", "no/data.npz"], "output: its folder must exist"),
    ],
)
def test_bad_collections_get_one_line_and_no_file(canzona, here, options, said):
    assert_one_line(canzona("prepare", *options), 2, said)
    assert names(here) == []


BAD_TRAINING = {
    "level": (["symphony"], ["level: must be one of form, reduced-lead-sheet", "got 'symphony'"]),
    "no level": ([], ["Missing argument"]),
    "device": ([FORM.name, "--device", "tpu"], ["device: must be auto, cpu or cuda, got 'tpu'"]),
    "threads": ([FORM.name, "--threads", "0"], ["threads: must be 1 to 64, got 0"]),
    "seed": ([FORM.name, "--seed", "-1"], ["seed: must be 0 to", "got -1"]),
    "batch size": ([FORM.name, "--batch-size", "0"], ["batch-size: must be", "got 0"]),
    "minutes": ([FORM.name, "--max-minutes", "0"], ["max-minutes: must be", "got 0"]),
    "steps": ([FORM.name, "--max-steps", "-5"], ["max-steps: must be", "got -5"]),
    "run, a file": ([FORM.name, "--run", "a file"], ["run: must be a folder, got the file 'a file'"]),
    "learning rate": ([FORM.name, "--learning-rate", "-1"], ["learning-rate: must be", "got -1"]),
    "decay": ([FORM.name, "--decay", "2"], ["decay: must be 0 to 1, got 2"]),
    "branch": ([FORM.name, "--branch", "nowhere"], ["branch: must be a folder with checkpoint.safetensors, got 'nowhere'"]),
    "from": ([FORM.name, "--from", "nowhere"], ["from: must be a weight file", "got 'nowhere'"]),
    "resume elsewhere": ([FORM.name, "--resume", ".", "--run", "other"], ["run: must be left out with resume", "got 'other'"]),
    "resume": ([FORM.name, "--resume", "nowhere"], ["resume: must be a folder with checkpoint.safetensors, got 'nowhere'"]),
}


@pytest.mark.parametrize(("arguments", "said"), BAD_TRAINING.values(), ids=BAD_TRAINING)
def test_bad_training_gets_one_line_and_no_file(canzona, here, prepared_dataset, arguments, said):
    (here / "a file").touch()
    assert_one_line(canzona("train", "--data", prepared_dataset, *arguments), 2, *said)
    assert names(here) == ["a file"]


def test_registered_runs_compose(canzona, compose, here):
    (here / "weights").mkdir()
    runs = [here / "runs" / level.name for level in LEVELS]
    for run_folder, level in zip(runs, LEVELS, strict=True):
        write_tiny_run(run_folder, level, seed=1)
    outcome = canzona("register", *runs, "--weights", "weights", "--json")
    assert outcome.status == 0
    assert json.loads(outcome.out) == json.loads((here / "weights" / REGISTRY).read_text())
    assert compose(weights=here / "weights").status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Missing argument"),
        (["run"], "Missing option '--weights'"),
        (["nowhere"], "runs: must be folders with weights.safetensors, got 'nowhere'"),
        (["empty"], "runs: must be folders with weights.safetensors, got 'empty'"),
        (["broken"], "weights.safetensors is damaged"),
        (["run", "nowhere"], "runs: must be folders with weights.safetensors, got 'nowhere'"),
        (["run", "--weights", "nowhere"], "weights: must be a folder, got 'nowhere'"),
    ],
)
def test_bad_runs_get_one_line_and_are_not_registered(canzona, here, arguments, said):
    for name in ("weights", "empty", "broken"):
        (here / name).mkdir()
    (here / "broken" / "weights.safetensors").write_text("no weights")
    write_tiny_run(here / "run", FORM)
    told = [] if "--weights" in arguments or arguments == ["run"] else ["--weights", "weights"]
    assert_one_line(canzona("register", *arguments, *told), 2, said)
    assert names(here / "weights") == []


# The command itself


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)], ids=" ".join)
def test_help_of_everything(canzona, command, option):
    outcome = canzona(*command, option)
    assert (outcome.status, outcome.err) == (0, "")
    assert "Usage: " in outcome.out
    for name in COMMANDS if not command else ["--help"]:
        assert name in outcome.out


def test_version(canzona):
    assert canzona("--version") == (0, f"{__version__}\n", "")


def test_without_a_command_there_is_help(canzona):
    outcome = canzona()
    assert "Usage: " in outcome.out + outcome.err


@pytest.mark.parametrize("arguments", [["compos"], ["--quiet"]])
def test_an_unknown_command_gets_one_line(canzona, arguments):
    assert_one_line(canzona(*arguments), 2, "No such", arguments[0])


@pytest.mark.parametrize("arguments", [["--help"], ["compose", "--help"], ["compose", "--form", "H"]], ids=" ".join)
def test_help_and_typing_mistakes_wait_for_no_library(arguments):
    script = (
        "import sys; from canzona.cli.app import run; run(sys.argv[1:]); "
        "slow = {'torch', 'numpy', 'symusic', 'matplotlib', 'safetensors'} & set(sys.modules); sys.exit(','.join(slow) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_composing_waits_for_no_library_of_measuring_or_compiling(tmp_path, tiny_weights):
    script = (
        "import sys; from canzona.cli.app import run; "
        "run(['compose', '--form', 'A2', '--steps', '2', '--weights', sys.argv[2], '-o', sys.argv[1]]); "
        "sys.exit(','.join({'scipy', 'mir_eval', 'music21', 'matplotlib', 'torch._dynamo'} & set(sys.modules)) or 0)"
    )
    command = [sys.executable, "-c", script, tmp_path / "a.mid", tiny_weights]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a.mid").exists()
