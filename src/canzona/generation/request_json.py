"""Requests as plain values for JSON: all of a request, files that it was made from included, so that it can be asked again.

``request_to_dict`` and ``request_from_dict`` are inverses. Fields that say nothing are left out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from canzona.generation.controls import Kept, Likeness, Repetition, Revision
from canzona.generation.request import Request
from canzona.io.song_json import song_from_json, song_to_json
from canzona.song.form import Form
from canzona.song.harmony import Key
from canzona.song.progression import Progression
from canzona.song.song import Song
from canzona.song.timing import Meter

PARTS = {"kept": Kept, "like": Likeness, "repeat": Repetition}
"""Fields of a request that are tuples of objects."""


def request_to_dict(request: Request) -> dict[str, Any]:
    """Every option in words and numbers, for the song's provenance."""
    values: dict[str, Any] = {
        "form": None if request.form is None else str(request.form),
        "phrase_keys": None if request.form is None else [phrase.key and str(phrase.key) for phrase in request.form.phrases],
        "key": None if request.key is None else str(request.key),
        "meter": str(request.meter),
        "tempo": request.tempo,
        "seed": request.seed,
        "steps": request.steps,
        "guidance": request.guidance,
        "bars": request.bars,
        "chords": None if request.chords is None else str(request.chords),
        "end_on_tonic": request.end_on_tonic,
        "revision": None if request.revision is None else _to_dict(request.revision),
    }
    values |= {name: [_to_dict(own) for own in getattr(request, name)] or None for name in PARTS}
    return {name: value for name, value in values.items() if value is not None}


def request_from_dict(values: Mapping[str, Any]) -> Request:
    """The inverse of ``request_to_dict``.

    Raises:
        ValueError: in one line, where a field is unknown or has a value that it cannot have.
    """
    if not isinstance(values, Mapping):
        raise ValueError(f"request: must be fields with values, got {type(values).__name__}")
    known = {entry.name for entry in fields(Request)} | {"phrase_keys"}
    if unknown := set(values) - known:
        raise ValueError(
            f"request: must have fields among {', '.join(sorted(known))}, got {', '.join(map(repr, sorted(unknown)))}"
        )
    given = dict(values)
    try:
        meter = Meter.parse(given.pop("meter", str(Meter())))
        keys = given.pop("phrase_keys", None)
        if "form" in given:
            form = Form.parse(given["form"])
            given["form"] = form.with_keys([key and Key.parse(key) for key in keys]) if keys else form
        if "key" in given:
            given["key"] = Key.parse(given["key"])
        if "chords" in given:
            given["chords"] = Progression.parse(given["chords"], meter)
        if "revision" in given:
            given["revision"] = _from_dict(Revision, given["revision"])
        for name, kind in PARTS.items():
            given[name] = tuple(_from_dict(kind, own) for own in given.get(name, ()))
        return Request(meter=meter, **given)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"request: must have values of the right kinds, got one that is not ({error})") from None


def _to_dict(own: Kept | Likeness | Repetition | Revision) -> dict[str, Any]:
    values = {entry.name: getattr(own, entry.name) for entry in fields(own)}
    for name, value in values.items():
        if isinstance(value, Song):
            values[name] = json.loads(song_to_json(replace(value, provenance=MappingProxyType({}))))
        elif isinstance(value, frozenset):
            values[name] = sorted(value)
    return {name: value for name, value in values.items() if value is not None}


def _from_dict(kind: type, values: Mapping[str, Any]) -> Any:
    read = dict(values)
    for name, value in read.items():
        if name == "song":
            read[name] = song_from_json(json.dumps(value))
        elif isinstance(value, Sequence) and not isinstance(value, str):
            read[name] = frozenset(value)
    return kind(**read)
