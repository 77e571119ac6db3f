"""Strangers' MIDI files: what the names of tracks, chords, markers and events say is kept, or refused in one line."""

import pytest
from hypothesis import assume, given, settings
from symusic.core import ScoreTick

from canzona.io.midi import song_to_midi
from canzona.song import Chord, ChordSpan, Key, LeadSheet, Meter, Note, Song
from canzona.transcription import midi_to_analysis
from certain import sure, sure_chord
from midi_files import TICKS, midi
from real_data import SEGMENTS, needs_segments
from strategies import songs

BAR = 4 * TICKS


def heard(data: bytes) -> Song:
    return midi_to_analysis(data).song


def has_notes(song: Song) -> bool:
    return bool(song.accompaniment or (song.lead_sheet and (song.lead_sheet.melody or song.lead_sheet.chords)))


def sounding(chords: tuple[ChordSpan, ...]) -> dict[int, tuple[set[int], int]]:
    """Beat → pitch classes and bass."""
    return {b: ({*c.chord.chroma, c.chord.bass}, c.chord.bass) for c in chords for b in range(c.start_beat, c.end_beat)}


@given(songs())
@settings(max_examples=30)
def test_chords_are_recognised_from_their_notes(song):
    assume(song.lead_sheet is not None and song.lead_sheet.chords)
    score = ScoreTick.from_midi(song_to_midi(song))
    tracks = {track.name: [(n.time, n.duration, n.pitch, n.velocity) for n in track.notes] for track in score.tracks[::-1]}
    meters = [(0, song.meter.beats_per_bar, 4)]
    back = heard(midi({"chords": tracks["CHORDS"]}, meters=meters))
    assert sounding(back.lead_sheet.chords) == sounding(song.lead_sheet.chords)
    within = [span.chord for span in song.lead_sheet.chords if span.chord.bass in span.chord.chroma]
    assert set(within) <= {span.chord for span in back.lead_sheet.chords}


def test_a_bare_file():
    data = midi(
        {
            " Melody": [(0, 240, 60, 90), (0, 960, 67, 91), (500, 100, 65, 92), (BAR, 480, 64, 93)],
            "chords": [(0, 1900, pitch, 64) for pitch in (45, 60, 64, 67)] + [(1930, 900, pitch, 64) for pitch in (43, 59, 62)],
            "Piano": [(0, 300, 48, 70), (100, 800, 48, 71), (BAR + 960, 5 * BAR, 50, 72)],
            "Drums": [(0, 20 * BAR, 36, 99)],
        }
    )
    song = heard(data)
    assert song.form.length_bars == 2  # the piano's last note may ring on
    assert (song.meter, song.tempo) == (Meter(4), 120)
    assert sure(song.lead_sheet).melody == (Note(0, 67, 4, 91), Note(4, 65, 1, 92), Note(16, 64, 4, 93))
    assert sure(song.lead_sheet).chords == (ChordSpan(0, 4, sure_chord("A:min7")), ChordSpan(4, 2, sure_chord("G:maj")))
    assert song.accompaniment == (Note(0, 48, 1, 70), Note(1, 48, 7, 71), Note(24, 50, 8, 72))


@pytest.mark.parametrize(
    ("names", "part"),
    [
        (("Melody", "LEAD", "vocal", " Vocals ", "Lead Vocal", "Melody\0"), "melody"),
        (("Chords", "chord"), "chords"),
        (("Piano", "accompaniment", "BRIDGE", "Grand Piano"), "piano"),
    ],
    ids=["melody", "chords", "piano"],
)
def test_tracks_are_read_by_their_names(names, part):
    tones = (48, 64, 67)
    for name in names:
        song = heard(midi({name: [(0, BAR, pitch, 80) for pitch in tones]}))
        sheet = song.lead_sheet or LeadSheet()
        found = {
            "melody": [note.pitch for note in sheet.melody],
            "chords": [span.chord.symbol for span in sheet.chords],
            "piano": [note.pitch for note in song.accompaniment or ()],
        }
        whole = {"melody": [67], "chords": ["C:maj"], "piano": list(tones)}
        heard_in_piano = ["chords"] if part == "piano" else []
        assert found == {other: whole[other] if other in (part, *heard_in_piano) else [] for other in found}, name


@pytest.mark.parametrize(
    ("pitches", "symbol"),
    [
        ((48, 55, 64), "C:maj"),
        ((36, 48), None),  # a tone alone
        ((48, 55), "C:maj"),  # a fifth
        ((50, 60, 64, 67), "C:maj(9)/2"),
        ((42, 60, 64, 67), "C:maj/b5"),  # over a foreign bass
        ((48, 64, 67, 70, 74, 77, 81), "C:9"),  # a thirteenth
    ],
)
def test_the_nearest_chord(pitches, symbol):
    song = heard(midi({"CHORDS": [(0, BAR, pitch, 64) for pitch in pitches]}))
    named = None if symbol is None else Chord.parse(symbol)
    assert [span.chord for span in (song.lead_sheet.chords if song.lead_sheet else ())] == [named] * (named is not None)


