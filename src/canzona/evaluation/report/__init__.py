"""The report that a person reads: one page of HTML that loads nothing."""

from importlib.util import find_spec

from canzona.faults import missing


def require_drawing() -> None:
    """See that a report can be made here, before the work begins.

    Raises:
        MachineFault: where matplotlib or Jinja2 is not installed, naming what to install.
    """
    absent = [library for library in ("matplotlib", "jinja2") if find_spec(library) is None]
    if absent:
        raise missing("reports", *absent)
