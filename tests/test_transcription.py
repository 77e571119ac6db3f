"""Songs heard in MIDI files of all kinds: what the file says is kept, what it does not say is found, the rest is told."""

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from canzona.hierarchy.extraction import completed
from canzona.io.midi import midi_to_song, song_to_midi
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Note, Song
from canzona.transcription import AnalysisOptions, beat_tracking, midi_to_analysis
from canzona.transcription.grid import Grid, even_grid
from certain import sure
from strategies import keys, songs
from test_midi import SONG
from test_tracks import BAR, TICKS, has_notes, midi

SCALE = (60, 62, 64, 65, 67, 65, 64, 62)
FOUR = [(0, 4, 4)]


def tune(bars: int, first: int = 0, transposed: int = 0) -> list[tuple[int, int, int, int]]:
    """Quarter notes up and down."""
    return [(first + n * TICKS, TICKS, SCALE[n % 8] + transposed, 90) for n in range(4 * bars)]


def test_every_change_of_tempo_that_is_left_out_is_counted() -> None:
    beats = [(0, 92), (8 * TICKS, 138), (16 * TICKS, 92), (24 * TICKS, 92)]
    heard = midi_to_analysis(midi({"MELODY": tune(8)}, meters=FOUR, tempos=beats))
    assert (heard.song.tempo, heard.remarks) == (pytest.approx(92, abs=0.01), ("2 changes of tempo left out",))


