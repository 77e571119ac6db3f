"""Intervals against closed forms."""

import numpy as np
import pytest

from canzona.evaluation.bootstrap import RESAMPLES, figure_of, interval, resamples
from certain import sure


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_nothing_has_no_figure():
    assert figure_of([], rng()) is None


def test_one_song_and_equal_songs_have_no_width():
    for values in ([0.25], [0.25] * 9):
        figure = figure_of(values, rng())
        assert (sure(figure).mean, sure(figure).low, sure(figure).high, sure(figure).n) == (0.25, 0.25, 0.25, len(values))


def test_interval_of_the_mean_is_that_of_the_normal_distribution():
    values = np.random.default_rng(1).normal(3, 2, 400)
    figure = figure_of(values.tolist(), rng())
    half = 1.96 * values.std() / 20
    assert sure(figure).mean == pytest.approx(values.mean())
    assert sure(figure).low == pytest.approx(values.mean() - half, abs=0.02)
    assert sure(figure).high == pytest.approx(values.mean() + half, abs=0.02)


def test_resamples_in_blocks_are_those_drawn_at_once(monkeypatch):
    values = np.random.default_rng(1).normal(3, 2, 7)
    drawn = np.random.default_rng(0).integers(7, size=(RESAMPLES, 7))
    figure = figure_of(values.tolist(), rng())
    assert (sure(figure).low, sure(figure).high) == interval(values[drawn].mean(1))
    monkeypatch.setattr("canzona.evaluation.bootstrap.MOST_NUMBERS_AT_ONCE", 100)
    assert all(len(block) <= 100 // 7 for block in resamples(7, rng()))
    assert sum(len(block) for block in resamples(7, rng())) == RESAMPLES
    assert figure_of(values.tolist(), rng()) == figure


def test_same_generator_same_interval():
    values = [0.1, 0.5, 0.9, 0.3]
    assert figure_of(values, rng()) == figure_of(values, rng())


def test_interval_holds_the_middle():
    assert interval(np.arange(101.0), 0.9) == pytest.approx((5, 95))
