"""Overlapped area: whether the songs of a system differ from human songs only as much as human songs differ from each other.

Yang & Lerch, *On the evaluation of generative models in music* (Neural Computing and Applications 32, 2020), section 3.2: the
distances between all pairs of human songs, and those between all pairs of a generated and a human song, are smoothed to two
densities; the overlapped area is the integral of the smaller of both. Here it differs from theirs, and so do its figures (OA*):
a song is compared by windows, distances are total variation, and as many songs are drawn on either side.

A song is a set of windows of eight bars, each a histogram, so that a song of the same material throughout is told apart from a
song that varies. Two songs' distances are those between all their windows (total variation: 0 the same, 1 nothing in common);
every pair of songs weighs the same. Windows in which the voice does not start a note are left out. The histograms of a voice:

- *pitch*: notes on each of the twelve pitch classes, counted from the tonic of the major key with the key's signature;
- *duration*: notes of one to sixteen steps, the last column holding longer ones too;
- *density*: bars with no onset, one, two, up to 32 or more;
- *polyphony*: steps on which nothing, one note, two, up to eight or more sound.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canzona.evaluation.voices import melody_of
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.notes import Note
from canzona.song.song import Song

WINDOW_BARS = 8
LONGEST_STEPS = 16
MOST_ONSETS = 32
MOST_VOICES = 8

DISTANCE_BINS = 200
"""Into how many equal parts distances, 0 to 1, are sorted before they are smoothed."""
DRAWS = 1000
"""How often songs are drawn."""
SILVERMAN = 1.06
"""Factor of Silverman's rule for the width of a Gaussian kernel (*Density Estimation*, 1986, equation 3.28)."""

Windows = NDArray[np.float64]
"""(windows, bins): histograms that sum to 1."""


def features(song: Song) -> dict[str, Windows | None]:
    """The histograms of melody and piano under the names in ``FEATURES``.

    ``None`` where the voice has no notes, and for pitch also where no note stands in a bar with a key.
    """
    voices = {"melody": _passages(song, melody_of(song)), "piano": _passages(song, song.accompaniment or ())}
    return {
        f"{voice}_{name}": _normalised([histogram(passage) for passage in passages])
        for voice, passages in voices.items()
        for name, histogram in _KINDS
    }


