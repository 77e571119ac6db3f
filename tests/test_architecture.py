"""Imports go towards lower layers only, levels are named in one place, and importing does no work.

The layers are those of the design, but with ``model`` below ``representation``: the model knows tensors and no music, so it
needs nothing of a song, while a representation makes what the model takes (``Conditions``, ``ModelConfig``) out of songs. Of
all that lies below it ``model`` uses only the writing of files, and a test of its own holds it to that.
"""

import ast
import subprocess
import sys
from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path

import canzona
from canzona.hierarchy import levels
from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import LEVELS

SOURCE = Path(canzona.__file__).parent
FILES = {str(path.relative_to(SOURCE)): path for path in sorted(SOURCE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text()) for name, path in FILES.items()}

LAYERS = (
    {"version", "faults"},
    {"song", "processes", "shard"},
    {"limits", "cluster"},
    {"engine"},
    {"io"},
    {"hierarchy"},
    {"transcription"},
    {"reading"},
    {"model"},
    {"representation"},
    {"training", "generation"},
    {"hub"},
    {"evaluation", "pretrained", "baselines"},
    {"batch"},
    {"studio"},
    {"cli"},
    {"__init__", "__main__"},
)
"""From the lowest up. Parts of the same layer never import each other."""

MODEL_MAY_USE = {"canzona.io.files", "canzona.io.strict_json", "canzona.version", "canzona.faults"}
LEVELS_FILE = "hierarchy/levels.py"
REGISTERS_COMMANDS = "cli/app.py"
WITHOUT_TORCH = ("song", "io", "hierarchy", "transcription", "reading", "evaluation", "cli")
"""What must start quickly: the command line's help, and all that only reads and writes songs."""


def part_of(module: str) -> str:
    """``canzona.song.form`` → ``song``; the package itself is ``__init__``."""
    return module.split(".")[1] if "." in module else "__init__"


def part_of_file(name: str) -> str:
    return Path(name).parts[0].removesuffix(".py")


def layer(part: str) -> int:
    return next(number for number, parts in enumerate(LAYERS) if part in parts)


def is_module(module: str) -> bool:
    path = SOURCE.parent.joinpath(*module.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


def imported_modules(tree: ast.Module) -> Iterator[str]:
    """Every module of Canzona that a file imports, at its top, within functions or for type checkers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.split(".")[0] == "canzona")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute here"
            module = node.module or ""
            if module.split(".")[0] == "canzona":
                inner = [f"{module}.{name.name}" for name in node.names]
                yield from (name if is_module(name) else module for name in inner)


def test_every_part_has_one_layer() -> None:
    parts = [part for layer_parts in LAYERS for part in layer_parts]
    assert len(set(parts)) == len(parts)
    assert {part_of_file(name) for name in FILES} <= set(parts)


def offenders(offences: Callable[[str, ast.Module], Iterable[object]], *, but: Container[str] = ()) -> dict[str, set[object]]:
    """What each file does against a rule, by its name; files ``but`` these must keep it."""
    found = {name: set(offences(name, tree)) for name, tree in TREES.items() if name not in but}
    assert len(found) > 100, "there are no files to look at"
    return {name: offences for name, offences in found.items() if offences}


def test_imports_go_towards_lower_layers() -> None:
    def upward(name: str, tree: ast.Module) -> Iterator[str]:
        own = part_of_file(name)
        for module in imported_modules(tree):
            if part_of(module) != own and layer(part_of(module)) >= layer(own):
                yield module

    assert not offenders(upward)


def test_the_model_knows_no_music() -> None:
    def others(name: str, tree: ast.Module) -> set[str]:
        if part_of_file(name) != "model":
            return set()
        return {module for module in imported_modules(tree) if part_of(module) != "model"} - MODEL_MAY_USE

    assert "model" in map(part_of_file, FILES)
    assert not offenders(others)


def test_no_level_is_named_outside_the_table() -> None:
    # "form" and "accompaniment" are also what songs, files and options call these things, and may be spelt as that.
    names = {level.name for level in LEVELS} - {level.attribute for level in LEVELS}

    def spelt(_: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names:
                yield node.lineno, node.value

    assert names
    assert not offenders(spelt, but={LEVELS_FILE})


def test_nobody_asks_which_level_it_is() -> None:
    constants = {constant for constant, value in vars(levels).items() if isinstance(value, Level)}
    spellings = {value for level in LEVELS for value in (level.name, level.attribute, level.title)}

    def asked(_: str, tree: ast.Module) -> Iterator[int]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq | ast.Is | ast.IsNot):
                for operand in (node.left, *node.comparators):
                    if (isinstance(operand, ast.Constant) and operand.value in spellings) or (
                        isinstance(operand, ast.Name) and operand.id in constants
                    ):
                        yield node.lineno

    assert len(constants) == len(LEVELS)
    assert not offenders(asked, but={LEVELS_FILE})


def test_modules_hold_definitions_only() -> None:
    def doing(_: str, tree: ast.Module) -> Iterator[int]:
        yield from (node.lineno for node in tree.body if not is_definition(node))

    assert not offenders(doing, but={REGISTERS_COMMANDS})


def is_definition(node: ast.stmt) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)  # a docstring
    if isinstance(node, ast.If):
        return ast.unparse(node.test) in ("TYPE_CHECKING", "__name__ == '__main__'")
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    definitions = ast.Import | ast.ImportFrom | functions | ast.ClassDef | ast.Assign | ast.AnnAssign
    return isinstance(node, definitions)


def test_what_must_start_quickly_leaves_torch_alone() -> None:
    modules = ["canzona"]
    for name in FILES:
        if part_of_file(name) in WITHOUT_TORCH:
            modules.append("canzona." + name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    lines = [f"import {module}; assert 'torch' not in sys.modules, {module!r}" for module in modules]
    program = "\n".join(["import sys", *lines])
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
