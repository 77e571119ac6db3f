"""The network, its conditions, and the denoiser made of them."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from torch import nn

from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, LEVELS, REDUCED_LEAD_SHEET
from canzona.model.conditioning import DROPPABLE, Conditions, ExternalCodes
from canzona.model.config import ModelConfig
from canzona.model.denoiser import Denoiser, Guidance, WindowDenoiser
from canzona.model.diffusion import NoiseSchedule, input_scale, noise_label
from canzona.model.layers import TransformerBlock
from canzona.model.network import FrameTransformer
from canzona.model.samplers import dpm_solver_2m
from canzona.model.states import VoiceShape, join
from canzona.representation.specification import model_config, new_network
from certain import sure
from tiny import TINY, tiny_network

by_level = pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
by_external = pytest.mark.parametrize("level", [level for level in LEVELS if level.external], ids=lambda level: level.name)


def noisy(config: ModelConfig, batch: int = 2, seed: int = 9) -> torch.Tensor:
    return torch.randn(batch, config.frames, config.point_size, generator=torch.Generator().manual_seed(seed))


def logits(
    denoiser: Denoiser, x: torch.Tensor, conditions: Conditions, sigma: float | torch.Tensor = 3.0, estimate=None
) -> torch.Tensor:
    """(batch, frames, log-odds) of one pass, all parts together."""
    estimate = torch.zeros_like(x) if estimate is None else estimate
    levels = torch.as_tensor(sigma).expand(len(x))
    return join(denoiser.logits(x, estimate, levels, denoiser.told(conditions)))


def guided(denoiser: Denoiser, x: torch.Tensor, conditions: Conditions, **weights: Any) -> torch.Tensor:
    """(batch, frames, log-odds) of the first step under guidance."""
    window = WindowDenoiser(denoiser, conditions, Guidance(**weights))
    window(x, torch.tensor(3.0))
    return join(window.guided)


def perturbed(conditions: Conditions, name: str) -> Conditions:
    """The same conditions with another value of one of them."""
    value = getattr(conditions, name)
    other = replace(value, codes=value.codes.flip(-1)) if isinstance(value, ExternalCodes) else 1 - value
    return replace(conditions, **{name: other})


def asked(conditions: Conditions, **changes: torch.Tensor) -> Conditions:
    """The same conditions with other fields of the external codes."""
    return replace(conditions, external=replace(sure(conditions.external), **changes))


def of_window(conditions: Conditions, number: int) -> Conditions:
    """What is known of one window of a batch."""

    def own(value: Any) -> Any:
        if isinstance(value, ExternalCodes):
            return ExternalCodes(*map(own, vars(value).values()))
        if isinstance(value, dict):
            return {name: own(absent) for name, absent in value.items()}
        return None if value is None else value[number : number + 1]

    return Conditions(**sure({entry.name: own(getattr(conditions, entry.name)) for entry in fields(conditions)}))


@pytest.fixture(scope="module")
def lead_sheet() -> Denoiser:
    """A random network that listens to all its conditions."""
    network = tiny_network(LEAD_SHEET)
    sure(network.conditions.read_tempo).weight.normal_(generator=torch.Generator().manual_seed(1))
    return Denoiser(network)


class TestNetwork:
    @by_level
    def test_released_shape_fits_its_budget(self, level):
        config = model_config(level)
        with torch.device("meta"):
            network = FrameTransformer(config)
        assert 2 * sum(parameter.numel() for parameter in network.parameters()) < 16 << 20  # bytes in half precision

    @by_level
    def test_untrained_network_believes_what_it_sees(self, level, tiny_config, random_conditions):
        """Log-odds are those of the likelihood alone, and in weak noise the estimate is the point that is seen."""
        denoiser = Denoiser(new_network(level, tiny_config(level)).requires_grad_(False))
        conditions = random_conditions(denoiser.config, codes=level.external is not None)
        generator = torch.Generator().manual_seed(1)
        states = [
            torch.randint(shape.states, (2, level.window_frames, shape.count), generator=generator)
            for shape in denoiser.config.voices
        ]
        clean = denoiser.draw(states)
        window = WindowDenoiser(denoiser, conditions, Guidance())
        assert torch.allclose(window(clean + 0.1 * noisy(denoiser.config), torch.tensor(0.1)), clean, atol=1e-4)
        assert all(torch.equal(mine, its) for mine, its in zip(window.states(), states, strict=True))

    @by_level
    def test_one_window_is_the_same_alone_or_in_a_batch(self, level, random_conditions):
        denoiser = Denoiser(tiny_network(level))
        conditions = random_conditions(denoiser.config, batch=3, codes=level.external is not None)
        conditions = conditions.dropping({"background": torch.tensor([True, False, False])})
        x, sigma = noisy(denoiser.config, 3), torch.tensor([0.6, 2.0, 30.0])
        together = logits(denoiser, x, conditions, sigma)
        for number in range(3):
            here = slice(number, number + 1)
            alone = logits(denoiser, x[here], of_window(conditions, number), sigma[here])
            assert torch.allclose(alone, together[here], atol=1e-4, rtol=1e-4)

    @pytest.mark.parametrize("distance", [-7, 0, 5])
    def test_a_bias_on_a_distance_turns_attention_to_the_frame_that_far_away(self, distance, tiny_config):
        """Frame t takes in frame t + distance, and of its neighbours what is mixed into it."""
        config, frame = tiny_config(LEAD_SHEET, blocks=1), 100
        block = TransformerBlock(config).requires_grad_(False)
        block.attention_inputs.weight[: 2 * config.width] = 0  # queries and keys say nothing
        block.attention_output.weight.copy_(torch.eye(config.width))
        block.distance_bias[:, config.frames - 1 + distance] = 200.0
        x, noise = torch.randn(1, config.frames, config.width), torch.zeros(1, config.noise_width)
        other = x.clone()
        other[:, frame] += torch.randn(config.width)
        changed = (block(x, noise) != block(other, noise)).any(-1)[0].nonzero()[:, 0].tolist()
        inside = {place for place in changed if 0 <= place + distance < config.frames}  # elsewhere no frame is that far away
        assert inside == {frame, *(frame + side - distance for side in (-1, 0, 1))}

    def test_a_noise_level_has_a_say_of_its_own(self, lead_sheet, random_conditions):
        network, conditions = lead_sheet.network, random_conditions(lead_sheet.config)
        x, told = noisy(lead_sheet.config), network.conditions(conditions)
        weak, strong = (network(x, x, torch.full((2,), label), told) for label in (-0.2, 0.9))
        assert (weak - strong).abs().max() > 0.1

    def test_every_parameter_learns_but_the_points(self, random_conditions):
        network = tiny_network(LEAD_SHEET)
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(not name.startswith("points"))
        conditions = random_conditions(network.config, batch=4, codes=True)
        conditions = conditions.dropping(dict.fromkeys(DROPPABLE, torch.tensor([True, False, True, False])))
        estimate = join(
            [own[-1:].expand(4, network.config.frames, -1) for own in network.points]
        )  # something begins everywhere
        logits(Denoiser(network), noisy(network.config, 4), conditions, estimate=estimate).square().mean().backward()
        silent = [name for name, own in network.named_parameters() if own.grad is None or own.grad.abs().max() == 0]
        assert silent == ["points.0", "points.1"]
        fresh = new_network(LEAD_SHEET, network.config)
        assert [name for name, own in fresh.named_parameters() if not own.requires_grad] == silent

    @pytest.mark.parametrize("name", DROPPABLE)
    def test_a_null_learns_only_where_its_condition_is_absent(self, name, random_conditions):
        network = tiny_network(LEAD_SHEET).requires_grad_(True)
        conditions = random_conditions(network.config, codes=True)
        told = network.conditions
        nulls = {"background": told.background_null, "reference": told.reference_null, "external": sure(told.codes).null}
        told(conditions.without(name)).square().mean().backward()
        for other, null in nulls.items():
            learns = null.grad is not None and bool(null.grad.abs().max() > 0)
            assert learns == (other == name)

    def test_what_a_level_does_not_have_has_no_parameters(self, tiny_config):
        told = new_network(FORM, tiny_config(FORM)).conditions
        assert (told.read_background, told.read_reference, told.codes) == (None, None, None)


class TestConfig:
    @by_level
    def test_comes_back_from_json(self, level):
        config = model_config(level, blocks=3)
        assert ModelConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("width", 10**9),
            ("width", 0),
            ("width", 100),  # no whole number of heads
            ("width", 64.0),
            ("head_width", "32"),
            ("blocks", 10**6),
            ("blocks", 0),
            ("expansion", None),
            ("frames", -256),
            ("frames", 254),  # no whole number of places
            ("place_frames", 0),
            ("image_size", True),
            ("background_size", -1),
            ("external_places", 2.0),
            ("external_width", 10**12),
            ("voices", []),
            ("voices", [{"count": 1, "states": 3, "size": 2}] * 17),
            ("voices", [{"count": 1, "states": 0, "size": 2}]),
            ("voices", [{"count": 1, "states": 3, "size": 2.0}]),
            ("voices", [{"count": 4000, "states": 4000, "size": 1}]),
            ("voices", [{"count": 64, "states": 2, "size": 65}]),
        ],
    )
    def test_what_makes_no_network_is_refused_by_name_in_one_line(self, field, value):
        values = model_config(LEAD_SHEET, **TINY).to_dict()
        with pytest.raises(ValueError, match=rf"^{field}: must [^\n]*$"):
            ModelConfig.from_dict(values | {field: value})

    def test_places_of_no_code_are_refused(self):
        with pytest.raises(ValueError, match=r"^external_places: must be 0 without external_width, got 8$"):
            replace(model_config(LEAD_SHEET), external_width=0)

    @pytest.mark.parametrize(
        "voices", [None, 3, "two", [3], [{"count": 1}], [{"count": 1, "states": 2, "size": 3, "wings": 4}]]
    )
    def test_voices_of_the_wrong_kind_are_refused_in_one_line(self, voices):
        with pytest.raises(TypeError) as caught:
            ModelConfig.from_dict(model_config(FORM).to_dict() | {"voices": voices})
        assert "\n" not in str(caught.value)

    def test_unknown_fields_are_refused(self):
        with pytest.raises(ValueError, match="unknown fields 'wings'"):
            ModelConfig.from_dict(model_config(FORM).to_dict() | {"wings": 2})
        with pytest.raises(ValueError, match="must be fields with values, got list"):
            ModelConfig.from_dict([])  # type: ignore[arg-type]


class TestConditions:
    @pytest.mark.parametrize("name", DROPPABLE)
    def test_dropped_condition_has_no_say_and_others_have(self, name, lead_sheet, random_conditions):
        conditions = random_conditions(lead_sheet.config, codes=True)
        other, told = perturbed(conditions, name), lead_sheet.network.conditions
        assert not torch.equal(told(conditions), told(other))
        assert not torch.equal(told(conditions), told(conditions.without(name)))
        assert torch.equal(told(conditions.without(name)), told(other.without(name)))
        first_only = {name: torch.tensor([True, False])}
        mine, its = told(conditions.dropping(first_only)), told(other.dropping(first_only))
        assert torch.equal(mine[0], its[0])
        assert torch.equal(mine[0], told(conditions.without(name))[0])
        assert torch.equal(mine[1], told(conditions)[1])
        assert not torch.equal(mine[1], its[1])

    @pytest.mark.parametrize(
        "name", ["known", "known_mask", "position", "tempo", "background", "reference", "reference_mask", "external"]
    )
    def test_everything_known_of_a_frame_has_a_say_in_every_frame(self, name, lead_sheet, random_conditions):
        conditions, x = random_conditions(lead_sheet.config, codes=True), noisy(lead_sheet.config)
        other = logits(lead_sheet, x, perturbed(conditions, name)) - logits(lead_sheet, x, conditions)
        assert (other.abs().amax(-1) > 1e-3).all()

    def test_a_tempo_makes_what_begins_at_a_place_likelier_by_as_much_as_it_says(self, random_conditions, tiny_config):
        denoiser = Denoiser(new_network(LEAD_SHEET, tiny_config(LEAD_SHEET)).eval().requires_grad_(False))
        conditions = random_conditions(denoiser.config)
        place = torch.zeros_like(conditions.position)
        place[:, 5, 3] = place[0, 9, 4] = 1.0
        conditions = replace(conditions, position=place, tempo=torch.tensor([[0.25, 0.75, 0, 0], [0, 0, 0, 1]]))
        x = noisy(denoiser.config)
        plain = WindowDenoiser(denoiser, conditions, Guidance())
        plain(x, torch.tensor(3.0))
        chords, melody = range(2)
        sure(denoiser.network.pace).weights[1, 3, melody, 2] = 2.0
        paced = WindowDenoiser(denoiser, conditions, Guidance())
        paced(x, torch.tensor(3.0))
        moved = [mine - its for mine, its in zip(paced.guided, plain.guided, strict=True)]
        assert not moved[chords].any()
        assert torch.allclose(moved[melody][0, 5, 0, 2:], torch.tensor(1.5), atol=1e-5)
        assert not moved[melody][0, 5, 0, :2].any()
        moved[melody][0, 5] = 0
        assert not moved[melody].any()

    def test_a_frame_is_told_what_is_known_of_it_and_of_no_other(self, lead_sheet, random_conditions):
        conditions, frame = random_conditions(lead_sheet.config, codes=True), 77
        for name in ("known", "known_mask", "position", "background", "reference", "reference_mask"):
            value = getattr(conditions, name).clone()
            value[:, frame] = 1 - value[:, frame]
            changed = lead_sheet.told(replace(conditions, **{name: value})).features != lead_sheet.told(conditions).features
            assert changed.any(-1)[1].nonzero().tolist() == [[frame]], name

    def test_without_forgets_what_was_dropped_and_also_without_does_not(self, random_conditions, tiny_config):
        conditions = random_conditions(tiny_config(LEAD_SHEET)).dropping({"external": torch.tensor([True, False])})
        assert set(conditions.without("background", "reference").dropped) == {"background", "reference"}
        both = conditions.also_without("background").dropped
        assert {name: absent.tolist() for name, absent in both.items()} == {
            "external": [True, False],
            "background": [True, True],
        }
        assert conditions.dropping({}).dropped == {}

    def test_unknown_names_are_refused(self, random_conditions, tiny_config):
        conditions = random_conditions(tiny_config(FORM))
        with pytest.raises(ValueError, match=r"^condition: must be one of background, .*, got known, melody$"):
            conditions.without("melody", "background", "known")

    def test_moves_to_a_device_as_a_whole(self, random_conditions, tiny_config):
        conditions = (
            random_conditions(tiny_config(REDUCED_LEAD_SHEET), codes=True).without("reference").to(torch.device("meta"))
        )
        values = (*vars(conditions).values(), *vars(conditions.external).values(), *conditions.dropped.values())
        tensors = [value for value in values if isinstance(value, torch.Tensor)]
        assert {tensor.device.type for tensor in tensors} == {"meta"}
        assert len(tensors) == 7 + 3 + 1


class TestCodes:
    """External codes: what of them the network hears, and where."""

    @by_external
    def test_codes_that_are_masked_dropped_or_none_are_the_same(self, level, random_conditions):
        network = tiny_network(level)
        told, conditions = network.conditions, random_conditions(network.config, codes=True)
        masked = asked(conditions, mask=torch.zeros_like(conditions.external.mask))
        variants = [told(each) for each in (masked, conditions.without("external"), replace(conditions, external=None))]
        assert torch.equal(variants[0], variants[1])
        assert torch.equal(variants[0], variants[2])
        assert not torch.equal(variants[0], told(conditions))

    @by_external
    def test_a_masked_place_hears_neither_its_code_nor_its_phase(self, level, random_conditions):
        network = tiny_network(level)
        told, conditions = network.conditions, random_conditions(network.config, codes=True)
        places = conditions.external.mask.shape[1]
        second_half = (torch.arange(places) >= places // 2).expand(2, -1)
        half = asked(conditions, mask=1.0 - second_half.float())
        codes, phase = sure(half.external).codes, sure(half.external).phase
        garbled = asked(half, codes=codes + second_half[..., None], phase=torch.where(second_half, 0, phase))
        assert torch.equal(told(half), told(garbled))
        assert not torch.equal(told(half), told(asked(half, codes=codes + ~second_half[..., None])))
        other_phase = (phase + 1) % network.config.external_places
        assert not torch.equal(told(half), told(asked(half, phase=torch.where(second_half, phase, other_phase))))

    def test_the_frames_of_a_place_are_told_the_reading_of_its_phase(self, lead_sheet, random_conditions):
        config, told = lead_sheet.config, lead_sheet.network.conditions.codes
        conditions = random_conditions(config, codes=True)
        mask = torch.ones_like(conditions.external.mask)
        mask[:, 3] = 0
        conditions = asked(conditions, mask=mask).dropping({"external": torch.tensor([False, True])})
        heard = told(conditions).unflatten(1, (-1, config.place_frames))
        for place in range(config.frames // config.place_frames):
            code, phase = sure(conditions.external).codes[0, place], int(sure(conditions.external).phase[0, place])
            rows = slice(phase * config.code_width, (phase + 1) * config.code_width)
            code, features = code.split([config.external_width, config.external_places * config.external_features])
            features = features.reshape(config.external_places, config.external_features)[phase]
            reading = told.spread(told.read.weight[rows] @ code + told.read.bias[rows]) + told.hear.weight @ features
            expected = told.null if place == 3 else reading
            assert torch.allclose(heard[0, place], expected.expand(config.place_frames, -1), atol=1e-5)
        assert torch.equal(heard[1], told.null.expand_as(heard[1]))


class TestDenoiser:
    @by_level
    def test_what_is_known_is_not_influenced_by_noise(self, level, random_conditions):
        """Noise on points that are known changes no log-odds elsewhere, and neither does an estimate of them."""
        denoiser = Denoiser(tiny_network(level))
        conditions, x = random_conditions(denoiser.config), noisy(denoiser.config)
        unknown, estimate = denoiser.told(conditions).unknown, noisy(denoiser.config, seed=1)
        other_x, other_estimate = (torch.where(unknown > 0, tensor, tensor.flip(0) + 9) for tensor in (x, estimate))
        mine = denoiser.logits(x, estimate, torch.ones(2), denoiser.told(conditions))
        its = denoiser.logits(other_x, other_estimate, torch.ones(2), denoiser.told(conditions))
        for part, (own, other) in enumerate(zip(mine, its, strict=True)):
            known = conditions.known_mask[..., part] > 0
            assert torch.equal(own[~known], other[~known])
            assert not torch.equal(own[known], other[known])  # the likelihood of their own points

    def test_unknown_points_and_their_last_estimate_have_a_say(self, lead_sheet, random_conditions):
        conditions, x = random_conditions(lead_sheet.config), noisy(lead_sheet.config)
        conditions = replace(conditions, known_mask=torch.zeros_like(conditions.known_mask))
        plain = lead_sheet.network(x, x, torch.zeros(2), lead_sheet.told(conditions).features)
        for other in ((x + 1, x), (x, x + 1)):
            assert (lead_sheet.network(*other, torch.zeros(2), lead_sheet.told(conditions).features) - plain).abs().max() > 0.01

    def test_network_is_told_scaled_points_and_the_logarithm_of_the_noise(self):
        sigma = torch.tensor([0.2, 1.0, 60.0])
        assert torch.allclose(input_scale(sigma) ** 2 * (sigma**2 + 0.25), torch.ones(3))
        assert torch.allclose((4 * noise_label(sigma)).exp(), sigma)

    def test_second_step_sees_the_estimate_of_the_first(self, lead_sheet, random_conditions):
        conditions = random_conditions(lead_sheet.config)
        first, second, sigma = noisy(lead_sheet.config, seed=1), noisy(lead_sheet.config, seed=2), torch.tensor(3.0)
        window = WindowDenoiser(lead_sheet, conditions, Guidance())
        estimate = window(first, sigma)
        assert torch.equal(join(window.guided), logits(lead_sheet, first, conditions))
        window(second, sigma)
        assert torch.equal(join(window.guided), logits(lead_sheet, second, conditions, estimate=estimate))
        assert not torch.equal(join(window.guided), logits(lead_sheet, second, conditions))

    def test_a_sample_does_not_depend_on_the_one_beside_it(self, lead_sheet, random_conditions):
        conditions, x = random_conditions(lead_sheet.config, codes=True), noisy(lead_sheet.config)

        def sample(start, of):
            window = WindowDenoiser(lead_sheet, of, Guidance(background=1.5, external=2.0))
            *_, last = dpm_solver_2m(window, start, NoiseSchedule().walk(4))
            return last, window.states()

        together, states = sample(x, conditions)
        for number in range(2):
            alone, own = sample(x[number : number + 1], of_window(conditions, number))
            assert torch.allclose(alone[0], together[number], atol=1e-2)
            for mine, its in zip(own, states, strict=True):
                assert (mine[0] == its[number]).float().mean() > 0.999  # but for ties

    def test_evidence_from_elsewhere_is_added_to_the_part_that_it_is_about(self, lead_sheet, random_conditions):
        conditions, x = random_conditions(lead_sheet.config), noisy(lead_sheet.config)
        evidence, sharp = (
            torch.zeros(2, lead_sheet.config.frames, 1, lead_sheet.config.voices[1].states),
            Guidance(sharpness=1.2),
        )
        evidence[:, 5, :, 7] = 100.0
        plain, told = (WindowDenoiser(lead_sheet, conditions, sharp, given) for given in (None, [None, evidence]))
        for window in (plain, told):
            window(x, torch.tensor(3.0))
        assert torch.equal(told.guided[0], plain.guided[0])
        assert torch.equal(told.guided[1], plain.guided[1] + evidence)
        assert told.states()[1][:, 5].tolist() == [[7], [7]]

    def test_works_away_from_the_processor(self, tiny_config, random_conditions):
        config, meta = tiny_config(LEAD_SHEET), torch.device("meta")
        denoiser = Denoiser(new_network(LEAD_SHEET, config).to(meta))
        conditions = random_conditions(config, codes=True).without("reference").to(meta)
        x = noisy(config).to(meta)
        sigma = NoiseSchedule().walk(4)[:2].to(meta)
        found = denoiser.logits(x, torch.zeros_like(x), sigma, denoiser.told(conditions))
        assert denoiser.estimate(found).device == denoiser.draw([own.argmax(-1) for own in found]).device == meta

    def test_half_precision_says_about_the_same(self, random_conditions):
        half = Denoiser(tiny_network(ACCOMPANIMENT).to(torch.bfloat16))
        full = Denoiser(tiny_network(ACCOMPANIMENT))
        conditions, x = random_conditions(full.config), noisy(full.config)
        floats = {name: value for name, value in vars(conditions).items() if isinstance(value, torch.Tensor)}
        halved = replace(conditions, **{name: value.to(torch.bfloat16) for name, value in floats.items()})
        mine, its = logits(half, x, halved), logits(full, x, conditions)
        assert mine.dtype == torch.float32
        assert (mine - its).abs().max() < 0.5
        assert (mine - its).abs().mean() < 0.05


class TestGuidance:
    @pytest.mark.parametrize("name", DROPPABLE)
    def test_weight_of_nought_ignores_the_condition(self, name, lead_sheet, random_conditions):
        conditions, x = random_conditions(lead_sheet.config, codes=True), noisy(lead_sheet.config)
        ignored = guided(lead_sheet, x, conditions, **{name: 0.0})
        assert torch.allclose(ignored, guided(lead_sheet, x, conditions.without(name)), atol=1e-4)
        assert not torch.allclose(ignored, guided(lead_sheet, x, conditions), atol=1e-2)

    @pytest.mark.parametrize("name", DROPPABLE)
    def test_a_weight_holds_for_the_frames_that_have_it(self, name, lead_sheet, random_conditions):
        conditions, x = random_conditions(lead_sheet.config, codes=True), noisy(lead_sheet.config)
        plain, strong = (guided(lead_sheet, x, conditions, **{name: weight}) for weight in (1.0, 2.5))
        in_time = torch.full((2, lead_sheet.config.frames), 2.5)
        assert torch.equal(strong, guided(lead_sheet, x, conditions, **{name: in_time}))
        in_time[0, 40:] = 1.0
        mixed = guided(lead_sheet, x, conditions, **{name: in_time})
        assert torch.equal(mixed[0, :40], strong[0, :40])
        assert torch.equal(mixed[1], strong[1])
        assert torch.allclose(mixed[0, 40:], plain[0, 40:], atol=1e-5)
        assert not torch.allclose(mixed[0, 40:], strong[0, 40:], atol=1e-2)

    @pytest.mark.parametrize("weight", [-0.1, 10.5, float("nan")])
    def test_weights_out_of_range_are_refused(self, weight):
        in_time = torch.ones(2, 128)
        in_time[1, 77] = weight
        refused: dict[str, Any]
        for refused in ({"reference": weight}, {"reference": in_time}, {"sharpness": weight}):
            with pytest.raises(ValueError, match=rf"^guidance on {next(iter(refused))}: must be 0 to 10, got "):
                Guidance(**refused)


class Additive(nn.Module):
    """Stands in for a network: each condition that is there adds its own number to the log-odds of the second of two states."""

    config = ModelConfig(
        voices=(VoiceShape(1, 2, 1),), image_size=1, background_size=1, position_size=1, frames=8, reference_size=1,
        external_width=4, external_places=2,
    )  # fmt: skip

    def __init__(self, own: float, says: dict[str, float]) -> None:
        super().__init__()
        self.own, self.says, self.windows = own, says, 0
        self.points = [torch.tensor([[0.0], [1.0]])]
        self.pace = None

    def conditions(self, conditions: Conditions) -> torch.Tensor:
        told = torch.full((conditions.batch_size, self.config.frames, 1), self.own)
        for name, says in self.says.items():
            there = conditions.reference_mask if name == "reference" else torch.ones(())
            there = there * (conditions.external is not None or name != "external")
            told = told + says * there * ~conditions.absent(name)
        return told

    def forward(self, x, estimate, c_noise, told, known):
        self.windows += len(x)
        return torch.cat([torch.zeros_like(told), told], dim=-1)


SAYS = {"background": 0.5, "reference": -0.25, "external": 1.0}


class TestGuidanceFormula:
    """ℓ + Σᵢ (wᵢ − 1)(ℓ − ℓ₋ᵢ), checked where ℓ − ℓ₋ᵢ is known."""

    def guided(self, random_conditions, guidance, codes=True, absent=(), mask=None):
        """(batch, frames) log-odds of the second state but for what its noisy point says, and passes through the network."""
        network = Additive(-1.0, SAYS)
        conditions = random_conditions(network.config, codes=codes)
        conditions = replace(conditions, known_mask=torch.zeros_like(conditions.known_mask)).without(*absent)
        conditions = conditions if mask is None else replace(conditions, reference_mask=mask)
        x, heard = torch.ones(2, network.config.frames, 1), 0.5  # (e·x − |e|²/2)/σ² where all three are 1
        window = WindowDenoiser(Denoiser(network), conditions, guidance)  # type: ignore[arg-type]
        window(x, torch.tensor(1.0))
        odds = window.guided[0][..., 0, 1] - window.guided[0][..., 0, 0]
        assert torch.allclose(window.last[..., 0], odds.sigmoid())
        return odds - heard, network.windows / 2

    def test_each_condition_pulls_by_its_own_weight(self, random_conditions):
        odds, passes = self.guided(random_conditions, Guidance(background=3.0, reference=0.0, external=2.0))
        assert torch.allclose(odds, torch.tensor(-1 + 3.0 * 0.5 + 0.0 * -0.25 + 2.0 * 1.0))
        assert passes == 4

    def test_sharpness_multiplies_what_comes_of_it_and_costs_no_pass(self, random_conditions):
        odds, passes = self.guided(random_conditions, Guidance(background=3.0, sharpness=1.5))
        assert torch.allclose(odds, torch.tensor(1.5 * (-1 + 3.0 * 0.5 - 0.25 + 1.0)))
        assert passes == 2

    @pytest.mark.parametrize("ones", [1.0, torch.ones(2, Additive.config.frames)], ids=["number", "in time"])
    def test_weights_of_one_cost_no_pass(self, ones, random_conditions):
        odds, passes = self.guided(random_conditions, Guidance(background=ones, reference=ones, external=ones))
        assert torch.allclose(odds, torch.tensor(-1 + sum(SAYS.values())))
        assert passes == 1

    def test_weights_in_time_are_each_frames_own(self, random_conditions):
        weights = torch.linspace(0, 3, 2 * Additive.config.frames).view(2, -1)
        odds, passes = self.guided(random_conditions, Guidance(background=weights))
        assert torch.allclose(odds, -1 + 0.5 * weights - 0.25 + 1.0)
        assert passes == 2

    def test_reference_weight_costs_nothing_and_changes_nothing_without_references(self, random_conditions):
        mask = torch.zeros(2, Additive.config.frames, 1)
        odds, passes = self.guided(random_conditions, Guidance(reference=3.0), mask=mask)
        assert torch.allclose(odds, torch.tensor(-1 + 0.5 + 1.0))
        assert passes == 1
        mask[1, 2:5] = 1
        odds, passes = self.guided(random_conditions, Guidance(reference=3.0), mask=mask)
        assert torch.allclose(odds, -1 + 0.5 + 1.0 - 3.0 * 0.25 * mask[..., 0])
        assert passes == 2

    def test_external_weight_costs_nothing_without_codes(self, random_conditions):
        _, passes = self.guided(random_conditions, Guidance(external=3.0), codes=False)
        assert passes == 1

    def test_what_is_absent_stays_absent_in_every_pass(self, random_conditions):
        odds, _ = self.guided(random_conditions, Guidance(background=3.0), absent=["reference"])
        assert torch.allclose(odds, torch.tensor(-1 + 3.0 * 0.5 + 1.0))
