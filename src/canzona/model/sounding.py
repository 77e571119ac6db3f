"""What sounds in every frame. A hold does not say what it holds, so each frame is told what its voices began and hold still.

A chord is chosen for the melody that sounds over it and a melody note for the chord below it, most often while one of the two
is held; attention would have to look up the onset in every such frame.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from canzona.model.states import VoiceShape

HOLD = 1
"""The number, of states and of a point's numbers, of the state that goes on with what was begun."""


class Sounding(nn.Module):
    """Tells every frame what sounds in it, of all single voices whose items are told apart."""

    def __init__(self, shapes: Sequence[VoiceShape], width: int) -> None:
        super().__init__()
        self.shapes = tuple(shapes)
        self.read = nn.Linear(sum(shape.items for shape in shapes), width, bias=False)
        nn.init.zeros_(self.read.weight)

    def forward(self, points: Sequence[Tensor], tables: Sequence[Tensor]) -> Tensor:
        """For every part, (batch, frames, voices, size) estimates, 0 where nothing is said, and its table → (…, width)."""
        told = [
            sounding(own[:, :, 0, -shape.items :].float(), (own[:, :, 0, HOLD] / table[HOLD, HOLD]).float())
            for own, table, shape in zip(points, tables, self.shapes, strict=True)
            if shape.items
        ]
        return self.read(torch.cat(told, dim=-1).to(points[0].dtype))


def sounding(begun: Tensor, hold: Tensor) -> Tensor:
    """What was begun and has been held since: what begins in a frame, and as far as it holds, what sounded in the frame before.

    Args:
        begun: (batch, frames, numbers) of what begins, times how likely it does.
        hold: (batch, frames) probabilities of a hold.

    Returns:
        (batch, frames, numbers).
    """
    since = torch.log(hold.clamp(min=1e-6, max=1)).cumsum(1)
    frames = begun.shape[1]
    later = torch.ones(frames, frames, dtype=torch.bool, device=begun.device).tril()
    return (since[:, :, None] - since[:, None, :]).masked_fill(~later, -torch.inf).exp() @ begun
