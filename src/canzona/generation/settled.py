"""What of a level is settled before it is composed: the music, and the bars of each part in which it stands."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from canzona.generation.controls import Kept
from canzona.generation.request import Request
from canzona.generation.schedule import open_bars
from canzona.hierarchy.level import Content, Level
from canzona.hierarchy.levels import LEVELS
from canzona.hierarchy.reduction import reduce_lead_sheet, reduce_melody, simplify_chords
from canzona.representation.image import encode_level
from canzona.song.form import Form
from canzona.song.harmony import Chord, ChordSpan, Mode
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.splice import splice_chords, splice_notes

KNOWN_KEY_BARS = 4
"""Opening bars of a composed form whose key is settled: on the canvas where a key is given, else that of home."""

TONIC_TRIADS = {Mode.MAJOR: "maj", Mode.MINOR: "min"}

Bars = NDArray[np.bool_]


@dataclass(frozen=True)
class Settled:
    """What stands of one level of one song.

    Attributes:
        song: whose field of this level holds what stands; elsewhere it may hold an older version, or nothing.
        known: (parts of the level, bars) where each part stands.
    """

    song: Song
    known: Bars

    @property
    def is_open(self) -> bool:
        """Whether there is anything to compose."""
        return bool(open_bars(self.known).any())


def settled_form(level: Level, song: Song, request: Request, bars: int) -> Settled:
    """What stands of the form.

    Args:
        level: the form level, of a keys part and a phrases part.
        song: as it is before its form is composed; where it is settled, with the form.
        request: what is asked for.
        bars: that the level's image has room for.
    """
    keys, phrases = range(len(level.parts))
    known = np.zeros((len(level.parts), bars), dtype=bool)
    form = request.keyed_form()
    if form is not None:
        known[phrases] = True
        known[keys] = all(phrase.key for phrase in form.phrases)
        return Settled(song, known)
    known[keys, :KNOWN_KEY_BARS] = request.key is not None
    for own in request.kept:
        known[:, : own.bars] = True
    if request.bars is not None:
        known[:, request.bars :] = True
        known[keys] |= request.key is not None
    return Settled(song, known)


def settled_music(level: Level, song: Song, request: Request, levels: Sequence[Level] = LEVELS) -> Settled:
    """What stands of a level below the form.

    Args:
        level: the level.
        song: with all levels above it as they are.
        request: what is asked for.
        levels: of the cascade, top-down.
    """
    bars = song.form.length_bars
    known = np.zeros((len(level.parts), bars), dtype=bool)
    revision = request.revision
    if revision is not None:
        known[:] = ~_must_change(level, song, request, levels)
        song = replace(song, **{level.attribute: getattr(revision.song, level.attribute)})
    for own in request.kept:
        if own.reaches(level):
            material = _material(level, own, song.form)
            if material is not None:
                known[:, : own.bars] = True
                song = replace(song, **{level.attribute: material})
    if level.content is Content.LEAD_SHEET:
        song = _with_given_parts(level, song, request, known)
    return Settled(song, known)


def spliced(level: Level, settled: Settled, composed: Song) -> Song:
    """What was composed where nothing stood, and what stood, exactly as it was, in all other bars."""
    old, new = getattr(settled.song, level.attribute), getattr(composed, level.attribute)
    if old is None or not settled.known.any():
        return composed
    meter = composed.meter
    if level.content is Content.LEAD_SHEET:
        chords, melody = (settled.known[level.part_number(name)].tolist() for name in ("chords", "melody"))
        new = LeadSheet(
            splice_notes(old.melody, new.melody, melody, meter, one_voice=True),
            splice_chords(old.chords, new.chords, chords, meter),
        )
    else:
        new = splice_notes(old, new, settled.known[0].tolist(), meter, one_voice=False)
    return replace(composed, **{level.attribute: new})


def _must_change(level: Level, song: Song, request: Request, levels: Sequence[Level]) -> Bars:
    """(bars,) in which a revision composes a level anew: the chosen ones, at finer levels only if anything changed above."""
    revision = request.revision
    assert revision is not None
    place, first = levels.index(level), [row.name for row in levels].index(revision.level)
    bars = np.zeros(song.form.length_bars, dtype=bool)
    if place < first:
        return bars
    bars[sorted(revision.bars) if revision.bars is not None else slice(None)] = True
    if place == first:
        return bars
    changed = np.zeros_like(bars)
    for above in levels[first:place]:
        before, now = (encode_level(above, version).reshape(len(bars), -1) for version in (revision.song, song))
        changed |= (before != now).any(1)
    return bars & changed


def _with_given_parts(level: Level, song: Song, request: Request, known: Bars) -> Song:
    """The song with the melody and the chords that are given, and the last chord; ``known`` is filled in."""
    chords, melody = known[level.part_number("chords")], known[level.part_number("melody")]
    sheet = getattr(song, level.attribute) or LeadSheet()
    given, given_bars = _given_chords(song, request)
    given_bars &= ~chords
    sheet = LeadSheet(sheet.melody, _overlaid(sheet.chords, given, given_bars, song, level))
    chords |= given_bars
    for own in request.kept:
        if own.part == "melody":
            notes = _melody(level, own.song, given, given_bars, song.form)
            sheet = LeadSheet(notes, sheet.chords)
            melody[:] = True
    return replace(song, **{level.attribute: sheet}) if known.any() or getattr(song, level.attribute) is not None else song


def _given_chords(song: Song, request: Request) -> tuple[tuple[ChordSpan, ...], Bars]:
    """Chords that are asked for, and where: in place of older ones, but not of music that is kept whole."""
    bars = song.form.length_bars
    given: tuple[ChordSpan, ...] = ()
    known = np.zeros(bars, dtype=bool)
    if request.chords is not None:
        placed = request.chords.spans(song.form, song.meter)
        given, known[sorted(placed.given_bars)] = placed.chords, True
    key = song.form.phrases[-1].key
    if request.end_on_tonic and key is not None and not known[-1]:
        tonic = Chord(key.tonic, TONIC_TRIADS[key.mode], key.tonic)
        given = (*given, ChordSpan(song.meter.bars_to_beats(bars - 1), song.meter.beats_per_bar, tonic))
        known[-1] = True
    return given, known


def _overlaid(
    old: Sequence[ChordSpan], given: tuple[ChordSpan, ...], bars: Bars, song: Song, level: Level
) -> tuple[ChordSpan, ...]:
    if level.reduces is not None:
        given = simplify_chords(given, song.meter)
    return splice_chords(given, old, bars.tolist(), song.meter)


def _melody(level: Level, source: Song, given: tuple[ChordSpan, ...], given_bars: Bars, form: Form) -> tuple[Note, ...]:
    """The melody of a song as far as the form goes, or its skeleton, over the song's own chords where none are given."""
    sheet = source.lead_sheet or source.reduced_lead_sheet
    assert sheet is not None
    end = source.meter.bars_to_steps(form.length_bars)
    notes = tuple(note.ending_by(end) for note in sheet.melody if note.start_step < end)
    if level.reduces is None:
        return notes
    bars = given_bars.tolist()
    chords = splice_chords(given, sheet.chords, bars, source.meter)
    return reduce_melody(notes, simplify_chords(chords, source.meter), form, source.meter)


def _material(level: Level, own: Kept, form: Form) -> object:
    """A level of a kept song; a reduction is made anew where all is kept under other phrases than the song's own."""
    source = own.song
    finer = getattr(source, level.reduces) if level.reduces else None
    if finer is None or own.bars is not None or str(source.form) == str(form):
        return getattr(source, level.attribute)
    return reduce_lead_sheet(finer, form, source.meter)
