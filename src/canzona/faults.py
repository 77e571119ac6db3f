"""Faults of the machine rather than of what was asked."""


class MachineFault(RuntimeError):
    """Something that the work needs is missing or broken here; the message says in one line what, and what to do."""
