"""Where the MIDI of a song plays what its annotations say.

The two share no time axis: annotations start at the first bar line, the MIDI elsewhere, and bars may have been inserted or
removed part-way. ``align`` finds for every annotated beat its place in the MIDI; ``matched_melody``, ``placed_notes`` and
``chords_under_piano`` then bring each part onto the annotations' axis.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from canzona.song.harmony import PITCH_CLASSES, ChordSpan
from canzona.song.notes import DEFAULT_VELOCITY, Note
from canzona.song.timing import STEPS_PER_BEAT, beats_to_steps

MATCH_TOLERANCE_STEPS = 1.25
"""How far apart, in sixteenths, the annotated and the played version of a melody note may lie."""

_SHIFTS = (0, -1, 1, -2, 2)  # steps by which an annotated melody may lie off the beat that the MIDI plays it on
_SEARCH_MARGIN_BEATS = 48  # offsets are sought this far beyond those that the two lengths explain
_JUMP_COST = 4.0  # melody notes that a change of offset must gain
_DISTANCE_COST = 0.1  # lost by a match, in notes, for each step that it is off
_CHORD_MOVES = (-2, -1, 1, 2)  # beats by which a whole song's chords may be off its melody
_CHORD_MOVE_COST = 0.04  # share of piano notes on chord tones that a move must gain
_CHORD_WEIGHT = 0.1  # a beat of piano notes that are all chord tones, in matched melody notes


@dataclass(frozen=True, slots=True)
class PlayedNotes:
    """Notes of the MIDI in order of time; ``start`` and ``end`` in fractional steps from the first beat of the beat file."""

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Alignment:
    """For every annotated beat, how to get to the MIDI.

    Attributes:
        offset: steps to add to a step of the annotation for the step of the MIDI; whole beats.
        shift: steps to add to the onset of an annotated melody note first.
    """

    offset: NDArray[np.int64]
    shift: NDArray[np.int64]


def played_steps(seconds: NDArray[np.float64], beat_times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where moments of the MIDI lie, in fractional steps from its first beat.

    Between beats time runs evenly; before the first and after the last beat it goes on at the pace there.
    """
    beats = np.interp(seconds, beat_times, np.arange(len(beat_times)))
    beats += np.minimum(seconds - beat_times[0], 0) / (beat_times[1] - beat_times[0])
    beats += np.maximum(seconds - beat_times[-1], 0) / (beat_times[-1] - beat_times[-2])
    return beats * STEPS_PER_BEAT


