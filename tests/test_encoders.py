"""Encoders of short passages: what they see, how they are trained, stored and used."""

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from canzona import pretrained
from canzona.cli.train_encoder import train_encoder
from canzona.hierarchy.levels import LEVELS
from canzona.model.encoder import Autoencoder, Posterior
from canzona.model.encoder_weights import EncoderCard, TrainedEncoder, read_encoders, write_encoders
from canzona.model.registry import digest_of
from canzona.pretrained import ENCODERS, LARGEST_FILE_BYTES, REGISTRY, UnusableWeights
from canzona.representation.encoders import Encoders
from canzona.representation.encodings import ENCODINGS, SEEDS, Encoding, encoding_named
from canzona.representation.segments import HOLD, NONE, ONSET, REST, SegmentSource, transposed_chords
from canzona.representation.views import PIANO_ROWS, QUESTIONS, View, answers, features, into_range, piano_roll
from canzona.song import Chord, ChordSpan, Form, LeadSheet, Meter, Note, Song
from canzona.song.harmony import QUALITIES, QUALITY_NAMES
from canzona.song.transposition import transposed
from canzona.training.encoder_scores import (
    codes_of,
    reconstruction_figures,
    reconstruction_loss,
    split_answers,
    texture_likeness,
    validation_segments,
)
from canzona.training.encoders import EncoderTrainer, EncoderTrainingConfig
from canzona.training.revoicing import revoiced
from canzona.version import __version__
from test_render import example_song
from tiny import write_tiny_run

BY_ENCODING = pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: encoding.name)
TINY = {"width": 16, "encoder_blocks": 1, "decoder_blocks": 1}
C, A_MINOR, G_OVER_B = Chord(0, "maj", 0), Chord(9, "min", 9), Chord(7, "maj", 11)


def tiny_encoder(encoding: Encoding, seed_number: int = 0, width: int = 16, **card: Any) -> TrainedEncoder:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_number)
        network = Autoencoder(encoding.config(**TINY | {"width": width})).eval().requires_grad_(False)
    values: dict[str, Any] = {"specification": encoding.specification(), "config": network.config, "version": __version__}
    return TrainedEncoder(EncoderCard(encoding.name, seed_number, **(values | {"training": {"steps": 0}} | card)), network)


def of_one_song(song: Song, start_bars: list[int], bars: int = 2):
    return SegmentSource([song]).segments(np.zeros(len(start_bars), dtype=int), np.array(start_bars), bars)


def song_of(*, melody=(), chords=(), piano=(), form="A2", meter=4) -> Song:
    sheet = LeadSheet(tuple(Note(*note) for note in melody), tuple(ChordSpan(*span) for span in chords))
    return Song(Form.parse(form), Meter(meter), lead_sheet=sheet, accompaniment=tuple(Note(*note) for note in piano))


# Segments


def test_a_segment_is_what_is_written_in_its_bars():
    song = song_of(
        form="A3",
        melody=[(14, 60, 4), (20, 62, 8), (24, 64, 1), (24, 67, 2)],
        chords=[(0, 5, C), (5, 3, G_OVER_B)],
        piano=[(15, 40, 4), (16, 48, 2), (47, 50, 9)],
    )
    segments = of_one_song(song, [1, 2])
    assert segments.inside.tolist() == [[True] * 8, [True] * 4 + [False] * 4]
    first, second = segments.states.reshape(2, 32)
    assert first.tolist() == [HOLD, HOLD, REST, REST, ONSET, HOLD, HOLD, HOLD, ONSET, HOLD] + [REST] * 22
    assert second.tolist() == [REST] * 32
    pitches = segments.pitches.reshape(2, 32)[0]
    assert pitches[:10].tolist() == [60, 60, NONE, NONE, 62, 62, 62, 62, 67, 67]  # the higher of two
    g = QUALITY_NAMES.index("maj")
    assert segments.chords[0].tolist() == [[0, g, 0]] + [[7, g, 11]] * 3 + [[NONE] * 3] * 4
    notes = segments.notes
    assert [*zip(notes.segment, notes.step, notes.pitch, notes.duration, strict=True)] == [
        (0, 0, 48, 2),
        (0, 31, 50, 1),
        (1, 15, 50, 1),  # cut at the end of the song
    ]


