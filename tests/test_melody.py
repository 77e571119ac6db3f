"""The melody among all notes: what the network computes is what was learnt, and one note at a time is sung."""

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from canzona.transcription.melody import LEAST_ODDS, heard_melody, likeliest, melody_odds
from canzona.transcription.melody_features import NUMBERS, equally_loud, melody_features
from canzona.transcription.performance import Notes

ROWS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, 40), st.integers(21, 108), st.integers(1, 127)), min_size=1, max_size=80
)


def notes_of(rows: list[tuple[int, int, int, int]]) -> Notes:
    """Notes of (start, length, pitch, velocity)."""
    start, length, pitch, velocity = np.array(sorted(rows, key=lambda row: (row[0], row[2]))).T
    return Notes(start.astype(float), (start + length).astype(float), pitch, velocity, np.zeros(len(start), dtype=int))


def tune_over_chords(velocity: int) -> Notes:
    """A tune in quarters and eighths over chords in a low register, in eight bars."""
    tune = [60, 62, 64, 67, 65, 64, 62, 64, 67, 69, 67, 65, 64, 62, 60, 62] * 4
    rows = [(2 * step + step // 16 * 4, 2, pitch + 12, velocity) for step, pitch in enumerate(tune)]
    chords = [(16 * bar + 4 * beat, 4, 48 + tone, 70) for bar in range(9) for beat in range(4) for tone in (0, 4, 7)]
    return notes_of(rows + chords)


@given(ROWS)
def test_one_note_at_a_time_is_sung(rows: list[tuple[int, int, int, int]]) -> None:
    notes = notes_of(rows)
    sung, confidence = heard_melody(notes)
    assert len(np.unique(notes.start[sung])) == sung.sum()
    assert 0 <= confidence <= 1


@given(ROWS)
def test_bars_before_change_nothing(rows: list[tuple[int, int, int, int]]) -> None:
    early, late = notes_of(rows), notes_of([(start + 32, *row) for start, *row in rows])  # pyright: ignore[reportArgumentType]
    assert np.array_equal(melody_features(early), melody_features(late))


@pytest.mark.parametrize("velocity", [70, 100])
def test_a_tune_over_chords_is_found(velocity: int) -> None:
    notes = tune_over_chords(velocity)
    sung, _ = heard_melody(notes)
    assert (sung == (notes.pitch >= 60)).mean() > 0.9


def test_the_likeliest_of_those_that_start_together() -> None:
    notes = notes_of([(0, 4, 60, 80), (0, 4, 64, 80), (4, 4, 62, 80), (8, 4, 50, 80), (8, 4, 70, 80)])
    sung = likeliest(notes, np.array([1.0, 2.0, LEAST_ODDS - 0.1, 0.5, 0.25]))
    assert notes.pitch[sung].tolist() == [64, 50]


def test_features_of_equally_loud_notes() -> None:
    notes = tune_over_chords(100)
    same = notes.at(notes.start, notes.end)
    level = Notes(same.start, same.end, same.pitch, np.full_like(same.velocity, 64), same.track)
    assert np.array_equal(equally_loud(melody_features(notes)), melody_features(level))


def test_what_is_learnt_is_what_is_computed(benchmark: Callable[[str], ModuleType]) -> None:
    fitting = benchmark("fit_melody")
    torch.manual_seed(0)
    network = fitting.MelodyNetwork().eval()
    told = torch.randn(NUMBERS, 200)
    with torch.no_grad():
        _, expected = network(told[None], torch.ones(1, 1, 200))
    weights = {name: values.float().numpy() for name, values in fitting.weights_of(network).items()}
    assert np.allclose(melody_odds(told.numpy().T, weights), expected[0].numpy(), atol=5e-3)
