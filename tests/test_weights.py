"""Weight files: what is saved is loaded, and nothing else is."""

import json
import math
import random
import resource
import time
from dataclasses import replace

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from canzona.hierarchy.levels import FORM, LEAD_SHEET, LEVELS
from canzona.model.diffusion import NoiseSchedule
from canzona.model.weights import load_weights, read_card, read_tensors, save_weights
from canzona.representation.specification import specification
from tiny import tiny_card, tiny_config, tiny_network

HUGE = 10**9


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A good file of the form level."""
    path = tmp_path_factory.mktemp("weights") / "form.safetensors"
    save_weights(path, tiny_network(FORM), tiny_card(FORM))
    return path


def load(path, level=FORM, **options):
    return load_weights(path, level.name, specification(level), **options)


def rewritten(source, goal, metadata=None, tensors=None):
    """A copy of a weight file with some of its metadata and tensors replaced, or taken away by ``None``."""
    with safe_open(source, framework="pt") as file:
        entries = file.metadata() | (metadata or {})
    contents = load_file(source) | (tensors or {})
    kept = {name: value for name, value in contents.items() if value is not None}
    save_file(kept, goal, {name: value for name, value in entries.items() if value is not None})
    return goal


def refused(path, match, level=FORM):
    """Sees that the file is refused in one line that names it."""
    with pytest.raises(ValueError, match=match) as caught:
        load(path, level)
    message = str(caught.value)
    assert message.startswith(f"weights: {path} ")
    assert "\n" not in message


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_what_is_saved_is_loaded_but_for_rounding(level, tmp_path):
    path, network = tmp_path / "weights.safetensors", tiny_network(level)
    card = tiny_card(
        level, schedule=NoiseSchedule(sigma_max=70.0), training={"steps": 12, "settings": {"seed": 3}, "note": "Übung"}
    )
    assert save_weights(path, network, card) == path.stat().st_size
    loaded, loaded_card = load(path, level)
    assert loaded_card == read_card(path) == card
    assert loaded.config == network.config
    assert loaded.state_dict().keys() == network.state_dict().keys()
    for name, value in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value.to(torch.bfloat16).float()), name
    for mine, its in zip(network.points, loaded.points, strict=True):
        assert torch.equal(mine, its)  # of states: nothing is rounded
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_saving_what_was_loaded_gives_the_same_file(saved, tmp_path):
    network, card = load(saved)
    save_weights(tmp_path / "again.safetensors", network, card)
    again = load_file(tmp_path / "again.safetensors")
    for name, value in load_file(saved).items():
        assert torch.equal(again[name], value)


def test_half_precision_is_what_the_file_holds(saved):
    network, _ = load(saved, dtype=torch.bfloat16)
    for name, value in load_file(saved).items():
        assert torch.equal(network.state_dict()[name], value)


def test_loading_leaves_the_global_generator_alone(saved):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load(saved)
    assert torch.equal(torch.rand(3), expected)


def test_another_level_specification_or_format_is_refused_by_name(saved, tmp_path):
    refused(saved, "has level 'form', must have 'lead-sheet'", LEAD_SHEET)
    other = rewritten(saved, tmp_path / "a", {"specification": "12 bars"})
    refused(other, "has specification '12 bars', must have '256 bars x 16 rows")
    refused(
        rewritten(saved, tmp_path / "b", {"format": "canzona-weights-9"}), "canzona-weights-1 file, got 'canzona-weights-9'"
    )
    refused(rewritten(saved, tmp_path / "c", {"format": None}), "canzona-weights-1 file, got None")
    save_file({"tensor": torch.zeros(2)}, tmp_path / "d")
    refused(tmp_path / "d", "canzona-weights-1 file, got None")


@pytest.mark.parametrize("name", ["level", "specification", "config", "schedule", "version", "training"])
def test_missing_metadata_is_refused_by_name(name, saved, tmp_path):
    refused(rewritten(saved, tmp_path / "file", {name: None}), f"unreadable metadata .*{name}")


def with_config(**values):
    kept = {name: value for name, value in tiny_config(FORM).to_dict().items() if name not in values}
    return {"config": json.dumps(kept | values)}


@pytest.mark.parametrize(
    "metadata",
    [
        with_config(width=HUGE),
        with_config(width=33),
        with_config(blocks=HUGE),
        with_config(frames=2**40),
        with_config(place_frames=0),
        with_config(head_width=-1),
        with_config(image_size=8.5),
        with_config(voices=[]),
        with_config(voices=2),
        with_config(voices=[{"count": HUGE, "states": HUGE, "size": HUGE}]),
        with_config(voices=[{"count": 1, "states": 2}]),
        with_config(voices=[[1, 2, 3]]),
        with_config(hats=1),
        {"config": "{}"},
        {"config": "[]"},
        {"config": "null"},
        {"config": "{"},
        {"config": "[" * 100_000},
        {"config": '{"width": ' + "9" * 5000 + "}"},
        {"schedule": "[]"},
        {"schedule": '{"sigma_min": 0}'},
        {"schedule": '{"sigma_max": NaN}'},
        {"schedule": '{"walk": 1}'},
        {"training": "7"},
        {"training": ""},
    ],
    ids=lambda metadata: next(iter(metadata.values()))[-60:],
)
def test_metadata_that_makes_no_sense_is_refused(metadata, saved, tmp_path):
    refused(rewritten(saved, tmp_path / "file", metadata), "unreadable metadata")


def test_configuration_beyond_the_tensors_costs_neither_memory_nor_time(saved, tmp_path):
    """The largest network that a configuration can describe, claimed by a file of a few tensors."""
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    sizes = ("image_size", "background_size", "position_size", "reference_size", "external_width", "external_places", "width",
             "external_features", "code_width", "noise_width", "expansion", "frames")  # fmt: skip
    largest = with_config(
        voices=[{"count": 1, "states": 4096, "size": 4096}], blocks=32, head_width=1, **dict.fromkeys(sizes, 4096)
    )
    refused(rewritten(saved, tmp_path / "file", largest), "damaged")
    assert time.process_time() - started < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kB


def test_tensors_that_do_not_fit_are_refused(saved, tmp_path):
    refused(rewritten(saved, tmp_path / "a", tensors={"output.bias": None}), "damaged .*Missing.*output.bias")
    refused(rewritten(saved, tmp_path / "b", tensors={"extra": torch.zeros(2)}), "damaged .*Unexpected.*extra")
    refused(rewritten(saved, tmp_path / "c", tensors={"output.bias": torch.zeros(3)}), "damaged .*size mismatch.*output.bias")
    refused(rewritten(saved, tmp_path / "d", with_config(noise_width=32)), "damaged .*size mismatch")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_refused(saved, tmp_path, number):
    for name, tensor in load_file(saved).items():
        broken = tensor.clone()
        broken.view(-1)[-1] = number
        refused(rewritten(saved, tmp_path / "file", tensors={name: broken}), f"damaged .*{name} are not finite")


def test_numbers_whose_sum_is_too_large_are_no_damage(saved, tmp_path):
    large = torch.full_like(load_file(saved)["output.bias"], torch.finfo(torch.bfloat16).max)
    network, _ = load(rewritten(saved, tmp_path / "file", tensors={"output.bias": large}))
    assert torch.equal(network.output.bias, large.float())


def test_tensors_can_be_read_for_another_network(saved, tmp_path):
    tensors = read_tensors(saved, FORM.name, specification(FORM))
    assert tensors.keys() == tiny_network(FORM).state_dict().keys()
    other = rewritten(saved, tmp_path / "a", tensors={"output.bias": torch.zeros(3), "noise.layers.0.bias": None})
    found = read_tensors(other, FORM.name, specification(FORM))
    assert torch.equal(found["output.bias"], torch.zeros(3))
    assert tensors.keys() - found.keys() == {"noise.layers.0.bias"}
    for level, text in ((LEAD_SHEET.name, specification(FORM)), (FORM.name, "12 bars")):
        with pytest.raises(ValueError, match=r"^weights: .* has (level|specification) '.*', must have '(lead-sheet|12 bars)'$"):
            read_tensors(saved, level, text)
    cut = tmp_path / "cut"
    cut.write_bytes(saved.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"^weights: .*cut is damaged"):
        read_tensors(cut, FORM.name, specification(FORM))


def opens_or_is_refused(path):
    """Whether the file loads; nothing but the two allowed errors, each in one line, may come instead."""
    try:
        load(path)
    except (ValueError, OSError) as error:
        refusal = str(error)
    else:
        return True
    assert "\n" not in refusal
    return False


def test_cut_files_are_refused(saved, tmp_path):
    data, path = saved.read_bytes(), tmp_path / "cut"
    for length in (0, 1, 7, 8, 9, 100, 2000, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:length])
        assert not opens_or_is_refused(path)
    path.write_bytes(data + b"\0")
    assert not opens_or_is_refused(path)


def test_flipped_bits_do_no_worse_than_another_weight(saved, tmp_path):
    data, path, generator = saved.read_bytes(), tmp_path / "flipped", random.Random(0)
    header = 8 + int.from_bytes(data[:8], "little")
    metadata = data.index(b"__metadata__"), data.index(b"__metadata__") + 2500
    places = list(range(8)) + generator.sample(range(8, header), 100) + generator.sample(range(*metadata), 100)
    for place in places:
        flipped = bytearray(data)
        flipped[place] ^= 1 << generator.randrange(8)
        path.write_bytes(flipped)
        opens_or_is_refused(path)


@pytest.mark.parametrize("content", [b"", b"\0" * 64, b"MThd" * 50, b"\xff" * 64, b"PK\x03\x04" + b"\0" * 60, b'{"a": 1}'])
def test_other_files_are_refused(content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert not opens_or_is_refused(path)
    with pytest.raises(ValueError, match="is damaged"):
        read_card(path)


def test_missing_files_and_folders_are_refused(tmp_path):
    for path in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises((OSError, ValueError)) as caught:
            load(path)
        assert str(path) in str(caught.value)


def test_failed_save_leaves_the_old_file(saved, tmp_path):
    goal = tmp_path / "weights.safetensors"
    save_weights(goal, tiny_network(FORM), tiny_card(FORM))
    with pytest.raises(TypeError):
        save_weights(goal, tiny_network(FORM), replace(tiny_card(FORM), training={"bad": object()}))
    assert load(goal)[1] == tiny_card(FORM)
    assert list(tmp_path.iterdir()) == [goal]
