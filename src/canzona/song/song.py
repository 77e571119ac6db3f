"""A song: its four levels, metre and tempo."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

from canzona.song.form import Form
from canzona.song.harmony import ChordSpan
from canzona.song.notes import Note
from canzona.song.timing import Meter

DEFAULT_TEMPO = 90.0
LOWEST_TEMPO, HIGHEST_TEMPO = 20.0, 300.0


@dataclass(frozen=True, slots=True)
class LeadSheet:
    """A melody over chords, both in order of time."""

    melody: tuple[Note, ...] = ()
    chords: tuple[ChordSpan, ...] = ()


@dataclass(frozen=True, slots=True)
class Song:
    """A whole song, from its form down to its piano; a level that is not there yet is ``None``.

    Attributes:
        form: phrases and keys; its end is the song's end.
        meter: one for the whole song.
        tempo: quarter notes a minute.
        reduced_lead_sheet: the melody's skeleton over simplified chords, both on beats.
        lead_sheet: melody and chords.
        accompaniment: the piano's notes.
        provenance: how the song came to be: seed, model version, every option.
    """

    form: Form
    meter: Meter = Meter()
    tempo: float = DEFAULT_TEMPO
    reduced_lead_sheet: LeadSheet | None = None
    lead_sheet: LeadSheet | None = None
    accompaniment: tuple[Note, ...] | None = None
    provenance: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)

    def __post_init__(self) -> None:
        if not LOWEST_TEMPO <= self.tempo <= HIGHEST_TEMPO:
            raise ValueError(f"tempo: must be {LOWEST_TEMPO:g} to {HIGHEST_TEMPO:g} quarter notes a minute, got {self.tempo:g}")

    @property
    def length_steps(self) -> int:
        return self.meter.bars_to_steps(self.form.length_bars)

    def save(self, path: str | Path, force: bool = False) -> None:
        """Write the song to a file, whole or not at all, as its ending says.

        All of the song (``.json``), MIDI (``.mid``, ``.midi``), a score (``.musicxml``, ``.mxl``, ``.svg``, ``.pdf``) with the
        file's name as its title, a picture (``.png``) or sound (``.wav``, ``.flac``, ``.mp3``). Only JSON holds all of a song.
        ``canzona.read`` is the inverse, but for pictures and sound.

        Args:
            path: where to.
            force: whether a file that is there already may be replaced.

        Raises:
            ValueError, MachineFault, OSError: as ``canzona.io.saving.save_song``.
        """
        import_module("canzona.io.saving").save_song(self, path, force)  # songs know nothing of files but this name
