"""Passages coded and decoded: the music that a code alone stands for, and so all that a control by codes can bring back."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from canzona.hierarchy.level import External
from canzona.model.encoder import Autoencoder
from canzona.representation.encoders import CONTROL_SEED, Encoders, check_has_level
from canzona.representation.encodings import Encoding, encoding_named
from canzona.representation.segments import HOLD, NONE, ONSET, Ints, PianoNotes, Segments, segments_of
from canzona.representation.views import (
    LOWEST_PIANO_ROW,
    PIANO_ROWS,
    QUESTIONS,
    ROWS_FROM_ROOT,
    Question,
    View,
    chroma,
    nearest,
)
from canzona.song.harmony import PITCH_CLASSES, QUALITY_NAMES
from canzona.song.song import Song
from canzona.song.timing import STEPS_PER_BEAT

LEAST_EVIDENCE, MOST_EVIDENCE = -4.0, (1.0, 4.0)
"""Log-odds that a decoder gives for every unit of weight, however sure it is: it knows when a note sounds, not which.

The most differs for onsets and sustains: a sustain that no onset leads to is no note, so more of it does no harm.
"""


def split_answers(encoding: Encoding, logits: Tensor) -> dict[str, tuple[Question, Tensor]]:
    """Question's name → the question and its logits, (segments, beats, places, choices)."""
    questions = QUESTIONS[encoding.view]
    by_beat = logits.reshape(len(logits), encoding.tokens * encoding.beats_per_token, -1)
    parts = by_beat.split([question.places * question.choices for question in questions], dim=2)
    return {
        question.name: (question, part.reshape(*part.shape[:2], question.places, question.choices))
        for question, part in zip(questions, parts, strict=True)
    }


def resampled_codes(
    encoders: Encoders,
    name: str,
    seed_number: int,
    song: Song,
    start_bars: list[int],
    harmony: tuple[Song, list[int]] | None = None,
) -> NDArray[np.float32]:
    """Codes of passages that were decoded from the codes of others: the encoder's own resampling.

    Args:
        encoders: the encoders.
        name: of the encoder, as in the table of encodings.
        seed_number: which of its training runs codes, decodes and codes again.
        song: whose passages are coded first.
        start_bars: where they start, in bars counted from 0.
        harmony: a song and as many start bars; over its chords the passages are decoded, where a decoder is told chords.
            ``None`` takes the passages' own.

    Returns:
        Codes, shape (passages, code width).

    Raises:
        ValueError: as ``Encoders.encode`` and ``resampled``, or where the passages to be told are not as many.
    """
    encoding, network = encoding_named(name), encoders.named(name, seed_number).network
    check_has_level(encoding, song)
    told_song, told_bars = harmony or (song, start_bars)
    if len(told_bars) != len(start_bars):
        raise ValueError(f"harmony: must have {len(start_bars)} start bars, as many as passages, got {len(told_bars)}")
    segments = segments_of(song, start_bars, encoding.bars)
    again = resampled(network, encoding, segments, segments_of(told_song, told_bars, encoding.bars))
    with torch.inference_mode():
        return network.encoder(torch.from_numpy(encoding.inputs(again))).mean.numpy()


