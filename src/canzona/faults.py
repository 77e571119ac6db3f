"""Faults of the machine rather than of what was asked."""

import shlex
import sys


class MachineFault(RuntimeError):
    """Something that the work needs is missing or broken here; the message says in one line what, and what to do."""


def missing(what: str, *libraries: str) -> MachineFault:
    """That libraries are not installed, and the command that installs them for the Python that runs, wherever it runs from.

    Args:
        what: what needs them, such as "pictures".
        libraries: their names on the package index, one or more.
    """
    python = shlex.quote(sys.executable or "python3")
    need = f"need{'' if what.endswith('s') else 's'} {' and '.join(libraries)}"
    return MachineFault(f"{what} {need}: {python} -m pip install {' '.join(libraries)}")
