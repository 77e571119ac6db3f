"""Promises about the studio's server: uploads beyond the limits, foreign pages, hostile names, described answers."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import Any
from urllib.parse import quote

import torch

from canzona.io.song_json import song_to_dict
from canzona.song import Form, Key, Note, Song
from canzona.studio.security import LARGEST_BODY
from promises_table import Counted
from raw_client import JSON, Answer, asked
from studio_edits import hostile_names
from studio_server import Server

TESTS = Path(__file__).parents[1] / "tests"
DESCRIPTION = Path(__file__).parents[1] / "studio" / "openapi.json"
SCHEMATHESIS = "CANZONA_SCHEMATHESIS"
"""Variable that names the program schemathesis, which hooks itself into pytest and so is none of the package's extras."""
MOST_SECONDS, MOST_GROWTH = 0.05, 20 * 2**20
SMALL = {"song": song_to_dict(Song(Form.parse("A1", Key.parse("C")), accompaniment=(Note(0, 60, 4),)))}
READING = ("GET", "HEAD")
ENDLESS = ("/api/events", "/api/soundfont")
"""Routes that do not end, or always give the same file."""


@contextmanager
def running(*options: str) -> Iterator[tuple[Server, Path]]:
    """A studio on tiny networks, over a library in a folder that it shares with nothing of its own."""
    sys.path.insert(0, str(TESTS))
    from tiny import write_tiny_weights

    with tempfile.TemporaryDirectory(prefix="canzona-") as place:
        with torch.inference_mode():
            weights = write_tiny_weights(Path(place))
        with Server(Path(place) / "library", weights, options=options) as server:
            yield server, Path(place)


def uploads(_: int) -> Counted:
    """Songs, files and bodies beyond each limit; those that need not be read are refused at once, and take no memory."""
    song = SMALL["song"]
    crowd = [[step, 1, pitch, 80] for step in range(1600) for pitch in range(40, 53)]
    large = {"song": {**song, "form": "A50 B50", "keys": ["C major"] * 2, "accompaniment": crowd}}
    slow = {"song": {**song, "form": "A64" * 5, "keys": ["C major"] * 5, "tempo": 80.0}}
    long = {"song": {**song, "form": "A64" * 8 + "A1", "keys": ["C major"] * 9, "tempo": 200.0}}
    middle = b"MThd" + bytes(6 * 10**6)
    kept, figures = 0, []
    with running() as (server, _place):

        def refused(what: str, status: int, most_seconds: float | None, *given: Any, **headers: str | None) -> None:
            nonlocal kept
            fields = {name.replace("_", "-"): value for name, value in headers.items()}
            before = _resident(server.process.pid)
            answers = [asked(server.port, "POST", given[0], given[1](), fields) for _ in range(5 if most_seconds else 1)]
            grown, seconds = _resident(server.process.pid) - before, median(own.seconds for own in answers)
            good = all(own.status == status and _is_sentence(own) for own in answers) and grown < MOST_GROWTH
            kept += good and (most_seconds is None or seconds < most_seconds)
            timed = "" if most_seconds is None else f" in {1000 * seconds:.0f} ms, {grown / 2**20:+.1f} MiB"
            figures.append(f"{what} {answers[0].status}{timed}")

        asked(server.port, "POST", "/api/songs/import?name=a.json", SMALL["song"])  # the process that reads is there
        refused("20,800 notes", 422, None, "/api/songs", lambda: large)
        refused("16 minutes", 422, None, "/api/songs", lambda: slow)
        refused("513 bars", 422, None, "/api/songs", lambda: long)
        refused("6 MB of MIDI", 422, None, "/api/songs/import?name=a.mid", lambda: middle)
        refused("20 MB and a byte", 413, MOST_SECONDS, "/api/songs", lambda: bytes(LARGEST_BODY + 1))
        refused("100 MB", 413, MOST_SECONDS, "/api/songs/import?name=a.mid", lambda: bytes(10**8))
        chunks, whole = (lambda: (bytes(10**6) for _ in range(100))), {"transfer_encoding": "chunked", "content_type": JSON}
        refused("100 MB in chunks", 413, MOST_SECONDS, "/api/songs", chunks, **whole)
        refused("100 MB of a file in chunks", 413, MOST_SECONDS, "/api/songs/import?name=a.mid", chunks, **whole)
    return Counted(8, kept, f"{'; '.join(figures)}; medians of 5, load {os.getloadavg()[0]:.0f}")


