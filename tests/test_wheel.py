"""The package as it is shipped: a wheel, in an environment and a folder of its own, composes without a network."""

import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from canzona.io.midi import midi_to_song
from canzona.song import Form
from canzona.version import __version__

ROOT = Path(__file__).parent.parent
MISSING = [name for name in ("hatchling", "pip") if importlib.util.find_spec(name) is None]

pytestmark = pytest.mark.skipif(
    bool(MISSING), reason=f"{' and '.join(MISSING)} to build and install a wheel not there: pip install 'canzona[dev]'"
)


def done(*words: str | Path, folder: Path) -> str:
    """What a command prints that must succeed; it sees nothing of this process's packages."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "CANZONA"))}
    outcome = subprocess.run([*map(str, words)], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment with the wheel, which sees the libraries of this one but not its Canzona."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    libraries = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "libraries.pth").write_text("".join(f"{path}\n" for path in sorted(libraries)))
    programs = folder / "bin"
    install = ("-m", "pip", "--python", programs / "python", "install", "--quiet", "--no-deps", "--no-index", wheel)
    subprocess.run([sys.executable, *map(str, install)], check=True, capture_output=True)
    return programs


def test_a_wheel_holds_all_of_the_package_and_nothing_else(wheel: Path) -> None:
    package = ROOT / "src"
    sources = {str(path.relative_to(package)) for path in package.glob("canzona/**/*") if path.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        (metadata,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
    assert held == {name for name in sources if "__pycache__" not in name}
    assert {"canzona/py.typed", "canzona/weights/registry.json"} <= held
    assert f"\nVersion: {__version__}\n" in metadata
    assert "\nLicense-Expression: MIT\n" in metadata


@pytest.mark.skipif(os.name != "posix", reason="an environment has another layout on Windows")
def test_an_installed_wheel_composes_by_itself(installed: Path, tmp_path: Path) -> None:
    at = Path(done(installed / "python", "-c", "import canzona; print(canzona.__file__)", folder=tmp_path).strip())
    assert installed.parent in at.parents
    done(installed / "canzona", "compose", "--form", "A2B2", "--steps", "2", "-o", "song.mid", folder=tmp_path)
    song = midi_to_song((tmp_path / "song.mid").read_bytes())
    assert str(song.form) == str(Form.parse("A2B2"))
    assert song.accompaniment
