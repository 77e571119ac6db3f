"""The network, its conditions, and the denoiser made of them."""

import math
from dataclasses import dataclass, fields, replace

import pytest
import torch
from torch import nn

from canzona.hierarchy.levels import ACCOMPANIMENT, FORM, LEAD_SHEET, LEVELS, REDUCED_LEAD_SHEET
from canzona.model.conditioning import DROPPABLE, Conditions, concatenate
from canzona.model.config import ModelConfig
from canzona.model.denoiser import Denoiser, Guidance
from canzona.model.diffusion import NoiseSchedule, clean_estimate, cross_entropy, input_scale, likelihood_logits, noise_label
from canzona.model.layers import NoiseEmbedding
from canzona.model.unet import OFF_LOGIT, UNet
from canzona.representation.specification import model_config
from tiny import tiny_network

SHAPE = (2, 2, 128, 80)
by_level = pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)


def noisy(config: ModelConfig, batch: int = 2, seed: int = 9) -> torch.Tensor:
    return torch.randn(batch, config.own_channels, config.frames, config.rows, generator=torch.Generator().manual_seed(seed))


def perturbed(conditions: Conditions, name: str) -> Conditions:
    """The same conditions with another value of one that can be dropped."""
    return replace(conditions, **{name: getattr(conditions, name).flip(-1)})


@pytest.fixture(scope="module")
def lead_sheet() -> Denoiser:
    """A random network that listens to all its conditions."""
    return Denoiser(tiny_network(LEAD_SHEET))


