"""Structure that can be heard: repeats of any length (SI), and phrases that begin and return where the form says so.

The structure indicator SI is the highest fitness of the segments of a range of lengths (Wu and Yang, *The Jazz Transformer on
the Front Line*, ISMIR 2020; fitness: Müller, Jiang and Grosche, *A Robust Fitness Measure for Capturing Repetitions in Music
Recordings*, 2013). It knows nothing of the form. As in the authors' MusDr a similarity of frames may hold in any transposition,
is smoothed along its diagonals, keeps its highest quarter, scaled to 0–1, and has −2 elsewhere and 1 on its main diagonal.
Here it differs from MusDr, and so do its figures:

- frames are half bars of the written notes, not half seconds of audio, and lengths are counted in bars, not in seconds;
- as the grid has no changes of tempo, two repeats last equally long: paths run along diagonals and are never warped;
- diagonals are smoothed over 4 bars in place of 8 seconds.
"""

from collections.abc import Iterator, Sequence
from functools import reduce
from itertools import combinations, islice

import numpy as np
from numpy.typing import NDArray

from canzona.evaluation.latent import ASPECTS, bar_codes, cosine_similarity, has_aspect
from canzona.evaluation.voices import melody_of
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.song import Song

FRAMES_A_BAR = 2
SMOOTHING_FRAMES = 8
KEPT_SHARE = 0.25
"""The share of the similarities that count, the highest."""
PENALTY = -2.0
"""What all others are replaced by."""

KERNEL_BARS = 3
"""How many bars before and after a place are compared to tell whether something new begins there."""
LEAST_DISTANCE_BARS = 3
"""Boundaries are nowhere closer than this."""
HIT_BARS = 1.0
"""How far off a boundary may be found."""
SAME_PHRASE = 0.7
"""Mean similarity from which phrases are called the same. It and the two lengths above were chosen on training songs."""


def structure_indicator(song: Song, shortest_bars: int, longest_bars: int | None = None) -> float | None:
    """SI, 0 to 1: how well the most telling segment of such a length explains the song by its repeats.

    Args:
        song: its melody and piano are heard.
        shortest_bars: 1 or more.
        longest_bars: included; ``None`` is as long as the song allows.

    Returns:
        ``None`` for a song without notes, or one in which no segment of ``shortest_bars`` has room to return.

    Raises:
        ValueError: where the lengths are not ascending from 1.
    """
    if shortest_bars < 1 or (longest_bars is not None and longest_bars < shortest_bars):
        raise ValueError(f"lengths: must be ascending numbers of bars from 1, got {shortest_bars} and {longest_bars}")
    most_bars = song.form.length_bars / 2
    chroma = frame_chroma(song)
    if shortest_bars > most_bars or not chroma.any():
        return None
    similarity = enhanced_similarity(chroma)
    most_frames = int(FRAMES_A_BAR * min(most_bars, longest_bars or most_bars))
    paths = islice(enumerate(path_sums(similarity), 1), FRAMES_A_BAR * shortest_bars - 1, most_frames)
    return max(float(segment_fitness(sums, length_frames).max()) for length_frames, sums in paths)


def frame_chroma(song: Song, frames_a_bar: int = FRAMES_A_BAR) -> NDArray[np.float64]:
    """How long every pitch class sounds in melody and piano, in steps, shape (frames, 12)."""
    roll = np.zeros((song.length_steps, PITCH_CLASSES))
    for note in (*melody_of(song), *(song.accompaniment or ())):
        roll[note.start_step : note.end_step, note.pitch % PITCH_CLASSES] += 1
    return roll.reshape(frames_a_bar * song.form.length_bars, -1, PITCH_CLASSES).sum(axis=1)