def test_in_three_four_two_bars_are_six_beats_of_eight():
    song = song_of(form="A4", meter=3, piano=[(23, 60, 4), (24, 61, 1)], chords=[(0, 12, C)], melody=[(0, 60, 48)])
    segments = of_one_song(song, [0, 2])
    assert segments.inside.tolist() == [[True] * 6 + [False] * 2] * 2
    assert segments.notes.step.tolist() == [23, 0]
    assert segments.notes.duration.tolist() == [1, 1]
    for view in View:
        assert not features(view, segments)[:, 6:].any()
    for view in QUESTIONS:
        assert all((wanted[:, 6:] == NONE).all() for wanted in answers(view, segments).values())


def test_songs_stand_apart_on_the_timeline():
    songs = [song_of(piano=[(31, 60, 1), (40, 99, 1)], melody=[(30, 60, 99)], chords=[(7, 9, C)]), example_song("A4", 3)]
    both, alone = SegmentSource(songs), SegmentSource(songs[1:])
    starts = np.array([0, 2])
    together, own = both.segments(np.array([1, 1]), starts, 2), alone.segments(np.array([0, 0]), starts, 2)
    for view in View:
        np.testing.assert_array_equal(features(view, together), features(view, own))
    assert both.segments(np.array([0]), np.array([0]), 2).notes.pitch.tolist() == [60]


@pytest.mark.parametrize("start_bar", [-1, 2])
def test_a_segment_outside_its_song_is_refused(start_bar):
    with pytest.raises(ValueError, match=rf"^start_bars: must be 0 to 1, got {start_bar}$"):
        of_one_song(song_of(), [0, start_bar])


@pytest.mark.parametrize("semitones", [-6, 1, 5])
def test_transposing_segments_is_transposing_the_song(semitones):
    song = example_song("i2A4B4", 4)
    starts = [0, 2, 5]
    moved = of_one_song(song, starts).transposed(np.full(3, semitones))
    for view in View:
        wanted = of_one_song(transposed(song, semitones), starts)
        np.testing.assert_array_equal(features(view, moved), features(view, wanted))


def test_chords_are_seen_by_their_tones_not_their_names():
    same = [song_of(chords=[(0, 8, Chord(root, quality, 9))]) for root, quality in ((0, "maj6"), (9, "min7"))]
    seen = [features(View.CHORDS, of_one_song(song, [0])) for song in same]
    np.testing.assert_array_equal(seen[0], seen[1])
    assert seen[0][0, 0].nonzero()[0].tolist() == [9, 12 + 0, 12 + 4, 12 + 7, 12 + 9, 24 + 9, 36]


def test_pitches_without_a_row_are_moved_by_octaves():
    pitches = np.array([0, 20, 21, 60, 108, 109, 127])
    assert into_range(pitches, 21, 88).tolist() == [24, 32, 21, 60, 108, 97, 103]


def test_the_piano_roll_shows_onsets_and_what_is_held():
    roll = piano_roll(of_one_song(song_of(piano=[(3, 60, 3), (8, 21, 1)]), [0]))
    places = [tuple(place) for place in np.argwhere(roll[0])]
    assert places == [(0, 0, 3, 39), (1, 1, 0, 39), (1, 1, 1, 39), (2, 0, 0, 0)]


def test_a_held_note_that_opens_a_segment_is_asked_for_once():
    segments = of_one_song(song_of(melody=[(14, 60, 10), (28, 64, 2)], form="A2"), [1])
    asked = answers(View.MELODY, segments)["pitch"].reshape(-1)
    assert {place: int(asked[place]) for place in np.flatnonzero(asked != NONE)} == {0: 24, 12: 28}


