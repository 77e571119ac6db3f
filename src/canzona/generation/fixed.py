"""What of a level stays while the rest is composed: music, and a mask of the frames in which each part of it is fixed.

Every reason to stay is a writer of the two: a revision, its locks, music that is kept, chords that are given, the last chord.
They write in this order, none where another has written or what that wrote still sounds.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from canzona.generation.controls import Kept
from canzona.generation.request import Request
from canzona.generation.variation import unvaried_frames
from canzona.hierarchy.level import Content, Level
from canzona.hierarchy.levels import level_named
from canzona.hierarchy.reduction import reduce_lead_sheet, simplify_chords
from canzona.representation.image import encode_level
from canzona.song.harmony import Chord, ChordSpan, Mode
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.splice import splice_chords, splice_notes
from canzona.song.timing import Meter

TONIC_TRIADS = {Mode.MAJOR: "maj", Mode.MINOR: "min"}

Mask = NDArray[np.bool_]
Music = LeadSheet | tuple[Note, ...]
"""What a field of ``Song`` below the form holds."""


@dataclass(frozen=True)
class Fixed:
    """What stays of one level of one song.

    Attributes:
        song: whose field of this level holds what stays, and nothing else.
        mask: (parts of the level, frames) where each part stays.
    """

    song: Song
    mask: Mask

    @property
    def is_open(self) -> bool:
        """Whether there is anything to compose."""
        return not self.mask.all()


def fixed_music(level: Level, song: Song, request: Request, levels: Sequence[Level]) -> Fixed:
    """What stays of a level below the form.

    Args:
        level: the level.
        song: with all levels above it as they are.
        request: what is asked for.
        levels: of the cascade, top-down.
    """
    revised = (*_revised(level, song, request, levels), *_locked(level, song, request))
    return _written(level, song, (*revised, *_kept(level, song, request), *_chords(level, song, request)))


def given_music(level: Level, song: Song, request: Request) -> Music | None:
    """What of a level is kept or locked as such, as far as it goes; ``None`` for nothing.

    Args:
        level: the level.
        song: with its form.
        request: what is asked for.
    """
    bare = replace(song, **{level.attribute: None})
    given = (*_locked(level, bare, request), *_kept(level, bare, request))
    return getattr(_written(level, bare, given).song, level.attribute)


def _written(level: Level, song: Song, writing: Iterable[tuple[Music, Mask]]) -> Fixed:
    """What was written in this order, none where another has written."""
    fixed = Fixed(song, _nowhere(level, song))
    for music, mask in writing:
        free = mask & ~fixed.mask
        older = getattr(fixed.song, level.attribute)
        first, then, where = (music, None, free) if older is None else (older, music, ~free)
        merged = merge(level, first, then, where, song.meter)
        fixed = Fixed(replace(fixed.song, **{level.attribute: merged}), fixed.mask | free)
    return fixed


def merge(level: Level, kept: Music, new: Music | None, mask: Mask, meter: Meter) -> Music:
    """One version of a level in the frames of a mask, (parts, frames), untouched, and another, if any, in all others."""
    frame_steps = level.unit.steps_per_frame(meter)
    if isinstance(kept, LeadSheet):
        new = new if isinstance(new, LeadSheet) else LeadSheet()
        chords, melody = (mask[level.part_number(name)].tolist() for name in ("chords", "melody"))
        return LeadSheet(
            splice_notes(kept.melody, new.melody, melody, frame_steps, one_voice=True),
            splice_chords(kept.chords, new.chords, chords, frame_steps),
        )
    notes = new if isinstance(new, tuple) else ()
    return splice_notes(kept, notes, mask[0].tolist(), frame_steps, one_voice=False)


Writing = Iterator[tuple[Music, Mask]]
"""Music of a level, and where it is to stay."""


def _revised(level: Level, song: Song, request: Request, levels: Sequence[Level]) -> Writing:
    """A song that is revised, in all bars but those in which this level is composed anew, and in some of these half bars.

    These are the chosen bars, and at finer levels those of them in which anything has changed above.
    """
    revision = request.revision
    if revision is None:
        return
    place, first = levels.index(level), [row.name for row in levels].index(revision.level)
    anew = np.zeros(song.form.length_bars, dtype=bool)
    if place >= first:
        anew[sorted(revision.bars) if revision.bars is not None else slice(None)] = True
    if place > first:
        changed = np.zeros_like(anew)
        for above in levels[first:place]:
            before, now = (encode_level(above, version).reshape(len(anew), -1) for version in (revision.song, song))
            changed |= (before != now).any(1)
        anew &= changed
    mask = _nowhere(level, song)
    mask[:] = ~np.repeat(anew, level.unit.frames_per_bar(song.meter)) | unvaried_frames(level, song, request)
    yield getattr(revision.song, level.attribute), mask


def _locked(level: Level, song: Song, request: Request) -> Writing:
    """What is locked of a level of a song that is revised; then the reduction of what is locked below it."""
    revision = request.revision
    if revision is None:
        return
    for attribute in (level.attribute, level.reduces):
        locks = [lock for lock in revision.locks if level_named(lock.level).attribute == attribute]
        for lock in locks:
            music = getattr(revision.song, level_named(lock.level).attribute)
            bars = np.zeros(song.form.length_bars, dtype=bool)
            bars[slice(None) if lock.bars is None else sorted(lock.bars)] = True
            parts = [number for number, part in enumerate(level.parts) if lock.part in (None, part.name)]
            mask = _nowhere(level, song)
            mask[parts] = np.repeat(bars, level.unit.frames_per_bar(song.meter))
            reduced = attribute != level.attribute
            yield reduce_lead_sheet(music, song.form, song.meter) if reduced else music, mask


def _kept(level: Level, song: Song, request: Request) -> Writing:
    """Music that is kept, whole or in part, as far as it goes."""
    for own in request.kept:
        parts = own.parts_of(level)
        music = _material(level, own, song, request) if parts else None
        if music is not None:
            mask = _nowhere(level, song)
            mask[list(parts), : own.length_bars * level.unit.frames_per_bar(song.meter)] = True
            yield music, mask


def _material(level: Level, own: Kept, song: Song, request: Request) -> Music | None:
    """A level of a kept song; its reduction is made anew under other phrases, or over the chords that are given."""
    source = own.song
    finer: LeadSheet | None = getattr(source, level.reduces) if level.reduces and own.level != level.name else None
    if finer is not None and own.part is not None:
        given, bars = _given_chords(level, song, request)
        chords = splice_chords(given, finer.chords, bars.tolist(), song.meter.steps_per_bar)
        return reduce_lead_sheet(LeadSheet(finer.melody, chords), song.form, song.meter)
    if finer is not None and own.bars is None and str(source.form) != str(song.form):
        return reduce_lead_sheet(finer, song.form, song.meter)
    return getattr(source, level.attribute)


def _chords(level: Level, song: Song, request: Request) -> Writing:
    """The chords that are asked for, and the last chord."""
    if level.content is not Content.LEAD_SHEET:
        return
    given, bars = _given_chords(level, song, request)
    mask = _nowhere(level, song)
    mask[level.part_number("chords")] = np.repeat(bars, level.unit.frames_per_bar(song.meter))
    yield LeadSheet(chords=given if level.reduces is None else simplify_chords(given, song.meter)), mask


def _given_chords(level: Level, song: Song, request: Request) -> tuple[tuple[ChordSpan, ...], NDArray[np.bool_]]:
    """Chords that are asked for where none are kept, and their bars; by default with the tonic in the last bar."""
    bars = song.form.length_bars
    given: tuple[ChordSpan, ...] = ()
    known, kept = np.zeros(bars, dtype=bool), np.zeros(bars, dtype=bool)
    for own in request.kept:
        if level.part_number("chords") in own.parts_of(level):
            kept[: own.length_bars] = True
    if request.chords is not None:
        placed = request.chords.spans(song.form, song.meter)
        given, known[sorted(placed.given_bars)] = placed.chords, True
    key = song.form.phrases[-1].key
    if request.end_on_tonic and key is not None and not known[-1]:
        tonic = Chord(key.tonic, TONIC_TRIADS[key.mode], key.tonic)
        given = (*given, ChordSpan(song.meter.bars_to_beats(bars - 1), song.meter.beats_per_bar, tonic))
        known[-1] = True
    return given, known & ~kept


def _nowhere(level: Level, song: Song) -> Mask:
    """(parts, frames) of a level of this song, all false."""
    return np.zeros((len(level.parts), level.frames_to_compose(song.form.length_bars, song.meter)), dtype=bool)
