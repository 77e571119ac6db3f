"""External codes in training: the same as an encoder gives of the song that is heard, and of nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona import pretrained
from canzona.hierarchy.level import Level
from canzona.hierarchy.levels import LEVELS
from canzona.representation.encoders import CONTROL_SEED, Encoders
from canzona.representation.encodings import encoding_named
from canzona.representation.specification import external_places
from canzona.representation.structure import NONE
from canzona.representation.window import AskedCodes
from canzona.song import Song
from canzona.song.transposition import at_home
from canzona.training import codes
from canzona.training.codes import ON_GRID, SOME_ONLY, TrainingCodes
from canzona.training.dataset import TrainingSongs
from canzona.training.sampling import Visibility, draw_windows
from strategies import lead_sheets, piano_parts
from strategies import songs as any_songs
from test_encoders import tiny_encoder

CPU = torch.device("cpu")
CONTROLLED = [level for level in LEVELS if level.external]
BY_LEVEL = pytest.mark.parametrize("level", CONTROLLED, ids=lambda level: level.name)


@pytest.fixture(scope="module")
def encoders() -> Encoders:
    controls = [level.external for level in CONTROLLED if level.external]
    return Encoders(tuple(tiny_encoder(encoding_named(own.encoding), width=own.features or 16) for own in controls))


@pytest.fixture(scope="module")
def songs(training_songs) -> list[Song]:
    return [item.song for item in training_songs]


def codes_for(level: Level, encoders: Encoders, songs: list[Song]) -> TrainingCodes:
    assert level.external is not None
    return TrainingCodes(level.external, encoders.named(level.external.encoding, CONTROL_SEED).network, songs, CPU)


def some_windows(
    songs: list[Song], level: Level, count: int = 30, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Numbers of songs, first bars, and bars of windows."""
    random = torch.Generator().manual_seed(seed)
    song = torch.randint(len(songs), (count,), generator=random)
    bars = torch.tensor([songs[number].form.length_bars for number in song.tolist()])
    start = (torch.rand(count, generator=random) * bars).long()
    return song, start, torch.tensor([level.window_bars(songs[number].meter) for number in song.tolist()])


def bars_asked(asked: AskedCodes, songs: list[Song], windows: tuple[torch.Tensor, ...]) -> list[tuple[int, int, int, int]]:
    """(row, song, bar of the song, first bar of the passage) wherever a bar within window and song is asked for something."""
    found = []
    for row, (song, start, bars) in enumerate(zip(*(each.tolist() for each in windows), strict=True)):
        for bar in range(start, min(start + bars, songs[song].form.length_bars)):
            if asked.number[row, bar] != NONE:
                found.append((row, song, bar, bar - int(asked.bar[row, bar])))
    return found


def assert_as_encoded(level: Level, encoders: Encoders, songs: list[Song], asked: AskedCodes, windows) -> int:
    """See that every bar's code is that of a passage which begins at most its length before it; how many there were."""
    assert level.external is not None
    heard = [at_home(song) for song in songs]
    found = bars_asked(asked, songs, windows)
    for song in {song for _, song, _, _ in found}:
        rows = [(row, bar, first) for row, number, bar, first in found if number == song]
        expected = encoders.asked(level.external, heard[song], [first for _, _, first in rows])
        codes_alone = encoders.encode(level.external.encoding, CONTROL_SEED, heard[song], [first for _, _, first in rows])
        np.testing.assert_array_equal(expected[:, : level.external.width], codes_alone)
        own = np.stack([asked.codes[row, asked.number[row, bar]].numpy() for row, bar, _ in rows])
        np.testing.assert_allclose(own, expected, atol=1e-5)
    assert all(0 <= bar - first < level.external.bars for _, _, bar, first in found)
    return len(found)


@BY_LEVEL
def test_codes_of_windows_are_those_of_the_song_at_home_at_these_bars(level, encoders, songs):
    windows = some_windows(songs, level)
    asked = codes_for(level, encoders, songs).of_windows(*windows, torch.Generator().manual_seed(1))
    assert level.external is not None
    network = encoders.named(level.external.encoding, CONTROL_SEED).network
    features = network.config.tokens * network.config.width if level.external.features else 0
    assert asked.codes.shape[2] == level.external.width + features
    assert len(asked.codes.flatten(0, 1).unique(dim=0)) > 20  # passages differ
    assert assert_as_encoded(level, encoders, songs, asked, windows) > 100