def test_a_decoder_says_piano_pitches_from_the_root_of_the_chord():
    chords = [(0, 1, Chord(5, "maj", 9)), (1, 1, Chord(6, "maj", 6))]
    segments = of_one_song(song_of(piano=[(0, 65, 1), (0, 108, 1), (4, 66, 1), (4, 21, 1), (8, 60, 1)], chords=chords), [0])
    onset = answers(View.PIANO, segments)["onset"].reshape(8, 4, -1)
    found = [tuple(place) for place in np.argwhere(onset == 1)]
    middle_c = 60 - 21 + 6
    assert found == [(0, 0, middle_c), (0, 0, 103 - 15), (1, 0, 27 - 15), (1, 0, middle_c + 12), (2, 0, middle_c)]
    harmony = features(View.HARMONY, segments)[0]
    assert harmony[0].nonzero()[0].tolist() == [5, 12 + 0, 12 + 4, 12 + 7, 24 + 4, 36]
    assert harmony[1].nonzero()[0].tolist() == [6, 12 + 0, 12 + 4, 12 + 7, 24 + 0, 36]
    assert harmony[2].nonzero()[0].tolist() == [36]


# Revoicing


def piano_over(pitches, chord: Chord):
    notes = [(index, pitch, 1) for index, pitch in enumerate(pitches)]
    return of_one_song(song_of(piano=notes, chords=[(0, 8, chord)]), [0])


def moved_to(pitches, old: Chord, new: Chord) -> list[int]:
    other = of_one_song(song_of(chords=[(0, 8, new)]), [0])
    return revoiced(piano_over(pitches, old), other.chords).notes.pitch.tolist()


def test_a_figure_keeps_its_parts_of_the_chord():
    # in the first beat C3 is the bass, and E3 G3 C4 third, fifth and root; D4 lies between root and third
    assert moved_to([48, 52, 55, 60, 62], C, A_MINOR) == [45, 48, 52, 57, 59]
    assert moved_to([48, 52, 55, 60], C, G_OVER_B) == [47, 47, 50, 55]  # the bass goes to B, not to the root
    assert moved_to([45, 48, 52, 55], Chord(9, "min7", 9), Chord(2, "maj", 2)) == [50, 54, 57, 62]  # a seventh → octave


@pytest.mark.parametrize("quality", QUALITIES)
def test_chord_tones_become_chord_tones_and_the_same_chord_changes_nothing(quality):
    old = Chord(4, quality, 4).canonical()
    tones = [60 + tone for tone in old.chroma]
    assert moved_to(tones, old, old) == tones
    for other in QUALITIES:
        new = Chord(10, other, 10).canonical()
        assert {pitch % 12 for pitch in moved_to(tones, old, new)} <= {*new.chroma, new.bass}


def test_revoicing_needs_chords_on_both_sides_and_stays_in_range():
    segments = piano_over([21, 108], C)
    assert revoiced(segments, np.full_like(segments.chords, NONE)).notes.pitch.tolist() == [21, 108]
    pitches = moved_to([21, 24, 108], Chord(0, "maj", 0), Chord(6, "maj", 6))
    assert all(21 <= pitch <= 108 for pitch in pitches)


def test_transposed_chords_leave_what_is_none():
    chords = np.array([[[11, 3, 0], [NONE] * 3]])
    assert transposed_chords(chords, np.array([2])).tolist() == [[[1, 3, 2], [NONE] * 3]]


# Networks and scores


def test_divergence_is_that_of_normal_distributions():
    mean, deviation = torch.tensor([[0.0, 0.0], [3.0, -1.0], [0.0, 2.0]]), torch.tensor([[1.0, 1.0], [1.0, 1.0], [0.5, 1.0]])
    expected = torch.tensor([0.0, (9 + 1) / 2, 4 / 2 + (0.25 - 1) / 2 + math.log(2)])
    assert torch.allclose(Posterior(mean, 2 * deviation.log()).divergence(), expected)


