"""``canzona listen-test``."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from canzona.cli.common import Readings, read_file
from canzona.cli.messages import note, report
from canzona.cli.progress import progress

if TYPE_CHECKING:
    from canzona.song.song import Song

KEY_SUFFIX = "-key.csv"


def listen_test(
    inputs: Annotated[
        list[str], typer.Argument(help="Folders of songs, one a system (DIR or NAME=DIR); with --score listeners' CSV files.")
    ],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="New folder for the page; the key goes beside it, as FOLDER-key.csv.")
    ] = None,
    bars: Annotated[int | None, typer.Option(help="Length of the excerpts, 1 to 1024. Default: 8.")] = None,
    start_bar: Annotated[
        int | None, typer.Option(help="Their first bar, from 1. Default: where the first sung phrase starts.")
    ] = None,
    songs: Annotated[int | None, typer.Option(help="Songs of each system, drawn at random. Default: all.")] = None,
    tempo: Annotated[
        float | None,
        typer.Option(help="Play all at so many quarter notes a minute, 20 to 300. Default: each song's own tempo."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Same seed, same test; 0 or more. Default: 0.")] = None,
    score: Annotated[bool, typer.Option("--score", help="Score the listeners' answers instead.")] = False,
    key: Annotated[
        Path | None, typer.Option(help="With --score: the key. Default: the one among or beside the CSV files.")
    ] = None,
    least_seconds: Annotated[
        float | None,
        typer.Option(help="With --score: leave out ratings of excerpts heard for less, 0 or more. Default: 0."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make the page of a double-blind listening test, or score what listeners answered."""
    numbers = {"bars": (bars, 1, 1024), "start-bar": (start_bar, 1, 1024), "songs": (songs, 1, 1000), "seed": (seed, 0, 2**63)}
    for name, (value, lowest, highest) in numbers.items():
        if value is not None and not lowest <= value <= highest:
            raise ValueError(f"{name}: must be {lowest} to {highest}, got {value}")
    if score:
        given = {name: value for name, (value, *_) in numbers.items()} | {"output": output, "tempo": tempo}
        idle = [name for name, value in given.items() if value is not None]
        if idle:
            raise ValueError(f"{idle[0]}: must not be given with --score")
        if least_seconds is not None and not 0 <= least_seconds < float("inf"):
            raise ValueError(f"least-seconds: must be 0 or more, got {least_seconds:g}")
        _score([Path(path) for path in inputs], key, least_seconds or 0.0, as_json)
    else:
        if key is not None:
            raise ValueError("key: must only be given with --score")
        if least_seconds is not None:
            raise ValueError("least-seconds: must only be given with --score")
        _make(inputs, _free(output), bars or 8, start_bar, songs, tempo, seed or 0, as_json)


def _make(
    inputs: list[str],
    output: Path,
    bars: int,
    start_bar: int | None,
    songs: int | None,
    tempo: float | None,
    seed: int,
    as_json: bool,
) -> None:
    import numpy as np

    from canzona.evaluation.listening_test import page as listening_page
    from canzona.evaluation.listening_test import plan as listening
    from canzona.io.files import atomic_write_all

    systems = _systems(inputs)
    test = listening.plan_test(
        {name: _songs(folder, tempo) for name, folder in systems.items()},
        bars,
        np.random.default_rng(seed),
        songs,
        None if start_bar is None else start_bar - 1,
    )
    sounds: dict[str, bytes] = {}
    missing = None
    with progress() as display:
        for sound in listening_page.play(test):
            sounds[sound.id], missing = sound.wav, sound.played.missing
            display.show("playing", len(sounds), len(systems) * len(test.pieces))
    if missing:
        note(f"a simple sampler played, without reverberation: {missing}")
    if test.left_out:
        note(f"{test.left_out} songs are left out: too short, or without a counterpart in every system")
    page = {output / path: data for path, data in listening_page.page_files(test, sounds).items()}
    key = output.with_name(output.name + KEY_SUFFIX)
    for folder in sorted({path.parent for path in page}):
        folder.mkdir(exist_ok=True)
    atomic_write_all(page | {key: listening.key_csv(test)})
    facts = {
        "page": str(output / listening_page.PAGE),
        "key": str(key),
        "systems": len(systems),
        "pieces": len(test.pieces),
        "paired": test.paired,
        "criteria": [criterion.name for criterion in test.criteria],
        "seed": seed,
    }
    pairs = "paired by name" if test.paired else "not paired"
    text = f"{facts['page']}: {len(systems)} systems, {len(test.pieces)} pieces {pairs}, {bars} bars, seed {seed}; key: {key}"
    report(facts, as_json, text)