def overlapped_areas(
    system: Sequence[Windows] | None, human: Sequence[Windows], songs: int, generator: np.random.Generator
) -> NDArray[np.float64]:
    """(``DRAWS``,) overlapped areas, 0 to 1, of so many songs of a system with as many human songs, drawn again and again.

    Both sides are drawn anew each time, without replacement. Half of a set so drawn tells how far its mean would vary from one
    set to another (McCarthy, *Pseudo-Replication: Half Samples*, 1969), and the human songs can be held against themselves by
    the same numbers: the other half. The same generator draws the same human songs, whatever the system.

    The kernel's width follows Silverman's rule from the spread of the human distances and the number of *songs*: pairs that
    share a song are not independent, so the number of pairs would promise more than the songs know. It is the same for both
    densities, all draws and all systems. What would fall outside 0 to 1 is reflected.

    Args:
        system: one feature of each song; ``None`` for the human songs themselves, other ones than those they are held against.
        human: the same feature of each human song.
        songs: on either side, 2 or more.
        generator: of the draws.

    Raises:
        ValueError: for fewer than two, or for more than the system, or half of the human songs, can give.
    """
    most = min(len(human) // 2, len(human) if system is None else len(system))
    if not 2 <= songs <= most:
        raise ValueError(f"songs: must be 2 to {most}, got {songs}")
    orders = [generator.permutation(len(human)) for _ in range(DRAWS)]
    pairs = _distances(human, human)
    distances = pairs if system is None else _distances(system, human)
    different = pairs.copy()
    different[np.diag_indices(len(human))] = 0
    inter, intra = np.empty((2, DRAWS, DISTANCE_BINS))
    for draw, order in enumerate(orders):
        against = order[:songs]
        own = order[songs : 2 * songs] if system is None else generator.permutation(len(system))[:songs]
        inter[draw] = distances[np.ix_(own, against)].mean((0, 1))
        intra[draw] = different[np.ix_(against, against)].sum((0, 1)) / (songs * (songs - 1))
    smoothing = _kernel(_width(different.sum((0, 1)) / (len(human) * (len(human) - 1)), songs))
    return _shared(inter @ smoothing.T, intra @ smoothing.T)


@dataclass(frozen=True)
class _Passage:
    """Some bars of a song: the voice's notes that start there, and those that sound there."""

    song: Song
    bars: range
    started: list[Note]
    sounding: list[Note]


def _passages(song: Song, notes: Sequence[Note]) -> list[_Passage]:
    """The windows in which the voice starts a note; the last one may be shorter."""
    starts = range(0, song.form.length_bars, WINDOW_BARS)
    started, sounding = ([[] for _ in starts] for _ in range(2))
    for note in notes:
        first = song.meter.bar_of_step(note.start_step) // WINDOW_BARS
        started[first].append(note)
        for number in range(first, min(song.meter.bar_of_step(note.end_step - 1) // WINDOW_BARS, len(starts) - 1) + 1):
            sounding[number].append(note)
    return [
        _Passage(song, range(start, min(start + WINDOW_BARS, song.form.length_bars)), started[number], sounding[number])
        for number, start in enumerate(starts)
        if started[number]
    ]


def _normalised(counts: list[NDArray[np.intp]]) -> Windows | None:
    filled = [count / count.sum() for count in counts if count.any()]
    return np.stack(filled) if filled else None


def _pitches(passage: _Passage) -> NDArray[np.intp]:
    keys = passage.song.form.keys_by_bar()
    placed = [(note, keys[passage.song.meter.bar_of_step(note.start_step)]) for note in passage.started]
    pitch_classes = [(note.pitch - key.relative_major) % PITCH_CLASSES for note, key in placed if key is not None]
    return np.bincount(np.array(pitch_classes, dtype=np.intp), minlength=PITCH_CLASSES)


def _durations(passage: _Passage) -> NDArray[np.intp]:
    return np.bincount([min(note.duration_steps, LONGEST_STEPS) - 1 for note in passage.started], minlength=LONGEST_STEPS)


def _densities(passage: _Passage) -> NDArray[np.intp]:
    bars = [passage.song.meter.bar_of_step(note.start_step) - passage.bars.start for note in passage.started]
    onsets = np.bincount(bars, minlength=len(passage.bars))
    return np.bincount(np.minimum(onsets, MOST_ONSETS), minlength=MOST_ONSETS + 1)


def _polyphonies(passage: _Passage) -> NDArray[np.intp]:
    meter = passage.song.meter
    first = meter.bars_to_steps(passage.bars.start)
    voices = np.zeros(meter.bars_to_steps(len(passage.bars)), dtype=np.intp)
    for note in passage.sounding:
        voices[max(note.start_step - first, 0) : note.end_step - first] += 1
    return np.bincount(np.minimum(voices, MOST_VOICES), minlength=MOST_VOICES + 1)


def _distances(first: Sequence[Windows], second: Sequence[Windows]) -> NDArray[np.float64]:
    """(first songs, second songs, bins) shares of the distances between their windows."""
    others = np.concatenate(second)
    owners = np.repeat(np.arange(len(second)), [len(windows) for windows in second])
    shares = np.empty((len(first), len(second), DISTANCE_BINS))
    for number, windows in enumerate(first):
        distances = np.abs(windows[:, None] - others).sum(-1) / 2
        columns = np.minimum((distances * DISTANCE_BINS).astype(np.intp), DISTANCE_BINS - 1) + DISTANCE_BINS * owners
        counts = np.bincount(columns.ravel(), minlength=len(second) * DISTANCE_BINS).reshape(len(second), DISTANCE_BINS)
        shares[number] = counts / counts.sum(1, keepdims=True)
    return shares


def _centres() -> NDArray[np.float64]:
    return (np.arange(DISTANCE_BINS) + 0.5) / DISTANCE_BINS


def _width(shares: NDArray[np.float64], songs: int) -> float:
    """The kernel's width for a histogram of distances; never less than half a bin."""
    centres = _centres()
    deviation = np.sqrt(shares @ (centres - shares @ centres) ** 2)
    return max(float(SILVERMAN * deviation * songs**-0.2), 0.5 / DISTANCE_BINS)


def _kernel(width: float) -> NDArray[np.float64]:
    """(bins, bins): every column spreads one bin's share, which stays 1 in all."""
    centres = _centres()
    images = np.stack([centres, -centres, 2 - centres])
    spread = np.exp(-(((centres[:, None, None] - images) / width) ** 2) / 2).sum(1)
    return spread / spread.sum(0)


def _shared(inter: NDArray[np.float64], intra: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.minimum(inter, intra).sum(-1)


_KINDS: tuple[tuple[str, Callable[[_Passage], NDArray[np.intp]]], ...] = (
    ("pitch", _pitches),
    ("duration", _durations),
    ("density", _densities),
    ("polyphony", _polyphonies),
)

FEATURES = tuple(f"{voice}_{name}" for voice in ("melody", "piano") for name, _ in _KINDS)
"""The names of the features; reports write them with ``oa_`` in front."""
