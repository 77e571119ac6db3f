"""Weights as a folder of the Hugging Face Hub: what is written is what is loaded, and nothing that was changed is."""

import json
import shutil
from pathlib import Path

import pytest

from canzona import pretrained
from canzona.cli.app import run
from canzona.generation.request import Request
from canzona.hierarchy.levels import FORM, LEVELS
from canzona.hub import export_weights
from canzona.model.registry import UnusableWeights
from canzona.model.weights import read_card
from canzona.song import Form
from tiny import write_tiny_weights

REQUEST = Request(form=Form.parse("A1"), steps=2, guidance=0)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("hub"))


@pytest.fixture(scope="module")
def exported(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "canzona-weights"
    export_weights(folder, weights)
    return folder


def test_what_is_exported_composes_as_what_it_was_exported_from(weights: Path, exported: Path) -> None:
    one, other = (pretrained.load(folder).compose(REQUEST) for folder in (weights, exported))
    assert one == other
    assert one.provenance["weights"] == other.provenance["weights"] == pretrained.digests(exported)


def test_the_folder_is_laid_out_as_on_the_hub(weights: Path, exported: Path) -> None:
    names = {str(path.relative_to(exported)) for path in exported.rglob("*") if path.is_file()}
    of_levels = {f"{level.name}/{name}" for level in LEVELS for name in ("model.safetensors", "config.json")}
    assert names == of_levels | {"README.md", "registry.json", "encoders/model.safetensors", "dynamics/model.safetensors"}
    config = json.loads((exported / FORM.name / "config.json").read_text())
    card = read_card(weights / f"{FORM.name}.safetensors")
    assert (config["level"], config["network"], config["training"]) == (
        FORM.name,
        json.loads(json.dumps(card.config.to_dict())),
        card.training,
    )
    begin, metadata, text = (exported / "README.md").read_text().split("---\n", 2)
    assert begin == ""
    assert {"license: mit", "library_name: canzona", "- midi"} <= set(metadata.splitlines())
    assert pretrained.digests(exported)[FORM.name] in text


def change_config(folder: Path) -> None:
    path = folder / FORM.name / "config.json"
    path.write_text(path.read_text().replace('"blocks": 2', '"blocks": 3'))


def flip(folder: Path) -> None:
    path = folder / FORM.name / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (change_config, "config.json does not say what the weights beside it are"),
        (lambda folder: (folder / FORM.name / "config.json").unlink(), "config.json is missing"),
        (lambda folder: (folder / FORM.name / "config.json").write_text("{"), "config.json is damaged"),
        (flip, "model.safetensors is damaged"),
        (lambda folder: (folder / FORM.name / "model.safetensors").unlink(), "model.safetensors is missing"),
        (lambda folder: (folder / "registry.json").unlink(), "registry.json is missing"),
    ],
)
def test_what_was_changed_is_refused_in_one_line(spoil, said: str, exported: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(exported, tmp_path / "copy"))
    spoil(folder)
    with pytest.raises(UnusableWeights, match=said) as caught:
        pretrained.load(folder)
    assert "\n" not in str(caught.value)


def test_the_command_replaces_nothing_unasked(weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["export-weights", str(tmp_path / "out"), "--weights", str(weights)]
    assert run(command) == 0
    assert "12 files" in capsys.readouterr().out
    assert run(command) == 2
    assert "is there already; --force replaces it" in capsys.readouterr().err
    assert run([*command, "--force", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["files"]) == 12
