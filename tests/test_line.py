"""The line of melodies and the texture of piano parts small enough to be counted by hand."""

from dataclasses import replace
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.evaluation import line, piano
from canzona.evaluation.metrics import MELODY, METRICS, PIANO
from canzona.song import Form, LeadSheet, Meter, Note, Song
from canzona.song.transposition import transposed
from certain import sure

FIGURES = {metric.row.name: metric.measure for metric in METRICS if metric.row.group in (MELODY, PIANO)}
OF_MELODY = [name for name in FIGURES if name.startswith("melody_")]
OF_REDUCED = ["reduced_stepwise", "reduced_wide_leaps"]
OF_PIANO = [name for name in FIGURES if name.startswith("piano_")]
UNSUNG = ("melody_rhythm_alike_1", "melody_rhythm_alike_2", "melody_rhythm_alike_4", "melody_sounding", "melody_phrase_range")
"""What is asked of sung phrases only."""
COMMON_TIME = Meter(4)
METERS = pytest.mark.parametrize("meter", [Meter(4), Meter(3)], ids=str)


def tune(pitches, steps_apart: int = 4, duration_steps: int = 2) -> tuple[Note, ...]:
    """Notes of these pitches, evenly spaced."""
    return tuple(Note(number * steps_apart, pitch, duration_steps) for number, pitch in enumerate(pitches))


def rhythm(*bars: tuple[int, ...], meter: Meter = COMMON_TIME, pitch: int = 60) -> tuple[Note, ...]:
    """A note of one step on each of the places of each bar."""
    return tuple(Note(meter.bars_to_steps(bar) + place, pitch, 1) for bar, places in enumerate(bars) for place in places)


def sung(form: str, melody: tuple[Note, ...], meter: Meter = COMMON_TIME) -> Song:
    return Song(Form.parse(form), meter, lead_sheet=LeadSheet(melody))


def played(form: str, notes: tuple[Note, ...], meter: Meter = COMMON_TIME) -> Song:
    return Song(Form.parse(form), meter, accompaniment=notes)


def measured(song: Song, names: list[str]) -> dict[str, float | None]:
    return {name: FIGURES[name](song) for name in names}


@st.composite
def tunes(draw: st.DrawFn) -> Song:
    """Sung songs of both metres with enough notes, of so few pitches and distances that figures do come again."""
    meter, count = draw(st.sampled_from([Meter(3), Meter(4)])), draw(st.integers(line.FEWEST_NOTES, 30))
    distances = draw(st.lists(st.sampled_from([1, 2, 2, 2, 4, 40]), min_size=count, max_size=count))
    pitches = draw(st.lists(st.sampled_from([60, 62, 62, 62, 65, 72]), min_size=count, max_size=count))
    starts = list(accumulate(distances, initial=draw(st.integers(0, 9))))
    notes = tuple(
        Note(start, pitch, draw(st.integers(1, distance)))
        for start, pitch, distance in zip(starts[:-1], pitches, distances, strict=True)
    )
    form = Form.parse(draw(st.sampled_from(["A3B6", "A8i2A5B9"])))
    missing_bars = max(1, meter.bar_of_step(starts[-1]) + 1 - form.length_bars)
    form = Form((*form.phrases, *Form.parse(f"C{missing_bars}").phrases))
    return Song(form, meter, reduced_lead_sheet=LeadSheet(notes), lead_sheet=LeadSheet(notes), accompaniment=notes)


def test_the_table_has_every_figure():
    assert len(OF_MELODY) == 11
    assert len(OF_PIANO) == 5
    assert {*OF_MELODY, *OF_REDUCED, *OF_PIANO} == set(FIGURES)


