"""Songs as JSON: everything a song is, in a file that people can read and edit.

The form is a string such as ``i4A8B8o4`` beside one key a phrase. Notes and chords are rows, one a line; ``rows`` in the file
names their columns.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from pydantic import Field, JsonValue, StrictFloat, StrictInt, StrictStr

from canzona.io.files import LONGEST_FORM_BARS, atomic_write, check_storable, read_bytes
from canzona.io.strict_json import LONGEST_MESSAGE, Strict, as_kind, parse_json, shortened
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Note, Song
from canzona.song.spelling import harte_symbol

FORMAT, VERSION = "canzona-song", 1
ROWS = {
    "note": ["start_step", "duration_steps", "pitch", "velocity"],
    "chord": ["start_beat", "duration_beats", "symbol"],
}
"""What the columns of notes and chords mean: steps are sixteenths, beats quarter notes, both from the start of the song."""

_Row = TypeVar("_Row")
_Item = TypeVar("_Item", Note, ChordSpan)


def song_to_json(song: Song) -> str:
    """The song as a JSON text; ``song_from_json`` is the inverse.

    Raises:
        ValueError: as ``check_storable``, or for a number in the provenance that JSON does not have.
        TypeError: for anything else in the provenance that JSON does not have; tuples are written as lists.
    """
    fields = song_to_dict(song)
    texts = {name: _json(value, indent=2).replace("\n", "\n  ") for name, value in fields.items() if name == "provenance"}
    texts |= {name: _lead_sheet_text(fields[name]) for name in ("reduced_lead_sheet", "lead_sheet")}
    texts["accompaniment"] = "null" if fields["accompaniment"] is None else _rows_text(fields["accompaniment"], "  ")
    return "{\n" + ",\n".join(f"  {_json(name)}: {texts.get(name) or _json(value)}" for name, value in fields.items()) + "\n}\n"


def song_to_dict(song: Song) -> dict[str, Any]:
    """The same as plain values; ``song_from_dict`` is the inverse.

    Raises:
        ValueError: as ``check_storable``.
    """
    check_storable(song)
    keys = song.form.keys_in_force()

    def sheet(own: LeadSheet | None) -> dict[str, list[Any]] | None:
        if own is None:
            return None
        chords = [chord_row(span, keys[song.meter.bar_of_beat(span.start_beat)]) for span in own.chords]
        return {"melody": [*map(note_row, own.melody)], "chords": chords}

    return {
        "format": FORMAT,
        "version": VERSION,
        "rows": ROWS,
        "form": str(song.form),
        "keys": [None if phrase.key is None else str(phrase.key) for phrase in song.form.phrases],
        "meter": str(song.meter),
        "tempo": song.tempo,
        "reduced_lead_sheet": sheet(song.reduced_lead_sheet),
        "lead_sheet": sheet(song.lead_sheet),
        "accompaniment": None if song.accompaniment is None else [*map(note_row, song.accompaniment)],
        "provenance": dict(song.provenance),
    }


def song_from_json(text: str | bytes) -> Song:
    """Read a song; the inverse of ``song_to_json``. Its provenance is a read-only mapping of plain JSON values.

    Raises:
        ValueError: in one line that names the place, what is allowed and what was given.
    """
    try:
        fields = parse_json(text)
    except ValueError as error:
        raise ValueError(f"song file: {error}"[:LONGEST_MESSAGE]) from None
    return song_from_dict(fields)


def song_from_dict(fields: object) -> Song:
    """The same from plain values; the inverse of ``song_to_dict``.

    Raises:
        ValueError: as ``song_from_json``.
    """
    try:
        if not isinstance(fields, dict) or fields.get("format") != FORMAT:
            raise ValueError(f'must be a JSON object with "format": "{FORMAT}", got {shortened(fields)}')
        if fields.get("version") != VERSION:
            raise ValueError(f"version: must be {VERSION}, got {shortened(fields.get('version'))}")
        return _song(as_kind(fields, _SongFile))
    except ValueError as error:
        raise ValueError(f"song file: {error}"[:LONGEST_MESSAGE]) from None


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
        ValueError: as ``song_from_json``, with the file's name before it, and as ``read_bytes``.
        OSError: where the file cannot be read.
    """
    data = read_bytes(path)
    try:
        return song_from_json(data)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _json(value: object, indent: int | None = None) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)  # file names may hold what UTF-8 has not


