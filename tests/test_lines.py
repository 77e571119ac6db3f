"""A voice on a line: its neighbours in closed form, intervals that are alike everywhere, a start that changes nothing."""

import pytest
import torch

from canzona.hierarchy.levels import ACCOMPANIMENT, LEAD_SHEET, REDUCED_LEAD_SHEET
from canzona.model.config import ModelConfig
from canzona.model.line import FARTHEST, INTERVALS, Line, neighbours
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


def test_an_interval_counts_alike_wherever_it_lies():
    line, hidden = Line(SHAPE, 16), normal(1, 3, 16)
    torch.nn.init.normal_(line.intervals.weight, generator=torch.Generator().manual_seed(0))
    near = torch.zeros(1, 3, 2, ITEMS)
    near[:, :, 0, 14], near[:, :, 1, 16] = 1.0, 0.5
    logits = line.logits(hidden, near)
    assert torch.allclose(line.logits(hidden, near.roll(2, -1))[..., 2:], logits[..., :-2], atol=1e-6)
    last, following = line.intervals(hidden).unflatten(-1, (2, INTERVALS)).unbind(-2)
    for item in range(ITEMS):
        expected = sum(
            weight * own[..., FARTHEST + place - item] if abs(place - item) <= FARTHEST else torch.zeros(1, 3)
            for own, place, weight in ((last, 14, 1.0), (following, 16, 0.5))
        )
        assert torch.allclose(logits[..., item], expected, atol=1e-5)


def test_a_figure_is_told_alike_at_any_pitch():
    line = Line(SHAPE, 16)
    torch.nn.init.normal_(line.read_intervals.weight, generator=torch.Generator().manual_seed(0))

    def told(*items: int) -> torch.Tensor:
        begins = torch.eye(ITEMS)[torch.tensor(items)][None]
        return line.features(begins, neighbours(begins, torch.zeros(1, len(items), dtype=torch.bool)))

    assert torch.allclose(told(3, 5, 4, 11), told(13, 15, 14, 21), atol=1e-4)
    assert (told(3, 5, 4, 11) - told(3, 5, 4, 12)).abs().max() > 0.1


def test_melodies_are_lines_and_nothing_else():
    for level, lines in ((REDUCED_LEAD_SHEET, [0, 64]), (LEAD_SHEET, [0, 64]), (ACCOMPANIMENT, [0])):
        assert [own.shape.line for own in voices(level)] == lines
    items = voices(LEAD_SHEET)[1].points[2:]
    alone = items[:, -64:]
    assert torch.equal(alone, alone[-1, -1] * torch.eye(64))  # as the network reads an estimate


def network(line: int) -> FrameTransformer:
    torch.manual_seed(0)
    config = ModelConfig(
        voices=(VoiceShape(2, 3, 2), VoiceShape(1, ITEMS + 2, ITEMS + 5, line)), image_size=4, background_size=0,
        position_size=3, frames=8, width=32, head_width=16, blocks=1, noise_width=8,
    )  # fmt: skip
    made = FrameTransformer(config)
    with torch.no_grad():
        made.points[1][2:, -ITEMS:] = 2 * torch.eye(ITEMS)
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
        lined.lines["1"].intervals.bias[FARTHEST - 2] = 5.0  # two steps up from the last
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