@pytest.mark.parametrize(
    ("interval", "stepwise", "wide"), [(0, 0, 0), (1, 1, 0), (2, 1, 0), (3, 0, 0), (7, 0, 0), (8, 0, 1), (12, 0, 1)]
)
def test_intervals_up_and_down(interval, stepwise, wide):
    pitches = [60 + interval * (number % 2) for number in range(9)]
    song = Song(Form.parse("A4"), reduced_lead_sheet=LeadSheet(tune(pitches)), lead_sheet=LeadSheet(tune([50] * 8)))
    assert (line.reduced_stepwise(song), line.reduced_wide_leaps(song)) == (stepwise, wide)
    assert (line.melody_stepwise(song), line.melody_wide_leaps(song)) == (0, 0)
    song = replace(song, lead_sheet=song.reduced_lead_sheet, reduced_lead_sheet=None)
    assert (line.melody_stepwise(song), line.melody_wide_leaps(song)) == (stepwise, wide)
    assert line.reduced_stepwise(song) is line.reduced_wide_leaps(song) is None


def test_intervals_are_counted_by_pairs_of_neighbours():
    mixed = sung("A4", tune([60, 62, 64, 64, 76, 75, 70, 77, 69]))  # +2 +2 0 +12 −1 −5 +7 −8
    assert line.melody_stepwise(mixed) == 3 / 8
    assert line.melody_wide_leaps(mixed) == 2 / 8
    in_order = sure(mixed.lead_sheet).melody
    assert line.melody_wide_leaps(sung("A4", (*in_order[3:], *in_order[:3]))) == 2 / 8


@METERS
def test_what_lies_more_than_two_bars_apart_is_no_interval(meter):
    two_bars = 2 * meter.steps_per_bar
    notes = tune([60] * 8, 1, 1)
    near = sung("A9", (*notes, Note(7 + two_bars, 61, 1)), meter)
    far = sung("A9", (*notes, Note(8 + two_bars, 61, 1)), meter)
    assert line.melody_stepwise(near) == 1 / 8
    assert line.melody_stepwise(far) == 0
    assert line.melody_stepwise(sung("A99", tune([60] * 8, two_bars + 1), meter)) is None


@METERS
@pytest.mark.parametrize(("period_bars", "again"), [(1, True), (8, True), (9, False)])
def test_a_figure_is_remembered_for_eight_bars(meter, period_bars, again):
    own = [(0, 60), (1, 64), (2, 62), (3, 67), (6, 61), (8, 66)]  # no figure of four notes twice
    repeats, period = 3, meter.bars_to_steps(period_bars)
    notes = tuple(Note(number * period + step, pitch, 1) for number in range(repeats) for step, pitch in own)
    figures = len(notes) - 3  # those of the first period are new, all others are copies
    expected = (figures - len(own)) / figures if again else 0
    assert line.melody_figures_again(sung("A40", notes, meter)) == pytest.approx(expected)


def test_a_figure_is_its_intervals_and_distances():
    own = ((0, 60), (2, 64), (4, 62), (6, 67))

    def after(answer) -> float | None:
        return line.melody_figures_again(sung("A4", tuple(Note(step, pitch, 1) for step, pitch in (*own, *answer))))

    # of the five figures of eight notes only the last can be the first again
    assert after([(9 + step, pitch) for step, pitch in own]) == 1 / 5
    assert after([(9 + step, pitch - 5) for step, pitch in own]) == 1 / 5  # at another pitch
    assert after([(9 + step, pitch + (step == 6)) for step, pitch in own]) == 0  # another last interval
    assert after([(9 + step + (step == 6), pitch) for step, pitch in own]) == 0  # another last distance
    assert after([(9 + step, 127 - pitch) for step, pitch in own]) == 0  # upside down


def test_one_note_for_ever_is_heard_again_but_once():
    for count in (8, 20, 100):
        assert line.melody_figures_again(sung("A40", tune([60] * count))) == pytest.approx(1 - 1 / (count - 3))
    assert line.melody_figures_again(sung("A1", tune([60] * 8, steps_apart=0))) == 0  # none of them is earlier


