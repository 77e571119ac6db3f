"""``canzona train``."""

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from canzona.cli import options
from canzona.cli.common import split_data, training_device
from canzona.cli.messages import note, report
from canzona.cli.outputs import new_run
from canzona.cli.progress import progress
from canzona.processes import processors_here

if TYPE_CHECKING:
    from canzona.training.loop import Trainer


def train(
    level: Annotated[str, typer.Argument(help="form, reduced-lead-sheet, lead-sheet or accompaniment.")],
    data: Annotated[list[Path], typer.Option(help="Data set made by 'canzona prepare'; may be given several times.")],
    run: Annotated[Path | None, typer.Option(help="Folder for checkpoint, weights and history. Default: runs/LEVEL.")] = None,
    force: options.Force = False,
    max_minutes: Annotated[float | None, typer.Option(help="Budget in minutes. Default: 30.")] = None,
    max_steps: Annotated[int | None, typer.Option(help="Budget in steps, in place of or besides --max-minutes.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of a run to continue in place.")] = None,
    branch: Annotated[
        Path | None, typer.Option(help="Folder of a run to finish in another: a tenth more steps at a falling rate.")
    ] = None,
    start: Annotated[
        Path | None, typer.Option("--from", help="Weight file of the level to begin with; what fits is taken.")
    ] = None,
    decay: Annotated[float, typer.Option(help="Share of the budget, at its end, in which the rate falls to 0.")] = 0.0,
    batch_size: Annotated[int | None, typer.Option(help="Windows a step. Default: 16, or the run's.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Highest learning rate. Default: 0.0012, or the run's.")] = None,
    feature_dropout: Annotated[
        float | None, typer.Option(help="Share of features that are dropped. Default: 0.15, or the run's.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, windows and noise. Default: 0, or the run's.")] = None,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto for cuda where there is one.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Processors to use. Default: all, at most 4.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Train one level. Ctrl-C keeps what was learnt; --resume goes on from there. Several processes train with torchrun."""
    from canzona.generation.request import LARGEST_SEED
    from canzona.hierarchy.levels import level_named
    from canzona.pretrained import load_encoders, use_processors
    from canzona.training.checkpoint import read_settings
    from canzona.training.group import joined_group, started_here
    from canzona.training.loop import CHECKPOINT, RUN_SETTINGS, Trainer, TrainingConfig

    row = level_named(level)
    if seed is not None and not 0 <= seed < LARGEST_SEED:
        raise ValueError(f"seed: must be 0 to {LARGEST_SEED - 1}, got {seed}")
    chosen = training_device(device)
    use_processors(min(4, max(1, processors_here() // started_here())) if threads is None else threads)
    folder = resume or run or Path("runs") / row.name
    if resume is not None and run is not None:
        raise ValueError(f"run: must be left out with resume, which goes on in its own folder, got {str(run)!r}")
    for name, own in (("resume", resume), ("branch", branch)):
        if own is not None and not (own / CHECKPOINT).is_file():
            raise ValueError(f"{name}: must be a folder with {CHECKPOINT}, got {str(own)!r}")
    if branch is not None and (resume or start or max_minutes or max_steps or decay):
        raise ValueError("branch: must be given without resume, from, max-minutes, max-steps and decay, got both")
    if branch is not None and branch.resolve() == folder.resolve():
        raise ValueError(f"branch: must be another folder than that of the run, got {str(branch)!r} for both")
    if start is not None and (resume is not None or not start.is_file()):
        raise ValueError(f"from: must be a weight file, and not given with resume, got {str(start)!r}")
    if resume is None:
        new_run(folder, CHECKPOINT, force)
    earlier = resume or branch
    settings = read_settings(earlier / CHECKPOINT) if earlier is not None else {}
    asked = {
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "feature_dropout": feature_dropout,
        "seed": seed,
    }
    for name in RUN_SETTINGS:
        if asked[name] is None:
            asked[name] = settings.get(name)
        elif asked[name] != settings.get(name, asked[name]):
            typer.echo(f"canzona: {name.replace('_', '-')}: {asked[name]} from here on, {settings[name]} so far", err=True)
    config = TrainingConfig(
        **{name: value for name, value in asked.items() if value is not None},  # type: ignore[arg-type]
        max_minutes=30.0 if max_minutes is None and max_steps is None else max_minutes,
        max_steps=max_steps,
        decay=decay,
        compile=chosen.type == "cuda",
    )
    training, validation = split_data(*data)
    encoders = load_encoders() if row.external else None
    with joined_group(chosen) as (group, own):
        trainer = Trainer(row, training, validation, folder, config, own, encoders=encoders, group=group)
        if start is not None:
            fresh = trainer.start_from(start)
            if fresh and group.writes:
                note(f"{len(fresh)} tensors begin at random: {', '.join(fresh)}")
        if resume is not None:
            trainer.resume(resume / CHECKPOINT)
        if branch is not None:
            trainer.branch_from(branch / CHECKPOINT)
        if group.writes:
            _train(trainer, row.title)
        else:
            deque(trainer.run(), maxlen=0)
    if not group.writes:
        return
    facts = {
        "run": str(folder),
        "steps": trainer.step,
        "minutes": round(trainer.seconds / 60, 2),
        "validation": trainer.figures,
    }
    report(
        facts,
        as_json,
        f"{folder}: {trainer.step} steps in {facts['minutes']} min, validation loss {trainer.figures.get('loss')}",
    )


def _train(trainer: "Trainer", title: str) -> None:
    """Train with progress shown and figures noted; what was learnt is saved, too, where Ctrl-C ends it."""
    from canzona.training.tensorboard import ScalarLog

    with progress() as display, ScalarLog(trainer.folder) as log:
        try:
            for step in trainer.run():
                log.add(step)
                figures = f"step {step.step} loss {step.loss:.4f}"
                if trainer.figures:
                    figures += f" validation {trainer.figures['loss']:.4f}"
                display.show(title, step.progress, 1.0, figures)
        except KeyboardInterrupt:
            trainer.save()
            raise
