"""Sound: the soundfont, the sampler's notes in pitch, time and place, the mix, and files of each kind."""

import os
import shutil
import struct
import wave
from dataclasses import replace

import numpy as np
import pytest

from canzona.faults import MachineFault
from canzona.io.audio import SAMPLE_RATE, SOUNDFONT_VARIABLE, play_song, song_to_sound
from canzona.io.midi_file import PAN, SUSTAIN_PEDAL, MidiTrack, Strike
from canzona.io.mixing import HIGHEST_PEAK, Mix, levelled, mixed_tracks
from canzona.io.sampler import play
from canzona.io.soundfont import SOUNDFONT, Region, instrument, open_soundfont, programs_of
from certain import sure
from test_render import example_song

SONG = example_song("A2B2")
SECONDS = 4 * 4 * 60 / 92
RATE = 8000
HELD = (Strike(0, 1000, 69, 127),)


@pytest.fixture(params=["fluidsynth", "sampler"])
def player(request, tmp_path, monkeypatch):
    """Both ways of playing."""
    if request.param == "sampler":
        monkeypatch.setenv("PATH", str(tmp_path))
    elif shutil.which("fluidsynth") is None:
        pytest.skip("fluidsynth is not installed")
    monkeypatch.delenv(SOUNDFONT_VARIABLE, raising=False)
    return request.param


@pytest.fixture
def sampler(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv(SOUNDFONT_VARIABLE, raising=False)


def read(path) -> np.ndarray:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, SAMPLE_RATE)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(int)


def test_a_song_becomes_the_same_sound_twice_neither_clipped_nor_cut(tmp_path, player):
    first, second = tmp_path / "Lied ä.wav", tmp_path / "2.wav"
    assert (song_to_sound(SONG, first).missing is None) == (player == "fluidsynth")
    song_to_sound(SONG, second)
    sound = read(first)
    assert SECONDS - 1 < len(sound) / SAMPLE_RATE < SECONDS + 4
    assert np.abs(sound).max() == pytest.approx(HIGHEST_PEAK * 32767, abs=1)
    assert np.abs(sound[-1000:]).max() < 100  # it has faded away
    assert first.read_bytes() == second.read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_parts_add_up(player):
    parts = [play_song(SONG, Mix(own))[0] for own in (("MELODY",), ("PIANO",), ("MELODY", "PIANO"))]
    length = min(map(len, parts))
    melody, piano, both = (part[:length] for part in parts)
    tolerance = 0.01 if player == "sampler" else 0.2  # the room of FluidSynth is not quite linear
    assert np.abs(melody + piano - both).max() < tolerance * np.abs(both).max()
    assert np.sqrt((melody**2).mean()) > np.sqrt((piano**2).mean())  # in front


def test_a_count_in_is_a_bar_of_clicks_before_the_song():
    tracks, end_tick = mixed_tracks(SONG, Mix(count_in=True))
    plain, plain_end = mixed_tracks(SONG, Mix())
    assert end_tick == plain_end + 4 * 480
    assert [strike.start_tick for strike in tracks[-1].strikes] == [0, 480, 960, 1440]
    assert tracks[0].strikes[0].start_tick == plain[0].strikes[0].start_tick + 4 * 480
    assert {tick for track in tracks for tick, number, _ in track.controls if number == PAN} == {0}


def test_clicks_are_on_every_beat_and_on_a_channel_of_their_own():
    tracks, end_tick = mixed_tracks(SONG, Mix(click=True))
    assert [strike.start_tick for strike in tracks[-1].strikes] == list(range(0, end_tick, 480))
    assert len({track.channel for track in tracks}) == len(tracks) == 3


def test_levelling_turns_up_to_the_peak_and_cuts_what_is_silent():
    sound = np.zeros((5 * RATE, 2), np.float32)
    sound[: 2 * RATE] = 0.01
    level = levelled(sound, RATE)
    assert np.abs(level).max() == pytest.approx(HIGHEST_PEAK)
    assert 2 <= len(level) / RATE < 2.5
    assert not levelled(sound * 1e-5, RATE).any()


