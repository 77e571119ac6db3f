"""Compose whole pop songs with four cascaded diffusion models.

>>> import canzona
>>> cascade = canzona.load()
>>> song = cascade.compose(canzona.Request(form=canzona.Form.parse("i4A8B8o4"), seed=7))
>>> song.save("song.mid")
>>> tune = canzona.read("tune.musicxml")
"""

from typing import TYPE_CHECKING

from canzona.version import __version__

if TYPE_CHECKING:
    from canzona.generation.cascade import Cascade
    from canzona.generation.controls import Kept, Likeness, Lock, Repetition, Revision
    from canzona.generation.request import Request
    from canzona.model.denoiser import Guidance
    from canzona.pretrained import load
    from canzona.reading import Reading, read, read_music
    from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Phrase, Song
    from canzona.song.progression import Progression

__all__ = [
    "Cascade",
    "Chord",
    "ChordSpan",
    "Form",
    "Guidance",
    "Kept",
    "Key",
    "LeadSheet",
    "Likeness",
    "Lock",
    "Meter",
    "Mode",
    "Note",
    "Phrase",
    "Progression",
    "Reading",
    "Repetition",
    "Request",
    "Revision",
    "Song",
    "__version__",
    "load",
    "read",
    "read_music",
]

_LATE = {
    "Cascade": "canzona.generation.cascade",
    "Chord": "canzona.song",
    "ChordSpan": "canzona.song",
    "Form": "canzona.song",
    "Guidance": "canzona.model.denoiser",
    "Kept": "canzona.generation.controls",
    "Key": "canzona.song",
    "LeadSheet": "canzona.song",
    "Likeness": "canzona.generation.controls",
    "Lock": "canzona.generation.controls",
    "Meter": "canzona.song",
    "Mode": "canzona.song",
    "Note": "canzona.song",
    "Phrase": "canzona.song",
    "Progression": "canzona.song.progression",
    "Reading": "canzona.reading",
    "Repetition": "canzona.generation.controls",
    "Request": "canzona.generation.request",
    "Revision": "canzona.generation.controls",
    "Song": "canzona.song",
    "load": "canzona.pretrained",
    "read": "canzona.reading",
    "read_music": "canzona.reading",
}
"""Public names, imported when first asked for: some bring PyTorch."""


def __getattr__(name: str) -> object:
    if name in _LATE:
        from importlib import import_module

        return getattr(import_module(_LATE[name]), name)
    raise AttributeError(f"module 'canzona' has no attribute {name!r}")
