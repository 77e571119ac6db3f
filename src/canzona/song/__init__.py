"""The domain: what a song is, on paper, without files, tensors or models."""

from canzona.song.form import Form, Phrase, PhraseType
from canzona.song.harmony import Chord, ChordSpan, Key, Mode
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import STEPS_PER_BEAT, Meter, TimeUnit

__all__ = [
    "STEPS_PER_BEAT",
    "Chord",
    "ChordSpan",
    "Form",
    "Key",
    "LeadSheet",
    "Meter",
    "Mode",
    "Note",
    "Phrase",
    "PhraseType",
    "Song",
    "TimeUnit",
]