def test_a_configuration_is_checked():
    good = encoding_named("chords").config()
    for field, value in (("width", 10**9), ("encoder_blocks", 17), ("tokens", 0), ("code_width", 12), ("width", True)):
        with pytest.raises(ValueError, match=rf"^{field}: must be "):
            replace(good, **{field: value})


def confident_logits(encoding: Encoding, right: dict[str, np.ndarray]) -> torch.Tensor:
    """Logits of a decoder that knows every answer."""
    parts = []
    for question in QUESTIONS[encoding.view]:
        wanted = torch.from_numpy(right[question.name])
        yes = wanted[..., None] == (1 if question.choices == 1 else torch.arange(question.choices))
        parts.append(torch.where(yes, 40.0, -40.0).flatten(2))
    return torch.cat(parts, dim=2).reshape(len(parts[0]), encoding.tokens, -1)


@BY_ENCODING
def test_who_knows_every_answer_has_no_loss_and_who_knows_nothing_has_that_of_chance(encoding, training_songs):
    source = SegmentSource([prepared.song for prepared in training_songs])
    right = answers(encoding.view, validation_segments(source, encoding))
    tensors = {name: torch.from_numpy(wanted) for name, wanted in right.items()}
    logits = confident_logits(encoding, right)
    assert float(reconstruction_loss(encoding, logits, tensors).max()) < 1e-3
    judged = {name: (wanted != NONE).sum(axis=(1, 2)) for name, wanted in right.items()}
    questions = QUESTIONS[encoding.view]
    chance = sum(each.weight * judged[each.name] * np.log(max(each.choices, 2)) for each in questions)
    np.testing.assert_allclose(reconstruction_loss(encoding, 0 * logits, tensors), chance, rtol=1e-4)
    for name, (question, part) in split_answers(encoding, logits).items():
        said = part.argmax(dim=3) if question.choices > 1 else (part[..., 0] > 0).long()
        assert torch.equal(said[tensors[name] != NONE], tensors[name][tensors[name] != NONE])


def trained(encoding: Encoding, steps: int, training, validation) -> tuple[EncoderTrainer, list[float]]:
    config = EncoderTrainingConfig(batch_size=8, learning_rate=1e-2, warmup_steps=2, max_steps=steps, max_minutes=None, seed=3)
    trainer = EncoderTrainer(encoding, 1, training, validation, config, torch.device("cpu"), **TINY)
    return trainer, [done.reconstruction for done in trainer.run()]


def loss_of(trainer: EncoderTrainer) -> float:
    """Mean loss of all training segments, decoded from posterior means."""
    encoding, segments = trainer.encoding, validation_segments(trainer.source, trainer.encoding)
    given, right = encoding.given_inputs(segments), answers(encoding.view, segments)
    told = None if given is None else torch.from_numpy(given)
    with torch.inference_mode():
        logits = trainer.network.decoder(codes_of(trainer.network, encoding, segments), told)
    tensors = {name: torch.from_numpy(wanted) for name, wanted in right.items()}
    return float(reconstruction_loss(encoding, logits, tensors).mean())


def test_training_is_repeatable(training_songs, validation_songs):
    runs = [trained(encoding_named("texture"), 3, training_songs, validation_songs) for _ in range(2)]
    assert runs[0][1] == runs[1][1]
    first, second = (trainer.network.state_dict() for trainer, _ in runs)
    assert all(torch.equal(value, second[name]) for name, value in first.items())


