"""The command ``canzona``."""

from canzona.cli.app import main

__all__ = ["main"]
