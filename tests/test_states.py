"""Voices in one state at a time: their closed forms, images ⇄ states, and a network that learns a window by heart."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from canzona.hierarchy.level import Level, Part, Voicing
from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, LEVELS, REDUCED_LEAD_SHEET
from canzona.model.denoiser import Denoiser, Guidance, WindowDenoiser
from canzona.model.diffusion import NoiseSchedule
from canzona.model.samplers import dpm_solver_2m
from canzona.model.states import (
    VoiceShape,
    cross_entropy,
    expected_points,
    join,
    likelihood_logits,
    split_logits,
    split_points,
)
from canzona.representation.drawing import part_masks
from canzona.representation.form_image import encode_form
from canzona.representation.image import encode_level
from canzona.representation.specification import model_config, new_network
from canzona.representation.voices import FIRST_ITEM, HOLD, REST, paint, states_of, voices
from canzona.representation.window import Windows
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Song
from canzona.song.harmony import QUALITIES
from canzona.training.dataset import PreparedSong, TrainingSongs
from canzona.training.optimizer import Optimizers
from certain import sure
from test_render import example_song

by_level = pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
by_part = pytest.mark.parametrize(
    ("level", "number"),
    [(level, number) for level in LEVELS for number in range(len(level.parts))],
    ids=lambda value: value.name if isinstance(value, Level) else None,
)
ROLLS = (LEAD_SHEET, ACCOMPANIMENT)
C_MAJOR = Key(0)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class TestClosedForms:
    def test_likelihood_is_that_of_the_gaussian(self):
        x, points, sigma = normal(2, 3, 4, 5), normal(6, 5, seed=1), torch.tensor([0.7, 2.0])
        found = likelihood_logits(x, points, sigma)
        deviation = sigma.view(2, 1, 1, 1, 1).expand(2, 3, 4, 6, 5)
        exact = torch.distributions.Normal(points, deviation).log_prob(x[..., None, :]).sum(-1)
        assert torch.allclose(found.log_softmax(-1), exact.log_softmax(-1), atol=1e-4)

    def test_posterior_of_two_states_is_that_of_bayes(self):
        """With log-odds F that one state has beforehand, and a point a quarter of the way from the other to it."""
        first, second, prior, sigma = torch.tensor([0.0, 0.0]), torch.tensor([4.0, 2.0]), 0.8, 1.5
        points, x = torch.stack([first, second]), (first + 0.25 * (second - first)).view(1, 1, 1, 2)
        logits = torch.tensor([prior, 0.0]) + likelihood_logits(x, points, torch.tensor([sigma]))
        distances = [(x - point).square().sum().item() for point in points]
        odds = prior + (distances[1] - distances[0]) / (2 * sigma**2)
        of_second = 1 / (1 + math.exp(odds))
        assert torch.allclose(expected_points(logits, points).flatten(), of_second * second)

    def test_cross_entropy_is_that_of_the_unknown_frames(self):
        """Two parts, of one and of two voices; the first window composes other frames of each, the second nothing."""
        chances = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.9, 0.1])
        logits = [own.log().expand(2, 4, count, len(own)) + 3.0 for own, count in zip(chances, (1, 2), strict=True)]
        states = [torch.zeros(2, 4, 1, dtype=torch.long), torch.zeros(2, 4, 2, dtype=torch.long)]
        states[0][0, 1], states[1][0, 3, 1] = 2, 1
        weights = torch.tensor([[0.0, 1, 0, 1], [0, 0, 0, 0]]), torch.tensor([[0.0, 0, 1, 1], [0, 0, 0, 0]])
        by_hand = -(math.log(0.25) + math.log(0.5) + 2 * math.log(0.9) + math.log(0.9) + math.log(0.1))
        # frames 1 and 3 of the first part, 2 and 3 of the second: three frames have something to compose
        assert torch.allclose(cross_entropy(logits, states, weights), torch.tensor([by_hand / 3, 0.0]))

    def test_parts_that_are_split_are_joined_again(self):
        shapes = (VoiceShape(1, 5, 3), VoiceShape(4, 2, 6))
        points, logits = normal(2, 7, 3 + 24), normal(2, 7, 5 + 8)
        assert [part.shape for part in split_points(points, shapes)] == [(2, 7, 1, 3), (2, 7, 4, 6)]
        assert [part.shape for part in split_logits(logits, shapes)] == [(2, 7, 1, 5), (2, 7, 4, 2)]
        assert torch.equal(join(split_points(points, shapes)), points)
        assert torch.equal(join(split_logits(logits, shapes)), logits)
        assert torch.equal(split_points(points, shapes)[1][0, 0, 2], points[0, 0, 3 + 2 * 6 : 3 + 3 * 6])  # of one voice


class TestPoints:
    @by_part
    def test_any_two_states_are_told_apart_in_the_weakest_noise(self, level, number):
        own = voices(level)[number]
        evidence = torch.pdist(own.points).min() ** 2 / (2 * NoiseSchedule().sigma_min ** 2)
        assert evidence > 8  # nats
        assert own.points.shape == (own.shape.states, own.shape.size)
        assert torch.equal(own.points.bfloat16().float(), own.points)  # a weight file rounds nothing

    def test_pitches_are_the_nearer_the_smaller_their_interval(self):
        points = voices(LEAD_SHEET)[LEAD_SHEET.part_number("melody")].points[FIRST_ITEM:]
        distances = (points[:-7] - points[0]).norm(dim=-1)
        assert (distances[:7].diff() > 0).all()
        assert torch.allclose(distances[1], (points[-1] - points[-2]).norm(), atol=0.02)  # in every register

    def test_rest_hold_and_onset_of_a_voice_are_equally_far_apart(self):
        for own in voices(LEAD_SHEET):
            kinds = own.points[[REST, HOLD, FIRST_ITEM], : FIRST_ITEM + 1]
            assert torch.pdist(kinds).unique().numel() == 1


def in_vocabulary(song: Song) -> Song:
    """The song with the bass of every chord among its tones."""

    def taken(sheet: LeadSheet) -> LeadSheet:
        chords = [
            span if span.chord.bass in span.chord.chroma else replace(span, chord=replace(span.chord, bass=span.chord.root))
            for span in sheet.chords
        ]
        return replace(sheet, chords=tuple(chords))

    return replace(song, lead_sheet=taken(sure(song.lead_sheet)), reduced_lead_sheet=taken(sure(song.reduced_lead_sheet)))


def example_image(level: Level, song: Song) -> torch.Tensor:
    return torch.from_numpy(encode_level(level, song))


def empty(level: Level, frames: int) -> torch.Tensor:
    return torch.zeros(frames, len(level.planes), level.rows)


def everywhere(level: Level, frames: int) -> torch.Tensor:
    return torch.ones(frames, len(level.parts), dtype=torch.bool)


def random_states(level: Level, frames: int, seed: int = 0) -> list[torch.Tensor]:
    """Rests, holds and items, about equally often, a hold first; a bar of the form has always a key."""
    generator, states = torch.Generator().manual_seed(seed), []
    for part, own in zip(level.parts, voices(level), strict=True):
        kind = torch.randint(3, (frames, own.shape.count), generator=generator)
        kind[0] = HOLD
        item = torch.randint(FIRST_ITEM, own.shape.states, kind.shape, generator=generator)
        states.append(torch.where((kind >= FIRST_ITEM) | (part.voicing is Voicing.KEY), item, kind))
    return states


def as_drawn(part: Part, states: torch.Tensor) -> torch.Tensor:
    """States with every hold that has nothing to hold replaced: by a rest, or, in a form, by the beginning of a phrase."""
    drawn, instead = states.clone(), FIRST_ITEM if part.voicing is Voicing.PHRASE else REST
    silence = torch.full_like(states[0], REST)
    for frame, here in enumerate(drawn):
        before = drawn[frame - 1] if frame else silence
        here[(here == HOLD) & (before == REST)] = instead
    return drawn


def painted(level: Level, image: torch.Tensor, first_frame: int, states, unknown=None) -> torch.Tensor:
    """A copy of the image with the states painted on it."""
    copy = image.clone()
    unknown = everywhere(level, len(states[0])) if unknown is None else unknown
    paint(level, copy, first_frame, states, unknown)
    return copy


class TestImages:
    @by_level
    @pytest.mark.parametrize(("form", "beats_per_bar"), [("i2A8B8A4B8o4", 4), ("i1A3B20x4o2", 3)])
    def test_states_of_an_image_give_it_back(self, level, form, beats_per_bar):
        image = example_image(level, in_vocabulary(example_song(form, beats_per_bar)))
        assert torch.equal(painted(level, empty(level, len(image)), 0, states_of(level, image)), image)

    @by_level
    def test_states_that_are_painted_are_read_but_for_holds_of_nothing(self, level):
        states = random_states(level, 60)
        image = painted(level, empty(level, 60), 0, states)
        for part, found, drawn in zip(level.parts, states_of(level, image), states, strict=True):
            assert torch.equal(found, as_drawn(part, drawn))

    @by_level
    def test_windows_that_follow_one_another_are_as_one(self, level):
        """What sounds goes on across their border, and a window may reach beyond the image."""
        states = random_states(level, 60)
        whole = painted(level, empty(level, 50), 0, states)
        first = painted(level, empty(level, 50), 0, [part[:27] for part in states])
        assert torch.equal(painted(level, first, 27, [part[27:] for part in states]), whole)

    def test_several_windows_are_read_at_once(self):
        images = torch.stack([example_image(ACCOMPANIMENT, example_song(form)) for form in ("A4", "B4")])
        (together,) = states_of(ACCOMPANIMENT, images)
        for found, image in zip(together, images, strict=True):
            assert torch.equal(found, states_of(ACCOMPANIMENT, image)[0])

    def test_a_hold_goes_on_with_what_sounded_and_after_silence_with_nothing(self):
        """A melody whose first note is known music, in the row of the part that the pixel has."""
        part, region = LEAD_SHEET.part_number("melody"), LEAD_SHEET.region("melody")
        onset, sustain = map(LEAD_SHEET.channel, region.planes)
        image = empty(LEAD_SHEET, 9)
        image[1, onset, region.first_row + 30] = 1
        states = states_of(LEAD_SHEET, empty(LEAD_SHEET, 7))
        states[part][:, 0] = torch.tensor([HOLD, HOLD, REST, HOLD, FIRST_ITEM + 40, HOLD, FIRST_ITEM + 30])
        expected = image.clone()
        expected[[2, 3], sustain, region.first_row + 30] = 1
        expected[[6, 8], onset, [region.first_row + 40, region.first_row + 30]] = 1
        expected[7, sustain, region.first_row + 40] = 1
        assert torch.equal(painted(LEAD_SHEET, image, 2, states), expected)

    def test_the_keys_of_a_piano_are_held_each_by_itself(self):
        onset, sustain = map(ACCOMPANIMENT.channel, ("onset", "sustain"))
        states = [torch.full((3, ACCOMPANIMENT.rows), REST)]
        states[0][0, 10], states[0][1:, [10, 11]] = FIRST_ITEM, HOLD
        states[0][2, 12] = FIRST_ITEM
        expected = empty(ACCOMPANIMENT, 3)
        expected[[0, 2], onset, [10, 12]] = 1
        expected[[1, 2], sustain, 10] = 1
        assert torch.equal(painted(ACCOMPANIMENT, empty(ACCOMPANIMENT, 3), 0, states), expected)

    @pytest.mark.parametrize("level", ROLLS, ids=lambda level: level.name)
    def test_known_frames_and_frames_outside_the_window_are_not_touched(self, level):
        """Whatever is on them, held notes that nothing leads to among it."""
        image = (torch.rand(40, len(level.planes), level.rows, generator=torch.Generator().manual_seed(0)) < 0.1).float()
        unknown = torch.rand(20, len(level.parts), generator=torch.Generator().manual_seed(1)) < 0.5
        found = painted(level, image, 10, random_states(level, 20), unknown)
        drawn = torch.zeros_like(image, dtype=torch.bool)
        drawn[10:30] = (unknown.float() @ part_masks(level)).view(20, len(level.planes), level.rows) > 0
        assert torch.equal(found[~drawn], image[~drawn])
        assert not torch.equal(found[drawn], image[drawn])

    def test_a_known_phrase_goes_on_and_known_keys_stay(self):
        """The bars of a window's unknown part belong to the phrase before until another begins."""
        known, goal = Form.parse("i2A3").with_missing_keys(C_MAJOR), Form.parse("i2A5B2").with_missing_keys(C_MAJOR)
        image = empty(FORM, 9)
        image[:5] = torch.from_numpy(encode_form(FORM, known))
        states = states_of(FORM, torch.from_numpy(encode_form(FORM, goal)))
        unknown = everywhere(FORM, 9)
        unknown[:5] = False
        states[FORM.part_number("phrases")][:5] = states[FORM.part_number("keys")][:5] = FIRST_ITEM  # not to be looked at
        assert torch.equal(painted(FORM, image, 0, states, unknown), torch.from_numpy(encode_form(FORM, goal)))


