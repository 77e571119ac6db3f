"""Some bars of a song, as a song."""

from dataclasses import replace

from canzona.song.form import Form
from canzona.song.harmony import ChordSpan
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song


def excerpt(song: Song, start_bar: int, end_bar: int) -> Song:
    """The bars from ``start_bar`` up to and without ``end_bar``, counted from 0, at every level that the song has.

    Phrases are shortened to what lies within. Notes that began before are left out, notes that go on are cut; chords are cut at
    both ends.

    Raises:
        ValueError: where there is no such bar.
    """
    if not 0 <= start_bar < end_bar <= song.form.length_bars:
        raise ValueError(f"excerpt: must be bars within 0 to {song.form.length_bars}, got {start_bar} to {end_bar}")
    start, end = song.meter.bars_to_steps(start_bar), song.meter.bars_to_steps(end_bar)
    start_beat, end_beat = song.meter.bars_to_beats(start_bar), song.meter.bars_to_beats(end_bar)

    def voice(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        return tuple(
            replace(note, start_step=note.start_step - start, duration_steps=min(note.end_step, end) - note.start_step)
            for note in notes
            if start <= note.start_step < end
        )

    def chords(spans: tuple[ChordSpan, ...]) -> tuple[ChordSpan, ...]:
        return tuple(
            replace(span, start_beat=first - start_beat, duration_beats=last - first)
            for span in spans
            if (first := max(span.start_beat, start_beat)) < (last := min(span.end_beat, end_beat))
        )

    def sheet(own: LeadSheet | None) -> LeadSheet | None:
        return None if own is None else LeadSheet(voice(own.melody), chords(own.chords))

    phrases = tuple(
        replace(phrase, length_bars=min(bar + phrase.length_bars, end_bar) - max(bar, start_bar))
        for bar, phrase in song.form.spans()
        if bar < end_bar and bar + phrase.length_bars > start_bar
    )
    return replace(
        song,
        form=Form(phrases),
        reduced_lead_sheet=sheet(song.reduced_lead_sheet),
        lead_sheet=sheet(song.lead_sheet),
        accompaniment=None if song.accompaniment is None else voice(song.accompaniment),
    )
