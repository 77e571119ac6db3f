"""From the time axis of a file to the song's grid of beats and sixteenths, and back."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canzona.song.timing import STEPS_PER_BEAT


@dataclass(frozen=True, slots=True)
class Grid:
    """Where the beats of the song lie in the file.

    Attributes:
        places: where beats lie, ascending, two or more, in quarter notes of the file.
        numbers: which beat of the song each is, ascending from 0; a number left out is a beat that the file lacks: a bar that
            is shorter than the others is filled up with a rest.
    """

    places: NDArray[np.float64]
    numbers: NDArray[np.int64]

    def steps(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places in the file as fractional sixteenths of the song; before the first beat they are negative."""
        last = len(self.places) - 1
        beats = np.interp(positions, self.places, np.arange(last + 1))
        beats += np.minimum(positions - self.places[0], 0) / (self.places[1] - self.places[0])
        beats += np.maximum(positions - self.places[-1], 0) / (self.places[-1] - self.places[-2])
        whole = np.clip(np.floor(beats + 1e-9), 0, last).astype(int)
        return STEPS_PER_BEAT * (self.numbers[whole] + beats - whole)

    def positions(self, steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of ``steps``; what lies in a beat that the file lacks is where the next one begins."""
        last = len(self.places) - 1
        beats = steps / STEPS_PER_BEAT
        whole = np.clip(np.searchsorted(self.numbers, beats, side="right") - 1, 0, last)
        within = beats - self.numbers[whole]
        places = whole + np.where(whole < last, np.minimum(within, 1), within)
        found = np.interp(places, np.arange(last + 1), self.places)
        found += np.minimum(places, 0) * (self.places[1] - self.places[0])
        return found + np.maximum(places - last, 0) * (self.places[-1] - self.places[-2])

    def moved(self, beats: int) -> "Grid":
        """The grid whose beat 0 was number ``beats`` of this one."""
        return Grid(self.places, self.numbers - beats)


def even_grid(origin: float, length: float, end: float) -> Grid:
    """Beats that are evenly long.

    Args:
        origin: where beat 0 lies.
        length: of a beat, both in quarter notes of the file.
        end: up to where there are beats at least.
    """
    count = max(int(np.ceil((end - origin) / length)) + 1, 2)
    return Grid(origin + length * np.arange(count, dtype=np.float64), np.arange(count))
