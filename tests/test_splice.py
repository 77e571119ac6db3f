"""Two versions of the same bars made into one: what is kept comes back as it was, and the rest makes room for it."""

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.song import Chord, ChordSpan, Meter, Note
from canzona.song.notes import one_voice
from canzona.song.splice import splice_chords, splice_notes
from strategies import chords, melodies, meters, piano_parts, spans

C, F, G = Chord(0, "maj", 0), Chord(5, "maj", 5), Chord(7, "maj", 7)
BAR = Meter().steps_per_bar
ONE_VOICE = pytest.mark.parametrize("is_one_voice", [True, False], ids=["one voice", "many voices"])


@dataclass(frozen=True)
class Versions:
    """Two versions of some bars, and which bars of the first are kept."""

    kept: tuple
    new: tuple
    is_kept: list[bool]
    meter: Meter


@st.composite
def versions_of_notes(draw: st.DrawFn, is_one_voice: bool) -> Versions:
    """Both versions are one voice, or neither sounds a pitch twice at once; many short notes, or few that last for bars."""
    meter, is_kept = draw(meters), draw(st.lists(st.booleans(), min_size=1, max_size=6))
    steps = meter.bars_to_steps(len(is_kept))
    times = st.builds(Note, st.integers(0, steps - 1), st.just(60), st.integers(1, 3 * meter.steps_per_bar))
    long_notes = st.lists(times, min_size=1, max_size=4).map(
        lambda notes: tuple(note.ending_by(steps) for note in one_voice(notes))
    )
    part = st.one_of(melodies(steps) if is_one_voice else piano_parts(steps), long_notes, long_notes)
    return Versions(draw(part), draw(part), is_kept, meter)


@st.composite
def versions_of_chords(draw: st.DrawFn) -> Versions:
    meter, is_kept = draw(meters), draw(st.lists(st.booleans(), min_size=1, max_size=6))
    beats = meter.bars_to_beats(len(is_kept))
    kept, new = (tuple(ChordSpan(*span, draw(chords)) for span in draw(spans(beats))) for _ in range(2))
    return Versions(kept, new, is_kept, meter)


def in_bars(notes, is_kept, meter: Meter, wanted: bool) -> list[Note]:
    return [note for note in notes if is_kept[meter.bar_of_step(note.start_step)] is wanted]


# Notes


def test_frames_may_be_shorter_than_bars() -> None:
    """Half bars, of which the second is kept: a new note ends before it, and the chord changes there."""
    kept, new = (Note(0, 60, 4), Note(8, 62, 8)), (Note(0, 64, 12), Note(12, 65, 4))
    assert splice_notes(kept, new, [False, True], 8, one_voice=True) == (Note(0, 64, 8), Note(8, 62, 8))
    spans = splice_chords((ChordSpan(0, 4, C),), (ChordSpan(0, 4, F),), [False, True], 8)
    assert spans == (ChordSpan(0, 2, F), ChordSpan(2, 2, C))


@ONE_VOICE
@given(data=st.data())
@settings(max_examples=60)
def test_in_kept_bars_the_kept_notes_begin_and_no_others(is_one_voice: bool, data: st.DataObject) -> None:
    both = data.draw(versions_of_notes(is_one_voice))
    found = splice_notes(both.kept, both.new, both.is_kept, both.meter.steps_per_bar, is_one_voice)
    assert in_bars(found, both.is_kept, both.meter, True) == in_bars(both.kept, both.is_kept, both.meter, True)


@ONE_VOICE
@given(data=st.data())
@settings(max_examples=60)
def test_other_notes_are_parts_of_new_ones_and_fill_what_is_free(is_one_voice: bool, data: st.DataObject) -> None:
    both = data.draw(versions_of_notes(is_one_voice))
    found = splice_notes(both.kept, both.new, both.is_kept, both.meter.steps_per_bar, is_one_voice)
    settled = in_bars(both.kept, both.is_kept, both.meter, True)
    offered = in_bars(both.new, both.is_kept, both.meter, False)
    for note in in_bars(found, both.is_kept, both.meter, False):
        (own,) = [each for each in offered if each.pitch == note.pitch and each.start_step <= note.start_step < each.end_step]
        assert note.velocity == own.velocity
        assert note.end_step <= own.end_step
    for own in offered:
        rivals = [each for each in settled if is_one_voice or each.pitch == own.pitch]
        if not any(each.start_step < own.end_step and own.start_step < each.end_step for each in rivals):
            assert own in found  # untouched where it is in nobody's way


@ONE_VOICE
@given(data=st.data())
@settings(max_examples=60)
def test_no_two_notes_of_a_pitch_sound_at_once_nor_any_two_of_one_voice(is_one_voice: bool, data: st.DataObject) -> None:
    both = data.draw(versions_of_notes(is_one_voice))
    found = splice_notes(both.kept, both.new, both.is_kept, both.meter.steps_per_bar, is_one_voice)
    assert list(found) == sorted(found)
    for voice in [found] if is_one_voice else [[note for note in found if note.pitch == pitch] for pitch in range(128)]:
        assert all(earlier.end_step <= later.start_step for earlier, later in pairwise(voice))