class TestNetwork:
    @by_level
    @pytest.mark.parametrize("codes", [0, 3])
    def test_logits_have_the_shape_of_the_image(self, level, codes, tiny_config, random_conditions):
        config = tiny_config(level)
        conditions = random_conditions(config, codes=codes if config.external_width else 0)
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
        conditions = random_conditions(network.config, batch=3)
        x, label = noisy(network.config, 3), torch.tensor([-0.4, 0.1, 1.0])
        together = network(x, label, conditions)
        for number in range(3):
            here = slice(number, number + 1)
            parts = {entry.name: getattr(conditions, entry.name) for entry in fields(conditions)}
            own = Conditions(**{name: None if value is None else value[here] for name, value in parts.items()})
            assert torch.allclose(network(x[here], label[here], own), together[here], atol=1e-4, rtol=1e-4)

    def test_noise_features_are_real_even_where_the_network_is_not(self):
        with torch.device("meta"):
            embedding = NoiseEmbedding(32)
        assert torch.equal(embedding.frequencies, NoiseEmbedding(32).frequencies)
        assert embedding.frequencies[[0, -1]].tolist() == [pytest.approx(0.25), pytest.approx(64.0)]

    def test_every_parameter_that_is_used_learns(self, random_conditions):
        network = tiny_network(LEAD_SHEET).requires_grad_(True)
        conditions = random_conditions(network.config, batch=4, codes=1)
        absent = torch.tensor([True, False, True, False])
        conditions = conditions.dropping(dict.fromkeys(DROPPABLE, absent))
        network(noisy(network.config, 4), torch.zeros(4), conditions).square().mean().backward()
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
            assert parameter.grad.abs().max() > 0, name

    @pytest.mark.parametrize("name", DROPPABLE)
    def test_a_null_learns_only_where_its_condition_is_absent(self, name, random_conditions):
        network = tiny_network(LEAD_SHEET).requires_grad_(True)
        conditions = random_conditions(network.config, codes=1)
        nulls = {
            "background": network.planes.background_null,
            "reference": network.planes.reference_null,
            "context": network.tokens.context_null,
            "external": network.tokens.external_null,
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

    def test_unknown_fields_are_refused(self):
        with pytest.raises(ValueError, match="unknown fields 'wings'"):
            ModelConfig.from_dict(model_config(FORM).to_dict() | {"wings": 2})
        with pytest.raises(ValueError, match="must be fields with values, got list"):
            ModelConfig.from_dict([])


class TestConditions:
    @pytest.mark.parametrize("name", DROPPABLE)
    def test_dropped_condition_has_no_say_and_others_have(self, name, lead_sheet, random_conditions):
        conditions = random_conditions(lead_sheet.config, codes=2)
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

    def test_no_code_is_a_dropped_code(self, lead_sheet, random_conditions):
        conditions, x, sigma = random_conditions(lead_sheet.config, codes=1), noisy(lead_sheet.config), torch.ones(2)
        dropped = lead_sheet.logits(x, sigma, conditions.without("external"))
        assert torch.equal(dropped, lead_sheet.logits(x, sigma, replace(conditions, external=None)))

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
        first, second = (random_conditions(lead_sheet.config, seed=seed) for seed in (0, 1))
        second = second.without("reference")
        x, sigma = noisy(lead_sheet.config), torch.ones(2)
        joined = concatenate([first, second])
        assert joined.batch_size == 4
        together = lead_sheet.logits(x.repeat(2, 1, 1, 1), sigma.repeat(2), joined)
        assert torch.allclose(together[:2], lead_sheet.logits(x, sigma, first), atol=1e-4)
        assert torch.allclose(together[2:], lead_sheet.logits(x, sigma, second), atol=1e-4)

    def test_codes_for_some_only_cannot_be_joined(self, random_conditions, tiny_config):
        config = tiny_config(ACCOMPANIMENT)
        with pytest.raises(ValueError, match=r"^external: must be given for all"):
            concatenate([random_conditions(config), random_conditions(config, codes=1)])

    def test_moves_to_a_device_as_a_whole(self, random_conditions, tiny_config):
        conditions = random_conditions(tiny_config(REDUCED_LEAD_SHEET), codes=1).without("context").to(torch.device("meta"))
        tensors = [value for value in vars(conditions).values() if isinstance(value, torch.Tensor)]
        assert {tensor.device.type for tensor in (*tensors, *conditions.dropped.values())} == {"meta"}
        assert len(tensors) == 9


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
        conditions, x, sigma = random_conditions(lead_sheet.config, codes=1), noisy(lead_sheet.config), torch.tensor(2.0)
        plain = lead_sheet.denoise(x, sigma, conditions)
        assert torch.equal(plain, lead_sheet.denoise(x, sigma, conditions, Guidance()))
        assert torch.equal(plain, lead_sheet.denoise(x, sigma, conditions, Guidance(1, 1, 1, 1)))
        assert not torch.equal(plain, lead_sheet.denoise(x, sigma, conditions, Guidance(background=1.5)))

    @pytest.mark.parametrize("name", DROPPABLE)
    def test_weight_of_nought_ignores_the_condition(self, name, lead_sheet, random_conditions):
        conditions, x, sigma = random_conditions(lead_sheet.config, codes=1), noisy(lead_sheet.config), torch.tensor(2.0)
        ignored = lead_sheet.denoise(x, sigma, conditions, Guidance(**{name: 0.0}))
        assert torch.allclose(ignored, lead_sheet.denoise(x, sigma, conditions.without(name)), atol=1e-4)

    @pytest.mark.parametrize("weight", [-0.1, 10.5, float("nan")])
    def test_weights_out_of_range_are_refused(self, weight):
        with pytest.raises(ValueError, match=r"^guidance on reference: must be 0 to 10, got "):
            Guidance(reference=weight)

    def test_works_away_from_the_processor(self, tiny_config, random_conditions):
        config, meta = tiny_config(LEAD_SHEET), torch.device("meta")
        denoiser = Denoiser(UNet(config).to(meta))
        conditions = random_conditions(config, codes=1).without("reference").to(meta)
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

    def guided(self, random_conditions, guidance, codes=1, absent=()):
        network = Additive(model_config(FORM, external_width=4, graded_channels=tuple(range(8))), -1.0, SAYS)
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

    def test_external_weight_costs_nothing_without_codes(self, random_conditions):
        _, passes = self.guided(random_conditions, Guidance(external=3.0), codes=0)
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
