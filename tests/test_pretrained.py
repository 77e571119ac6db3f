"""The weights that come with the package: how they are registered, checked and loaded."""

import json
import shutil
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
import torch

import canzona
from canzona import pretrained
from canzona.faults import MachineFault
from canzona.generation import Cascade, Request
from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, LEVELS
from canzona.model import precision
from canzona.model.network import FrameTransformer
from canzona.model.states import VoiceShape
from canzona.model.weights import save_weights
from canzona.pretrained import LARGEST_FILE_BYTES, REGISTRY, WEIGHTS_FOLDER, UnusableWeights
from canzona.song import Form
from tiny import tiny_card, tiny_network, write_tiny_run, write_tiny_weights


@pytest.fixture(scope="module")
def tiny_weights(tmp_path_factory) -> Path:
    return write_tiny_weights(tmp_path_factory.mktemp("pretrained"))


@pytest.fixture
def weights(tiny_weights, tmp_path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(tiny_weights, tmp_path / "weights"))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def file_of(folder: Path, level) -> Path:
    return folder / f"{level.name}.safetensors"


def test_what_was_registered_is_what_is_loaded(tiny_weights):
    cascade = pretrained.load(tiny_weights, dtype=torch.float32)
    assert list(cascade.models) == [level.name for level in LEVELS]
    for level in LEVELS:
        model, saved = cascade.models[level.name], tiny_network(level).state_dict()
        assert (model.dtype, model.schedule) == (torch.float32, tiny_card(level).schedule)
        loaded = model.denoiser.network.state_dict()
        assert loaded.keys() == saved.keys()
        assert all(torch.equal(loaded[name], saved[name].to(torch.bfloat16).float()) for name in saved)
        assert not any(parameter.requires_grad for parameter in model.denoiser.parameters())


def test_the_registry_names_every_file_by_its_hash(tiny_weights):
    registry = json.loads((tiny_weights / REGISTRY).read_text())
    assert list(registry) == [level.name for level in LEVELS]
    assert sorted(contents(tiny_weights)) == sorted([REGISTRY, *(f"{level.name}.safetensors" for level in LEVELS)])
    assert len(set(registry.values())) == len(LEVELS)


def test_cards_say_what_the_files_are(tiny_weights):
    assert pretrained.cards(tiny_weights) == [tiny_card(level) for level in LEVELS]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_both_types_of_number_compose(tiny_weights, dtype):
    cascade = pretrained.load(tiny_weights, dtype=dtype)
    assert {parameter.dtype for model in cascade.models.values() for parameter in model.denoiser.parameters()} == {dtype}
    request = Request(canzona.Form.parse("A1"), canzona.Key.parse("C major"), steps=2)
    assert cascade.compose(request) == cascade.compose(request)


@pytest.mark.parametrize(
    ("flags", "dtype"),
    [
        ("flags : fpu avx2 avx512_bf16 sse", torch.bfloat16),
        ("flags : amx_bf16 amx_tile", torch.bfloat16),
        ("flags : fpu avx2 avx512f", torch.float32),
        ("", torch.float32),
    ],
)
def test_the_fast_type_of_number_depends_on_the_processor(flags, dtype, monkeypatch):
    monkeypatch.setattr(Path, "read_text", lambda path: flags)
    assert precision.fast_dtype.__wrapped__("cpu") == dtype
    assert precision.fast_dtype.__wrapped__("cuda") == torch.bfloat16


