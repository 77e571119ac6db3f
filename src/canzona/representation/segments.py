"""Songs cut into segments of a few bars, as arrays: what encoders see of a song.

A segment has room for as many beats as its bars have in 4/4. What lies beyond its own bars (in 3/4) or beyond the end of its
song is blank and marked as not inside.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from canzona.song.harmony import PITCH_CLASSES, QUALITY_NAMES
from canzona.song.notes import Note
from canzona.song.song import Song
from canzona.song.timing import STEPS_PER_BEAT, Meter, beats_to_steps

REST, ONSET, HOLD = 0, 1, 2
"""What a melody does at a step: it is silent, begins a note, or goes on with one."""

NONE = -1
"""No pitch, or no chord."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class PianoNotes:
    """The notes that begin in some segments, one entry a note, in order of segments.

    Attributes:
        segment: number of the segment.
        step: onset, in sixteenths from the segment's start.
        pitch: MIDI pitch.
        duration: in sixteenths, cut at the end of the segment.
    """

    segment: Ints
    step: Ints
    pitch: Ints
    duration: Ints


@dataclass(frozen=True)
class Segments:
    """Some segments of equal room.

    Attributes:
        inside: (segments, beats) whether a beat belongs to the segment.
        states: (segments, beats, 4) ``REST``, ``ONSET`` or ``HOLD`` of the melody at each step.
        pitches: (segments, beats, 4) MIDI pitch of the melody at each step, or ``NONE``.
        chords: (segments, beats, 3) root, number of the quality in ``QUALITIES``, and bass; all ``NONE`` where there is none.
        notes: the piano's.
    """

    inside: NDArray[np.bool_]
    states: Ints
    pitches: Ints
    chords: Ints
    notes: PianoNotes

    def __len__(self) -> int:
        return len(self.inside)

    def transposed(self, semitones: Ints) -> "Segments":
        """All of it moved, each segment by its own number of semitones, shape (segments,); pitches may leave MIDI's range."""
        return Segments(
            self.inside,
            self.states,
            np.where(self.pitches == NONE, NONE, self.pitches + semitones[:, None, None]),
            transposed_chords(self.chords, semitones),
            replace(self.notes, pitch=self.notes.pitch + semitones[self.notes.segment]),
        )


def transposed_chords(chords: Ints, semitones: Ints) -> Ints:
    """Chords as in ``Segments``, each segment's moved by its own number of semitones."""
    moved = chords.copy()
    moved[..., [0, 2]] = (chords[..., [0, 2]] + semitones[:, None, None]) % PITCH_CLASSES
    return np.where(chords == NONE, NONE, moved)


class SegmentSource:
    """Songs end to end on one timeline of beats, from which segments are cut. Levels that a song lacks are silent."""

    def __init__(self, songs: Sequence[Song]) -> None:
        beats = [song.meter.bars_to_beats(song.form.length_bars) for song in songs]
        self.bars = np.array([song.form.length_bars for song in songs], dtype=np.int64)
        self._beats_per_bar = np.array([song.meter.beats_per_bar for song in songs], dtype=np.int64)
        self._first_beat = np.concatenate([[0], np.cumsum(beats)]).astype(np.int64)
        self._states = np.full((self._first_beat[-1], STEPS_PER_BEAT), REST, dtype=np.int64)
        self._pitches = np.full_like(self._states, NONE)
        self._chords = np.full((len(self._states), 3), NONE, dtype=np.int64)
        rows: list[tuple[int, int, int]] = []
        for first, end, song in zip(self._first_beat[:-1].tolist(), self._first_beat[1:].tolist(), songs, strict=True):
            if song.lead_sheet is not None:
                _write_melody(self._states[first:end].reshape(-1), self._pitches[first:end].reshape(-1), song.lead_sheet.melody)
                for span in song.lead_sheet.chords:
                    chord = span.chord.canonical()  # one name for the same tones, whoever named them
                    row = (chord.root, QUALITY_NAMES.index(chord.quality), chord.bass)
                    self._chords[first:end][span.start_beat : span.end_beat] = row
            within = [note for note in sorted(song.accompaniment or ()) if note.start_step < song.length_steps]
            rows += [(beats_to_steps(first) + note.start_step, note.pitch, note.duration_steps) for note in within]
        self._notes = np.array(rows, dtype=np.int64).reshape(-1, 3)
        self._first_note = np.searchsorted(self._notes[:, 0], STEPS_PER_BEAT * np.arange(len(self._states) + 1))

    def segments(self, songs: Ints, start_bars: Ints, bars: int) -> Segments:
        """The segments that start at these bars, counted from 0, of these songs, by number; both of shape (segments,).

        Raises:
            ValueError: where a segment starts outside its song.
        """
        if len(outside := np.flatnonzero((start_bars < 0) | (start_bars >= self.bars[songs]))):
            number = outside[0]
            raise ValueError(f"start_bars: must be 0 to {self.bars[songs[number]] - 1}, got {start_bars[number]}")
        first = self._first_beat[songs] + start_bars * self._beats_per_bar[songs]
        end = np.minimum(first + bars * self._beats_per_bar[songs], self._first_beat[songs + 1])
        beat = first[:, None] + np.arange(Meter().bars_to_beats(bars))
        inside = beat < end[:, None]
        place, shown = np.where(inside, beat, 0), inside[:, :, None]
        return Segments(
            inside,
            np.where(shown, self._states[place], REST),
            np.where(shown, self._pitches[place], NONE),
            np.where(shown, self._chords[place], NONE),
            self._piano(first, end),
        )

    def _piano(self, first_beat: Ints, end_beat: Ints) -> PianoNotes:
        first, end = self._first_note[first_beat], self._first_note[end_beat]
        segment = np.repeat(np.arange(len(first)), end - first)
        skipped = np.cumsum(end - first) - (end - first)
        start, pitch, duration = self._notes[np.arange(len(segment)) - skipped[segment] + first[segment]].T
        left = STEPS_PER_BEAT * end_beat[segment] - start
        return PianoNotes(segment, start - STEPS_PER_BEAT * first_beat[segment], pitch, np.minimum(duration, left))


def segments_of(song: Song, start_bars: Sequence[int], bars: int) -> Segments:
    """The segments of one song that start at these bars; errors as of ``SegmentSource.segments``."""
    starts = np.array(start_bars, dtype=np.int64)
    return SegmentSource([song]).segments(np.zeros_like(starts), starts, bars)


def _write_melody(states: Ints, pitches: Ints, melody: Sequence[Note]) -> None:
    """One voice on a song's steps: a note ends where the next begins, and of several that begin at once the highest sounds."""
    highest = {note.start_step: note for note in sorted(melody) if note.start_step < len(states)}
    for start, following in zip(highest, [*highest, len(states)][1:], strict=True):
        end = min(highest[start].end_step, following)
        states[start], states[start + 1 : end] = ONSET, HOLD
        pitches[start:end] = highest[start].pitch