def test_the_soundfont_has_what_is_played_within_8_mib():
    assert SOUNDFONT.stat().st_size <= 8 * 2**20
    assert "MIT" in (SOUNDFONT.parent / "LICENSE").read_text()
    with open_soundfont(SOUNDFONT) as parts:
        assert programs_of(parts) == {0, 4, 27, 71, 73, 115}
        for program in programs_of(parts) - {115}:
            regions = instrument(parts, program)
            assert all(any(pitch in region.keys and 64 in region.velocities for region in regions) for pitch in range(21, 109))


@pytest.mark.parametrize("program", [0, 4, 27, 71, 73])
def test_instruments_are_in_tune(program):
    with open_soundfont(SOUNDFONT) as parts:
        instruments = {program: instrument(parts, program)}
    for pitch in (55, 60, 67, 69, 74):
        track = MidiTrack("PIANO", 0, program, (Strike(0, 1500, pitch, 100),))
        sound = play([track], instruments, 0.001, 2.0, 16000).mean(axis=1)
        spectrum = np.abs(np.fft.rfft(sound[1600:17600] * np.hanning(16000), 2**20))
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        near = slice(int(hertz * 0.97 * 2**20 / 16000), int(hertz * 1.03 * 2**20 / 16000))
        found = (near.start + spectrum[near].argmax()) * 16000 / 2**20
        assert abs(1200 * np.log2(found / hertz)) < 15, (program, pitch)  # cents; a piano's strings are stretched


def tone(**given) -> Region:
    """A sine of 440 Hz that is played over and over."""
    facts = {
        "keys": range(128), "velocities": range(128), "loop": (0, 200), "rate": 8000.0, "root_key": 69.0,
        "semitones_a_key": 1.0, "gain": 1.0, "pan": 0.5, "attack_seconds": 0.001, "hold_seconds": 0.001, "decay_seconds": 1.0,
        "hold_cents_a_key": 0, "decay_cents_a_key": 0, "sustain": 1.0, "release_seconds": 0.1,
    }  # fmt: skip
    samples = np.rint(32767 * np.sin(2 * np.pi * 11 * np.arange(200) / 200)).astype(np.int16)
    return Region(samples=samples, **facts | given)


def played(region: Region, *strikes: Strike, controls=(), seconds: float = 3.0) -> np.ndarray:
    track = MidiTrack("PIANO", 0, 0, strikes or HELD, ((0, 7, 127), *controls))
    return play([track], {0: [region]}, 0.001, seconds, RATE)