@given(tunes())
@settings(max_examples=60)
def test_figures_are_heard_again_where_any_earlier_one_is_the_same(song):
    notes, memory = song.lead_sheet.melody, 8 * song.meter.steps_per_bar
    groups = [notes[number : number + 4] for number in range(len(notes) - 3)]
    same = [
        any(
            0 < late[0].start_step - early[0].start_step <= memory
            and len({new.pitch - old.pitch for old, new in zip(early, late, strict=True)}) == 1
            and len({new.start_step - old.start_step for old, new in zip(early, late, strict=True)}) == 1
            for early in groups[:number]
        )
        for number, late in enumerate(groups)
    ]
    assert line.melody_figures_again(song) == pytest.approx(sum(same) / len(same))


@METERS
def test_rhythms_of_a_phrase_are_compared_by_distance(meter):
    first, second, third = (0, 4, 8), (0, 4, 6), (0,)
    form = "A5B1"
    song = sung(form, rhythm(first, second, (), third, first, second, meter=meter), meter)
    # one bar apart: first with second 2/3, third with first 1/2; a silent bar has no rhythm, another phrase is not compared
    assert line.melody_rhythm_alike(song, 1) == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert line.melody_rhythm_alike(song, 2) == pytest.approx(1 / 2)  # second with third
    assert line.melody_rhythm_alike(song, 4) == 1  # first with first
    assert line.melody_rhythm_alike(song, 5) is None
    assert line.melody_rhythm_alike(sung("i5A1", sure(song.lead_sheet).melody, meter), 1) is None


def test_rhythms_do_not_hear_pitch_length_or_how_many_start_together():
    melody = (*tune([60, 61, 62, 63]), *(Note(16 + 4 * beat, 70 + beat, 4) for beat in range(4)))
    assert line.melody_rhythm_alike(sung("A2", melody), 1) == 1
    chords = played("A2", (*rhythm((0, 8)), *(Note(step, pitch, 2) for step in (16, 24) for pitch in (60, 64, 67))))
    assert piano.piano_rhythm_alike(chords, 1) == 1


@METERS
def test_piano_rhythms_are_compared_over_phrases(meter):
    song = played("i1A1B1o1", rhythm((0, 4), (0, 4), (0, 6), (8,), meter=meter), meter)
    assert piano.piano_rhythm_alike(song, 1) == pytest.approx((1 + 1 / 2 + 0) / 3)
    assert piano.piano_rhythm_alike(song, 2) == pytest.approx((1 / 2 + 0) / 2)
    assert piano.piano_rhythm_alike(song, 4) is None
    assert piano.piano_rhythm_alike(played("A3", rhythm((0,), (), (0,), meter=meter), meter), 1) is None


@METERS
def test_melody_sounds_in_sung_bars_up_to_the_bar_line(meter):
    bar = meter.steps_per_bar
    notes = (*tune([60] * 8, 1, 1), Note(2 * bar - 2, 60, 6), Note(3 * bar, 60, bar), Note(4 * bar, 60, bar))
    # of the sung bars: eight steps, two before the bar line, none, all
    assert line.melody_sounding(sung("A2B2o1", notes, meter)) == pytest.approx((8 + 2 + bar) / (4 * bar))
    assert line.melody_sounding(sung("i5", notes, meter)) is None


def test_lengths_of_melody_notes():
    notes = tuple(Note(number * 8, 60, duration) for number, duration in enumerate((1, 1, 1, 2, 3, 4, 5, 7)))
    song = sung("A4", notes)
    assert line.melody_duration_steps(song) == (1 + 1 + 1 + 2 + 3 + 4 + 5 + 7) / 8
    assert line.melody_sixteenth_notes(song) == 3 / 8


def test_places_within_the_beat():
    notes = rhythm((0, 1, 2, 3, 5, 9, 10, 12, 15, 14))
    assert line.melody_off_sixteenths(sung("A1", notes)) == piano.piano_off_sixteenths(played("A1", notes)) == 5 / 10


