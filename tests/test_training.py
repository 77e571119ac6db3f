"""Training: what windows show, a run that can be stopped anywhere, and the files that it leaves."""

import io
import itertools
import json
import math
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from canzona.cli.common import split_data
from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, LEVELS, REDUCED_LEAD_SHEET, level_named
from canzona.model.conditioning import DROPPABLE, Conditions
from canzona.model.diffusion import NoiseSchedule
from canzona.model.weights import load_weights
from canzona.representation.drawing import part_masks
from canzona.representation.encoders import Encoders
from canzona.representation.encodings import encoding_named
from canzona.representation.image import encode_level
from canzona.representation.specification import new_network, specification
from canzona.representation.window import PLACES_IN_BAR, Windows
from canzona.song import Key
from canzona.song.transposition import home_shift, transposed
from canzona.training import loop
from canzona.training.checkpoint import CHECKPOINT, HISTORY, WEIGHTS
from canzona.training.config import TrainingConfig
from canzona.training.dataset import PreparedSong, TrainingSongs, load_songs, save_songs, tuning_numbers, validation_numbers
from canzona.training.ema import moving_average
from canzona.training.loop import Trainer
from canzona.training.muon import Muon, orthogonal
from canzona.training.optimizer import Optimizers
from canzona.training.rate import learning_rate
from canzona.training.sampling import Corruption, Dropout, Visibility, draw_windows, with_corruption, with_dropout
from certain import sure
from real_data import POP909, needs_data
from strategies import keys, lead_sheets, piano_parts, songs
from test_encoders import tiny_encoder
from tiny import tiny_network

VALIDATION_NUMBERS_HERE = (
    4, 11, 15, 42, 46, 54, 87, 121, 136, 196, 234, 237, 244, 245, 247, 304, 366, 373, 432, 441, 443, 456, 460, 483, 529, 560,
    598, 602, 609, 620, 626, 665, 684, 688, 690, 708, 744, 753, 782, 806, 816, 861, 881, 891, 893, 901,
)  # fmt: skip

TUNING_NUMBERS = (
    7, 28, 49, 68, 90, 108, 128, 148, 168, 186, 207, 225, 248, 267, 288, 309, 328, 347, 365, 388, 406, 424, 445, 465, 486, 505,
    525, 544, 565, 583, 603, 623, 643, 662, 682, 704, 723, 742, 767, 786, 808, 827, 847, 866, 886, 907,
)  # fmt: skip

by_level = pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
SHORT = TrainingConfig(
    batch_size=2, learning_rate=3e-3, warmup_steps=2, max_steps=6, max_minutes=None, validation_every=4, validation_windows=4
)


@pytest.fixture(scope="module")
def encoders():
    """Random ones, for every control from outside."""
    controls = [level.external for level in LEVELS if level.external]
    return Encoders(tuple(tiny_encoder(encoding_named(own.encoding), width=own.features or 16) for own in controls))


@pytest.fixture
def start(tmp_path, training_songs, validation_songs, tiny_config):
    """(level, configuration, folder's name, encoders) → a fresh trainer of a tiny network."""

    def make(level=FORM, config=SHORT, folder="run", encoders=None):
        cpu, shape = torch.device("cpu"), tiny_config(level)
        return Trainer(level, training_songs, validation_songs, tmp_path / folder, config, cpu, shape, encoders=encoders)

    return make


@pytest.fixture
def sigterm_as_ctrl_c():
    earlier = signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGTERM, earlier)


def outcome(trainer):
    """All that a run has learned, by name."""
    states = {"network": trainer.network, "average": trainer.average}
    tensors = {f"{name}.{entry}": value for name, module in states.items() for entry, value in module.state_dict().items()}
    tensors |= {f"optimizer.{name}": value for name, value in trainer.optimizers.state().items()}
    return tensors | {"generator": trainer.generator.get_state()}


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name


def history(folder):
    return [json.loads(line) for line in (folder / HISTORY).read_text().splitlines()]


