"""The version of the package, and of the songs and weights that it writes."""

__version__ = "0.1.0"
