"""The network, its conditions, and the denoiser made of them."""

import math
from dataclasses import dataclass, fields, replace

import pytest
import torch
from torch import nn

from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, LEVELS, REDUCED_LEAD_SHEET
from canzona.model.conditioning import DROPPABLE, Conditions, ExternalCodes, concatenate
from canzona.model.config import ModelConfig
from canzona.model.denoiser import Denoiser, Guidance
from canzona.model.diffusion import NoiseSchedule, clean_estimate, cross_entropy, input_scale, likelihood_logits, noise_label
from canzona.model.layers import NoiseEmbedding
from canzona.model.unet import OFF_LOGIT, UNet
from canzona.representation.specification import model_config
from tiny import tiny_network

SHAPE = (2, 2, 128, 80)
by_level = pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
by_external = pytest.mark.parametrize("level", [level for level in LEVELS if level.external], ids=lambda level: level.name)


def noisy(config: ModelConfig, batch: int = 2, seed: int = 9) -> torch.Tensor:
    return torch.randn(batch, config.own_channels, config.frames, config.rows, generator=torch.Generator().manual_seed(seed))


def perturbed(conditions: Conditions, name: str) -> Conditions:
    """The same conditions with another value of one that can be dropped."""
    value = getattr(conditions, name)
    other = replace(value, codes=value.codes.flip(-1)) if isinstance(value, ExternalCodes) else value.flip(-1)
    return replace(conditions, **{name: other})


def asked(conditions: Conditions, **changes: torch.Tensor) -> Conditions:
    """The same conditions with other fields of the external codes."""
    return replace(conditions, external=replace(conditions.external, **changes))


def of_window(conditions: Conditions, number: int) -> Conditions:
    """What is known of one window of a batch."""

    def own(value):
        if isinstance(value, ExternalCodes):
            return ExternalCodes(*map(own, vars(value).values()))
        return None if value is None else value[number : number + 1]

    return Conditions(**{entry.name: own(getattr(conditions, entry.name)) for entry in fields(conditions)})


@pytest.fixture(scope="module")
def lead_sheet() -> Denoiser:
    """A random network that listens to all its conditions."""
    return Denoiser(tiny_network(LEAD_SHEET))


class TestNetwork:
    @by_level
    @pytest.mark.parametrize("codes", [False, True])
    def test_logits_have_the_shape_of_the_image(self, level, codes, tiny_config, random_conditions):
        config = tiny_config(level)
        conditions = random_conditions(config, codes=codes and level.external is not None)
        with torch.no_grad():
            logits = UNet(config)(noisy(config), torch.zeros(2), conditions)
        assert logits.shape == (2, len(level.planes), level.window_frames, level.rows)
        assert torch.equal(logits, torch.full_like(logits, OFF_LOGIT))  # where an untrained network starts

    @by_level
    def test_released_shape_fits_its_budget(self, level):
        with torch.device("meta"):
            network = UNet(model_config(level, widths=(64, 160, 224)))
        assert 2 * sum(parameter.numel() for parameter in network.parameters()) < 16 << 20  # bytes in half precision

    @by_level
    def test_one_window_is_the_same_alone_or_in_a_batch(self, level, random_conditions):
        network = tiny_network(level)
        conditions = random_conditions(network.config, batch=3, codes=level.external is not None)
        x, label = noisy(network.config, 3), torch.tensor([-0.4, 0.1, 1.0])
        together = network(x, label, conditions)
        for number in range(3):
            here, own = slice(number, number + 1), of_window(conditions, number)
            assert torch.allclose(network(x[here], label[here], own), together[here], atol=1e-4, rtol=1e-4)

    def test_noise_features_are_real_even_where_the_network_is_not(self):
        with torch.device("meta"):
            embedding = NoiseEmbedding(32)
        assert torch.equal(embedding.frequencies, NoiseEmbedding(32).frequencies)
        assert embedding.frequencies[[0, -1]].tolist() == [pytest.approx(0.25), pytest.approx(64.0)]

    def test_every_parameter_that_is_used_learns(self, random_conditions):
        network = tiny_network(LEAD_SHEET).requires_grad_(True)
        conditions = random_conditions(network.config, batch=4, codes=True)
        absent = torch.tensor([True, False, True, False])
        conditions = conditions.dropping(dict.fromkeys(DROPPABLE, absent))
        network(noisy(network.config, 4), torch.zeros(4), conditions).square().mean().backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name

    @pytest.mark.parametrize("name", DROPPABLE)
    def test_a_null_learns_only_where_its_condition_is_absent(self, name, random_conditions):
        network = tiny_network(LEAD_SHEET).requires_grad_(True)
        conditions = random_conditions(network.config, codes=True)
        nulls = {
            "background": network.planes.background_null,
            "reference": network.planes.reference_null,
            "context": network.tokens.context_null,
            "external": network.codes.null,
        }
        network(noisy(network.config), torch.zeros(2), conditions.without(name)).square().mean().backward()
        for other, null in nulls.items():
            learns = null.grad is not None and bool(null.grad.abs().max() > 0)
            assert learns == (other == name)


