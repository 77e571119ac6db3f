"""What the documents say is true: their code runs, their commands are understood, their tables agree with the program."""

import ast
import doctest
import os
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import typer
from typer.core import TyperGroup

from canzona import __version__, pretrained
from canzona.cli.app import app, run
from canzona.evaluation.metrics import ROWS, YARDSTICK
from canzona.hierarchy.levels import LEVELS
from canzona.io.song_json import write_song_file
from canzona.model import FrameTransformer
from canzona.representation.specification import model_config
from canzona.song import Form, Meter
from canzona.training.config import TrainingConfig
from test_render import example_song
from tiny import write_tiny_weights

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "canzona"
README, MODEL_CARD, CHANGELOG, LEVELS_PAGE = (
    ROOT / name for name in ("README.md", "MODEL_CARD.md", "CHANGELOG.md", "docs/levels.md")
)
PAGES = (README, MODEL_CARD, CHANGELOG, LEVELS_PAGE)
SHORTENED = {
    '"i4A8B8A8B8o4"': '"i2A2"',
    '"A8@D B8@E"': '"A4@D B2@E"',
    "seed=7": "seed=7, steps=2",
    "seed=8": "seed=8, steps=2",
}
"""README's code is run for a shorter song in fewer steps."""

GROUP = typer.main.get_command(app)
assert isinstance(GROUP, TyperGroup)
COMMANDS = GROUP.commands


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def shell_lines(page: Path) -> list[list[str]]:
    """The words of every command that a page shows, without its comment."""
    return [shlex.split(line, comments=True) for block in blocks(page, "sh") for line in block.splitlines() if line.strip()]


def section(page: Path, title: str) -> str:
    """The text under a heading, down to the next of its rank or above."""
    text = page.read_text(encoding="utf-8")
    start = re.search(rf"^(#+) {re.escape(title)}$", text, flags=re.MULTILINE)
    assert start, f"{page.name} has no section {title!r}"
    rest = text[start.end() :]
    end = re.search(rf"^#{{1,{len(start[1])}}} ", rest, flags=re.MULTILINE)
    return rest[: end.start()] if end else rest


def table_rows(text: str) -> list[list[str]]:
    """The cells of the rows of every table in a text, headings and rulers left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    rulers = {number for number, line in enumerate(lines) if set(line) <= set("| -")}
    kept = [line for number, line in enumerate(lines) if number not in rulers and number + 1 not in rulers]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in kept]


OPTION_TABLES = {
    name: {row[0].split("`")[1]: row[3] for row in rows}
    for name in COMMANDS
    if (rows := [row for row in table_rows(section(README, name.capitalize())) if len(row) == 4])
}
"""README's tables: command → option → its default."""

CANZONA_LINES = [words[1:] for page in PAGES for words in shell_lines(page) if words[0] == "canzona"]


def test_levels_page_prints_what_it_shows() -> None:
    names: dict[str, Any] = {}
    runner = doctest.DocTestRunner(optionflags=doctest.FAIL_FAST)
    for number, block in enumerate(blocks(LEVELS_PAGE, "python"), start=1):
        example = doctest.DocTestParser().get_doctest(block, names, f"block {number}", LEVELS_PAGE.name, 0)
        assert example.examples, f"block {number} of {LEVELS_PAGE.name} has no >>>"
        messages: list[str] = []
        runner.run(example, out=messages.append, clear_globs=False)
        names = example.globs
        assert not messages, "".join(messages)


@pytest.fixture(params=["tiny", "shipped"])
def weights(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with tiny random weights, and again with those that the package ships."""
    if request.param == "tiny":
        folder = write_tiny_weights(tmp_path)
        pretrained.register([pretrained.WEIGHTS_FOLDER / "encoders.safetensors"], folder)
        monkeypatch.setattr(pretrained, "WEIGHTS_FOLDER", folder)


@pytest.mark.usefixtures("weights")
def test_readme_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    code = "".join(blocks(README, "python"))
    for shown, shorter in SHORTENED.items():
        assert shown in code
        code = code.replace(shown, shorter)
    names: dict[str, Any] = {}
    exec(compile(code, README.name, "exec"), names)
    assert Path("song.mid").read_bytes().startswith(b"MThd")
    assert '"format": "canzona-song"' in Path("song.json").read_text(encoding="utf-8")
    song, other, steered, revised, again = (names[name] for name in ("song", "other", "steered", "revised", "reharmonised"))
    assert [span.chord.root for span in steered.lead_sheet.chords if span.start_beat < 16] == [2, 9, 11, 7]
    assert revised.lead_sheet == steered.lead_sheet
    assert revised.accompaniment != steered.accompaniment
    assert again.lead_sheet.melody == steered.lead_sheet.melody
    assert again.lead_sheet.chords != steered.lead_sheet.chords
    assert str(song.form) == "i2A2"
    assert other.lead_sheet.chords == song.lead_sheet.chords
    assert "accompaniment 2 of 2" in capsys.readouterr().out


@pytest.mark.usefixtures("weights")
def test_model_card_code_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile("".join(blocks(MODEL_CARD, "python")), MODEL_CARD.name, "exec"), {})
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed] == [level.name for level in LEVELS]


@pytest.mark.parametrize("words", CANZONA_LINES, ids=" ".join)
def test_commands_are_understood(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser takes each line; ``compose`` also checks its values, and then finds no weights, which is status 1."""
    name, *arguments = words
    COMMANDS[name].make_context(name, arguments)
    if name == "compose" and not {"--melody", "--from", "--prompt"} & set(words):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "empty").mkdir()
        assert run([*words, "--weights", "empty"]) == 1


