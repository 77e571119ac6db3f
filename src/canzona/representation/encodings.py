"""The encoders, as rows of one table: which side of how many bars becomes a code of which width.

Melody pitch and rhythm are told apart as in EC²-VAE (Yang et al. 2019, arXiv 1906.03626), chords and piano texture as in
PolyDis (Wang et al. 2020, arXiv 2008.07122). The networks are others, so the codes are not those of the published models.
"""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from canzona.model.encoder import AutoencoderConfig
from canzona.representation.segments import Segments
from canzona.representation.views import (
    LOWEST_MELODY_ROW,
    LOWEST_PIANO_ROW,
    QUESTIONS,
    View,
    answer_width,
    feature_width,
    features,
)
from canzona.song.harmony import QUALITIES
from canzona.song.timing import Meter

SEEDS = (0, 1)
"""Every encoder is trained from these seeds, so that figures need not rest on one training run."""


@dataclass(frozen=True)
class Encoding:
    """One encoder.

    Attributes:
        name: as files and figures call it.
        meaning: what the code tells, in one line.
        view: what the encoder sees, and what its decoder gives back.
        bars: length of a segment.
        beats_per_token: beats of a segment that the networks take as one.
        code_width: numbers in a code.
        given: what the decoder is told besides, so that the code need not tell it; ``None`` for nothing.
        is_revoiced: in training the encoder hears the passage over other chords than those its decoder is told.
    """

    name: str
    meaning: str
    view: View
    bars: int
    beats_per_token: int
    code_width: int
    given: View | None = None
    is_revoiced: bool = False

    @property
    def tokens(self) -> int:
        return Meter().bars_to_beats(self.bars) // self.beats_per_token

    def inputs(self, segments: Segments) -> NDArray[np.float32]:
        """(segments, tokens, input width) for the encoder."""
        return self._folded(features(self.view, segments))

    def given_inputs(self, segments: Segments) -> NDArray[np.float32] | None:
        """(segments, tokens, given width) for the decoder."""
        return None if self.given is None else self._folded(features(self.given, segments))

    def config(self, **overrides: int) -> AutoencoderConfig:
        """The shape of its networks, but for the fields of ``AutoencoderConfig`` that ``overrides`` names."""
        return AutoencoderConfig(**self.fixed_fields() | overrides)

    def fixed_fields(self) -> dict[str, int]:
        """The fields of ``AutoencoderConfig`` that follow from the row."""
        return {
            "tokens": self.tokens,
            "input_width": self.beats_per_token * feature_width(self.view),
            "given_width": self.beats_per_token * feature_width(self.given) if self.given else 0,
            "output_width": self.beats_per_token * answer_width(self.view),
            "code_width": self.code_width,
        }

    def specification(self) -> str:
        """One line that changes whenever the meaning of the encoder's inputs and codes does; stored with its weights."""
        drawn = (LOWEST_MELODY_ROW, LOWEST_PIANO_ROW, QUALITIES)
        decisive = repr((self.view, self.given, self.is_revoiced, QUESTIONS[self.view], self.fixed_fields(), drawn))
        return f"{self.name}, {self.bars} bars to {self.code_width}, {sha256(decisive.encode()).hexdigest()[:16]}"

    def _folded(self, by_beat: NDArray[np.float32]) -> NDArray[np.float32]:
        return by_beat.reshape(len(by_beat), self.tokens, self.beats_per_token * by_beat.shape[2])


ENCODINGS = (
    Encoding("melody_pitch", "the melody's pitches, given its rhythm", View.MELODY, 2, 1, 128, given=View.RHYTHM),
    Encoding("melody_rhythm", "the melody's onsets, holds and rests", View.RHYTHM, 2, 1, 128),
    Encoding("chords", "root, tones and bass of every beat", View.CHORDS, 2, 1, 256),
    Encoding("chords_8", "the same of a longer passage", View.CHORDS, 8, 4, 256),
    Encoding(
        "texture", "how the piano plays, whatever the chords", View.PIANO, 2, 1, 256, given=View.HARMONY, is_revoiced=True
    ),
)


def encoding_named(name: str) -> Encoding:
    """The row of this name.

    Raises:
        ValueError: where there is none.
    """
    for encoding in ENCODINGS:
        if encoding.name == name:
            return encoding
    raise ValueError(f"encoder: must be one of {', '.join(row.name for row in ENCODINGS)}, got {name!r}")