class TestConfig:
    @by_level
    def test_survives_json_types(self, level):
        config = model_config(level)
        assert ModelConfig.from_dict(config.to_dict() | {"widths": list(config.widths)}) == config

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("widths", (64, 10**9, 64)),
            ("widths", ()),
            ("widths", (16,) * 7),
            ("widths", (16, 24, 32)),
            ("widths", (16, 16, 32)),  # narrower than a head of attention
            ("blocks", 10**6),
            ("blocks", 0),
            ("fold_rows", 0),
            ("frames", 120),
            ("rows", -80),
            ("rows", 80.0),
            ("rows", True),
            ("context_frames", 3),
            ("external_phases", -1),
            ("external_phases", 2.0),
            ("context_passages", 10**12),
            ("graded_channels", (2,)),
            ("echo_bands", (69,)),
            ("head_width", "32"),
            ("token_width", None),
        ],
    )
    def test_what_makes_no_network_is_refused_by_name(self, field, value):
        values = model_config(LEAD_SHEET, widths=(16, 32, 32)).to_dict()
        with pytest.raises(ValueError, match=rf"^{field}: must "):
            ModelConfig.from_dict(values | {field: value})

    def test_phases_of_no_code_are_refused(self):
        with pytest.raises(ValueError, match=r"^external_phases: must be 0 without external_width, got 8$"):
            replace(model_config(LEAD_SHEET), external_width=0)

    def test_unknown_fields_are_refused(self):
        with pytest.raises(ValueError, match="unknown fields 'wings'"):
            ModelConfig.from_dict(model_config(FORM).to_dict() | {"wings": 2})
        with pytest.raises(ValueError, match="must be fields with values, got list"):
            ModelConfig.from_dict([])