@BY_ENCODING
def test_a_short_training_learns(encoding, training_songs, validation_songs, tmp_path):
    before, _ = trained(encoding, 1, training_songs, validation_songs)
    trainer, losses = trained(encoding, 25, training_songs, validation_songs)
    assert loss_of(trainer) < 0.9 * loss_of(before)
    assert len(losses) == 25
    figures = trainer.finish(tmp_path)
    (read,) = read_encoders(tmp_path / "weights.safetensors")
    assert (read.card.name, read.card.seed_number) == (encoding.name, 1)
    assert read.card.training["validation"] == {name: round(value, 4) for name, value in figures.items()}
    averaged = trainer.average.module.state_dict()
    assert all(torch.equal(value, averaged[name].bfloat16().float()) for name, value in read.network.state_dict().items())


def test_figures_of_a_network_that_always_answers_yes(training_songs):
    encoding = encoding_named("texture")
    segments = of_one_song(training_songs[0].song, [4])
    encoder = tiny_encoder(encoding)
    encoder.network.decoder.write.weight.zero_()
    encoder.network.decoder.write.bias.fill_(1.0)
    right = answers(View.PIANO, segments)
    figures = reconstruction_figures(encoder.network, encoding, segments, right)
    onsets, asked = (right["onset"] == 1).sum(), (right["onset"] != NONE).sum()
    assert figures["onset_f1"] == pytest.approx(2 * onsets / (onsets + asked))
    assert figures["onset_exact"] == 0


def test_a_code_of_nothing_but_rhythm_is_alike_under_any_chords(training_songs):
    encoding, segments = encoding_named("texture"), of_one_song(training_songs[0].song, [0, 2, 4, 6])
    encoder = tiny_encoder(encoding)
    by_row = encoder.network.encoder.read.weight[:, :-1].unflatten(1, (-1, PIANO_ROWS))
    by_row.copy_(by_row[..., :1].expand_as(by_row).clone())  # every pitch counts the same
    likeness = texture_likeness(encoder.network, encoding, segments, np.random.default_rng(0))
    assert likeness.own == pytest.approx(1.0, abs=0.01)  # where two notes fall together there is one less
    assert likeness.other < likeness.own


# Files


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> dict[tuple[str, int], Path]:
    """A file for each encoder and seed, as training runs leave them."""
    folder, files = tmp_path_factory.mktemp("runs"), {}
    for encoding in ENCODINGS:
        for seed in SEEDS:
            files[encoding.name, seed] = folder / f"{encoding.name}-{seed}.safetensors"
            write_encoders(files[encoding.name, seed], [tiny_encoder(encoding, seed)])
    return files


@pytest.fixture(scope="module")
def registered(runs, tmp_path_factory) -> Path:
    """A folder with all encoders registered."""
    folder = tmp_path_factory.mktemp("weights")
    pretrained.register(list(runs.values()), folder)
    return folder


@pytest.fixture
def weights(registered, tmp_path) -> Path:
    """A copy that may be spoilt."""
    return Path(shutil.copytree(registered, tmp_path / "weights"))


def test_what_is_written_is_read_but_for_rounding(tmp_path):
    encoders = [tiny_encoder(ENCODINGS[0], 1, training={"note": "Übung"}), tiny_encoder(ENCODINGS[4])]
    path = tmp_path / "encoders.safetensors"
    assert write_encoders(path, encoders) == path.stat().st_size
    for read, written in zip(read_encoders(path), encoders, strict=True):
        assert read.card == written.card
        saved = written.network.state_dict()
        assert all(torch.equal(value, saved[name].bfloat16().float()) for name, value in read.network.state_dict().items())


def test_registered_encoders_are_loaded_and_joined(weights, runs):
    encoders = pretrained.load_encoders(weights)
    assert [(each.card.name, each.card.seed_number) for each in encoders.trained] == list(runs)
    assert json.loads((weights / REGISTRY).read_text()) == {ENCODERS: encoders.digest}


