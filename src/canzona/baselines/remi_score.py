"""Songs as three programs of notes, one tick a sixteenth, and back: block chords, melody and piano.

Chords are written as in Canzona's MIDI files: a bass, and over it the other tones in root position.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from canzona.io.midi import CHORD_VELOCITY, CHORDS, LOWEST_BASS, LOWEST_ROOT, MELODY, PIANO, PROGRAMS
from canzona.song import STEPS_PER_BEAT, Chord, ChordSpan, Form, LeadSheet, Meter, Note, Song
from canzona.song.harmony import PITCH_CLASSES, QUALITIES, nearest_quality
from canzona.song.notes import HIGHEST_MELODY_PITCH, LOWEST_MELODY_PITCH, one_voice
from canzona.song.timing import beats_to_steps

if TYPE_CHECKING:
    from symusic.core import ScoreTick

LOWEST_PITCH, HIGHEST_PITCH = 18, 111
"""Notes out of this range, both ends included, are left out."""

LONGEST_BEATS = 16
"""Longer notes are cut, longer chords struck again."""

TRACKS = (CHORDS, MELODY, PIANO)
"""In the order in which notes are written that start together."""


def song_to_score(song: Song) -> "ScoreTick":
    """Lead sheet and accompaniment, one tick a step; ``score_to_song`` is the inverse."""
    from symusic.core import NoteTick, ScoreTick, TimeSignatureTick, TrackTick

    sheet = song.lead_sheet or LeadSheet()
    notes = {CHORDS: list(_block_chords(sheet.chords)), MELODY: sheet.melody, PIANO: song.accompaniment or ()}
    longest = beats_to_steps(LONGEST_BEATS)
    score = ScoreTick(STEPS_PER_BEAT)
    score.time_signatures.append(TimeSignatureTick(0, song.meter.beats_per_bar, 4))
    for name in TRACKS:
        track = TrackTick(name, PROGRAMS[name], False)
        for note in sorted(notes[name]):
            if LOWEST_PITCH <= note.pitch <= HIGHEST_PITCH:
                track.notes.append(NoteTick(note.start_step, min(note.duration_steps, longest), note.pitch, note.velocity))
        score.tracks.append(track)
    return score


def score_to_song(score: "ScoreTick", form: Form, meter: Meter, tempo: float) -> Song:
    """The song with these notes. What its kind does not allow is mended or left out; nothing sounds past its end."""
    end_step = meter.bars_to_steps(form.length_bars)
    notes: dict[int, list[Note]] = {program: [] for program in PROGRAMS.values()}
    for track in score.tracks:
        for note in track.notes:
            if note.time < end_step:
                notes[track.program].append(Note(note.time, note.pitch, min(note.duration, end_step - note.time)))
    sung = (note for note in notes[PROGRAMS[MELODY]] if LOWEST_MELODY_PITCH <= note.pitch <= HIGHEST_MELODY_PITCH)
    chords = tuple(_chord_spans(notes[PROGRAMS[CHORDS]]))
    longest = {(note.start_step, note.pitch): note for note in sorted(notes[PROGRAMS[PIANO]], key=_by_length)}
    return Song(
        form, meter, tempo, lead_sheet=LeadSheet(one_voice(sung), chords), accompaniment=tuple(sorted(longest.values()))
    )


def _block_chords(spans: Iterable[ChordSpan]) -> Iterator[Note]:
    for span in spans:
        root = LOWEST_ROOT + span.chord.root
        pitches = (LOWEST_BASS + span.chord.bass, *(root + tone for tone in QUALITIES[span.chord.quality]))
        for start_beat in range(span.start_beat, span.end_beat, LONGEST_BEATS):
            beats = min(span.end_beat - start_beat, LONGEST_BEATS)
            for pitch in pitches:
                yield Note(beats_to_steps(start_beat), pitch, beats_to_steps(beats), CHORD_VELOCITY)


def _chord_spans(notes: Iterable[Note]) -> Iterator[ChordSpan]:
    """The inverse of ``_block_chords`` but for chords struck again. What starts first within a beat is taken to it."""
    by_beat: dict[int, list[Note]] = {}
    for note in sorted(notes):
        struck = by_beat.setdefault(note.start_step // STEPS_PER_BEAT, [])
        if not struck or struck[0].start_step == note.start_step:
            struck.append(note)
    beats = list(by_beat)
    for number, (beat, struck) in enumerate(by_beat.items()):
        length = max(1, max(note.duration_steps for note in struck) // STEPS_PER_BEAT)
        room = beats[number + 1] - beat if number + 1 < len(beats) else length
        yield ChordSpan(beat, min(length, room), _chord(struck))


def _chord(struck: Sequence[Note]) -> Chord:
    """The chord of block notes, sorted: a bass, and over it the nearest quality on the lowest of the others."""
    bass, *upper = (note.pitch for note in struck)
    root = upper[0] if upper else bass
    tones = frozenset((pitch - root) % PITCH_CLASSES for pitch in upper)
    return Chord(root % PITCH_CLASSES, nearest_quality(tones), bass % PITCH_CLASSES)


def _by_length(note: Note) -> int:
    return note.duration_steps