def note_row(note: Note) -> list[int]:
    """A note as files hold it: the columns of ``ROWS``. ``note_of_row`` is the inverse."""
    return [note.start_step, note.duration_steps, note.pitch, note.velocity]


def chord_row(span: ChordSpan, key: Key | None) -> list[int | str]:
    """A chord as files hold it, spelt in a key; ``chord_of_row`` is the inverse."""
    return [span.start_beat, span.duration_beats, harte_symbol(span.chord, key)]


def _rows_text(rows: Iterable[object], indent: str) -> str:
    lines = ",".join(f"\n{indent}  {_json(row)}" for row in rows)
    return f"[{lines}\n{indent}]" if lines else "[]"


def _lead_sheet_text(sheet: dict[str, list[Any]] | None) -> str:
    if sheet is None:
        return "null"
    melody, chords = (_rows_text(sheet[name], "    ") for name in ("melody", "chords"))
    return f'{{\n    "melody": {melody},\n    "chords": {chords}\n  }}'


class _LeadSheet(Strict):
    melody: list[tuple[StrictInt, StrictInt, StrictInt, StrictInt]]
    chords: list[tuple[StrictInt, StrictInt, StrictStr]]


class _SongFile(Strict):
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
        raise ValueError(f"rows: must be {_json(ROWS)}, got {shortened(file.rows)}")
    song = Song(
        form=keyed_form(file.form, file.keys),
        meter=Meter.parse(file.meter),
        tempo=file.tempo,
        reduced_lead_sheet=_lead_sheet("reduced_lead_sheet", file.reduced_lead_sheet),
        lead_sheet=_lead_sheet("lead_sheet", file.lead_sheet),
        accompaniment=None if file.accompaniment is None else tuple(_items("accompaniment", file.accompaniment, note_of_row)),
        provenance=MappingProxyType(file.provenance),
    )
    check_storable(song)
    return song


def keyed_form(text: str, keys: Sequence[str | None]) -> Form:
    """A form as files hold it: its letters and lengths, and beside them one key a phrase.

    Raises:
        ValueError: where a text is none, or the keys are of another number.
    """
    form = Form.parse(text)
    if len(keys) != len(form.phrases):
        raise ValueError(f"keys: must be one a phrase, {len(form.phrases)} for {form}, got {len(keys)}")
    return form.with_keys([None if key is None else Key.parse(key) for key in keys])


def _lead_sheet(name: str, file: _LeadSheet | None) -> LeadSheet | None:
    if file is None:
        return None
    melody = tuple(_items(f"{name}.melody", file.melody, note_of_row))
    return LeadSheet(melody, tuple(_items(f"{name}.chords", file.chords, chord_of_row)))


def _items(name: str, rows: list[_Row], item_of: Callable[[_Row], _Item]) -> Iterator[_Item]:
    for number, row in enumerate(rows):
        try:
            yield item_of(row)
        except ValueError as error:
            raise ValueError(f"{name}[{number}]: {error}") from None


def note_of_row(row: Sequence[int]) -> Note:
    """The inverse of ``note_row``."""
    start_step, duration_steps, pitch, velocity = row
    return Note(start_step, pitch, duration_steps, velocity)


def chord_of_row(row: tuple[int, int, str]) -> ChordSpan:
    """The inverse of ``chord_row``.

    Raises:
        ValueError: where the symbol is none, or that of no chord.
    """
    start_beat, duration_beats, symbol = row
    chord = Chord.parse(symbol)
    if chord is None:
        raise ValueError(f"must be a chord (leave out the beats where none sounds), got {symbol!r}")
    return ChordSpan(start_beat, duration_beats, chord)
