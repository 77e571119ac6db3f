"""Systems judged side by side: every song by every metric that fits it, and every system by the means over its songs."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import get_context

import numpy as np

from canzona.evaluation.bootstrap import RESAMPLES, Figure, figure_of, interval
from canzona.evaluation.copying import Match, nearest
from canzona.evaluation.distributions import FEATURES, OverlapStudy, features
from canzona.evaluation.latent import PLAIN_CODERS, Coder, phrase_similarity
from canzona.evaluation.metrics import ROWS, SECONDS_ROW, Row, score
from canzona.evaluation.passages import TrainingPassages
from canzona.evaluation.ranking import ranking_notes
from canzona.song.song import Song

OVERLAP_PREFIX = "oa_"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Where the libraries that multiply matrices look for how many threads to use."""
HALVINGS = 20
"""How often the human songs are split in two to be held against themselves."""


@dataclass(frozen=True)
class Equipment:
    """What judging needs besides the songs.

    Attributes:
        coders: ending of a metric's name → one coder for each aspect, as in ``metrics.YARDSTICKS``.
        passages: what may have been copied; without any, copying is not measured.
    """

    coders: Mapping[str, Sequence[Coder]] = field(default_factory=lambda: {"_plain": PLAIN_CODERS})
    passages: TrainingPassages | None = None


@dataclass(frozen=True)
class Entry:
    """A song to be judged.

    Attributes:
        system: what made it.
        name: unique within the system.
        song: the song.
        seconds: that it took to compose, where known.
        is_human: whether a person wrote it; a training song then does not copy itself.
    """

    system: str
    name: str
    song: Song
    seconds: float | None = None
    is_human: bool = False


@dataclass(frozen=True)
class ScoredSong:
    """A song, judged.

    Attributes:
        name: within its system.
        song: without its provenance.
        scores: metric's name → figure; ``None`` where it does not fit the song or was not measured.
        features: for overlapped areas, as ``distributions.features``.
        copies: its passages of four bars that come nearest to training songs.
    """

    name: str
    song: Song
    scores: Mapping[str, float | None]
    features: Mapping[str, np.ndarray | None] = field(default_factory=dict)
    copies: tuple[Match, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """Systems and their figures.

    Attributes:
        rows: the metrics that at least one system was scored by, in order.
        reference: the system of human songs that others are held against.
        systems: name → its songs.
        figures: system → metric's name → figure; ``None`` where no song fits.
        notes: what else should be known, in sentences.
    """

    rows: tuple[Row, ...]
    reference: str
    systems: Mapping[str, tuple[ScoredSong, ...]]
    figures: Mapping[str, Mapping[str, Figure | None]]
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, dict[str, dict[str, float | int] | None]]:
        """``{system: {metric: {mean, low, high, n}}}``, as in ``report.json``."""
        return {
            system: {name: None if figure is None else vars(figure).copy() for name, figure in figures.items()}
            for system, figures in self.figures.items()
        }


def judge(entry: Entry, equipment: Equipment) -> ScoredSong:
    """One song by every metric that concerns it alone."""
    song = replace(entry.song, provenance={})
    scores: dict[str, float | None] = {}
    for ending, coders in equipment.coders.items():
        for coder in coders:
            found = phrase_similarity(song, coder)
            scores[f"ils_{coder.aspect}{ending}"] = None if found is None else found.ratio
            scores[f"ils_{coder.aspect}{ending}_numerator"] = None if found is None else found.numerator
    scores |= score(song)
    copies: tuple[Match, ...] = ()
    if equipment.passages is not None:
        found_copies = nearest(song, equipment.passages, but_itself=entry.is_human)
        scores |= found_copies.figures()
        copies = found_copies.listed
    scores[SECONDS_ROW.name] = entry.seconds
    return ScoredSong(entry.name, song, scores, features(song), copies)


def judge_all(
    entries: Sequence[Entry], equip: Callable[[], Equipment], processes: int = 1
) -> Iterator[tuple[Entry, ScoredSong]]:
    """Every entry judged, in order, as it is done.

    Args:
        entries: songs of any number of systems.
        equip: makes the equipment, once in every process; it must be picklable for more than one.
        processes: how many work at once.
    """
    if processes == 1 or len(entries) < 2:
        equipment = equip()
        for entry in entries:
            yield entry, judge(entry, equipment)
        return
    plain = [replace(entry, song=replace(entry.song, provenance={})) for entry in entries]  # provenance does not travel
    with (
        _one_thread_each(),
        ProcessPoolExecutor(min(processes, len(entries)), get_context("spawn"), _equip, (equip,)) as pool,
    ):
        yield from zip(entries, pool.map(_judge_here, plain), strict=True)


def summarise(
    scored: Mapping[str, Sequence[ScoredSong]], reference: str, seed: int = 0, notes: Sequence[str] = ()
) -> Evaluation:
    """The figures of every system from those of its songs.

    Overlapped areas hold a system against the reference. The reference is held against itself in two random halves, again and
    again: their mean is the most that a system can be expected to reach, and the interval is that of single halvings.

    Args:
        scored: system → its songs.
        reference: which of the systems is human; it need not be there, and then there are no overlapped areas.
        seed: of the bootstrap.
        notes: what a report should say besides.
    """
    figures: dict[str, dict[str, Figure | None]] = {}
    for system, songs in scored.items():
        generator = np.random.default_rng(seed)
        own: dict[str, Figure | None] = {}
        for row in ROWS:
            values = [value for song in songs if (value := song.scores.get(row.name)) is not None]
            own[row.name] = figure_of(values, generator)
        for feature in FEATURES:
            human = _windows_of(scored.get(reference, ()), feature)
            own[OVERLAP_PREFIX + feature] = (
                _self_overlap(human, generator)
                if system == reference
                else _overlap(_windows_of(songs, feature), human, generator)
            )
        figures[system] = own
    rows = tuple(row for row in ROWS if any(own[row.name] is not None for own in figures.values()))
    kept = {system: {row.name: own[row.name] for row in rows} for system, own in figures.items()}
    songs_by_system = {system: tuple(songs) for system, songs in scored.items()}
    return Evaluation(rows, reference, songs_by_system, kept, (*ranking_notes(kept), *notes))


def _windows_of(songs: Sequence[ScoredSong], feature: str) -> list[np.ndarray]:
    return [found for song in songs if (found := song.features.get(feature)) is not None]


def _overlap(system: list[np.ndarray], human: list[np.ndarray], generator: np.random.Generator) -> Figure | None:
    if not system or len(human) < 2:
        return None
    study = OverlapStudy.of(system, human)
    low, high = interval(study.resampled(generator, RESAMPLES))
    return Figure(study.overlap, low, high, len(system))


def _self_overlap(human: list[np.ndarray], generator: np.random.Generator) -> Figure | None:
    if len(human) < 4:
        return None
    orders = [generator.permutation(len(human)) for _ in range(HALVINGS)]
    half = len(human) // 2
    overlaps = [
        OverlapStudy.of([human[number] for number in order[:half]], [human[number] for number in order[half:]]).overlap
        for order in orders
    ]
    low, high = interval(np.array(overlaps))
    return Figure(float(np.mean(overlaps)), low, high, len(human))


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Processes started within have one thread for sums: with several each they wait for one another."""
    earlier = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in earlier.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_EQUIPMENT: dict[str, Equipment] = {}
"""In a process of its own: what it judges with."""


def _equip(equip: Callable[[], Equipment]) -> None:
    _EQUIPMENT["here"] = equip()


def _judge_here(entry: Entry) -> ScoredSong:
    return judge(entry, _EQUIPMENT["here"])
