"""A song that is like real ones, and its picture."""

import io
import random
import struct
import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from canzona.io.picture import DOTS_PER_INCH, HEIGHT_INCHES, PANELS, WIDTH_INCHES, drawn, song_to_picture
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Note, Song
from certain import sure

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
    keys: list[Key | None] = [
        sure(phrase.key).transposed(2 * (number >= last_chorus)) for number, phrase in enumerate(phrases.phrases)
    ]
    phrases = phrases.with_keys(keys)
    bar_steps, beats = meter.steps_per_bar, meter.beats_per_bar
    melody, skeleton, chords, piano = [], [], [], []
    for start_bar, phrase in phrases.spans():
        generator = random.Random(phrase.letter)
        raised = sure(phrase.key).tonic - 7
        for bar in range(phrase.length_bars):
            progression = PROGRESSIONS.get(phrase.letter, PROGRESSIONS["i"])
            chord = sure(Chord.parse(progression[bar % len(progression)])).transposed(raised)
            step, beat = (start_bar + bar) * bar_steps, (start_bar + bar) * beats
            chords.append(ChordSpan(beat, beats, chord))
            scale = sure(phrase.key).scale
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


def size_of_png(data: bytes) -> tuple[int, int]:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", data[16:24])


def test_picture_is_reproducible_and_has_its_size():
    pytest.importorskip("matplotlib")
    picture = song_to_picture(SONG)
    assert size_of_png(picture) == (round(WIDTH_INCHES * DOTS_PER_INCH), round(HEIGHT_INCHES * DOTS_PER_INCH))
    assert song_to_picture(SONG) == picture
    assert song_to_picture(replace(SONG, accompaniment=sure(SONG.accompaniment)[1:])) != picture


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


@pytest.mark.parametrize(("bars", "chords_a_bar"), [(8, 4), (96, 2)])
def test_chord_names_do_not_collide(bars: int, chords_a_bar: int) -> None:
    backend = pytest.importorskip("matplotlib.backends.backend_agg")
    beats, qualities = 4 // chords_a_bar, ("maj7", "minmaj7", "sus4(b7)", "min7(11)")
    chords = [ChordSpan(i * beats, beats, Chord(5 * i % 12, qualities[i % 4], 7 * i % 12)) for i in range(bars * chords_a_bar)]
    song = Song(Form.parse("A8" * (bars // 8), Key(3)), lead_sheet=LeadSheet((Note(0, 60, 4),), tuple(chords)))
    figure = drawn(song, PANELS[2:3])
    canvas = backend.FigureCanvasAgg(figure)
    canvas.draw()
    boxes = [text.get_window_extent(canvas.get_renderer()) for text in figure.axes[0].texts if "♭" in text.get_text()]
    boxes.sort(key=lambda box: box.x0)
    assert len(boxes) > 8
    assert all(after.x0 - before.x1 > 4 for before, after in pairwise(boxes))
    assert boxes[-1].x1 < figure.bbox.x1


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
