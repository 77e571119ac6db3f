"""``canzona evaluate``."""

import json
import shlex
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from canzona.cli import options
from canzona.cli.common import Readings, read_data
from canzona.cli.messages import note, report
from canzona.cli.outputs import writable
from canzona.cli.progress import progress
from canzona.processes import processors_here

if TYPE_CHECKING:
    from canzona.evaluation.bootstrap import Figure
    from canzona.evaluation.evaluation import Entry, Equipment, Evaluation, ScoredSong
    from canzona.evaluation.passages import TrainingPassages
    from canzona.training.dataset import PreparedSong

HUMAN, HUMAN_TRAIN, UNNAMED = "human", "human-train", "songs"
REPORT = ("report.json", "report.html")
FEWEST_WITHOUT_MEANING = 3
"""Systems from which on a terminal has no room for what the metrics mean."""


def evaluate(
    songs: Annotated[
        list[Path] | None,
        typer.Argument(help="Songs (.json, .mid), folders of them, or data sets (.npz): their test songs."),
    ] = None,
    named: Annotated[
        list[str] | None,
        typer.Option("--songs", help="A system's songs as NAME=FOLDER, once for each system; human-train for training songs."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Data set: its test songs are the human ones, its training songs what may have been copied."),
    ] = None,
    against: Annotated[Path | None, typer.Option(help="Folder of human songs, in place of those of --data.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for report.json and report.html; made where there is none.")
    ] = None,
    compare_with: Annotated[
        str | None,
        typer.Option(
            help="The system from which all others' differences are told. Default: canzona where it is, else the first."
        ),
    ] = None,
    weights: Annotated[Path | None, typer.Option(help="Folder with other encoders than the package's.")] = None,
    processes: Annotated[int | None, typer.Option(help="Songs measured at once, 1 to 64. Default: one a processor.")] = None,
    each: Annotated[bool, typer.Option("--each", help="Print every song's figures too.")] = False,
    force: options.Force = False,
    strict: options.Strict = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure songs of one or more systems, and hold them against human songs."""
    from canzona.evaluation.report import require_drawing

    if processes is not None and not 1 <= processes <= 64:
        raise ValueError(f"processes: must be 1 to 64, got {processes}")
    if output is not None and output.exists() and not output.is_dir():
        raise ValueError(f"output: must be a folder, got the file {str(output)!r}")
    if output is not None and not output.parent.is_dir():
        raise ValueError(f"output: its folder must exist, got {str(output)!r}")
    if output is not None:
        require_drawing()
    if output is not None and output.is_dir():
        for name in REPORT:
            writable("output", output / name, force=force)
    if against is not None and not against.is_dir():
        raise ValueError(f"against: must be a folder, got {str(against)!r}")
    folders = dict(map(_named, named or ()))
    if len(folders) < len(named or ()) or (HUMAN in folders and (data or against)):
        raise ValueError(f"songs: each system must be named once, got {', '.join(named or ())}")
    if songs and UNNAMED in folders:
        raise ValueError(
            f"songs: must have another name than {UNNAMED!r} beside songs without a name, got {UNNAMED}={folders[UNNAMED]}"
        )
    if not songs and not folders:
        raise ValueError("songs: must be at least one file, folder or NAME=FOLDER, got none")

    from canzona.evaluation.evaluation import Entry, compared_system, judge_all, summarise
    from canzona.evaluation.passages import TrainingPassages

    prepared = [] if data is None else read_data(data)
    entries: list[Entry] = []
    desk = _Desk(strict)
    if against is not None:
        entries += desk.folder(HUMAN, against)
    else:
        entries += _test_songs(HUMAN, prepared)
    for path in songs or ():
        entries += desk.entries(path)
    for system, folder in folders.items():
        entries += desk.folder(system, folder)
    if not entries:
        if desk.refusals:
            raise ValueError(desk.refusals[0])
        raise ValueError(f"songs: must be at least one, got none in {', '.join(map(str, [*(songs or ()), *folders.values()]))}")

    compared_system(list(dict.fromkeys(entry.system for entry in entries)), HUMAN, compare_with)  # before anything is measured
    desk.tell()
    passages = TrainingPassages.of_prepared(prepared)
    equip = partial(_equipment, weights, passages)
    scored: dict[str, list[ScoredSong]] = {entry.system: [] for entry in entries}
    with progress() as display:
        display.show("measuring songs", 0, len(entries))
        for done, (entry, song) in enumerate(judge_all(entries, equip, processes or processors_here()), start=1):
            scored[entry.system].append(song)
            display.show("measuring songs", done, len(entries), f"{entry.system} {entry.name}")
    evaluation = summarise(scored, HUMAN, notes=[_made_by()], compared_with=compare_with)
    if not evaluation.rows:
        note("nothing to measure: no figure fits these songs")
    figures = evaluation.to_dict()
    if output is not None:
        _write(output, evaluation)
    individual = {system: {song.name: dict(song.scores) for song in songs} for system, songs in evaluation.systems.items()}
    facts = {"figures": figures, "each": individual, "read": desk.facts()} if each else figures
    report(facts, as_json, _text(evaluation, each))
    if desk.refusals:
        raise typer.Exit(2)


def _made_by() -> str:
    from canzona.version import __version__

    return f"Measured by canzona {__version__}: canzona {' '.join(map(shlex.quote, sys.argv[1:]))}"


def _equipment(weights: Path | None, passages: "TrainingPassages | None") -> "Equipment":
    """In every process that measures, on one processor each."""
    from canzona import pretrained
    from canzona.evaluation.evaluation import Equipment

    pretrained.use_processors(1)
    return Equipment.of(pretrained.load_encoders(weights), passages)


def _named(option: str) -> tuple[str, Path]:
    name, sign, folder = option.partition("=")
    if not (name and sign and Path(folder).is_dir()):
        raise ValueError(f"songs: must be NAME=FOLDER with a folder that exists, got {option!r}")
    return name, Path(folder)


def _test_songs(system: str, prepared: "Sequence[PreparedSong]") -> "list[Entry]":
    from canzona.evaluation.evaluation import Entry
    from canzona.training.dataset import first_labellings

    songs = first_labellings(item for item in prepared if item.is_validation)
    return [Entry(system, f"{item.number:03d}", item.song, is_human=True) for item in songs]


class _Desk:
    """Where songs are read: a folder goes on where one of its files cannot be read."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict
        self.refusals: list[str] = []
        self._lines: list[str] = []
        self._facts: list[dict[str, object]] = []

    def entries(self, path: Path) -> "list[Entry]":
        """The songs of one unnamed argument."""
        from canzona.evaluation.evaluation import Entry

        if path.suffix == ".npz":
            return _test_songs(UNNAMED, read_data(path))
        if path.is_dir():
            return self.folder(UNNAMED, path)
        readings = Readings(self.strict, by_name=True)
        reading = readings.reading("songs", path)
        self._note(map(str, readings.read), readings)
        return [Entry(UNNAMED, str(path), reading.song, form_is_assumed=reading.form_is_assumed)]

    def folder(self, system: str, folder: Path) -> "list[Entry]":
        """The songs of a folder, and how long each took where ``seconds.json`` says so."""
        from canzona.evaluation.evaluation import Entry
        from canzona.io.seconds_json import read_seconds
        from canzona.reading import songs_in, summary

        try:
            seconds = read_seconds(folder)
        except (OSError, ValueError) as error:
            raise ValueError(f"songs: {error}") from None
        readings, songs = Readings(self.strict, by_name=True), {}
        for name, path in songs_in(folder).items():
            try:
                songs[name] = readings.reading("songs", path)
            except ValueError as refusal:
                self.refusals.append(str(refusal))
        self._note([summary(folder, readings.read)] if songs else [], readings)
        is_human = system in (HUMAN, HUMAN_TRAIN)
        return [Entry(system, name, own.song, seconds.get(name), is_human, own.form_is_assumed) for name, own in songs.items()]

    def tell(self) -> None:
        """A line for every folder and file, and for every file of a folder that is left out."""
        for line in (*self._lines, *(f"left out: {refusal}" for refusal in self.refusals)):
            note(line)

    def facts(self) -> list[dict[str, object]]:
        """What was read, for a program."""
        return self._facts

    def _note(self, lines: Iterable[str], readings: Readings) -> None:
        self._lines += lines
        self._facts += readings.facts()


def _write(folder: Path, evaluation: "Evaluation") -> None:
    from canzona.evaluation.report.page import report_page
    from canzona.io.files import atomic_write_all

    page = report_page(evaluation)
    folder.mkdir(exist_ok=True)
    figures = json.dumps(evaluation.to_dict(), indent=1) + "\n"
    atomic_write_all({folder / name: text.encode() for name, text in zip(REPORT, (figures, page), strict=True)})


def _text(evaluation: "Evaluation", each: bool) -> str:
    """A table for the terminal: a row a metric, a column a system."""
    systems = list(evaluation.figures)
    width = max([28, *(len(row.name) + 2 for row in evaluation.rows)])
    with_meaning = len(systems) < FEWEST_WITHOUT_MEANING
    lines = ["figure".ljust(width) + "".join(f"{f'{name} ({len(evaluation.systems[name])})':>26}" for name in systems)]
    group = ""
    for row in evaluation.rows:
        if row.group != group:
            lines.append(group := row.group)
        cells = [evaluation.figures[name][row.name] for name in systems]
        meaning = f"   {row.meaning}" if with_meaning else ""
        plain = [name for name, found in evaluation.differences.items() if row.name in found and found[row.name].is_significant]
        differing = f"   ≠ {', '.join(plain)}" if plain else ""
        lines.append(f"  {row.name}".ljust(width) + "".join(f"{_cell(cell):>26}" for cell in cells) + meaning + differing)
    if evaluation.differences:
        lines.append(f"≠: systems that differ plainly from {evaluation.compared_with}, after Holm's correction over metrics.")
    lines += evaluation.notes
    if each:
        for system in systems:
            for song in evaluation.systems[system]:
                said = ", ".join(f"{name} {'–' if value is None else f'{value:.3f}'}" for name, value in song.scores.items())
                lines.append(f"{system} {song.name}: {said}")
    return "\n".join(lines)


def _cell(figure: "Figure | None") -> str:
    if figure is None:
        return "–"
    return f"{figure.mean:.3f}" + (f" [{figure.low:.3f}, {figure.high:.3f}]" if figure.n > 1 else "")
