"""Songs as JSON: everything a song is, in a file that people can read and edit.

The form is a string such as ``i4A8B8o4`` beside one key a phrase. Notes and chords are rows, one a line; ``rows`` in the file
names their columns.
"""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictFloat, StrictInt, StrictStr, ValidationError

from canzona.io.files import LONGEST_FORM_BARS, atomic_write, check_storable
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Note, Song

FORMAT, VERSION = "canzona-song", 1
ROWS = {
    "note": ["start_step", "duration_steps", "pitch", "velocity"],
    "chord": ["start_beat", "duration_beats", "symbol"],
}
"""What the columns of notes and chords mean: steps are sixteenths, beats quarter notes, both from the start of the song."""

_LONGEST_MESSAGE, _LONGEST_VALUE = 300, 60

_Row = TypeVar("_Row")
_Item = TypeVar("_Item", Note, ChordSpan)


def song_to_json(song: Song) -> str:
    """The song as a JSON text; ``song_from_json`` is the inverse.

    Raises:
        ValueError: as ``check_storable``, or for a number in the provenance that JSON does not have.
        TypeError: for anything else in the provenance that JSON does not have; tuples are written as lists.
    """
    check_storable(song)
    fields = {
        "format": _json(FORMAT),
        "version": _json(VERSION),
        "rows": _json(ROWS),
        "form": _json(str(song.form)),
        "keys": _json([None if phrase.key is None else str(phrase.key) for phrase in song.form.phrases]),
        "meter": _json(str(song.meter)),
        "tempo": _json(song.tempo),
        "reduced_lead_sheet": _lead_sheet_text(song.reduced_lead_sheet),
        "lead_sheet": _lead_sheet_text(song.lead_sheet),
        "accompaniment": "null" if song.accompaniment is None else _rows_text(map(_note_row, song.accompaniment), "  "),
        "provenance": _json(dict(song.provenance), indent=2).replace("\n", "\n  "),
    }
    return "{\n" + ",\n".join(f"  {_json(name)}: {text}" for name, text in fields.items()) + "\n}\n"


