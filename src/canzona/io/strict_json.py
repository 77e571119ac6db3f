"""JSON that a stranger may have written: read strictly, and every complaint is one line that says where.

Numbers are finite, a field is given once, values are nested no deeper than can be read, and have the types that are expected.
"""

import json
import math
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

LONGEST_MESSAGE, LONGEST_VALUE = 300, 60
"""In characters: what a file holds is told in part."""

_Kind = TypeVar("_Kind")


class Strict(BaseModel):
    """A table of a file: no field but these, no type but theirs; what the values mean is left to the domain objects."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


def parse_json(text: str | bytes) -> Any:
    """The plain values of a JSON text, or of the bytes of a file of it.

    Raises:
        ValueError: where it is no JSON in UTF-8, or holds a number that is not finite, a field twice, or too deep a nesting.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")  # some editors put a byte order mark first
        return json.loads(
            text,
            parse_constant=_no_number,
            parse_float=_finite_number,
            parse_int=_whole_number,
            object_pairs_hook=_without_repetition,
        )
    except UnicodeDecodeError as error:
        raise ValueError(f"must be UTF-8 text, got another byte at {error.start}") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"must be JSON, got {error.msg} in line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ValueError("must be JSON, got values nested too deeply") from None


def as_kind(value: object, kind: type[_Kind]) -> _Kind:
    """Plain values as a type that Pydantic knows.

    Raises:
        ValueError: naming the place of the first value that does not fit, what is allowed and what was given.
    """
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise ValueError(_first_problem(error)[:LONGEST_MESSAGE]) from None
    except RecursionError:
        raise ValueError("must be JSON, got values nested too deeply") from None


def shortened(value: object) -> str:
    """How a value is told in a message."""
    text = repr(value)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…"


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"numbers must be finite, got {name}")


def _finite_number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"numbers must be finite, got {text[:LONGEST_VALUE]}")
    return number


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:  # Python reads up to 4300 digits
        raise ValueError(f"whole numbers must have fewer digits, got {len(text)}") from None


def _without_repetition(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"a field must be given once, got {next(name for name in names if names.count(name) > 1)!r} again")
    return fields


def _first_problem(error: ValidationError) -> str:
    """Pydantic's first complaint: where, what is allowed, what was given."""
    problem = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"]).lstrip(".")
    wish = problem["msg"].replace("Input should be", "must be", 1)
    given = "none" if problem["type"] == "missing" else shortened(problem["input"])
    return f"{place}{': ' if place else ''}{wish[0].lower()}{wish[1:]}, got {given}"
