"""Loudness: what it depends on, what it may not depend on, and the file of what was learnt."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from canzona import pretrained
from canzona.faults import MachineFault
from canzona.generation.dynamics import MELODY, PIANO, load_dynamics, read_dynamics, shipped_dynamics, with_dynamics
from canzona.generation.request import Request
from canzona.model.dynamics import Dynamics, Player, PlayerConfig, dynamics_from_bytes, dynamics_to_bytes
from canzona.model.registry import DYNAMICS, WEIGHTS_FOLDER, UnusableWeights, digest_of, weights_file
from canzona.pretrained import REGISTRY
from canzona.representation.playing import playing, windows
from canzona.song import Form, Key, LeadSheet, Meter, Note, Song
from canzona.song.notes import HIGHEST_VELOCITY, LOWEST_VELOCITY
from canzona.song.song import HIGHEST_TEMPO, LOWEST_TEMPO
from canzona.song.transposition import transposed
from canzona.training.dataset import first_labellings, load_songs
from strategies import songs
from test_pretrained import flip_a_byte, truncate
from test_render import example_song
from tiny import write_tiny_weights

DATASET = Path(__file__).parents[1] / "dataset.npz"
NOTHING = playing((), Song(Form.parse("A1")))
SHAPE = {"numbers": NOTHING.told.shape[1], "windows": NOTHING.windows.shape[1]}
LARGEST_BYTES = 200_000


def velocities(song: Song) -> tuple[list[int], list[int]]:
    """Of melody and piano."""
    melody = () if song.lead_sheet is None else song.lead_sheet.melody
    return [note.velocity for note in melody], [note.velocity for note in song.accompaniment or ()]


def at_velocity(song: Song, velocity: int) -> Song:
    """The song with all notes as loud as that."""

    def voice(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        return tuple(replace(note, velocity=velocity) for note in notes)

    sheet, piano = song.lead_sheet, song.accompaniment
    return replace(
        song,
        lead_sheet=None if sheet is None else replace(sheet, melody=voice(sheet.melody)),
        accompaniment=None if piano is None else voice(piano),
    )


def flat_dynamics(typical: float = 50.0, **fields: Any) -> Dynamics:
    """Networks that play every note alike."""
    player = Player(PlayerConfig(**(SHAPE | {"typical_velocity": typical, "width": 4} | fields))).requires_grad_(False)
    player.output.weight.zero_()
    return Dynamics({MELODY: player, PIANO: player}, "1")


# What it depends on


@given(songs(), st.integers(1, 127))
@settings(max_examples=60)
def test_notes_get_velocities_that_follow_from_the_notes_alone(song: Song, velocity: int) -> None:
    played = with_dynamics(song)
    assert all(LOWEST_VELOCITY <= loud <= HIGHEST_VELOCITY for voice in velocities(played) for loud in voice)
    assert at_velocity(played, 64) == at_velocity(song, 64)
    assert with_dynamics(at_velocity(song, velocity)) == played == with_dynamics(song)


@given(songs(), st.floats(LOWEST_TEMPO, HIGHEST_TEMPO), st.integers(-11, 11))
@settings(max_examples=60)
def test_neither_tempo_nor_key_matter(song: Song, tempo: float, semitones: int) -> None:
    played = velocities(with_dynamics(song))
    assert velocities(with_dynamics(replace(song, tempo=tempo))) == played
    try:
        moved = transposed(song, semitones)
    except ValueError:  # a note leaves MIDI's range
        assume(False)
    assert velocities(with_dynamics(moved)) == played


@pytest.mark.parametrize("meter", [3, 4])
def test_the_melody_is_played_alike_with_and_without_a_piano(meter: int) -> None:
    song = example_song("i4A8B8o4", meter)
    melody, piano = velocities(with_dynamics(song))
    assert velocities(with_dynamics(replace(song, accompaniment=None))) == (melody, [])
    alone = velocities(with_dynamics(replace(song, lead_sheet=None)))
    assert alone[0] == []
    assert np.corrcoef(alone[1], piano)[0, 1] > 0.5  # told of no melody and no chords, it still plays much the same
    assert len(set(melody)) > 10
    assert len(set(piano)) > 10


def test_songs_without_notes_stay_as_they_are() -> None:
    for song in (Song(Form.parse("A1")), Song(Form.parse("A1"), lead_sheet=LeadSheet(), accompaniment=())):
        assert with_dynamics(song) == song


def test_a_single_note_is_of_typical_loudness() -> None:
    notes = (Note(5, 60, 2),)
    played = velocities(with_dynamics(Song(Form.parse("A1"), lead_sheet=LeadSheet(notes), accompaniment=notes)))
    typical = [shipped_dynamics().players[voice].config.typical_velocity for voice in (MELODY, PIANO)]
    assert [loud for voice in played for loud in voice] == typical


def test_notes_in_any_order_and_beyond_the_end_are_played() -> None:
    notes = tuple(Note(step, pitch, 2) for step in (40, 0, 8) for pitch in (67, 60))
    song = Song(Form.parse("A1"), lead_sheet=LeadSheet(), accompaniment=notes)
    shuffled = with_dynamics(song).accompaniment
    assert shuffled is not None
    assert sorted(shuffled) == list(with_dynamics(replace(song, accompaniment=tuple(sorted(notes)))).accompaniment or ())


# What notes are told


@pytest.mark.parametrize("meter", [Meter(3), Meter(4)], ids=str)
def test_windows_hold_the_notes_that_begin_within_them(meter: Meter) -> None:
    notes = example_song("A4B4", meter.beats_per_bar).accompaniment
    assert notes is not None
    told = playing(notes, Song(Form.parse("A8"), meter))
    for number, note in enumerate(notes):
        for (first, after), (low, high) in zip(windows(meter), told.windows[number].tolist(), strict=True):
            inside = [place for place, other in enumerate(notes) if first <= other.start_step - note.start_step < after]
            assert inside == list(range(low, high))


def test_a_note_sees_the_means_of_its_windows() -> None:
    torch.manual_seed(0)
    player = Player(PlayerConfig(3, 2, 80.0, width=4)).eval().requires_grad_(False).double()
    told, bounds = torch.randn(5, 3, dtype=torch.float64), torch.tensor([[[0, 0], [1, 4]]] * 5)
    described = torch.nn.functional.gelu(player.first(told))
    seen = torch.cat([described, torch.zeros(5, 4), described[1:4].mean(0).expand(5, 4)], dim=1)
    expected = 10 * player.output(torch.nn.functional.gelu(player.second(seen) + player.again(told)))[:, 0]
    torch.testing.assert_close(player(told, bounds), expected)
    assert player.velocities(told, bounds).mean() == pytest.approx(80)


# What is learnt


@pytest.fixture
def fit_dynamics(benchmark: Callable[[str], ModuleType]) -> ModuleType:
    return benchmark("fit_dynamics")


def test_what_is_played_louder_is_learnt_to_be_louder(fit_dynamics: ModuleType) -> None:
    def accented(form: str) -> Song:
        """Notes that begin a bar at 100, others at 60; the melody alike."""
        song = example_song(form)
        assert song.lead_sheet is not None
        melody, piano = (
            tuple(replace(note, velocity=100 if note.start_step % 16 == 0 else 60) for note in voice)
            for voice in (song.lead_sheet.melody, song.accompaniment or ())
        )
        return replace(song, lead_sheet=replace(song.lead_sheet, melody=melody), accompaniment=piano)

    training, unheard = [accented(form) for form in ("i2A4B4", "A8B4", "B8A4o2", "i4B4")], accented("A4B8o4")
    players = {voice: fit_dynamics.fit(voice, training, [unheard], epochs=100, seed=0) for voice in (MELODY, PIANO)}
    dynamics = dynamics_from_bytes(dynamics_to_bytes(Dynamics(players, "1")), "test")
    for voice, share in fit_dynamics.SHARES.items():
        figures = fit_dynamics.measure(voice, [unheard], dynamics)
        assert figures["correlation"][1] > 0.95
        human, learnt = figures["deviation"]
        assert learnt == pytest.approx(share * human, rel=0.05)


@pytest.mark.skipif(not DATASET.is_file(), reason=f"there is no {DATASET.name} beside the package")
def test_songs_that_were_not_learnt_from_are_played_as_their_pianists_did(fit_dynamics: ModuleType) -> None:
    tuning = [prepared.song for prepared in first_labellings(load_songs(DATASET)) if prepared.is_tuning]
    for voice, (correlation, error, deviation) in {MELODY: (0.3, 7.2, 5.2), PIANO: (0.5, 9.8, 10.5)}.items():
        figures = fit_dynamics.measure(voice, tuning[::4], shipped_dynamics())
        assert figures["correlation"][1] > correlation
        assert figures["mean error"][1] < error
        assert deviation < figures["deviation"][1] < 1.2 * figures["deviation"][0]


# Its file


def test_the_shipped_file_is_small_and_says_how_it_was_trained() -> None:
    path = weights_file(WEIGHTS_FOLDER, DYNAMICS)
    assert path.stat().st_size < LARGEST_BYTES
    assert json.loads((WEIGHTS_FOLDER / REGISTRY).read_text())[DYNAMICS] == digest_of(path.read_bytes())
    dynamics = load_dynamics(WEIGHTS_FOLDER)
    assert sorted(dynamics.players) == [MELODY, PIANO]
    assert dynamics.training["validation"]


def test_what_was_written_is_what_is_read() -> None:
    dynamics = replace(flat_dynamics(), training={"songs": 3})
    read = dynamics_from_bytes(dynamics_to_bytes(dynamics), "test")
    assert (read.version, read.training) == (dynamics.version, dynamics.training)
    for voice, player in dynamics.players.items():
        assert read.players[voice].config == player.config
        own = read.players[voice].state_dict()
        assert all(torch.equal(own[name], value.bfloat16().double()) for name, value in player.state_dict().items())


def test_a_folder_of_weights_may_have_its_own(tmp_path: Path) -> None:
    folder, run = write_tiny_weights(tmp_path), tmp_path / "weights.safetensors"
    run.write_bytes(dynamics_to_bytes(flat_dynamics(50.0)))
    registry = pretrained.register([run], folder)
    assert list(registry)[-1] == DYNAMICS
    assert load_dynamics(folder).training == {}
    cascade = pretrained.load(folder, dtype=torch.float32)
    song = cascade.compose(Request(Form.parse("A2"), Key.parse("C major"), steps=2))
    melody, piano = velocities(song)
    assert {*melody, *piano} == {50}


def spoilt_folder(tmp_path: Path, data: bytes) -> Path:
    """A folder whose registry vouches for a file of these contents."""
    weights_file(tmp_path, DYNAMICS).write_bytes(data)
    (tmp_path / REGISTRY).write_text(json.dumps({DYNAMICS: digest_of(data)}))
    return tmp_path


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (Path.unlink, r"dynamics\.safetensors is missing"),
        (truncate, r"dynamics\.safetensors is damaged"),
        (flip_a_byte, r"dynamics\.safetensors is damaged"),
        (lambda path: (path.parent / REGISTRY).write_text("{"), r"registry\.json is damaged"),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(tmp_path: Path, spoil: Callable[[Path], object], message: str) -> None:
    folder = spoilt_folder(tmp_path, dynamics_to_bytes(flat_dynamics()))
    spoil(weights_file(folder, DYNAMICS))
    notes = (Note(0, 60, 1),)
    with pytest.raises(UnusableWeights, match=message) as caught:
        with_dynamics(Song(Form.parse("A1"), accompaniment=notes), lambda: load_dynamics(folder))
    assert isinstance(caught.value, MachineFault)
    assert "\n" not in str(caught.value)
    assert with_dynamics(Song(Form.parse("A1")), lambda: load_dynamics(folder)) == Song(Form.parse("A1"))  # nothing to play


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is damaged"),
        (dynamics_to_bytes(flat_dynamics(numbers=7)), f"has numbers 7 for the melody, must have {SHAPE['numbers']}$"),
        (dynamics_to_bytes(flat_dynamics(windows=1)), f"has windows 1 for the melody, must have {SHAPE['windows']}$"),
        (dynamics_to_bytes(replace(flat_dynamics(), players={})), "must have a melody, got none$"),
        (weights_file(WEIGHTS_FOLDER, pretrained.ENCODERS), "must be a canzona-dynamics-1 file, got 'canzona-encoders-1'$"),
    ],
    ids=["empty", "told other things", "other windows", "no voices", "encoders"],
)
def test_files_of_something_else_are_refused(tmp_path: Path, data: bytes | Path, message: str) -> None:
    data = data.read_bytes() if isinstance(data, Path) else data
    with pytest.raises(ValueError, match=f"^dynamics: mine {message}"):
        read_dynamics(data, "mine")
    with pytest.raises(UnusableWeights, match=message):
        load_dynamics(spoilt_folder(tmp_path, data))
