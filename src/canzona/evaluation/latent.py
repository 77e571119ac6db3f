"""How alike the phrases of one type are: ILS, the inter-phrase latent similarity, and plain codes that need no encoder.

ILS is that of arXiv 2405.09901, section 5. Two bars of a song are a *segment*, and a ``Coder`` turns segments into vectors.
With the published encoders the figure is ILS; with others it is another yardstick: measure all systems with the same coder.

Of several aspects each has a plain code: what is written on the grid, without anything learnt. Plain codes have no negative
entries, so their cosines, and with them the denominator, are higher than those of an encoder, and their ratios lower.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from canzona.evaluation.voices import melody_of
from canzona.song.form import PhraseType
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.song import Song

if TYPE_CHECKING:
    from canzona.representation.encoders import Encoders

SEGMENT_BARS = 2
JUDGED_TYPES = (PhraseType.A, PhraseType.B)
LEAST_MEAN = 0.01
"""Below this mean of all similarities, which is the squared length of a mean of unit vectors, a ratio to it says nothing."""

REGISTERS = np.arange(30.0, 97.0, 12.0)
"""Middles of the piano's registers, MIDI pitches an octave apart, for the plain code of its texture."""


@dataclass(frozen=True)
class Coder:
    """What two bars of a song are coded as.

    Attributes:
        aspect: one of ``ASPECTS``: what of the song the codes are of. A song without it is not scored.
        encode: (song, start bars of segments, counted from 0) → codes, shape (segments, width).
    """

    aspect: str
    encode: Callable[[Song, Sequence[int]], NDArray[np.floating]]

    def __post_init__(self) -> None:
        if self.aspect not in ASPECTS:
            raise ValueError(f"aspect: must be one of {', '.join(ASPECTS)}, got {self.aspect!r}")


@dataclass(frozen=True)
class PhraseSimilarity:
    """How alike phrases of the same type are.

    Attributes:
        ratio: ILS, the numerator over the mean similarity of all segments, each with itself too; chance gives somewhat less
            than 1. ``None`` where that mean, which is never negative, is below ``LEAST_MEAN``.
        numerator: mean cosine between segments of different phrases of the same type, A or B; −1 to 1.
    """

    ratio: float | None
    numerator: float


def phrase_similarity(song: Song, coder: Coder) -> PhraseSimilarity | None:
    """ILS of one song (arXiv 2405.09901, section 5).

    Segments follow one another from the start of every phrase; phrases with an odd number of bars are left out. ``None`` where
    the song lacks the coder's aspect, or no two phrases of even length are both A or both B.
    """
    if not has_aspect(song, coder.aspect):
        return None
    starts: list[int] = []
    phrases: list[int] = []
    types: list[int] = []
    for number, (start_bar, phrase) in enumerate(song.form.spans()):
        if phrase.length_bars % SEGMENT_BARS == 0:
            segments = range(start_bar, start_bar + phrase.length_bars, SEGMENT_BARS)
            starts += segments
            phrases += [number] * len(segments)
            types += [JUDGED_TYPES.index(phrase.type) if phrase.type in JUDGED_TYPES else -1] * len(segments)
    same_type = np.equal.outer(types, types) & (np.array(types) >= 0)
    judged = same_type & np.not_equal.outer(phrases, phrases)
    if not judged.any():
        return None
    similarity = cosine_similarity(coder.encode(song, starts))
    numerator, mean = float(similarity[judged].mean()), float(similarity.mean())
    return PhraseSimilarity(numerator / mean if mean >= LEAST_MEAN else None, numerator)


def cosine_similarity(codes: NDArray[np.floating]) -> NDArray[np.float64]:
    """Cosines between all rows of ``codes``, shape (rows, rows).

    A row of zeros, which is a silent segment in a plain code, has no direction: two such rows are alike (1), and one is unlike
    any other row (0). So two phrases that both rest agree, and the diagonal is 1 throughout.
    """
    lengths = np.linalg.norm(codes.astype(np.float64), axis=1, keepdims=True)
    silent = lengths[:, 0] == 0
    directions = codes / np.where(lengths == 0, 1, lengths)
    return directions @ directions.T + np.outer(silent, silent)


def has_aspect(song: Song, aspect: str) -> bool:
    """Whether the song has any notes or chords of this aspect."""
    sheet = song.lead_sheet
    if aspect == "texture":
        return bool(song.accompaniment)
    return sheet is not None and bool(sheet.chords if aspect == "chords" else sheet.melody)


def bar_codes(song: Song, aspect: str) -> NDArray[np.float64]:
    """The plain code of every bar, shape (bars, width); the width depends on the metre, a silent bar is all 0.

    melody_pitch: steps × pitch classes, 1 where the melody sounds.
    melody_rhythm: steps, 1 where a melody note starts; not smoothed, as a note moved by a sixteenth makes another rhythm.
    chords: beats × (pitch classes of the chord, pitch class of its bass), 1 where they sound.
    texture: steps × registers, how many piano notes start; a note between the middles of two registers counts in both by its
    distance, so that another chord in the same place hardly changes the code.
    """
    return ASPECTS[aspect](song).reshape(song.form.length_bars, -1)


def _melody_pitch(song: Song) -> NDArray[np.float64]:
    roll = np.zeros((song.length_steps, PITCH_CLASSES))
    for note in melody_of(song):
        roll[note.start_step : note.end_step, note.pitch % PITCH_CLASSES] = 1
    return roll


def _melody_rhythm(song: Song) -> NDArray[np.float64]:
    onsets = np.zeros(song.length_steps)
    onsets[[note.start_step for note in melody_of(song)]] = 1
    return onsets


def _chords(song: Song) -> NDArray[np.float64]:
    beats = np.zeros((song.meter.bars_to_beats(song.form.length_bars), 2, PITCH_CLASSES))
    for span in song.lead_sheet.chords if song.lead_sheet is not None else ():
        beats[span.start_beat : span.end_beat, 0, list(span.chord.chroma)] = 1
        beats[span.start_beat : span.end_beat, 1, span.chord.bass] = 1
    return beats


def _texture(song: Song) -> NDArray[np.float64]:
    counts = np.zeros((song.length_steps, len(REGISTERS)))
    octave = REGISTERS[1] - REGISTERS[0]
    for note in song.accompaniment or ():
        pitch = np.clip(note.pitch, REGISTERS[0], REGISTERS[-1])
        counts[note.start_step] += np.maximum(0, 1 - np.abs(REGISTERS - pitch) / octave)
    return counts


ASPECTS: dict[str, Callable[[Song], NDArray[np.float64]]] = {
    "melody_pitch": _melody_pitch,
    "melody_rhythm": _melody_rhythm,
    "chords": _chords,
    "texture": _texture,
}
"""What of a song is compared → its plain code, from the first bar to the last."""


def _encode_plainly(aspect: str, song: Song, start_bars: Sequence[int]) -> NDArray[np.float64]:
    codes, starts = bar_codes(song, aspect), np.array(start_bars, dtype=int)
    return np.concatenate([codes[starts + bar] for bar in range(SEGMENT_BARS)], axis=1)


PLAIN_CODERS = tuple(Coder(aspect, partial(_encode_plainly, aspect)) for aspect in ASPECTS)
"""The encoder-free twins of ILS, one an aspect."""


def learned_coders(encoders: "Encoders", run: int) -> tuple[Coder, ...]:
    """A coder for each aspect, by one of the training runs, 0 or 1, of the encoders."""
    return tuple(Coder(aspect, partial(encoders.encode, aspect, run)) for aspect in ASPECTS)