class TestConditions:
    @pytest.mark.parametrize("name", DROPPABLE)
    def test_dropped_condition_has_no_say_and_others_have(self, name, lead_sheet, random_conditions):
        conditions = random_conditions(lead_sheet.config, codes=True)
        x, sigma = noisy(lead_sheet.config), torch.tensor([1.0, 3.0])

        def logits(of):
            return lead_sheet.logits(x, sigma, of)

        other = perturbed(conditions, name)
        assert not torch.equal(logits(conditions), logits(other))
        assert not torch.equal(logits(conditions), logits(conditions.without(name)))
        assert torch.equal(logits(conditions.without(name)), logits(other.without(name)))
        first_only = {name: torch.tensor([True, False])}
        mine, its = logits(conditions.dropping(first_only)), logits(other.dropping(first_only))
        assert torch.equal(mine[0], its[0])
        assert not torch.equal(mine[1], its[1])

    @pytest.mark.parametrize("name", ["known", "known_mask", "position", "reference_mask", "context_mask"])
    def test_what_cannot_be_dropped_has_a_say(self, name, lead_sheet, random_conditions):
        conditions, x = random_conditions(lead_sheet.config), noisy(lead_sheet.config)
        changed = replace(conditions, **{name: -getattr(conditions, name)})
        sigma = torch.ones(2)
        assert not torch.equal(lead_sheet.logits(x, sigma, conditions), lead_sheet.logits(x, sigma, changed))

    def test_absent_passage_has_no_say(self, lead_sheet, random_conditions):
        conditions, x, sigma = random_conditions(lead_sheet.config), noisy(lead_sheet.config), torch.ones(2)
        masked = replace(conditions, context_mask=torch.tensor([[1.0, 0.0], [1.0, 0.0]]))
        garbled = masked.context.clone()
        garbled[:, 1] = 7.0
        assert torch.equal(lead_sheet.logits(x, sigma, masked), lead_sheet.logits(x, sigma, replace(masked, context=garbled)))

    def test_without_forgets_what_was_dropped_and_also_without_does_not(self, random_conditions, tiny_config):
        conditions = random_conditions(tiny_config(LEAD_SHEET)).dropping({"context": torch.tensor([True, False])})
        assert set(conditions.without("background", "reference").dropped) == {"background", "reference"}
        both = conditions.also_without("background").dropped
        assert {name: absent.tolist() for name, absent in both.items()} == {
            "context": [True, False],
            "background": [True, True],
        }
        assert conditions.dropping({}).dropped == {}

    def test_unknown_names_are_refused(self, random_conditions, tiny_config):
        conditions = random_conditions(tiny_config(FORM))
        with pytest.raises(ValueError, match=r"^condition: must be one of background, .*, got known, melody$"):
            conditions.without("melody", "background", "known")

    def test_joined_conditions_are_those_joined(self, lead_sheet, random_conditions):
        first, second = (random_conditions(lead_sheet.config, codes=True, seed=seed) for seed in (0, 1))
        second = second.without("reference", "external")
        x, sigma = noisy(lead_sheet.config), torch.ones(2)
        joined = concatenate([first, second])
        assert joined.batch_size == 4
        together = lead_sheet.logits(x.repeat(2, 1, 1, 1), sigma.repeat(2), joined)
        assert torch.allclose(together[:2], lead_sheet.logits(x, sigma, first), atol=1e-4)
        assert torch.allclose(together[2:], lead_sheet.logits(x, sigma, second), atol=1e-4)

    def test_codes_for_some_only_cannot_be_joined(self, random_conditions, tiny_config):
        config = tiny_config(ACCOMPANIMENT)
        with pytest.raises(ValueError, match=r"^external: must be given for all"):
            concatenate([random_conditions(config), random_conditions(config, codes=True)])

    def test_moves_to_a_device_as_a_whole(self, random_conditions, tiny_config):
        conditions = random_conditions(tiny_config(REDUCED_LEAD_SHEET), codes=True).without("context").to(torch.device("meta"))
        values = (*vars(conditions).values(), *vars(conditions.external).values(), *conditions.dropped.values())
        tensors = [value for value in values if isinstance(value, torch.Tensor)]
        assert {tensor.device.type for tensor in tensors} == {"meta"}
        assert len(tensors) == 8 + 3 + 1