def test_where_the_symbols_stand():
    blocks = {"MELODY": [(0, 2 * BAR, 60, 80)], "CHORDS": [(0, 2 * BAR, pitch, 64) for pitch in (48, 64, 67)]}
    g_major, c_major = (Chord.parse(symbol) for symbol in ("G:maj", "C:maj"))
    symbols = [(0, "C:maj"), (470, "G:maj"), (BAR, "N"), (3 * BAR, "C:maj")]
    expected = (ChordSpan(0, 1, sure(c_major)), ChordSpan(1, 3, sure(g_major)), ChordSpan(12, 4, sure(c_major)))
    assert sure(heard(midi(blocks, lyrics=symbols)).lead_sheet).chords == expected
    assert sure(heard(midi({"Vocals": blocks["MELODY"]}, markers=symbols)).lead_sheet).chords == expected
    for words in ([(0, "la"), (BAR, "la")], []):
        assert sure(heard(midi(blocks, lyrics=words)).lead_sheet).chords == (ChordSpan(0, 8, sure(c_major)),)


@pytest.mark.parametrize("length", [2, 3])
def test_markers_with_lengths_are_the_phrases(length):
    melody = [(0, TICKS, 60, 80), (3 * BAR - TICKS, TICKS, 62, 80)]
    assert str(heard(midi({"MELODY": melody}, markers=[(0, "i1"), (BAR, f"A{length}")])).form) == f"i1A{length}"


@pytest.mark.parametrize("markers", [[(0, "i1"), (BAR, "A1")], [(0, "i1"), (2 * BAR, "A1")], [(0, "A2000")], []])
def test_phrases_cover_the_music_whatever_the_markers(markers):
    melody = [(0, TICKS, 60, 80), (3 * BAR - TICKS, TICKS, 62, 80)]
    assert heard(midi({"MELODY": melody}, markers=markers)).form.length_bars == 3


def test_what_rings_beyond_the_last_phrase_is_cut():
    song = heard(midi({"MELODY": [(BAR, 2 * BAR, 60, 80)]}, markers=[(0, "A2")]))
    assert str(song.form) == "A2"
    assert [(note.start_step, note.duration_steps) for note in sure(song.lead_sheet).melody] == [(16, 16)]


def test_keys_hold_until_the_next():
    markers = [(0, "A1"), (BAR, "B1"), (2 * BAR, "C1")]
    song = heard(midi({"MELODY": [(0, 3 * BAR, 60, 80)]}, markers=markers, signatures=[(10, 1, 0), (BAR + TICKS, -3, 1)]))
    assert [phrase.key for phrase in song.form.phrases] == [Key.parse(key) for key in ("G major", "G major", "C minor")]


def test_the_tempo_that_lasts_longest_and_other_ticks():
    tempos = [(0, 60), (96, 100), (4 * 96, 80)]
    song = heard(midi({"PIANO": [(23, 25, 60, 80), (15 * 96, 96, 60, 80)]}, tempos=tempos, meters=[(0, 3, 4)], ticks=96))
    assert (song.tempo, song.meter) == (80, Meter(3))
    assert song.form.length_bars == 6
    assert song.accompaniment == (Note(1, 60, 1), Note(60, 60, 4))


ONE_NOTE = {"MELODY": [(0, TICKS, 60, 80)]}
BAD = {
    b"RIFF" + bytes(60): "MIDI file: cannot be read",
    midi({"Drums": [], "MELODY": []}): "MIDI file: must have notes, got none",
    midi({}): "MIDI file: must have notes, got none",
    midi({"MELODY": [(1024 * BAR, 480, 60, 80)]}): "1024 bars at most, got 1025",
    midi({"PIANO": [(2_000_000_000, 480, 60, 80)]}): "1024 bars at most",
    midi({"CHORDS": [(0, 2_000_000_000, 60, 80)]}): "1024 bars at most",
    midi({"CHORDS": [], **ONE_NOTE}, lyrics=[(2_000_000_000, "C:maj")]): "1024 bars at most",
}


@pytest.mark.parametrize(("data", "message"), BAD.items(), ids=range(len(BAD)))
def test_what_cannot_be_read_gets_one_line(data, message):
    with pytest.raises(ValueError, match=message) as caught:
        heard(data)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        midi(ONE_NOTE, meters=[(0, 4, 4), (BAR, 3, 4)]),
        midi(ONE_NOTE, signatures=[(0, 9, 0)]),
        midi({"CHORDS": [], **ONE_NOTE}, lyrics=[(0, "la")]),
        midi({"MELODY": [(0, 2_000_000_000, 60, 80)]}),
    ],
    ids=["metre behind the music", "no signature", "words that are no chords", "endless note"],
)
def test_events_that_say_nothing_of_the_music_are_passed_over(data):
    song = heard(data)
    assert (song.form.length_bars, sure(song.lead_sheet).melody[0].pitch, sure(song.lead_sheet).chords) == (1, 60, ())


@needs_segments
def test_lead_sheets_of_strangers():
    for path in sorted(SEGMENTS.glob("*/leadsheet.mid")):
        song = heard(path.read_bytes())
        assert song.form.length_bars == 8, path
        assert len(sure(song.lead_sheet).melody) >= 8
        assert len(sure(song.lead_sheet).chords) >= 4
