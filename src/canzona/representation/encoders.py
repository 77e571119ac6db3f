"""Trained encoders, from songs to codes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from canzona.hierarchy.level import External
from canzona.model.encoder import Autoencoder
from canzona.model.encoder_weights import TrainedEncoder
from canzona.representation.encodings import Encoding, encoding_named
from canzona.representation.segments import NONE, Segments, segments_of
from canzona.representation.views import View
from canzona.song.song import Song

CONTROL_SEED = 0
"""Which of an encoder's training runs gives the codes that levels are controlled by; the others are kept to judge by."""


@dataclass(frozen=True)
class Encoders:
    """A set of trained encoders.

    Attributes:
        trained: the encoders.
        digest: SHA-256 of the file they came from; tells figures of different encoders apart. Empty where there is none.
    """

    trained: tuple[TrainedEncoder, ...]
    digest: str = ""

    def __post_init__(self) -> None:
        for encoder in self.trained:
            card, encoding = encoder.card, encoding_named(encoder.card.name)
            if card.specification != encoding.specification():
                raise ValueError(
                    f"encoders: {card.name} has specification {card.specification!r}, must have {encoding.specification()!r}"
                )
            for name, wanted in encoding.fixed_fields().items():
                if (found := getattr(card.config, name)) != wanted:
                    raise ValueError(f"encoders: {card.name} has {name} {found!r}, must have {wanted!r}")

    def encode(self, name: str, seed_number: int, song: Song, start_bars: Sequence[int]) -> NDArray[np.float32]:
        """The codes of segments of a song: posterior means, in single precision.

        Args:
            name: of the encoder, as in the table of encodings.
            seed_number: which of its training runs, 0 or 1.
            song: with a lead sheet, or for the piano's texture an accompaniment.
            start_bars: where segments start, in bars counted from 0; what lies beyond the song's end is blank.

        Returns:
            Codes, shape (segments, code width of the encoder).

        Raises:
            ValueError: where there is no such encoder, the song lacks what it encodes, or a segment starts outside the song.
        """
        encoding, network = encoding_named(name), self.named(name, seed_number).network
        check_has_level(encoding, song)
        segments = segments_of(song, start_bars, encoding.bars)
        with torch.inference_mode():
            return network.encoder(torch.from_numpy(encoding.inputs(segments))).mean.numpy()

    def asked(self, external: External, song: Song, start_bars: Sequence[int]) -> NDArray[np.float32]:
        """What a level is told of passages of a song that it is to be like: as ``passage_vectors``, errors as of ``encode``."""
        encoding, network = encoding_named(external.encoding), self.named(external.encoding, CONTROL_SEED).network
        check_has_level(encoding, song)
        with torch.inference_mode():
            return passage_vectors(encoding, network, external, segments_of(song, start_bars, encoding.bars)).numpy()

    def named(self, name: str, seed_number: int) -> TrainedEncoder:
        """One encoder with its decoder.

        Raises:
            ValueError: where there is none.
        """
        for encoder in self.trained:
            if (encoder.card.name, encoder.card.seed_number) == (name, seed_number):
                return encoder
        there = ", ".join(f"{encoder.card.name} {encoder.card.seed_number}" for encoder in self.trained)
        raise ValueError(f"encoder: must be one of {there or 'none'}, got {name} {seed_number}")


def passage_vectors(encoding: Encoding, network: Autoencoder, external: External, segments: Segments) -> Tensor:
    """What a level is told of passages: their codes, and features of their places where the control has them.

    The features are those from which the decoder says what the passage is; where it is told chords, C major throughout.

    Args:
        encoding, network: the encoder.
        external: the control.
        segments: the passages.

    Returns:
        Shape (segments, code width + places · features).
    """
    device = network.decoder.place.device
    codes = network.encoder(torch.from_numpy(encoding.inputs(segments)).to(device)).mean
    if not external.features:
        return codes
    chords = np.where(segments.inside[..., None], 0, NONE) + np.zeros(3, dtype=np.int64)
    told = encoding.given_inputs(replace(segments, chords=chords))
    features = network.decoder.features(codes, None if told is None else torch.from_numpy(told).to(device))
    return torch.cat([codes, features.flatten(1)], dim=1)


def check_has_level(encoding: Encoding, song: Song) -> None:
    """See that a song has what the encoder sees.

    Raises:
        ValueError: where it lacks it.
    """
    if encoding.view is View.PIANO and song.accompaniment is None:
        raise ValueError(f"song: must have an accompaniment to be encoded as {encoding.name}, got none")
    if encoding.view is not View.PIANO and song.lead_sheet is None:
        raise ValueError(f"song: must have a lead sheet to be encoded as {encoding.name}, got none")
