"""Samplers on distributions whose denoiser is known in closed form, and the noise levels that they walk."""

from itertools import pairwise

import pytest
import torch

from canzona.model.diffusion import NoiseSchedule
from canzona.model.samplers import dpm_solver_2m
from canzona.model.states import expected_points, likelihood_logits

MEAN, DEVIATION = 0.3, 0.5
SCHEDULE = NoiseSchedule(sigma_min=0.1)


def gaussian(x, sigma):
    """E[y | y + σ n = x] for y normal."""
    return (DEVIATION**2 * x + sigma**2 * MEAN) / (DEVIATION**2 + sigma**2)


def gaussian_path(x_start, sigma_start, sigma):
    """Where the probability-flow equation takes ``x_start``."""
    return MEAN + (x_start - MEAN) * ((DEVIATION**2 + sigma**2) / (DEVIATION**2 + sigma_start**2)).sqrt()


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def beginning(start, sigma):
    """Where the sampler begins: noise around the first estimate."""
    return start * sigma + gaussian(start * sigma, sigma)


def last_noisy_error(steps):
    """Of the image at ``sigma_min``, before the step to 0, which makes an error of its own."""
    start, sigmas = noise(64), NoiseSchedule().walk(steps).double()
    *_, before_last, _ = dpm_solver_2m(gaussian, start, sigmas)
    return (before_last - gaussian_path(beginning(start, sigmas[0]), sigmas[0], sigmas[-2])).abs().max()


def test_error_falls_by_four_when_steps_double():
    errors = [last_noisy_error(steps) for steps in (40, 80, 160, 320)]
    for coarse, fine in pairwise(errors):
        assert 3 < coarse / fine < 5


def test_image_follows_the_exact_path_at_every_step():
    start, sigmas = noise(64), NoiseSchedule().walk(100).double()
    images = list(dpm_solver_2m(gaussian, start, sigmas))
    assert len(images) == 100
    for image, sigma in zip(images[:-1], sigmas[1:-1], strict=True):
        exact = gaussian_path(beginning(start, sigmas[0]), sigmas[0], sigma)
        assert (image - exact).abs().max() < 0.01 * (DEVIATION**2 + sigma**2).sqrt()


def test_twenty_steps_sample_a_gaussian():
    start = noise(20_000)
    *_, samples = dpm_solver_2m(gaussian, (start - start.mean()) / start.std(), SCHEDULE.walk(20).double())
    assert samples.mean() == pytest.approx(MEAN, abs=0.02)
    assert samples.std() == pytest.approx(DEVIATION, rel=0.03)


def test_states_come_out_certain_and_in_proportion():
    """Two states near together, which are told apart late, and one far from both; their mean is not that of the noise."""
    shares, points = torch.tensor([0.2, 0.3, 0.5]), torch.tensor([[4.0, 2.1, 0.0], [4.0, 0.0, 2.1], [0.0, 0.0, 0.0]])

    def denoise(x, sigma):
        return expected_points(shares.log() + likelihood_logits(x, points, sigma[None]), points)

    *_, samples = dpm_solver_2m(denoise, noise(1, 20_000, 1, 3).float(), NoiseSchedule().walk(16))
    distances = (samples[0] - points).norm(dim=-1)
    assert (distances.amin(-1) < 0.1).float().mean() > 0.97
    found = distances.argmin(-1).bincount(minlength=3) / len(distances)
    assert found.tolist() == pytest.approx(shares.tolist(), abs=0.015)


def test_a_denoiser_that_knows_the_image_gives_it():
    image = noise(3, 5, seed=1)
    for steps in (2, 3, 10):
        *_, sample = dpm_solver_2m(lambda x, sigma: image, noise(3, 5), NoiseSchedule().walk(steps).double())
        assert torch.equal(sample, image)


def test_same_noise_same_sample_and_each_pixel_by_itself():
    def sample(start):
        return list(dpm_solver_2m(gaussian, start, SCHEDULE.walk(7)))

    start = noise(10).float()
    for first, second, part in zip(sample(start), sample(start), sample(start[:1]), strict=True):
        assert torch.equal(first, second)
        assert torch.equal(first[:1], part)
        assert first.dtype == torch.float32


def test_denoiser_is_asked_once_a_step_at_the_levels_of_the_walk():
    asked = []

    def denoise(x, sigma):
        assert sigma.shape == ()
        asked.append(float(sigma))
        return torch.zeros_like(x)

    sigmas = NoiseSchedule().walk(5)
    images = list(dpm_solver_2m(denoise, noise(4), sigmas))
    assert asked == sigmas[:-1].tolist()
    assert len(images) == 5


@pytest.mark.parametrize("steps", [2, 3, 12, 100])
def test_walk_falls_from_sigma_max_by_sigma_min_to_zero(steps):
    schedule = NoiseSchedule(sigma_min=0.1, sigma_max=80.0, rho=5.0)
    sigmas = schedule.walk(steps)
    assert sigmas.shape == (steps + 1,)
    assert sigmas.dtype == torch.float32
    assert (sigmas[0].item(), sigmas[-2].item(), sigmas[-1].item()) == (pytest.approx(80.0), pytest.approx(0.1), 0.0)
    assert (sigmas.diff() < 0).all()
    roots = sigmas[:-1].double() ** (1 / schedule.rho)
    assert torch.allclose(roots.diff(), roots.diff()[0], rtol=1e-4)  # EDM, equation 5: even in σ^(1/ρ)


@pytest.mark.parametrize("steps", [1, 0, -3])
def test_walk_of_fewer_than_two_steps_is_refused(steps):
    with pytest.raises(ValueError, match=rf"^steps: must be 2 or more, got {steps}$"):
        NoiseSchedule().walk(steps)


@pytest.mark.parametrize("count", [1, 7, 1000])
def test_drawn_levels_fall_one_into_each_share_of_the_distribution(count):
    schedule = NoiseSchedule()
    sigmas = schedule.draw(count, torch.Generator().manual_seed(0)).double()
    shares = torch.special.ndtr((sigmas.log() - schedule.mean) / schedule.deviation) * count
    assert ((shares - torch.arange(count) >= -1e-3) & (shares - torch.arange(count) <= 1 + 1e-3)).all()


def test_drawn_levels_have_the_mean_and_deviation_of_the_schedule():
    logs = NoiseSchedule(mean=-0.5, deviation=2.0).draw(4000, torch.Generator().manual_seed(0)).log()
    assert logs.mean() == pytest.approx(-0.5, abs=0.01)
    assert logs.std() == pytest.approx(2.0, rel=0.01)


def test_drawn_levels_depend_on_the_generator_alone():
    def draw(seed):
        return NoiseSchedule().draw(16, torch.Generator().manual_seed(seed))

    torch.manual_seed(1)
    first = draw(0)
    torch.manual_seed(2)
    assert torch.equal(first, draw(0))
    assert not torch.equal(first, draw(1))


@pytest.mark.parametrize(
    "values",
    [
        {"sigma_min": 0.0},
        {"sigma_min": -1.0},
        {"sigma_max": 0.2},
        {"sigma_max": float("inf")},
        {"rho": 0},
        {"deviation": 0.0},
        {"mean": float("nan")},
        {"mean": "0.9"},
        {"sigma_min": None},
    ],
)
def test_schedules_that_make_no_sense_are_refused(values):
    with pytest.raises(ValueError, match=f"^{next(iter(values))}: must"):
        NoiseSchedule(**values)