class TestRun:
    @by_level
    def test_loss_falls(self, level, start):
        trainer = start(level, replace(SHORT, batch_size=4, max_steps=12, learning_rate=4e-3, validation_every=100))
        before = trainer.validate()["loss"]
        losses = [progress.loss for progress in trainer.run()]
        assert all(map(math.isfinite, losses))
        assert trainer.figures["loss"] < 0.95 * before  # on the same windows with the same noise

    @pytest.mark.parametrize("level", [FORM, LEAD_SHEET], ids=lambda level: level.name)
    def test_resumed_run_is_the_run_that_was_not_stopped(self, level, start, encoders):
        whole = start(level, replace(SHORT, max_steps=8), "whole", encoders)
        reports = list(whole.run())
        first = start(level, replace(SHORT, max_steps=8), "split", encoders)
        early = list(itertools.islice(first.run(), 4))
        first.save()
        second = start(level, replace(SHORT, max_steps=8), "split", encoders)
        second.resume(first.folder / CHECKPOINT)
        late = list(second.run())
        assert [(each.step, each.loss, each.learning_rate, each.validation) for each in early + late] == [
            (each.step, each.loss, each.learning_rate, each.validation) for each in reports
        ]
        assert_same(outcome(whole), outcome(second))
        assert_same(load_file(whole.folder / WEIGHTS), load_file(second.folder / WEIGHTS))
        assert whole.figures == second.figures
        stripped = [[entry | {"minutes": 0} for entry in history(each.folder)] for each in (whole, second)]
        assert stripped[0] == stripped[1]

    @pytest.mark.parametrize("steps", range(7))
    def test_a_run_can_be_left_after_any_step(self, steps, start):
        first = start()
        running = first.run()
        for _ in range(steps):
            next(running)
        running.close()
        first.save()
        second = start()
        second.resume(first.folder / CHECKPOINT)
        assert second.step == steps
        assert second.figures == first.figures
        assert_same(outcome(first), outcome(second))
        assert [progress.step for progress in second.run()] == list(range(steps + 1, 7))
        assert [entry["step"] for entry in history(second.folder)] == [4, 6]

    def test_restored_state_lies_in_memory_as_the_weights_do(self, start):
        first = start()
        next(first.run())
        first.save()
        second = start()
        second.resume(first.folder / CHECKPOINT)
        assert second.optimizers.state().keys() == first.optimizers.state().keys()
        for optimizer in second.optimizers.optimizers:
            for parameter, state in optimizer.state.items():
                assert all(value.stride() == parameter.stride() for value in state.values() if value.ndim)

    def test_seed_decides_everything_and_the_global_generator_nothing(self, start):
        torch.manual_seed(1)
        first = start(config=replace(SHORT, max_steps=2), folder="first")
        list(first.run())
        torch.manual_seed(2)
        expected = torch.rand(3)
        torch.manual_seed(2)
        second = start(config=replace(SHORT, max_steps=2), folder="second")
        list(second.run())
        assert torch.equal(torch.rand(3), expected)
        assert_same(outcome(first), outcome(second))
        other = start(config=replace(SHORT, max_steps=2, seed=1), folder="other")
        assert not torch.equal(other.network.read_points.weight, start().network.read_points.weight)

    def test_learning_rate_is_that_of_the_step_and_the_budget(self, start):
        config = replace(SHORT, max_steps=8, warmup_steps=2, learning_rate=1e-3, decay=0.5, validation_every=100)
        trainer, given = start(config=config), []
        move = trainer.optimizers.step
        trainer.optimizers.step = lambda rate: (given.append(rate), move(rate))
        told = [progress.learning_rate for progress in trainer.run()]
        assert given == told == pytest.approx([5e-4, 1e-3, 1e-3, 1e-3, 1e-3, 7.5e-4, 5e-4, 2.5e-4])

    def test_wall_clock_ends_a_run_and_earlier_legs_count(self, start, monkeypatch):
        clock = itertools.count(0.0, 1.0)
        monkeypatch.setattr(loop.time, "monotonic", lambda: next(clock))
        config = replace(SHORT, max_steps=None, max_minutes=0.25, checkpoint_minutes=100.0, validation_every=100)
        whole = start(config=config, folder="whole")
        reports = list(whole.run())
        assert 3 < len(reports) < 15
        assert reports[-1].progress == 1.0
        assert reports[-1].minutes >= 0.25
        assert [each.validation is None for each in reports] == [True] * (len(reports) - 1) + [False]
        assert all(earlier.progress < later.progress for earlier, later in itertools.pairwise(reports))
        assert list(whole.run()) == []
        first = start(config=config, folder="split")
        list(itertools.islice(first.run(), 3))
        first.save()
        second = start(config=config, folder="split")
        second.resume(first.folder / CHECKPOINT)
        assert second.seconds == first.seconds > 0
        assert 3 + len(list(second.run())) == pytest.approx(len(reports), abs=1)

    def test_checkpoints_are_written_on_the_way(self, start):
        trainer = start(config=replace(SHORT, checkpoint_minutes=1e-9))
        for progress in trainer.run():
            with safe_open(trainer.folder / CHECKPOINT, framework="pt") as file:
                assert json.loads(file.metadata()["facts"])["step"] == progress.step

    def test_weights_are_the_average_and_say_how_they_came(self, start):
        trainer = start()
        list(trainer.run())
        network, card = load_weights(trainer.folder / WEIGHTS, FORM.name, specification(FORM))
        for name, value in trainer.average.module.state_dict().items():
            assert torch.equal(network.state_dict()[name], value.to(torch.bfloat16).float())
        assert card.schedule == NoiseSchedule(FORM.noise.mean, FORM.noise.deviation, sigma_max=FORM.noise.largest)
        assert (card.training["steps"], card.training["windows"], card.training["device"]) == (6, 12, "cpu")
        assert card.training["settings"]["learning_rate"] == SHORT.learning_rate
        assert card.training["validation"].keys() == {"loss", "loss_low_noise", "loss_middle_noise", "loss_high_noise"}

    def test_the_noise_is_the_level_s_unless_another_is_asked_for(self, start):
        weak = NoiseSchedule(mean=-9.0, deviation=0.1, sigma_max=1.0)
        trainer, other = start(), start(config=replace(SHORT, schedule=weak), folder="other")
        assert other.validate()["loss_high_noise"] < 0.01 * trainer.validate()["loss_low_noise"]
        other.save()
        assert load_weights(other.folder / WEIGHTS, FORM.name, specification(FORM))[1].schedule == weak

    @pytest.mark.parametrize("share", [0.0, 1.0])
    def test_the_network_learns_from_its_own_estimate_as_often_as_asked(self, share, start):
        trainer = start(config=replace(SHORT, self_conditioning=share))
        nudge(trainer.network.output)
        next(trainer.run())
        noisy, estimate = trainer.network.read_points.weight.grad.chunk(2, dim=1)
        assert noisy.any()
        assert estimate.any() == (share == 1.0)

    def test_validation_changes_nothing_and_repeats_itself(self, start):
        trainer = start(LEAD_SHEET)
        next(trainer.run())
        before = outcome(trainer)
        before = {name: value.clone() for name, value in before.items()}
        assert trainer.validate() == trainer.validate()
        assert_same(before, outcome(trainer))
        assert trainer.network.training

    def test_more_noise_is_harder(self, start):
        trainer = start(ACCOMPANIMENT, replace(SHORT, batch_size=4, validation_windows=12))
        figures = trainer.validate()
        assert figures["loss_low_noise"] < figures["loss_high_noise"]
        thirds = [figures[f"loss_{noise}_noise"] for noise in ("low", "middle", "high")]
        assert figures["loss"] == pytest.approx(np.mean(thirds), rel=1e-5)

    def test_diverged_run_stops_and_keeps_its_checkpoint(self, start):
        trainer = start()
        running = trainer.run()
        next(running)
        trainer.save()
        data = (trainer.folder / CHECKPOINT).read_bytes()
        with torch.no_grad():
            trainer.network.output.bias.fill_(math.nan)
        with pytest.raises(FloatingPointError, match=r"^loss: is nan at step 2; a lower learning-rate may help$"):
            next(running)
        assert (trainer.folder / CHECKPOINT).read_bytes() == data

    @pytest.mark.parametrize("stop", [1, 2, 3])
    def test_kill_while_saving_leaves_a_checkpoint_to_resume(self, stop, start, monkeypatch):
        """A process that dies at any of the three renames, and with it all that has not its name yet."""
        trainer = start(config=replace(SHORT, validation_every=1))
        running = trainer.run()
        next(running)
        trainer.save()
        next(running)
        renames = itertools.count(1)
        rename = os.replace

        def dies(source, goal):
            if next(renames) == stop:
                raise KeyboardInterrupt
            rename(source, goal)

        with monkeypatch.context() as patch:
            patch.setattr("canzona.io.files.os.replace", dies)
            with pytest.raises(KeyboardInterrupt):
                trainer.save()
        resumed = start(config=replace(SHORT, validation_every=1))
        resumed.resume(trainer.folder / CHECKPOINT)
        assert resumed.step == 1
        load_weights(trainer.folder / WEIGHTS, FORM.name, specification(FORM))
        list(resumed.run())
        assert [entry["step"] for entry in history(trainer.folder)] == [1, 2, 3, 4, 5, 6]
        assert {path.name for path in trainer.folder.iterdir()} == {CHECKPOINT, WEIGHTS, HISTORY}

    @pytest.mark.parametrize(
        ("owner", "asked"),
        [
            ("optimizers.step", signal.SIGINT),
            ("average.update_parameters", signal.SIGTERM),  # which the command line takes as Ctrl-C
            ("validate", signal.SIGINT),
        ],
    )
    def test_ctrl_c_within_a_step_stops_after_it(self, owner, asked, start, monkeypatch, sigterm_as_ctrl_c):
        whole, stopped = start(folder="whole"), start(folder="stopped")
        reports = list(whole.run())
        holder, name = (stopped, owner) if "." not in owner else (getattr(stopped, owner.split(".")[0]), owner.split(".")[1])
        work, calls = getattr(holder, name), itertools.count(1)

        def interrupted(*arguments):
            if next(calls) == (1 if owner == "validate" else 3):
                signal.raise_signal(asked)
            return work(*arguments)

        with monkeypatch.context() as patch:
            patch.setattr(holder, name, interrupted)
            running, steps = stopped.run(), []
            with pytest.raises(KeyboardInterrupt):
                steps.extend(progress.step for progress in running)
        assert signal.getsignal(asked) is signal.default_int_handler
        assert (steps, stopped.step) == ([1, 2, 3] if owner == "validate" else [1, 2], 4 if owner == "validate" else 3)
        stopped.save()
        resumed = start(folder="stopped")
        resumed.resume(stopped.folder / CHECKPOINT)
        late = list(resumed.run())
        assert [(each.step, each.loss) for each in late] == [(each.step, each.loss) for each in reports[stopped.step :]]
        assert_same(outcome(whole), outcome(resumed))

    def test_steps_are_done_in_any_thread(self, start):
        trainer = start()
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(lambda: next(trainer.run()).step).result() == 1

    def test_fresh_run_in_an_old_folder_starts_its_own_history(self, start):
        for _ in range(2):
            list(start().run())
        assert [entry["step"] for entry in history(start().folder)] == [4, 6]