@ONE_VOICE
@given(data=st.data())
@settings(max_examples=40)
def test_equal_versions_all_kept_and_none_kept(is_one_voice: bool, data: st.DataObject) -> None:
    both = data.draw(versions_of_notes(is_one_voice))
    kept, new, bars = both.kept, both.new, len(both.is_kept)
    assert splice_notes(kept, kept, both.is_kept, both.meter.steps_per_bar, is_one_voice) == kept
    assert splice_notes(kept, new, [True] * bars, both.meter.steps_per_bar, is_one_voice) == kept
    assert splice_notes(kept, new, [False] * bars, both.meter.steps_per_bar, is_one_voice) == new


def test_where_versions_meet_by_hand() -> None:
    kept = (Note(12, 60, 8, 70), Note(36, 64, 4, 71))  # begin in bars 0 and 2
    new = (Note(0, 50, 16, 90), Note(16, 55, 2, 91), Note(18, 60, 4, 92), Note(28, 64, 12, 93), Note(40, 67, 4, 94))
    kept_first_and_last = [True, False, True]
    assert splice_notes(kept, new, kept_first_and_last, BAR, one_voice=True) == (
        Note(12, 60, 8, 70),
        Note(20, 60, 2, 92),  # the note at 16 is over before the kept one is
        Note(28, 64, 8, 93),
        Note(36, 64, 4, 71),
    )
    assert splice_notes(kept, new, kept_first_and_last, BAR, one_voice=False) == (
        Note(12, 60, 8, 70),
        Note(16, 55, 2, 91),  # another pitch is in nobody's way
        Note(20, 60, 2, 92),
        Note(28, 64, 8, 93),
        Note(36, 64, 4, 71),
    )


def test_a_note_that_could_only_begin_in_a_kept_bar_is_left_out() -> None:
    kept, new = (Note(0, 60, 36),), (Note(16, 62, 24),)  # the kept note of bar 0 lasts into bar 2, which is kept too
    assert splice_notes(kept, new, [True, False, True], BAR, one_voice=True) == kept
    assert splice_notes(kept, new, [True, False, False], BAR, one_voice=True) == (*kept, Note(36, 62, 4))


def test_notes_behind_the_bars_are_left_out() -> None:
    notes = (Note(0, 60, 4), Note(16, 62, 4))
    assert splice_notes(notes, notes, [True], BAR, one_voice=True) == notes[:1]
    assert splice_notes(notes, notes, [False], BAR, one_voice=True) == notes[:1]
    assert splice_notes(notes, notes, [], BAR, one_voice=True) == ()


# Chords


def by_beat(chord_spans) -> dict[int, Chord]:
    return {beat: span.chord for span in chord_spans for beat in range(span.start_beat, span.end_beat)}


@given(both=versions_of_chords())
@settings(max_examples=60)
def test_every_beat_has_the_chord_of_its_bar_s_version(both: Versions) -> None:
    found = splice_chords(both.kept, both.new, both.is_kept, both.meter.steps_per_bar)
    kept, new, meter = by_beat(both.kept), by_beat(both.new), both.meter
    beats = range(meter.bars_to_beats(len(both.is_kept)))
    sources = {beat: kept if both.is_kept[meter.bar_of_beat(beat)] else new for beat in beats}
    assert by_beat(found) == {beat: source[beat] for beat, source in sources.items() if beat in source}
    assert all(earlier.end_beat <= later.start_beat for earlier, later in pairwise(found))
    changes = {meter.bars_to_beats(bar) for bar, (one, other) in enumerate(pairwise(both.is_kept), 1) if one != other}
    for edge in {beat for span in found for beat in (span.start_beat, span.end_beat)} - changes:
        versions = [both.kept if both.is_kept[min(meter.bar_of_beat(edge), len(both.is_kept) - 1)] else both.new]
        assert edge in {beat for span in versions[0] for beat in (span.start_beat, span.end_beat)}  # cut nowhere else


@given(both=versions_of_chords())
@settings(max_examples=50)
def test_chords_all_kept_and_none_kept(both: Versions) -> None:
    bars = len(both.is_kept)
    assert splice_chords(both.kept, both.new, [True] * bars, both.meter.steps_per_bar) == both.kept
    assert splice_chords(both.kept, both.new, [False] * bars, both.meter.steps_per_bar) == both.new
    assert by_beat(splice_chords(both.kept, both.kept, both.is_kept, both.meter.steps_per_bar)) == by_beat(both.kept)


def test_chords_are_cut_where_the_version_changes() -> None:
    kept, new = (ChordSpan(0, 8, C), ChordSpan(8, 4, F)), (ChordSpan(2, 6, G),)
    assert splice_chords(kept, new, [True, False, True], BAR) == (
        ChordSpan(0, 4, C),
        ChordSpan(4, 4, G),
        ChordSpan(8, 4, F),
    )
    assert splice_chords(kept, new, [False, True], BAR) == (ChordSpan(2, 2, G), ChordSpan(4, 4, C))
    assert splice_chords(kept, new, [True], Meter(3).steps_per_bar) == (ChordSpan(0, 3, C),)
