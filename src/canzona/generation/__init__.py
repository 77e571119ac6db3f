"""Composing: the cascade, what may be asked of it, and how far it is."""

from canzona.generation.canvas import LevelModel
from canzona.generation.cascade import Cascade, Progress
from canzona.generation.request import Request

__all__ = ["Cascade", "LevelModel", "Progress", "Request"]