class TestCodes:
    @by_level
    def test_a_level_with_control_from_outside_is_also_judged_with_codes(self, level, start, encoders):
        trainer = start(level, encoders=encoders)
        assert ("loss_with_codes" in trainer.validate()) == (level.external is not None)
        assert "loss_with_codes" not in start(level).validate()

    def test_the_figures_without_codes_do_not_depend_on_them(self, start, encoders):
        trainer = start(LEAD_SHEET, replace(SHORT, max_steps=2), encoders=encoders)
        list(trainer.run())
        before = dict(trainer.figures)
        trainer.average.module.conditions.codes.read.bias.data.add_(5.0)
        after = trainer.validate()
        changed = {name for name in after if after[name] != before[name]}
        assert changed == {"loss_with_codes"}

    def test_the_codes_are_learnt_from_where_there_are_encoders(self, start, encoders):
        config = replace(SHORT, max_steps=2, batch_size=4, dropout=Dropout(each=0.0, external=0.0, all=0.0))
        for has_codes in (True, False):
            trainer = start(LEAD_SHEET, config, encoders=encoders if has_codes else None)
            reading = trainer.network.conditions.codes.read.weight
            nudge(trainer.network.output)
            before = reading.detach().clone()
            next(trainer.run())
            moved = reading.grad is not None and bool(reading.grad.any())
            assert moved == has_codes
            assert torch.equal(before, reading) != has_codes

    def test_missing_encoders_are_named(self, start, encoders):
        some = Encoders(tuple(encoder for encoder in encoders.trained if encoder.card.name != "texture"))
        with pytest.raises(ValueError, match=r"^encoder: must be one of .*, got texture 0$"):
            start(ACCOMPANIMENT, encoders=some)


