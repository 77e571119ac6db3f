"""Levels ⇄ images: one pair of functions for all four. ``decode_level(level, encode_level(level, song), song)`` is the song."""

from dataclasses import replace

import numpy as np

from canzona.hierarchy.level import Content, Level
from canzona.representation.form_image import decode_form, encode_form
from canzona.representation.roll_image import decode_chords, decode_notes, encode_chords, encode_notes
from canzona.song.form import Form
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import TimeUnit


def encode_level(level: Level, song: Song, frames: int | None = None) -> np.ndarray:
    """(frames, planes, rows) values from 0 to 1: the whole song at one level.

    Args:
        level: which.
        song: that has it.
        frames: of the image; ``None`` for those of the song.

    Raises:
        ValueError: where the song lacks the level, or has notes outside its rows.
    """
    content = getattr(song, level.attribute)
    if content is None:
        raise ValueError(f"{level.title}: the song has none")
    if isinstance(content, Form):
        drawn = encode_form(level, content)
        return drawn if frames is None else np.pad(drawn[:frames], ((0, max(0, frames - len(drawn))), (0, 0), (0, 0)))
    image = np.zeros((frames or _frames(level, song), len(level.planes), level.rows), dtype=np.float32)
    steps_per_frame = level.unit.steps_per_frame(song.meter)
    if isinstance(content, LeadSheet):
        frames_per_beat = level.unit.frames_per_bar(song.meter) // TimeUnit.BEAT.frames_per_bar(song.meter)
        bass, chroma, melody = (level.region(name).rows for name in ("bass", "chroma", "melody"))
        encode_chords(image[:, :, bass], image[:, :, chroma], content.chords, frames_per_beat)
        encode_notes(image[:, :, melody], content.melody, level.lowest_pitch + melody.start, steps_per_frame)
    else:
        encode_notes(image, content, level.lowest_pitch, steps_per_frame)
    return image


def decode_level(level: Level, image: np.ndarray, song: Song) -> Song:
    """The song with this level read off ``image``, (frames, planes, rows) values from 0 to 1."""
    if level.content is Content.FORM:
        return replace(song, **{level.attribute: decode_form(level, image)})
    steps_per_frame = level.unit.steps_per_frame(song.meter)
    if level.content is Content.LEAD_SHEET:
        frames_per_beat = level.unit.frames_per_bar(song.meter) // TimeUnit.BEAT.frames_per_bar(song.meter)
        bass, chroma, melody = (level.region(name).rows for name in ("bass", "chroma", "melody"))
        chords = decode_chords(image[:, :, bass], image[:, :, chroma], frames_per_beat)
        notes = decode_notes(image[:, :, melody], level.lowest_pitch + melody.start, steps_per_frame, monophonic=True)
        return replace(song, **{level.attribute: LeadSheet(notes, chords)})
    return replace(song, **{level.attribute: decode_notes(image, level.lowest_pitch, steps_per_frame, monophonic=False)})


def _frames(level: Level, song: Song) -> int:
    return song.form.length_bars * level.unit.frames_per_bar(song.meter)
