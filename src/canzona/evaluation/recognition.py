"""How often the chords that are heard in the piano alone are those that it was to play.

Labels are not exact: on seven in ten of the beats that are missed in human songs, the label covers fewer of the piano's notes
than the chord that is heard. So human songs stay near .90, and a system that plays its chords literally can stand above them.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from canzona.song.harmony import QUALITIES, Chord, ChordSpan
from canzona.song.song import LeadSheet, Song
from canzona.transcription.recognition import MAJOR_THIRD, MINOR_THIRD, recognise


def recognised_chords(song: Song) -> tuple[ChordSpan, ...]:
    """The chords that are heard in a song's piano, none across a bar line; none without a piano."""
    heard = recognise(song.accompaniment or (), song.meter, song.form.length_bars)
    spans: list[ChordSpan] = []
    for beat, chord in enumerate(heard):
        goes_on = spans and spans[-1].end_beat == beat and spans[-1].chord == chord and beat % song.meter.beats_per_bar
        if goes_on:
            spans[-1] = replace(spans[-1], duration_beats=spans[-1].duration_beats + 1)
        elif chord is not None:
            spans.append(ChordSpan(beat, 1, chord))
    return tuple(spans)


def with_recognised_chords(song: Song) -> Song:
    """The song; where only its piano is there, with the chords that are heard in it, for a texture is told from its chords."""
    sheet = song.lead_sheet or LeadSheet()
    if sheet.chords or not song.accompaniment:
        return song
    return replace(song, lead_sheet=LeadSheet(sheet.melody, recognised_chords(song)))


def chord_accuracy(song: Song) -> float | None:
    """Share of beats with a chord on which the piano is heard to have its root, and no minor third for a major one or reverse.

    Sevenths and other added tones do not matter, and a chord without a third agrees with either. ``None`` without chords or
    piano.
    """
    return _accuracy(song, _same_root_and_third)


def chord_accuracy_exact(song: Song) -> float | None:
    """Share of beats with a chord on which the piano is heard to have exactly its tones. ``None`` without chords or piano."""
    return _accuracy(song, _same_tones)


def _accuracy(song: Song, agree: Callable[[Chord, Chord], bool]) -> float | None:
    if song.lead_sheet is None or not song.lead_sheet.chords or not song.accompaniment:
        return None
    heard = recognise(song.accompaniment, song.meter, song.form.length_bars)
    judged = [
        chord is not None and agree(span.chord, chord)
        for span in song.lead_sheet.chords
        for chord in heard[span.start_beat : span.end_beat]
    ]
    return float(np.mean(judged)) if judged else None


def _same_root_and_third(asked: Chord, heard: Chord) -> bool:
    thirds = {third for chord in (asked, heard) for third in QUALITIES[chord.quality] if third in (MINOR_THIRD, MAJOR_THIRD)}
    return asked.root == heard.root and len(thirds) < 2


def _same_tones(asked: Chord, heard: Chord) -> bool:
    return asked.chroma == heard.chroma