def test_make_targets_exist() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    shown = {words[1] for page in PAGES for words in shell_lines(page) if words[0] == "make"}
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8"))}
    assert shown >= {"song", "test"}
    assert shown | named <= set(targets)


@pytest.mark.parametrize("name", COMMANDS)
def test_readme_names_every_option_and_no_other(name: str) -> None:
    """Each command has a section, which names its options; the help also lists them."""
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts if option.startswith("-")}
    prose = re.sub(r"^```.*?^```", "", section(README, name.capitalize()), flags=re.DOTALL | re.MULTILINE)
    named = {option for span in re.findall(r"`([^`]+)`", prose) for option in re.findall(r"^--?[a-z0-9-]+", span)}
    negated = {option for parameter in COMMANDS[name].params for option in parameter.secondary_opts}
    assert named - {"--help", "--version"} - negated == options


@pytest.mark.parametrize("name", OPTION_TABLES)
def test_readme_defaults_are_those_of_the_program(name: str) -> None:
    """Also where the program works the default out, and its help says which it is."""
    parameters = {parameter.opts[0]: parameter for parameter in COMMANDS[name].params}
    for option, default in OPTION_TABLES[name].items():
        parameter = parameters[option]
        told = re.search(r"Default: (.*)\.$", getattr(parameter, "help", ""))
        if parameter.required:
            assert default == "required", option
        elif isinstance(parameter.default, bool):
            assert default == "", option
        elif parameter.default is not None:
            value = f"{parameter.default:g}" if isinstance(parameter.default, float) else str(parameter.default)
            assert default.split(":")[0].strip("`") == value, option
        elif told and re.search(r"\d", told[1]):
            assert default.split(", where")[0] == told[1], option


def test_tables_of_options_are_whole() -> None:
    assert set(COMMANDS) - set(OPTION_TABLES) == {"render", "show"}  # told in sentences
    for name, table in OPTION_TABLES.items():
        options = {parameter.opts[0] for parameter in COMMANDS[name].params if parameter.opts[0].startswith("-")}
        assert set(table) == options - (set(OPTION_TABLES["compose"]) - set(table) if name == "revise" else set()), name


def shown_default(name: str, option: str) -> str:
    return OPTION_TABLES[name][option].split(",")[0]


def test_listening_tests_have_excerpts_of_the_default_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")  # no synthesiser but the package's
    Path("songs").mkdir()
    write_song_file(Path("songs") / "one.json", example_song("A4B4A4"))
    bars = shown_default("listen-test", "--bars")
    assert run(["listen-test", "songs", "-o", "default"]) == 0
    assert f", {bars} bars, seed {shown_default('listen-test', '--seed')};" in capsys.readouterr().out
    assert run(["listen-test", "songs", "-o", "given", "--bars", bars]) == 0
    assert Path("default/index.html").read_bytes() == Path("given/index.html").read_bytes()


class _Started(Exception):
    """What a command would do, instead of doing it."""


def started(monkeypatch: pytest.MonkeyPatch, where: str, *words: str | Path) -> tuple[tuple[object, ...], dict[str, object]]:
    """The arguments with which a command calls the function that does its work."""

    def stop(*arguments: object, **named: object) -> None:
        raise _Started(arguments, named)

    monkeypatch.setattr(where, stop)
    with pytest.raises(_Started) as caught:
        run([str(word) for word in words])
    return caught.value.args[0], caught.value.args[1]


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (("train", "form"), "canzona.training.loop.Trainer"),
        (("train-encoder", "texture"), "canzona.training.encoders.EncoderTrainer"),
    ],
    ids=["train", "train-encoder"],
)
def test_runs_last_as_long_as_the_default_says(
    words: tuple[str, ...], where: str, prepared_dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for steps, minutes in (((), float(shown_default(words[0], "--max-minutes"))), (("--max-steps", "3"), None)):
        arguments, _ = started(monkeypatch, where, *words, "--data", prepared_dataset, "--threads", "1", *steps)
        config: Any
        (config,) = (argument for argument in arguments if hasattr(argument, "max_minutes"))
        assert config.max_minutes == minutes


def test_as_many_songs_are_measured_at_once_as_there_are_processors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_default("evaluate", "--processes") == "one a processor"
    write_song_file(tmp_path / "one.json", example_song("A2"))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 2, 5}, raising=False)
    arguments, named = started(monkeypatch, "canzona.evaluation.evaluation.judge_all", "evaluate", tmp_path)
    assert 3 in (*arguments, *named.values())


