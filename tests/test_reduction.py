"""The reduced lead sheet: on beats, within bars and phrases, alike in every transposition."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canzona.hierarchy.reduction import RHYTHMS, reduce_lead_sheet, reduce_melody, simplify_chords
from canzona.song import STEPS_PER_BEAT, ChordSpan, Form, LeadSheet, Meter, Note
from canzona.song.harmony import QUALITIES, Chord
from canzona.song.timing import beats_to_steps

FORM = Form.parse("i2A4B3o1")
METERS = st.sampled_from([Meter(4), Meter(3)])
CHORDS = st.builds(Chord, st.integers(0, 11), st.sampled_from(sorted(QUALITIES)), st.integers(0, 11))


@st.composite
def chord_lines(draw: st.DrawFn) -> tuple[ChordSpan, ...]:
    """Chords of any length, over bar lines and with gaps, no further than the shortest end of ``FORM``."""
    spans, beat = [], 0
    for gap, duration, chord in draw(
        st.lists(st.tuples(st.sampled_from([0, 0, 0, 1, 5]), st.integers(1, 6), CHORDS), max_size=12)
    ):
        if beat + gap + duration <= Meter(3).bars_to_beats(FORM.length_bars):
            spans.append(ChordSpan(beat + gap, duration, chord))
            beat += gap + duration
    return tuple(spans)


@st.composite
def melodies(draw: st.DrawFn) -> tuple[Note, ...]:
    notes, step = [], 0
    for gap, duration, pitch in draw(
        st.lists(st.tuples(st.sampled_from([0, 0, 0, 1, 2, 9]), st.integers(1, 20), st.integers(48, 90)), max_size=60)
    ):
        notes.append(Note(step + gap, pitch, duration))
        step += gap + duration
    return tuple(notes)


def beats_of(spans: tuple[ChordSpan, ...]) -> list[int]:
    return [beat for span in spans for beat in range(span.start_beat, span.end_beat)]


def spans_of(*symbols_and_beats: tuple[str, int]) -> tuple[ChordSpan, ...]:
    """Chords one after the other from the start of the song; ``N`` is a gap."""
    spans, beat = [], 0
    for symbol, beats in symbols_and_beats:
        chord = Chord.parse(symbol)
        if chord:
            spans.append(ChordSpan(beat, beats, chord))
        beat += beats
    return tuple(spans)


@given(chords=chord_lines(), meter=METERS)
def test_simplified_chords_cover_the_same_beats_within_bars(chords: tuple[ChordSpan, ...], meter: Meter) -> None:
    simplified = simplify_chords(chords, meter)
    assert beats_of(simplified) == beats_of(chords)
    assert all(meter.bar_of_beat(span.start_beat) == meter.bar_of_beat(span.end_beat - 1) for span in simplified)
    assert all(span.chord == span.chord.canonical() for span in simplified)
    assert {span.chord for span in simplified} <= {span.chord.canonical() for span in chords}
    assert simplify_chords(simplified, meter) == simplified


@given(chords=chord_lines(), melody=melodies(), meter=METERS)
def test_reduced_notes_are_on_beats_one_at_a_time_and_inside_phrases(
    chords: tuple[ChordSpan, ...], melody: tuple[Note, ...], meter: Meter
) -> None:
    reduced = reduce_melody(melody, chords, FORM, meter)
    assert all(note.start_step % STEPS_PER_BEAT == note.duration_steps % STEPS_PER_BEAT == 0 for note in reduced)
    assert all(first.end_step <= second.start_step for first, second in pairwise(reduced))
    phrase_at = [number for number, _ in FORM.bar_positions()]
    for note in reduced:
        assert phrase_at[meter.bar_of_step(note.start_step)] == phrase_at[meter.bar_of_step(note.end_step - 1)]
    assert {note.pitch for note in reduced} <= {note.pitch for note in melody}
    assert len(reduced) <= len(melody)


@given(chords=chord_lines(), melody=melodies(), meter=METERS, semitones=st.integers(-6, 6))
def test_transposed_music_has_the_transposed_reduction(
    chords: tuple[ChordSpan, ...], melody: tuple[Note, ...], meter: Meter, semitones: int
) -> None:
    def moved(lead_sheet: LeadSheet) -> LeadSheet:
        return LeadSheet(
            tuple(Note(note.start_step, note.pitch + semitones, note.duration_steps) for note in lead_sheet.melody),
            tuple(
                ChordSpan(span.start_beat, span.duration_beats, span.chord.transposed(semitones).canonical())
                for span in lead_sheet.chords
            ),
        )

    lead_sheet = LeadSheet(melody, simplify_chords(chords, meter))
    assert reduce_lead_sheet(moved(lead_sheet), FORM, meter) == moved(reduce_lead_sheet(lead_sheet, FORM, meter))


@given(chords=chord_lines(), melody=melodies(), meter=METERS)
def test_phrases_are_reduced_alike_wherever_they_stand(
    chords: tuple[ChordSpan, ...], melody: tuple[Note, ...], meter: Meter
) -> None:
    shift = meter.bars_to_beats(3)
    later_chords = tuple(ChordSpan(span.start_beat + shift, span.duration_beats, span.chord) for span in chords)
    later = tuple(Note(note.start_step + beats_to_steps(shift), note.pitch, note.duration_steps) for note in melody)
    reduced = reduce_melody(melody, chords, FORM, meter)
    reduced_later = reduce_melody(later, later_chords, Form.parse(f"b3{FORM}"), meter)
    assert [(note.start_step + beats_to_steps(shift), note.pitch) for note in reduced] == [
        (note.start_step, note.pitch) for note in reduced_later
    ]


def test_rhythms_fill_their_beats() -> None:
    assert all(sum(rhythm) == beats and len(rhythm) == notes for (beats, notes), rhythm in RHYTHMS.items())
    assert set(RHYTHMS) == {(beats, notes) for beats in range(1, 5) for notes in range(1, beats + 1)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([("C:maj", 3), ("C:maj7", 1)], [("C:maj", 4)]),  # one has all tones of the other
        ([("C:maj", 1), ("C:maj7", 3)], [("C:maj7", 4)]),  # the longer stands for both
        ([("C:maj7", 2), ("C:maj", 2)], [("C:maj7", 4)]),  # or the first, on the stronger beat
        ([("C:maj", 2), ("C:maj/3", 2)], [("C:maj", 4)]),  # same root, other bass
        ([("C:maj", 2), ("A:min7/b3", 2)], [("C:maj", 4)]),  # same bass, other root
        ([("C:maj", 2), ("C:min", 2)], [("C:maj", 2), ("C:min", 2)]),  # two tones are too few
        ([("C:maj", 2), ("A:min7", 2)], [("C:maj", 2), ("A:min7", 2)]),  # neither root nor bass
        ([("C:maj", 6), ("G:maj", 2)], [("C:maj", 4), ("C:maj", 2), ("G:maj", 2)]),  # cut at the bar line
        ([("C:maj", 1), ("N", 1), ("C:maj", 2)], [("C:maj", 1), ("N", 1), ("C:maj", 2)]),  # a gap stays
    ],
)
def test_which_chords_merge(before: list[tuple[str, int]], after: list[tuple[str, int]]) -> None:
    assert simplify_chords(spans_of(*before), Meter()) == spans_of(*after)


def test_bars_of_three_beats() -> None:
    assert simplify_chords(spans_of(("C:maj", 4), ("C:maj7", 2)), Meter(3)) == spans_of(("C:maj", 3), ("C:maj7", 3))
    melody = (Note(0, 64, 8), Note(8, 65, 1), Note(9, 64, 3), Note(12, 67, 12))
    reduced = reduce_melody(melody, spans_of(("C:maj", 6)), Form.parse("A2"), Meter(3))
    assert [(note.start_step, note.pitch) for note in reduced if note.start_step in (0, 12)] == [(0, 64), (12, 67)]
    assert reduced[-1].duration_steps == 12


def test_the_skeleton_keeps_chord_tones_and_drops_ornaments() -> None:
    melody = [Note(0, 72, 4), Note(4, 74, 1), Note(5, 73, 1), Note(6, 74, 2), Note(8, 76, 6), Note(14, 77, 2), Note(16, 79, 16)]
    reduced = reduce_melody(tuple(melody), spans_of(("C:maj", 8)), Form.parse("A2"), Meter())
    assert [(note.start_step, note.duration_steps, note.pitch) for note in reduced] == [(0, 8, 72), (8, 8, 76), (16, 16, 79)]


def test_an_anticipation_belongs_to_the_bar_and_phrase_it_anticipates() -> None:
    melody = (Note(0, 72, 14), Note(14, 71, 18))
    reduced = reduce_melody(melody, spans_of(("C:maj", 4), ("G:maj", 4)), Form.parse("A1B1"), Meter())
    assert [(note.start_step, note.duration_steps, note.pitch) for note in reduced] == [(0, 16, 72), (16, 16, 71)]


def test_a_note_tied_over_a_chord_goes_on_and_a_rest_stays() -> None:
    chords = spans_of(("C:maj", 4), ("A:min", 4), ("F:maj", 4), ("G:maj", 4))
    melody = (Note(0, 72, 28), Note(56, 74, 8))
    reduced = reduce_melody(melody, chords, Form.parse("A4"), Meter())
    assert [(note.start_step, note.duration_steps, note.pitch) for note in reduced] == [(0, 32, 72), (56, 8, 74)]


def test_without_chords_every_bar_is_a_span() -> None:
    melody = tuple(Note(4 * beat, 60 + beat, 4) for beat in range(8))
    reduced = reduce_melody(melody, (), Form.parse("A2"), Meter())
    assert {note.start_step for note in reduced} >= {0, 16}
    assert reduced[-1].end_step == 32


def test_notes_after_the_form_are_left_out() -> None:
    assert reduce_melody((Note(16, 60, 4),), (), Form.parse("A1"), Meter()) == ()
