"""Which tokens may follow within a bar, so that whatever is sampled can be read as music."""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from canzona.baselines.remi_tokens import RemiTokens
from canzona.song.timing import Meter


class Place(Enum):
    """What has just been written; the values are MidiTok's names."""

    BAR = "Bar"
    POSITION = "Position"
    PROGRAM = "Program"
    PITCH = "Pitch"
    DURATION = "Duration"


FOLLOWERS = {
    Place.BAR: (Place.POSITION, Place.BAR),
    Place.POSITION: (Place.PROGRAM, Place.PITCH),
    Place.PROGRAM: (Place.PITCH,),
    Place.PITCH: (Place.DURATION,),
    Place.DURATION: (Place.PITCH, Place.PROGRAM, Place.POSITION, Place.BAR),
}
"""After a bar's header a new bar may start at once: an empty bar."""


@dataclass(frozen=True)
class BarState:
    """How far a bar is written.

    Attributes:
        place: what was written last.
        position: the latest, in steps from the bar line; −1 before the first.
        has_program: whether a program has been named within the bar.
    """

    place: Place = Place.BAR
    position: int = -1
    has_program: bool = False


class Grammar:
    """The rules, looked up for all tokens at once."""

    def __init__(self, tokens: RemiTokens) -> None:
        places = {place.value: place for place in Place}
        self._places = [places.get(name.split("_")[0]) for name in tokens.names]
        self._is = {place: np.array([found is place for found in self._places]) for place in Place}
        self._position = np.array([int(name.split("_")[1]) if name.startswith("Position_") else -1 for name in tokens.names])

    def allowed(self, state: BarState, meter: Meter, closing: bool = False) -> np.ndarray:
        """Which tokens may come next, (tokens,); ``closing`` asks for the bar's end as soon as it may come."""
        followers = FOLLOWERS[state.place]
        if closing and Place.BAR in followers:
            return self._is[Place.BAR]
        if state.place is Place.POSITION and not state.has_program:
            return self._is[Place.PROGRAM]
        later = (self._position > state.position) & (self._position < meter.steps_per_bar)
        found = np.zeros(len(self._places), dtype=bool)
        for place in followers:
            found |= later if place is Place.POSITION else self._is[place]
        return found

    def after(self, state: BarState, token: int) -> BarState:
        """The state once ``token``, one of those allowed, is written."""
        place = self._places[token]
        assert place is not None, "only allowed tokens are written"
        return BarState(place, max(state.position, int(self._position[token])), state.has_program or place is Place.PROGRAM)
