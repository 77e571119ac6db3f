"""The command ``canzona``."""

import os
import signal
import sys
from collections.abc import Sequence

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status. Nothing is imported before an interruption can be told in one line."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever asks us to end wants what Ctrl-C does
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # spinning threads are ten times slower on shared cores
        from canzona.cli.app import run

        status = run(sys.argv[1:] if arguments is None else arguments)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is left is to end
    except KeyboardInterrupt:
        print("canzona: interrupted", file=sys.stderr)
        status = INTERRUPTED
    sys.exit(status)


__all__ = ["INTERRUPTED", "main"]
