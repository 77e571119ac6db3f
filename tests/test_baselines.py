"""The baselines that share Canzona's images and songs, and the copy-bot."""

import pytest
import torch

from canzona.baselines import flat
from canzona.baselines.ablations import ABLATIONS
from canzona.baselines.copybot import CopyBot
from canzona.evaluation import score
from canzona.generation.canvas import LevelModel
from canzona.generation.cascade import Cascade
from canzona.generation.request import Request
from canzona.generation.schedule import window_places
from canzona.hierarchy.levels import ACCOMPANIMENT, FORM
from canzona.io.files import check_storable
from canzona.model.denoiser import Denoiser
from canzona.model.diffusion import NoiseSchedule
from canzona.song import Form, Key, LeadSheet, Meter, Mode, Note, Song
from canzona.training.config import TrainingConfig
from canzona.training.dataset import TrainingSongs
from canzona.training.loop import Trainer
from canzona.training.sampling import Visibility, draw_windows
from certain import sure
from test_render import example_song
from tiny import tiny_network

SONG = example_song("i2A4B4A4o2")
REQUEST = Request(Form.parse("i2A4B4A4o2"), Key.parse("D major"), seed=3, steps=2)


@pytest.fixture(scope="module")
def flat_model() -> LevelModel:
    return LevelModel(Denoiser(tiny_network(flat.FLAT)), NoiseSchedule())


def test_flat_image_holds_lead_sheet_and_piano():
    image = flat.encode_flat(flat.FLAT, SONG)
    assert image.shape == (SONG.length_steps, 4, ACCOMPANIMENT.rows)
    bare = flat.decode_flat(image, example_song("i2A4B4A4o2"))
    assert [(note.start_step, note.pitch) for note in sure(bare.lead_sheet).melody] == [
        (note.start_step, note.pitch) for note in sure(SONG.lead_sheet).melody
    ]
    assert sure(bare.lead_sheet).chords == sure(SONG.lead_sheet).chords
    assert {(note.start_step, note.pitch) for note in sure(bare.accompaniment)} == {
        (note.start_step, note.pitch) for note in sure(SONG.accompaniment)
    }


def test_flat_model_is_shown_no_earlier_phrase(training_songs):
    songs = TrainingSongs(training_songs, torch.device("cpu"), (FORM, flat.FLAT), flat.encode_flat)
    windows = draw_windows(songs, flat.FLAT, 16, Visibility(), torch.Generator().manual_seed(0))
    conditions = songs.store.conditions(flat.FLAT, windows).conditions
    assert conditions.reference_mask.sum() == 0
    assert conditions.background.shape[2] == len(FORM.planes) * FORM.rows + 1


def test_windows_of_a_level_without_references_always_move_by_half():
    form = Form.parse("A8A8A8A8")
    starts = [place.start_bar for place in window_places(flat.FLAT, Meter(), form)]
    assert starts == [0, 4, 8, 12, 16, 20, 24]


def test_flat_songs_have_the_form_and_depend_on_the_seed(flat_model):
    first, again, other = flat.compose_many(flat_model, [REQUEST, REQUEST, REQUEST.with_seed(4)])
    check_storable(first)
    assert first == again != other
    assert str(first.form) == str(REQUEST.form)
    assert {phrase.key for phrase in first.form.phrases} == {REQUEST.key}
    assert first.accompaniment is not None


def test_flat_is_trained_like_a_level(tmp_path, training_songs, validation_songs, tiny_config):
    config = TrainingConfig(batch_size=2, max_steps=2, max_minutes=None, validation_windows=4)
    arguments = (flat.FLAT, training_songs, validation_songs, tmp_path, config, torch.device("cpu"), tiny_config(flat.FLAT))
    trainer = Trainer(*arguments, encode=flat.encode_flat)
    assert [progress.step for progress in trainer.run()][-1] == 2


@pytest.mark.parametrize("form", [None, Form.parse("A4")])
def test_a_baseline_needs_a_form_with_keys(flat_model, form):
    for compose in (lambda requests: flat.compose_many(flat_model, requests), CopyBot([SONG]).compose_many):
        with pytest.raises(ValueError, match="form: must be given with keys"):
            next(compose([Request(form)]))


@pytest.mark.parametrize("name", ABLATIONS)
def test_ablated_cascades_compose(name):
    levels = ABLATIONS[name]
    models = {level.name: LevelModel(Denoiser(tiny_network(level)), NoiseSchedule()) for level in levels[1:]}
    song = Cascade(models, levels=levels).compose(REQUEST)
    check_storable(song)
    assert str(song.form) == str(REQUEST.form)
    assert song.lead_sheet is not None
    assert (song.reduced_lead_sheet is None) == ("reduced" in name)
    assert song.accompaniment is None


def test_copy_bot_glues_phrases_in_the_key_asked_for():
    sources = [SONG, example_song("A4B4A4")]
    song, again = CopyBot(sources).compose_many([REQUEST, REQUEST])
    check_storable(song)
    assert song == again
    assert str(song.form) == str(REQUEST.form)
    assert score(song)["returns_melody_same"] == score(song)["returns_piano_same"] == 1
    assert sure(score(song)["melody_in_key"]) > 0.9


def source(pitch: int, bars: int = 4) -> Song:
    """One sung phrase in C major with one melody note."""
    form = Form.parse(f"A{bars}", Key.parse("C major"))
    return Song(form, lead_sheet=LeadSheet((Note(0, pitch, 4),), ()), accompaniment=())


@pytest.mark.parametrize(
    ("lengths", "drawable"),
    [((4,) * 15, 15), (range(4, 19), 10)],
    ids=["of equally near ones any", "else one of the ten nearest"],
)
def test_copy_bot_draws_among_the_nearest_phrases(lengths, drawable):
    sources = [source(60 + number, bars) for number, bars in enumerate(lengths)]
    requests = [Request(Form.parse("A4"), Key.parse("C major"), seed=seed) for seed in range(250)]
    drawn = [sure(song.lead_sheet).melody[0].pitch for song in CopyBot(sources).compose_many(requests)]
    assert set(drawn) == set(range(60, 60 + drawable))
    assert max(map(drawn.count, drawn)) < 2 * len(drawn) / drawable


def test_copy_bot_moves_a_phrase_by_the_smaller_way():
    requests = [Request(Form.parse("A4"), Key(tonic, Mode.MAJOR)) for tonic in range(12)]
    moved = [sure(song.lead_sheet).melody[0].pitch - 60 for song in CopyBot([source(60)]).compose_many(requests)]
    assert moved == [0, 1, 2, 3, 4, 5, -6, -5, -4, -3, -2, -1]


def test_copy_bot_repeats_a_short_source_and_refuses_a_strange_metre():
    (song,) = CopyBot([example_song("A4")]).compose_many([Request(Form.parse("A10"), Key.parse("C major"))])
    check_storable(song)
    assert score(song)["sung_bars"] == 1
    with pytest.raises(ValueError, match="meter: must be that of a training song"):
        next(CopyBot([SONG]).compose_many([Request(Form.parse("A4"), Key.parse("C major"), Meter(3))]))
    with pytest.raises(ValueError, match="songs: must be at least one"):
        CopyBot([])
