"""A voice on a line: its neighbours in closed form, intervals that are alike everywhere, a start that changes nothing."""

from dataclasses import replace

import pytest
import torch

from canzona.hierarchy.levels import ACCOMPANIMENT, LEAD_SHEET, REDUCED_LEAD_SHEET
from canzona.model.config import ModelConfig
from canzona.model.line import FARTHEST, INTERVALS, Heard, Line, heard, neighbours
from canzona.model.network import FrameTransformer
from canzona.model.states import VoiceShape
from canzona.representation.voices import voices

ITEMS = 30
SHAPE = VoiceShape(1, ITEMS + 2, ITEMS + 5, ITEMS)


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def some_begins(frames: int = 12, seed: int = 0) -> torch.Tensor:
    """(2, frames, items) probabilities; in some frames something is sure to begin, in some nothing."""
    begins = normal(2, frames, ITEMS, seed=seed).softmax(-1) * normal(2, frames, 1, seed=seed + 1).sigmoid()
    begins[:, 3] = 0
    begins[:, 6] = torch.eye(ITEMS)[7]
    return begins


def by_hand(begins: torch.Tensor) -> torch.Tensor:
    """What began last before each frame, frame by frame: what begins now, or else what there was."""
    held, told = torch.zeros_like(begins[:, 0]), []
    for now in begins.unbind(1):
        told.append(held)
        held = now + (1 - now.sum(-1, keepdim=True)) * held
    return torch.stack(told, dim=1)


def table() -> torch.Tensor:
    """Points of rest, hold and items, at other places than the numbers that tell the items apart."""
    points = torch.zeros(ITEMS + 2, ITEMS + 5)
    points[0, 0], points[1, 1], points[2:, 2], points[2:, 5:] = 2.0, 3.0, 2.5, 2 * torch.eye(ITEMS)
    return points


def sounding(*states: int) -> Heard:
    """What is heard of a voice that is in these states."""
    return heard(table()[torch.tensor(states)][None], table(), ITEMS, torch.float32)


def test_neighbours_are_what_began_last_and_what_begins_next():
    begins = some_begins()
    expected = torch.stack([by_hand(begins), by_hand(begins.flip(1)).flip(1)], dim=2)
    told = torch.zeros(2, 12, dtype=torch.bool)
    assert torch.allclose(neighbours(begins, told), expected, atol=1e-4)
    assert not neighbours(torch.zeros(1, 5, ITEMS), told[:1, :5]).any()
    told[:, 4], begins[:, 4] = True, 0  # a frame of which nothing is said
    last, following = neighbours(begins, told).unbind(2)
    alone = neighbours(begins[:, 5:], told[:, 5:])
    assert torch.allclose(last[:, 5:], alone[:, :, 0], atol=1e-4)
    assert torch.allclose(following[:, :4], neighbours(begins[:, :4], told[:, :4])[:, :, 1], atol=1e-4)
    assert torch.allclose(following[:, 5:], alone[:, :, 1], atol=1e-4)


def test_what_is_heard_are_the_probabilities_of_an_estimate():
    probabilities = normal(2, 6, ITEMS + 2).softmax(-1)
    own = heard(probabilities @ table(), table(), ITEMS, torch.float32)
    assert torch.allclose(torch.cat([own.others, own.begins], dim=-1), probabilities, atol=1e-5)
    assert torch.allclose(own.near, neighbours(probabilities[..., 2:], torch.zeros(2, 6, dtype=torch.bool)), atol=1e-4)
    nothing = heard(torch.zeros(1, 6, ITEMS + 5), table(), ITEMS, torch.float32)
    assert not any(said.any() for said in (nothing.others, nothing.begins, nothing.near, nothing.moves))


def test_an_interval_counts_alike_wherever_it_lies():
    line, hidden = Line(SHAPE, 16), normal(1, 3, 16)
    torch.nn.init.normal_(line.intervals.weight, generator=torch.Generator().manual_seed(0))
    own = sounding(0, 0, 0)
    near = torch.zeros(1, 3, 2, ITEMS)
    near[:, :, 0, 14], near[:, :, 1, 16] = 1.0, 0.5
    logits = line.logits(hidden, replace(own, near=near))[..., 2:]
    lower = line.logits(hidden, replace(own, near=near.roll(-1, -1)))[..., 2:]
    assert torch.allclose(lower[..., :-1], logits[..., 1:], atol=1e-6)
    last, following = line.intervals(hidden).unflatten(-1, (2, INTERVALS)).unbind(-2)
    for item in range(ITEMS):
        expected = sum(
            weight * own[..., FARTHEST + place - item] if abs(place - item) <= FARTHEST else torch.zeros(1, 3)
            for own, place, weight in ((last, 14, 1.0), (following, 16, 0.5))
        )
        assert torch.allclose(logits[..., item], torch.as_tensor(expected), atol=1e-5)


def test_a_figure_is_told_alike_at_any_pitch():
    line = Line(SHAPE, 16)
    torch.nn.init.normal_(line.read_intervals.weight, generator=torch.Generator().manual_seed(0))

    def told(*items: int) -> torch.Tensor:
        return line.features(sounding(*(item + 2 for item in items)))

    assert torch.allclose(told(3, 5, 4, 11), told(13, 15, 14, 21), atol=1e-4)
    assert (told(3, 5, 4, 11) - told(3, 5, 4, 12)).abs().max() > 0.1


REST, HOLD = 0, 1


