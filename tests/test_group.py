"""Training by several processes: the losses, weights and files of one."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from canzona.hierarchy.levels import REDUCED_LEAD_SHEET
from canzona.training.checkpoint import CHECKPOINT, HISTORY
from canzona.training.config import TrainingConfig
from canzona.training.group import Group
from canzona.training.loop import Trainer
from conftest import TRAINING_FORMS, VALIDATION_FORMS, prepared
from tiny import tiny_config

CONFIG = TrainingConfig(
    batch_size=4,
    learning_rate=3e-3,
    feature_dropout=0.0,  # every process drops others
    warmup_steps=2,
    max_steps=3,
    max_minutes=None,
    validation_every=9,
    validation_windows=4,
)


def trainer(folder: Path, steps: int, group: Group | None = None) -> Trainer:
    songs, others = prepared(TRAINING_FORMS), prepared(VALIDATION_FORMS)
    config, shape = replace(CONFIG, max_steps=steps), tiny_config(REDUCED_LEAD_SHEET)
    return Trainer(REDUCED_LEAD_SHEET, songs, others, folder, config, torch.device("cpu"), shape, group=group)


def main(folder: Path, stop_at: int) -> None:
    """In each process: train on from the folder's checkpoint, and tell of every step; the last is asked to stop at a step."""
    from canzona.training.group import joined_group

    torch.set_num_threads(1)
    with joined_group(torch.device("cpu")) as (group, _):
        own = trainer(folder, 6, group)
        own.resume(folder / CHECKPOINT)
        steps = []
        try:
            for step in own.run():
                steps.append((step.step, step.loss))
                if step.step == stop_at and group.rank == group.size - 1:
                    os.kill(os.getpid(), 2)
        except KeyboardInterrupt:
            own.save()
        (folder / f"rank-{group.rank}.json").write_text(json.dumps({"steps": steps, "size": group.size, "done": own.step}))


def by_two(folder: Path, stop_at: int = 0) -> list[dict]:
    """What two processes tell."""
    program = f"from pathlib import Path; from test_group import main; main(Path({str(folder)!r}), {stop_at})"
    script = folder / "script.py"
    script.write_text(program)
    paths = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)],
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads((folder / f"rank-{rank}.json").read_text()) for rank in range(2)]


def parameters(own: Trainer) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in own.network.parameters()])


def test_two_processes_go_on_as_one_would_have_and_one_after_them(tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole", 6)
    losses = [step.loss for step in whole.run()]
    begun = trainer(tmp_path / "shared", 3)
    list(begun.run())
    ranks = by_two(begun.folder, stop_at=4)  # asked at the fourth step, both stop after the fifth
    assert [own["size"] for own in ranks] == [2, 2]
    assert ranks[0] == ranks[1]
    assert (ranks[0]["done"], [step for step, _ in ranks[0]["steps"]]) == (5, [4])
    resumed = trainer(begun.folder, 6)
    resumed.resume(begun.folder / CHECKPOINT)
    late = [ranks[0]["steps"][0][1], *(step.loss for step in resumed.run())]
    assert late == pytest.approx([losses[3], losses[5]], rel=1e-3)  # gradients that are not averaged are off by 2e-2
    assert torch.equal(resumed.generator.get_state(), whole.generator.get_state())
    first, one, other = (parameters(own) for own in (trainer(tmp_path, 6), resumed, whole))
    assert (one - other).norm() < 0.1 * (other - first).norm()  # else 0.6
    assert [json.loads(line)["step"] for line in (begun.folder / HISTORY).read_text().splitlines()][-1] == 6


def test_parts_of_a_batch_are_all_of_it_once() -> None:
    places = [place for rank in range(4) for place in range(12)[Group(rank, 4).part(12)]]
    assert places == list(range(12))
    with pytest.raises(ValueError, match="batch-size: must be a multiple of the 5 processes that train, got 12"):
        Group(0, 5).part(12)
