"""How well autoencoders give segments back: the loss they are trained with, and figures for people."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from canzona.model.encoder import Autoencoder
from canzona.representation.encodings import Encoding
from canzona.representation.resampling import split_answers
from canzona.representation.segments import NONE, Segments, SegmentSource, transposed_chords
from canzona.song.harmony import PITCH_CLASSES
from canzona.training.revoicing import revoiced

BATCH = 256


@dataclass(frozen=True)
class Likeness:
    """How far a texture code holds when the passage is moved to other chords: mean cosines.

    Attributes:
        own: between a passage and the same over the chords of another, transposed.
        other: between a passage and another one of the validation songs.
        same_harmony: between a passage and another one moved to the first one's chords.
    """

    own: float
    other: float
    same_harmony: float


def reconstruction_loss(encoding: Encoding, logits: Tensor, right: Mapping[str, Tensor]) -> Tensor:
    """(segments,) weighted cross-entropy of all right answers, in nats a segment."""
    losses = []
    for name, (question, given) in split_answers(encoding, logits.float()).items():
        wanted, judged = right[name].clamp(min=0), right[name] != NONE
        if question.choices == 1:
            loss = functional.binary_cross_entropy_with_logits(given[..., 0], wanted.float(), reduction="none")
        else:
            loss = functional.cross_entropy(given.flatten(0, 2), wanted.flatten(), reduction="none").reshape(wanted.shape)
        losses.append(question.weight * (loss * judged).sum(dim=(1, 2)))
    return torch.stack(losses).sum(dim=0)


def validation_segments(source: SegmentSource, encoding: Encoding) -> Segments:
    """All segments that follow one another from the start of every song."""
    starts = [np.arange(0, bars, encoding.bars) for bars in source.bars]
    songs = np.repeat(np.arange(len(starts)), [len(starts_of_song) for starts_of_song in starts])
    return source.segments(songs, np.concatenate(starts), encoding.bars)


def codes_of(network: Autoencoder, encoding: Encoding, segments: Segments) -> Tensor:
    """(segments, code width) posterior means."""
    device = next(network.parameters()).device
    inputs = torch.from_numpy(encoding.inputs(segments))
    with torch.inference_mode():
        return torch.cat([network.encoder(part.to(device)).mean for part in inputs.split(BATCH)])


def reconstruction_figures(
    network: Autoencoder, encoding: Encoding, segments: Segments, right: Mapping[str, NDArray[np.int64]]
) -> dict[str, float]:
    """Figures of segments coded and decoded, by name.

    Of a question with choices the share of right answers, and the F1 of its event where it has one; of yes-or-no questions the
    F1 of the yeses and the share of beats answered rightly throughout.

    Args:
        network: the autoencoder.
        encoding: its row.
        segments: what encoder and decoder are shown.
        right: what the decoder should say.
    """
    codes, given = codes_of(network, encoding, segments), encoding.given_inputs(segments)
    logits = []
    with torch.inference_mode():
        for number in range(0, len(codes), BATCH):
            told = None if given is None else torch.from_numpy(given[number : number + BATCH]).to(codes.device)
            logits.append(network.decoder(codes[number : number + BATCH], told).cpu())
    figures = {}
    for name, (question, part) in split_answers(encoding, torch.cat(logits)).items():
        wanted = torch.from_numpy(right[name])
        judged = wanted != NONE
        if question.choices == 1:
            said = part[..., 0] > 0
            figures[f"{name}_f1"] = _f1(said & judged, wanted == 1)
            figures[f"{name}_exact"] = float(((said == (wanted == 1)) | ~judged).all(dim=2)[judged.any(dim=2)].float().mean())
        else:
            said = part.argmax(dim=3)
            figures[f"{name}_accuracy"] = float((said == wanted)[judged].float().mean())
            if question.event is not None:
                figures[f"{name}_event_f1"] = _f1((said == question.event) & judged, wanted == question.event)
    return figures


def texture_likeness(network: Autoencoder, encoding: Encoding, segments: Segments, generator: np.random.Generator) -> Likeness:
    """How little the codes of passages depend on chords; passages without notes are left out."""
    order = generator.permutation(len(segments))
    semitones = generator.integers(-PITCH_CLASSES // 2, PITCH_CLASSES // 2, len(segments))
    own = codes_of(network, encoding, segments)
    moved = codes_of(network, encoding, revoiced(segments, transposed_chords(segments.chords[order], semitones)))
    hosted = codes_of(network, encoding, revoiced(segments, segments.chords[order]))
    sounding = np.isin(np.arange(len(segments)), segments.notes.segment)
    both = torch.from_numpy(sounding & sounding[order] & (order != np.arange(len(order))))

    def cosine(first: Tensor, second: Tensor) -> float:
        return float(functional.cosine_similarity(first, second)[both].mean())

    return Likeness(cosine(own, moved), cosine(own, own[order]), cosine(own[order], hosted))


def _f1(said: Tensor, wanted: Tensor) -> float:
    """2·hits over all that was said and all that was wanted; 1 where both are none."""
    total = int(said.sum() + wanted.sum())
    return 2 * int((said & wanted).sum()) / total if total else 1.0