def by_lags(*lags: int, weights: tuple[float, ...]) -> Line:
    """A line that gives every lag these weights: that it rests, holds and begins as there, by its interval, the same item."""
    line = Line(replace(SHAPE, lags=lags), 16)
    with torch.no_grad():
        line.lag_weights.bias.copy_(torch.tensor(weights).repeat(len(lags)))
    return line


def test_a_voice_rests_holds_and_begins_as_a_lag_away():
    line = by_lags(-4, weights=(1.0, 2.0, 3.0, 0.0, 0.0))
    own = sounding(12, HOLD, REST, 14, *[HOLD] * 4)
    logits = line.logits(normal(1, 8, 16), own)[0]
    assert not logits[:4].any()  # nothing lies before the first frame
    expected = torch.zeros(4, ITEMS + 2)
    expected[0, 2:], expected[1, HOLD], expected[2, REST], expected[3, 2:] = 3.0, 2.0, 1.0, 3.0
    assert torch.allclose(logits[4:], expected, atol=1e-5)
    later = by_lags(4, weights=(1.0, 2.0, 3.0, 0.0, 0.0)).logits(normal(1, 8, 16), sounding(*[HOLD] * 4, 12, HOLD, REST, 14))[0]
    assert torch.allclose(later[:4], expected, atol=1e-5)
    assert not later[4:].any()


def test_a_figure_comes_again_at_another_pitch_by_its_intervals_and_at_the_same_by_its_items():
    own = sounding(12, 14, 15, 14, 20, HOLD, HOLD, HOLD)
    by_interval = by_lags(-4, weights=(0.0, 0.0, 0.0, 1.0, 0.0)).logits(normal(1, 8, 16), own)[0, 5:]
    assert by_interval.argmax(-1).tolist() == [22, 21, 19]  # up two, up one, down one, each from the 20 that began last
    by_item = by_lags(-4, weights=(0.0, 0.0, 0.0, 0.0, 1.0)).logits(normal(1, 8, 16), own)[0, 4:]
    assert torch.allclose(by_item, torch.eye(ITEMS + 2)[torch.tensor([12, 14, 15, 14])], atol=1e-5)


def test_melodies_are_lines_and_nothing_else():
    for level, lines in ((REDUCED_LEAD_SHEET, [0, 64]), (LEAD_SHEET, [0, 64]), (ACCOMPANIMENT, [0])):
        assert [own.shape.line for own in voices(level)] == lines
    items = voices(LEAD_SHEET)[1].points[2:]
    alone = items[:, -64:]
    assert torch.equal(alone, alone[-1, -1] * torch.eye(64))  # as the network reads an estimate
    points = voices(LEAD_SHEET)[1].points
    assert torch.equal(points[:, :2].bool(), torch.eye(66, 2).bool())
    assert [own.shape.lags[-3:] for own in (voices(REDUCED_LEAD_SHEET)[1], voices(LEAD_SHEET)[1])] == [
        (8, 12, 16),
        (32, 48, 64),
    ]


def network(line: int) -> FrameTransformer:
    torch.manual_seed(0)
    config = ModelConfig(
        voices=(VoiceShape(2, 3, 2), VoiceShape(1, ITEMS + 2, ITEMS + 5, line)), image_size=4, background_size=0,
        position_size=3, frames=8, width=32, head_width=16, blocks=1, noise_width=8,
    )  # fmt: skip
    made = FrameTransformer(config)
    with torch.no_grad():
        made.points[1].copy_(table())
        torch.nn.init.normal_(made.output.weight)
    return made


def test_an_untrained_line_changes_nothing_and_a_trained_one_hears_the_estimate():
    plain, lined = network(0), network(ITEMS)
    lined.load_state_dict(plain.state_dict(), strict=False)
    x, told, level = normal(1, 8, plain.config.point_size), normal(1, 8, 32, seed=1), torch.zeros(1)
    estimate = torch.zeros_like(x)
    estimate[..., 4] = 1.0  # something is said of every frame
    estimate[:, 2, -ITEMS + 7] = 2.0  # in frame 2 item 7 begins
    before = lined(x, estimate, level, told)
    assert torch.equal(before, plain(x, estimate, level, told))
    with torch.no_grad():
        lined.get_parameter("lines.1.intervals.bias")[FARTHEST - 2] = 5.0  # two steps up from the last
    change = lined(x, estimate, level, told) - before
    assert change[:, 3:, -ITEMS + 9].allclose(torch.tensor(5.0))
    change[:, 3:, -ITEMS + 9] = 0
    assert change.abs().max() < 1e-5
    known = torch.zeros_like(x)
    known[:, 5, -ITEMS + 3] = 2.0  # known music is heard like the estimate
    change = lined(x, estimate, level, told, known) - before
    assert change[:, 6:, -ITEMS + 5].allclose(torch.tensor(5.0))


@pytest.mark.parametrize(
    "shape", [VoiceShape(1, 5, 9, 6), VoiceShape(1, 9, 5, 6), VoiceShape(2, 9, 9, 3), VoiceShape(1, 9, 9, -1)]
)
def test_lines_that_cannot_be_are_refused(shape):
    with pytest.raises(ValueError, match=r"^voices: line must be 0"):
        ModelConfig(voices=(shape,), image_size=4, background_size=0, position_size=3, frames=8)


@pytest.mark.parametrize("lags", [(0,), (4, 1.5), (1,) * 65])
def test_lags_that_cannot_be_are_refused(lags):
    with pytest.raises(ValueError, match=r"^voices: must have 64 lags at most"):
        ModelConfig(voices=(replace(SHAPE, lags=lags),), image_size=4, background_size=0, position_size=3, frames=8)
