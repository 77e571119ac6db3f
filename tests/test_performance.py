"""How songs are played where they leave as MIDI: a reader finds what was written, whatever the performance."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from symusic.core import ScoreTick

from canzona.io.midi import midi_to_song, song_to_midi, song_tracks
from canzona.io.performance import LEFT, PROGRAMS, RIGHT, SUNG, TICKS_PER_STEP, Performance
from canzona.song import Form, Meter, Note, Song
from certain import sure
from strategies import songs
from test_render import example_song

SONG = replace(example_song("A2B2"), reduced_lead_sheet=None)
HANDS = (LEFT, RIGHT, SUNG)


@given(songs(), st.floats(0, 1), st.integers(0, 9))
@settings(max_examples=50)
def test_a_humanized_song_with_pedal_is_read_back_as_it_is_written(song, humanize, seed):
    pedal = bool(song.lead_sheet and song.lead_sheet.chords)
    played = Performance(humanize, seed, pedal, channels={"PIANO": 1, "CHORDS": 16}, programs={"MELODY": 74})
    assert midi_to_song(song_to_midi(song, played)) == midi_to_song(song_to_midi(song))


@given(st.floats(0, 1), st.integers(0, 99), st.sampled_from(HANDS), st.floats(20, 300), st.sampled_from([3, 4]))
@settings(max_examples=50)
def test_played_times_keep_their_order_and_stay_within_the_song(humanize, seed, hand, tempo, beats_per_bar):
    ticks_of = Performance(humanize, seed).ticks_of(hand, Meter(beats_per_bar), tempo, 160)
    ticks = [ticks_of(step) for step in range(161)]
    assert all(abs(tick - TICKS_PER_STEP * step) < TICKS_PER_STEP / 2 for step, tick in enumerate(ticks))
    assert ticks == sorted(set(ticks))
    assert ticks[0] >= 0
    assert ticks[-1] <= 160 * TICKS_PER_STEP


def test_as_written_nothing_deviates():
    assert song_to_midi(SONG, Performance(0.0, seed=5)) == song_to_midi(SONG)


def test_the_same_seed_plays_the_same_and_another_does_not():
    first, again, other = (song_to_midi(SONG, Performance(0.5, seed)) for seed in (1, 1, 2))
    assert first == again != other


def shifts(performance: Performance, hand: int) -> np.ndarray:
    """Ticks by which the steps of a long song deviate."""
    steps = np.arange(1, 16 * 400)
    ticks_of = performance.ticks_of(hand, Meter(), 90.0, 16 * 400)
    return np.array([ticks_of(int(step)) for step in steps]) - TICKS_PER_STEP * steps


def test_downbeats_are_the_steadiest_hands_are_apart_and_the_melody_leads():
    left, right, sung = (shifts(Performance(1.0), hand) for hand in HANDS)
    assert left[15::16].std() < 0.6 * left[3::4].std() + 1 < left[1::2].std()
    assert abs(np.corrcoef(left, right)[0, 1]) < 0.1
    assert sung.mean() < -8 < 2 > abs(left.mean())
    assert shifts(Performance(0.5), LEFT).std() == pytest.approx(left.std() / 2, rel=0.1)


def test_the_pedal_is_lifted_where_a_chord_ends_and_down_within_every_chord():
    tracks = {track.name: track for track in ScoreTick.from_midi(song_to_midi(SONG, Performance(pedal=True))).tracks}
    pedal = [(event.time, event.value) for event in tracks["PIANO"].controls if event.number == 64]
    assert not tracks["MELODY"].controls
    beats = [span.start_beat for span in sure(SONG.lead_sheet).chords]
    assert [time for time, value in pedal if value] == [480 * beat + 60 for beat in beats]
    assert [time for time, value in pedal if not value] == [480 * (beat + 4) for beat in beats]


def test_a_pedal_needs_chords():
    with pytest.raises(ValueError, match=r"^pedal: must be left out for a song without chords"):
        song_to_midi(Song(Form.parse("A1"), accompaniment=(Note(0, 60, 4),)), Performance(pedal=True))


def test_merged_all_is_one_track_for_the_piano_and_a_key_is_struck_once():
    song = Song(Form.parse("A1"), lead_sheet=replace(sure(SONG.lead_sheet), melody=(Note(0, 60, 8, 90),), chords=()))
    song = replace(song, accompaniment=(Note(0, 48, 16, 60), Note(0, 60, 4, 50)))
    (track,) = ScoreTick.from_midi(song_to_midi(song, Performance(merged=True))).tracks
    assert (track.name, track.program) == ("PIANO", 0)
    back = midi_to_song(song_to_midi(song, Performance(merged=True)))
    assert back == Song(Form.parse("A1"), accompaniment=(Note(0, 48, 16, 60), Note(0, 60, 8, 90)))


def test_parts_are_the_tracks_that_are_written():
    tracks = song_tracks(SONG, Performance(), ("PIANO", "MELODY"))
    assert [track.name for track in tracks] == ["MELODY", "PIANO"]
    assert midi_to_song(song_to_midi(SONG, parts=("PIANO",))) == replace(midi_to_song(song_to_midi(SONG)), lead_sheet=None)


def test_channels_that_are_not_chosen_are_the_first_free_ones():
    played = Performance(channels={"CHORDS": 1})
    assert [played.channel(part) + 1 for part in PROGRAMS] == [2, 1, 3]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"humanize": float("nan")}, "humanize: must be 0 to 1, got nan"),
        ({"seed": -1}, "seed: must be 0 or more, got -1"),
        ({"channels": {"PIANO": 10}}, "channels: must be 1 to 16 but 10, got piano=10"),
        ({"channels": {"PIANO": 2, "MELODY": 2}}, "channels: must be another for every part, got piano=2,melody=2"),
        ({"programs": {"PIANO": 129}}, "programs: must be 1 to 128, got piano=129"),
    ],
)
def test_a_performance_that_cannot_be_is_refused(given, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        Performance(**given)
