"""Fixtures that several tests share: made-up songs, prepared as training takes them."""

import gc
import importlib
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch
from hypothesis import HealthCheck, settings

from canzona.hierarchy.level import Level
from canzona.model.conditioning import Conditions, ExternalCodes
from canzona.model.config import ModelConfig
from canzona.training.dataset import PreparedSong, TrainingSongs, save_songs
from test_render import example_song
from tiny import tiny_config as make_tiny_config

TRAINING_FORMS = {1: ("i2A4B4A4B4o2", 4), 2: ("A8B8A8o1", 4), 3: ("i1A4A4B4B4", 3)}
VALIDATION_FORMS = {4: ("i2A4B4A4", 4), 11: ("A4B4A4B4", 3)}

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # how fast a machine is, or how busy, decides no test


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported for all tests stays: Python looks for garbage neither meanwhile nor, with every test, in all of that."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session")
def benchmark() -> Iterator[Callable[[str], ModuleType]]:
    """(name) → a module of benchmarks/."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
        yield importlib.import_module


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """So that sums are rounded alike from run to run, and tests leave the other cores alone."""
    torch.set_num_threads(1)


def worked_here(work: Callable, items: Iterable, processes: int) -> Iterator:
    """As ``canzona.processes.as_done``, which takes seconds to start a process, but in this one."""
    yield from map(work, items)


@pytest.fixture
def without_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Work that commands give to processes is done in this one: that processes change nothing, other tests say."""
    monkeypatch.setattr("canzona.engine.as_done", worked_here)


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
    return make_tiny_config


@pytest.fixture(scope="session")
def random_conditions() -> Callable[..., Conditions]:
    """(configuration, batch size, whether there are external codes, seed) → random conditions, none of them absent."""

    def make(config: ModelConfig, batch: int = 2, codes: bool = False, seed: int = 0) -> Conditions:
        generator = torch.Generator().manual_seed(seed)

        def bits(*shape: int) -> torch.Tensor:
            return torch.randint(2, (batch, config.frames, *shape), generator=generator).float()

        def random_codes() -> ExternalCodes:
            places = config.frames // config.place_frames
            phase = torch.randint(config.external_places, (batch, places), generator=generator)
            width = config.external_width + config.external_places * config.external_features
            return ExternalCodes(torch.randn(batch, places, width, generator=generator), phase, torch.ones(batch, places))

        return Conditions(
            known=bits(config.image_size),
            known_mask=bits(len(config.voices)),
            background=bits(config.background_size),
            position=bits(config.position_size),
            tempo=torch.rand(batch, config.tempo_size, generator=generator),
            reference=bits(config.reference_size),
            reference_mask=torch.ones(batch, config.frames, 1),
            external=random_codes() if codes else None,
        )

    return make
