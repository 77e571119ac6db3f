"""From a song with a lead sheet to the same song with all its levels."""

from dataclasses import replace

from canzona.hierarchy.analysis import phrase_keys
from canzona.hierarchy.reduction import reduce_lead_sheet
from canzona.song.song import Song


def extract_levels(song: Song) -> Song:
    """The song with its phrases' keys and its reduced lead sheet, both found anew from its phrases and its lead sheet.

    Lead sheet and accompaniment stay as they are.

    Raises:
        ValueError: where the song has no lead sheet.
    """
    if song.lead_sheet is None:
        raise ValueError("song: must have a lead sheet to find its keys and its reduced lead sheet from, got none")
    return replace(
        song,
        form=phrase_keys(song.form, song.lead_sheet, song.meter),
        reduced_lead_sheet=reduce_lead_sheet(song.lead_sheet, song.form, song.meter),
    )


def completed(song: Song) -> Song:
    """The song with the keys and the reduced lead sheet that it lacks, found in its lead sheet; what it has stays as it is."""
    sheet = song.lead_sheet
    if sheet is None:
        return song
    if not all(phrase.key for phrase in song.form.phrases):
        song = replace(song, form=song.form.with_keys_from(phrase_keys(song.form, sheet, song.meter)))
    if song.reduced_lead_sheet is None:
        song = replace(song, reduced_lead_sheet=reduce_lead_sheet(sheet, song.form, song.meter))
    return song
