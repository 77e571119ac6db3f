"""From a MIDI file to a song with its four levels: the entry of this package."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from canzona.hierarchy.extraction import completed
from canzona.io.files import LONGEST_FORM_BARS, check_storable
from canzona.io.found import counted
from canzona.io.marks import labelled_form, marked_form
from canzona.io.midi import midi_to_song
from canzona.io.tracks import named_chords, names_chord, role_of
from canzona.song.harmony import ChordSpan
from canzona.song.notes import Note, struck
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import STEPS_PER_BEAT, Meter, beats_to_steps
from canzona.transcription.grid import Grid, even_grid
from canzona.transcription.harmony import heard_chords
from canzona.transcription.keys import heard_keys
from canzona.transcription.options import AnalysisOptions
from canzona.transcription.performance import Notes, Performance, read_few, read_performance
from canzona.transcription.phrases import heard_form
from canzona.transcription.quantisation import as_notes, nearest_steps, one_line, rounded, straightened
from canzona.transcription.roles import Roles, called, roles_of
from canzona.transcription.timing import hear_timing
from canzona.transcription.words import written_words

ITEMS = ("tempo", "meter", "bar lines", "melody", "chords", "keys", "phrases")
"""What an analysis is more or less sure of."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A song heard in a MIDI file.

    Attributes:
        song: all four levels; no melody, chords or piano where the file has none.
        confidence: of each of ``ITEMS``, 0 to 1; 1 for what the file or the user says. No probability:
            the higher, the less was guessed.
        remarks: what was found otherwise than the file says it, as people read it.
        left_out: what of the file is not in the song, as people read it.
        grid: where the song's beats lie in the file, in quarter notes of it.
        form_is_heard: whether the phrases were found in the notes, as the file names none.
        nameless_tracks: of a file that labels its phrases as Canzona does, but names none of its tracks, what these are called.
    """

    song: Song
    confidence: Mapping[str, float]
    remarks: tuple[str, ...]
    left_out: tuple[str, ...]
    grid: Grid
    form_is_heard: bool = False
    nameless_tracks: tuple[str, ...] = ()


def midi_to_analysis(data: bytes, options: AnalysisOptions | None = None) -> Analysis:
    """Hear a song in any MIDI file of type 0 or 1.

    Tempo and metre are the events' where the notes lie on their beats, else they are estimated; a song whose beats lie beside
    the file's is moved onto its own. Tracks get their roles from their names, else from what they play; drums are not heard.
    Chords are the symbols in lyrics of a chord track or in markers, else its block chords, else what all notes together sound
    like. Phrases are markers such as ``A8`` or words such as ``Verse``, else found by what returns. A file that
    ``song_to_midi`` wrote gives that song.

    Raises:
        ValueError: in one line, where this is no MIDI file, has no notes but drums', has another metre than 3/4 and 4/4 or
            several, or is absurdly long.
    """
    options = options or AnalysisOptions()
    score = read_few(data)
    if options == AnalysisOptions() and (own := _own_song(data, any(track.notes for track in score.tracks))) is not None:
        end_beats = own.meter.bars_to_beats(own.form.length_bars)
        return Analysis(own, dict.fromkeys(ITEMS, 1.0), (), (), even_grid(0.0, 1.0, end_beats))
    performance = read_performance(data, options.meter)
    timing = hear_timing(performance, options)
    meter, grid = timing.meter, timing.grid
    played, swings = straightened(in_steps(performance.notes, grid))
    played = played.chosen(np.lexsort((played.pitch, nearest_steps(played.start))))
    on_steps = rounded(played)
    roles = roles_of(performance, on_steps, meter.bar_of_step(int(on_steps.start.max())) + 1, options)
    line = one_line(played.chosen(roles.melody))
    blocks = tuple(struck(as_notes(on_steps.chosen(roles.chords))))
    piano = as_notes(on_steps.chosen(roles.piano))
    struck_piano = tuple(struck(piano))
    starts = [note.start_step for note in (*line.notes, *blocks, *struck_piano)]
    if not starts:
        raise ValueError("tracks: must leave notes to read, got none")
    words = written_words(performance, grid)
    starts += [beats_to_steps(beat) for beat, text in words.chords.items() if names_chord(text)]
    starts += [note.end_step - STEPS_PER_BEAT for note in blocks]
    length_bars = meter.bar_of_step(max(starts)) + 1
    if length_bars > LONGEST_FORM_BARS:
        raise ValueError(f"form: must have {LONGEST_FORM_BARS} bars at most, got {length_bars}")
    chords, chord_confidence = _chords(words.chords, on_steps, roles, blocks, meter, length_bars)
    first_sung_step = line.notes[0].start_step if line.notes else None
    form = marked_form(words.names, meter, length_bars, min(starts), first_sung_step, fewest=2)  # one may be chance
    form_is_heard, phrase_confidence = form is None, 1.0
    if form is None:
        form, phrase_confidence = heard_form(line.notes, chords, (*struck_piano, *blocks), meter, length_bars)
    end = meter.bars_to_steps(form.length_bars)
    sheet = LeadSheet(tuple(note.ending_by(end) for note in line.notes), chords)
    form, key_confidence = heard_keys(form, sheet, meter, words.signatures)
    song = Song(
        form=form,
        meter=meter,
        tempo=timing.tempo,
        lead_sheet=sheet if sheet.melody or sheet.chords else None,
        accompaniment=tuple(note.ending_by(end) for note in struck_piano) or None,
    )
    song = completed(song)
    check_storable(song)
    remarks = (*timing.remarks, *(["swing straightened"] if swings else []), *roles.remarks)
    return Analysis(
        song=song,
        confidence=timing.confidence
        | {"melody": roles.confidence, "chords": chord_confidence, "keys": key_confidence, "phrases": phrase_confidence},
        remarks=remarks,
        left_out=(*_left_out(performance, roles, line.lost, len(piano) - len(struck_piano)), *words.unread),
        form_is_heard=form_is_heard,
        nameless_tracks=() if labelled_form(words.names, meter, length_bars) is None else _nameless_tracks(performance),
        grid=grid,
    )


def midi_to_analysis_with(given: tuple[bytes, AnalysisOptions]) -> Analysis:
    """``midi_to_analysis`` with its arguments in one, as a ``LimitedWorker`` passes them."""
    analysis = midi_to_analysis(*given)
    return replace(analysis, song=replace(analysis.song, provenance={}))  # a read-only mapping does not travel


def _own_song(data: bytes, has_notes: bool) -> Song | None:
    """The song of a file that Canzona wrote, which may be a form alone; ``None`` for any other."""
    try:
        song = midi_to_song(data)
    except ValueError:
        return None
    if song.lead_sheet or song.accompaniment:
        return completed(song)
    return None if has_notes else song


def in_steps(notes: Notes, grid: Grid) -> Notes:
    """Notes of the file in fractional steps of the song."""
    start = grid.steps(notes.start)
    return notes.at(start, np.maximum(grid.steps(notes.end), start))


def _chords(
    symbols: Mapping[int, str], notes: Notes, roles: Roles, blocks: tuple[Note, ...], meter: Meter, length_bars: int
) -> tuple[tuple[ChordSpan, ...], float]:
    """Chords that are written or played as blocks, else what all notes sound like; none under a melody alone."""
    length_beats = meter.bars_to_beats(length_bars)
    symbols = {beat: text for beat, text in symbols.items() if beat < length_beats}
    if blocks or symbols:
        return named_chords(symbols, blocks, length_beats), 1.0
    others = roles.heard & ~roles.melody
    if not others.any():
        return (), 1.0
    return heard_chords(as_notes(notes.chosen(roles.heard)), meter, length_bars)


def _nameless_tracks(performance: Performance) -> tuple[str, ...]:
    """All tracks with notes, where no track says by its name what it plays."""
    if any(role_of(track.name) for track in performance.score.tracks):
        return ()
    return tuple(called(performance.tracks, number) for number in range(len(performance.tracks)))


def _left_out(performance: Performance, roles: Roles, lost: int, doubled: int) -> tuple[str, ...]:
    things = (
        (performance.drum_notes, "drum note"),
        (performance.switches, "note{s} below a piano's range"),
        (lost, "melody note{s} finer than sixteenths"),
        (doubled, "piano note{s} struck twice on one sixteenth"),
        (performance.pedals, "pedal"),
    )
    return (*(counted(number, thing) for number, thing in things if number), *roles.left_out)
