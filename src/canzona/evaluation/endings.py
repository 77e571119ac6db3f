"""How songs and phrases end."""

from canzona.evaluation.voices import melody_of, share
from canzona.song.form import Phrase
from canzona.song.harmony import PITCH_CLASSES, QUALITIES, Chord, Key
from canzona.song.song import Song
from canzona.song.timing import STEPS_PER_BEAT, beats_to_steps

DOMINANT, MINOR_THIRD = 7, 3
"""Semitones above the tonic, and above a chord's root."""
HELD_BEATS = 2
"""How long a melody note must have to itself to close a phrase."""


def last_chord_tonic(song: Song) -> float | None:
    """1 where the last chord is rooted on the tonic of the last key, else 0; ``None`` without chords or that key."""
    key = song.form.phrases[-1].key
    if song.lead_sheet is None or not song.lead_sheet.chords or key is None:
        return None
    return float(song.lead_sheet.chords[-1].chord.root == key.tonic)


def ends_on_tonic(song: Song) -> float | None:
    """1 where, besides, the melody's last note is a tone of that chord, else 0; ``None`` without melody too."""
    on_tonic, melody = last_chord_tonic(song), melody_of(song)
    if song.lead_sheet is None or on_tonic is None or not melody:
        return None
    return on_tonic * float(max(melody).pitch % PITCH_CLASSES in song.lead_sheet.chords[-1].chord.chroma)


def phrase_cadences(song: Song) -> float | None:
    """Share of sung phrases that close; ``None`` where there is none to judge.

    A phrase closes with its harmony where its last two different roots are the dominant and the tonic of its key, the dominant
    not being a minor chord. It closes with its melody where one of its notes has two beats to itself, sounding or followed by
    silence, that reach the phrase's last beat: within that beat the next phrase may already begin. A phrase without melody and
    without chords in a key is not judged.
    """
    closing = (_closes(song, start_bar, phrase) for start_bar, phrase in song.form.spans() if phrase.is_sung)
    return share(closes for closes in closing if closes is not None)


def _closes(song: Song, start_bar: int, phrase: Phrase) -> bool | None:
    end_bar = start_bar + phrase.length_bars
    harmony = _closing_harmony(song, song.meter.bars_to_beats(start_bar), song.meter.bars_to_beats(end_bar), phrase.key)
    melody = _closing_note(song, song.meter.bars_to_steps(start_bar), song.meter.bars_to_steps(end_bar))
    return None if harmony is None and melody is None else bool(harmony or melody)


def _closing_harmony(song: Song, start_beat: int, end_beat: int, key: Key | None) -> bool | None:
    spans = song.lead_sheet.chords if song.lead_sheet is not None else ()
    chords = [span.chord for span in spans if span.start_beat < end_beat and span.end_beat > start_beat]
    if key is None or not chords:
        return None
    before = [chord for chord in chords if chord.root != chords[-1].root]
    return bool(before) and chords[-1].root == key.tonic and _is_dominant(before[-1], key)


def _is_dominant(chord: Chord, key: Key) -> bool:
    return chord.root == (key.tonic + DOMINANT) % PITCH_CLASSES and MINOR_THIRD not in QUALITIES[chord.quality]


def _closing_note(song: Song, start_step: int, end_step: int) -> bool | None:
    onsets = sorted({note.start_step for note in melody_of(song)})
    nexts = [*onsets[1:], song.length_steps]
    own = [(onset, following) for onset, following in zip(onsets, nexts, strict=False) if start_step <= onset < end_step]
    if not own:
        return None
    held = beats_to_steps(HELD_BEATS)
    return any(following - onset >= held and following >= end_step - STEPS_PER_BEAT for onset, following in own)