class TestCodes:
    """External codes: what of them the network hears, and where."""

    @by_external
    def test_codes_that_are_masked_dropped_or_none_are_the_same(self, level, random_conditions):
        denoiser = Denoiser(tiny_network(level))
        conditions, x = random_conditions(denoiser.config, codes=True), noisy(denoiser.config)
        masked = asked(conditions, mask=torch.zeros_like(conditions.external.mask))
        variants = [masked, conditions.without("external"), replace(conditions, external=None)]
        logits = [denoiser.logits(x, torch.ones(2), each) for each in variants]
        assert torch.equal(logits[0], logits[1])
        assert torch.equal(logits[0], logits[2])
        assert not torch.equal(logits[0], denoiser.logits(x, torch.ones(2), conditions))
        estimates = [denoiser.denoise(x, torch.tensor(1.0), each) for each in variants]
        assert torch.equal(estimates[0], estimates[1])
        assert torch.equal(estimates[0], estimates[2])

    @by_external
    def test_a_masked_place_hears_neither_its_code_nor_its_phase(self, level, random_conditions):
        network = tiny_network(level)
        conditions, x = random_conditions(network.config, codes=True), noisy(network.config)
        places = conditions.external.mask.shape[1]
        second_half = (torch.arange(places) >= places // 2).expand(2, -1)
        half = asked(conditions, mask=1.0 - second_half.float())

        def output(of):
            return network(x, torch.zeros(2), of)

        codes, phase = half.external.codes, half.external.phase
        garbled = asked(half, codes=codes + second_half[..., None], phase=torch.where(second_half, 0, phase))
        assert torch.equal(output(half), output(garbled))
        assert not torch.equal(output(half), output(asked(half, codes=codes + ~second_half[..., None])))
        other_phase = (phase + 1) % network.config.external_phases
        assert not torch.equal(output(half), output(asked(half, phase=torch.where(second_half, phase, other_phase))))

    def test_a_place_is_told_the_reading_of_its_phase(self, lead_sheet, random_conditions):
        config, told = lead_sheet.config, lead_sheet.network.codes
        conditions = random_conditions(config, codes=True)
        mask = torch.ones_like(conditions.external.mask)
        mask[:, 3] = 0
        conditions = asked(conditions, mask=mask).dropping({"external": torch.tensor([False, True])})
        tokens = told(conditions)
        assert tokens.shape == (2, config.frames // config.fold_frames, config.token_width)
        for place, token in enumerate(tokens[0]):
            code, phase = conditions.external.codes[0, place], int(conditions.external.phase[0, place])
            rows = slice(phase * config.token_width, (phase + 1) * config.token_width)
            code, features = code.split([config.external_width, config.external_phases * config.external_features])
            features = features.reshape(config.external_phases, config.external_features)[phase]
            reading = told.read.weight[rows] @ code + told.read.bias[rows] + told.hear.weight @ features
            torch.testing.assert_close(token, told.place[place] + (told.null if place == 3 else reading))
        torch.testing.assert_close(tokens[1], told.place + told.null)

    @pytest.mark.parametrize(("number", "depth"), list(enumerate([0, 1, 2, 1, 0])))
    def test_every_stage_is_told_each_code_where_it_speaks(self, number, depth, random_conditions):
        """Of two codes that differ at one place, a stage hears the difference at the cell of its grid that holds this place."""
        network, place = tiny_network(LEAD_SHEET), 21
        for other, layer in enumerate(network.say_codes):
            layer.weight.mul_(other == number)
        stages, heard = (*network.down, *network.up), []
        for attention in (block.attention for stage in stages for block in stage):
            if attention is not None:
                attention.cross_output.weight.zero_()
        stages[number][0].residual.register_forward_pre_hook(lambda _, inputs: heard.append(inputs[0]))
        conditions, x = random_conditions(network.config, codes=True), noisy(network.config)
        codes = conditions.external.codes.clone()
        codes[:, place] += 1
        for of in (conditions, asked(conditions, codes=codes)):
            network(x, torch.zeros(2), of)
        differs = (heard[0] != heard[1]).any(dim=3).any(dim=1)
        assert len(differs[0]) == network.config.frames // network.config.fold_frames // 2**depth
        assert [row.nonzero().flatten().tolist() for row in differs] == [[place // 2**depth]] * 2

    def test_a_network_that_knows_no_codes_has_no_parameters_for_them(self, tiny_config):
        network = UNet(tiny_config(FORM))
        assert network.codes is None
        assert not list(network.say_codes.parameters())


class TestDenoiser:
    @by_level
    @pytest.mark.parametrize("sigma", [0.2, 3.0, 60.0])
    def test_known_pixels_come_back_exactly(self, level, sigma, random_conditions):
        denoiser = Denoiser(tiny_network(level))
        conditions = random_conditions(denoiser.config)
        known = conditions.known_mask > 0
        conditions = replace(conditions, known=conditions.known * 0.3)  # graded values too
        estimate = denoiser.denoise(noisy(denoiser.config) * sigma, torch.tensor(sigma), conditions)
        assert torch.equal(estimate[known], conditions.known[known])
        assert estimate.shape == conditions.known.shape
        assert estimate.dtype == torch.float32
        assert estimate.abs().max() <= 1

    @by_level
    def test_untrained_network_believes_what_it_sees(self, level, tiny_config, random_conditions):
        config = tiny_config(level)
        conditions = random_conditions(config)
        conditions = replace(conditions, known_mask=torch.zeros_like(conditions.known_mask))
        signs = conditions.known.sign() + (conditions.known == 0)
        x, sigma = signs + 0.1 * noisy(config), torch.tensor(0.1)
        estimate = Denoiser(UNet(config).requires_grad_(False)).denoise(x, sigma, conditions)
        binary = [channel for channel in range(config.own_channels) if channel not in config.graded_channels]
        assert torch.allclose(estimate[:, binary], signs[:, binary], atol=1e-4)
        for channel in config.graded_channels:  # no likelihood there: all is off until learned otherwise
            assert torch.allclose(estimate[:, channel], torch.tensor(2 / (1 + math.exp(-OFF_LOGIT)) - 1))

    def test_weights_of_one_are_no_guidance(self, lead_sheet, random_conditions):
        conditions, x, sigma = random_conditions(lead_sheet.config, codes=True), noisy(lead_sheet.config), torch.tensor(2.0)
        plain = lead_sheet.denoise(x, sigma, conditions)
        assert torch.equal(plain, lead_sheet.denoise(x, sigma, conditions, Guidance()))
        assert torch.equal(plain, lead_sheet.denoise(x, sigma, conditions, Guidance(1, 1, 1, 1)))
        assert not torch.equal(plain, lead_sheet.denoise(x, sigma, conditions, Guidance(background=1.5)))

    @pytest.mark.parametrize("name", DROPPABLE)
    def test_weight_of_nought_ignores_the_condition(self, name, lead_sheet, random_conditions):
        conditions, x, sigma = random_conditions(lead_sheet.config, codes=True), noisy(lead_sheet.config), torch.tensor(2.0)
        ignored = lead_sheet.denoise(x, sigma, conditions, Guidance(**{name: 0.0}))
        assert torch.allclose(ignored, lead_sheet.denoise(x, sigma, conditions.without(name)), atol=1e-4)

    @pytest.mark.parametrize("name", DROPPABLE)
    def test_weights_that_are_equal_in_time_are_that_weight(self, name, lead_sheet, random_conditions):
        conditions, x, sigma = random_conditions(lead_sheet.config, codes=True), noisy(lead_sheet.config), torch.tensor(2.0)
        plain, strong = (lead_sheet.denoise(x, sigma, conditions, Guidance(**{name: weight})) for weight in (1.0, 2.5))
        in_time = torch.full((2, lead_sheet.config.frames), 2.5)
        assert torch.equal(strong, lead_sheet.denoise(x, sigma, conditions, Guidance(**{name: in_time})))
        in_time[0, 40:] = 1.0
        mixed = lead_sheet.denoise(x, sigma, conditions, Guidance(**{name: in_time}))
        assert torch.equal(mixed[:, :, :40], strong[:, :, :40])
        assert torch.equal(mixed[1], strong[1])
        assert torch.allclose(mixed[0, :, 40:], plain[0, :, 40:], atol=1e-5)
        assert not torch.allclose(mixed[0, :, 40:], strong[0, :, 40:], atol=1e-2)

    @pytest.mark.parametrize("weight", [-0.1, 10.5, float("nan")])
    def test_weights_out_of_range_are_refused(self, weight):
        in_time = torch.ones(2, 128)
        in_time[1, 77] = weight
        for refused in (weight, in_time):
            with pytest.raises(ValueError, match=r"^guidance on reference: must be 0 to 10, got "):
                Guidance(reference=refused)

    def test_works_away_from_the_processor(self, tiny_config, random_conditions):
        config, meta = tiny_config(LEAD_SHEET), torch.device("meta")
        denoiser = Denoiser(UNet(config).to(meta))
        conditions = random_conditions(config, codes=True).without("reference").to(meta)
        sigma = NoiseSchedule().walk(4)[0]  # may stay where it was made
        assert denoiser.denoise(noisy(config).to(meta), sigma, conditions, Guidance(background=2)).device == meta


@dataclass
class Additive(nn.Module):
    """Stands in for a network: each condition that is there adds its own number to every pixel's log-odds."""

    config: ModelConfig
    own: float
    says: dict[str, float]

    def __post_init__(self) -> None:
        super().__init__()
        self.windows = 0

    def forward(self, x, c_noise, conditions):
        self.windows += len(x)
        logits = torch.full((len(x),), self.own)
        for name, says in self.says.items():
            absent = (conditions.dropped or {}).get(name, torch.zeros(len(x), dtype=torch.bool))
            logits = logits + says * ~absent
        return logits[:, None, None, None].expand(x.shape)


SAYS = {"background": 0.5, "reference": -0.25, "context": 0.125, "external": 1.0}


class TestGuidanceFormula:
    """ℓ + Σᵢ (wᵢ − 1)(ℓ − ℓ₋ᵢ), checked where ℓ − ℓ₋ᵢ is known."""

    def guided(self, random_conditions, guidance, codes=True, absent=()):
        network = Additive(model_config(FORM, external_width=4, external_phases=2, graded_channels=tuple(range(8))), -1.0, SAYS)
        conditions = random_conditions(network.config, codes=codes)
        conditions = replace(conditions, known_mask=torch.zeros_like(conditions.known_mask)).without(*absent)
        estimate = Denoiser(network).denoise(noisy(network.config), torch.tensor(1.0), conditions, guidance)
        assert estimate.unique().numel() == 1
        return torch.atanh(estimate.double()).mean().item() * 2, network.windows // 2

    def test_each_condition_pulls_by_its_own_weight(self, random_conditions):
        logit, passes = self.guided(random_conditions, Guidance(background=3.0, reference=0.0, context=1.0, external=2.0))
        assert logit == pytest.approx(-1 + 3.0 * 0.5 + 0.0 * -0.25 + 1.0 * 0.125 + 2.0 * 1.0, abs=1e-4)
        assert passes == 4

    def test_only_weights_other_than_one_cost(self, random_conditions):
        logit, passes = self.guided(random_conditions, Guidance())
        assert logit == pytest.approx(-1 + sum(SAYS.values()), abs=1e-4)
        assert passes == 1

    def test_weights_of_one_at_all_times_cost_nothing(self, random_conditions):
        ones = torch.ones(2, FORM.window_frames)
        logit, passes = self.guided(random_conditions, Guidance(background=ones, external=ones))
        assert logit == pytest.approx(-1 + sum(SAYS.values()), abs=1e-4)
        assert passes == 1
        ones[1, -1] = 1.5
        assert Guidance(background=ones, external=1.0).active().keys() == {"background"}

    def test_external_weight_costs_nothing_without_codes(self, random_conditions):
        _, passes = self.guided(random_conditions, Guidance(external=3.0), codes=False)
        assert passes == 1

    def test_what_is_absent_stays_absent_in_every_pass(self, random_conditions):
        logit, _ = self.guided(random_conditions, Guidance(background=3.0), absent=["reference"])
        assert logit == pytest.approx(-1 + 3.0 * 0.5 + 0.125 + 1.0, abs=1e-4)


class TestClosedForms:
    def test_likelihood_is_that_of_the_gaussian(self):
        x, sigma = torch.linspace(-3, 3, 7).reshape(1, 1, 7, 1).double(), torch.tensor(0.8, dtype=torch.float64)
        densities = [torch.distributions.Normal(torch.tensor(y).double(), sigma).log_prob(x) for y in (1.0, -1.0)]
        assert torch.allclose(likelihood_logits(x, sigma, ()), densities[0] - densities[1])
        assert torch.equal(likelihood_logits(x, sigma, (0,)), torch.zeros_like(x))

    def test_input_has_unit_variance_and_label_is_a_quarter_of_the_logarithm(self):
        sigma = torch.tensor([0.2, 1.0, 60.0])
        assert torch.allclose(input_scale(sigma) ** 2 * (sigma**2 + 1), torch.ones(3))
        assert torch.allclose((4 * noise_label(sigma)).exp(), sigma)

    def test_estimate_is_the_expected_sign(self):
        assert clean_estimate(torch.tensor([0.0, math.log(3), -80.0])).tolist() == [0.0, pytest.approx(0.5), -1.0]

    def test_cross_entropy_counts_unknown_pixels_alone(self):
        logits = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0))
        clean, weight = torch.ones(SHAPE), torch.zeros(SHAPE)
        weight[0, 0, 3, 5] = weight[0, 1, 2, 2] = 1
        loss = cross_entropy(logits, clean, weight)
        picked = torch.stack([logits[0, 0, 3, 5], logits[0, 1, 2, 2]])
        assert loss[0] == pytest.approx(-nn.functional.logsigmoid(picked).mean().item(), rel=1e-5)
        assert loss[1] == 0  # nothing to compose

    def test_cross_entropy_of_a_graded_pixel_is_least_at_its_value(self):
        values = torch.linspace(-0.9, 0.9, 19)
        clean = torch.full((19, 1, 1, 1), 0.3)
        loss = cross_entropy(2 * torch.atanh(values)[:, None, None, None], clean, torch.ones_like(clean))
        assert values[loss.argmin()] == pytest.approx(0.3)