def test_tables_of_levels_agree_with_the_program() -> None:
    for page, row_start in ((README, 0), (LEVELS_PAGE, 0), (MODEL_CARD, 0)):
        titles = [row[row_start] for row in table_rows(page.read_text(encoding="utf-8"))]
        order = [title for title in titles if title in {level.title for level in LEVELS}]
        assert order[: len(LEVELS)] == [level.title for level in LEVELS], page.name
    readme = {row[0]: row for row in table_rows(README.read_text(encoding="utf-8"))}
    page = {row[0]: row for row in table_rows(LEVELS_PAGE.read_text(encoding="utf-8"))}
    for level in LEVELS:
        unit = f"{level.window_frames} {level.unit.value}s"
        assert readme[level.title][3].startswith(unit)
        if not level.ends_freely:
            bars = f"{level.window_bars(Meter())} bars in 4/4"
            assert readme[level.title][3] == f"{unit}: {bars}"
        assert page[level.title][3] == unit
        assert page[level.title][4] == f"{len(level.planes)} × {level.window_frames} × {level.rows}"
        coarser = [other.title for other in LEVELS if other.name in level.background]
        assert page[level.title][5] == (", ".join(coarser) or "–")


def test_model_card_counts_parameters() -> None:
    rows = {row[0]: row for row in table_rows(section(MODEL_CARD, "Architecture"))}
    for level in LEVELS:
        config = model_config(level, width=TrainingConfig().width, blocks=TrainingConfig().blocks)
        with torch.device("meta"):
            network = FrameTransformer(config)
        conditions = network.conditions
        readers = (conditions.read_known, conditions.read_background, conditions.read_reference)
        parameters = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
        _, image, states, told, count = rows[level.title]
        assert image == f"{len(level.planes)} × {level.window_frames} × {level.rows}"
        assert states == ", ".join(f"{shape.count} × {shape.states}" for shape in config.voices)
        assert told == str(sum(reader.in_features for reader in readers if reader is not None))
        assert count == f"{parameters / 1e6:.2f} M"


@pytest.mark.parametrize("page", [README, MODEL_CARD], ids=lambda page: page.name)
def test_tables_of_figures_name_the_metrics(page: Path) -> None:
    rows = [row for row in table_rows(section(page, "Figures")) if row[0].startswith("`")]
    told = [row for row in ROWS if row.group != YARDSTICK]
    assert [row[0].strip("`") for row in rows] == [row.name for row in told]
    if page == README:
        assert [row[1] for row in rows] == [row.meaning.replace("*", "\\*") for row in told]


def test_forms_in_the_pages_are_as_long_as_said() -> None:
    assert Form.parse("i4A8B8A8B8o4").length_bars == 40
    assert "song of 40 bars" in MODEL_CARD.read_text(encoding="utf-8")


def test_changelog_begins_with_this_version() -> None:
    versions = re.findall(r"^## \[([^\]]+)\]", CHANGELOG.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert versions[0] in (__version__, "Unreleased")
    assert __version__ in MODEL_CARD.read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_and_files_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`([a-z_0-9/]+\.py)`", text):
        assert (PACKAGE / name).exists() or (ROOT / name).exists(), name
    for name, _, anchor in [link.partition("#") for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]:
        target = page.parent / name if name else page
        assert target.exists(), name
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in [heading.lower().replace(" ", "-") for heading in headings], anchor


def test_layout_lists_the_modules_from_the_bottom_up() -> None:
    """No module imports one that README's table shows beside or below it."""
    rank: dict[str, int] = {}
    for number, row in enumerate(table_rows(section(README, "Layout of the code"))):
        rank |= dict.fromkeys((name.removesuffix("/").removesuffix(".py") for name in re.findall(r"`([^`]+)`", row[0])), number)
    above_all = {"faults", "version", "__main__"}
    found = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert set(rank) == found - above_all - {"__init__"}
    for path in sorted(PACKAGE.rglob("*.py")):
        importer = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for parent, imported in (pair for name in names for pair in pairwise(name.split(".")[:2])):
                if parent == "canzona" and importer in rank and imported in rank and imported != importer:
                    assert rank[imported] < rank[importer], f"{path.relative_to(PACKAGE)} imports canzona.{imported}"
