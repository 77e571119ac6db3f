"""Differences of systems against closed forms, and how often they are claimed where there are none."""

import numpy as np
import pytest

from canzona.evaluation.comparison import FEWEST_SONGS, Difference, adjusted, difference_of, holm
from certain import sure


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def named(values: np.ndarray, prefix: str = "") -> dict[str, float]:
    return {f"{prefix}{number}": float(value) for number, value in enumerate(values)}


def test_songs_of_the_same_name_are_compared_with_each_other():
    songs = np.random.default_rng(1).normal(0, 5, 40)  # far more unlike each other than the systems are
    first, second = (songs + np.random.default_rng(seed).normal(level, 0.1, 40) for seed, level in ((2, 1.0), (3, 0.8)))
    paired, apart = (difference_of(named(first), named(second, prefix), rng()) for prefix in ("", "other "))
    assert sure(paired).is_paired
    assert not sure(apart).is_paired
    assert sure(paired).mean == pytest.approx(sure(apart).mean) == pytest.approx(np.mean(first - second))
    half = 1.96 * np.std(first - second) / np.sqrt(40)
    assert sure(paired).high - sure(paired).low == pytest.approx(2 * half, rel=0.05)
    assert sure(apart).high - sure(apart).low == pytest.approx(2 * 1.96 * np.sqrt((first.var() + second.var()) / 40), rel=0.05)
    assert sure(paired).p < 0.001
    assert sure(apart).p > 0.5


def test_songs_without_a_namesake_are_left_out_of_pairs_unless_they_are_most():
    own = named(np.arange(10.0))
    half = {name: own[name] + 1 for name in list(own)[:6]} | {f"x{number}": 99.0 for number in range(4)}
    assert difference_of(half, own, rng()) == difference_of(half, dict(list(own.items())[:6]), rng())
    few = {name: own[name] + 1 for name in list(own)[:4]} | {f"x{number}": 99.0 for number in range(6)}
    assert not sure(difference_of(few, own, rng())).is_paired


def test_what_is_the_same_does_not_differ_and_what_always_differs_does():
    own = named(np.linspace(0, 1, 12))
    same = difference_of(own, own, rng())
    assert (sure(same).mean, sure(same).low, sure(same).high, sure(same).p) == (0, 0, 0, 1)
    assert sure(difference_of({name: value + 0.5 for name, value in own.items()}, own, rng())).p < 0.001


def test_the_other_way_round_is_the_same_with_the_other_sign():
    first, second = named(np.random.default_rng(1).normal(0, 1, 20)), named(np.random.default_rng(2).normal(0.3, 1, 20))
    there, back = difference_of(first, second, rng()), difference_of(second, first, rng())
    assert (sure(back).mean, sure(back).low, sure(back).high, sure(back).p) == pytest.approx(
        (-sure(there).mean, -sure(there).high, -sure(there).low, sure(there).p)
    )


def test_too_few_songs_are_not_compared():
    songs = named(np.arange(FEWEST_SONGS - 1.0))
    assert difference_of(songs, songs, rng()) is None
    assert difference_of(songs, named(np.arange(20.0), "x"), rng()) is None
    assert difference_of({}, {}, rng()) is None


@pytest.mark.parametrize("prefix", ["", "other "])
def test_differences_are_claimed_about_as_often_as_chance_allows(prefix, monkeypatch):
    monkeypatch.setattr("canzona.evaluation.bootstrap.RESAMPLES", 400)
    generator = np.random.default_rng(5)
    claimed = [
        sure(difference_of(named(first), named(second, prefix), generator)).is_significant
        for first, second in generator.exponential(size=(300, 2, 12))
    ]
    assert 0.01 < np.mean(claimed) < 0.09


def test_holm_by_hand():
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({"a": 0.5, "b": 0.9}) == {"a": 1, "b": 1}
    assert holm({}) == {}


def test_a_difference_that_holds_alone_may_not_hold_among_many():
    found = {str(number): Difference(0.1, 0.01, 0.2, 9, 0.04, True) for number in range(2)}
    assert all(difference.is_significant for difference in found.values())
    assert not any(difference.is_significant for difference in adjusted(found).values())
