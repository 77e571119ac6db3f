"""``canzona train-encoder``."""

from pathlib import Path
from typing import Annotated

import typer

from canzona.cli import options
from canzona.cli.common import split_data, training_device
from canzona.cli.messages import report
from canzona.cli.outputs import new_run
from canzona.cli.progress import progress


def train_encoder(
    encoder: Annotated[str, typer.Argument(help="melody_pitch, melody_rhythm, chords, chords_8 or texture.")],
    data: Annotated[list[Path], typer.Option(help="Data set made by 'canzona prepare'; may be given several times.")],
    run: Annotated[Path | None, typer.Option(help="Folder for weights and history. Default: runs/ENCODER-SEED_NUMBER.")] = None,
    force: options.Force = False,
    max_minutes: Annotated[
        float | None, typer.Option(help="Budget in minutes; the learning rate ends with it. Default: 4.")
    ] = None,
    max_steps: Annotated[int | None, typer.Option(help="Budget in steps, in place of or besides --max-minutes.")] = None,
    batch_size: Annotated[int, typer.Option(help="Segments a step.")] = 128,
    learning_rate: Annotated[float, typer.Option(help="Highest learning rate.")] = 2e-3,
    divergence_weight: Annotated[float, typer.Option(help="Of the divergence of codes from a normal distribution.")] = 0.05,
    seed_number: Annotated[int, typer.Option(help="0 or 1: seed of the run, and number of the encoder.")] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto for cuda where there is one.")] = "auto",
    threads: Annotated[int | None, typer.Option(help="Processors to use. Default: all, at most 4.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Train one encoder of short passages, and print how it does on the validation songs. Ctrl-C keeps what was learnt."""
    from canzona.pretrained import use_processors
    from canzona.representation.encodings import SEEDS, encoding_named
    from canzona.training.encoders import WEIGHTS, EncoderTrainer, EncoderTrainingConfig

    row = encoding_named(encoder)
    if seed_number not in SEEDS:
        raise ValueError(f"seed-number: must be one of {', '.join(map(str, SEEDS))}, got {seed_number}")
    chosen = training_device(device)
    config = EncoderTrainingConfig(
        batch_size=batch_size,
        learning_rate=learning_rate,
        divergence_weight=divergence_weight,
        max_minutes=4.0 if max_minutes is None and max_steps is None else max_minutes,
        max_steps=max_steps,
        seed=seed_number,
    )
    use_processors(threads)
    folder = run or Path("runs") / f"{row.name}-{seed_number}"
    new_run(folder, WEIGHTS, force)
    training, validation = split_data(*data)
    trainer = EncoderTrainer(row, seed_number, training, validation, config, chosen)
    with progress() as display:
        try:
            for done in trainer.run():
                figures = f"step {done.step} loss {done.reconstruction:.2f} divergence {done.divergence:.1f}"
                display.show(row.name, done.progress, 1.0, figures)
        except KeyboardInterrupt:
            trainer.finish(folder)
            raise
    figures = trainer.finish(folder)
    facts = {"run": str(folder), "steps": trainer.step, "minutes": round(trainer.seconds / 60, 2), "validation": figures}
    lines = [
        f"{folder}: {trainer.step} steps in {facts['minutes']} min",
        *(f"{name:24}{figures[name]:.4f}" for name in figures),
    ]
    report(facts, as_json, "\n".join(lines))
