"""Compose whole pop songs with four cascaded diffusion models.

>>> import canzona
>>> cascade = canzona.load()
>>> song = cascade.compose(canzona.Request(form=canzona.Form.parse("i4A8B8o4"), seed=7))
"""

from typing import TYPE_CHECKING

from canzona.version import __version__

if TYPE_CHECKING:
    from canzona.generation.controls import Kept, Likeness, Repetition, Revision
    from canzona.generation.request import Request
    from canzona.pretrained import load
    from canzona.song import Form, Key, Meter, Song
    from canzona.song.progression import Progression

__all__ = [
    "Form",
    "Kept",
    "Key",
    "Likeness",
    "Meter",
    "Progression",
    "Repetition",
    "Request",
    "Revision",
    "Song",
    "__version__",
    "load",
]

_LATE = {
    "Form": "canzona.song",
    "Kept": "canzona.generation.controls",
    "Key": "canzona.song",
    "Likeness": "canzona.generation.controls",
    "Meter": "canzona.song",
    "Progression": "canzona.song.progression",
    "Repetition": "canzona.generation.controls",
    "Request": "canzona.generation.request",
    "Revision": "canzona.generation.controls",
    "Song": "canzona.song",
    "load": "canzona.pretrained",
}
"""Public names, imported when first asked for: some bring PyTorch."""


def __getattr__(name: str) -> object:
    if name in _LATE:
        from importlib import import_module

        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'canzona' has no attribute {name!r}")
