"""Sound and picture of a song that is like real ones."""

import io
import os
import random
import shutil
import struct
import sys
import wave
from array import array
from dataclasses import replace

import numpy as np
import pytest

from canzona.io.audio import SAMPLE_RATE, SOUNDFONT_FOLDER, SOUNDFONT_VARIABLE, MissingSynthesizer, song_to_wav
from canzona.io.picture import DOTS_PER_INCH, HEIGHT_INCHES, WIDTH_INCHES, song_to_picture
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Note, Song

PROGRESSIONS = {
    "i": ("G:maj", "E:min7", "C:maj7", "D:7"),
    "A": ("G:maj", "G:maj/3", "C:maj(9)", "D:sus4(b7)", "E:min7", "B:min7", "A:min7", "D:7"),
    "B": ("C:maj7", "D:maj/b7", "B:min7", "E:min7", "A:min7", "D:sus4", "G:maj", "G:7/b7"),
    "o": ("C:maj7", "C:min6", "G:maj", "G:maj"),
}
CONTOURS = {"A": (7, 9, 7, 4, 2, 4, 7, 2), "B": (12, 11, 9, 11, 7, 9, 7, 4)}
RHYTHMS = {"A": ((0, 3), (3, 1), (4, 4), (10, 2), (12, 4)), "B": ((0, 2), (2, 2), (4, 6), (10, 2), (12, 2), (14, 2))}


