"""Loudness: the models compose notes, not velocities, so a plain rule plays them."""

from dataclasses import replace

from canzona.song.notes import Note
from canzona.song.song import Song
from canzona.song.timing import STEPS_PER_BEAT

MELODY_VELOCITY, PIANO_VELOCITY = 96, 72
DOWNBEAT_ACCENT, OFFBEAT_RELIEF = 8, 6
UNSUNG_RELIEF = 6
"""Phrases without the lead melody are played a little softer."""


def with_dynamics(song: Song) -> Song:
    """The song with velocities by voice, place in the bar and kind of phrase. Notes are otherwise unchanged."""
    sung = [phrase.is_sung for phrase in song.form.phrases for _ in range(phrase.length_bars)]

    def played(note: Note, velocity: int) -> Note:
        place = note.start_step % song.meter.steps_per_bar
        velocity += DOWNBEAT_ACCENT * (place == 0) - OFFBEAT_RELIEF * (place % STEPS_PER_BEAT != 0)
        return replace(note, velocity=velocity - UNSUNG_RELIEF * (not sung[song.meter.bar_of_step(note.start_step)]))

    lead_sheet, accompaniment = song.lead_sheet, song.accompaniment
    if lead_sheet is not None:
        lead_sheet = replace(lead_sheet, melody=tuple(played(note, MELODY_VELOCITY) for note in lead_sheet.melody))
    if accompaniment is not None:
        accompaniment = tuple(played(note, PIANO_VELOCITY) for note in accompaniment)
    return replace(song, lead_sheet=lead_sheet, accompaniment=accompaniment)