def _free(output: Path | None) -> Path:
    """The folder, once it is sure that it is new or empty and that its key has a place."""
    if output is None:
        raise ValueError("output: must be a new folder for the page, got none")
    if (output.exists() and not output.is_dir()) or (output.is_dir() and any(output.iterdir())):
        raise ValueError(f"output: must be a new or empty folder, got {str(output)!r}")
    if not output.resolve().parent.is_dir():
        raise ValueError(f"output: must be within a folder that exists, got {str(output)!r}")
    key = output.with_name(output.name + KEY_SUFFIX) if output.name else None
    if key is None or key.exists():
        raise ValueError(f"output: must be a folder without a key beside it, got {str(output)!r} and {str(key)!r}")
    return output


def _systems(inputs: list[str]) -> dict[str, Path]:
    """Name of each system → its folder."""
    systems: dict[str, Path] = {}
    for given in inputs:
        named, _, folder = given.rpartition("=")
        path = Path(given) if not named or Path(given).is_dir() else Path(folder)
        name = path.resolve().name if path == Path(given) else named.strip()
        if not path.is_dir():
            raise ValueError(f"systems: must be folders of songs, got {given!r}")
        if name in systems:
            raise ValueError(f"systems: must have different names, as NAME=DIR gives them, got {name!r} twice")
        systems[name] = path
    return systems


def _songs(folder: Path, tempo: float | None) -> "dict[str, Song]":
    """The songs of a folder by stem; a song.json goes before a MIDI file of the same stem."""
    from canzona.reading import songs_in, summary

    by_stem = songs_in(folder)
    if not by_stem:
        raise ValueError(f"systems: must hold songs (.json, .mid), got none in {str(folder)!r}")
    readings = Readings()
    songs = {stem: readings.song("systems", path) for stem, path in by_stem.items()}
    note(summary(folder, readings.read))
    return songs if tempo is None else {stem: replace(song, tempo=tempo) for stem, song in songs.items()}


def _score(paths: list[Path], key: Path | None, least_seconds: float, as_json: bool) -> None:
    from canzona.evaluation.listening_test import scores

    texts = {path: _text(path) for path in paths}
    if key is None:
        among = [path for path, text in texts.items() if scores.is_key(text)]
        key = _only_key(among or sorted({beside for path in paths for beside in path.parent.glob(f"*{KEY_SUFFIX}")}))
    systems = scores.read_key(str(key), _text(key))
    given = scores.read_answers({str(path): text for path, text in texts.items() if path.resolve() != key.resolve()}, systems)
    answers = [answer for answer in given if answer.seconds_listened >= least_seconds]
    if not answers:
        heard = f", heard for {least_seconds:g} seconds or more" if given else ""
        raise ValueError(f"answers: must be at least one{heard}, got none")
    if len(answers) < len(given):
        hasty = (
            f"{len(given) - len(answers)} of {len(given)} ratings are left out, heard for less than {least_seconds:g} seconds"
        )
        note(hasty)
    found = scores.standings(answers, systems)
    facts: dict[str, dict[str, dict[str, Any]]] = {}
    lines = [f"{'system':20}{'criterion':20}{'mean':>7}{'low':>7}{'high':>7}{'listeners':>11}"]
    for one in found:
        facts.setdefault(one.system, {})[one.criterion] = {
            "mean": one.mean, "low": one.low, "high": one.high, "n": one.listeners
        }  # fmt: skip
        figures = "".join(f"{'–' if value is None else f'{value:.2f}':>7}" for value in (one.mean, one.low, one.high))
        lines.append(f"{one.system:20}{one.criterion:20}{figures}{one.listeners:>11}")
    compared = scores.comparisons(answers, systems)
    if compared:
        lines += ["", f"{'system less another':40}{'criterion':20}{'mean':>7}{'low':>7}{'high':>7}{'p':>7}"]
    for one in compared:
        difference = {"mean": one.mean, "low": one.low, "high": one.high, "p": one.p}
        facts[one.first][one.criterion].setdefault("less", {})[one.second] = difference
        figures = "".join(f"{value:>7.2f}" for value in (one.mean, one.low, one.high)) + f"{one.p:>7.3f}"
        lines.append(f"{f'{one.first} − {one.second}':40}{one.criterion:20}{figures}")
    for criterion, left_out in {one.criterion: one.left_out for one in found if one.left_out}.items():
        note(f"{criterion}: {left_out} listeners are left out, who did not rate every system")
    report(facts, as_json, "\n".join(lines))


def _only_key(candidates: list[Path]) -> Path:
    if len(candidates) != 1:
        found = ", ".join(map(str, candidates)) or "none"
        raise ValueError(f"key: must be given by --key, or be one *{KEY_SUFFIX} among or beside the CSV files, got {found}")
    return candidates[0]


def _text(path: Path) -> str:
    try:
        return read_file("CSV", path).decode("utf-8-sig")  # spreadsheets put a mark before the text
    except UnicodeDecodeError:
        raise ValueError(f"{path}: must be CSV in UTF-8, is not text") from None