def enhanced_similarity(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    """Similarity of all frames, shape (frames, frames), from 0 to 1 or ``PENALTY``, as the head of this module describes it.

    A silent frame counts as one in which all pitch classes sound equally.
    """
    heard = np.where(chroma.any(axis=1, keepdims=True), chroma, 1)
    directions = heard / np.linalg.norm(heard, axis=1, keepdims=True)
    shifts = (np.roll(directions, shift, axis=1) @ directions.T for shift in range(PITCH_CLASSES))
    smooth = reduce(np.maximum, map(_smooth_diagonals, shifts))
    least, most = np.quantile(smooth, 1 - KEPT_SHARE), smooth.max()
    scaled = (smooth - least) / (most - least) if most > least else np.ones_like(smooth)
    similarity = np.where(smooth >= least, scaled, PENALTY)
    np.fill_diagonal(similarity, 1)
    return similarity


def _smooth_diagonals(similarity: NDArray[np.float64]) -> NDArray[np.float64]:
    """The higher of two means: of what follows along the diagonal, and of what leads there; outside there is 0."""
    frames, margin = len(similarity), SMOOTHING_FRAMES - 1
    padded = np.pad(similarity, margin)
    places = frames + margin
    means = np.zeros((places, places))
    for offset in range(SMOOTHING_FRAMES):
        means += padded[offset : offset + places, offset : offset + places] / SMOOTHING_FRAMES
    return np.maximum(means[margin:, margin:], means[:frames, :frames])


def path_sums(similarity: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """For lengths from 1 frame to all: the sums along the diagonals from every pair of frames on, shape (starts, starts).

    Each is the one before it and one frame more.
    """
    sums = similarity
    for length_frames in range(1, len(similarity) + 1):
        yield sums
        sums = sums[:-1, :-1] + similarity[length_frames:, length_frames:]


def segment_fitness(paths: NDArray[np.float64], length_frames: int) -> NDArray[np.float64]:
    """Fitness of the segments of one length: one row of a fitness scape plot, by start frame, each from 0 to 1.

    A segment's family are paths along diagonals, each from its first frame to its last, that do not overlap in time and have
    the highest sum. Fitness is the harmonic mean of that sum a frame of path and of the share of the song that the paths cover,
    both without what the segment has in common with itself.

    Args:
        paths: the sums of that length, as ``path_sums`` yields them, of a similarity that is at most 1, and 1 on its diagonal.
        length_frames: 1 to frames.
    """
    starts = len(paths)
    frames = starts + length_frames - 1
    score, count = np.zeros((frames + 1, starts)), np.zeros((frames + 1, starts))
    for end in range(length_frames, frames + 1):
        start = end - length_frames
        with_path = score[start] + paths[start]
        is_better = with_path >= score[end - 1]
        score[end] = np.where(is_better, with_path, score[end - 1])
        count[end] = np.where(is_better, count[start] + 1, count[end - 1])
    own_score = (score[-1] - length_frames) / (length_frames * count[-1])
    coverage = length_frames * (count[-1] - 1) / frames
    total = own_score + coverage
    return np.divide(2 * own_score * coverage, total, out=np.zeros(starts), where=(own_score > 0) & (coverage > 0))


def boundary_hits(song: Song) -> float | None:
    """F-measure, 0 to 1, of the phrase boundaries heard against those of the form, ±1 bar, without the song's start and end.

    Heard are the places of highest novelty (Foote, *Automatic Audio Segmentation Using a Measure of Audio Novelty*, 2000).
    ``None`` where the form has one phrase, or the song has neither notes nor chords. Cutting every fourth bar reaches .60
    on human songs: compare with other songs, not with 0.
    """
    similarity = bar_similarity(song)
    phrase_starts = [start_bar for start_bar, _ in song.form.spans()][1:]
    if similarity is None or not phrase_starts:
        return None
    heard = heard_boundaries(similarity)
    if not heard:
        return 0.0
    from mir_eval.segment import detection

    found, asked = (_intervals(inner, song.form.length_bars) for inner in (heard, phrase_starts))
    return float(detection(asked, found, window=HIT_BARS, trim=True)[2])


def label_f1(song: Song) -> float | None:
    """F-measure of the pairs of phrases that sound the same against those with the same letter, 0 to 1.

    Phrases are compared bar by bar from their starts, as they sound: comparing them in their keys, or in the transposition that
    suits them best, agrees less with the letters of human songs. They are joined by average linkage while more alike than
    ``SAME_PHRASE``. ``None`` where no letter returns, or the song has neither notes nor chords.
    """
    similarity = bar_similarity(song)
    phrases = list(song.form.spans())
    pairs = list(combinations(range(len(phrases)), 2))
    asked = {(i, j) for i, j in pairs if phrases[i][1].letter == phrases[j][1].letter}
    if similarity is None or not asked:
        return None
    from scipy.cluster.hierarchy import fcluster, linkage

    distances = []
    for i, j in pairs:
        (start, phrase), (other_start, other) = phrases[i], phrases[j]
        bars = np.arange(min(phrase.length_bars, other.length_bars))
        distances.append(max(0.0, 1 - similarity[start + bars, other_start + bars].mean()))
    groups = fcluster(linkage(np.array(distances), "average"), 1 - SAME_PHRASE, "distance")
    heard = {(i, j) for i, j in pairs if groups[i] == groups[j]}
    return 2 * len(asked & heard) / (len(asked) + len(heard))


def bar_similarity(song: Song) -> NDArray[np.float64] | None:
    """Similarity of all bars, shape (bars, bars), 0 to 1: the mean over the aspects it has; ``None`` for no aspect."""
    aspects = [aspect for aspect in ASPECTS if has_aspect(song, aspect)]
    return np.mean([cosine_similarity(bar_codes(song, aspect)) for aspect in aspects], axis=0) if aspects else None


def heard_boundaries(similarity: NDArray[np.float64]) -> list[int]:
    """The bars, counted from 0, with which something new begins: more novel than the mean and than all bars close by."""
    values = novelty(similarity)
    above_mean = values > values[1:].mean() if len(values) > 1 else np.zeros(len(values), dtype=bool)
    boundaries = []
    for bar in np.flatnonzero(above_mean).tolist():
        first = max(0, bar - LEAST_DISTANCE_BARS)
        if first + int(values[first : bar + LEAST_DISTANCE_BARS + 1].argmax()) == bar:
            boundaries.append(bar)
    return boundaries


def novelty(similarity: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much what begins with every bar differs from what went before (Foote 2000): shape (bars,), −1 to 1; 0 for the first.

    Mean similarity within the bars before and within those after, less that between the two, under a Gaussian taper. At the
    song's ends the kernel is cut off.
    """
    bars, values = len(similarity), np.zeros(len(similarity))
    places = np.arange(-KERNEL_BARS, KERNEL_BARS) + 0.5
    taper = np.exp(-2 * (places / KERNEL_BARS) ** 2)
    for bar in range(1, bars):
        around = bar + np.arange(-KERNEL_BARS, KERNEL_BARS)
        within = (around >= 0) & (around < bars)
        weights = np.outer(taper[within], taper[within])
        same_side = np.equal.outer(places[within] > 0, places[within] > 0)
        part = similarity[np.ix_(around[within], around[within])]
        values[bar] = np.average(part, weights=weights * same_side) - np.average(part, weights=weights * ~same_side)
    return values.round(9)  # else the last digit would choose between equals


def _intervals(inner: Sequence[int], length_bars: int) -> NDArray[np.float64]:
    edges = np.array([0, *inner, length_bars], dtype=np.float64)
    return np.stack([edges[:-1], edges[1:]], axis=1)
