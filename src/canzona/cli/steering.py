"""From the words of the command line to the controls of a request: files are read here, and checked by the request."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from canzona.cli.common import Readings

if TYPE_CHECKING:
    from canzona.generation.controls import Kept, Likeness, Repetition
    from canzona.generation.request import Request
    from canzona.song.timing import Meter


def read_kept(
    readings: Readings,
    melody: Path | None,
    lead_sheet: Path | None,
    reduced: Path | None,
    source: Path | None,
    level: str | None,
    prompt: Path | None,
    prompt_bars: int | None,
) -> "tuple[Kept, ...]":
    """Music that is kept, as the options of ``compose`` name it, noted in ``readings``.

    Raises:
        ValueError: where a file is no song or an option lacks its companion.
    """
    from canzona.generation.controls import Kept
    from canzona.hierarchy.levels import LEAD_SHEET, REDUCED_LEAD_SHEET

    kept: list[Kept] = []
    if (source is None) != (level is None):
        raise ValueError(f"level: must be given together with from, got {'from' if level is None else 'level'} alone")
    if (prompt is None) != (prompt_bars is None):
        raise ValueError(f"prompt-bars: must be given together with prompt, got {'prompt' if prompt else 'prompt-bars'} alone")
    if reduced is not None:
        song = readings.song("reduced", reduced)
        kept.append(Kept(song if song.reduced_lead_sheet else replace(song, accompaniment=None), REDUCED_LEAD_SHEET.name))
    if lead_sheet is not None:
        kept.append(_lead_sheet(readings, LEAD_SHEET.name, lead_sheet))
    if source is not None and level == LEAD_SHEET.name:
        kept.append(_lead_sheet(readings, "from", source))
    elif source is not None and level is not None:
        kept.append(Kept(readings.song("from", source), level))
    if prompt is not None:
        kept.append(Kept(readings.song("prompt", prompt), bars=prompt_bars))
    if melody is not None:
        kept.append(Kept(readings.song("melody", melody), LEAD_SHEET.name, part="melody"))
    return tuple(kept)


def _lead_sheet(readings: Readings, option: str, path: Path) -> "Kept":
    """Melody and chords of a file; where it has no chords the melody alone, and that chords are composed is said."""
    from canzona.generation.controls import Kept
    from canzona.hierarchy.levels import LEAD_SHEET

    song = readings.song(option, path)
    if song.lead_sheet is None or song.lead_sheet.chords or not song.lead_sheet.melody:
        return Kept(song, LEAD_SHEET.name)
    readings.remark(path, "its chords are composed")
    return Kept(song, LEAD_SHEET.name, part="melody")


def steering(
    readings: Readings,
    meter: "Meter",
    seed: int,
    steps: int | None,
    guidance: float | None,
    chords: str | None,
    repeat: str | None,
    end_on_tonic: bool | None,
    like: Mapping[str, tuple[Iterable[str] | None, float | None]],
) -> dict[str, Any]:
    """The fields of a request that all commands which compose have in common, from their options; ``None`` for the default.

    Raises:
        ValueError: as the fields' parsers, and as ``read_likenesses``.
    """
    from canzona.song.progression import Progression

    return {
        "meter": meter,
        "seed": seed,
        "steps": steps,
        "guidance": 1.0 if guidance is None else guidance,
        "chords": None if chords is None else Progression.parse(chords, meter),
        "like": read_likenesses(readings, like),
        "repeat": parse_repetitions(repeat),
        "end_on_tonic": end_on_tonic is not False,
    }


def read_likenesses(
    readings: Readings, asked: Mapping[str, tuple[Iterable[str] | None, float | None]]
) -> "tuple[Likeness, ...]":
    """Passages to be like: name of the control → texts ``FILE[:BARS][@LETTER]`` and their weight.

    Raises:
        ValueError: where a file is no song, lacks the bars, or a weight has no passage.
    """
    if not any(texts or weight is not None for texts, weight in asked.values()):
        return ()
    from canzona.evaluation.recognition import with_recognised_chords
    from canzona.generation.controls import Likeness
    from canzona.song.bar_ranges import parse_source
    from canzona.song.excerpt import excerpt

    likenesses = []
    for control, (texts, weight) in asked.items():
        if weight is not None and not texts:
            raise ValueError(f"{control}-like-weight: must be given together with {control}-like, got it alone")
        for text in texts or ():
            source = parse_source(text)
            song = with_recognised_chords(readings.song(f"{control}-like", Path(source.file)))
            if source.bars is not None:
                length = song.form.length_bars
                if source.bars.end_bar > length:
                    raise ValueError(f"{control}-like: bars must be within 1 to {length} of {source.file}, got {source.bars}")
                song = excerpt(song, source.bars.start_bar, source.bars.end_bar)
            likenesses.append(Likeness(control, song, source.letter, weight))
    return tuple(likenesses)


def likeness_files(asked: Mapping[str, tuple[Iterable[str] | None, float | None]]) -> list[Path]:
    """The files that ``read_likenesses`` reads."""
    from canzona.song.bar_ranges import parse_source

    return [Path(parse_source(text).file) for texts, _ in asked.values() for text in texts or ()]


def parse_repetitions(text: str | None) -> "tuple[Repetition, ...]":
    """``"0.8"`` for all phrases, or ``"A=1,B=0.2"``.

    Raises:
        ValueError: for anything else.
    """
    from canzona.generation.controls import Repetition

    found = []
    for part in text.split(",") if text else ():
        letter, equals, amount = part.rpartition("=")
        try:
            found.append(Repetition(float(amount), letter.strip() if equals else None))
        except ValueError:
            raise ValueError(f"repeat: must be 0 to 1, or letters with such numbers as in A=1,B=0.2, got {text!r}") from None
    return tuple(found)


def stored_request(path: Path) -> "Request":
    """The request that a song.json was composed by.

    Raises:
        ValueError: where the file is no song or does not say.
    """
    from canzona.generation.request_json import request_from_dict

    values: Any = Readings().song("request", path).provenance.get("request")
    if values is None:
        raise ValueError(f"request: must be a song.json that says how it was composed, got {str(path)!r}")
    return request_from_dict(values)