def _is_sentence(answer: Answer) -> bool:
    detail = json.loads(answer.body)["detail"]
    return bool(detail) and "\n" not in detail


def _resident(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in status if line.startswith("VmRSS")))


def routes() -> list[tuple[str, str]]:
    """Every method and address that is described, with identifiers in it, and what else is served."""
    described = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"]
    known = {"format": "json", "version": "1", "number": "1"}
    addresses = [
        (method.upper(), re.sub(r"{(\w+)}", lambda name: known.get(name[1], "a" * 16), path))
        for path, methods in described.items()
        for method in methods
    ]
    return [*addresses, ("GET", "/"), ("GET", "/assets/x.js"), ("GET", "/nowhere"), ("PUT", "/api/songs"), ("POST", "/nowhere")]


def foreigners(_: int) -> Counted:
    """Foreign hosts on every route, foreign origins and forms on every change; where it listens, and who needs a token."""
    tried, kept, faults = 0, 0, []

    def count(good: bool, what: str) -> None:
        nonlocal tried, kept
        tried, kept = tried + 1, kept + good
        if not good:
            faults.append(what)

    with running() as (server, _place):
        port, before = server.port, server.ask("GET", "/api/songs")
        own = f"http://127.0.0.1:{port}"
        hosts = ("evil.example", f"127.0.0.1.evil.example:{port}", f"localhost.evil.example:{port}", "", f"192.168.0.7:{port}")
        strangers: tuple[dict[str, str | None], ...] = (
            *({"origin": origin} for origin in ("http://evil.example", "null", "http://127.0.0.1:9", f"{own}.evil.example")),
            *({"origin": None, "sec-fetch-site": site} for site in ("cross-site", "same-site")),
            {"origin": own, "sec-fetch-site": "cross-site"},
        )
        kinds = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None)
        for method, address in routes():
            body = None if method in READING else SMALL
            for host in hosts:
                answer = asked(port, method, address, body, {"host": host})
                count(answer.status == 400 and _is_closed(answer), f"{method} {address} for host {host!r}: {answer.status}")
            for headers in () if method in READING else strangers:
                answer = asked(port, method, address, body, headers)
                count(answer.status == 403 and _is_closed(answer), f"{method} {address} from {headers}: {answer.status}")
            for kind in () if method in READING or "/import" in address else kinds:
                answer = asked(port, method, address, body, {"content-type": kind})
                count(answer.status == 415 and _is_closed(answer), f"{method} {address} as {kind}: {answer.status}")
        count(server.ask("GET", "/api/songs") == before and not server.ask("GET", "/api/jobs"), "something was changed")
        count(_listening(port) == {"0100007F"}, "it listens elsewhere")
    with running("--host", "0.0.0.0") as (server, _place):
        token = server.line.rpartition("token=")[2].split()[0]
        for given, status in ((None, 401), ("Bearer x", 401), (f"Bearer {token[:-1]}", 401), (f"Bearer {token}", 200)):
            for method, address in (("GET", "/api/songs"), ("GET", "/"), ("GET", "/assets/x.js")):
                answer = asked(server.port, method, address, headers={"authorization": given})
                wanted = 404 if status == 200 and "assets" in address else status
                count(answer.status == wanted, f"{method} {address} with token {given}: {answer.status}")
    return Counted(
        tried, kept, faults[0] if faults else f"{len(routes())} routes; what forms send gets 415, others 400 and 403"
    )


def _is_closed(answer: Answer) -> bool:
    """Whether an answer lets no other page read it."""
    return answer.headers["x-content-type-options"] == "nosniff" and not any(
        own.startswith("access-control") for own in answer.headers
    )