class TestChords:
    ITEMS = voices(LEAD_SHEET)[LEAD_SHEET.part_number("chords")].items

    def test_chords_outside_the_vocabulary_go_to_the_nearest(self):
        """A bass that is no tone of its chord is taken into it: D major over C is D7 over C."""
        for symbol, nearest in (("D:maj/b7", "D:7/b7"), ("C:maj/2", "C:maj(9)/2"), ("A:min7/b3", "A:min7/b3")):
            images = []
            for chord in map(Chord.parse, (symbol, nearest)):
                sheet = LeadSheet(chords=(ChordSpan(0, 3, sure(chord)), ChordSpan(3, 1, sure(chord))))
                images.append(example_image(REDUCED_LEAD_SHEET, Song(Form.parse("A1"), reduced_lead_sheet=sheet)))
            states = states_of(REDUCED_LEAD_SHEET, images[0])
            assert torch.equal(painted(REDUCED_LEAD_SHEET, empty(REDUCED_LEAD_SHEET, 4), 0, states), images[1])

    def test_no_other_chord_is_nearer(self):
        image = empty(LEAD_SHEET, 200)
        tones = torch.rand(200, 24, generator=torch.Generator().manual_seed(0)) < 0.2
        tones[:, 0] = True
        image[:, LEAD_SHEET.channel("onset"), :24] = tones.float()
        states = states_of(LEAD_SHEET, image)[LEAD_SHEET.part_number("chords")][:, 0]
        distances = torch.cdist(tones.float(), self.ITEMS, p=1)
        assert torch.equal(distances.gather(1, states[:, None] - FIRST_ITEM)[:, 0], distances.amin(1))

    def test_every_chord_of_the_vocabulary_over_each_of_its_tones_is_an_item_once(self):
        chords = {
            (chord.chroma, bass)
            for chord in (Chord(root, quality, root) for root in range(12) for quality in QUALITIES)
            for bass in chord.chroma
        }
        items = [(tuple(np.flatnonzero(item[12:]).tolist()), int(item[:12].argmax())) for item in self.ITEMS]
        assert set(items) == chords
        assert len(items) == len(chords)


