"""``canzona train``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli.common import progress_bar, report, split_data, training_device


def train(
    level: Annotated[str, typer.Argument(help="form, reduced-lead-sheet, lead-sheet or accompaniment.")],
    data: Annotated[Path, typer.Option(help="Data set made by 'canzona prepare'.")],
    run: Annotated[Path | None, typer.Option(help="Folder for checkpoint, weights and history. Default: runs/LEVEL.")] = None,
    max_minutes: Annotated[
        float | None, typer.Option(help="Budget in minutes; the learning rate ends with it. Default: 30.")
    ] = None,
    max_steps: Annotated[int | None, typer.Option(help="Budget in steps, in place of or besides --max-minutes.")] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of a run to continue in place.")] = None,
    start: Annotated[
        Path | None, typer.Option("--from", help="Weight file of the level to begin with; what fits is taken.")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Windows a step.")] = 16,
    learning_rate: Annotated[float, typer.Option(help="Highest learning rate.")] = 1.2e-3,
    seed: Annotated[int, typer.Option(help="Of weights, windows and noise.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto for cuda where there is one.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Processors to use. Default: all, at most 4.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Train one level. Ctrl-C keeps what was learnt; --resume goes on from there."""
    from canzona.generation.request import LARGEST_SEED
    from canzona.hierarchy.levels import level_named
    from canzona.pretrained import load_encoders, use_processors
    from canzona.training.loop import CHECKPOINT, Trainer, TrainingConfig
    from canzona.training.tensorboard import ScalarLog

    row = level_named(level)
    if not 0 <= seed < LARGEST_SEED:
        raise ValueError(f"seed: must be 0 to {LARGEST_SEED - 1}, got {seed}")
    chosen = training_device(device)
    minutes = 30.0 if max_minutes is None and max_steps is None else max_minutes
    config = TrainingConfig(
        batch_size=batch_size,
        learning_rate=learning_rate,
        max_minutes=minutes,
        max_steps=max_steps,
        seed=seed,
        compile=chosen.type == "cuda",
    )
    use_processors(threads)
    folder = resume or run or Path("runs") / row.name
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"run: must be a folder, got the file {str(folder)!r}")
    if resume is not None and not (resume / CHECKPOINT).is_file():
        raise ValueError(f"resume: must be a folder with {CHECKPOINT}, got {str(resume)!r}")
    if start is not None and (resume is not None or not start.is_file()):
        raise ValueError(f"from: must be a weight file, and not given with resume, got {str(start)!r}")
    training, validation = split_data(data)
    trainer = Trainer(row, training, validation, folder, config, chosen, encoders=load_encoders() if row.external else None)
    if start is not None:
        fresh = trainer.start_from(start)
        if fresh:
            typer.echo(f"canzona: {len(fresh)} tensors begin at random: {', '.join(fresh)}", err=True)
    if resume is not None:
        trainer.resume(resume / CHECKPOINT)
    with progress_bar() as bar, ScalarLog(folder) as log:
        task = bar.add_task(row.title, total=1.0, figures="")
        try:
            for progress in trainer.run():
                log.add(progress)
                figures = f"step {progress.step} loss {progress.loss:.4f}"
                if trainer.figures:
                    figures += f" validation {trainer.figures['loss']:.4f}"
                bar.update(task, completed=progress.progress, figures=figures)
        except KeyboardInterrupt:
            trainer.save()
            raise
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
