"""A song in another key."""

from dataclasses import replace

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
