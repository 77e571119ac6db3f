"""Keys that hear themselves some frames away: in closed form, each key alone, and nothing from nothing."""

from dataclasses import replace

import torch

from canzona.hierarchy.levels import ACCOMPANIMENT
from canzona.model.config import ModelConfig
from canzona.model.echo import Echo
from canzona.model.network import FrameTransformer
from canzona.model.states import VoiceShape, at_lags
from canzona.representation.voices import voices

SHAPE = VoiceShape(4, 3, 2, lags=(-2, 1))
OFF, HOLD, STRUCK = 0, 1, 2


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_lags_show_what_lies_so_many_frames_later_and_nothing_beyond_the_ends():
    x = random(2, 5, 3)
    before, after = at_lags(x, (-2, 1)).unbind(2)
    assert torch.equal(before[:, 2:], x[:, :-2])
    assert not before[:, :2].any()
    assert torch.equal(after[:, :-1], x[:, 1:])
    assert not after[:, -1].any()


def test_a_key_holds_on_after_it_was_struck_and_no_other_key_does():
    echo = Echo(SHAPE, 8)
    with torch.no_grad():  # at the first lag: where it is struck, hold
        echo.weights.bias.unflatten(0, (2, 2, 3))[0, 0, HOLD] = 5.0
    points = torch.zeros(1, 6, 4, 2)
    points[:, 1, 3, 0] = 1.0
    expected = torch.zeros(1, 6, 4, 3)
    expected[:, 3, 3, HOLD] = 5.0
    assert torch.allclose(echo(random(1, 6, 8), points), expected)


def test_untrained_or_without_an_estimate_it_says_nothing():
    hidden, points = random(2, 6, 8), random(2, 6, 4, 2)
    echo = Echo(SHAPE, 8)
    assert not echo(hidden, points).any()
    torch.nn.init.normal_(echo.weights.weight)
    assert echo(hidden, points).any()
    assert not echo(hidden, torch.zeros_like(points)).any()


def test_the_network_hears_estimates_and_known_music_alike():
    config = ModelConfig(
        voices=(VoiceShape(1, 3, 3), SHAPE), image_size=4, background_size=0, position_size=3, frames=8, width=32,
        head_width=16, blocks=1, noise_width=8,
    )  # fmt: skip
    network = FrameTransformer(config)
    points, told = random(1, 8, config.point_size), random(1, 8, 32, seed=1)
    x, level, nothing = torch.zeros_like(points), torch.zeros(1), torch.zeros_like(points)
    before = network(x, nothing, level, told)
    with torch.no_grad():
        network.get_parameter("echoes.1.weights.bias").fill_(1.0)
    heard = network(x, nothing, level, told, points) - before
    expected = at_lags(points[..., 3:].unflatten(-1, (4, 2)), SHAPE.lags).sum((2, 4))[..., None].expand(-1, -1, -1, 3)
    assert torch.allclose(heard[..., 3:], expected.flatten(2), atol=1e-5)
    assert not heard[..., :3].any()


def test_keys_of_a_piano_hear_the_frames_beside_them_and_whole_bars_away():
    (own,) = voices(ACCOMPANIMENT)
    assert own.shape.lags == (-1, -4, -8, -12, -16, -24, -32, 1, 4, 8, 12, 16, 24, 32)
    assert replace(own.shape, lags=()) == own.shape  # images and what weights fit do not depend on it
