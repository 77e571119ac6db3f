"""The studio's server from song to file, on a cascade of tiny random networks."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from canzona.cli.app import run
from canzona.generation.request_json import request_from_dict
from canzona.io.midi import song_to_midi
from canzona.io.song_json import read_song_file, song_from_dict, song_to_dict, song_to_json
from canzona.song import Form, Key, Song
from canzona.studio import documents, worker
from canzona.studio.app import create_app
from canzona.studio.documents import document_of
from canzona.studio.records import Asked
from canzona.studio.schema import schema_text
from canzona.studio.security import Guard
from canzona.studio.service import Settings, Studio
from studio_client import Client
from test_render import example_song
from tiny import write_tiny_weights

ROOT = Path(__file__).parent.parent
QUICK = {"steps": 2, "guidance": 0.0}
LONG = {"form": "A1", "key": "C", "steps": 60}
LONG_SONG = song_to_json(Song(Form.parse("A64" * 6 + "A16", Key.parse("C")))).encode()


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory, weights: Path, prepared_dataset: Path) -> Iterator[Studio]:
    serving = Studio(Settings(tmp_path_factory.mktemp("library"), weights, prepared_dataset, processes=1))
    yield serving
    serving.close()


@pytest.fixture(scope="module")
def client(studio: Studio) -> Client:
    return Client(Guard(create_app(studio), "127.0.0.1"))


@pytest.fixture
def song(client: Client) -> dict[str, Any]:
    """A song of the library with all levels."""
    return client.post("/api/songs", {"song": song_to_dict(example_song("A2B2"))}, 201)


def test_schema_is_the_one_that_the_page_was_made_from() -> None:
    assert (ROOT / "studio" / "openapi.json").read_text(encoding="utf-8") == schema_text()


def test_a_song_is_composed_as_the_command_line_composes_it(client: Client, weights: Path, tmp_path: Path) -> None:
    asked = {"form": "A2 B1@F", "key": "G", "tempo": 100, "seed": 7, "takes": 2, "repeat": {"A": 0.2}, **QUICK}
    job = client.settled(client.post("/api/jobs", asked, 202)["id"])
    assert (job["state"], job["share"], [take["seed"] for take in job["takes"]]) == ("done", 1.0, [7, 8])
    document = client.get(f"/api/songs/{job['song_id']}")
    assert document["song"]["form"] == "A2B1"
    assert document["song"] == json.loads(json.dumps(song_to_dict(document_of(song_from_dict(job["takes"][0]["song"])).song)))

    command = client.get(f"/api/songs/{job['song_id']}/command")["command"]
    words = [*shlex.split(command)[1:], "--weights", str(weights)]
    path = tmp_path / words[words.index("-o") + 1]
    words[words.index("-o") + 1] = str(path)
    assert run(words) == 0
    assert song_to_dict(read_song_file(path.with_suffix(".json"))) == job["takes"][0]["song"]
    assert path.read_bytes() == song_to_midi(song_from_dict(job["takes"][0]["song"]))


def test_a_take_is_taken_and_undone_and_stays_in_the_drawer(client: Client, song: dict[str, Any]) -> None:
    address = f"/api/songs/{song['id']}"
    locks = {"kind": "locks", "locks": [{"lane": "melody", "first_bar": 1, "last_bar": 4}]}
    locked = client.post(f"{address}/commands", {"base_version": 1, "commands": [locks]})
    asked = {"base_version": 2, "level": "reduced-lead-sheet", "bars": [1, 3], "takes": 2, "seed": 5, "steps": 3}
    job = client.settled(client.post(f"{address}/jobs", asked, 202)["id"])
    assert job["state"] == "done"
    taken = client.post(f"{address}/takes/{job['id']}/2", {"base_version": 2})
    assert taken["song"] == job["takes"][1]["song"]
    before, after = (own["song"]["lead_sheet"] for own in (locked, taken))
    assert after["melody"] == before["melody"]
    assert after["chords"] != before["chords"]
    assert taken["locks"] == locked["locks"]
    assert client.post(f"{address}/undo", {"base_version": 3})["song"] == locked["song"]
    assert client.post(f"{address}/redo", {"base_version": 4})["song"] == taken["song"]
    drawer = client.get(f"{address}/takes")
    assert [(own["number"], own["taken"], own["level"], own["bars"]) for own in drawer] == [
        (2, True, "reduced-lead-sheet", [1, 3]),
        (1, False, "reduced-lead-sheet", [1, 3]),
    ]
    assert "--request" in client.get(f"{address}/command")["command"]


def test_a_level_that_is_not_there_yet_is_composed(client: Client) -> None:
    sheet = song_to_dict(example_song("A2B1")) | {"accompaniment": None, "reduced_lead_sheet": None}
    song = client.post("/api/songs", {"song": sheet, "name": "sheet"}, 201)
    assert song["song"]["accompaniment"] == []
    assert song["song"]["reduced_lead_sheet"]["chords"]
    asked = {"base_version": 1, "level": "accompaniment", **QUICK}
    job = client.settled(client.post(f"/api/songs/{song['id']}/jobs", asked, 202)["id"])
    (take,) = job["takes"]
    assert take["song"]["accompaniment"]
    assert take["song"]["lead_sheet"] == song["song"]["lead_sheet"]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"level": "form"}, "level: must be one of"),
        ({"level": "accompaniment", "bars": [3, 9]}, "bars: must be within 1 to 4"),
        ({"level": "accompaniment", "bars": [3, 2]}, "bars: must go from the first to the last"),
        ({"level": "accompaniment", "vary": 2}, "vary: input should be less than or equal to 1, got 2"),
        ({"level": "accompaniment", "steps": 1}, "steps: must be 2 to 1000, got 1"),
        ({"level": "accompaniment", "chords": "C | G"}, "chords: must be left out"),
        ({"level": "accompaniment", "takes": 5}, "takes: input should be less than or equal to 4, got 5"),
        ({"level": "accompaniment", "repeat": {"Q": 1}}, "repeat: letter must be one of A, B"),
    ],
)
def test_work_that_cannot_be_is_refused_in_one_sentence(
    client: Client, song: dict[str, Any], asked: dict[str, Any], sentence: str
) -> None:
    answer = client.ask("POST", f"/api/songs/{song['id']}/jobs", {"base_version": 1, **asked})
    assert answer.status == 422
    assert sentence in answer.json["detail"].removeprefix("body.")


@pytest.mark.parametrize(
    ("asked", "minutes"),
    [
        ({"form": "A64" * 6 + "A16", "key": "C"}, "17.8; 400 bars do at a tempo of 107 or more"),
        ({"bars": 400, "tempo": 60}, "26.7; 400 bars do at a tempo of 107 or more"),
        ({"bars": 301, "tempo": 60, "meter": "3/4"}, "15.1; 301 bars do at a tempo of 61 or more"),
    ],
)
def test_a_song_of_more_than_a_quarter_of_an_hour_is_not_begun(client: Client, asked: dict[str, Any], minutes: str) -> None:
    before = len(client.get("/api/jobs"))
    answer = client.ask("POST", "/api/jobs", asked)
    assert (answer.status, answer.json["detail"]) == (422, f"song: must last at most 15 minutes, got {minutes}")
    assert len(client.get("/api/jobs")) == before


def test_a_song_whose_length_is_composed_ends_where_it_is_too_long(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there is a form it is seen, before the rest is composed."""
    monkeypatch.setattr(documents, "LONGEST_MINUTES", 0.5)
    told: list[tuple[Any, ...]] = []
    connection = SimpleNamespace(poll=lambda: False, send=told.append)
    outcome = worker._composed(connection, {"key": "C", "seed": 1, **QUICK}, weights)  # type: ignore[arg-type]
    assert outcome[0] == "failed"
    assert re.fullmatch(r"song: must last at most 0.5 minutes, got .* at a tempo of \d+ or more", outcome[1])
    assert {kind: said[0] for kind, *said in told} == {"progress": "form"}


