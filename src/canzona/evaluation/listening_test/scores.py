"""What listeners answered, by system, with within-subject confidence intervals, and which systems they tell apart."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from scipy.special import stdtr, stdtrit

from canzona.evaluation.comparison import holm
from canzona.evaluation.listening_test.plan import (
    HIGHEST_RATING,
    KEY_COLUMNS,
    LONG_CRITERIA,
    LOWEST_RATING,
    SHORT_CRITERIA,
    named,
)

ANSWER_COLUMNS = ("listener", "id", "criterion", "rating", "seconds_listened")
"""Of the files that listeners download, a row for each rating."""

CRITERIA = tuple(dict.fromkeys(criterion.name for criterion in SHORT_CRITERIA + LONG_CRITERIA))
CONFIDENCE = 0.95
FEWEST_COMPARED = 3
"""Listeners without whom no two systems are compared."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One rating, 1 to 5, and how long its listener had played the excerpt, in seconds."""

    listener: str
    id: str
    criterion: str
    rating: int
    seconds_listened: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How a system fared by one criterion.

    Attributes:
        mean: of the listeners' own means, 1 to 5; ``None`` where no listener has rated every system.
        low: lower end of the 95 % confidence interval, ``None`` where fewer than two listeners have.
        high: its upper end.
        listeners: how many have rated every system by this criterion; only their answers count.
        left_out: how many have rated other systems only.
    """

    system: str
    criterion: str
    mean: float | None
    low: float | None
    high: float | None
    listeners: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A system less another by one criterion.

    Attributes:
        mean: of the differences between each listener's own means.
        low, high: ends of its 95 % confidence interval, Student's.
        p: of a difference as far from 0 if there were none, 0 to 1.
        listeners: how many have rated every system by this criterion.
    """

    criterion: str
    first: str
    second: str
    mean: float
    low: float
    high: float
    p: float
    listeners: int


def is_key(text: str) -> bool:
    """Whether the text of a CSV file is that of a key, by its first line."""
    return next(csv.reader(io.StringIO(text.split("\n", 1)[0])), []) == list(KEY_COLUMNS)


def read_key(name: str, text: str) -> dict[str, str]:
    """Id → system, from the text of the file ``name``; the inverse of ``key_csv`` but for songs.

    Raises:
        ValueError: naming the file and the line that is not as ``key_csv`` writes it.
    """
    systems: dict[str, str] = {}
    for line, row in _rows(name, text, KEY_COLUMNS):
        if row["id"] in systems:
            raise ValueError(f"{name}, line {line}: each id must be there once, got {row['id']!r} again")
        if not row["id"] or not row["system"]:
            raise ValueError(f"{name}, line {line}: must have an id and a system, got {row['id']!r} and {row['system']!r}")
        systems[row["id"]] = named(row["system"])
    if not systems:
        raise ValueError(f"{name}: must name at least one excerpt, got none")
    return systems


def read_answers(texts: Mapping[str, str], key: Mapping[str, str]) -> list[Answer]:
    """The answers of all files, given as name → text, in order.

    Raises:
        ValueError: naming the file and the line that is not as the page writes it: an id that the key lacks, a criterion or a
            rating that is none, or a second answer of a listener to the same question, in whichever file.
    """
    answers: list[Answer] = []
    seen: dict[tuple[str, str, str], str] = {}
    for name, text in texts.items():
        for line, row in _rows(name, text, ANSWER_COLUMNS):
            place = f"{name}, line {line}"
            answer = _answer(place, row, key)
            question = (answer.listener, answer.id, answer.criterion)
            if question in seen:
                raise ValueError(f"{place}: a listener must answer once, got {', '.join(question)} as in {seen[question]}")
            seen[question] = place
            answers.append(answer)
    return answers


def _answer(place: str, row: Mapping[str, str], key: Mapping[str, str]) -> Answer:
    ratings = [str(rating) for rating in range(LOWEST_RATING, HIGHEST_RATING + 1)]
    if not row["listener"]:
        raise ValueError(f"{place}: listener must have a name, got none")
    if row["id"] not in key:
        raise ValueError(f"{place}: id must be one of the key, got {row['id']!r}")
    if row["criterion"] not in CRITERIA:
        raise ValueError(f"{place}: criterion must be one of {', '.join(CRITERIA)}, got {row['criterion']!r}")
    if row["rating"] not in ratings:
        raise ValueError(f"{place}: rating must be {ratings[0]} to {ratings[-1]}, got {row['rating']!r}")
    try:
        seconds = float(row["seconds_listened"])
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{place}: seconds_listened must be 0 or more, got {row['seconds_listened']!r}")
    return Answer(row["listener"], row["id"], row["criterion"], int(row["rating"]), seconds)


