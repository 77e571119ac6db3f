"""Random requests, right and wrong, made from the description of the routes: each answer is one that is described there."""

import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from canzona.io.song_json import song_to_dict
from canzona.studio import wire
from canzona.studio.app import create_app
from canzona.studio.security import Guard
from canzona.studio.service import Settings, Studio
from studio_client import Client
from test_render import example_song

DESCRIBED = json.loads((Path(__file__).parent.parent / "studio" / "openapi.json").read_text(encoding="utf-8"))
ELSEWHERE = ("/api/events", "/api/soundfont")
"""Routes that are endless, or always give the same file."""
CASES_PER_ROUTE = 10
NONSENSE = [None, True, -1, 0, 2**63, 1.5, 1e308, "", "x", "\ud800", "\0", "A4", [], [[]], {}, {"kind": "notes"}]


def random_value(schema: dict[str, Any], random: Random) -> Any:
    """A value as a schema describes it, or now and then another."""
    if random.random() < 0.04:
        return random.choice(NONSENSE)
    if "$ref" in schema:
        return random_value(DESCRIBED["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], random)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return random_value(random.choice(schema[word]), random)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return random.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            fields, needed = schema.get("properties", {}), schema.get("required", [])
            return {name: random_value(own, random) for name, own in fields.items() if name in needed or random.random() < 0.6}
        case "array" if "prefixItems" in schema:
            return [random_value(own, random) for own in schema["prefixItems"]]
        case "array":
            count = random.randint(schema.get("minItems", 0), 3)
            return [random_value(schema.get("items", {}), random) for _ in range(count)]
        case "integer":
            lowest, highest = schema.get("minimum", -3), schema.get("maximum", 40)
            return random.choice([lowest, min(highest, lowest + random.randrange(20)), lowest - 1, highest + 1])
        case "number":
            return random.choice([schema.get("minimum", 0), schema.get("maximum", 90.5), 60, -1, 1e9])
        case "string":
            return random.choice(["A", "A4B4", "G major", "4/4", "Am7", "C | G", "accompaniment", "a" * 16, "ä"])
        case "boolean":
            return random.choice([True, False])
    return None


ROUTES = [
    (method.upper(), path, described)
    for path, methods in DESCRIBED["paths"].items()
    for method, described in methods.items()
    if path not in ELSEWHERE
]


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A studio with a song and a job that is done, and no way to compose more: what is asked for is checked all the same."""
    studio = Studio(Settings(tmp_path_factory.mktemp("library")))
    studio.jobs._hire = lambda: None  # type: ignore[method-assign, assignment, return-value]
    studio.jobs._hand_out = lambda: None  # type: ignore[method-assign]
    yield studio
    studio.close()


@pytest.mark.parametrize(("method", "path", "described"), ROUTES, ids=[f"{method} {path}" for method, path, _ in ROUTES])
def test_answers_are_those_that_are_described(serving: Studio, method: str, path: str, described: dict[str, Any]) -> None:
    client, random = Client(Guard(create_app(serving), "127.0.0.1")), Random(f"{method} {path}")
    song_id = client.post("/api/songs", {"song": song_to_dict(example_song("A2B2"))}, 201)["id"]
    given = {"song_id": song_id, "job_id": "aaaaaaaaaaaaaaaa", "version": 1, "number": 1, "format": "json"}
    seen = set()
    for _ in range(CASES_PER_ROUTE):
        address, query = path, []
        for parameter in described.get("parameters", []):
            value = given.get(parameter["name"]) if random.random() < 0.8 else None
            value = str(random_value(parameter["schema"], random) if value is None else value)
            value = value.encode("utf-8", "replace").decode("latin-1").replace("/", "").replace("?", "").replace("&", "")
            if parameter["in"] == "path":
                address = address.replace("{" + parameter["name"] + "}", value or "x")
            else:
                query.append(f"{parameter['name']}={value}")
        kinds = described.get("requestBody", {}).get("content", {})
        body = random_value(kinds["application/json"]["schema"], random) if "application/json" in kinds else None
        data = random.choice([b"{}", b"MThd", b""]) if kinds and body is None else None
        answer = client.ask(method, address + ("?" + "&".join(query) if query else ""), body, data=data)
        assert str(answer.status) in described["responses"], (address, answer.status, answer.body[:200])
        assert answer.status < 500, answer.body
        seen.add(answer.status)
        content = described["responses"][str(answer.status)].get("content", {}).get("application/json", {})
        reference = content.get("schema", {}).get("$ref", "")
        if reference and answer.body:
            getattr(wire, reference.rsplit("/", 1)[1]).model_validate_json(answer.body)
    assert seen