def _listening(port: int) -> set[str]:
    """Addresses, in hexadecimal, at which somebody listens on a port."""
    lines = [line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
    return {words[1].split(":")[0] for words in lines if words[3] == "0A" and int(words[1].split(":")[1], 16) == port}


def names(count: int) -> Counted:
    """Hostile names in every place where an address or a body holds one: nothing outside the library is read or written."""
    kept, fault = 0, ""
    with running() as (server, place):
        (place / "secret").write_text("root:secret")
        here = server.ask("POST", "/api/songs", SMALL)["id"]
        before = _outside(place)
        for name in hostile_names(Random(0), count):
            problem = _trespass(server.port, here, name)
            kept, fault = kept + (not problem), fault or problem
        left = _outside(place) ^ before
        inside = {path.name.split("-")[0] for path in (place / "library").iterdir()} - {"library.sqlite3"}
        entries = len(server.ask("GET", "/api/songs"))
    if left or inside:
        return Counted(count, 0, f"written: {sorted(map(str, left | inside))[0]}")
    return Counted(count, kept, fault or f"each in 4 addresses, spelt in 3 ways, and as a name in 2; {entries} songs")


def _trespass(port: int, song_id: str, name: str) -> str:
    """What a name does that it should not; empty for nothing."""
    encoded = quote(name, safe="", errors="surrogatepass")
    for own in (name, encoded, quote(encoded, safe="")):
        target = re.sub(r"[\0-\x20\x7f]", lambda sign: f"%{ord(sign[0]):02x}", own)
        for address in (f"/{target}", f"/assets/{target}", f"/api/songs/{target}", f"/api/songs/{song_id}/export/{target}"):
            answer = asked(port, "GET", address)
            page = (
                answer.status == 200
                and b"<!doctype html>" not in answer.body[:100].lower()
                and JSON not in answer.headers["content-type"]
            )
            if answer.status not in (200, 307, 400, 404, 405, 422, 503) or b"root:" in answer.body or page:
                return f"GET {address!r}: {answer.status}"
    for address, body in (
        ("/api/songs", {**SMALL, "name": name}),
        (f"/api/songs/import?name={encoded}.json", SMALL["song"]),
    ):
        added = asked(port, "POST", address, body)
        if added.status not in (201, 422):
            return f"POST {address!r}: {added.status}"
        if added.status == 201:
            exported = asked(port, "GET", f"/api/songs/{json.loads(added.body)['id']}/export/json")
            disposition = exported.headers["content-disposition"]
            is_safe = disposition.startswith("attachment; ") and not set("/\\\r\n\0") & set(disposition)
            if not is_safe or exported.headers["x-content-type-options"] != "nosniff":
                return f"exported as {disposition!r}"
    return ""


def _outside(place: Path) -> set[Path]:
    """All that lies beside the library, in the folder where the studio was begun, and above both."""
    others = {path for path in place.rglob("*") if place / "library" not in (path, *path.parents)}
    return others | set(Path.cwd().iterdir()) | set(Path("/").iterdir())


def contract(count: int) -> Counted:
    """What schemathesis makes of the description: no answer of a fault, none that is not described, none of another shape."""
    program = os.environ.get(SCHEMATHESIS) or shutil.which("schemathesis")
    if program is None:
        return Counted(0, 0, f"schemathesis is not installed, and {SCHEMATHESIS} names none")
    rounds: list[Counted] = []
    with running() as (server, place):
        while (left := count - sum(own.tried for own in rounds)) > 0:
            rounds.append(_fuzzed(program, server.port, left, len(rounds), place))
            if not rounds[-1].tried:
                break
        peak = _peak(server.process.pid)
    tried, kept = (sum(getattr(own, name) for own in rounds) for name in ("tried", "kept"))
    return Counted(tried, kept, f"{' and '.join({own.figures: None for own in rounds})}; the server's peak {peak} MiB")


def _fuzzed(program: str, port: int, count: int, seed: int, place: Path) -> Counted:
    """Some of these cases; routes with little to ask get fewer than their share."""
    described = json.loads(DESCRIPTION.read_text(encoding="utf-8"))["paths"]
    routes = sum(len(methods) for path, methods in described.items() if path not in ENDLESS)
    checks = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
    command = [
        *(program, "run", str(DESCRIPTION), "--url", f"http://127.0.0.1:{port}", "--phases", "fuzzing", "--checks", checks),
        *("--max-examples", str(-(-count // routes)), "--seed", str(seed), "--continue-on-failure", "--no-shrink"),
        *("--generation-database", "none", "--suppress-health-check", "all"),
        *(word for path in ENDLESS for word in ("--exclude-path", path)),
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=False, cwd=place)
    found = re.search(r"(\d+) generated(?:, (\d+) found (\d+) unique failures)?", said.stdout)
    if found is None:
        return Counted(0, 0, (said.stdout[-300:] + said.stderr[-300:]).replace("\n", " "))
    return Counted(int(found[1]), int(found[1]) - int(found[2] or 0), f"{routes} routes; {found[3] or 'no'} kinds of failure")


def _peak(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith("VmHWM"))) // 1024