def _rows(name: str, text: str, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row that is not empty, without spaces around its values, and the number of its line."""
    reader = csv.reader(io.StringIO(text))
    try:
        found = next(reader, [])
        if [value.strip() for value in found] != list(columns):
            raise ValueError(f"{name}, line 1: must be {','.join(columns)}, got {','.join(found)!r}")
        for row in reader:
            if row and len(row) != len(columns):
                raise ValueError(f"{name}, line {reader.line_num}: must have {len(columns)} values, got {len(row)}")
            if row:
                yield reader.line_num, dict(zip(columns, (value.strip() for value in row), strict=True))
    except csv.Error as error:
        raise ValueError(f"{name}, line {reader.line_num}: must be CSV: {error}") from None


def standings(answers: Sequence[Answer], key: Mapping[str, str]) -> list[Standing]:
    """Each system of the key by each criterion that was answered.

    A listener's ratings of a system are averaged first, so the listener is the unit. Intervals are those of Cousineau (2005)
    with the correction of Morey (2008, Tutorials in Quantitative Methods for Psychology 4(2), 61–64): every listener's own mean
    is replaced by the mean of all, which takes away how strict each is, the variance that is left is multiplied by J/(J−1) for
    J systems, and the quantile is Student's. A single system gets the common interval.
    """
    found: list[Standing] = []
    for criterion, of in _ratings(answers, key).items():
        if not len(of.rows):
            found += [Standing(system, criterion, None, None, None, 0, of.left_out) for system in of.systems]
            continue
        means, halves = _within_subject_interval(of.rows)
        for system, mean, half in zip(of.systems, means, halves, strict=True):
            low, high = (None, None) if math.isnan(half) else (float(mean - half), float(mean + half))
            found.append(Standing(system, criterion, float(mean), low, high, len(of.rows), of.left_out))
    return found


def comparisons(answers: Sequence[Answer], key: Mapping[str, str]) -> list[Comparison]:
    """Every system with every other by each criterion, listener by listener: paired t-tests (Student 1908).

    p is Holm's over all pairs and criteria. Pairs that fewer than ``FEWEST_COMPARED`` listeners have rated are missing.
    """
    found: dict[str, Comparison] = {}
    for criterion, of in _ratings(answers, key).items():
        if len(of.rows) < FEWEST_COMPARED:
            continue
        for (one, first), (other, second) in combinations(enumerate(of.systems), 2):
            differences = of.rows[:, one] - of.rows[:, other]
            listeners, mean = len(differences), float(differences.mean())
            error = float(differences.std(ddof=1) / np.sqrt(listeners))
            half = error * float(stdtrit(listeners - 1, (1 + CONFIDENCE) / 2))
            t = abs(mean) / error if error > 0 else math.inf if mean else 0.0
            p = 2 * float(stdtr(listeners - 1, -t))
            found[f"{criterion} {one} {other}"] = Comparison(
                criterion, first, second, mean, mean - half, mean + half, p, listeners
            )
    corrected = holm({name: comparison.p for name, comparison in found.items()})
    return [replace(comparison, p=corrected[name]) for name, comparison in found.items()]


@dataclass(frozen=True, slots=True)
class _Ratings:
    """Answers by one criterion: the mean rating of each listener who rated every system, and how many others there are."""

    systems: list[str]
    rows: np.ndarray
    left_out: int


def _ratings(answers: Sequence[Answer], key: Mapping[str, str]) -> dict[str, _Ratings]:
    """Criterion → ratings, of those that were answered; ``rows`` is (listeners, systems)."""
    systems = sorted(set(key.values()))
    found = {}
    for criterion in CRITERIA:
        ratings: dict[str, dict[str, list[int]]] = {}
        for answer in answers:
            if answer.criterion == criterion:
                ratings.setdefault(answer.listener, {}).setdefault(key[answer.id], []).append(answer.rating)
        rows = [[np.mean(own[system]) for system in systems] for own in ratings.values() if len(own) == len(systems)]
        if ratings:
            found[criterion] = _Ratings(systems, np.array(rows).reshape(-1, len(systems)), len(ratings) - len(rows))
    return found


def _within_subject_interval(ratings: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(listener, system) → mean of each system and half the length of its interval, NaN for fewer than two listeners."""
    listeners, systems = ratings.shape
    means = ratings.mean(axis=0)
    if listeners < 2:
        return means, np.full(systems, np.nan)
    correction = 1.0
    if systems > 1:
        ratings = ratings - ratings.mean(axis=1, keepdims=True) + ratings.mean()
        correction = systems / (systems - 1)
    errors = np.sqrt(correction * ratings.var(axis=0, ddof=1) / listeners)
    return means, errors * stdtrit(listeners - 1, (1 + CONFIDENCE) / 2)