def test_one_encoder_is_replaced_and_the_others_stay(weights, tmp_path):
    before = pretrained.load_encoders(weights)
    path = tmp_path / "weights.safetensors"
    write_encoders(path, [tiny_encoder(encoding_named("chords"), 1, training={"steps": 9})])
    pretrained.register([path], weights)
    after = pretrained.load_encoders(weights)
    changed = [old.card.name for old, new in zip(before.trained, after.trained, strict=True) if old.card != new.card]
    assert changed == ["chords"]
    assert after.named("chords", 1).card.training == {"steps": 9}


def test_levels_and_encoders_share_a_registry(weights, tmp_path):
    before = pretrained.load_encoders(weights).digest
    registry = pretrained.register([write_tiny_run(tmp_path / "run", LEVELS[0])], weights)
    assert list(registry) == [LEVELS[0].name, ENCODERS]
    assert pretrained.load_encoders(weights).digest == before == registry[ENCODERS]


def spoilt(path: Path, metadata=None, tensors=None) -> None:
    with safe_open(path, framework="pt") as file:
        contents = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
        entries = file.metadata() | (metadata or {})
    save_file({name: value for name, value in (contents | (tensors or {})).items() if value is not None}, path, entries)


def card_with(path: Path, **fields: object) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        cards = json.loads(file.metadata()["encoders"])
    cards[0] |= fields
    return {"encoders": json.dumps(cards)}


