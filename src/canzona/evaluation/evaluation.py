"""Systems judged side by side: every song by every metric that fits it, and every system by the means over its songs."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from canzona.evaluation.bootstrap import Figure, figure_of, interval
from canzona.evaluation.comparison import Difference, adjusted, difference_of
from canzona.evaluation.copying import Match, nearest
from canzona.evaluation.distributions import DRAWS, FEATURES, features, overlapped_areas
from canzona.evaluation.latent import PLAIN_CODERS, Coder, learned_coders, phrase_similarity
from canzona.evaluation.metrics import ROWS, SECONDS_ROW, YARDSTICK, YARDSTICKS, Row, score
from canzona.evaluation.passages import TrainingPassages
from canzona.evaluation.ranking import ranking_notes
from canzona.processes import in_workers
from canzona.song.song import Song

if TYPE_CHECKING:
    from canzona.representation.encoders import Encoders

OVERLAP_PREFIX = "oa_"
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""Where the libraries that multiply matrices look for how many threads to use."""
FEWEST_OVERLAPPED = 4
"""Songs without which a system has no overlapped areas: half of them are drawn."""
COMPARED = "canzona"
"""The system from which others' differences are told unless another is asked for."""


@dataclass(frozen=True)
class Equipment:
    """What judging needs besides the songs.

    Attributes:
        coders: ending of a metric's name → one coder for each aspect, as in ``metrics.YARDSTICKS``.
        passages: what may have been copied; without any, copying is not measured.
    """

    coders: Mapping[str, Sequence[Coder]] = field(default_factory=lambda: {"_plain": PLAIN_CODERS})
    passages: TrainingPassages | None = None

    @classmethod
    def of(cls, encoders: "Encoders", passages: TrainingPassages | None = None) -> "Equipment":
        """Both training runs of these encoders, the codes that need none, and what may have been copied."""
        return cls(
            dict(zip(YARDSTICKS, (*(learned_coders(encoders, run) for run in (0, 1)), PLAIN_CODERS), strict=True)), passages
        )


@dataclass(frozen=True)
class Entry:
    """A song to be judged.

    Attributes:
        system: what made it.
        name: unique within the system.
        song: the song.
        seconds: that it took to compose, where known.
        is_human: whether a person wrote it; a training song then does not copy itself.
        form_is_assumed: whether its phrases are none that its file names; what needs them is then not measured.
    """

    system: str
    name: str
    song: Song
    seconds: float | None = None
    is_human: bool = False
    form_is_assumed: bool = False


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
        compared_with: the system from which the others differ by ``differences``; ``None`` where there is one system only.
        differences: system → metric's name → difference; those that were not compared are missing.
    """

    rows: tuple[Row, ...]
    reference: str
    systems: Mapping[str, tuple[ScoredSong, ...]]
    figures: Mapping[str, Mapping[str, Figure | None]]
    notes: tuple[str, ...] = ()
    compared_with: str | None = None
    differences: Mapping[str, Mapping[str, Difference]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, dict[str, dict[str, Any] | None]]:
        """``{system: {metric: {mean, low, high, n}}}``, as in ``report.json``; where there is one, with ``difference``.

        That is ``{to, mean, low, high, n, p, is_paired}``.
        """
        return {
            system: {name: None if figure is None else self._facts(system, name, figure) for name, figure in figures.items()}
            for system, figures in self.figures.items()
        }

    def _facts(self, system: str, metric: str, figure: Figure) -> dict[str, Any]:
        difference = self.differences.get(system, {}).get(metric)
        return vars(figure) | ({} if difference is None else {"difference": {"to": self.compared_with, **vars(difference)}})


def judge(entry: Entry, equipment: Equipment) -> ScoredSong:
    """One song by every metric that concerns it alone."""
    song = replace(entry.song, provenance={})
    scores: dict[str, float | None] = {}
    for ending, coders in equipment.coders.items():
        for coder in coders:
            found = None if entry.form_is_assumed else phrase_similarity(song, coder)
            scores[f"ils_{coder.aspect}{ending}"] = None if found is None else found.ratio
            scores[f"ils_{coder.aspect}{ending}_numerator"] = None if found is None else found.numerator
    scores |= score(song, entry.form_is_assumed)
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
    with _one_thread_each():
        judged = in_workers(_judge_here, plain, min(processes, len(entries)), partial(_equip, equip))
        yield from zip(entries, judged, strict=True)


def summarise(
    scored: Mapping[str, Sequence[ScoredSong]],
    reference: str,
    seed: int = 0,
    notes: Sequence[str] = (),
    compared_with: str | None = None,
) -> Evaluation:
    """The figures of every system from those of its songs, and how each differs from one of them.

    Overlapped areas hold songs of each system, human or not, against as many other human songs, so the human column is what a
    system can be expected to reach. As they are of whole systems, they have no differences.

    Args:
        scored: system → its songs.
        reference: which of the systems is human; it need not be there, and then there are no overlapped areas.
        seed: of the bootstrap.
        notes: what a report should say besides.
        compared_with: the system from which all others' differences are told; ``None``: ``canzona`` where it is there, else the
            first that is not the reference.

    Raises:
        ValueError: as ``compared_system``.
    """
    figures: dict[str, dict[str, Figure | None]] = {}
    for system, songs in scored.items():
        generator = np.random.default_rng(seed)
        figures[system] = {row.name: figure_of(list(_scores(songs, row).values()), generator) for row in ROWS}
    overlap_notes = _add_overlaps(figures, scored, reference, seed)
    rows = tuple(row for row in ROWS if any(by_metric[row.name] is not None for by_metric in figures.values()))
    kept = {system: {row.name: by_metric[row.name] for row in rows} for system, by_metric in figures.items()}
    songs_by_system = {system: tuple(songs) for system, songs in scored.items()}
    base = compared_system(list(scored), reference, compared_with)
    differences = {} if base is None else _differences(scored, base, seed)
    all_notes = (*ranking_notes(kept), *overlap_notes, *notes)
    return Evaluation(rows, reference, songs_by_system, kept, all_notes, base, differences)


def _scores(songs: Sequence[ScoredSong], row: Row) -> dict[str, float]:
    """Song's name → figure, of those that the metric fits."""
    return {song.name: value for song in songs if (value := song.scores.get(row.name)) is not None}


