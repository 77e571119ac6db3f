"""Requests as plain values for JSON: all of a request, files that it was made from included, so that it can be asked again.

``request_to_dict`` and ``request_from_dict`` are inverses. Fields that say nothing are left out.
"""

import secrets
from collections.abc import Mapping
from dataclasses import MISSING, fields, replace
from functools import cache, partial
from types import MappingProxyType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from pydantic import StrictBool, StrictFloat, StrictInt, StrictStr, create_model

from canzona.generation.controls import Kept, Likeness, Lock, Repetition, Revision
from canzona.generation.request import Request
from canzona.io.song_json import keyed_form, song_from_dict, song_to_dict
from canzona.io.strict_json import Strict, as_kind
from canzona.song.form import Form
from canzona.song.harmony import Key
from canzona.song.progression import Progression
from canzona.song.song import Song
from canzona.song.timing import Meter

PARTS = {"kept": Kept, "like": Likeness, "repeat": Repetition}
"""Fields of a request that are tuples of objects."""

DRAWN_SEEDS = 1_000_000
"""Where no seed is given, one below this is drawn."""

STORED: dict[object, object] = {
    int: StrictInt,
    float: StrictFloat,
    bool: StrictBool,
    str: StrictStr,
    Form: StrictStr,
    Key: StrictStr,
    Meter: StrictStr,
    Progression: StrictStr,
    Song: dict[str, Any],
    frozenset[int]: list[StrictInt],
}
"""Type of a field → how it is stored."""


def request_to_dict(request: Request) -> dict[str, Any]:
    """Every option in words and numbers, for the song's provenance."""
    values = _to_dict(request)
    if request.form is not None:
        values["phrase_keys"] = [phrase.key and str(phrase.key) for phrase in request.form.phrases]
    return values


def seed_of(song: Song) -> int | None:
    """The seed that a song was composed with, as its history tells; ``None`` where it does not."""
    request = song.provenance.get("request")
    seed = request.get("seed") if isinstance(request, Mapping) else None
    return seed if isinstance(seed, int) else None


def drawn_seed(before: Song | None = None) -> int:
    """A seed at random, short enough to be typed, and another than that of the song ``before``, if that tells its own."""
    used = None if before is None else seed_of(before)
    return next(seed for seed in iter(partial(secrets.randbelow, DRAWN_SEEDS), None) if seed != used)


def request_from_dict(values: Mapping[str, Any]) -> Request:
    """The inverse of ``request_to_dict``.

    Raises:
        ValueError: in one line, where a field is unknown or has a value that it cannot have.
    """
    try:
        as_kind(dict(values) if isinstance(values, Mapping) else values, _stored_as(Request))
    except ValueError as error:
        raise ValueError(f"request: {error}") from None
    given = {name: value for name, value in values.items() if value is not None}
    meter = Meter.parse(given.pop("meter", str(Meter())))
    keys = given.pop("phrase_keys", None)
    if "form" in given:
        given["form"] = Form.parse(given["form"]) if keys is None else keyed_form(given["form"], keys)
    if "key" in given:
        given["key"] = Key.parse(given["key"])
    if "chords" in given:
        given["chords"] = Progression.parse(given["chords"], meter)
    if "revision" in given:
        given["revision"] = _from_dict(Revision, given["revision"])
    for name, kind in PARTS.items():
        given[name] = tuple(_from_dict(kind, own) for own in given.get(name, ()))
    return Request(meter=meter, **given)


@cache
def _stored_as(kind: type) -> type[Strict]:
    """What a stored object of this frozen dataclass must look like: its fields, of the types that they are stored as."""
    hints, wanted = get_type_hints(kind), {}
    for entry in fields(kind):
        needed = entry.default is MISSING and entry.default_factory is MISSING
        wanted[entry.name] = (
            _stored_type(hints[entry.name]) if needed else _stored_type(hints[entry.name]) | None,
            ... if needed else None,
        )  # type: ignore[operator]
    if kind is Request:
        wanted["phrase_keys"] = (list[StrictStr | None] | None, None)
    return create_model(kind.__name__, __base__=Strict, **wanted)


def _stored_type(hint: Any) -> Any:
    if isinstance(hint, UnionType):
        first, *others = (kind if kind is type(None) else _stored_type(kind) for kind in get_args(hint))
        for other in others:
            first = first | other
        return first
    if get_origin(hint) is tuple:
        return list[_stored_type(get_args(hint)[0])]
    return STORED[hint] if hint in STORED else _stored_as(hint)


def _to_dict(own: Request | Kept | Likeness | Lock | Repetition | Revision) -> dict[str, Any]:
    """The fields of an object that say something, as plain values."""
    values = {entry.name: _plain(getattr(own, entry.name)) for entry in fields(own)}
    return {name: value for name, value in values.items() if value is not None}


def _plain(value: Any) -> Any:
    if isinstance(value, Song):
        return song_to_dict(replace(value, provenance=MappingProxyType({})))
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_to_dict(own) for own in value] or None
    if isinstance(value, Kept | Likeness | Lock | Repetition | Revision):
        return _to_dict(value)
    return value if isinstance(value, int | float | str | None) else str(value)


def _from_dict(kind: type, values: Mapping[str, Any]) -> Any:
    read = dict(values)
    if "song" in read:
        read["song"] = song_from_dict(read["song"])
    if read.get("bars") is not None and kind in (Lock, Revision):
        read["bars"] = frozenset(read["bars"])
    if "locks" in read:
        read["locks"] = tuple(_from_dict(Lock, own) for own in read["locks"] or ())
    return kind(**read)
