"""Notes and chords ⇄ piano-roll images with an onset and a sustain plane. ``encode_…`` and ``decode_…`` are inverses.

A note is 1 on the onset plane at its first frame and 1 on the sustain plane at its later frames.
"""

from functools import cache

import numpy as np

from canzona.song.harmony import PITCH_CLASSES, QUALITIES, Chord, ChordSpan
from canzona.song.notes import Note

ONSET, SUSTAIN = 0, 1
THRESHOLD = 0.5


def encode_notes(roll: np.ndarray, notes: tuple[Note, ...], lowest_pitch: int, steps_per_frame: int) -> None:
    """Draw notes on ``roll``, (frames, 2, rows), in place; row 0 is ``lowest_pitch``.

    Frames before the end of the roll are drawn; notes are taken to lie on whole frames.

    Raises:
        ValueError: for a pitch that has no row.
    """
    frames, _, rows = roll.shape
    for note in notes:
        row = note.pitch - lowest_pitch
        if not 0 <= row < rows:
            raise ValueError(f"pitch: must be {lowest_pitch} to {lowest_pitch + rows - 1} here, got {note.pitch}")
        start = note.start_step // steps_per_frame
        end = min(max(start + 1, note.end_step // steps_per_frame), frames)
        if start >= frames:
            continue
        roll[start:end, :, row] = 0
        roll[start, ONSET, row] = 1
        roll[start + 1 : end, SUSTAIN, row] = 1


def decode_notes(roll: np.ndarray, lowest_pitch: int, steps_per_frame: int, monophonic: bool) -> tuple[Note, ...]:
    """Read notes off a roll, (frames, 2, rows), values from 0 to 1.

    Cleaning: a sustain that no onset leads to is dropped. Where ``monophonic``, of several onsets in a frame the strongest is
    kept and a note ends where the next begins.
    """
    frames, _, rows = roll.shape
    onsets = roll[:, ONSET] > THRESHOLD
    if monophonic:
        strongest = roll[:, ONSET].argmax(-1)
        onsets &= np.arange(rows)[None] == strongest[:, None]
    stops = onsets | (roll[:, SUSTAIN] <= THRESHOLD)
    if monophonic:
        stops |= onsets.any(-1, keepdims=True)
    notes = []
    for start, row in np.argwhere(onsets).tolist():
        later = np.flatnonzero(stops[start + 1 :, row])
        duration = 1 + (int(later[0]) if len(later) else frames - start - 1)
        notes.append(Note(start * steps_per_frame, row + lowest_pitch, duration * steps_per_frame))
    return tuple(sorted(notes))


def encode_chords(bass_roll: np.ndarray, chroma_roll: np.ndarray, chords: tuple[ChordSpan, ...], frames_per_beat: int) -> None:
    """Draw chords in place on two rolls, (frames, 2, 12): the bass's pitch class and the chord's."""
    frames = len(bass_roll)
    for span in chords:
        start = span.start_beat * frames_per_beat
        end = min(span.end_beat * frames_per_beat, frames)
        if start >= frames:
            continue
        for roll, tones in ((bass_roll, [span.chord.bass]), (chroma_roll, list(span.chord.chroma))):
            roll[start:end] = 0
            roll[start, ONSET, tones] = 1
            roll[start + 1 : end, SUSTAIN, tones] = 1


def decode_chords(bass_roll: np.ndarray, chroma_roll: np.ndarray, frames_per_beat: int) -> tuple[ChordSpan, ...]:
    """Read chords off two rolls, (frames, 2, 12), values from 0 to 1; frames are whole beats.

    Cleaning: a chord starts on the beat where most of its onset lies; between two starts the chord of the vocabulary nearest to
    the mean of the rolls is taken; a beat without any tone is without chord.
    """
    by_beat = [roll.reshape(-1, frames_per_beat, 2, PITCH_CLASSES) for roll in (bass_roll, chroma_roll)]
    bass, chroma = (beat.max(2).mean(1) for beat in by_beat)
    sounding = chroma.max(-1) > THRESHOLD
    starts = sum(beat[:, :, ONSET].max((1, 2)) for beat in by_beat) > 2 * THRESHOLD
    starts |= sounding & ~np.concatenate([[False], sounding[:-1]])
    chords = []
    beat, beats = 0, len(sounding)
    while beat < beats:
        end = beat + 1
        if sounding[beat]:
            while end < beats and sounding[end] and not starts[end]:
                end += 1
            chords.append(ChordSpan(beat, end - beat, _nearest_chord(bass[beat:end].mean(0), chroma[beat:end].mean(0))))
        beat = end
    return tuple(chords)


@cache
def chroma_templates() -> tuple[tuple[tuple[int, ...], ...], np.ndarray]:
    """Every set of pitch classes of the vocabulary, once, and its (sets, 12) chroma vectors."""
    sets = tuple(dict.fromkeys(Chord(root, quality, root).chroma for quality in QUALITIES for root in range(PITCH_CLASSES)))
    vectors = np.zeros((len(sets), PITCH_CLASSES))
    for number, tones in enumerate(sets):
        vectors[number, list(tones)] = 1
    return sets, vectors


def _nearest_chord(bass: np.ndarray, chroma: np.ndarray) -> Chord:
    sets, vectors = chroma_templates()
    nearest = int(np.abs(vectors - chroma).sum(-1).argmin())
    return Chord.from_chroma(sets[nearest], int(bass.argmax()) if bass.max() > 0 else sets[nearest][0])
