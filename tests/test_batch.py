"""Batches of songs: each seed once and the same song however it came to be composed, and nothing lost by a fault."""

import json
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from canzona.batch import Composed, Order, PackFolder, Refused, SongFolder, compose_seeds, packing, packs_of
from canzona.batch.pack import packed, unpacked
from canzona.cli.app import run
from canzona.generation.controls import Repetition
from canzona.generation.request import Request
from canzona.processes import as_done
from canzona.shard import Shard
from canzona.song import Form
from conftest import worked_here
from tiny import write_tiny_weights
from waiting import is_there, once_killed, wait_until

QUICK = ["--form", "A1B1", "--key", "G", "--steps", "2", "--guidance", "0", "--seed", "5"]
REQUEST = Request(form=Form.parse("A1B1"), steps=2, guidance=0)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("batch"))


@pytest.fixture(scope="module")
def order(weights: Path) -> Order:
    return Order(REQUEST, weights)


def composed(order: Order, seed: int) -> Composed:
    (song,) = compose_seeds(order, [seed])
    assert isinstance(song, Composed)
    return song


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("items", "shards"), [(10, 4), (3, 5), (0, 2), (100, 1)])
def test_shards_are_all_items_in_order_and_even(items: int, shards: int) -> None:
    parts = [Shard(number, shards).of(range(items)) for number in range(1, shards + 1)]
    assert [item for part in parts for item in part] == list(range(items))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("text", ["0/4", "5/4", "1", "1/0", "a/b", "1/4/2", "-1/4", "1/1000000"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="shard: must be"):
        Shard.parse(text)


def test_a_batch_is_composed_once_and_the_same_in_shards_or_alone(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["compose", *QUICK, "--weights", str(weights), "--count", "4"]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert run([*command, "-o", f"{whole}/", "--processes", "2"]) == 0
    assert "4 songs composed" in capsys.readouterr().err
    monkeypatch.setattr("canzona.engine.as_done", worked_here)  # by processes or here: the same bytes
    for number in (2, 1):
        assert run([*command, "-o", f"{parts}/", "--shard", f"{number}/2", "--processes", "1"]) == 0
    assert contents(whole) == contents(parts)
    assert sorted(contents(whole)) == sorted(f"{seed}.{suffix}" for seed in range(5, 9) for suffix in ("json", "mid"))
    alone = composed(Order(_asked(whole / "5.json"), weights), 5)
    assert (alone.midi, alone.song_json) == tuple((whole / f"5.{suffix}").read_bytes() for suffix in ("mid", "json"))

    before = contents(whole)
    os.truncate(whole / "6.json", 100)
    os.truncate(whole / "7.mid", 40)
    (whole / "8.mid").unlink()
    capsys.readouterr()
    assert run([*command, "-o", str(whole), "--json", "--processes", "1"]) == 0
    said = capsys.readouterr()
    assert [json.loads(line)["seed"] for line in said.out.splitlines()] == [6, 7, 8]
    assert "3 songs composed, 1 there already" in said.err
    assert contents(whole) == before


def _asked(path: Path) -> Request:
    from canzona.cli.steering import stored_request

    return stored_request(path)


def test_songs_of_others_are_not_taken_for_those_of_a_batch(order: Order, weights: Path, tmp_path: Path) -> None:
    folder = SongFolder(tmp_path, order, range(2))
    for seed in folder.missing():
        folder.keep(composed(order, seed))
    assert SongFolder(tmp_path, order, range(3)).missing() == [2]
    others = Order(Request(form=Form.parse("A1B1"), steps=3, guidance=0), weights)
    with pytest.raises(ValueError, match=r"output: .*0.json must be the song of this request"):
        SongFolder(tmp_path, others, range(2)).missing()
    assert SongFolder(tmp_path, others, range(2), again=True).missing() == [0, 1]
    (tmp_path / "2.json").write_text("{}")
    with pytest.raises(ValueError, match=r"output: .*2.json must be a song of Canzona's"):
        SongFolder(tmp_path, order, range(3)).missing()


def test_packs_are_the_same_bytes_whatever_came_between(order: Order, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "SONGS_IN_A_PACK", 2)
    songs = {seed: composed(order, seed) for seed in range(3, 8)}
    once, twice = tmp_path / "once", tmp_path / "twice"
    for folder in (once, twice):
        folder.mkdir()
    keeper = PackFolder(once, order, packs_of(range(3, 8)))
    done = [path.name for seed in keeper.missing() for path in keeper.keep(songs[seed])]
    assert done == ["3-4.tar", "5-6.tar", "7-7.tar"] == sorted(contents(once))

    interrupted = PackFolder(twice, order, packs_of(range(3, 8)))
    interrupted.missing()
    for seed in (6, 3, 4):
        interrupted.keep(songs[seed])
    with monkeypatch.context() as patch:
        patch.setattr(packing, "atomic_write", _full)
        with pytest.raises(OSError, match="full"):
            interrupted.keep(songs[5])
    assert sorted(contents(twice)) == ["3-4.tar", "5.json", "5.mid", "6.json", "6.mid"]
    again = PackFolder(twice, order, packs_of(range(3, 8)))
    assert again.missing() == [7]
    again.keep(songs[7])
    assert contents(twice) == contents(once)
    assert PackFolder(twice, order, Shard(2, 3).of(packs_of(range(3, 8)))).missing() == []


def _full(*_: object) -> None:
    raise OSError("disk full")


def test_a_pack_gives_back_what_was_packed_or_refuses(tmp_path: Path) -> None:
    songs = {12: (b"{}", b"MThd"), 3: (b"[]", b"MThd2")}
    path = tmp_path / "a.tar"
    path.write_bytes(packed(songs))
    assert unpacked(path) == songs
    with tarfile.open(path) as archive:
        assert archive.getnames() == ["index.json", "3.json", "3.mid", "12.json", "12.mid"]
    data = path.read_bytes()
    for place in (0, 300, 700, data.index(b"MThd2"), data.index(b"song_sha256") + 20):
        path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        with pytest.raises(ValueError, match="damaged"):
            unpacked(path)
    for length in (0, 100, data.index(b"MThd2") + 2):
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match="damaged"):
            unpacked(path)


def test_a_song_that_cannot_be_composed_as_asked_is_left_out(weights: Path) -> None:
    order = Order(Request(bars=2, steps=2, guidance=0, repeat=(Repetition(0.5, "Z"),)), weights)
    (refused,) = compose_seeds(order, [4])
    assert isinstance(refused, Refused)
    assert (refused.seed, "must be one of" in refused.reason) == (4, True)


def test_what_a_killed_process_was_at_is_done_by_another(tmp_path: Path) -> None:
    items = [tmp_path / str(number) for number in range(5)]
    items[0].touch()
    items[1].touch()
    assert sorted(as_done(once_killed, [*items[:2], items[3], items[0], items[1]], 1)) == ["0", "0", "1", "1", "3"]


BAD = {
    "again": (["--again", "-o", "a.mid"], "again: must be given with a folder as output"),
    "pack": (["--pack"], "pack: must be given with a folder as output"),
    "shard": (["--shard", "3/2", "-o", "a/"], "shard: must be 1/n to n/n"),
    "more shards than packs": (["--count", "2000", "--pack", "--shard", "1/3", "-o", "a/"], "shard: must be of at most 2"),
    "processes": (["--processes", "0"], "processes: must be 1 to 1024, got 0"),
    "engine": (["--engine", "slurm"], "engine: must be processes or ray, got 'slurm'"),
    "address": (["--address", "auto"], "address: must be given with engine ray"),
    "no folder": (["-o", "no/songs/"], "output: its folder must exist, got 'no/songs/'"),
}  # fmt: skip


@pytest.mark.parametrize(("options", "said"), BAD.values(), ids=BAD)
def test_mistakes_cost_one_line(
    options: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["compose", *QUICK, *options]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_shards_need_a_seed_in_common(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["compose", "--shard", "1/2", "-o", "songs/"]) == 2
    assert "shard: must be given with seed" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_an_interrupted_batch_keeps_what_is_done_and_leaves_no_process(weights: Path, tmp_path: Path) -> None:
    folder = tmp_path / "songs"
    command = [sys.executable, "-m", "canzona", "compose", *QUICK, "--weights", weights, "--count", "1000", "-o", f"{folder}/"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        wait_until(lambda: (folder / "5.json").exists() or running.poll() is not None, seconds=120)
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=60)
        assert running.returncode == 130, said
        assert said.endswith("canzona: interrupted\n")
        wait_until(lambda: not is_there(running.pid), seconds=120)
    finally:
        if is_there(running.pid):
            os.killpg(running.pid, signal.SIGKILL)
    names = sorted(contents(folder))
    assert all(name.endswith((".json", ".mid")) for name in names)
    assert len(names) % 2 == 0
    assert names


def test_ray_composes_the_same_songs(weights: Path, order: Order, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    folder = tmp_path / "songs"
    command = ["compose", *QUICK, "--weights", str(weights), "--count", "2", "-o", f"{folder}/", "--engine", "ray"]
    done = subprocess.run([sys.executable, "-m", "canzona", *command], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    for seed in (5, 6):
        song = composed(Order(_asked(folder / f"{seed}.json"), weights), seed)
        assert (song.song_json, song.midi) == tuple((folder / f"{seed}.{suffix}").read_bytes() for suffix in ("json", "mid"))


def test_a_ray_that_does_not_start_is_told_in_one_line(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def init(*_: object, **__: object) -> None:
        raise Exception("The current node timed out during startup.\nThis could happen.")

    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace(init=init, shutdown=lambda: None))
    assert run(["compose", *QUICK, "--weights", str(weights), "--count", "2", "-o", f"{tmp_path}/", "--engine", "ray"]) == 1
    said = "canzona: engine: ray could not be started (The current node timed out during startup.); try again, or without"
    assert capsys.readouterr().err.strip().splitlines()[-1].startswith(said)
    assert not list(tmp_path.iterdir())


def test_without_ray_the_command_that_installs_it_is_told(
    monkeypatch: pytest.MonkeyPatch, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert run(["compose", *QUICK, "--weights", str(weights), "-o", f"{tmp_path}/", "--engine", "ray"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("canzona: engine ray needs ray: ")
    assert said.count("\n") == 1
