"""Fixtures that several tests share: made-up songs, prepared as training takes them."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from canzona.hierarchy.level import Level
from canzona.model.conditioning import Conditions, ExternalCodes
from canzona.model.config import ModelConfig
from canzona.representation.specification import model_config
from canzona.training.dataset import PreparedSong, TrainingSongs, save_songs
from test_render import example_song
from tiny import WIDTHS

TRAINING_FORMS = {1: ("i2A4B4A4B4o2", 4), 2: ("A8B8A8o1", 4), 3: ("i1A4A4B4B4", 3)}
VALIDATION_FORMS = {4: ("i2A4B4A4", 4), 11: ("A4B4A4B4", 3)}


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """So that sums are rounded alike from run to run, and tests leave the other cores alone."""
    torch.set_num_threads(1)


def prepared(forms: dict[int, tuple[str, int]]) -> list[PreparedSong]:
    return [PreparedSong(number, example_song(*form)) for number, form in forms.items()]


@pytest.fixture(scope="session")
def training_songs() -> list[PreparedSong]:
    """Three songs to train on, in both metres."""
    return prepared(TRAINING_FORMS)


@pytest.fixture(scope="session")
def validation_songs() -> list[PreparedSong]:
    """Two songs under numbers of the validation split."""
    return prepared(VALIDATION_FORMS)


@pytest.fixture(scope="session")
def training_images(training_songs: list[PreparedSong]) -> TrainingSongs:
    """The training songs as images; to be read only."""
    return TrainingSongs(training_songs, torch.device("cpu"))


@pytest.fixture(scope="session")
def prepared_dataset(
    tmp_path_factory: pytest.TempPathFactory, training_songs: list[PreparedSong], validation_songs: list[PreparedSong]
) -> Path:
    """All of these songs as ``canzona prepare`` writes them."""
    path = tmp_path_factory.mktemp("data") / "dataset.npz"
    save_songs(path, training_songs + validation_songs)
    return path


@pytest.fixture(scope="session")
def tiny_config() -> Callable[[Level], ModelConfig]:
    """The shape of a level's network, as small as it gets."""
    return lambda level: model_config(level, widths=WIDTHS, blocks=1)


@pytest.fixture(scope="session")
def random_conditions() -> Callable[..., Conditions]:
    """(configuration, batch size, whether there are external codes, seed) → random conditions, none of them absent."""

    def make(config: ModelConfig, batch: int = 2, codes: bool = False, seed: int = 0) -> Conditions:
        generator = torch.Generator().manual_seed(seed)

        def signs(*shape: int) -> torch.Tensor:
            return torch.randint(2, (batch, *shape), generator=generator) * 2.0 - 1

        def random_codes() -> ExternalCodes:
            places = config.frames // config.fold_frames
            phase = torch.randint(config.external_phases, (batch, places), generator=generator)
            width = config.external_width + config.external_phases * config.external_features
            return ExternalCodes(signs(places, width), phase, torch.ones(batch, places))

        image = (config.own_channels, config.frames, config.rows)
        known_mask = (signs(*image) > 0).float()
        return Conditions(
            known=signs(*image) * known_mask,
            known_mask=known_mask,
            background=signs(config.background_channels, *image[1:]),
            position=signs(config.position_channels, *image[1:]),
            reference=signs(*image),
            reference_mask=torch.ones(batch, 1, *image[1:]),
            context=signs(config.context_passages, config.own_channels, config.context_frames, config.rows),
            context_mask=torch.ones(batch, config.context_passages),
            external=random_codes() if codes else None,
        )

    return make