@BY_LEVEL
@given(data=st.data())
@settings(max_examples=10)
def test_codes_of_any_song_are_those_of_the_song_at_home(level, data, encoders):
    song = data.draw(any_songs())
    beats = song.meter.bars_to_beats(song.form.length_bars)
    piano = tuple(replace(note, pitch=note.pitch // 2 + 30) for note in data.draw(piano_parts(song.length_steps)))
    song = replace(song, lead_sheet=data.draw(lead_sheets(beats)), accompaniment=piano)
    windows = torch.tensor([0]), torch.tensor([song.form.length_bars // 2]), torch.tensor([song.form.length_bars])
    asked = codes_for(level, encoders, [song]).of_windows(*windows, torch.Generator().manual_seed(0))
    assert_as_encoded(level, encoders, [song], asked, windows)


@BY_LEVEL
def test_passages_follow_one_another_over_the_whole_window(level, encoders, songs, monkeypatch):
    monkeypatch.setattr(codes, "SOME_ONLY", 0.0)
    windows, count, bars = some_windows(songs, level, 200), 200, level.external.bars
    asked = codes_for(level, encoders, songs).of_windows(*windows, torch.Generator().manual_seed(2))
    firsts = {(row, bar): first for row, _, bar, first in bars_asked(asked, songs, windows)}
    on_grid = 0
    for row, (song, start, window_bars) in enumerate(zip(*(each.tolist() for each in windows), strict=True)):
        inside = range(start, min(start + window_bars, songs[song].form.length_bars))
        own = [bar for bar in inside if (row, bar) in firsts]
        if not own:  # the song ends before the first passage that does not begin before it
            assert start < bars
            continue
        first = firsts[row, own[0]]
        assert own == list(range(max(start, first), inside.stop))
        assert first <= start or first < bars  # a passage that begins before the song is left out
        assert all(firsts[row, bar] == first + (bar - first) // bars * bars for bar in own)
        on_grid += first == start
    assert on_grid / count == pytest.approx(ON_GRID + (1 - ON_GRID) / bars, abs=0.1)


@BY_LEVEL
def test_some_windows_are_asked_for_some_codes_only(level, encoders, songs):
    windows = some_windows(songs, level, 600)
    windows = windows[0], torch.zeros_like(windows[1]), windows[2]
    asked = codes_for(level, encoders, songs).of_windows(*windows, torch.Generator().manual_seed(3))
    there = {(row, first) for row, _, _, first in bars_asked(asked, songs, windows)}
    first_code = sum((row, 0) in there for row in range(600)) / 600
    bars = level.external.bars
    begins_there = ON_GRID + (1 - ON_GRID) / bars  # else a passage begins before the song
    assert first_code == pytest.approx(begins_there * (1 - SOME_ONLY * (1 - codes.KEPT)), abs=0.06)


@BY_LEVEL
def test_windows_drawn_for_training_are_told_codes_of_their_song_alone(level, encoders, songs, training_songs):
    own = codes_for(level, encoders, songs)
    images = TrainingSongs(training_songs, CPU, codes=own)
    told = 0
    for seed in range(4):
        windows = draw_windows(images, level, 12, Visibility(), torch.Generator().manual_seed(seed))
        assert windows.asked is not None
        extents = torch.tensor([images.store.window_extent(level, int(song)) for song in windows.song])
        places = windows.song, windows.start_bar, extents
        told += assert_as_encoded(level, encoders, songs, windows.asked, places)
        external = images.store.conditions(level, windows).conditions.external
        assert external is not None
        frames = torch.arange(0, level.window_frames, 4)
        per_bar = torch.tensor([level.unit.frames_per_bar(songs[int(song)].meter) for song in windows.song])[:, None]
        bar = windows.start_bar[:, None] + frames // per_bar
        inside = (frames // per_bar < extents[:, None]) & (bar < images.bars[windows.song][:, None])
        asked_for = torch.gather(windows.asked.number, 1, bar.clamp(max=windows.asked.number.shape[1] - 1)) != NONE
        assert torch.equal(external.mask > 0, inside & asked_for)
        assert external.phase.max() < level.external.bars * level.unit.frames_per_bar(songs[0].meter) // 4
    assert told > 100


def test_songs_without_codes_are_asked_for_nothing(training_images):
    for level in LEVELS:
        assert draw_windows(training_images, level, 3, Visibility(), torch.Generator().manual_seed(0)).asked is None


@BY_LEVEL
def test_chance_comes_from_the_generator_alone(level, encoders, songs):
    windows, own = some_windows(songs, level), codes_for(level, encoders, songs)
    first, second, other = (own.of_windows(*windows, torch.Generator().manual_seed(seed)) for seed in (4, 4, 5))
    assert all(torch.equal(getattr(first, name), getattr(second, name)) for name in vars(first))
    assert not torch.equal(first.number, other.number)


def test_the_encoder_does_not_learn(encoders, songs):
    own = codes_for(CONTROLLED[0], encoders, songs)
    asked = own.of_windows(*some_windows(songs, CONTROLLED[0], 3), torch.Generator().manual_seed(0))
    assert not asked.codes.requires_grad
    assert not any(parameter.requires_grad for parameter in own.network.parameters())
    assert not own.network.training


@BY_LEVEL
def test_features_are_as_many_as_the_shipped_decoders_give(level):
    config = pretrained.load_encoders().named(level.external.encoding, CONTROL_SEED).network.config
    assert level.external.features in (0, config.width)
    if level.external.features:
        assert config.tokens == external_places(level)
