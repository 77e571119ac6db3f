"""Composing: the cascade, what may be asked of it, and how far it is."""

from canzona.generation.canvas import LevelModel
from canzona.generation.cascade import Cascade, Progress
from canzona.generation.controls import Kept, Likeness, Lock, Repetition, Revision
from canzona.generation.request import Request

__all__ = ["Cascade", "Kept", "LevelModel", "Likeness", "Lock", "Progress", "Repetition", "Request", "Revision"]
