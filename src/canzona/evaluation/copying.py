"""How much of a song stands in the training songs: passages of a few bars in any transposition, and runs of melody.

A passage is the set of its (onset step, pitch class) pairs; two passages overlap by Dice's 2 |A ∩ B| / (|A| + |B|).
Since a transposition moves whole bars, the intersections of all passages of two songs are sums along the diagonals of one
product of matrices a transposition.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canzona.evaluation.passages import VOICES, IndexedSong, TrainingPassages, VoiceBars
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.song import Song

PASSAGE_BARS = (1, 2, 4)
"""Lengths of the passages that are looked for, in bars."""

LISTED_BARS, LISTED_MATCHES = 4, 5
"""The passages that a report names: their length, and how many of each voice."""
FEWEST_LISTED_ONSETS = 8
"""A passage is listed only with this many (onset, pitch class) pairs: emptier ones find their like by chance."""

_SEPARATOR = -1  # a token that no melody has


@dataclass(frozen=True, slots=True)
class Match:
    """A passage of a song and the training passage nearest to it. Bars are counted from 0.

    Attributes:
        voice: one of ``VOICES``.
        own_bar: where the song's passage starts.
        length_bars: the length of both.
        overlap: Dice's coefficient, 0 to 1.
        onsets: how many (onset, pitch class) pairs the song's passage has.
        name: the training song.
        bar: where its passage starts.
        transposition: semitones up, 0 to 11, that take the training passage's pitch classes to the song's.
    """

    voice: str
    own_bar: int
    length_bars: int
    overlap: float
    onsets: int
    name: str
    bar: int
    transposition: int


@dataclass(frozen=True, slots=True)
class PassageCopying:
    """How near a song's passages of one length come to the training songs.

    Attributes:
        voice: one of ``VOICES``.
        length_bars: the passages' length.
        mean: mean, over the passages with an onset, of their highest overlap; ``None`` where the song has no such passage or no
            training song of its metre is as long.
        closest: the passage of highest overlap; of several the one with most onsets.
    """

    voice: str
    length_bars: int
    mean: float | None
    closest: Match | None


@dataclass(frozen=True, slots=True)
class MelodyRun:
    """The longest run of notes that two melodies share: the same intervals at the same distances between onsets.

    Attributes:
        length_notes: 1 where no two successive notes agree.
        own_bar: the bar of the run's first note in the song, from 0; ``None``, as are ``name`` and ``bar``, for one note.
        name: the training song.
        bar: the bar of the run's first note there.
    """

    length_notes: int
    own_bar: int | None = None
    name: str | None = None
    bar: int | None = None


@dataclass(frozen=True, slots=True)
class Copying:
    """What ``nearest`` found for one song.

    Attributes:
        passages: one for each voice and length.
        listed: up to ``LISTED_MATCHES`` passages of each voice, nearest first; no two of a voice share a bar of the song or
            have the same training passage.
        melody_run: ``None`` where the song, or every training song, has fewer than two melody notes.
    """

    passages: tuple[PassageCopying, ...]
    listed: tuple[Match, ...]
    melody_run: MelodyRun | None

    def figures(self) -> dict[str, float | None]:
        """Metrics by name: ``copy_<voice>_<bars>``, 0 to 1, and ``copy_melody_ngram``, in notes."""
        named = {f"copy_{passage.voice}_{passage.length_bars}": passage.mean for passage in self.passages}
        return named | {"copy_melody_ngram": None if self.melody_run is None else float(self.melody_run.length_notes)}


def nearest(song: Song, passages: TrainingPassages, but_itself: bool = False, lengths: Sequence[int] = PASSAGE_BARS) -> Copying:
    """Find for each passage of the song the nearest training passage in a song of the same metre, and the longest run in any.

    Args:
        song: in the shape that every file has (``check_storable``).
        passages: the training songs.
        but_itself: whether training songs that *are* the song, by their notes, do not count; for songs that people wrote. What
            a machine wrote is no less copied for being copied whole.
        lengths: of the passages, in bars.
    """
    own = IndexedSong.of("", song)
    others = [other for other in passages.songs if not (but_itself and other.is_same_as(own))]
    of_meter = [other for other in others if other.meter == song.meter]
    found: list[PassageCopying] = []
    listed: list[Match] = []
    for number, voice in enumerate(VOICES):
        bars = [other.voices[number] for other in of_meter]
        searches = {
            length: _Search(voice, length, own.voices[number], of_meter, bars, places)
            for length, places in _nearest_places(own.voices[number], bars, {*lengths, LISTED_BARS}).items()
        }
        found.extend(searches[length].summary() for length in lengths)
        listed.extend(searches[LISTED_BARS].listed())
    return Copying(tuple(found), tuple(listed), _longest_run(own, others))


@dataclass(frozen=True, slots=True)
class _Places:
    """For every passage of a song, by its first bar: the overlap with the nearest one (−1: there is none), its song and bar."""

    overlap: NDArray[np.float64]
    song: NDArray[np.intp]
    bar: NDArray[np.intp]


def _nearest_places(own: VoiceBars, others: Sequence[VoiceBars], lengths: set[int]) -> dict[int, _Places]:
    """The nearest passages of each length among ``others``; of equally near ones the first."""
    own_onsets = {length: own.onsets(length) for length in lengths}
    found = {
        length: _Places(np.full(n, -1.0), np.zeros(n, np.intp), np.zeros(n, np.intp))
        for length, n in ((length, len(onsets)) for length, onsets in own_onsets.items())
    }
    lowered = own.lowered()
    for number, other in enumerate(others):
        for length, common in _intersections(own, lowered, other, max(lengths)):
            if length not in lengths or not common.size:
                continue
            total = own_onsets[length][:, None] + other.onsets(length)
            overlap = 2 * common / np.maximum(total, 1)
            bar = overlap.argmax(axis=1)
            best, places = overlap[np.arange(len(bar)), bar], found[length]
            nearer = best > places.overlap
            places.overlap[nearer], places.song[nearer], places.bar[nearer] = best[nearer], number, bar[nearer]
    return found


def _intersections(
    own: VoiceBars, lowered: NDArray[np.float32], other: VoiceBars, longest: int
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Lengths from 1 on, and the pairs that passages share in the best transposition: own first bars × the other's."""
    common = (lowered @ other.distinct.T.astype(np.float32)).reshape(PITCH_CLASSES, -1)
    single = common.take(own.of_bar[:, None] * len(other.distinct) + other.of_bar, axis=1)
    total = single
    for length in range(1, longest + 1):
        yield length, total.max(axis=0)
        total = total[:, :-1, :-1] + single[:, length:, length:]


