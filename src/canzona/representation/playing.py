"""What of a note says how loud it is played: numbers that depend on neither tempo nor key.

Every note of a voice is told of its place in the bar, the phrase and the song, its place in the voice's register, the notes
that begin with it, those before and after it, how dense the music is around it, the chord, and the melody where it accompanies
one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canzona.song.form import Form, PhraseType
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.notes import Note
from canzona.song.song import Song
from canzona.song.timing import STEPS_PER_BEAT, Meter, beats_to_steps

LONGEST_GAP_STEPS = 64
"""Gaps between notes and lengths of notes are told apart up to this."""

FURTHEST_BARS = 8
"""The distances to the song's two ends are told apart up to this."""

_TYPES = tuple(PhraseType)
_WHOLE_SONG = 2**40

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Playing:
    """What is told of the notes of one voice, in order of start and pitch.

    Attributes:
        told: (notes, numbers), of the order of 1.
        windows: (notes, windows, 2), the first note in each window around a note, and the first after it.
    """

    told: Numbers
    windows: Counts


def windows(meter: Meter) -> tuple[tuple[int, int], ...]:
    """Stretches of time around an onset: (first step, first step after), counted from the onset."""
    beat, bar = STEPS_PER_BEAT, meter.steps_per_bar
    return (
        (0, 1),
        (-beat, 0),
        (1, beat + 1),
        (-bar // 2, bar // 2 + 1),
        (-bar, 0),
        (1, bar + 1),
        (-2 * bar, 2 * bar + 1),
        (-8 * bar, 8 * bar + 1),
        (-_WHOLE_SONG, _WHOLE_SONG),
    )


def playing(notes: Sequence[Note], song: Song, above: Sequence[Note] = ()) -> Playing:
    """What is told of the notes of a voice.

    Args:
        notes: of the voice, in order; their velocities do not matter.
        song: whose form, metre and chords the voice has.
        above: the melody that the voice accompanies, in order; empty for none.
    """
    start, pitch, duration = _columns(notes)
    around = windows(song.meter)
    begun = np.unique(start)
    told = [
        _metre(start, song.meter),
        _form(start, song.form, song.meter),
        _register(pitch),
        *_chord(start, pitch),
        _gaps(start, pitch, duration, begun, song.meter),
        _counts(start, start, around) / 4,
        _counts(start, begun, around[1:]) / 4,
        _harmony(start, pitch, song),
        _melody(start, pitch, above, around[1:-1]),
    ]
    bounds = [_bounds(start, start, window) for window in around]
    return Playing(np.concatenate(told, axis=1), np.stack(bounds, axis=1))


def _columns(notes: Sequence[Note]) -> Counts:
    rows = [(note.start_step, note.pitch, note.duration_steps) for note in notes]
    return np.array(rows, dtype=np.int64).reshape(-1, 3).T


def _metre(start: Counts, meter: Meter) -> Numbers:
    """Where in the beat, which beat of the bar, and which metre."""
    place = start % meter.steps_per_bar
    beats = np.full_like(start, meter.beats_per_bar)
    return _stack(
        *_one_hot(place % STEPS_PER_BEAT, STEPS_PER_BEAT),
        *_one_hot(place // STEPS_PER_BEAT, max(Meter.ALLOWED)),
        beats == min(Meter.ALLOWED),
        place == 0,
        2 * place == meter.steps_per_bar,
    )


def _form(start: Counts, form: Form, meter: Meter) -> Numbers:
    """Where in the phrase and the song, and what kind of phrase it is."""
    phrases, letters = form.phrases, [phrase.letter for phrase in form.phrases]
    bars = form.length_bars
    bar = np.minimum(start // meter.steps_per_bar, bars - 1)
    number, inner = np.array(form.bar_positions(), dtype=np.int64)[bar].T
    length = np.array([phrase.length_bars for phrase in phrases])[number]
    phrase_share = np.clip((inner + start % meter.steps_per_bar / meter.steps_per_bar) / length, 0, 1)
    song_share = np.clip(start / meter.bars_to_steps(bars), 0, 1)
    sung = [False, *(phrase.is_sung for phrase in phrases), False]
    facts = [
        (letters[:place].count(letter), letter not in letters[place + 1 :], sung[place], sung[place + 2])
        for place, letter in enumerate(letters)
    ]
    earlier, last_time, sung_before, sung_after = np.array(facts, dtype=np.int64)[number].T
    return _stack(
        phrase_share,
        np.sin(np.pi * phrase_share),
        *_one_hot(inner % 4, 4),
        inner == 0,
        inner == length - 1,
        length / 8,
        *_one_hot(np.array([_TYPES.index(phrase.type) for phrase in phrases])[number], len(_TYPES)),
        np.minimum(earlier, 3) / 3,
        last_time,
        sung_before,
        sung_after,
        song_share,
        np.sin(np.pi * song_share),
        np.minimum(bar, FURTHEST_BARS) / FURTHEST_BARS,
        np.minimum(bars - 1 - bar, FURTHEST_BARS) / FURTHEST_BARS,
    )


def _register(pitch: Counts) -> Numbers:
    octaves = (pitch - (np.median(pitch) if len(pitch) else 0)) / PITCH_CLASSES
    return _stack(octaves, octaves**2 / 4)


def _chord(start: Counts, pitch: Counts) -> list[Numbers]:
    """The place among the notes that begin together, and the way of the lowest and the highest of them before and after."""
    _, first, onset, size = np.unique(start, return_index=True, return_inverse=True, return_counts=True)
    lowest, highest = pitch[first], pitch[first + size - 1]
    rank = np.arange(len(start)) - first[onset]
    is_top = rank == size[onset] - 1
    steps_up = np.where(is_top, 0, np.append(pitch[1:], 0) - pitch)
    steps_down = np.where(rank == 0, 0, pitch - np.append(0, pitch[:-1])) if len(pitch) else steps_up
    chord = (
        np.log2(size[onset]),
        rank == 0,
        is_top,
        size[onset] == 1,
        (pitch - lowest[onset]) / PITCH_CLASSES,
        (highest[onset] - pitch) / PITCH_CLASSES,
        steps_up / PITCH_CLASSES,
        steps_down / PITCH_CLASSES,
    )
    motion = []
    for line in (lowest, highest):
        before, after = np.append(line[:1], line[:-1])[onset], np.append(line[1:], line[-1:])[onset]
        motion += [_octaves(pitch - before), _octaves(after - pitch)]
    return [_stack(*chord), _stack(*motion)]


def _gaps(start: Counts, pitch: Counts, duration: Counts, begun: Counts, meter: Meter) -> Numbers:
    """How long, how soon after and before other onsets, how long silent before, how soon the same pitch again."""
    onset = np.searchsorted(begun, start)
    after = np.append(np.diff(begun), meter.steps_per_bar)[: len(begun)][onset]
    before = np.append(meter.steps_per_bar, np.diff(begun))[: len(begun)][onset]
    released = np.append(0, np.maximum.accumulate(start + duration))[np.searchsorted(start, start)]
    order = np.lexsort((start, pitch))
    repeated = np.where(np.diff(pitch[order]) == 0, np.diff(start[order]), LONGEST_GAP_STEPS)
    since, until = np.empty_like(start), np.empty_like(start)
    since[order] = np.append(LONGEST_GAP_STEPS, repeated)[: len(start)]
    until[order] = np.append(repeated, LONGEST_GAP_STEPS)[: len(start)]
    return _stack(
        _logarithm(duration),
        _logarithm(after),
        _logarithm(before),
        np.minimum(duration / after, 4) / 2,
        np.clip(start - released, -16, 16) / 8,
        _logarithm(since),
        _logarithm(until),
    )


def _harmony(start: Counts, pitch: Counts, song: Song) -> Numbers:
    """The interval above the chord's root, and how long the chord has sounded; zeros where there is none."""
    chords = song.lead_sheet.chords if song.lead_sheet is not None else ()
    if not chords:
        return np.zeros((len(start), PITCH_CLASSES + 2))
    rows = [(beats_to_steps(span.start_beat), beats_to_steps(span.end_beat), span.chord.root) for span in chords]
    begins, ends, root = np.array(rows)[np.maximum(np.searchsorted([row[0] for row in rows], start, side="right") - 1, 0)].T
    inside = (begins <= start) & (start < ends)
    intervals = _one_hot((pitch - root) % PITCH_CLASSES, PITCH_CLASSES)
    return _stack(*intervals, begins == start, _logarithm(start - begins + 1)) * inside[:, None]


def _melody(start: Counts, pitch: Counts, above: Sequence[Note], around: Sequence[tuple[int, int]]) -> Numbers:
    """Whether the melody sounds or begins, how far off in pitch and time, how dense it is; one that is not there is far off."""
    begins, height, length = _columns(above or (Note(_WHOLE_SONG, 0, 1),))
    latest = np.searchsorted(begins, start, side="right") - 1
    there, latest = latest >= 0, np.maximum(latest, 0)
    sounds = there & (start < begins[latest] + length[latest])
    until = np.append(begins, _WHOLE_SONG)[np.searchsorted(begins, start)] - start
    since = np.where(there, start - begins[latest], LONGEST_GAP_STEPS)
    interval = pitch - height[latest]
    return _stack(
        sounds,
        there & (since == 0),
        np.where(sounds, np.clip(interval / PITCH_CLASSES, -4, 4), 0),
        sounds & (interval == 0),
        sounds & (interval % PITCH_CLASSES == 0),
        _logarithm(until + 1),
        _logarithm(since + 1),
        *(_counts(start, begins, around).T / 4),
    )


def _counts(start: Counts, onsets: Counts, around: Sequence[tuple[int, int]]) -> Numbers:
    """Binary logarithms of 1 + how many of ``onsets`` lie in each window: (notes, windows)."""
    return np.stack([np.log2(1 + np.diff(_bounds(start, onsets, window))[:, 0]) for window in around], axis=1)


def _bounds(start: Counts, onsets: Counts, window: tuple[int, int]) -> Counts:
    return np.stack([np.searchsorted(onsets, start + edge) for edge in window], axis=1)


def _logarithm(steps: Counts) -> Numbers:
    return np.log2(np.clip(steps, 1, LONGEST_GAP_STEPS)) / 3


def _octaves(semitones: Counts) -> Numbers:
    return np.clip(semitones / PITCH_CLASSES, -2, 2)


def _one_hot(index: Counts, size: int) -> list[NDArray[np.bool_]]:
    return [index == place for place in range(size)]


def _stack(*columns: NDArray) -> Numbers:
    return np.stack(columns, axis=1).astype(np.float64)
