"""Home keys: songs are composed in C major or A minor and moved to their own key afterwards."""

from dataclasses import replace

import numpy as np

from canzona.generation.request import Request
from canzona.song.form import Form
from canzona.song.harmony import PITCH_CLASSES, Key
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.transposition import home_shift

MELODY_PITCHES, PIANO_PITCHES = range(46, 99), range(21, 110)
"""What a composed note is moved into by octaves."""


def shift_home(request: Request) -> int:
    """Semitones, −6 to 5, that take a request home: by its key, by its music's, or else by a tonic that its seed draws."""
    form = request.keyed_form or next((kept.song.form for kept in request.kept), None)
    keyed = [phrase for phrase in form.phrases if phrase.key is not None] if form is not None else []
    if request.first_key is not None and not keyed:
        return home_shift(Form.parse("A1", request.first_key))
    if form is not None and keyed:
        return home_shift(form)
    tonic = int(np.random.default_rng([request.seed, *b"key"]).integers(PITCH_CLASSES))
    return home_shift(Form.parse("A1", Key(tonic)))


def within_range(song: Song) -> Song:
    """The song with notes that lie beyond what its instruments play moved by octaves, or left out where that note sounds."""

    def folded(notes: tuple[Note, ...], pitches: range) -> tuple[Note, ...]:
        inside = [note for note in notes if note.pitch in pitches]
        for note in notes:
            moved = replace(note, pitch=_folded(note.pitch, pitches))
            if moved != note and not any(_sound_together(moved, other) for other in inside):
                inside.append(moved)
        return tuple(sorted(inside))

    def sheet(lead_sheet: LeadSheet | None) -> LeadSheet | None:
        return lead_sheet and LeadSheet(folded(lead_sheet.melody, MELODY_PITCHES), lead_sheet.chords)

    return replace(
        song,
        reduced_lead_sheet=sheet(song.reduced_lead_sheet),
        lead_sheet=sheet(song.lead_sheet),
        accompaniment=song.accompaniment and folded(song.accompaniment, PIANO_PITCHES),
    )


def _sound_together(one: Note, other: Note) -> bool:
    return one.pitch == other.pitch and one.start_step < other.end_step and other.start_step < one.end_step


def _folded(pitch: int, pitches: range) -> int:
    below, above = pitches.start - pitch, pitch - pitches[-1]
    return pitch + PITCH_CLASSES * max(0, -(-below // PITCH_CLASSES)) - PITCH_CLASSES * max(0, -(-above // PITCH_CLASSES))
