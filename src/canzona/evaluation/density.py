"""How much is played."""

from canzona.evaluation.voices import melody_of, share
from canzona.song.song import Song


def bars_without_piano(song: Song) -> float | None:
    """Share of bars in which no piano note starts."""
    if song.accompaniment is None:
        return None
    return 1 - len({song.meter.bar_of_step(note.start_step) for note in song.accompaniment}) / song.form.length_bars


def sung_bars(song: Song) -> float | None:
    """Share of the bars of sung phrases (capital letters) in which melody sounds."""
    if song.lead_sheet is None:
        return None
    sounding = {song.meter.bar_of_step(step) for note in melody_of(song) for step in range(note.start_step, note.end_step)}
    return share(
        bar in sounding
        for start, phrase in song.form.spans()
        if phrase.is_sung
        for bar in range(start, start + phrase.length_bars)
    )


def piano_onsets_per_bar(song: Song) -> float | None:
    return None if song.accompaniment is None else len(song.accompaniment) / song.form.length_bars


def melody_notes_per_sung_bar(song: Song) -> float | None:
    bars = sum(phrase.length_bars for phrase in song.form.phrases if phrase.is_sung)
    return len(melody_of(song)) / bars if bars and song.lead_sheet is not None else None