def nudge(module):
    """Move weights off the zeros at which training starts, so that gradients pass."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))


class TestStart:
    def test_begins_with_another_run_s_weights(self, start):
        first = start(LEAD_SHEET, folder="first")
        list(first.run())
        second = start(LEAD_SHEET, replace(SHORT, seed=7), "second")
        assert second.start_from(first.folder / WEIGHTS) == ()
        for module in (second.network, second.average.module):
            assert_same(
                load_file(first.folder / WEIGHTS), {name: each.bfloat16() for name, each in module.state_dict().items()}
            )
        assert second.step == 0
        assert second.validate()["loss"] == pytest.approx(first.figures["loss"], rel=0.01)
        assert next(second.run()).step == 1

    def test_names_what_does_not_fit_and_leaves_it_as_it_was(self, start, tmp_path):
        first = start(LEAD_SHEET, folder="first")
        first.save()
        tensors, path = load_file(first.folder / WEIGHTS), tmp_path / "older.safetensors"
        with safe_open(first.folder / WEIGHTS, framework="pt") as file:
            metadata = file.metadata()
        tensors["conditions.read_known.bias"] += 3.0
        del tensors["conditions.codes.null"]
        tensors["conditions.place"] = tensors["conditions.place"][:-1]
        tensors["something.else"] = torch.zeros(2)
        save_file(tensors, path, metadata)
        second, untouched = (start(LEAD_SHEET, replace(SHORT, seed=7), "second") for _ in range(2))
        assert second.start_from(path) == ("conditions.place", "conditions.codes.null")
        own, before = second.network.state_dict(), untouched.network.state_dict()
        assert all(torch.equal(own[name], before[name]) for name in ("conditions.place", "conditions.codes.null"))
        assert torch.equal(own["conditions.read_known.bias"], tensors["conditions.read_known.bias"].float())

    def test_files_that_are_no_weights_of_the_level_are_refused(self, start, tmp_path):
        first = start(FORM, folder="first")
        list(first.run())
        trainer = start(LEAD_SHEET, folder="second")
        before = {name: value.clone() for name, value in outcome(trainer).items()}
        with pytest.raises(ValueError, match=r"has level 'form', must have 'lead-sheet'$"):
            trainer.start_from(first.folder / WEIGHTS)
        with pytest.raises(ValueError, match=r"^weights: .*must be a canzona-weights-1 file, got None"):
            trainer.start_from(first.folder / CHECKPOINT)
        damaged = tmp_path / "damaged.safetensors"
        damaged.write_bytes((first.folder / WEIGHTS).read_bytes()[:-9])
        with pytest.raises(ValueError, match="is damaged"):
            trainer.start_from(damaged)
        with pytest.raises(OSError, match="none"):
            trainer.start_from(tmp_path / "none")
        assert_same(before, outcome(trainer))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory, training_songs, validation_songs, tiny_config):
    """After one step; to be read only."""
    folder, cpu, config = tmp_path_factory.mktemp("resume"), torch.device("cpu"), replace(SHORT, max_steps=1)
    list(Trainer(FORM, training_songs, validation_songs, folder, config, cpu, tiny_config(FORM)).run())
    return folder / CHECKPOINT


class TestResume:
    def refused(self, trainer, path, match):
        with pytest.raises((ValueError, OSError), match=match) as caught:
            trainer.resume(path)
        assert "\n" not in str(caught.value)

    def rewritten(self, checkpoint, facts=None, tensors=None):
        path = checkpoint.with_name("other.safetensors")
        with safe_open(checkpoint, framework="pt") as file:
            known = json.loads(file.metadata()["facts"])
        contents = load_file(checkpoint) | (tensors or {})
        kept = {name: value for name, value in contents.items() if value is not None}
        save_file(kept, path, {"facts": json.dumps(known | (facts or {}))})
        return path

    def test_checkpoint_of_another_level_or_network_is_refused(
        self, start, checkpoint, training_songs, validation_songs, tmp_path
    ):
        self.refused(start(LEAD_SHEET), checkpoint, r"^resume: .* has level 'form', must have 'lead-sheet'$")
        self.refused(start(), self.rewritten(checkpoint, {"specification": "x"}), r"has specification 'x', must have '256 bars")
        self.refused(start(), self.rewritten(checkpoint, {"config": {"rows": 3}}), r"has config \{'rows': 3\}, must have")
        self.refused(start(), checkpoint.with_name(WEIGHTS), r"has level None, must have 'form'")

    def test_damaged_checkpoint_is_refused(self, start, checkpoint):
        data, path, trainer = checkpoint.read_bytes(), checkpoint.with_name("cut"), start()
        for length in (0, 4, 8, 50, 3000, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:length])
            self.refused(trainer, path, r"^resume: .* is damaged \(")
        for facts in ("[", "7", "[1]", "[" * 100_000):
            save_file({"x": torch.zeros(1)}, path, {"facts": facts})
            self.refused(trainer, path, r"^resume: .* is damaged \(")

    @pytest.mark.parametrize(
        ("facts", "tensors"),
        [
            ({"step": None}, {}),
            ({"seconds": "soon"}, {}),
            ({"figures": 3}, {}),
            ({}, {"generator": None}),
            ({}, {"generator": torch.zeros(3, dtype=torch.uint8)}),
            ({}, {"network.output.bias": None}),
            ({}, {"network.output.bias": torch.zeros(3)}),
            ({}, {"average.n_averaged": None}),
            ({}, {"optimizer.output.bias.exp_avg": None}),
            ({}, {"optimizer.output.bias.exp_avg_sq": torch.zeros(3)}),
            ({}, {"optimizer.blocks.0.expand.weight.momentum_buffer": torch.zeros(3)}),
            ({}, {"optimizer.something.exp_avg": torch.zeros(3)}),
        ],
    )
    def test_checkpoint_with_something_amiss_is_refused(self, facts, tensors, start, checkpoint):
        self.refused(start(), self.rewritten(checkpoint, facts, tensors), r"^resume: .* is damaged \(")

    def test_missing_checkpoint_is_named(self, start, tmp_path):
        for path in (tmp_path / "none", tmp_path):
            with pytest.raises(OSError, match=r"No such file|Is a directory") as caught:
                start().resume(path)
            assert str(path) in str(caught.value)


class TestBranch:
    def test_a_branch_takes_a_tenth_more_steps_in_which_the_rate_falls_to_nothing(self, start):
        config = replace(SHORT, max_steps=None, max_minutes=1e-9, validation_every=100)  # a budget that is used up
        first = start(config=config, folder="first")
        first.step = 40
        first.save()
        branch = start(config=config, folder="branch")
        branch.branch_from(first.folder / CHECKPOINT)
        assert_same(outcome(first), outcome(branch))
        reports = list(branch.run())
        assert [each.step for each in reports] == [41, 42, 43, 44]
        highest = SHORT.learning_rate
        assert [each.learning_rate for each in reports] == pytest.approx([share * highest for share in (1, 0.75, 0.5, 0.25)])
        assert reports[-1].progress == 1.0

    def test_a_branch_leaves_the_run_s_own_folder_alone_and_tells_its_history(self, start):
        first = start(folder="first")
        list(first.run())
        files = {path.name: path.read_bytes() for path in first.folder.iterdir()}
        branch = start(folder="branch")
        branch.branch_from(first.folder / CHECKPOINT)
        list(branch.run())
        assert {path.name: path.read_bytes() for path in first.folder.iterdir()} == files
        assert {path.name for path in branch.folder.iterdir()} == files.keys()
        assert [entry["step"] for entry in history(branch.folder)] == [4, 6, 7]  # a tenth of six steps is one at least
        assert not torch.equal(
            load_file(branch.folder / WEIGHTS)["output.bias"], load_file(first.folder / WEIGHTS)["output.bias"]
        )


@pytest.mark.parametrize(
    ("step", "progress", "decay", "share"),
    [
        (0, 0.0, 0.0, 1 / 8),
        (3, 0.0, 0.0, 4 / 8),
        (7, 0.1, 0.0, 1.0),
        (500, 0.999, 0.0, 1.0),  # no end, no fall
        (500, 0.79, 0.2, 1.0),
        (500, 0.85, 0.2, 0.75),
        (500, 0.9, 0.2, 0.5),
        (500, 1.0, 0.2, 0.0),
        (500, 1.1, 0.2, 0.0),
        (500, 0.25, 1.0, 0.75),
        (3, 0.9, 0.2, 0.25),  # a run that is over before it is warm
    ],
)
def test_learning_rate_warms_up_stays_and_falls_to_nothing(step, progress, decay, share):
    assert learning_rate(step, progress, 3e-3, decay, warmup_steps=8) == pytest.approx(3e-3 * share, abs=1e-12)


class TestOptimizers:
    def test_every_parameter_is_moved_by_one_of_them_and_matrices_alone_decay(self, tiny_config):
        network = new_network(LEAD_SHEET, tiny_config(LEAD_SHEET))
        optimizers = Optimizers(network, weight_decay=0.5)
        before = {name: value.clone() for name, value in network.named_parameters()}
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizers.step(0.1)
        kept = {"bias": 1.0, "null": 1.0, "place": 1.0, "points": 1.0}
        for name, value in network.named_parameters():
            share = 1.0 if name.startswith("points") else kept.get(name.split(".")[-1].split("_")[-1], 1 - 0.1 * 0.5)
            torch.testing.assert_close(value, share * before[name], msg=name)
        moved = [parameter for optimizer in optimizers.optimizers for parameter in optimizer.state]
        assert len(moved) == len(set(moved))
        assert set(moved) == {parameter for parameter in network.parameters() if parameter.requires_grad}

    def test_muon_moves_what_lies_between_input_and_output_the_same_whatever_the_size_of_the_gradient(self, tiny_config):
        """It turns a gradient into the nearest orthogonal matrix: every singular value of its step is about the same."""
        network = new_network(LEAD_SHEET, tiny_config(LEAD_SHEET))
        hidden = [network.get_parameter(f"blocks.{name}.weight") for name in ("0.attention_inputs", "1.contract")]
        optimizers, generator = Optimizers(network, weight_decay=0.0), torch.Generator().manual_seed(0)
        before = [weight.detach().clone() for weight in hidden]
        for scale, weight in zip((1e-3, 1e3), hidden, strict=True):
            weight.grad = scale * torch.randn(weight.shape, generator=generator)
        optimizers.step(0.1)
        for weight, old in zip(hidden, before, strict=True):
            spectrum = torch.linalg.svdvals(weight.detach() - old)
            size = 0.1 * 0.2 * max(weight.shape) ** 0.5
            assert (spectrum / size).tolist() == pytest.approx([1.0] * len(spectrum), abs=0.35)


@pytest.mark.parametrize(
    ("values", "option"),
    [
        ({"max_steps": None, "max_minutes": None}, "max-minutes"),
        ({"max_steps": 0}, "max-steps"),
        ({"max_minutes": math.nan}, "max-minutes"),
        ({"batch_size": 0}, "batch-size"),
        ({"warmup_steps": 0}, "warmup-steps"),
        ({"learning_rate": -1e-3}, "learning-rate"),
        ({"validation_every": 0}, "validation-every"),
        ({"validation_windows": 2}, "validation-windows"),
        ({"ema_decay": 1.5}, "ema-decay"),
        ({"decay": -0.1}, "decay"),
        ({"decay": 1.1}, "decay"),
    ],
)
def test_impossible_settings_are_refused_by_name(values, option):
    with pytest.raises(ValueError, match=f"^{option}: must be "):
        TrainingConfig(**values)


class TestAverage:
    def test_constant_weights_stay(self):
        layer = nn.Linear(3, 2)
        average = moving_average(layer, 0.99)
        for _ in range(5):
            average.update_parameters(layer)
        assert torch.allclose(average.get_parameter("module.weight"), layer.weight, atol=1e-6)
        assert torch.allclose(average.get_parameter("module.bias"), layer.bias, atol=1e-6)

    def test_average_follows_the_weights_ever_more_slowly(self):
        layer = nn.Linear(1, 1, bias=False)
        average, expected = moving_average(layer, 0.5), math.nan
        for update in range(20):
            with torch.no_grad():
                layer.weight.fill_(float(update))
            average.update_parameters(layer)
            keep = min(0.5, (1 + update) / (10 + update))
            expected = float(update) if math.isnan(expected) else keep * expected + (1 - keep) * update
            assert average.get_parameter("module.weight").item() == pytest.approx(expected, rel=1e-5)
        assert 17 < expected < 19


def one_window(windows, number):
    """A batch of one of these windows."""
    here = slice(number, number + 1)
    return Windows(windows.song[here], windows.start_bar[here], windows.known_bars[here], windows.known_parts[here])


def draw(images, level, count=40, visibility=None, seed=0):
    return draw_windows(images, level, count, visibility or Visibility(), torch.Generator().manual_seed(seed))


def bars_of(level, windows, images):
    """(batch, frames) the bar of the song under each frame, and whether it lies within song and window."""
    meters = images.store.beats_per_bar[windows.song]
    per_bar = meters * {"bar": 0, "beat": 1, "step": 4}[level.unit.value] + (level.unit.value == "bar")
    extents = torch.tensor([images.store.window_extent(level, int(song)) for song in windows.song])
    lengths = images.bars[windows.song] + (level.window_frames if level.ends_freely else 0)
    bar = torch.arange(level.window_frames)[None] // per_bar[:, None]
    inside = (bar < extents[:, None]) & (windows.start_bar[:, None] + bar < lengths[:, None])
    return windows.start_bar[:, None] + bar, inside


class TestWindows:
    @by_level
    def test_what_is_to_be_composed_is_unknown_and_within_the_song_and_all_of_that(self, level, training_images):
        windows = draw(training_images, level)
        unknown = training_images.store.conditions(level, windows).unknown
        bar, inside = bars_of(level, windows, training_images)
        known = windows.known_bars.gather(1, bar.clamp(max=windows.known_bars.shape[1] - 1))
        open_frames = (inside & ~known)[..., None].expand_as(unknown)
        assert not unknown[~open_frames].any()
        whole = ~windows.known_parts.any((1, 2))
        assert whole.any()
        assert torch.equal(unknown[whole], open_frames[whole])
        assert unknown.flatten(1).any(1).float().mean() > 0.6

    @by_level
    def test_nothing_that_is_told_looks_at_what_is_to_be_composed(self, level, training_songs, training_images):
        """Scribbling over the unknown bars changes neither reference nor background nor known music."""
        windows, scratch = draw(training_images, level, count=24), TrainingSongs(training_songs, torch.device("cpu"))
        generator, store, seen = torch.Generator().manual_seed(1), scratch.store, 0
        for number in range(len(windows.song)):
            window, song = one_window(windows, number), int(windows.song[number])
            before, image = store.conditions(level, window), store.image(level, song)
            original, bars = image.clone(), store.bars[song] + (level.window_frames if level.ends_freely else 0)
            bar = torch.arange(len(image)) // (len(image) // bars)
            unknown = ~window.known_bars[0][bar.clamp(max=window.known_bars.shape[1] - 1)]
            image[unknown] = torch.randint(256, image[unknown].shape, generator=generator).to(torch.uint8)
            after = store.conditions(level, window)
            image.copy_(original)
            for name in ("background", "reference", "reference_mask", "position", "known_mask"):
                assert torch.equal(getattr(before.conditions, name), getattr(after.conditions, name)), name
            if not window.known_parts.any():
                assert torch.equal(before.conditions.known, after.conditions.known)
                assert before.unknown.any() == (not torch.equal(before.image, after.image))
            seen += int(before.conditions.reference_mask.any())
        assert seen or not level.has_references

    @pytest.mark.parametrize("level", [REDUCED_LEAD_SHEET, LEAD_SHEET, ACCOMPANIMENT], ids=lambda level: level.name)
    def test_references_are_taken_from_known_bars_even_within_the_window(self, level, training_images):
        window = training_images.store.conditions(level, draw(training_images, level, count=60))
        told = window.conditions.reference_mask > 0
        assert (told & window.unknown).any()
        assert not window.conditions.reference[~told[..., 0]].any()

    @pytest.mark.parametrize("level", [REDUCED_LEAD_SHEET, LEAD_SHEET, ACCOMPANIMENT], ids=lambda level: level.name)
    def test_each_kind_of_window_by_itself(self, level, training_images):
        def kinds(**shares):
            shares = dict.fromkeys(("first_half", "nothing", "beginning", "part"), 0.0) | shares
            windows = draw(training_images, level, 200, replace(Visibility(), **shares))
            extents = torch.tensor([training_images.store.window_extent(level, int(song)) for song in windows.song])
            places = windows.start_bar[:, None] + torch.arange(int(extents.max()))[None]
            known = windows.known_bars.gather(1, places.clamp(max=windows.known_bars.shape[1] - 1))
            before = torch.arange(windows.known_bars.shape[1])[None] < windows.start_bar[:, None]
            assert windows.known_bars[before].all()  # a window's past is always there
            return [row[:extent].tolist() for row, extent in zip(known, extents, strict=True)]

        for row in kinds(first_half=1.0):
            assert row == [True] * (len(row) // 2) + [False] * (len(row) - len(row) // 2)
        for row in kinds(nothing=1.0):
            assert not any(row)
        beginnings = kinds(beginning=1.0)
        assert all(row == sorted(row, reverse=True) and not row[-1] for row in beginnings)
        assert len({sum(row) for row in beginnings}) > 4
        gaps = kinds()
        assert all(False in row and len(list(itertools.groupby(row))) <= 3 for row in gaps)
        assert any(row[0] and row[-1] for row in gaps)

    def test_kinds_of_windows_come_as_often_as_asked(self, training_images):
        visibility, count = Visibility(), 3000
        windows = draw(training_images, LEAD_SHEET, count, visibility)
        bar = torch.arange(windows.known_bars.shape[1])[None] - windows.start_bar[:, None]
        extents = torch.tensor([training_images.store.window_extent(LEAD_SHEET, int(song)) for song in windows.song])[:, None]
        known = (windows.known_bars & (bar >= 0) & (bar < extents)).sum(1)
        first_unknown = (~windows.known_bars).int().argmax(1) - windows.start_bar
        tail_known = windows.known_bars[:, -1]
        shares = {
            "first half": ((first_unknown == extents[:, 0] // 2) & ~tail_known, visibility.first_half, visibility.beginning),
            "nothing": ((known == 0) & ~tail_known, visibility.nothing, visibility.beginning),
            "gap": (tail_known, 1 - visibility.first_half - visibility.nothing - visibility.beginning, 0.0),
            "part": (windows.known_parts.any((1, 2)), visibility.part, 0.0),
        }
        for name, (found, share, by_chance) in shares.items():  # a beginning of any length may be like another kind
            assert share - 0.03 < found.float().mean() < share + by_chance / 4 + 0.03, name

    @by_level
    def test_one_part_is_shown_where_a_level_has_several_most_often_the_last(self, level, training_images):
        def shown(**shares):
            return draw(training_images, level, 400, Visibility(**shares)).known_parts.any(1).float()

        parts = shown(part=1.0, throughout=1.0, last_part=0.7)
        assert (parts.sum(1) == (len(level.parts) > 1)).all()
        assert not shown(part=0.0).any()
        if len(level.parts) > 1:
            assert parts.mean(0).tolist() == pytest.approx([0.3, 0.7], abs=0.07)
            assert shown(part=1.0, throughout=1.0, last_part=1.0)[:, -1].all()
            assert not shown(part=1.0, throughout=1.0, last_part=0.0)[:, -1].any()
            assert shown(part=0.3, throughout=1.0).sum() == pytest.approx(0.3 * 400, abs=30)

    @pytest.mark.parametrize("level", [REDUCED_LEAD_SHEET, LEAD_SHEET], ids=lambda level: level.name)
    def test_a_part_is_shown_throughout_or_in_some_bars(self, level, training_images):
        def shown(throughout, count=400):
            windows = draw(training_images, level, count, Visibility(part=1.0, throughout=throughout))
            return windows, windows.known_parts.any(2)

        _, throughout = shown(1.0)
        assert throughout.all()
        windows, some = shown(0.0)
        bar, _ = bars_of(level, windows, training_images)
        extents = torch.tensor([training_images.store.window_extent(level, int(song)) for song in windows.song])[:, None]
        assert not some[bar - windows.start_bar[:, None] >= extents].any()
        per_bar = (bar == bar[:, :1]).sum(1)
        bars = [row[::frames] for row, frames in zip(some, per_bar.tolist(), strict=True)]
        assert all(
            torch.equal(row, own.repeat_interleave(int(frames))[: len(row)])
            for row, own, frames in zip(some, bars, per_bar, strict=True)
        )
        changes = [int((own[1:] != own[:-1]).sum() + own[0] + own[-1]) for own in bars]
        assert set(changes) == {0, 2}  # one run of bars, or by chance of none
        assert some.any(1).float().mean() > 0.85
        assert {int(own.sum()) for own in bars} >= set(range(1, int(extents.min())))
        assert {int(own.int().argmax()) for own in bars if own.any()} >= set(range(int(extents.min()) // 2))
        _, mixed = shown(0.6, 2000)
        assert mixed.all(1).float().mean() == pytest.approx(0.6, abs=0.04)

    def test_a_part_of_a_form_is_shown_from_its_beginning(self, training_images):
        windows = draw(training_images, FORM, 500, Visibility(part=1.0, later=0.0))
        shown = windows.known_parts.any(2)
        assert (shown == (torch.arange(shown.shape[1])[None] < shown.sum(1)[:, None])).all()
        lengths = shown.sum(1)
        assert set(lengths.tolist()) == {*range(1, Visibility().opening_bars + 1), shown.shape[1]}
        assert (lengths == shown.shape[1]).float().mean() == pytest.approx(0.5, abs=0.07)
        windows = draw(training_images, FORM, 500, Visibility(part=1.0, later=1.0))
        later = windows.start_bar > 0
        assert later.any()
        assert windows.known_parts.any(2)[later].all()

    def test_opening_of_a_level_that_ends_freely_is_short(self, training_images):
        windows = draw(training_images, FORM, 500, Visibility(part=0.0, ending=0.0, later=0.0))
        openings = windows.known_bars.sum(1)
        assert (windows.start_bar == 0).all()
        assert set(openings.tolist()) == set(range(Visibility().opening_bars + 1))
        assert (openings == 0).float().mean() == pytest.approx(0.7 + 0.3 / 9, abs=0.06)
        for known, opening in zip(windows.known_bars, openings, strict=True):
            assert not known[opening:].any()

    def test_a_form_may_be_told_where_the_song_ends(self, training_images):
        windows = draw(training_images, FORM, 500, Visibility(part=0.0, ending=1.0, later=0.0))
        for known, length in zip(windows.known_bars, training_images.bars[windows.song].tolist(), strict=True):
            assert known[length:].all()
            assert not known[Visibility().opening_bars : length].any()
        later = draw(training_images, FORM, 500, Visibility(part=0.0, ending=1.0, later=1.0))
        for known, length in zip(later.known_bars, training_images.bars[later.song].tolist(), strict=True):
            assert known[length:].all()
            assert not known[length - 1]
        few = draw(training_images, FORM, 20, Visibility(part=0.0, ending=1.0, later=0.0))
        window = training_images.store.conditions(FORM, few)
        frames = torch.arange(FORM.window_frames)[None] >= training_images.bars[few.song][:, None]
        assert (window.conditions.known_mask[frames] == 1).all()
        assert not window.conditions.known[frames].any()  # silence
        assert not window.unknown[frames].any()
        mixed = draw(training_images, FORM, 2000, Visibility(part=0.0))
        assert mixed.known_bars[:, -1].float().mean() == pytest.approx(Visibility().ending, abs=0.04)

    def test_windows_on_a_form_may_begin_within_the_song(self, training_images):
        windows = draw(training_images, FORM, 1000, Visibility(part=0.0, ending=0.0, later=1.0))
        bars, start = training_images.bars[windows.song], windows.start_bar
        assert ((start >= 0) & (start < bars)).all()
        assert start.float().div(bars).mean() == pytest.approx(0.5, abs=0.05)
        within = start > 0
        known = windows.known_bars.sum(1) - start  # from the window's first bar on
        for row, first, length in zip(windows.known_bars, start, known, strict=True):
            assert row[: first + length].all()
            assert not row[first + length :].any()
        assert ((known >= 0) & (known < bars - start))[within].all()  # so that there is something to compose
        shares = known[within] / (bars - start)[within]
        assert (shares < 0.25).any()
        assert (shares > 0.75).any()
        later = draw(training_images, FORM, 3000, Visibility()).start_bar > 0
        assert later.float().mean() == pytest.approx(Visibility().later * (1 - 1 / 20), abs=0.03)  # songs of about 20 bars

    @by_level
    def test_every_bar_is_equally_likely_or_every_song_where_a_window_holds_all_of_it(self, level, training_images):
        windows = draw(training_images, level, 6000)
        bars = training_images.bars
        expected = torch.ones(len(bars)) if level is FORM else bars
        assert bars.max() > 1.3 * bars.min()
        assert torch.allclose(windows.song.bincount() / 6000, expected / expected.sum(), atol=0.02)
        assert ((windows.start_bar >= 0) & (windows.start_bar < bars[windows.song])).all()

    def test_chance_comes_from_the_generator_alone(self, training_images):
        torch.manual_seed(1)
        first = draw(training_images, LEAD_SHEET)
        torch.manual_seed(2)
        second = draw(training_images, LEAD_SHEET)
        assert all(torch.equal(getattr(first, name), getattr(second, name)) for name in ("song", "start_bar", "known_bars"))
        assert not torch.equal(first.start_bar, draw(training_images, LEAD_SHEET, seed=1).start_bar)

    def test_songs_are_trained_on_at_home_and_their_own_tonic_is_told(self, training_songs):
        """A song and the same three semitones higher differ in nothing else."""
        own = training_songs[0].song
        assert (own.form.phrases[0].key, home_shift(own.form)) == (Key.parse("G major"), 5)
        one, other = (TrainingSongs([PreparedSong(1, transposed(own, shift))], torch.device("cpu")) for shift in (0, 3))
        for level in LEVELS:
            home = encode_level(level, transposed(own, 5), one.store.frames(level, 0))
            np.testing.assert_allclose(one.store.read(level, 0), home, atol=1 / 255)
            windows = draw(one, level, 5)
            before, after = (images.store.conditions(level, windows).conditions for images in (one, other))
            for conditions, tonic in ((before, 7), (after, 10)):
                told = conditions.position[..., PLACES_IN_BAR + 2 :]
                assert (told.argmax(-1) == tonic).all()
                told.zero_()
            for entry in fields(Conditions):
                mine, theirs = getattr(before, entry.name), getattr(after, entry.name)
                assert mine is theirs is None or torch.equal(mine, theirs), entry.name

    def test_no_songs_are_refused(self):
        with pytest.raises(ValueError, match=r"^data: must hold songs for training and for validation, got none"):
            TrainingSongs([], torch.device("cpu"))


class TestCorruption:
    """Coarser levels spoilt beat by beat, in windows on songs of both metres."""

    @pytest.fixture
    def window(self, training_images):
        return training_images.store.conditions(ACCOMPANIMENT, draw(training_images, ACCOMPANIMENT, 40))

    def spoilt(self, window, level=ACCOMPANIMENT, seed=0, **shares):
        generator = torch.Generator().manual_seed(seed)
        return with_corruption(window, level, Corruption(**shares), generator).conditions.background

    def numbers(self, level, coarser):
        """Of a background, those of each part of one coarser level: slice and (parts, numbers) booleans."""
        first = 0
        for name in level.background:
            masks = part_masks(level_named(name)) > 0
            if name == coarser.name:
                return slice(first, first + masks.shape[1]), masks
            first += masks.shape[1]
        raise AssertionError(coarser)

    def test_without_strength_nothing_changes(self, window):
        assert torch.equal(self.spoilt(window, share=0.0), window.conditions.background)
        mixed = self.spoilt(window, share=0.5)
        untouched = mixed[:, 0, -1] == 0
        assert 0.2 < untouched.float().mean() < 0.8
        assert torch.equal(mixed[untouched], window.conditions.background[untouched])
        for before, after in zip(window.conditions.background[~untouched], mixed[~untouched], strict=True):
            assert not torch.equal(before[:, :-1], after[:, :-1])

    def test_the_strength_is_told_last_and_changes_nothing_by_itself(self, window):
        harmless = self.spoilt(window, share=1.0, silenced=0.0, foreign=0.0)
        assert torch.equal(harmless[..., :-1], window.conditions.background[..., :-1])
        strength = harmless[:, 0, -1]
        assert torch.equal(harmless[..., -1], strength[:, None].expand_as(harmless[..., -1]))
        assert ((strength > 0) & (strength < 1)).all()
        assert strength.mean() == pytest.approx(0.5, abs=0.15)

    def test_forms_are_never_spoilt(self, window, training_images):
        forms, _ = self.numbers(ACCOMPANIMENT, FORM)
        spoilt = self.spoilt(window, share=1.0, silenced=0.5, foreign=0.5)
        assert torch.equal(spoilt[..., forms], window.conditions.background[..., forms])
        alone = training_images.store.conditions(REDUCED_LEAD_SHEET, draw(training_images, REDUCED_LEAD_SHEET, 20))
        spoilt = self.spoilt(alone, REDUCED_LEAD_SHEET, share=1.0, silenced=0.5, foreign=0.5)
        assert torch.equal(spoilt[..., :-1], alone.conditions.background[..., :-1])

    @pytest.mark.parametrize("coarser", [REDUCED_LEAD_SHEET, LEAD_SHEET], ids=lambda level: level.name)
    def test_beats_of_a_part_are_silenced_as_often_as_the_strength_says(self, coarser, window):
        numbers, masks = self.numbers(ACCOMPANIMENT, coarser)
        before = window.conditions.background[..., numbers].unflatten(1, (32, 4))
        background = self.spoilt(window, share=1.0, silenced=1.0, foreign=0.0)
        after, strength = background[..., numbers].unflatten(1, (32, 4)), background[:, 0, -1]
        gone = []
        for mask in masks:
            old, new = before[..., mask].flatten(2), after[..., mask].flatten(2)
            kept, silent = (old == new).all(2), ~new.any(2)
            assert (kept | silent).all()
            sounding = old.any(2)
            gone.append(silent & sounding)
            shares = (silent & sounding).sum(1) / sounding.sum(1).clamp(min=1)
            enough = sounding.sum(1) > 12
            assert (shares - strength)[enough].abs().mean() < 0.15
        assert (gone[0] != gone[1]).any()  # parts by themselves

    @pytest.mark.parametrize("coarser", [REDUCED_LEAD_SHEET, LEAD_SHEET], ids=lambda level: level.name)
    def test_foreign_beats_are_other_beats_of_the_same_window(self, coarser, window):
        numbers, masks = self.numbers(ACCOMPANIMENT, coarser)
        before = window.conditions.background[..., numbers].unflatten(1, (32, 4))
        after = self.spoilt(window, share=1.0, silenced=0.0, foreign=1.0)[..., numbers].unflatten(1, (32, 4))
        for mask in masks:
            old, new = before[..., mask].flatten(2), after[..., mask].flatten(2)
            assert (new[:, :, None] == old[:, None]).all(3).any(2).all()
            assert 0.1 < (old != new).any(2).float().mean() < 0.6

    def test_only_the_background_is_spoilt(self, window):
        after = with_corruption(window, ACCOMPANIMENT, Corruption(share=1.0), torch.Generator().manual_seed(0))
        for entry in fields(Conditions):
            if entry.name != "background":
                assert getattr(after.conditions, entry.name) is getattr(window.conditions, entry.name)
        assert (after.image, after.states, after.unknown) == (window.image, window.states, window.unknown)

    def test_a_level_with_nothing_above_it_is_left_alone(self, training_images):
        window = training_images.store.conditions(FORM, draw(training_images, FORM, 4))
        assert self.spoilt(window, FORM, share=1.0) is window.conditions.background


def test_conditions_are_dropped_as_often_as_asked(training_images):
    window = training_images.store.conditions(LEAD_SHEET, draw(training_images, LEAD_SHEET, 4))

    def shares(dropout, seed=0):
        generator = torch.Generator().manual_seed(seed)
        draws = [with_dropout(window, dropout, generator).conditions.dropped for _ in range(400)]
        return {name: torch.stack([sure(each)[name] for each in draws]).float() for name in DROPPABLE}

    assert not any(values.any() for values in shares(Dropout(each=0.0, external=0.0, all=0.0)).values())
    together = shares(Dropout(each=0.0, external=0.0, all=0.3))
    assert all(torch.equal(values, together["background"]) for values in together.values())
    assert together["background"].mean() == pytest.approx(0.3, abs=0.04)
    apart = shares(Dropout(each=0.2, external=0.6, all=0.0))
    for name, values in apart.items():
        assert values.mean() == pytest.approx(0.6 if name == "external" else 0.2, abs=0.04), name
    assert (apart["background"] * apart["reference"]).mean() == pytest.approx(0.04, abs=0.02)
    assert (apart["background"] * apart["external"]).mean() == pytest.approx(0.12, abs=0.03)
    assert all(values.all() == (name == "external") for name, values in shares(Dropout(0.0, 1.0, 0.0)).items())


def test_validation_songs_are_those_of_the_published_split():
    assert len(validation_numbers()) == 91
    assert set(VALIDATION_NUMBERS_HERE) < validation_numbers()


def test_tuning_songs_are_46_of_the_training_songs_and_always_the_same():
    assert tuning_numbers() == set(TUNING_NUMBERS)
    assert len(TUNING_NUMBERS) == 46
    assert not tuning_numbers() & validation_numbers()


def test_training_is_watched_on_songs_that_it_does_not_see(tmp_path, training_songs):
    """On tuning songs; where there are none on validation songs, and where there are none of these on its own."""
    tuning, validation = sorted(tuning_numbers())[0], sorted(validation_numbers())[0]

    def split(*numbers):
        path = tmp_path / "songs.npz"
        save_songs(path, [replace(training_songs[0], number=number) for number in numbers])
        return tuple([song.number for song in songs] for songs in split_data(path))

    assert split(1, tuning, 2, validation, 3) == ([1, 2, 3], [tuning])
    assert split(1, validation, 2) == ([1, 2], [validation])
    assert split(1, 2) == ([1, 2], [1, 2])


@needs_data
def test_validation_songs_here_are_the_listed_ones():
    here = {int(path.name) for path in POP909.iterdir() if path.name.isdigit()}
    assert here & validation_numbers() == set(VALIDATION_NUMBERS_HERE)


@st.composite
def prepared_songs(draw_from: st.DrawFn) -> PreparedSong:
    song = draw_from(songs(phrase_keys=keys))
    beats = song.meter.bars_to_beats(song.form.length_bars)
    complete = replace(
        song,
        provenance={},
        reduced_lead_sheet=song.reduced_lead_sheet or draw_from(lead_sheets(beats, steps=4)),
        lead_sheet=song.lead_sheet or draw_from(lead_sheets(beats)),
        accompaniment=song.accompaniment if song.accompaniment is not None else draw_from(piano_parts(song.length_steps)),
    )
    return PreparedSong(draw_from(st.integers(1, 909)), complete)


class TestDataset:
    @given(st.lists(prepared_songs(), min_size=1, max_size=3))
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
    def test_what_is_saved_is_loaded(self, tmp_path, prepared):
        path = tmp_path / "songs.npz"
        assert save_songs(path, prepared) == path.stat().st_size
        assert load_songs(path) == prepared

    def test_file_holds_no_pickles_and_is_the_same_every_time(
        self, tmp_path, prepared_dataset, training_songs, validation_songs
    ):
        with np.load(prepared_dataset, allow_pickle=False) as file:
            assert all(file[name].dtype.kind in "iufU" for name in file.files)
        again = tmp_path / "again.npz"
        save_songs(again, training_songs + validation_songs)
        assert load_songs(again) == load_songs(prepared_dataset) == training_songs + validation_songs
        assert [song.is_validation for song in load_songs(again)] == [False] * 3 + [True] * 2

    def test_songs_without_all_levels_are_refused(self, tmp_path, training_songs):
        song = replace(training_songs[0].song, accompaniment=None)
        with pytest.raises(ValueError, match=r"^song: must have all four levels"):
            save_songs(tmp_path / "songs.npz", [PreparedSong(1, song)])
        assert not list(tmp_path.iterdir())

    def refused(self, path):
        with pytest.raises(
            ValueError, match=r"^data: must be a canzona-dataset-1 file made by 'canzona prepare', got "
        ) as caught:
            load_songs(path)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value)

    def test_other_files_are_refused(self, tmp_path):
        path = tmp_path / "file.npz"
        for content in (b"", b"MThd" * 30, b"\0" * 100, b"PK\x03\x04" + b"\0" * 100, b"\x80\x04N."):
            path.write_bytes(content)
            self.refused(path)
        for arrays in (
            {},
            {"format": np.array("canzona-dataset-9")},
            {"format": np.array("canzona-dataset-1")},
            {"x": np.zeros(3)},
        ):
            np.savez_compressed(path, allow_pickle=False, **arrays)
            self.refused(path)
        np.savez(path, format=np.array([{"a": 1}], dtype=object))
        self.refused(path)
        buffer = io.BytesIO()
        np.save(buffer, np.zeros(3))
        path.write_bytes(buffer.getvalue())
        self.refused(path)
        with pytest.raises(OSError, match="none"):
            load_songs(tmp_path / "none.npz")

    def test_contents_that_make_no_song_are_refused(self, tmp_path, prepared_dataset):
        with np.load(prepared_dataset) as file:
            good = {name: file[name] for name in file.files}
        path = tmp_path / "songs.npz"
        for name, value in (
            ("form", np.array(["?"] * 5)),
            ("keys", good["keys"][:1]),
            ("tempo", good["tempo"] * 0),
            ("beats_per_bar", good["beats_per_bar"] + 9),
            ("piano_1", good["piano_1"] + 200),
            ("piano_2", good["piano_2"][:-1]),
            ("chords_3", good["chords_3"] + 99),
            ("melody_count", good["melody_count"][:2]),
        ):
            np.savez_compressed(path, allow_pickle=False, **(good | {name: value}))
            self.refused(path)

    def test_damaged_files_are_refused(self, tmp_path, prepared_dataset):
        data, path, generator = prepared_dataset.read_bytes(), tmp_path / "songs.npz", random.Random(0)
        for length in (1, 100, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:length])
            self.refused(path)
        expected, refusals = load_songs(prepared_dataset), 0
        for _ in range(60):
            flipped = bytearray(data)
            flipped[generator.randrange(len(data))] ^= 1 << generator.randrange(8)
            path.write_bytes(flipped)
            try:
                found = load_songs(path)
            except (ValueError, OSError):
                refusals += 1
            else:
                same = found == expected  # a bit that no reader looks at
                assert same
        assert refusals > 40


def test_training_needs_no_more_than_it_says():
    """The trainer runs on a machine that has PyTorch and little else."""
    program = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"pydantic", "typer", "rich", "symusic", "mir_eval", "matplotlib", "tensorboard"}:
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, Absent())
import canzona.training.loop
print("done")
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr


@pytest.mark.parametrize("shape", [(24, 40), (40, 24)])
def test_muon_moves_matrices_as_pytorchs_own_does(shape):
    own, theirs = (torch.nn.Parameter(torch.ones(shape)) for _ in range(2))
    gradients = torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))
    optimizers = Muon([own], weight_decay=0.1), torch.optim.Muon([theirs], weight_decay=0.1, adjust_lr_fn="match_rms_adamw")
    for gradient in gradients:
        for matrix, optimizer in zip((own, theirs), optimizers, strict=True):
            matrix.grad = gradient.clone()
            optimizer.param_groups[0]["lr"] = 0.01
            optimizer.step()
    moved = own.detach() - 1
    assert (own - theirs).norm() < 0.05 * moved.norm()  # theirs computes in bfloat16
    strengths = torch.linalg.svdvals(orthogonal(gradients[0]))
    assert strengths.min() > 0.3
    assert strengths.max() < 1.3


def test_features_drop_out_in_training_alone():
    network = tiny_network(LEAD_SHEET)
    network.drop_out(0.5)
    x = torch.randn(1, network.config.frames, network.config.point_size, generator=torch.Generator().manual_seed(0))
    told = torch.zeros(1, network.config.frames, network.config.width)

    def output():
        return network(x, torch.zeros_like(x), torch.zeros(1), told)

    assert torch.equal(output(), output())
    network.train()
    assert not torch.equal(output(), output())