def test_without_knowledge_of_the_processor_single_precision_is_safe(monkeypatch):
    def missing(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(Path, "read_text", missing)
    assert precision.fast_dtype.__wrapped__("cpu") == torch.float32


def test_processors():
    before = torch.get_num_threads()
    try:
        assert pretrained.use_processors(1) == torch.get_num_threads() == 1
        assert 1 <= pretrained.use_processors() == torch.get_num_threads() <= 4
    finally:
        torch.set_num_threads(before)
    for threads in (0, -1, 65):
        with pytest.raises(ValueError, match=rf"^threads: must be 1 to 64, got {threads}$"):
            pretrained.use_processors(threads)
    assert torch.get_num_threads() == before


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without CUDA")
def test_a_device_that_is_not_there_is_named(tiny_weights):
    with pytest.raises(ValueError, match=r"^device: must be cpu on a machine without CUDA, got 'cuda'$"):
        pretrained.load(tiny_weights, "cuda")


def test_registering_one_level_keeps_the_others(weights, tmp_path):
    before = contents(weights)
    registry = pretrained.register([write_tiny_run(tmp_path / "run", LEAD_SHEET, seed=1)], weights)
    after = contents(weights)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {REGISTRY, file_of(weights, LEAD_SHEET).name}
    assert registry == json.loads(after[REGISTRY])
    pretrained.load(weights)


def test_registering_does_not_make_damaged_files_good(weights, tmp_path):
    flip_a_byte(file_of(weights, FORM))
    file_of(weights, ACCOMPANIMENT).unlink()
    before = json.loads((weights / REGISTRY).read_text())
    registry = pretrained.register([write_tiny_run(tmp_path / "run", LEAD_SHEET, seed=1)], weights)
    assert {name for name in registry if registry[name] != before[name]} == {LEAD_SHEET.name}
    assert list(registry) == list(before)
    with pytest.raises(UnusableWeights, match=r"form\.safetensors is damaged"):
        pretrained.load(weights)


@pytest.mark.parametrize("text", ["", "{", "\udcff"])
def test_a_registry_that_cannot_be_read_is_not_written_over(weights, tmp_path, text):
    (weights / REGISTRY).write_text(text, errors="surrogateescape")
    before = contents(weights)
    with pytest.raises(UnusableWeights, match=r"registry\.json is damaged"):
        pretrained.register([write_tiny_run(tmp_path / "run", FORM, seed=1)], weights)
    assert contents(weights) == before


def test_a_folder_may_be_filled_level_by_level(tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    for number, level in enumerate(LEVELS[::-1], start=1):
        registry = pretrained.register([write_tiny_run(tmp_path / level.name, level)], folder)
        assert len(registry) == number
        if number < len(LEVELS):
            with pytest.raises(UnusableWeights, match="is missing"):
                pretrained.load(folder)
    pretrained.load(folder)


def test_a_file_too_large_is_refused_and_nothing_written(weights, tmp_path):
    before = contents(weights)
    good, large = write_tiny_run(tmp_path / "good", FORM, seed=1), tmp_path / "large.safetensors"
    size = save_weights(large, tiny_network(LEAD_SHEET), tiny_card(LEAD_SHEET, training={"notes": "x" * LARGEST_FILE_BYTES}))
    with pytest.raises(ValueError, match=rf"^weights: .*large.* must be at most {LARGEST_FILE_BYTES} bytes, got {size}$"):
        pretrained.register([good, large], weights)
    assert contents(weights) == before


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"level": "symphony"}, "level: must be one of form, .*, got 'symphony'"),
        ({"level": FORM.name}, "has specification"),
        ({"specification": "something else"}, "has specification 'something else', must have"),
        ({"config": replace(tiny_card(LEAD_SHEET).config, blocks=3)}, "is damaged"),
    ],
)
def test_weights_for_something_else_are_refused(weights, tmp_path, fields, message):
    before, odd = contents(weights), tmp_path / "odd.safetensors"
    save_weights(odd, tiny_network(LEAD_SHEET), tiny_card(LEAD_SHEET, **fields))
    with pytest.raises(ValueError, match=message) as caught:
        pretrained.register([odd], weights)
    assert "\n" not in str(caught.value)
    assert contents(weights) == before


def write_misshapen(path: Path, level: Level, **fields: object) -> None:
    """Weights of a sound network that does not fit its level's images."""
    network = FrameTransformer(replace(tiny_card(level).config, **fields))
    save_weights(path, network, tiny_card(level, config=network.config))


