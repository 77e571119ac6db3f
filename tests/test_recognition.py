"""The recogniser on pianos whose chords are plain to hear."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.evaluation.recognition import chord_accuracy, chord_accuracy_exact, recognised_chords
from canzona.io.pop909 import read_song, song_numbers
from canzona.song import Chord, ChordSpan, Form, LeadSheet, Meter, Note, Song
from canzona.song.harmony import QUALITIES
from canzona.transcription.recognition import recognise
from real_data import POP909, STRUCTURE, needs_data
from strategies import chords

BAR, BEATS = 16, 4
METER = Meter()


def parsed(symbol: str) -> Chord:
    chord = Chord.parse(symbol)
    assert chord is not None
    return chord


def blocks(*symbols: str, steps: int = BAR) -> tuple[Note, ...]:
    """Each chord held over its root."""
    return tuple(
        Note(number * steps, pitch, steps)
        for number, chord in enumerate(map(parsed, symbols))
        for pitch in (36 + chord.bass, *(60 + pitch_class for pitch_class in chord.chroma))
    )


def song(chords: tuple[str, ...], piano: tuple[Note, ...] | None) -> Song:
    spans = tuple(ChordSpan(bar * BEATS, BEATS, parsed(symbol)) for bar, symbol in enumerate(chords))
    return Song(Form.parse(f"A{len(chords)}"), lead_sheet=LeadSheet((), spans), accompaniment=piano)


@pytest.mark.parametrize("quality", QUALITIES)
def test_held_chords_of_every_quality_are_heard(quality):
    asked = Chord(2, quality, 2)
    heard = recognise(blocks(asked.symbol, asked.symbol), METER, 2)
    assert {chord and chord.chroma for chord in heard} == {asked.chroma}


def test_broken_chords_are_heard_over_the_beats_that_they_take():
    figure = (0, 7, 12, 16, 19, 16, 12, 7)
    bars = {"C:maj": 36, "F:maj": 41}
    piano = tuple(
        Note(bar * BAR + 2 * place, lowest + tone, 2)
        for bar, lowest in enumerate(bars.values())
        for place, tone in enumerate(figure)
    )
    heard = recognise(piano, METER, 2)
    assert [chord and chord.symbol for chord in heard] == ["C:maj"] * 4 + ["F:maj"] * 4


def test_a_passing_note_changes_no_chord():
    piano = (*blocks("C:maj", "C:maj"), Note(6, 62, 2), Note(14, 65, 2))
    assert {chord and chord.symbol for chord in recognise(piano, METER, 2)} == {"C:maj"}


def test_silent_bars_have_no_chord():
    assert recognise(blocks("C:maj"), METER, 3)[BEATS:] == [None] * 2 * BEATS
    assert recognise((), Meter(3), 2) == [None] * 6


@given(st.lists(chords, min_size=1, max_size=4), st.integers(1, 11))
@settings(max_examples=20)
def test_transposed_piano_gives_transposed_chords(played, semitones):
    piano = blocks(*(replace(chord, bass=chord.root).symbol for chord in played))
    heard = recognise(piano, METER, len(played))
    higher = recognise(tuple(replace(note, pitch=note.pitch + semitones) for note in piano), METER, len(played))
    assert higher == [chord and chord.transposed(semitones) for chord in heard]


def heard_spans(piano: tuple[Note, ...], bars: int, meter: Meter = METER) -> list[tuple[int, int, str]]:
    spans = recognised_chords(Song(Form.parse(f"A{bars}"), meter, accompaniment=piano))
    return [(span.start_beat, span.duration_beats, span.chord.symbol) for span in spans]


def test_chords_that_are_heard_are_spans_within_bars():
    piano = blocks("C:maj", "C:maj", "F:maj")
    assert heard_spans(piano, 3) == [(0, 4, "C:maj"), (4, 4, "C:maj"), (8, 4, "F:maj")]
    halves = blocks("C:maj", "F:maj", "F:maj", "G:maj", steps=BAR // 2)
    assert heard_spans(halves, 2) == [(0, 2, "C:maj"), (2, 2, "F:maj"), (4, 2, "F:maj"), (6, 2, "G:maj")]
    waltz = blocks("C:maj", "C:maj", "F:maj", steps=12)
    assert heard_spans(waltz, 3, Meter(3)) == [(0, 3, "C:maj"), (3, 3, "C:maj"), (6, 3, "F:maj")]


def test_silent_bars_and_songs_without_piano_have_no_chords():
    later = tuple(replace(note, start_step=note.start_step + 2 * BAR) for note in blocks("G:maj"))
    assert heard_spans(blocks("C:maj") + later, 4) == [(0, 4, "C:maj"), (8, 4, "G:maj")]
    assert recognised_chords(Song(Form.parse("A2"), accompaniment=())) == ()
    assert recognised_chords(Song(Form.parse("A2"))) == ()


@given(st.lists(chords, min_size=1, max_size=6), st.sampled_from([4, 8, 16]))
@settings(max_examples=20)
def test_spans_say_what_is_heard_on_every_beat(played, steps):
    piano, bars = blocks(*(chord.symbol for chord in played), steps=steps), 6
    spans = recognised_chords(Song(Form.parse(f"A{bars}"), accompaniment=piano))
    by_beat = {beat: span.chord for span in spans for beat in range(span.start_beat, span.end_beat)}
    assert [by_beat.get(beat) for beat in range(bars * BEATS)] == recognise(piano, METER, bars)
    assert sum(span.duration_beats for span in spans) == len(by_beat)
    assert all(METER.bar_of_beat(span.start_beat) == METER.bar_of_beat(span.end_beat - 1) for span in spans)
    for earlier, later in pairwise(spans):
        assert earlier.end_beat < later.start_beat or earlier.chord != later.chord or later.start_beat % BEATS == 0


def test_accuracy_counts_beats():
    piano = blocks("C:maj", "A:min", "F:maj", "G:maj")
    assert chord_accuracy(song(("C:maj", "A:min", "F:maj", "G:maj"), piano)) == 1
    assert (
        chord_accuracy(song(("C:maj7", "A:min", "F:min", "D:maj"), piano)) == 2 / 4
    )  # a seventh more, a wrong third, a wrong root
    assert chord_accuracy_exact(song(("C:maj7", "A:min", "F:min", "G:maj"), piano)) == 2 / 4
    assert chord_accuracy(song(("C:sus4", "A:sus2", "F:maj", "G:maj"), piano)) == 1  # no third to be wrong


def test_a_silent_bar_does_not_find_its_chord():
    assert chord_accuracy(song(("C:maj", "C:maj"), blocks("C:maj"))) == 1 / 2


def test_noise_finds_few_chords():
    generator = np.random.default_rng(0)
    noise = tuple(
        Note(int(step), int(pitch), 2)
        for step, pitch in zip(generator.integers(0, 16 * BAR, 250), generator.integers(36, 84, 250), strict=True)
    )
    assert (chord_accuracy(song(("C:maj", "A:min", "F:maj", "G:maj") * 4, noise)) or 0) < 0.3


def test_songs_without_chords_or_piano_are_not_scored():
    for piano in (None, ()):
        assert chord_accuracy(song(("C:maj",), piano)) is None
    assert chord_accuracy(Song(Form.parse("A1"), accompaniment=blocks("C:maj"))) is None
    assert chord_accuracy_exact(Song(Form.parse("A1"), lead_sheet=LeadSheet(), accompaniment=blocks("C:maj"))) is None


@needs_data
def test_human_pianos_play_their_chords():
    accuracies = []
    for number in song_numbers(POP909, STRUCTURE)[::100]:
        arrangement = read_song(number, POP909, STRUCTURE)
        lead_sheet = LeadSheet((), arrangement.chords)
        human = Song(arrangement.forms[0], arrangement.meter, lead_sheet=lead_sheet, accompaniment=arrangement.accompaniment)
        accuracies.append(chord_accuracy(human))
    assert np.mean(accuracies) > 0.85