def compared_system(systems: Sequence[str], reference: str, asked: str | None = None) -> str | None:
    """The system from which others' differences are told, as of ``summarise``; ``None`` where there is one system only.

    Raises:
        ValueError: where ``asked`` is none of them.
    """
    if asked is not None and asked not in systems:
        raise ValueError(f"compare-with: must be one of {', '.join(systems)}, got {asked!r}")
    others = [system for system in systems if system != reference]
    base = asked or (COMPARED if COMPARED in others else next(iter(others), None))
    return base if len(systems) > 1 else None


def _differences(scored: Mapping[str, Sequence[ScoredSong]], base: str, seed: int) -> dict[str, dict[str, Difference]]:
    """System → metric → its difference from ``base``, with Holm's p over all metrics but the other yardsticks."""
    rows = [row for row in ROWS if row.group != YARDSTICK]
    differences = {}
    for system, songs in scored.items():
        if system == base:
            continue
        generator = np.random.default_rng(seed)
        found = {row.name: difference_of(_scores(songs, row), _scores(scored[base], row), generator) for row in rows}
        differences[system] = adjusted({name: difference for name, difference in found.items() if difference is not None})
    return differences


def _add_overlaps(
    figures: Mapping[str, dict[str, Figure | None]], scored: Mapping[str, Sequence[ScoredSong]], reference: str, seed: int
) -> list[str]:
    """Puts in the overlapped areas of each system that has enough songs; gives what is to be said of them."""
    numbers = set()
    for feature in FEATURES:
        windows = {
            system: [found for song in songs if (found := song.features.get(feature)) is not None]
            for system, songs in scored.items()
        }
        windows = {system: histograms for system, histograms in windows.items() if len(histograms) >= FEWEST_OVERLAPPED}
        human = windows.get(reference)
        for system, histograms in windows.items():
            if human is None:
                break
            songs = min(map(len, windows.values())) // 2
            numbers.add(songs)
            areas = overlapped_areas(None if system == reference else histograms, human, songs, np.random.default_rng(seed))
            figures[system][OVERLAP_PREFIX + feature] = Figure(float(areas.mean()), *interval(areas), len(histograms))
    if not numbers:
        return []
    drawn = " or ".join(map(str, sorted(numbers)))
    return [f"Overlapped areas are of {drawn} songs of each system with as many other human songs, drawn {DRAWS} times."]


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