def song_from_json(text: str) -> Song:
    """Read a song; the inverse of ``song_to_json``. Its provenance is a read-only mapping of plain JSON values.

    Raises:
        ValueError: in one line that names the place, what is allowed and what was given.
    """
    try:
        fields = json.loads(
            text,
            parse_constant=_no_number,
            parse_float=_finite_number,
            parse_int=_whole_number,
            object_pairs_hook=_without_repetition,
        )
        if not isinstance(fields, dict) or fields.get("format") != FORMAT:
            raise ValueError(f'must be a JSON object with "format": "{FORMAT}", got {_shortened(fields)}')
        if fields.get("version") != VERSION:
            raise ValueError(f"version: must be {VERSION}, got {_shortened(fields.get('version'))}")
        return _song(_SongFile.model_validate(fields))
    except json.JSONDecodeError as error:
        raise ValueError(f"song file: must be JSON, got {error.msg} in line {error.lineno}, column {error.colno}") from None
    except ValidationError as error:
        raise ValueError(f"song file: {_first_problem(error)}"[:_LONGEST_MESSAGE]) from None
    except RecursionError:
        raise ValueError("song file: must be JSON, got values nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"song file: {error}"[:_LONGEST_MESSAGE]) from None


def write_song_file(path: Path, song: Song) -> None:
    """Write the song; ``read_song_file`` is the inverse.

    Raises:
        ValueError, TypeError: as ``song_to_json``.
        OSError: as ``atomic_write``.
    """
    atomic_write(path, song_to_json(song).encode())


def read_song_file(path: Path) -> Song:
    """Read what ``write_song_file`` wrote.

    Raises:
        ValueError: as ``song_from_json``, with the file's name before it.
        OSError: where the file cannot be read.
    """
    try:
        return song_from_json(path.read_bytes().decode("utf-8-sig"))  # some editors put a byte order mark first
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: song file: must be UTF-8 text, got another byte at {error.start}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _json(value: object, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)  # file names may hold what UTF-8 has not


def _note_row(note: Note) -> list[int]:
    return [note.start_step, note.duration_steps, note.pitch, note.velocity]


def _chord_row(span: ChordSpan) -> list[int | str]:
    return [span.start_beat, span.duration_beats, span.chord.symbol]


def _rows_text(rows: Iterable[object], indent: str) -> str:
    lines = ",".join(f"\n{indent}  {_json(row)}" for row in rows)
    return f"[{lines}\n{indent}]" if lines else "[]"


def _lead_sheet_text(lead_sheet: LeadSheet | None) -> str:
    if lead_sheet is None:
        return "null"
    melody = _rows_text(map(_note_row, lead_sheet.melody), "    ")
    chords = _rows_text(map(_chord_row, lead_sheet.chords), "    ")
    return f'{{\n    "melody": {melody},\n    "chords": {chords}\n  }}'


class _Strict(BaseModel):
    """A table of the file: no field but these, no type but theirs; what the values mean is left to the domain objects."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class _LeadSheet(_Strict):
    melody: list[tuple[StrictInt, StrictInt, StrictInt, StrictInt]]
    chords: list[tuple[StrictInt, StrictInt, StrictStr]]


class _SongFile(_Strict):
    """The file's fields as they are written. Absent levels may be left out, so may ``rows``, which is there for people."""

    format: Literal["canzona-song"]
    version: StrictInt
    rows: dict[str, list[str]] = Field(default=ROWS)
    form: StrictStr = Field(max_length=4 * LONGEST_FORM_BARS)
    keys: list[StrictStr | None]
    meter: StrictStr
    tempo: StrictFloat
    reduced_lead_sheet: _LeadSheet | None = None
    lead_sheet: _LeadSheet | None = None
    accompaniment: list[tuple[StrictInt, StrictInt, StrictInt, StrictInt]] | None = None
    provenance: dict[str, JsonValue] = Field(default_factory=dict)


def _song(file: _SongFile) -> Song:
    if file.rows != ROWS:
        raise ValueError(f"rows: must be {_json(ROWS)}, got {_shortened(file.rows)}")
    form = Form.parse(file.form)
    if len(file.keys) != len(form.phrases):
        raise ValueError(f"keys: must be one a phrase, {len(form.phrases)} for {form}, got {len(file.keys)}")
    song = Song(
        form=form.with_keys([None if key is None else Key.parse(key) for key in file.keys]),
        meter=Meter.parse(file.meter),
        tempo=file.tempo,
        reduced_lead_sheet=_lead_sheet("reduced_lead_sheet", file.reduced_lead_sheet),
        lead_sheet=_lead_sheet("lead_sheet", file.lead_sheet),
        accompaniment=None if file.accompaniment is None else tuple(_items("accompaniment", file.accompaniment, _note)),
        provenance=MappingProxyType(file.provenance),
    )
    check_storable(song)
    return song


def _lead_sheet(name: str, file: _LeadSheet | None) -> LeadSheet | None:
    if file is None:
        return None
    melody = tuple(_items(f"{name}.melody", file.melody, _note))
    return LeadSheet(melody, tuple(_items(f"{name}.chords", file.chords, _chord_span)))


def _items(name: str, rows: list[_Row], item_of: Callable[[_Row], _Item]) -> Iterator[_Item]:
    for number, row in enumerate(rows):
        try:
            yield item_of(row)
        except ValueError as error:
            raise ValueError(f"{name}[{number}]: {error}") from None


def _note(row: tuple[int, int, int, int]) -> Note:
    start_step, duration_steps, pitch, velocity = row
    return Note(start_step, pitch, duration_steps, velocity)


def _chord_span(row: tuple[int, int, str]) -> ChordSpan:
    start_beat, duration_beats, symbol = row
    chord = Chord.parse(symbol)
    if chord is None:
        raise ValueError(f"must be a chord (leave out the beats where none sounds), got {symbol!r}")
    return ChordSpan(start_beat, duration_beats, chord)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"numbers must be finite, got {name}")


def _finite_number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"numbers must be finite, got {text[:_LONGEST_VALUE]}")
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
    given = "none" if problem["type"] == "missing" else _shortened(problem["input"])
    return f"{place}: {wish[0].lower()}{wish[1:]}, got {given}"


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