def voice_evidence(encoders: Encoders, external: External, codes: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """What the decoder of a control says, of passages' codes, of its voice's rhythm; ``None`` where it has no voice.

    Args:
        encoders: the encoders.
        external: the control.
        codes: (passages, code width) of the passages.

    Returns:
        Log-odds of an onset and of a note that goes on, ``LEAST_EVIDENCE`` to ``MOST_EVIDENCE``, (passages, steps, 2).
    """
    if external.voice is None:
        return None
    encoding, network = encoding_named(external.encoding), encoders.named(external.encoding, CONTROL_SEED).network
    with torch.inference_mode():
        ((_, logits),) = split_answers(encoding, network.decoder(torch.from_numpy(codes))).values()
        states = logits.flatten(1, 2).softmax(-1)[..., [ONSET, HOLD]]
        return torch.logit(states, eps=1e-6).clamp(min=LEAST_EVIDENCE).minimum(torch.tensor(MOST_EVIDENCE)).numpy()


def resampled(network: Autoencoder, encoding: Encoding, segments: Segments, told: Segments) -> Segments:
    """What the decoder makes of the codes of segments: of all it may say, the likeliest; what it does not speak of is as told.

    Args:
        network: the autoencoder, on the CPU.
        encoding: its row: of a rhythm, of chords or of a piano's texture.
        segments: that are coded.
        told: as many; over their chords a texture is decoded.

    Raises:
        ValueError: for an encoding of another view.
    """
    if encoding.view not in READERS:
        raise ValueError(f"view: must be one of {', '.join(view.value for view in READERS)}, got {encoding.view.value!r}")
    given = encoding.given_inputs(told)
    with torch.inference_mode():
        codes = network.encoder(torch.from_numpy(encoding.inputs(segments))).mean
        logits = network.decoder(codes, None if given is None else torch.from_numpy(given))
    said = {
        name: ((part[..., 0] > 0).long() if question.choices == 1 else part.argmax(dim=3)).numpy()
        for name, (question, part) in split_answers(encoding, logits).items()
    }
    return READERS[encoding.view](said, told)


def _with_rhythm(said: dict[str, Ints], told: Segments) -> Segments:
    states = np.where(told.inside[:, :, None], said["state"], 0)
    return Segments(told.inside, states, np.full_like(states, NONE), told.chords, told.notes)


def _with_chords(said: dict[str, Ints], told: Segments) -> Segments:
    """Of each beat the chord of the vocabulary on the root that was said whose tones are nearest to those that were said."""
    root, bass = said["root"][..., 0], said["bass"][..., 0]
    near = (root % PITCH_CLASSES)[..., None]
    every = np.stack(np.broadcast_arrays(near, np.arange(len(QUALITY_NAMES)), near), axis=-1)
    quality = np.abs(chroma(every) - said["chroma"][:, :, None]).sum(axis=3).argmin(axis=2)
    chords = np.stack([root, quality, np.where(bass == PITCH_CLASSES, root, bass)], axis=-1)
    silent = (root == PITCH_CLASSES) | ~told.inside
    return Segments(told.inside, told.states, told.pitches, np.where(silent[..., None], NONE, chords), told.notes)


def _with_piano(said: dict[str, Ints], told: Segments) -> Segments:
    """The notes of a roll that is written from the roots of chords; a note goes on while its pitch is said to be held."""
    count, beats = told.inside.shape
    onset, sustain = (said[name].reshape(count, beats, STEPS_PER_BEAT, ROWS_FROM_ROOT) for name in ("onset", "sustain"))
    lowest = nearest(np.maximum(told.chords[..., 0], 0)) - PITCH_CLASSES // 2  # row of the roll that its first row stands for
    row = (np.arange(PIANO_ROWS) - lowest[:, :, None])[:, :, None]  # within the roll whatever the root: it has an octave more
    there = told.inside[:, :, None, None]
    begins, holds = (
        (np.take_along_axis(roll, row, axis=3) * there).reshape(count, beats * STEPS_PER_BEAT, PIANO_ROWS) > 0
        for roll in (onset, sustain)
    )
    segment, step, key = np.nonzero(begins)
    duration = np.ones_like(step)
    going = np.ones(len(step), dtype=bool)
    for length in range(1, begins.shape[1]):
        later = step + length
        inside = later < begins.shape[1]
        later = np.where(inside, later, 0)
        going &= inside & holds[segment, later, key]
        duration += going
    notes = PianoNotes(segment, step, key + LOWEST_PIANO_ROW, duration)
    return Segments(told.inside, told.states, told.pitches, told.chords, notes)


READERS: dict[View, Callable[[dict[str, Ints], Segments], Segments]] = {
    View.RHYTHM: _with_rhythm,
    View.CHORDS: _with_chords,
    View.PIANO: _with_piano,
}
"""View → from the likeliest answers, (segments, beats, places), and segments that say the rest to segments."""
