"""Every figure against songs small enough to be counted by hand."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.evaluation.metrics import DENSITY, ENDINGS, HARMONY, METRICS, PITCH_AND_RHYTHM, RETURNS, ROWS, score
from canzona.song import ChordSpan, Form, Key, LeadSheet, Meter, Note, Song
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.transposition import transposed
from certain import sure, sure_chord
from strategies import songs
from test_render import example_song

BAR, BEATS = 16, 4
SILENT = Song(Form.parse("A2B2", Key.parse("C major")), lead_sheet=LeadSheet(), accompaniment=())


def chord(start_bar: int, symbol: str, bars: int = 1) -> ChordSpan:
    return ChordSpan(start_bar * BEATS, bars * BEATS, sure_chord(symbol))


def notes(*places: tuple[int, int, int], duration_steps: int = 2) -> tuple[Note, ...]:
    """Notes of (bar, step within the bar, pitch)."""
    return tuple(Note(bar * BAR + step, pitch, duration_steps) for bar, step, pitch in places)


def song(form: str, melody: Any = (), chords: Any = (), piano: Any = None, key: Any = "C major") -> Song:
    return Song(
        Form.parse(form, None if key is None else Key.parse(key)), lead_sheet=LeadSheet(melody, chords), accompaniment=piano
    )


def figure(name: str, of: Song) -> float | None:
    return score(of)[name]


REPORTED = (
    "ils_melody_pitch", "ils_melody_rhythm", "ils_chords", "ils_texture", "si_2_8", "si_8_16", "si_16", "oa_melody_pitch",
    "oa_melody_duration", "oa_melody_density", "oa_melody_polyphony", "oa_piano_pitch", "oa_piano_duration", "oa_piano_density",
    "oa_piano_polyphony", "entropy_1", "entropy_4", "groove", "out_of_key", "chord_accuracy", "chord_tones_piano",
    "chord_tones_melody", "ends_on_tonic", "returns_melody_same", "returns_melody_different", "returns_piano_same",
    "returns_piano_different", "boundary_hits", "copy_melody_1", "copy_melody_2", "copy_melody_4", "copy_piano_1",
    "copy_piano_2", "copy_piano_4", "seconds_per_song",
)  # fmt: skip
"""The names that reports promise."""


def test_names_are_unique_and_every_figure_is_reported():
    assert list(score(SILENT)) == [metric.row.name for metric in METRICS]
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names)
    assert set(REPORTED) <= set(names)
    assert {metric.row for metric in METRICS} <= set(ROWS)
    assert all(row.meaning and row.group for row in ROWS)


@pytest.mark.parametrize(("name", "voice"), [("chord_tones_piano", "piano"), ("chord_tones_melody", "melody")])
def test_chord_tones(name, voice):
    chords = (chord(0, "C:maj"), chord(1, "G:7/b7"))
    played = notes((0, 0, 60), (0, 2, 64), (0, 4, 62), (0, 15, 67), (1, 0, 65), (1, 4, 60), (2, 0, 61))
    # C E and G of C major, F (the bass) of G7; not D nor C; the last sounds under no chord and is left out
    assert figure(name, song("A4", chords=chords, **{voice: played})) == pytest.approx(4 / 6)
    assert figure(name, song("A4", chords=(chord(0, "C:maj/2"),), **{voice: notes((0, 0, 62))})) == 1  # a foreign bass
    assert figure(name, song("A4", **{voice: played})) is None
    assert figure(name, song("A4", chords=chords)) is None
    assert figure(name, Song(Form.parse("A4"), accompaniment=played)) is None


def test_a_chord_is_judged_where_the_note_starts():
    chords = (ChordSpan(0, 1, sure_chord("C:maj")), ChordSpan(1, 3, sure_chord("D:maj")))
    long_note = notes((0, 3, 60), duration_steps=12)
    assert figure("chord_tones_melody", song("A1", melody=long_note, chords=chords)) == 1


def test_melody_in_key():
    melody = notes((0, 0, 60), (0, 4, 61), (1, 0, 66), (1, 4, 65))
    assert figure("melody_in_key", song("A2", melody)) == 2 / 4
    keys: list[Key | None] = [Key.parse("C major"), Key.parse("G major")]
    assert figure("melody_in_key", replace(song("A1B1", melody), form=Form.parse("A1B1").with_keys(keys))) == 2 / 4
    assert figure("melody_in_key", replace(song("A1B1", melody), form=Form.parse("A1B1").with_keys([None, keys[1]]))) == 1 / 2
    assert figure("melody_in_key", song("A2", melody, key=None)) is None
    assert figure("melody_in_key", song("A2", notes((0, 0, 68), (0, 2, 67)), key="A minor")) == 1 / 2  # the natural minor
    assert figure("melody_in_key", song("A2")) is None


def test_bars_without_piano_count_onsets():
    piano = notes((0, 0, 60), (0, 8, 64)) + notes((2, 0, 60), duration_steps=2 * BAR)
    assert figure("bars_without_piano", song("A4", piano=piano)) == 2 / 4
    assert figure("bars_without_piano", SILENT) == 1
    assert figure("bars_without_piano", song("A4")) is None


def test_sung_bars():
    melody = notes((0, 0, 60), (2, 14, 60), duration_steps=4)  # bars 1, and 3 to 4
    assert figure("sung_bars", song("i1A2x1", melody)) == 1 / 2
    assert figure("sung_bars", song("A4", melody)) == 3 / 4
    assert figure("sung_bars", SILENT) == 0
    assert figure("sung_bars", song("i2o2", melody)) is None
    assert figure("sung_bars", Song(Form.parse("A4"))) is None


def test_densities():
    piano = notes((0, 0, 60), (0, 0, 64), (1, 8, 60))
    assert figure("piano_onsets_per_bar", song("i2A2", piano=piano)) == 3 / 4
    assert figure("piano_onsets_per_bar", SILENT) == 0
    assert figure("piano_onsets_per_bar", song("i2A2")) is None
    assert figure("melody_notes_per_sung_bar", song("i2A2", notes((2, 0, 60), (2, 4, 60), (3, 0, 60)))) == 3 / 2
    assert figure("melody_notes_per_sung_bar", SILENT) == 0
    assert figure("melody_notes_per_sung_bar", song("i4")) is None
    assert figure("melody_notes_per_sung_bar", Song(Form.parse("A4"))) is None


@pytest.mark.parametrize("voice", ["melody", "piano"])
def test_returns(voice):
    first = notes((0, 0, 60), (0, 4, 64), (1, 0, 67))
    again = notes((2, 0, 72), (2, 4, 65), (2, 8, 67))
    # bar 1: C returns an octave higher, E does not, of 2 and 3 onsets; bar 2: nothing returns
    returning = song("A2A2", **{voice: first + again})
    assert figure(f"returns_{voice}_same", returning) == pytest.approx((2 * 1 / 5 + 0) / 2)
    assert figure(f"returns_{voice}_different", returning) is None
    other = song("A2B2", **{voice: first + again})
    assert figure(f"returns_{voice}_same", other) is None
    assert figure(f"returns_{voice}_different", other) == pytest.approx((2 * 1 / 5 + 0) / 2)
    assert figure(f"returns_{voice}_same", song("A2A2")) is None
    assert figure(f"returns_{voice}_same", song("A2A3", **{voice: notes((4, 0, 60))})) is None  # only what both phrases have


def test_copies_return_wholly():
    phrase = ((0, 0, 60), (0, 4, 64), (1, 0, 67), (1, 8, 67))
    copies = tuple(note for start in (0, 2, 4) for note in notes(*((bar + start, step, pitch) for bar, step, pitch in phrase)))
    copied = song("A2A2A2", copies, piano=copies)
    assert score(copied)["returns_melody_same"] == score(copied)["returns_piano_same"] == 1


def test_melody_returns_are_judged_in_sung_phrases_and_piano_in_all():
    both = notes((0, 0, 60), (1, 0, 60))
    unsung = song("i1i1A1", both, piano=both)
    assert figure("returns_melody_same", unsung) is None
    assert figure("returns_piano_same", unsung) == 1
    assert figure("returns_piano_different", unsung) == 0


def test_bars_of_three_beats():
    waltz = Song(
        Form.parse("A1A1", Key.parse("C major")),
        Meter(3),
        lead_sheet=LeadSheet((Note(0, 60, 2), Note(12, 60, 2)), (ChordSpan(0, 6, sure_chord("C:maj")),)),
        accompaniment=(Note(4, 48, 2), Note(16, 48, 2)),
    )
    figures = score(waltz)
    assert figures["returns_melody_same"] == figures["returns_piano_same"] == figures["sung_bars"] == 1
    assert figures["bars_without_piano"] == 0
    assert figures["piano_onsets_per_bar"] == 1


def test_a_good_song_scores_well_and_the_same_song_in_a_wrong_key_does_not():
    good = example_song()
    figures = score(good)
    assert sure(figures["melody_in_key"]) > 0.9
    assert sure(figures["chord_tones_piano"]) > 0.75
    assert sure(figures["returns_melody_same"]) > 0.3 > sure(figures["returns_melody_different"])
    wrong = score(replace(good, form=good.form.transposed(6)))
    assert sure(wrong["melody_in_key"]) < 0.5
    assert wrong["last_chord_tonic"] == 0 < sure(figures["last_chord_tonic"])


EXACT = [metric.row.name for metric in METRICS if metric.row.group in (RETURNS, HARMONY, ENDINGS, PITCH_AND_RHYTHM, DENSITY)]
"""Figures counted on pitch classes; what compares registers or picks the highest of sums may round otherwise."""


@given(songs(), st.integers(1, PITCH_CLASSES - 1))
@settings(max_examples=30)
def test_transposing_the_whole_song_changes_no_figure(original, semitones):
    room = 127 - semitones
    voices = [original.accompaniment or (), original.lead_sheet.melody if original.lead_sheet else ()]
    if all(note.pitch <= room for voice in voices for note in voice):
        moved, here = score(transposed(original, semitones)), score(original)
        assert {name: moved[name] for name in EXACT if name != "chord_accuracy"} == pytest.approx(
            {name: here[name] for name in EXACT if name != "chord_accuracy"}
        )


@given(songs())
@settings(max_examples=30)
def test_shares_are_shares(original):
    unbounded = {
        "piano_onsets_per_bar", "melody_notes_per_sung_bar", "entropy_1", "entropy_4", "melody_duration_steps",
        "melody_phrase_range", "piano_onset_places_per_bar", "piano_velocity_deviation",
    }  # fmt: skip
    for name, value in score(original).items():
        assert value is None or 0 <= value <= (float("inf") if name in unbounded else 1 + 1e-9), name