@pytest.mark.parametrize(
    "fields",
    [
        {"voices": (VoiceShape(1, 4, 3),)},
        {"image_size": 8},
        {"background_size": 4},
        {"position_size": 3},
        {"frames": 144},
        {"tempo_size": 3},
        {"reference_size": 0},
        {"external_width": 64},
        {"external_places": 4},
        {"external_features": 3},
        {"place_frames": 8},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_networks_that_do_not_fit_their_level_are_refused(weights, tmp_path, fields):
    before, odd = contents(weights), tmp_path / "odd.safetensors"
    write_misshapen(odd, LEAD_SHEET, **fields)
    ((name, value),) = fields.items()
    wanted = getattr(tiny_card(LEAD_SHEET).config, name)
    with pytest.raises(ValueError, match=f"^weights: .*odd.safetensors has {name} .*, must have ") as caught:
        pretrained.register([odd], weights)
    assert str(caught.value).endswith(f"has {name} {value!r}, must have {wanted!r}")
    assert contents(weights) == before


def test_networks_that_were_learnt_before_tempo_was_told_go_on_without(weights, tmp_path):
    older = tmp_path / "older.safetensors"
    write_misshapen(older, LEAD_SHEET, tempo_size=0)
    pretrained.register([older], weights)
    assert pretrained.load(weights).compose(Request(Form.parse("A2"), seed=1, steps=2, tempo=140.0)).tempo == 140


def test_networks_of_any_size_fit(weights, tmp_path):
    other = tmp_path / "other.safetensors"
    free = {"width": 64, "blocks": 1, "head_width": 32, "expansion": 1, "noise_width": 32, "code_width": 24}
    write_misshapen(other, LEAD_SHEET, **free)
    pretrained.register([other], weights)
    pretrained.load(weights)


@pytest.mark.parametrize("data", [b"", b"no weights", b"\0" * 4096])
def test_what_is_no_weight_file_is_refused(weights, tmp_path, data):
    odd = tmp_path / "odd.safetensors"
    odd.write_bytes(data)
    with pytest.raises(ValueError, match=r"odd\.safetensors is damaged"):
        pretrained.register([odd], weights)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def flip_a_byte(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def renew_registry(folder: Path) -> None:
    """Note the files as they are, which ``register`` never does."""
    hashes = {level.name: sha256(file_of(folder, level).read_bytes()).hexdigest() for level in LEVELS}
    (folder / REGISTRY).write_text(json.dumps(hashes))


def swap_two_levels(folder: Path) -> None:
    file_of(folder, FORM).write_bytes(file_of(folder, ACCOMPANIMENT).read_bytes())
    renew_registry(folder)


def damage_before_registration(folder: Path) -> None:
    truncate(file_of(folder, LEAD_SHEET))
    renew_registry(folder)


def misshape(folder: Path) -> None:
    write_misshapen(file_of(folder, LEAD_SHEET), LEAD_SHEET, image_size=96)
    renew_registry(folder)


SPOILT = {
    "file missing": (lambda folder: file_of(folder, LEAD_SHEET).unlink(), r"lead-sheet\.safetensors is missing"),
    "file truncated": (lambda folder: truncate(file_of(folder, LEAD_SHEET)), r"lead-sheet\.safetensors is damaged"),
    "byte flipped": (lambda folder: flip_a_byte(file_of(folder, FORM)), r"form\.safetensors is damaged"),
    "folder missing": (shutil.rmtree, r"registry\.json is missing"),
    "registry missing": (lambda folder: (folder / REGISTRY).unlink(), r"registry\.json is missing"),
    "registry empty": (lambda folder: (folder / REGISTRY).write_text(""), r"registry\.json is damaged"),
    "registry no text": (lambda folder: (folder / REGISTRY).write_bytes(b"\xff\xfe"), r"registry\.json is damaged"),
    "registry a list": (lambda folder: (folder / REGISTRY).write_text("[]"), r"registry\.json is damaged"),
    "registry nested": (lambda folder: (folder / REGISTRY).write_text("[" * 100_000), r"registry\.json is damaged"),
    "registry of others": (lambda folder: (folder / REGISTRY).write_text('{"form": "0"}'), r"form\.safetensors is damaged"),
    "levels swapped": (swap_two_levels, r"form\.safetensors has level 'accompaniment', must have 'form'"),
    "damaged before it was registered": (damage_before_registration, r"lead-sheet\.safetensors is damaged"),
    "network of another shape": (misshape, r"lead-sheet\.safetensors has image_size 96, must have 176$"),
}


@pytest.mark.parametrize(("spoil", "message"), SPOILT.values(), ids=SPOILT)
def test_spoilt_weights_are_refused_in_one_line(weights, spoil, message):
    spoil(weights)
    with pytest.raises(UnusableWeights, match=message) as caught:
        pretrained.load(weights)
    assert isinstance(caught.value, MachineFault)
    assert "\n" not in str(caught.value)


def test_the_public_names_load_late():
    assert canzona.load is pretrained.load
    assert canzona.Request is Request
    with pytest.raises(AttributeError, match="no attribute 'compose'"):
        canzona.compose  # noqa: B018


def test_shipped_weights_are_whole_and_small_enough():
    cascade = canzona.load()  # checks every hash
    assert isinstance(cascade, Cascade)
    assert list(json.loads((WEIGHTS_FOLDER / REGISTRY).read_text())) == [
        *(level.name for level in LEVELS),
        pretrained.ENCODERS,
        pretrained.DYNAMICS,
    ]
    assert all(path.stat().st_size <= LARGEST_FILE_BYTES for path in WEIGHTS_FOLDER.glob("*.safetensors"))


def test_shipped_weights_say_how_they_were_trained():
    for level, card in zip(LEVELS, pretrained.cards(), strict=True):
        assert card.level == level.name
        assert card.training["steps"] > 0
        assert card.training["validation"]