def test_work_on_an_old_version_is_refused(client: Client, song: dict[str, Any]) -> None:
    answer = client.ask("POST", f"/api/songs/{song['id']}/jobs", {"base_version": 9, "level": "accompaniment"})
    assert (answer.status, answer.json["version"]) == (409, 1)
    answer = client.ask(
        "POST", f"/api/songs/{song['id']}/commands", {"base_version": 9, "commands": [{"kind": "tempo", "tempo": 60}]}
    )
    assert (answer.status, answer.json["version"]) == (409, 1)


def test_what_was_refused_is_kept_as_a_copy(client: Client, song: dict[str, Any]) -> None:
    address = f"/api/songs/{song['id']}"
    client.post(f"{address}/commands", {"base_version": 1, "commands": [{"kind": "tempo", "tempo": 60}]})
    mine = {"version": 1, "commands": [{"kind": "notes", "lane": "piano", "remove": song["song"]["accompaniment"]}]}
    copy = client.post(f"{address}/copies", mine, 201)
    assert copy["name"] == f"{song['name']} (copy)"
    assert (copy["song"]["tempo"], copy["song"]["accompaniment"]) == (song["song"]["tempo"], [])
    assert client.get(address)["song"]["tempo"] == 60
    versions = client.get(f"{address}/versions")
    assert [(own["version"], own["what"]) for own in versions] == [(2, "tempo"), (1, "new")]
    assert client.post(f"{address}/versions/1/restore", {"base_version": 2})["song"] == song["song"]