def align(
    melody: tuple[Note, ...], chords: tuple[ChordSpan, ...], sung: PlayedNotes, piano: PlayedNotes, length_beats: int
) -> Alignment:
    """Find for every annotated beat where the MIDI plays it.

    The best path through (offset, shift) over the beats: it gains what the MIDI has of the beat's melody notes at their pitch
    and place, and a little for piano onsets on tones of the beat's chord; each change of offset or shift costs ``_JUMP_COST``.
    (Viterbi's algorithm; as all changes cost the same, only the leading state can be worth coming from.) Since every annotated
    beat draws on one place of the MIDI, bars inserted there fall away and bars removed there do not pile up.
    """
    played_beats = int(max(sung.start[-1], piano.start[-1])) // STEPS_PER_BEAT + 1
    surplus_beats = played_beats - length_beats
    lowest, highest = min(0, surplus_beats) - _SEARCH_MARGIN_BEATS, max(0, surplus_beats) + _SEARCH_MARGIN_BEATS
    offset_beats = np.arange(lowest, highest + 1)

    # Over MIDI steps from `-margin` on, wide enough for every annotated step at every offset.
    margin = beats_to_steps(1 - lowest)
    width = margin + beats_to_steps(length_beats + highest + 1)
    sounds = _closeness(sung, margin, width)
    offset = np.repeat(beats_to_steps(1) * offset_beats, len(_SHIFTS))
    shift = np.tile(_SHIFTS, len(offset_beats))
    gain = np.zeros((length_beats, len(offset)), np.float32)
    starts, pitches = np.array([(note.start_step, note.pitch) for note in melody]).T
    np.add.at(gain, starts // STEPS_PER_BEAT, sounds[pitches[:, None], starts[:, None] + (offset + shift + margin)])

    onsets = np.zeros((PITCH_CLASSES, width // STEPS_PER_BEAT), np.float32)
    beat = (np.rint(piano.start).astype(int) + margin) // STEPS_PER_BEAT
    inside = (beat >= 0) & (beat < onsets.shape[1])
    np.add.at(onsets, (piano.pitch[inside] % PITCH_CLASSES, beat[inside]), 1)
    # einsum rather than @, whose threads would only spin on so small a product and double the processor time
    agreement = np.einsum("bp,pt->bt", _chord_tones(chords, length_beats), onsets) / (onsets.sum(axis=0) + 1)
    played_beat = np.arange(length_beats)[:, None] + offset_beats + margin // STEPS_PER_BEAT
    gain += _CHORD_WEIGHT * np.repeat(np.take_along_axis(agreement, played_beat, axis=1), len(_SHIFTS), axis=1)

    best, came_from = gain[0], []
    for beat_gain in gain[1:]:
        leader = best.argmax()
        came_from.append(np.where(best < best[leader] - _JUMP_COST, leader, np.arange(len(best))))
        best = np.maximum(best, best[leader] - _JUMP_COST) + beat_gain
    path = [best.argmax()]
    for previous in reversed(came_from):
        path.append(previous[path[-1]])
    return Alignment(offset[path[::-1]], shift[path[::-1]])


def matched_melody(melody: tuple[Note, ...], sung: PlayedNotes, alignment: Alignment) -> tuple[tuple[Note, ...], float]:
    """The melody at its shifted place with the velocities of the notes played there, and the share of notes that have one."""
    starts, pitches = np.array([(note.start_step, note.pitch) for note in melody]).T
    shifted = starts + alignment.shift[starts // STEPS_PER_BEAT]
    target = shifted + alignment.offset[starts // STEPS_PER_BEAT]
    distance = np.where(pitches[:, None] == sung.pitch, np.abs(target[:, None] - sung.start), np.inf)
    matched = distance.min(axis=1) <= MATCH_TOLERANCE_STEPS
    velocities = np.where(matched, sung.velocity[distance.argmin(axis=1)], DEFAULT_VELOCITY)

    # Where the shift changes two notes may meet: the later one gives way, the earlier one ends there.
    shifted = np.maximum.accumulate(np.maximum(shifted, 0) - np.arange(len(melody))) + np.arange(len(melody))
    lengths = np.minimum([note.duration_steps for note in melody], np.diff(shifted, append=np.iinfo(int).max))
    notes = zip(shifted.tolist(), pitches.tolist(), lengths.tolist(), velocities.tolist(), strict=True)
    return tuple(Note(*note) for note in notes), float(matched.mean())


def placed_notes(track: PlayedNotes, offset: NDArray[np.int64]) -> list[Note]:
    """The track's notes on the annotated axis, in order; none sounds on into a beat that comes from elsewhere in the MIDI."""
    bounds = [0, *(np.flatnonzero(np.diff(offset)) + 1).tolist(), len(offset)]
    start, end = np.rint(track.start).astype(int), np.rint(track.end).astype(int)
    notes = []
    for first_beat, last_beat in pairwise(bounds):
        low, high = beats_to_steps(first_beat), beats_to_steps(last_beat)
        for n in np.flatnonzero((start - offset[first_beat] >= low) & (start - offset[first_beat] < high)):
            onset = int(start[n] - offset[first_beat])
            release = min(int(end[n] - offset[first_beat]), high)
            notes.append(Note(onset, int(track.pitch[n]), max(1, release - onset), int(track.velocity[n])))
    return sorted(notes)


def chords_under_piano(chords: tuple[ChordSpan, ...], piano: list[Note], length_beats: int) -> tuple[ChordSpan, ...]:
    """The chords as annotated, or moved by the beat or two that bring them under the piano: so in one song of a hundred."""
    beats, pitches = np.array([(note.start_step // STEPS_PER_BEAT, note.pitch) for note in piano], int).reshape(-1, 2).T

    def hits(candidate: tuple[ChordSpan, ...]) -> int:
        return int(np.sum(_chord_tones(candidate, length_beats)[beats, pitches % PITCH_CLASSES] > 0))

    best = max((_moved(chords, beats) for beats in _CHORD_MOVES), key=hits)
    return best if hits(best) - hits(chords) > _CHORD_MOVE_COST * len(piano) else chords


def _chord_tones(chords: tuple[ChordSpan, ...], length_beats: int) -> NDArray[np.float32]:
    """For every beat and pitch class 1 for a tone of the chord, −1 for another and 0 where no chord sounds."""
    tones = np.zeros((length_beats, PITCH_CLASSES), np.float32)
    for span in chords:
        tones[span.start_beat : span.end_beat] = -1
        tones[span.start_beat : span.end_beat, list(span.chord.chroma)] = 1
    return tones


def _closeness(track: PlayedNotes, margin: int, width: int) -> NDArray[np.float32]:
    """For every pitch and step (from ``-margin`` on, ``width`` in all) 0 or, for a played onset within tolerance, almost 1."""
    table = np.zeros((128, width), np.float32)
    for neighbour in (-1, 0, 1, 2):
        step = np.floor(track.start).astype(int) + neighbour
        distance = np.abs(track.start - step)
        near = (distance <= MATCH_TOLERANCE_STEPS) & (step + margin >= 0) & (step + margin < width)
        np.maximum.at(table, (track.pitch[near], step[near] + margin), 1 - _DISTANCE_COST * distance[near])
    return table


def _moved(chords: tuple[ChordSpan, ...], beats: int) -> tuple[ChordSpan, ...]:
    """The chords this much later, cut off at the start of the song."""
    bounds = [(max(0, span.start_beat + beats), span.end_beat + beats) for span in chords]
    return tuple(
        ChordSpan(start, end - start, span.chord) for (start, end), span in zip(bounds, chords, strict=True) if end > start
    )