FIRST_TENSOR = "melody_pitch.0.encoder.read.weight"
CONFIG = ENCODINGS[0].config(**TINY).to_dict()
FAULTS = {
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:-9]), "is damaged"),
    "empty": (lambda path: path.write_bytes(b""), "is damaged"),
    "other format": (lambda path: spoilt(path, {"format": "x"}), "must be a canzona-encoders-1 file, got 'x'"),
    "no cards": (lambda path: spoilt(path, {"encoders": "[{}]"}), "unreadable metadata"),
    "no list": (lambda path: spoilt(path, {"encoders": "3"}), "unreadable metadata"),
    "deep": (lambda path: spoilt(path, {"encoders": "[" * 9999}), "unreadable metadata"),
    "huge": (lambda path: spoilt(path, card_with(path, config=CONFIG | {"width": 10**9})), "unreadable metadata"),
    "wider": (lambda path: spoilt(path, card_with(path, config=CONFIG | {"width": 4096})), "is damaged"),
    "no training": (lambda path: spoilt(path, card_with(path, training=None)), "unreadable metadata"),
    "tensor missing": (lambda path: spoilt(path, tensors={FIRST_TENSOR: None}), "is damaged"),
    "other specification": (lambda path: spoilt(path, card_with(path, specification="x")), "has specification 'x'"),
    "other name": (lambda path: spoilt(path, card_with(path, name="x")), "is damaged|must be one of"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_is_not_right_is_refused_in_one_line(fault, weights):
    path = weights / "encoders.safetensors"
    spoil, match = FAULTS[fault]
    spoil(path)
    with pytest.raises(UnusableWeights, match=r"encoders\.safetensors is damaged \(its SHA-256"):
        pretrained.load_encoders(weights)
    (weights / REGISTRY).write_text(json.dumps({ENCODERS: digest_of(path.read_bytes())}))
    with pytest.raises(UnusableWeights, match=match) as caught:
        pretrained.load_encoders(weights)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(weights):
    (weights / "encoders.safetensors").unlink()
    with pytest.raises(UnusableWeights, match=r"encoders\.safetensors is missing; install canzona again"):
        pretrained.load_encoders(weights)


def test_what_is_too_large_or_of_no_encoder_is_not_registered(weights, runs, tmp_path, monkeypatch):
    before = (weights / REGISTRY).read_bytes()
    path = tmp_path / "weights.safetensors"
    write_encoders(path, [tiny_encoder(ENCODINGS[0], specification="x")])
    with pytest.raises(ValueError, match="has specification 'x'"):
        pretrained.register([path], weights)
    monkeypatch.setattr(pretrained, "LARGEST_FILE_BYTES", 1000)
    with pytest.raises(ValueError, match=r"must be at most 1000 bytes, got \d+$"):
        pretrained.register([runs["chords", 0]], weights)
    assert (weights / REGISTRY).read_bytes() == before


# Encoding songs


@BY_ENCODING
def test_codes_have_the_width_of_the_table_and_do_not_depend_on_company(encoding):
    encoders, song = Encoders((tiny_encoder(encoding),)), example_song("i2A4B4A4B4", 3)
    starts = [0, 3, 8, 13]
    codes = encoders.encode(encoding.name, 0, song, starts)
    assert (codes.shape, codes.dtype) == ((4, encoding.code_width), np.float32)
    for start, code in zip(starts, codes, strict=True):
        np.testing.assert_allclose(encoders.encode(encoding.name, 0, song, [start])[0], code, atol=1e-5)
    assert encoders.encode(encoding.name, 0, song, []).shape == (0, encoding.code_width)


def test_what_cannot_be_encoded_is_told():
    encoders = Encoders(tuple(map(tiny_encoder, ENCODINGS)))
    song = example_song("A4", 4)
    with pytest.raises(ValueError, match=r"^encoder: must be one of melody_pitch, .*, texture, got 'x'$"):
        encoders.encode("x", 0, song, [0])
    with pytest.raises(ValueError, match=r"^encoder: must be one of melody_pitch 0, .*, got chords 1$"):
        encoders.encode("chords", 1, song, [0])
    with pytest.raises(ValueError, match=r"^song: must have an accompaniment"):
        encoders.encode("texture", 0, replace(song, accompaniment=None), [0])
    with pytest.raises(ValueError, match=r"^song: must have a lead sheet"):
        encoders.encode("chords_8", 0, replace(song, lead_sheet=None), [0])


def test_the_command_trains_and_prints_figures(prepared_dataset, tmp_path, capsys):
    run = tmp_path / "run"
    train_encoder(
        "melody_rhythm", data=prepared_dataset, run=run, max_steps=2, device="cpu", threads=1, seed_number=1, as_json=True
    )
    facts = json.loads(capsys.readouterr().out)
    assert (facts["run"], facts["steps"]) == (str(run), 2)
    assert set(facts["validation"]) == {"state_accuracy", "state_event_f1"}
    (encoder,) = read_encoders(run / "weights.safetensors")
    assert encoder.card.training["settings"]["seed"] == 1
    with pytest.raises(ValueError, match=r"^seed-number: must be one of 0, 1, got 2$"):
        train_encoder("chords", data=prepared_dataset, seed_number=2)


# The shipped encoders


@pytest.fixture(scope="module")
def shipped() -> Encoders:
    return pretrained.load_encoders()


def test_all_encoders_are_shipped_in_one_small_file(shipped):
    found = [(each.card.name, each.card.seed_number) for each in shipped.trained]
    assert found == [(encoding.name, seed) for encoding in ENCODINGS for seed in SEEDS]
    assert (pretrained.WEIGHTS_FOLDER / "encoders.safetensors").stat().st_size <= LARGEST_FILE_BYTES


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rhythm_code_knows_no_pitch_and_the_pitch_code_knows_some(shipped, seed):
    song = example_song("A4B4", 4)
    higher = transposed(song, 5)
    rhythm, same = (shipped.encode("melody_rhythm", seed, each, [0, 2, 4]) for each in (song, higher))
    pitch, other = (shipped.encode("melody_pitch", seed, each, [0, 2, 4]) for each in (song, higher))
    np.testing.assert_array_equal(rhythm, same)
    assert np.abs(pitch - other).max() > 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_texture_code_knows_little_of_chords(shipped, seed):
    figures = shipped.named("texture", seed).card.training["validation"]
    assert figures["likeness_own"] > 0.8
    assert figures["likeness_other"] < 0.5
    assert figures["likeness_same_harmony"] < 0.3