def pop_song(repeats: int = 2) -> Song:
    """Phrases A and B by turns, eight bars each: a tune in eighths over broken chords, quite different from each other."""
    melody, chords, piano = [], [], []
    for phrase in range(2 * repeats):
        symbols, steps = (
            (("C:maj", "A:min", "F:maj", "G:maj"), (0, 2, 4, 7))
            if phrase % 2 == 0
            else (("F:maj", "C:maj", "D:min", "G:7"), (9, 7, 5, 4))
        )
        for bar in range(8):
            start = 16 * (8 * phrase + bar)
            chord = Chord.parse(symbols[bar % 4])
            chords.append(ChordSpan(start // 4, 4, sure(chord)))
            for n, tone in enumerate(sure(chord).chroma * 3):
                if n < 8:
                    piano.append(
                        Note(
                            start + 2 * n,
                            (48 if n else 36) + tone if n else 36 + sure(chord).root,
                            2 if n else 8,
                            60 + 10 * (n == 0),
                        )
                    )
            places = (0, 3, 6, 8, 12) if phrase % 2 == 0 else (0, 2, 4, 8)
            for n, place in enumerate(places if bar % 8 != 7 else (0,)):
                length = 3 if bar % 8 != 7 else 12
                melody.append(Note(start + place, 72 + steps[(n + bar) % 4], min(length, 4), 100))
    lead = LeadSheet(_one_line(melody), tuple(chords))
    form = Form.parse("A8B8" * repeats)
    return Song(form, tempo=100.0, lead_sheet=lead, accompaniment=tuple(sorted(piano)))


def _one_line(notes: list[Note]) -> tuple[Note, ...]:
    ordered = sorted(notes)
    return (*(note.ending_by(after.start_step) for note, after in pairwise(ordered)), ordered[-1])


def as_tracks(song: Song, *, shift: int = 0, names: tuple[str, str] = ("", "")) -> dict[str, list[tuple[int, int, int, int]]]:
    """Melody and piano as rows of ticks; with the same name both are in one track."""
    rows: dict[str, list[tuple[int, int, int, int]]] = {name: [] for name in names}
    for name, notes in zip(names, (sure(song.lead_sheet).melody, song.accompaniment), strict=True):
        rows[name] += [(120 * n.start_step + shift, 120 * n.duration_steps, n.pitch, n.velocity) for n in sure(notes)]
    return {name: sorted(track) for name, track in rows.items()}


@given(songs(phrase_keys=keys))
@settings(max_examples=20)
def test_canzonas_own_files_are_read_as_they_are(song):
    assume(has_notes(song))
    data = song_to_midi(song)
    analysis = midi_to_analysis(data)
    assert analysis.song == completed(midi_to_song(data))
    assert set(analysis.confidence.values()) == {1.0}
    assert analysis.left_out == ()


@given(st.lists(st.floats(0.5, 2.0), min_size=3, max_size=20), st.lists(st.integers(1, 3), min_size=20, max_size=20))
def test_a_grid_is_undone_by_its_inverse(lengths, jumps):
    places = np.concatenate([[0.0], np.cumsum(lengths)])
    grid = Grid(places, np.concatenate([[0], np.cumsum(jumps)])[: len(places)])
    positions = np.linspace(-3, places[-1] + 3, 200)
    assert grid.positions(grid.steps(positions)) == pytest.approx(positions, abs=1e-6)


def test_an_even_grid_counts_sixteenths():
    assert even_grid(1.0, 2.0, 30.0).steps(np.array([1.0, 2.0, 5.0, 40.0])).tolist() == [0, 2, 8, 78]


def test_a_song_in_two_tracks_is_heard_as_it_is():
    song = pop_song()
    tracks = as_tracks(song, names=("Lead Vocal", "Grand Piano"))
    heard = midi_to_analysis(midi(tracks, meters=FOUR, tempos=[(0, 100)])).song
    assert sure(heard.lead_sheet).melody == sure(song.lead_sheet).melody
    assert heard.accompaniment == song.accompaniment
    assert heard.form.keys_by_bar() == [Key(0)] * 32
    by_beat = [
        {b: c.chord.root for c in sure(sheet).chords for b in range(c.start_beat, c.end_beat)}
        for sheet in (heard.lead_sheet, song.lead_sheet)
    ]
    assert sum(by_beat[0].get(beat) == root for beat, root in by_beat[1].items()) >= 0.9 * 128
    assert heard.reduced_lead_sheet is not None


def test_phrases_return_under_their_letters():
    song = pop_song(3)
    form = midi_to_analysis(midi(as_tracks(song, names=("Melody", "Piano")), meters=FOUR)).song.form
    letters = [phrase.letter for phrase in form.phrases for _ in range(phrase.length_bars)]
    assert letters[:16] == letters[16:32] == letters[32:]
    assert not set(letters[:8]) & set(letters[8:16])


def test_a_tune_is_found_within_one_piano_track():
    song = pop_song()
    heard = midi_to_analysis(midi(as_tracks(song), meters=FOUR, tempos=[(0, 100)]))
    found = {(note.start_step, note.pitch) for note in sure(heard.song.lead_sheet).melody}
    asked = {(note.start_step, note.pitch) for note in sure(song.lead_sheet).melody}
    assert 2 * len(found & asked) / (len(found) + len(asked)) > 0.8
    assert any("melody found" in remark for remark in heard.remarks)
    assert 0 < heard.confidence["melody"] < 1


@pytest.mark.parametrize("shift", [50, 480, 990])
def test_bars_that_lie_beside_the_files_are_found(shift):
    song = pop_song()
    data = midi(as_tracks(song, shift=shift, names=("Melody", "Piano")), meters=[(0, 1, 4)], tempos=[(0, 100)])
    assert sure(midi_to_analysis(data).song.lead_sheet).melody == sure(song.lead_sheet).melody


def test_beats_that_are_not_the_files_are_found():
    song = pop_song()
    tracks = {
        name: [
            (round(time * 1.37) + 77, max(round(length * 1.37), 1), pitch, velocity) for time, length, pitch, velocity in rows
        ]
        for name, rows in as_tracks(song, names=("Melody", "Piano")).items()
    }
    heard = midi_to_analysis(midi(tracks))
    assert heard.song.tempo == pytest.approx(120 / 1.37, rel=0.02)
    assert "beats found" in heard.remarks[0]
    assert len(sure(heard.song.lead_sheet).melody) == len(sure(song.lead_sheet).melody)


@pytest.mark.parametrize("beats_a_minute", [50, 95, 180])
def test_beats_are_laid_where_a_plain_dynamic_programme_lays_them(beats_a_minute):
    generator = np.random.default_rng(beats_a_minute)
    onsets, pitches = np.sort(generator.uniform(0, 40, 150)), generator.integers(30, 90, 150)
    curve, period = beat_tracking._onset_curve(onsets, pitches), 60 * beat_tracking.FRAMES_PER_SECOND / beats_a_minute
    total, origin = list(curve), [-1] * len(curve)
    steps = range(round(period / 2), round(period * 2) + 1)
    for frame in range(len(curve)):
        ways = [(total[frame - n] - beat_tracking._EVENNESS * np.log(n / period) ** 2, -n) for n in steps if n <= frame]
        if ways and max(ways)[0] > 0:
            total[frame] += max(ways)[0]
            origin[frame] = frame + max(ways)[1]
    beats = [len(curve) - round(period) + int(np.argmax(total[-round(period) :]))]
    while origin[beats[-1]] >= 0:
        beats.append(origin[beats[-1]])
    assert len(beats) > 20
    assert beat_tracking._lay(curve, period).tolist() == beats[::-1]


def test_hours_in_which_beats_would_have_to_be_found_are_refused():
    generator = random.Random(0)
    rows = sorted((generator.randrange(400 * TICKS), 100, generator.randrange(50, 80), 90) for _ in range(500))
    slowest = [(0, 60e6 / (2**24 - 1))]
    with pytest.raises(ValueError, match=r"^form: must last 81 minutes at most where beats are to be found in it, got 111$"):
        midi_to_analysis(midi({"Piano": rows}, tempos=slowest))


def test_tempo_and_downbeat_as_the_user_says():
    data = midi({"Melody": [(round(n * 480 * 1.25) + 240, 300, 60 + n % 5, 90) for n in range(32)]})  # 96 bpm from 0.25 s on
    options = AnalysisOptions(meter=Meter(3), tempo=96.0, first_downbeat_seconds=0.25 + 60 / 96)
    song = midi_to_analysis(data, options).song
    assert (song.meter, song.tempo) == (Meter(3), 96.0)
    assert [note.start_step for note in sure(song.lead_sheet).melody[:3]] == [8, 12, 16]


def test_what_stands_before_the_first_metre_event_is_in_four():
    assert midi_to_analysis(midi({"Melody": tune(4)}, meters=[(2 * BAR, 4, 4)])).song.form.length_bars == 4
    with pytest.raises(ValueError, match="3/4 in bar 3 after 4/4"):
        midi_to_analysis(midi({"Melody": tune(4)}, meters=[(2 * BAR, 3, 4)]))


@pytest.mark.parametrize("meters", [[(0, 2, 2)], [(0, 2, 4)], []])
def test_metres_that_are_four_in_a_bar(meters):
    song = midi_to_analysis(midi({"Melody": tune(4)}, meters=meters)).song
    assert (song.meter, song.form.length_bars, sure(song.lead_sheet).melody[0].start_step) == (Meter(4), 4, 0)


def test_one_short_bar_is_told_with_its_number():
    with pytest.raises(ValueError, match="2/4 in bar 5"):
        midi_to_analysis(midi({"Melody": tune(8)}, meters=[(0, 4, 4), (4 * BAR, 2, 4), (4 * BAR + 960, 4, 4)]))


def test_a_short_first_bar_is_an_upbeat():
    data = midi({"Melody": [(0, TICKS, 67, 90), *tune(4, TICKS)]}, meters=[(0, 1, 4), (TICKS, 3, 4)])
    song = midi_to_analysis(data).song
    assert (song.meter, [note.start_step for note in sure(song.lead_sheet).melody[:2]]) == (Meter(3), [8, 12])


@pytest.mark.parametrize("top", [3, 6, 9, 12])
def test_eighths_of_compound_metres_are_quarter_notes_of_bars_in_three(top):
    rows = [(n * TICKS // 2, TICKS // 2, 60 + (0, 4, 7)[n % 3], 90) for n in range(36)]
    analysis = midi_to_analysis(midi({"Melody": rows}, meters=[(0, top, 8)], tempos=[(0, 75)]))
    song = analysis.song
    assert (song.meter, song.tempo, song.form.length_bars) == (Meter(3), 150, 12)
    assert [note.start_step for note in sure(song.lead_sheet).melody] == list(range(0, 144, 4))
    assert f"{top}/8 taken as bars of 3/4, its eighths as quarter notes" in analysis.remarks
    with_upbeat = midi({"Melody": rows}, meters=[(0, 1, 8), (TICKS // 2, 6, 8)])
    assert sure(midi_to_analysis(with_upbeat).song.lead_sheet).melody[1].start_step == 12


def test_words_stand_on_the_beats_that_are_heard():
    """All a ninth of a beat and one beat late, as a recording begins: chords and marks go with the notes."""
    late = TICKS + TICKS // 9
    song = pop_song(1)
    rows = as_tracks(song, shift=late, names=("Melody", "Piano"))
    symbols = [(480 * span.start_beat + late, span.chord.symbol) for span in sure(song.lead_sheet).chords]
    marks = [(late, "Verse"), (8 * BAR + late, "Chorus")]
    found = midi_to_analysis(midi(rows | {"CHORDS": []}, lyrics=symbols, markers=marks, meters=FOUR)).song
    assert sure(found.lead_sheet).chords == sure(song.lead_sheet).chords
    assert str(found.form) == "A8B8"


def test_words_that_say_nothing_are_told():
    lyrics = [(0, "C"), (BAR, "Am7"), (2 * BAR, "louder"), (3 * BAR, "F")]
    markers = [(0, "Verse"), (BAR, "cue 7"), (2 * BAR, "Chorus")]
    tracks = {"Melody": tune(4), "Chords": []}
    analysis = midi_to_analysis(midi(tracks, lyrics=lyrics, markers=markers, signatures=[(0, 9, 0)], meters=FOUR))
    assert [span.chord.symbol for span in sure(analysis.song.lead_sheet).chords] == ["C:maj", "A:min7", "F:maj"]
    assert str(analysis.song.form) == "A2B2"
    told = {"1 lyric naming no chord", "1 marker naming no phrase", "1 key signature that no key has"}
    assert told <= set(analysis.left_out)
    other = midi_to_analysis(midi(tracks, lyrics=[(n * BAR, "la") for n in range(4)], meters=FOUR))
    assert (sure(other.song.lead_sheet).chords, other.left_out) == ((), ("4 lyrics naming no chord",))


def test_metre_events_that_are_not_followed_are_told():
    data = midi({"Melody": tune(8)}, meters=[(0, 4, 4), (4 * BAR, 2, 4), (4 * BAR + 960, 4, 4)])
    analysis = midi_to_analysis(data, AnalysisOptions(meter=Meter(4)))
    assert "its metre events are not followed (2/4 in bar 5 after 4/4)" in analysis.remarks


def test_tracks_without_a_name_that_can_be_read_are_told_by_number():
    data = midi({"\ufffd\ufffd": tune(4), "B": [(0, BAR, pitch, 90) for pitch in (48, 52, 55)]}, meters=FOUR)
    assert "melody found in track 1" in midi_to_analysis(data).remarks


def test_swing_is_straightened_and_said():
    rows = [row for n in range(16) for row in ((n * TICKS, 320, 60, 90), (n * TICKS + 320, 160, 62, 90))]
    analysis = midi_to_analysis(midi({"Melody": rows}, meters=FOUR))
    assert [note.start_step % 4 for note in sure(analysis.song.lead_sheet).melody] == [0, 2] * 16
    assert "swing straightened" in analysis.remarks


def test_what_is_finer_than_sixteenths_moves_or_is_counted():
    snap = [row for n in range(8) for row in ((n * TICKS, 420, 72, 90), (n * TICKS + 420, 60, 71, 90))]
    assert [n.start_step % 4 for n in sure(midi_to_analysis(midi({"Melody": snap}, meters=FOUR)).song.lead_sheet).melody] == [
        0,
        3,
    ] * 8
    run = [(n * 30, 30, 60 + n % 12, 90) for n in range(64)]
    analysis = midi_to_analysis(midi({"Melody": run}, meters=FOUR))
    kept = len(sure(analysis.song.lead_sheet).melody)
    assert f"{64 - kept} melody notes finer than sixteenths" in analysis.left_out


def test_drums_and_switches_are_no_music():
    data = midi({"Melody": [(0, 40, 12, 90), *tune(4)], "Piano": [(0, BAR, 48, 80)]}, meters=FOUR)
    analysis = midi_to_analysis(data)
    assert [note.pitch for note in sure(analysis.song.lead_sheet).melody] == [row[2] for row in tune(4)]
    assert analysis.left_out == ("1 note below a piano's range",)


def test_tracks_as_the_user_says():
    tracks = {"Flute": tune(4, transposed=12), "Oboe": tune(4), "Pad": [(0, 4 * BAR, pitch, 60) for pitch in (48, 52, 55)]}
    data = midi(tracks, meters=FOUR)
    song = midi_to_analysis(data, AnalysisOptions(melody_track="oboe", drop_tracks=("1",))).song
    assert sure(song.lead_sheet).melody[0].pitch == 60
    assert {note.pitch for note in sure(song.accompaniment)} == {48, 52, 55}
    with pytest.raises(ValueError, match="melody-track: must be one of 1 'Flute', 2 'Oboe', 3 'Pad', got 'Harp'"):
        midi_to_analysis(data, AnalysisOptions(melody_track="Harp"))


def test_a_signature_of_none_is_not_believed_against_the_notes():
    a_major = [
        (n * TICKS, TICKS, pitch, 90)
        for n, pitch in enumerate([69, 73, 76, 73, 74, 73, 71, 69, 68, 71, 76, 71, 69, 73, 76, 69] * 2)
    ]
    song = midi_to_analysis(midi({"Melody": a_major}, meters=FOUR, signatures=[(0, 0, 0)])).song
    assert set(song.form.keys_by_bar()) == {Key(9)}
    song = midi_to_analysis(midi({"Melody": tune(4)}, meters=FOUR, signatures=[(0, 0, 0)])).song
    assert set(song.form.keys_by_bar()) == {Key(0)}


def test_words_name_phrases():
    markers = [(0, "Intro"), (4 * BAR, "Verse 1"), (8 * BAR, "Chorus"), (12 * BAR, "Verse 2")]
    data = midi({"Melody": tune(12, 4 * BAR), "Piano": [(0, BAR, 48, 80)]}, meters=FOUR, markers=markers)
    assert str(midi_to_analysis(data).song.form) == "i4A4B4A4"


def test_a_last_note_that_rings_on_makes_no_bar():
    rows = tune(4)
    rows[-1] = (15 * TICKS, 3 * TICKS, 60, 90)
    assert midi_to_analysis(midi({"Melody": rows}, meters=FOUR)).song.form.length_bars == 4


def test_empty_bars_before_the_music_stay():
    song = midi_to_analysis(midi({"Melody": tune(4, 2 * BAR)}, meters=FOUR)).song
    assert (song.form.length_bars, sure(song.lead_sheet).melody[0].start_step) == (6, 32)


def test_chords_as_people_write_them():
    lyrics = [(n * BAR, text) for n, text in enumerate(["Am7", "F", "C/E", "G7sus4"])]
    song = midi_to_analysis(midi({"Melody": tune(4), "Chords": []}, meters=FOUR, lyrics=lyrics)).song
    assert [span.chord.symbol for span in sure(song.lead_sheet).chords] == ["A:min7", "F:maj", "C:maj/3", "G:sus4(b7)"]


def test_other_shells_of_the_same_file():
    data = midi({"Melody": tune(4)}, meters=FOUR)
    wrapped = b"RIFF" + (12 + len(data)).to_bytes(4, "little") + b"RMIDdata" + len(data).to_bytes(4, "little") + data
    assert midi_to_analysis(wrapped).song == midi_to_analysis(data).song


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "MIDI file: cannot be read"),
        (b"RIFF" + bytes(4) + b"RMID", "without a MIDI file in it"),
        (midi({"Melody": []}), "must have notes, got none"),
        (midi({"Melody": tune(4)}, meters=[(0, 5, 4)]), r"must be 3/4 or 4/4 \(.*\), got 5/4; --meter"),
        (midi({"Melody": [(2_000_000_000, 10, 60, 80)]}), "1024 bars at most"),
    ],
)
def test_what_cannot_be_read_gets_one_line(data, message):
    with pytest.raises(ValueError, match=message) as caught:
        midi_to_analysis(data)
    assert "\n" not in str(caught.value)


def test_damaged_files_are_read_or_refused(benchmark):
    mutated = benchmark("mutated_midi")
    read, told = 0, []
    for data in mutated.mutants([mutated.written(), song_to_midi(SONG)], 150, random.Random(1)):
        try:
            song = midi_to_analysis(data).song
        except ValueError as error:
            told.append(str(error))
            continue
        read += 1
        assert song_to_midi(song)
    assert read > 20
    assert not [line for line in told if "\n" in line]
