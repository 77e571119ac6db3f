"""Who may ask what of the studio: every rule by a test, on a studio that composes nothing."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any
from urllib.parse import quote

import pytest

from canzona.faults import MachineFault
from canzona.io.song_json import song_to_dict
from canzona.studio.app import create_app
from canzona.studio.exports import file_name
from canzona.studio.library import NotThere, Refused
from canzona.studio.security import LARGEST_BODY, Guard, is_loopback, new_token
from canzona.studio.service import Settings, Studio
from studio_client import OWN, Client
from test_render import example_song

NEW = {"song": song_to_dict(example_song("A1"))}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("library")


@pytest.fixture(scope="module")
def studio(folder: Path) -> Iterator[Studio]:
    serving = Studio(Settings(folder))
    yield serving
    serving.close()


@pytest.fixture(scope="module")
def client(studio: Studio) -> Client:
    return Client(Guard(create_app(studio), "127.0.0.1"))


@pytest.mark.parametrize("path", ["/", "/api/state", "/api/songs", "/api/events", "/assets/x.js", "/nowhere"])
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example:8421", "localhost.evil.example", "", "192.168.0.7:8421"]
)
def test_another_host_is_refused_on_every_route(client: Client, host: str, path: str) -> None:
    assert client.ask("GET", path, headers={"host": host}).status == 400


@pytest.mark.parametrize("host", ["127.0.0.1:8421", "localhost", "LOCALHOST:99", "[::1]:8421"])
def test_this_machine_is_served_under_each_of_its_names(client: Client, host: str) -> None:
    assert client.ask("GET", "/api/state", headers={"host": host}).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"origin": f"https://{OWN}"},
        {"origin": f"http://{OWN}.evil.example"},
        {"origin": None, "sec-fetch-site": "cross-site"},
        {"origin": None, "sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/songs", NEW),
        ("POST", "/api/songs/import?name=a.json", NEW),
        ("POST", "/api/jobs", {"form": "A1"}),
        ("POST", "/api/jobs/aaaaaaaaaaaaaaaa/stop", None),
        ("PATCH", "/api/songs/aaaaaaaaaaaaaaaa", {"name": "x"}),
        ("DELETE", "/api/songs/aaaaaaaaaaaaaaaa", None),
        ("PUT", "/api/songs", NEW),
    ],
)
def test_no_other_page_changes_anything(
    client: Client, studio: Studio, headers: dict[str, str | None], method: str, path: str, body: Any
) -> None:
    before = studio.library.songs()
    assert client.ask(method, path, body, headers).status == 403
    assert studio.library.songs() == before
    assert not studio.jobs.listed()


def test_a_program_without_origin_is_served(client: Client) -> None:
    assert client.ask("POST", "/api/songs", NEW, {"origin": None, "sec-fetch-site": None}).status == 201


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None])
def test_what_a_form_can_send_changes_nothing(client: Client, kind: str | None) -> None:
    assert client.ask("POST", "/api/songs", NEW, {"content-type": kind}).status == 415


def test_a_body_that_is_too_large_is_refused_unread(client: Client) -> None:
    for headers in ({"content-length": str(LARGEST_BODY + 1)}, {"content-length": "9" * 30}, {"content-length": "-1"}):
        for path in ("/api/songs", "/api/songs/import?name=x.mid"):
            answer = client.ask("POST", path, data=b"{}", headers=headers)
            assert (answer.status, answer.bytes_read) == (413, 0)
    chunked = client.ask("POST", "/api/songs", data=b"{}", headers={"content-length": None, "transfer-encoding": "chunked"})
    assert (chunked.status, chunked.bytes_read) == (413, 0)


def test_every_answer_says_what_it_is_and_loads_nothing(client: Client) -> None:
    answers = [
        client.ask("GET", "/api/state"),
        client.ask("GET", "/nowhere"),
        client.ask("GET", "/", headers={"host": "evil.example"}),
        client.ask("POST", "/api/songs", {"song": {}}),
        client.ask("GET", "/"),
    ]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self';")
        assert "'unsafe" not in policy
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert client.ask("OPTIONS", "/api/songs", headers={"access-control-request-method": "POST"}).status == 405


def test_a_server_that_others_reach_needs_its_token(studio: Studio) -> None:
    token = new_token()
    open_to_all = Client(Guard(create_app(studio), "0.0.0.0", token))
    host = {"host": "192.168.0.7:8421"}
    assert open_to_all.ask("GET", "/api/state", headers=host).status == 401
    for wrong in ("x", token[:-1], "ü"):
        assert open_to_all.ask("GET", "/api/state", headers=host | {"authorization": f"Bearer {wrong}"}).status == 401
        assert open_to_all.ask("GET", f"/?token={wrong.encode().hex()}", headers=host).status == 401
    entered = open_to_all.ask("GET", f"/?token={token}", headers=host)
    assert (entered.status, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert open_to_all.ask("GET", "/api/state", headers=host | {"cookie": cookie.split(";")[0]}).status == 200
    assert open_to_all.ask("GET", "/api/state", headers=host | {"authorization": f"Bearer {token}"}).status == 200
    assert (
        open_to_all.ask("GET", "/api/state", headers={"host": "evil.example", "authorization": f"Bearer {token}"}).status == 400
    )
    assert [is_loopback(own) for own in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::", "192.168.0.7")] == [True] * 3 + [
        False
    ] * 3


def test_hostile_names_stay_names(client: Client, folder: Path, benchmark: Callable[[str], ModuleType]) -> None:
    before = {path for path in folder.parent.rglob("*") if path.parent != folder}
    for name in benchmark("studio_edits").hostile_names(Random(1), 100):
        encoded = quote(name, safe="", errors="surrogatepass")
        for path in (
            f"/api/songs/{encoded}",
            f"/api/songs/{encoded}/export/json",
            f"/api/songs/aaaaaaaaaaaaaaaa/export/{encoded}",
        ):
            assert client.ask("GET", path).status in (404, 405, 422), path
        for path in (f"/assets/{name}", f"/{name}", f"/assets/{encoded}"):
            answer = client.ask("GET", path.encode("utf-8", "surrogatepass").decode("latin-1"))
            assert answer.status in (200, 404, 405, 503), path
            assert b"root:" not in answer.body
        added = client.ask("POST", "/api/songs", NEW | {"name": name})
        assert added.status in (201, 422)
        if added.status == 201:
            disposition = client.ask("GET", f"/api/songs/{added.json['id']}/export/json").headers["content-disposition"]
            assert disposition.isprintable()
            assert not set("/\\\r\n") & set(disposition)
        plain = file_name(name, ".mid")
        assert not set('/\\:*?"<>|\0\r\n') & set(plain)
        assert plain.removesuffix(".mid").strip(". ")
        assert len(plain) <= 100
    assert {path for path in folder.parent.rglob("*") if path.parent != folder} == before
    assert {path.name.split("-")[0] for path in folder.iterdir()} <= {"library.sqlite3"}


def test_names_come_back_as_they_were_given(client: Client) -> None:
    name = '<img src=x onerror="alert(1)">'
    song = client.post("/api/songs", NEW | {"name": name}, 201)
    assert client.ask("GET", f"/api/songs/{song['id']}").headers["content-type"] == "application/json"
    assert client.get("/api/songs?search=%3CIMG")[0]["name"] == name


def test_faults_are_one_sentence(client: Client, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    for error, status in (
        (NotThere("a"), 404),
        (Refused("b", 3), 409),
        (ValueError("c\nd"), 422),
        (OSError(28, "No space left"), 500),
    ):

        def fail(*_: object, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr(studio.library, "get", fail)
        answer = client.ask("GET", "/api/songs/aaaaaaaaaaaaaaaa")
        assert answer.status == status
        assert "\n" not in answer.json["detail"]


def test_pages_hear_of_changes(studio: Studio, client: Client) -> None:
    async def first_event() -> str:
        stream = studio.events.stream()
        assert await anext(stream) == "retry: 1000\n\n"
        for version in (1, 2):
            studio.events.publish("song", "a", {"id": "a", "version": version})
        text = await anext(stream)
        assert isinstance(stream, AsyncGenerator)
        await stream.aclose()
        return text

    text = asyncio.run(first_event())
    assert text.startswith("event: song\ndata: ")
    assert json.loads(text.split("data: ")[1])["version"] in (1, 2)
    assert not studio.events._listeners


def test_one_library_has_one_studio(studio: Studio, folder: Path) -> None:
    with pytest.raises(MachineFault, match="is in use by another studio"):
        Studio(Settings(folder))