def example_song(form: str = "i4A8B8A8B8o4", beats_per_bar: int = 4) -> Song:
    """A song of made-up but musical material: verses and choruses over their own chords, the last chorus a tone higher."""
    phrases, meter = Form.parse(form, Key.parse("G major")), Meter(beats_per_bar)
    last_chorus = max((number for number, phrase in enumerate(phrases.phrases) if phrase.letter == "B"), default=99)
    keys = [phrase.key.transposed(2 * (number >= last_chorus)) for number, phrase in enumerate(phrases.phrases)]
    phrases = phrases.with_keys(keys)
    bar_steps, beats = meter.steps_per_bar, meter.beats_per_bar
    melody, skeleton, chords, piano = [], [], [], []
    for start_bar, phrase in phrases.spans():
        generator = random.Random(phrase.letter)
        raised = phrase.key.tonic - 7
        for bar in range(phrase.length_bars):
            progression = PROGRESSIONS.get(phrase.letter, PROGRESSIONS["i"])
            chord = Chord.parse(progression[bar % len(progression)]).transposed(raised)
            step, beat = (start_bar + bar) * bar_steps, (start_bar + bar) * beats
            chords.append(ChordSpan(beat, beats, chord))
            scale = phrase.key.scale
            if phrase.is_sung:
                center = 55 + raised + CONTOURS.get(phrase.letter, CONTOURS["A"])[bar % 8]
                for onset, duration in RHYTHMS.get(phrase.letter, RHYTHMS["A"]):
                    pitch = center + generator.choice((0, 2, 4, 5))
                    if onset + duration <= bar_steps and (bar % 4 != 3 or onset < 8):
                        melody.append(Note(step + onset, pitch + (pitch % 12 not in scale), duration, 92))
                skeleton.append(replace(melody[-1], start_step=step, duration_steps=bar_steps))
            tones = sorted(48 + (tone - 48) % 12 for tone in chord.chroma)
            loud = 88 if phrase.letter == "B" else 58
            piano.append(Note(step, 36 + chord.bass, bar_steps, loud))
            piano.append(Note(step + bar_steps // 2, 43 + (chord.bass + 5) % 12, bar_steps // 2, loud - 10))
            for onset in range(0, bar_steps, 2 if phrase.letter == "B" else 4):
                duration = min(4, bar_steps - onset)
                piano.append(Note(step + onset, tones[onset // 2 % len(tones)] + 12, 2, loud + generator.randint(-12, 12)))
                if onset % 8 == 0:
                    piano.extend(Note(step + onset, tone, duration * 2 if onset + 8 <= bar_steps else duration, loud - 18)
                                 for tone in tones)  # fmt: skip
    return Song(
        form=phrases,
        meter=meter,
        tempo=92.0,
        reduced_lead_sheet=LeadSheet(tuple(skeleton), tuple(chords)),
        lead_sheet=LeadSheet(tuple(melody), tuple(chords)),
        accompaniment=tuple(sorted(piano)),
    )


SONG = example_song("A2B2")
needs_synthesizer = pytest.mark.skipif(
    not shutil.which("fluidsynth") or not (os.environ.get(SOUNDFONT_VARIABLE) or any(SOUNDFONT_FOLDER.glob("*.sf2"))),
    reason="fluidsynth or a soundfont is not installed",
)


def sound(path) -> tuple[float, int]:
    """How many seconds a WAV file lasts, and its loudest sample."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, SAMPLE_RATE)
        samples = array("h", file.readframes(file.getnframes()))
        return file.getnframes() / SAMPLE_RATE, max(map(abs, samples))


@needs_synthesizer
def test_sound_lasts_as_long_as_the_song_and_is_reproducible(tmp_path):
    first, second, third = tmp_path / "Lied ä.wav", tmp_path / "2.wav", tmp_path / "3.wav"
    song_to_wav(SONG, first)
    song_to_wav(SONG, second)
    song_to_wav(SONG, third, with_chords=True)
    seconds, peak = sound(first)
    assert 4 * 4 * 60 / 92 <= seconds < 4 * 4 * 60 / 92 + 6
    assert 1000 < peak < 32767
    assert first.read_bytes() == second.read_bytes() != third.read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


@needs_synthesizer
def test_without_its_chords_a_lead_sheet_is_its_melody(tmp_path):
    silent = replace(SONG, accompaniment=None, lead_sheet=replace(SONG.lead_sheet, melody=()))
    song_to_wav(silent, tmp_path / "silent.wav")
    song_to_wav(silent, tmp_path / "chords.wav", with_chords=True)
    assert sound(tmp_path / "silent.wav")[1] < 50 < sound(tmp_path / "chords.wav")[1]


@needs_synthesizer
def test_a_soundfont_that_is_none_gives_no_silence(tmp_path, monkeypatch):
    soundfont = tmp_path / "font.sf2"
    soundfont.write_text("no soundfont")
    monkeypatch.setenv(SOUNDFONT_VARIABLE, str(soundfont))
    with pytest.raises(RuntimeError, match=r"^fluidsynth: .*RIFF"):
        song_to_wav(SONG, tmp_path / "song.wav")
    assert list(tmp_path.iterdir()) == [soundfont]


def test_a_missing_synthesizer_is_named_and_stood_in_for(tmp_path, monkeypatch):
    monkeypatch.delenv(SOUNDFONT_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    missing = song_to_wav(SONG, tmp_path / "song.wav").missing
    assert "apt install fluidsynth fluid-soundfont-gm" in missing
    assert "\n" not in missing
    assert sound(tmp_path / "song.wav")[1] > 1000


def test_a_missing_synthesizer_is_an_error_where_a_soundfont_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(SOUNDFONT_VARIABLE, str(tmp_path / "font.sf2"))
    with pytest.raises(MissingSynthesizer, match="apt install"):
        song_to_wav(SONG, tmp_path / "song.wav")
    assert not list(tmp_path.iterdir())


def _pretend_synthesizer(folder, script: str) -> None:
    command = folder / "fluidsynth"
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)


def test_a_missing_soundfont_is_named(tmp_path, monkeypatch):
    _pretend_synthesizer(tmp_path, "exit 0")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(SOUNDFONT_VARIABLE, str(tmp_path / "missing.sf2"))
    with pytest.raises(MissingSynthesizer, match=SOUNDFONT_VARIABLE):
        song_to_wav(SONG, tmp_path / "song.wav")
    monkeypatch.delenv(SOUNDFONT_VARIABLE)
    monkeypatch.setattr("canzona.io.audio.SOUNDFONT_FOLDER", tmp_path)
    assert "apt install" in song_to_wav(SONG, tmp_path / "song.wav").missing


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
    folder, soundfont = tmp_path / "bin", tmp_path / "font.sf2"
    folder.mkdir()
    soundfont.touch()
    _pretend_synthesizer(folder, script)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv(SOUNDFONT_VARIABLE, str(soundfont))
    monkeypatch.setattr("canzona.io.audio._SECONDS_TO_START", -9.0)  # the song lasts 10.4 s
    with pytest.raises(RuntimeError, match=message):
        song_to_wav(SONG, tmp_path / "song.wav")
    assert sorted(tmp_path.iterdir()) == [folder, soundfont]


def size_of_png(data: bytes) -> tuple[int, int]:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", data[16:24])


def test_picture_is_reproducible_and_has_its_size():
    pytest.importorskip("matplotlib")
    picture = song_to_picture(SONG)
    assert size_of_png(picture) == (round(WIDTH_INCHES * DOTS_PER_INCH), round(HEIGHT_INCHES * DOTS_PER_INCH))
    assert song_to_picture(SONG) == picture
    assert song_to_picture(replace(SONG, accompaniment=SONG.accompaniment[1:])) != picture


def test_every_phrase_stands_on_a_tint_of_its_ink_from_left_to_right():
    image = pytest.importorskip("matplotlib.image")
    pixels = image.imread(io.BytesIO(song_to_picture(Song(Form.parse("A4B4C4i4o4b4")))))[..., :3]
    inks = ("#d1495b", "#2274a5", "#2f9e6e", "#8d7b68", "#6c757d", "#8e5ea8")
    centres = []
    for ink in inks:
        color = np.array([int(ink[place : place + 2], 16) for place in (1, 3, 5)]) / 255
        tint = 1 - 0.09 * (1 - color)
        found = np.abs(pixels - tint).max(axis=-1) < 1.5 / 255
        assert found.mean() > 0.04, ink  # of the whole picture, of which six phrases share three panels of four
        centres.append(np.argwhere(found)[:, 1].mean())
    assert centres == sorted(centres)


@pytest.mark.parametrize(
    "song",
    [
        Song(Form.parse("A1")),
        Song(Form.parse("i4A8B8o4"), lead_sheet=LeadSheet(), reduced_lead_sheet=LeadSheet(), accompaniment=()),
        example_song("i2" + "A8B8" * 6 + "b1A2o1", 3),
    ],
    ids=["form only", "empty levels", "long, in three"],
)
def test_picture_of_unusual_songs(song):
    pytest.importorskip("matplotlib")
    size_of_png(song_to_picture(song))


def test_a_missing_matplotlib_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(RuntimeError, match=r"^pictures need matplotlib: .*python\S* -m pip install matplotlib$"):
        song_to_picture(SONG)
