"""Hypothesis strategies for songs that keep every promise of the domain, and some that a pop song would not."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import strategies as st

from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Phrase, Song
from canzona.song.harmony import PITCH_CLASSES, QUALITIES
from canzona.song.notes import HIGHEST_MELODY_PITCH, LOWEST_MELODY_PITCH
from canzona.song.song import HIGHEST_TEMPO, LOWEST_TEMPO

pitch_classes = st.integers(0, PITCH_CLASSES - 1)
velocities = st.integers(1, 127)
meters = st.sampled_from([Meter(beats) for beats in Meter.ALLOWED])
keys = st.builds(Key, pitch_classes, st.sampled_from(Mode))
keys_or_none = keys | st.none()
chords = st.builds(Chord, pitch_classes, st.sampled_from(sorted(QUALITIES)), pitch_classes).map(Chord.canonical)
tempos = st.floats(LOWEST_TEMPO, HIGHEST_TEMPO)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=8), values, max_size=3),
    max_leaves=8,
)
provenances = st.dictionaries(st.text(max_size=8), json_values, max_size=4)


def forms(
    max_phrases: int = 5, max_phrase_bars: int = 4, phrase_keys: st.SearchStrategy[Key | None] = keys
) -> st.SearchStrategy[Form]:
    """Forms of any letters; ``phrase_keys`` may give ``None`` for a key not known."""
    letters = st.sampled_from("iABCXbzo")
    phrases = st.builds(Phrase, letters, st.integers(1, max_phrase_bars), phrase_keys)
    return st.lists(phrases, min_size=1, max_size=max_phrases).map(lambda phrases: Form(tuple(phrases)))


@st.composite
def spans(draw: st.DrawFn, length: int, max_count: int = 16) -> list[tuple[int, int]]:
    """(start, duration) pairs within ``length`` that follow one another, with or without gaps."""
    times = sorted(draw(st.sets(st.integers(0, length), max_size=2 * max_count)))
    return [(start, end - start) for start, end in pairwise(times) if draw(st.integers(0, 3))]


@st.composite
def melodies(draw: st.DrawFn, length_steps: int, steps: int = 1) -> tuple[Note, ...]:
    """One voice on a grid of ``steps`` sixteenths, within a lead sheet's range of pitch."""
    pitches = st.integers(LOWEST_MELODY_PITCH, HIGHEST_MELODY_PITCH)
    return tuple(
        Note(start * steps, draw(pitches), duration * steps, draw(velocities))
        for start, duration in draw(spans(length_steps // steps))
    )


@st.composite
def lead_sheets(draw: st.DrawFn, length_beats: int, steps: int = 1) -> LeadSheet:
    """Melody on a grid of ``steps`` sixteenths over canonical chords."""
    melody = draw(melodies(length_beats * 4, steps))
    return LeadSheet(melody, tuple(ChordSpan(*span, draw(chords)) for span in draw(spans(length_beats))))


@st.composite
def piano_parts(draw: st.DrawFn, length_steps: int, max_pitches: int = 6) -> tuple[Note, ...]:
    """Many voices, sorted; no note starts while the same pitch sounds."""
    pitches = draw(st.sets(st.integers(0, 127), max_size=max_pitches))
    notes = [
        Note(start, pitch, duration, draw(velocities))
        for pitch in pitches
        for start, duration in draw(spans(length_steps, max_count=4))
    ]
    return tuple(sorted(notes))


@st.composite
def songs(draw: st.DrawFn, phrase_keys: st.SearchStrategy[Key | None] = keys_or_none) -> Song:
    """Songs with any of their levels, in both metres."""
    song = Song(draw(forms(phrase_keys=phrase_keys)), draw(meters), draw(tempos), provenance=draw(provenances))
    beats = song.meter.bars_to_beats(song.form.length_bars)
    return replace(
        song,
        reduced_lead_sheet=draw(st.none() | lead_sheets(beats, steps=4)),
        lead_sheet=draw(st.none() | lead_sheets(beats)),
        accompaniment=draw(st.none() | piano_parts(song.length_steps)),
    )
