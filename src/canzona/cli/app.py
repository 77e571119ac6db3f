"""The commands, gathered, and how their mistakes are told: one line on stderr and an exit status.

Status 0: done. 1: the machine's fault. 2: the user's. 130: interrupted.
"""

from collections.abc import Sequence

import typer
from typer.exceptions import TyperException

from canzona.cli import (
    INTERRUPTED,
    analyze,
    compose,
    evaluate,
    export_weights,
    listen_test,
    merge,
    prepare,
    register,
    render,
    revise,
    show,
    studio,
    train,
    train_encoder,
)
from canzona.cli.messages import note
from canzona.faults import MachineFault
from canzona.version import __version__

app = typer.Typer(
    name="canzona",
    help="Compose whole pop songs, top-down: form, reduced lead sheet, lead sheet, piano.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
)
for command in (
    compose.compose,
    revise.revise,
    analyze.analyze,
    render.render,
    show.show,
    studio.studio,
    evaluate.evaluate,
    listen_test.listen_test,
    prepare.prepare,
    merge.merge,
    train.train,
    train_encoder.train_encoder,
    register.register,
    export_weights.export_weights,
):
    app.command()(command)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_print_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit status."""
    try:
        status = app(args=list(arguments), standalone_mode=False, prog_name="canzona")
        if status == INTERRUPTED:  # Typer turns Ctrl-C into this status without a word
            raise KeyboardInterrupt
        return status if isinstance(status, int) else 0
    except TyperException as error:
        return _fail(_complaint(error), error.exit_code)
    except ValueError as error:
        return _fail(str(error), 2)
    except (OSError, MachineFault) as error:
        return _fail(_described(error), 1)
    except (KeyboardInterrupt, typer.Abort):
        return _fail("interrupted", INTERRUPTED)


def _complaint(error: TyperException) -> str:
    """Typer's message, and what was given, which it leaves out where a value is not of its option's type."""
    from pydantic import ValidationError

    if isinstance(error.__cause__, ValidationError):
        return f"{error.format_message()}, got {error.__cause__.errors()[0]['input']!r}"
    return error.format_message()


def _described(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'file'}: {error.strerror.lower()}"
    return str(error)


def _fail(message: str, status: int) -> int:
    if message:
        note(message)
    return status