def test_a_job_is_stopped_within_a_step_and_started_again_with_the_same_result(client: Client) -> None:
    job = client.post("/api/jobs", {**LONG, "seed": 3, "takes": 2}, 202)
    client.settled(job["id"], ("running",))
    while not client.get(f"/api/jobs/{job['id']}")["step"]:
        pass
    stopped = client.post(f"/api/jobs/{job['id']}/stop")
    assert stopped["state"] == "stopped"
    assert client.ask("POST", f"/api/jobs/{job['id']}/stop").status == 409
    quick = client.settled(client.post("/api/jobs", {"form": "A1", "key": "C", "seed": 1, **QUICK}, 202)["id"])
    assert quick["state"] == "done"
    assert client.post(f"/api/jobs/{job['id']}/restart")["state"] in ("queued", "running")
    again = client.settled(job["id"])
    other = client.settled(client.post("/api/jobs", {**LONG, "seed": 4}, 202)["id"])
    assert again["takes"][1]["song"] == other["takes"][0]["song"]
    assert client.ask("POST", f"/api/jobs/{job['id']}/restart").status == 409


def test_jobs_are_done_in_the_order_in_which_they_were_asked_for(client: Client) -> None:
    ids = [client.post("/api/jobs", {"form": "A1", "key": "C", "seed": seed, **QUICK}, 202)["id"] for seed in range(3)]
    client.settled(ids[-1])
    listed = client.get("/api/jobs")
    assert [job["id"] for job in listed][-3:] == ids
    assert {job["state"] for job in listed[-3:]} == {"done"}
    assert all("song" not in take for job in listed for take in job["takes"])


def test_work_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    serving = Studio(Settings(tmp_path / "library", tmp_path / "empty"))
    try:
        asked = Asked("compose", {"form": "A1", "phrase_keys": ["C major"], "seed": 1}, takes=1)
        job = Client(create_app(serving)).settled(serving.jobs.add(asked)["id"])
        assert job["state"] == "failed"
        assert "registry.json" in job["error"]
    finally:
        serving.close()


@pytest.mark.parametrize("name", ["midi", "musicxml", "pdf", "svg", "wav", "json"])
def test_a_song_is_exported_under_its_name(client: Client, song: dict[str, Any], name: str) -> None:
    if name in ("pdf", "svg"):
        pytest.importorskip("verovio")
    client.ask("PATCH", f"/api/songs/{song['id']}", {"name": "Ein <b>Lied</b>/../café"})
    answer = client.ask("GET", f"/api/songs/{song['id']}/export/{name}")
    assert answer.status == 200, answer.body
    beginnings = {"midi": b"MThd", "musicxml": b"<?xml", "pdf": b"%PDF", "svg": b"<svg", "wav": b"RIFF", "json": b"{"}
    assert answer.body.startswith(beginnings[name])
    disposition = answer.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="Ein b Lied b .. caf_.')
    assert answer.headers["x-content-type-options"] == "nosniff"
    if name == "json":
        assert song_from_dict(answer.json) == song_from_dict(song["song"])


def test_the_score_is_shown_page_by_page(client: Client, song: dict[str, Any]) -> None:
    pytest.importorskip("verovio")
    answer = client.ask("GET", f"/api/songs/{song['id']}/score.svg?page=1")
    assert answer.body.startswith(b"<svg")
    assert int(answer.headers["canzona-pages"]) >= 1
    assert "script-src 'none'" in answer.headers["content-security-policy"]
    assert client.ask("GET", f"/api/songs/{song['id']}/score.svg?page=999").status == 404


def test_files_are_read_and_what_was_left_out_is_said(client: Client, song: dict[str, Any]) -> None:
    midi = client.ask("GET", f"/api/songs/{song['id']}/export/midi").body
    answer = client.ask(
        "POST", "/api/songs/import?name=C:\\x\\my%20tune.mid", data=midi, headers={"content-type": "audio/midi"}
    )
    assert answer.status == 201, answer.body
    assert answer.json["name"] == "my tune"
    assert re.match(r"read: 4 bars of 4/4 in .*, melody \d+ notes", answer.json["read"])
    assert [row[:3] for row in answer.json["song"]["lead_sheet"]["melody"]] == [
        row[:3] for row in song["song"]["lead_sheet"]["melody"]
    ]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("song.exe", b"MZ", "file: must end in .json"),
        ("song.mid", b"MThd\x00\x00", "file: "),
        ("song.json", b'{"format": "x"}', "file: song file: must be a JSON object"),
        ("song.mxl", b"PK\x03\x04nonsense", "file: "),
        ("song.mid", b"MThd" + bytes(6 * 10**6), "file: must be at most 5 MB of MIDI, got 6.0"),
        ("song.json", LONG_SONG, "song: must last at most 15 minutes, got 17.8; 400 bars do at a tempo of 107 or more"),
    ],
)
def test_a_file_that_is_no_song_is_refused_in_one_sentence(client: Client, name: str, data: bytes, sentence: str) -> None:
    answer = client.ask("POST", f"/api/songs/import?name={name}", data=data)
    assert answer.status == 422
    assert answer.json["detail"].startswith(sentence)
    assert "/tmp" not in answer.json["detail"]