def test_a_note_sounds_at_its_pitch_from_its_start_to_its_end():
    sound = played(tone(), Strike(500, 1500, 81, 127))[:, 0]
    assert not sound[: RATE // 2].any()
    assert np.abs(np.fft.rfft(sound[4800:10800], RATE)).argmax() == pytest.approx(880, abs=1)
    assert np.abs(sound[4800:12000]).max() == pytest.approx(np.sqrt(0.5), rel=0.01)
    assert np.abs(sound[round(1.55 * RATE) :]).max() < 0.01


def test_loudness_and_place():
    full, half = (np.abs(played(tone(), Strike(0, 1000, 69, velocity))).max() for velocity in (127, 64))
    assert half / full == pytest.approx((64 / 127) ** 2, rel=1e-3)
    left, right = played(tone(pan=0.0)).T
    assert np.abs(left).max() > 0.9
    assert np.abs(right).max() < 1e-6
    left, right = played(tone(), controls=[(0, PAN, 127)]).T
    assert np.abs(left).max() < 0.1 * np.abs(right).max()


def test_a_decay_ends_where_it_is_sustained():
    sound = played(tone(decay_seconds=1.0, sustain=0.1), Strike(0, 2000, 69, 127))[:, 0]
    early, late = (np.abs(sound[start : start + 400]).max() for start in (0, 12000))
    assert late / early == pytest.approx(0.1, rel=0.1)


def test_the_pedal_holds_a_note_until_it_is_lifted_or_struck_again():
    pedal = [(100, SUSTAIN_PEDAL, 127), (1000, SUSTAIN_PEDAL, 0)]
    held = np.abs(played(tone(), Strike(0, 500, 69, 127), controls=pedal)[:, 0])
    assert held[round(0.9 * RATE) : RATE].max() > 0.6
    assert held[round(1.1 * RATE) :].max() < 0.01
    again = played(tone(), Strike(0, 300, 69, 127), Strike(600, 700, 69, 127), controls=pedal)
    assert np.abs(again)[round(0.64 * RATE) :].max() < 1.1 * held.max()  # but for a moment not both at once


def test_a_sample_that_is_played_once_ends():
    assert np.abs(played(tone(loop=None))[400:]).max() == 0


@pytest.mark.parametrize("ending", [".flac", ".mp3"])
def test_compressed_files_sound_as_the_wav(tmp_path, sampler, ending):
    soundfile = pytest.importorskip("soundfile")
    if ending == ".mp3":
        pytest.importorskip("lameenc")
    song_to_sound(SONG, tmp_path / "song.wav")
    song_to_sound(SONG, tmp_path / f"song{ending}")
    plain, (other, rate) = read(tmp_path / "song.wav") / 32768, soundfile.read(tmp_path / f"song{ending}")
    assert rate == SAMPLE_RATE
    assert other.shape == plain.shape
    assert np.abs(other).max() < 1
    assert np.corrcoef(plain[:, 0], other[:, 0])[0, 1] > 0.995
    assert (tmp_path / f"song{ending}").stat().st_size < 0.6 * (tmp_path / "song.wav").stat().st_size


def test_an_mp3_tells_players_where_its_music_begins_and_ends(tmp_path, sampler):
    pytest.importorskip("lameenc")
    song_to_sound(SONG, tmp_path / "song.wav")
    song_to_sound(SONG, tmp_path / "song.mp3")
    data, samples = (tmp_path / "song.mp3").read_bytes(), len(read(tmp_path / "song.wav"))
    _, frames, size = struct.unpack(">3I", data[40:52])
    delay, padding = int.from_bytes(data[73:76], "big") >> 12, int.from_bytes(data[73:76], "big") & 0xFFF
    music, checksum = struct.unpack(">I2xH", data[80:88])
    assert (data[36:40], data[52:56], size, music) == (b"Info", b"LAME", len(data), len(data))
    assert (delay, frames * 1152 - delay - padding) == (576, samples)
    assert crc16(data[:86]) == checksum


def crc16(data: bytes) -> int:
    """CRC-16 of polynomial 8005 from the lowest bit, by division of the bits as one number, mirrored."""
    rest = int("".join(f"{byte:08b}"[::-1] for byte in data), 2) << 16
    while rest.bit_length() > 16:
        rest ^= 0x18005 << (rest.bit_length() - 17)
    return int(f"{rest:016b}"[::-1], 2)


def test_a_soundfont_that_is_none_is_named(tmp_path, monkeypatch):
    for contents in (b"no soundfont", b"", SOUNDFONT.read_bytes()[:5000]):
        soundfont = tmp_path / "font.sf2"
        soundfont.write_bytes(contents)
        monkeypatch.setenv(SOUNDFONT_VARIABLE, str(soundfont))
        with pytest.raises(ValueError, match=r"^soundfont: .*font.sf2: must be "):
            song_to_sound(SONG, tmp_path / "song.wav")
    monkeypatch.setenv(SOUNDFONT_VARIABLE, str(tmp_path / "missing.sf2"))
    with pytest.raises(ValueError, match=f"^{SOUNDFONT_VARIABLE}: must name a soundfont file"):
        song_to_sound(SONG, tmp_path / "song.wav")
    assert list(tmp_path.iterdir()) == [soundfont]


def test_a_song_without_notes_is_silent(tmp_path, player):
    silent = replace(SONG, accompaniment=None, lead_sheet=replace(sure(SONG.lead_sheet), melody=()))
    song_to_sound(silent, tmp_path / "silent.wav")
    song_to_sound(silent, tmp_path / "chords.wav", Mix(("CHORDS",)))
    assert np.abs(read(tmp_path / "silent.wav")).max() < 50 < np.abs(read(tmp_path / "chords.wav")).max()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo first >&2; echo 'fluidsynth: error: worse' >&2", "^fluidsynth: worse$"),
        ("exit 3", "ended with status 3"),
        ("exit 0", "wrote 0.0 s"),
        ("sleep 9", "was stopped"),
    ],
)
def test_a_synthesizer_that_fails_leaves_no_file(tmp_path, monkeypatch, script, message):
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "fluidsynth"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr("canzona.io.fluidsynth._SECONDS_TO_START", -9.0)  # the song lasts 10.4 s
    with pytest.raises(MachineFault, match=message):
        song_to_sound(SONG, tmp_path / "song.wav")
    assert sorted(tmp_path.iterdir()) == [folder]
