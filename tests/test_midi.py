"""MIDI files: a round trip, and the bytes themselves, read by a small parser that knows nothing of the writer's library."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.io.midi import TICKS_PER_STEP, midi_to_song, song_to_midi
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Note, Song
from midi_files import midi
from strategies import keys, songs

TEXT, NAME, LYRIC, MARKER, END, TEMPO, METER, KEY = 0x01, 0x03, 0x05, 0x06, 0x2F, 0x51, 0x58, 0x59


@dataclass(frozen=True)
class Event:
    """A MIDI event: ``kind`` is a meta event's number, or a channel message's status byte; the time is in ticks."""

    time: int
    kind: int
    data: bytes


def parse(file: bytes) -> tuple[tuple[int, int, int], list[list[Event]]]:
    """(type, number of tracks, ticks a quarter note) and the events of each track."""
    assert file[:8] == b"MThd\x00\x00\x00\x06"
    kind, count, ticks = (int.from_bytes(file[at : at + 2], "big") for at in (8, 10, 12))
    tracks, position = [], 14
    while position < len(file):
        assert file[position : position + 4] == b"MTrk"
        length = int.from_bytes(file[position + 4 : position + 8], "big")
        tracks.append(list(events(file[position + 8 : position + 8 + length])))
        position += 8 + length
    assert position == len(file)
    return (kind, count, ticks), tracks


def events(body: bytes) -> Iterator[Event]:
    position = time = running = 0

    def number() -> int:
        nonlocal position
        value = 0
        while True:
            position += 1
            value = value << 7 | body[position - 1] & 0x7F
            if not body[position - 1] & 0x80:
                return value

    while position < len(body):
        time += number()
        if body[position] & 0x80:
            running = body[position]
            position += 1
        kind = running
        if kind == 0xFF:
            kind, running = body[position], 0  # no running status goes on after a meta event
            position += 1
            length = number()
        else:
            assert 0x80 <= kind < 0xF0
            length = 1 if kind & 0xF0 in (0xC0, 0xD0) else 2
        yield Event(time, kind, body[position : position + length])
        position += length


def of_kind(track: list[Event], kind: int) -> list[tuple[int, bytes]]:
    return [(event.time, event.data) for event in track if event.kind == kind]


FORM = Form.parse("i4A8B8A8B8o4").with_keys([Key.parse(k) for k in ("C", "C", "Eb", "C minor", "F# major", "B minor")])
SONG = Song(
    form=FORM,
    meter=Meter(3),
    tempo=92.0,
    lead_sheet=LeadSheet(
        melody=(Note(48, 60, 4, 90), Note(52, 60, 2, 91)),
        chords=(ChordSpan(0, 3, Chord(0, "maj", 0)), ChordSpan(3, 2, Chord(0, "min7", 3)), ChordSpan(9, 3, Chord(9, "9", 9))),
    ),
    accompaniment=(Note(0, 36, 3), Note(0, 52, 12, 60), Note(476, 48, 4)),
)


def tracks_by_name(file: bytes) -> dict[str, list[Event]]:
    tracks = parse(file)[1]
    return {of_kind(track, NAME)[0][1].decode(): track for track in tracks}


def test_the_bytes_say_what_the_song_says():
    header, tracks = parse(song_to_midi(SONG))
    assert header == (1, 3, 480)
    assert [of_kind(track, NAME) for track in tracks] == [[(0, b"MELODY")], [(0, b"CHORDS")], [(0, b"PIANO")]]
    bar = 3 * 480
    conductor = tracks[0]
    assert of_kind(conductor, TEMPO) == [(0, round(60e6 / 92).to_bytes(3, "big"))]
    assert of_kind(conductor, METER) == [(0, bytes([3, 2, 24, 8]))]
    assert of_kind(conductor, MARKER) == [
        (0, b"i4"), (4 * bar, b"A8"), (12 * bar, b"B8"), (20 * bar, b"A8"), (28 * bar, b"B8"), (36 * bar, b"o4"),
    ]  # fmt: skip
    assert of_kind(conductor, KEY) == [
        (0, bytes([0, 0])), (12 * bar, bytes([0xFD, 0])), (20 * bar, bytes([0xFD, 1])),
        (28 * bar, bytes([6, 0])), (36 * bar, bytes([2, 1])),
    ]  # fmt: skip
    assert [of_kind(track, END) for track in tracks] == [[(40 * bar, b"")]] * 3
    channels = [{event.kind & 0x0F for event in track if event.kind >= 0x80} for track in tracks]
    assert all(len(channel) == 1 for channel in channels)
    assert len(set.union(*channels)) == 3
    assert not any(event.kind in (MARKER, TEMPO, METER, KEY) for track in tracks[1:] for event in track)


def test_chords_are_notes_and_symbols():
    track = tracks_by_name(song_to_midi(SONG))["CHORDS"]
    assert of_kind(track, LYRIC) == [(0, b"C:maj"), (1440, b"C:min7/b3"), (2400, b"N"), (4320, b"A:9"), (5760, b"N")]
    strikes = [(time, data[0]) for time, data in of_kind(track, 0x91)]
    assert strikes == [
        (0, 36), (0, 48), (0, 52), (0, 55),
        (1440, 39), (1440, 48), (1440, 51), (1440, 55), (1440, 58),
        (4320, 45), (4320, 57), (4320, 59), (4320, 61), (4320, 64), (4320, 67),
    ]  # fmt: skip


def test_each_track_has_its_sound_and_block_chords_are_softer_than_what_they_carry():
    tracks = tracks_by_name(song_to_midi(SONG))
    programs = {name: [(e.time, e.data[0]) for e in track if e.kind & 0xF0 == 0xC0] for name, track in tracks.items()}
    clarinet, electric_piano, grand_piano = 71, 4, 0  # General MIDI, from 0
    assert programs == {"MELODY": [(0, clarinet)], "CHORDS": [(0, electric_piano)], "PIANO": [(0, grand_piano)]}
    velocities = {name: [e.data[1] for e in track if e.kind & 0xF0 == 0x90] for name, track in tracks.items()}
    assert set(velocities["CHORDS"]) == {64}
    assert velocities["MELODY"] == [90, 91]


def test_a_repeated_note_is_released_before_it_is_struck():
    track = tracks_by_name(song_to_midi(SONG))["MELODY"]
    keys = [(event.time, event.kind & 0xF0) for event in track if event.kind & 0xF0 in (0x80, 0x90)]
    assert keys == [(5760, 0x90), (6240, 0x80), (6240, 0x90), (6480, 0x80)]


def as_midi_has_it(song: Song) -> Song:
    """What is left of a song in MIDI."""
    phrase_keys = []
    for phrase in song.form.phrases:
        phrase_keys.append(phrase.key or (phrase_keys[-1] if phrase_keys else None))
    return replace(
        song,
        form=song.form.with_keys(phrase_keys),
        reduced_lead_sheet=None,
        lead_sheet=None if song.lead_sheet == LeadSheet() else song.lead_sheet,
        accompaniment=song.accompaniment or None,
        provenance={},
    )


@given(songs())
def test_round_trip(song):
    data = song_to_midi(song)
    back = midi_to_song(data)
    assert replace(back, tempo=song.tempo) == as_midi_has_it(song)
    assert round(60e6 / back.tempo) == round(60e6 / song.tempo)
    assert song_to_midi(song) == song_to_midi(back) == data


@given(songs(phrase_keys=keys), st.integers(0, 2))
@settings(max_examples=30)
def test_every_track_ends_with_the_form(song, number):
    end = TICKS_PER_STEP * song.length_steps
    track = parse(song_to_midi(song))[1][number]
    assert track[-1] == Event(end, END, b"")
    assert all(event.time <= end for event in track)


@given(st.integers(2000, 30000).map(lambda hundredths: hundredths / 100))
def test_a_tempo_of_two_decimals_comes_back_exactly(tempo):
    assert midi_to_song(song_to_midi(Song(Form.parse("A1"), tempo=tempo))).tempo == tempo


def test_an_empty_song_keeps_its_tracks():
    data = song_to_midi(Song(Form.parse("A1")))
    assert list(tracks_by_name(data)) == ["MELODY", "CHORDS", "PIANO"]
    assert midi_to_song(data) == Song(Form.parse("A1"))


def test_a_key_struck_again_ends_its_note():
    notes = (Note(0, 60, 8, 70), Note(0, 60, 16, 71), Note(0, 64, 16), Note(4, 60, 4, 72))
    back = midi_to_song(song_to_midi(Song(Form.parse("A1"), accompaniment=notes)))
    assert back.accompaniment == (Note(0, 60, 4, 71), Note(0, 64, 16), Note(4, 60, 4, 72))


def test_other_resolutions_and_tracks_are_understood():
    rows = [(25, 22, 60, 80), (50, 1, 62, 81)]
    song = midi_to_song(
        midi({"DRUMS": rows, "PIANO": rows}, meters=[(0, 4, 4)], markers=[(0, "A2")], signatures=[(0, -7, 1)], ticks=96)
    )
    assert song == Song(
        Form.parse("A2", Key.parse("Ab minor")), tempo=song.tempo, accompaniment=(Note(1, 60, 1, 80), Note(2, 62, 1, 81))
    )


def score_with(*, meters=((0, 4, 4),), markers=((0, "A1"),), tempos=(90,), signatures=(), lyrics=(), notes=()) -> bytes:
    beats = [(1920 * number, tempo) for number, tempo in enumerate(tempos)]
    tracks = {"CHORDS": (), "PIANO": notes}
    return midi(tracks, meters=meters, markers=markers, tempos=beats, signatures=signatures, lyrics=lyrics)


BAD = {
    b"": "MIDI file: cannot be read",
    b"RIFF" + bytes(60): "MIDI file: cannot be read",
    song_to_midi(SONG)[:200]: "MIDI file: cannot be read",
    score_with(markers=()): "marker such as A8",
    score_with(meters=()): "meter",
    score_with(meters=[(0, 6, 8)]): "meter",
    score_with(meters=[(0, 3, 4), (1440, 4, 4)]): "meter",
    score_with(markers=[(0, "Verse")]): "such as A8, got 'Verse'",
    score_with(markers=[(0, "A0")]): "1 bar or more",
    score_with(markers=[(0, "A1025")]): "1024",
    score_with(markers=[(480, "A4")]): "marker A4 must be at the start of bar 1, got tick 480",
    score_with(markers=[(0, "A4"), (1920, "B4")]): "marker B4 must be at the start of bar 5",
    score_with(tempos=[90, 91]): "tempo",
    score_with(tempos=[10]): "tempo",
    score_with(signatures=[(0, 9, 0)]): "key signature: must be -7 to 7, in mode 0 or 1, got 9 in mode 0",
    score_with(signatures=[(0, 0, 5)]): "key signature",
    score_with(signatures=[(960, 1, 0)]): "start of a phrase, got one in bar 1",
    score_with(lyrics=[(0, "la")]): "symbol such as Am7",
    score_with(lyrics=[(0, "C:maj"), (1, "D:maj")]): "chord span",
    score_with(lyrics=[(1920, "C:maj")]): "chord span",
    score_with(notes=[(0, 1921 + 60, 60, 80)]): "must end by step 16",
    score_with(notes=[(2_000_000_000, 480, 60, 80)]): "must end by step 16",
}


@pytest.mark.parametrize(("data", "message"), BAD.items(), ids=range(len(BAD)))
def test_a_file_that_is_not_ours_gets_one_line(data, message):
    with pytest.raises(ValueError, match=message) as caught:
        midi_to_song(data)
    assert "\n" not in str(caught.value)


@given(st.data())
@settings(max_examples=300)
def test_damaged_files_are_read_or_refused(data):
    file = bytearray(song_to_midi(SONG))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ValueError):
        song_to_midi(midi_to_song(bytes(file)))