def test_it_is_told_what_a_song_shares_with_the_training_data(client: Client, training_songs: list[Any]) -> None:
    song = client.post("/api/songs", {"song": song_to_dict(training_songs[0].song)}, 201)
    found = client.get(f"/api/songs/{song['id']}/closeness")
    assert found["figures"]["copy_melody_4"] == 1.0
    assert {"voice": "melody", "overlap": 1.0, "transposition": 0}.items() <= found["passages"][0].items()


def test_a_song_that_was_changed_by_hand_says_so(client: Client, studio: Studio) -> None:
    job = client.settled(client.post("/api/jobs", {"form": "A1", "key": "C", **QUICK}, 202)["id"])
    address = f"/api/songs/{job['song_id']}"
    client.post(f"{address}/commands", {"base_version": 1, "commands": [{"kind": "tempo", "tempo": 60}]})
    assert "changed by hand" in client.get(f"{address}/command")["detail"]
    assert client.ask("GET", f"{address}/export/json").json["provenance"]["edited"] is True
    request_from_dict(client.get(address)["song"]["provenance"]["request"])
    made = client.post("/api/songs", {"song": song_to_dict(Song(Form.parse("A1", Key.parse("C"))))}, 201)
    assert client.get(f"/api/songs/{made['id']}/command") == {
        "command": None,
        "detail": "This song was not composed by Canzona, so there is no command for it.",
    }


def test_a_passage_of_the_library_is_a_model(client: Client, song: dict[str, Any]) -> None:
    like = [{"control": "texture", "song_id": song["id"], "bars": [1, 2]}]
    job = client.post("/api/jobs", {"form": "A2", "key": "C", "like": like, **QUICK}, 202)
    (take,) = client.settled(job["id"])["takes"]
    assert take["song"]["provenance"]["request"]["like"][0]["control"] == "texture"
    answer = client.ask("POST", "/api/jobs", {"form": "A2", "like": [{**like[0], "bars": [3, 9]}]})
    assert (answer.status, "within 1 to 4" in answer.json["detail"]) == (422, True)


def test_page_and_state_are_served(client: Client) -> None:
    state = client.get("/api/state")
    assert state["has_training_data"] is True
    assert [level["name"] for level in state["levels"] if level["revisable"]] == [
        "reduced-lead-sheet",
        "lead-sheet",
        "accompaniment",
    ]
    assert {Key.parse(key) for key in state["keys"]} == {Key(tonic, mode) for tonic in range(12) for mode in type(Key(0).mode)}
    assert client.ask("GET", "/").status in (200, 503)
    assert client.ask("GET", "/api/soundfont").body[8:12] == b"sfbk"
    assert client.ask("GET", "/api/songs/aaaaaaaaaaaaaaaa").status == 404
    assert client.ask("GET", "/assets/../app.py").status == 404


def test_a_studio_that_was_ended_interrupts_what_it_was_at(weights: Path, tmp_path: Path) -> None:
    serving = Studio(Settings(tmp_path, weights))
    request = {"form": "A64", "phrase_keys": ["C major"], "steps": 1000, "seed": 1}
    ids = [serving.jobs.add(Asked("compose", request, takes=2))["id"] for _ in range(2)]
    Client(create_app(serving)).settled(ids[0], ("running",))
    workers = [worker.process for worker in serving.jobs._workers]
    serving.close()
    assert not any(worker.is_alive() for worker in workers)
    serving = Studio(Settings(tmp_path, weights))
    try:
        assert [(job["id"], job["state"]) for job in serving.jobs.listed()] == [(own, "interrupted") for own in ids]
        assert not serving.jobs._workers
    finally:
        serving.close()


def test_the_same_song_text_comes_back(client: Client) -> None:
    song = document_of(example_song("i1A2")).song
    document = client.post("/api/songs", {"song": song_to_dict(song)}, 201)
    assert song_to_json(song_from_dict(document["song"])) == song_to_json(song)
    assert document["chord_names"]


def test_the_first_song_waits_for_no_library_of_measuring() -> None:
    script = (
        "import sys, canzona.pretrained, canzona.studio.asking, canzona.studio.worker; "
        "sys.exit(','.join({'scipy', 'mir_eval', 'music21', 'matplotlib', 'torch._dynamo'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
