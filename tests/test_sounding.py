"""What sounds in a frame: in closed form, frame by frame, and told alike whatever frame it began in."""

import torch

from canzona.hierarchy.levels import ACCOMPANIMENT, REDUCED_LEAD_SHEET
from canzona.model.sounding import Sounding, sounding
from canzona.model.states import VoiceShape, split_points
from canzona.representation.voices import voices


def random(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


def test_what_sounds_is_what_begins_and_what_is_held_of_it():
    begun, hold = random(2, 9, 4), random(2, 9)
    hold[:, 4] = 0
    expected, before = [], torch.zeros(2, 4)
    for now, held in zip(begun.unbind(1), hold.unbind(1), strict=True):
        before = now + held[:, None] * before
        expected.append(before)
    assert torch.allclose(sounding(begun, hold), torch.stack(expected, dim=1), atol=1e-4)


def test_a_held_item_is_told_as_where_it_began_until_a_rest_or_a_frame_of_which_nothing_is_said():
    table = torch.tensor([[2.0, 0, 0, 0, 0], [0, 2, 0, 0, 0], [0, 0, 2, 3, 0], [0, 0, 2, 0, 3]])
    keys = torch.zeros(3, 2)
    told = Sounding((VoiceShape(2, 3, 2), VoiceShape(1, 4, 5, items=2)), 8)
    torch.nn.init.normal_(told.read.weight)
    rest, hold, first, second = table
    silence = torch.zeros(5)
    points = torch.cat([torch.zeros(8, 4), torch.stack([rest, first, hold, hold, rest, second, silence, hold])], dim=-1)[None]
    heard = told(split_points(points, told.shapes), [keys, table])[0]
    assert torch.allclose(heard[2:4], heard[1].expand(2, -1), atol=1e-4)
    assert not torch.allclose(heard[5], heard[1], atol=0.1)
    assert heard[[0, 4, 6, 7]].abs().max() < 1e-3


def test_chords_and_melodies_are_told_as_they_sound_and_a_piano_is_not():
    assert [own.shape.items for own in voices(REDUCED_LEAD_SHEET)] == [24, 138]
    assert [own.shape.items for own in voices(ACCOMPANIMENT)] == [0]
    for own in voices(REDUCED_LEAD_SHEET):
        assert torch.equal(own.points[:2, 2:], torch.zeros(2, own.shape.size - 2))
