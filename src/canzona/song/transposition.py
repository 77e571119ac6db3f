"""A song in another key."""

from dataclasses import replace

from canzona.song.form import Form
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song


def transposed(song: Song, semitones: int) -> Song:
    """All levels that the song has, and its keys, so many semitones higher, or lower where negative.

    Raises:
        ValueError: where a note would leave MIDI's range.
    """

    def voice(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        return tuple(replace(note, pitch=note.pitch + semitones) for note in notes)

    def sheet(own: LeadSheet | None) -> LeadSheet | None:
        if own is None:
            return None
        chords = tuple(replace(span, chord=span.chord.transposed(semitones)) for span in own.chords)
        return LeadSheet(voice(own.melody), chords)

    return replace(
        song,
        form=song.form.transposed(semitones),
        reduced_lead_sheet=sheet(song.reduced_lead_sheet),
        lead_sheet=sheet(song.lead_sheet),
        accompaniment=None if song.accompaniment is None else voice(song.accompaniment),
    )


FURTHEST_DOWN, FURTHEST_UP = PITCH_CLASSES // 2, PITCH_CLASSES // 2 - 1
"""Semitones that songs are moved at most to be at home, or from there to another key."""


def home_shift(form: Form) -> int:
    """Semitones, −6 to 5, that take a form home: to C major or A minor, by the key of its first phrase that has one.

    A form without keys is at home.
    """
    tonic = next((phrase.key.relative_major for phrase in form.phrases if phrase.key is not None), 0)
    return (FURTHEST_DOWN - tonic) % PITCH_CLASSES - FURTHEST_DOWN


def at_home(song: Song) -> Song:
    """The song in C major or A minor, by its first phrase: twelve keys are one task.

    Raises:
        ValueError: where a note would leave MIDI's range.
    """
    return transposed(song, home_shift(song.form))