@dataclass(frozen=True)
class _Search:
    """The passages of one voice and length, with the nearest training passages."""

    voice: str
    length_bars: int
    own: VoiceBars
    songs: Sequence[IndexedSong]
    bars: Sequence[VoiceBars]
    places: _Places

    def summary(self) -> PassageCopying:
        filled = self._filled()
        mean = float(self.places.overlap[filled].mean()) if len(filled) else None
        return PassageCopying(self.voice, self.length_bars, mean, self._match(filled[0]) if len(filled) else None)

    def listed(self) -> Iterator[Match]:
        own_bars: list[int] = []
        others: set[tuple[int, int]] = set()
        onsets = self.own.onsets(self.length_bars)
        for own_bar in self._filled().tolist():
            other = int(self.places.song[own_bar]), int(self.places.bar[own_bar])
            apart = all(abs(own_bar - taken) >= self.length_bars for taken in own_bars)
            if onsets[own_bar] >= FEWEST_LISTED_ONSETS and apart and other not in others and len(own_bars) < LISTED_MATCHES:
                own_bars.append(own_bar)
                others.add(other)
                yield self._match(own_bar)

    def _filled(self) -> NDArray[np.intp]:
        """The bars of all passages that have an onset and a nearest passage; the nearest first, of equals the fullest."""
        onsets = self.own.onsets(self.length_bars)
        order = np.lexsort((-onsets, -self.places.overlap))
        return order[(onsets[order] > 0) & (self.places.overlap[order] >= 0)]

    def _match(self, own_bar: int) -> Match:
        song, bar = int(self.places.song[own_bar]), int(self.places.bar[own_bar])
        passage = self.own.passage(own_bar, self.length_bars)
        other = self.bars[song].passage(bar, self.length_bars)
        common = [int((np.roll(other, semitones, axis=2) & passage).sum()) for semitones in range(PITCH_CLASSES)]
        return Match(
            voice=self.voice,
            own_bar=int(own_bar),
            length_bars=self.length_bars,
            overlap=float(self.places.overlap[own_bar]),
            onsets=int(passage.sum()),
            name=self.songs[song].name,
            bar=bar,
            transposition=int(np.argmax(common)),
        )


def _longest_run(own: IndexedSong, others: Sequence[IndexedSong]) -> MelodyRun | None:
    """The longest common substring of tokens, by the table of runs that end at each pair of tokens."""
    tokens = np.concatenate([part for other in others for part in (other.tokens, [_SEPARATOR])] or [[]]).astype(np.int32)
    if not len(own.tokens) or not np.any(tokens != _SEPARATOR):
        return None
    runs = np.zeros(len(tokens) + 1, np.int16)  # runs[n]: of the tokens up to own's latest, how many also end others' first n
    longest = own_end = other_end = 0
    for place, token in enumerate(own.tokens, start=1):
        runs[1:] = (runs[:-1] + 1) * (tokens == token)
        if runs.max() > longest:
            longest, own_end, other_end = int(runs.max()), place, int(runs.argmax())
    if not longest:
        return MelodyRun(1)
    starts = np.cumsum([0, *(len(other.tokens) + 1 for other in others)])
    first = other_end - longest
    number = int(np.searchsorted(starts, first, side="right")) - 1
    own_bar, bar = own.token_bars[own_end - longest], others[number].token_bars[first - starts[number]]
    return MelodyRun(longest + 1, int(own_bar), others[number].name, int(bar))
