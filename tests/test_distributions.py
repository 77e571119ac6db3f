"""Features counted by hand, and overlapped areas of songs that are alike, unlike and human."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from canzona.evaluation.distributions import DRAWS, FEATURES, Windows, features, overlapped_areas
from canzona.hierarchy.analysis import phrase_keys
from canzona.io.pop909 import read_song, song_numbers
from canzona.song import Form, Key, LeadSheet, Note, Song
from canzona.training.dataset import validation_numbers
from real_data import POP909, STRUCTURE, needs_data
from strategies import songs

BAR = 16
FOURTH_BAR = 3 * BAR


def piano_song(form: str, *notes: Note, key: str | None = "C major") -> Song:
    return Song(Form.parse(form, None if key is None else Key.parse(key)), accompaniment=notes)


def feature(song: Song, name: str) -> np.ndarray:
    found = features(song)[name]
    assert found is not None
    return found


def drawn(generator: np.random.Generator, shares: list[float], songs: int = 20) -> list[np.ndarray]:
    """Songs of five windows of forty events."""
    return [generator.multinomial(40, shares, size=5) / 40 for _ in range(songs)]


def test_pitches_are_counted_from_the_relative_major():
    notes = (Note(0, 69, 4), Note(4, 72, 4), Note(8, 60, 4), Note(12, 64, 4))
    from_c = feature(piano_song("A1", *notes, key="A minor"), "piano_pitch")
    assert from_c.shape == (1, 12)
    assert from_c[0, [0, 4, 9]].tolist() == [2 / 4, 1 / 4, 1 / 4]
    assert feature(piano_song("A1", *notes, key="F major"), "piano_pitch")[0, [7, 11, 4]].tolist() == [2 / 4, 1 / 4, 1 / 4]
    assert features(piano_song("A1", *notes, key=None))["piano_pitch"] is None


def test_durations_densities_and_polyphony():
    notes = (Note(0, 60, 4), Note(0, 64, 4), Note(4, 60, 24), Note(FOURTH_BAR, 60, 1))
    song = piano_song("A4", *notes)
    durations = feature(song, "piano_duration")[0]
    assert durations[[3, 15, 0]].tolist() == [2 / 4, 1 / 4, 1 / 4]  # whoever is longer than a bar counts as a bar
    density = feature(song, "piano_density")[0]
    assert density[[0, 1, 3]].tolist() == [2 / 4, 1 / 4, 1 / 4]
    polyphony = feature(song, "piano_polyphony")[0]
    assert polyphony[[0, 1, 2]].tolist() == [(64 - 4 - 24 - 1) / 64, 25 / 64, 4 / 64]


def test_windows_of_eight_bars():
    early, tied, late = Note(0, 60, 4), Note(8 * BAR - 4, 60, 8), Note(8 * BAR + 8, 60, 4)
    song = piano_song("A12", early, tied, late)
    assert feature(song, "piano_density")[:, :3].tolist() == [[6 / 8, 2 / 8, 0], [3 / 4, 1 / 4, 0]]
    assert feature(song, "piano_polyphony")[1, :2].tolist() == [(64 - 8) / 64, 8 / 64]  # what rings on is heard
    assert (
        feature(piano_song("A24", early, Note(16 * BAR, 60, 4)), "piano_density").shape[0] == 2
    )  # a silent window is left out
    assert features(piano_song("A4"))["piano_density"] is None


def test_melody_and_piano_are_told_apart():
    song = Song(Form.parse("A1", Key.parse("C major")), lead_sheet=LeadSheet((Note(0, 60, 2),)))
    assert {name for name, value in features(song).items() if value is not None} == {
        name for name in FEATURES if name.startswith("melody")
    }


@given(songs())
@settings(max_examples=30)
def test_features_are_histograms(song):
    found = features(song)
    assert tuple(found) == FEATURES
    for windows in found.values():
        assert windows is None or (np.all(windows >= 0) and np.allclose(windows.sum(1), 1))


def area(system: list[np.ndarray] | None, human: list[np.ndarray], songs: int) -> float:
    return float(overlapped_areas(system, human, songs, np.random.default_rng(0)).mean())


def test_songs_from_the_same_source_overlap_and_others_do_not():
    generator = np.random.default_rng(0)
    human = drawn(generator, [0.4, 0.3, 0.2, 0.1])
    same, other = drawn(generator, [0.4, 0.3, 0.2, 0.1]), drawn(generator, [0.1, 0.1, 0.2, 0.6])
    assert area(same, human, 10) > 0.9
    assert area(other, human, 10) < 0.2


def test_a_system_of_one_song_is_found_out():
    generator = np.random.default_rng(1)
    human = [generator.dirichlet(np.ones(8), size=5) for _ in range(20)]
    loop = [np.repeat(generator.dirichlet(np.full(8, 0.05), size=1), 5, axis=0)] * 20
    assert area(loop, human, 10) < 0.7


def test_human_songs_are_no_higher_than_a_system_that_draws_from_the_same_source():
    """By equal numbers on both sides the human column is what a perfect system reaches: neither above nor below."""
    generator = np.random.default_rng(3)
    human, system = ([generator.dirichlet(np.ones(6), size=4) for _ in range(count)] for count in (46, 24))
    own, others = area(None, human, 12), area(system, human, 12)
    assert own == pytest.approx(others, abs=0.02)


def test_songs_with_nothing_in_common_with_identical_human_songs():
    alike, unlike = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert area([alike] * 2, [alike] * 4, 2) == pytest.approx(1)
    assert area([unlike] * 2, [alike] * 4, 2) == pytest.approx(0, abs=1e-6)
    assert area(None, [alike] * 4, 2) == pytest.approx(1)


def test_pairs_of_songs_weigh_the_same_whatever_their_lengths():
    alike, unlike = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert area([alike, np.repeat(unlike, 99, axis=0)], [alike] * 4, 2) == pytest.approx(1 / 2)


def test_human_songs_are_held_against_others_than_themselves():
    """Each of four human songs is unlike all others: no distance is 0, neither between the halves nor within one."""
    human = list(np.eye(4)[:, None])
    assert area(None, human, 2) == pytest.approx(1)


def test_both_sides_are_drawn_again_and_again():
    generator = np.random.default_rng(2)
    human, system = (drawn(generator, [0.4, 0.3, 0.2, 0.1]) for _ in range(2))
    areas = overlapped_areas(system, human, 10, np.random.default_rng(0))
    assert areas.shape == (DRAWS,)
    assert np.array_equal(areas, overlapped_areas(system, human, 10, np.random.default_rng(0)))
    assert areas.std() > 0
    constant_human = overlapped_areas(system, human[:1] * 20, 10, np.random.default_rng(0))
    constant_system = overlapped_areas(system[:1] * 20, human, 10, np.random.default_rng(0))
    assert constant_human.std() > 0
    assert constant_system.std() > 0


@pytest.mark.parametrize(("system", "human", "songs", "most"), [(9, 8, 5, 4), (3, 8, 4, 3), (None, 8, 5, 4), (8, 8, 1, 4)])
def test_too_few_songs_are_refused(system, human, songs, most):
    one = np.ones((1, 1))
    with pytest.raises(ValueError, match=f"^songs: must be 2 to {most}, got {songs}$"):
        area(None if system is None else [one] * system, [one] * human, songs)


def human_song(number: int) -> Song:
    arrangement = read_song(number, POP909, STRUCTURE)
    lead_sheet = LeadSheet(arrangement.melody, arrangement.chords)
    form = phrase_keys(arrangement.forms[0], lead_sheet, arrangement.meter)
    return Song(form, arrangement.meter, lead_sheet=lead_sheet, accompaniment=arrangement.accompaniment)


@needs_data
def test_human_songs_overlap_with_human_songs_and_random_notes_do_not():
    generator = np.random.default_rng(0)
    numbers = validation_numbers() & set(song_numbers(POP909, STRUCTURE))
    human = [human_song(number) for number in sorted(numbers)]
    found = [features(song) for song in human]
    random = [features(with_random_piano(song, generator)) for song in human[::2]]
    for name in FEATURES:
        windows = scored(found, name)
        assert area(None, windows, len(windows) // 2) > 0.95, name
    for name in ("piano_pitch", "piano_duration", "piano_polyphony"):
        assert area(scored(random, name), scored(found, name), len(random) // 2) < 0.75


def scored(found: list[dict[str, Windows | None]], name: str) -> list[Windows]:
    return [windows for song in found if (windows := song[name]) is not None]


def with_random_piano(song: Song, generator: np.random.Generator) -> Song:
    """As many notes as it has, of up to two beats, anywhere."""
    count = len(song.accompaniment or ())
    steps = generator.integers(0, song.length_steps - 8, count).tolist()
    pitches, durations = generator.integers(36, 96, count).tolist(), generator.integers(1, 9, count).tolist()
    return replace(song, accompaniment=tuple(sorted(map(Note, steps, pitches, durations))))