@METERS
def test_the_range_of_a_phrase(meter):
    bar = meter.steps_per_bar

    def phrase(start_bar: int, *pitches: int) -> tuple[Note, ...]:
        return tuple(Note(start_bar * bar + 2 * number, pitch, 2) for number, pitch in enumerate(pitches))

    notes = (*phrase(0, 40, 90, 40, 90), *phrase(1, 60, 72, 65, 67), *phrase(2, 70, 71, 70, 70, 75), *phrase(3, 50, 80, 50))
    # the intro is not sung, the last phrase has too few notes
    assert line.melody_phrase_range(sung("i1A1A1B1", notes, meter)) == (12 + 5) / 2
    assert line.melody_phrase_range(sung("A8", tune([60] * 20), meter)) == 0
    assert line.melody_phrase_range(sung("i1A1A1B1", (*notes[:4], *notes[-3:], *phrase(4, 60)), meter)) is None


@METERS
def test_places_of_a_bar_count_once_and_up_to_the_last_onset(meter):
    notes = (*rhythm((0, 4, 8), (), (2,), meter=meter), *rhythm((0, 4), meter=meter, pitch=72))
    assert piano.piano_onset_places_per_bar(played("A4", notes, meter)) == 4 / 3


def test_lengths_and_velocities_of_the_piano():
    notes = tuple(
        Note(0, pitch, duration, velocity)
        for pitch, duration, velocity in ((60, 1, 60), (62, 2, 100), (64, 1, 60), (65, 16, 100))
    )
    song = played("A1", notes)
    assert piano.piano_sixteenth_notes(song) == 2 / 4
    assert piano.piano_velocity_deviation(song) == pytest.approx(20)
    assert piano.piano_velocity_deviation(played("A1", notes[:1])) == 0


def test_what_does_not_fit_is_not_scored():
    few = tune(range(60, 60 + line.FEWEST_NOTES - 1))
    for song in (
        Song(Form.parse("A4")),
        Song(Form.parse("A4"), reduced_lead_sheet=LeadSheet(), lead_sheet=LeadSheet(), accompaniment=()),
        Song(Form.parse("A4"), reduced_lead_sheet=LeadSheet(few), lead_sheet=LeadSheet(few)),
    ):
        assert set(measured(song, list(FIGURES)).values()) == {None}
    enough = tune(range(60, 60 + line.FEWEST_NOTES))
    unsung = measured(Song(Form.parse("i4"), reduced_lead_sheet=LeadSheet(enough), lead_sheet=LeadSheet(enough)), list(FIGURES))
    assert {name for name, figure in unsung.items() if figure is None} == {*UNSUNG, *OF_PIANO}


@given(tunes(), st.integers(-12, 12).filter(bool))
@settings(max_examples=40)
def test_transposition_changes_nothing(song, semitones):
    assert measured(transposed(song, semitones), list(FIGURES)) == measured(song, list(FIGURES))


@given(tunes())
@settings(max_examples=40)
def test_a_melody_upside_down_has_the_same_line(song):
    mirrored = LeadSheet(tuple(replace(note, pitch=127 - note.pitch) for note in song.lead_sheet.melody))
    names = [*OF_MELODY, *OF_REDUCED]
    turned = replace(song, lead_sheet=mirrored, reduced_lead_sheet=mirrored)
    assert measured(turned, names) == measured(song, names)


@given(tunes(), st.integers(1, 9))
@settings(max_examples=40)
def test_a_silent_intro_changes_nothing_of_the_melody(song, bars):
    steps = song.meter.bars_to_steps(bars)
    later = LeadSheet(tuple(replace(note, start_step=note.start_step + steps) for note in song.lead_sheet.melody))
    form = Form((*Form.parse(f"i{bars}").phrases, *song.form.phrases))
    names = [*OF_MELODY, *OF_REDUCED]
    assert measured(replace(song, form=form, lead_sheet=later, reduced_lead_sheet=later), names) == measured(song, names)


@given(tunes(), st.integers(1, 40))
@settings(max_examples=40)
def test_louder_throughout_changes_nothing(song, louder):
    uneven = tuple(replace(note, velocity=30 + note.pitch % 7) for note in song.accompaniment)
    raised = tuple(replace(note, velocity=note.velocity + louder) for note in uneven)
    here, there = (measured(replace(song, accompaniment=notes), OF_PIANO) for notes in (uneven, raised))
    assert there == pytest.approx(here)