def test_one_window_learnt_by_heart_comes_back():
    """From training songs to pixels: two bars of melody and chords, learnt and then sampled from nothing but noise."""
    level = replace(LEAD_SHEET, window_frames=32)
    song = PreparedSong(1, in_vocabulary(example_song("A2")))
    songs = TrainingSongs([song], torch.device("cpu"), (FORM, REDUCED_LEAD_SHEET, level))
    copies, generator = 4, torch.Generator().manual_seed(0)
    start, nothing = torch.zeros(copies, dtype=torch.long), torch.zeros(copies, 32, 2, dtype=torch.bool)
    window = songs.store.conditions(level, Windows(start, start, nothing[:, :2, 0], nothing))
    conditions = window.conditions.without("background", "reference")

    torch.manual_seed(0)
    denoiser = Denoiser(new_network(level, model_config(level, width=64, blocks=2, head_width=16, code_width=16)))
    optimizers, schedule = Optimizers(denoiser.network, weight_decay=0.0), NoiseSchedule(mean=1.5, deviation=1.2)
    clean = denoiser.draw(window.states)
    estimate = torch.zeros_like(clean)  # of the step before, of other noise: the network sees one every other time
    steps = 200
    for step in range(steps):
        sigma = schedule.draw(copies, generator)
        noisy = clean + sigma[:, None, None] * torch.randn(clean.shape, generator=generator)
        logits = denoiser.logits(noisy, estimate * (step % 2), sigma, denoiser.told(conditions))
        optimizers.zero_grad()
        cross_entropy(logits, window.states, window.unknown.float().unbind(-1)).mean().backward()
        optimizers.step(0.04 * min(1.0, 4 * (1 - step / steps)))
        estimate = denoiser.estimate(logits).detach()

    denoise = WindowDenoiser(denoiser.requires_grad_(False), conditions, Guidance())
    for _ in dpm_solver_2m(denoise, torch.randn(clean.shape, generator=generator), schedule.walk(12)):
        pass
    wanted = torch.from_numpy(songs.store.read(level, 0))
    for number in range(copies):
        image = painted(level, empty(level, 32), 0, [own[number] for own in denoise.states()], window.unknown[number])
        assert torch.equal(image, wanted)
    assert wanted.sum() > 100
