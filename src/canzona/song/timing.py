"""Time: metres, units and every conversion between them.

Three units of time are used throughout Canzona: the *bar*, the *beat* (a quarter note) and the *step* (a sixteenth note).
A song has one metre, so a conversion needs no more than that metre.
"""

from dataclasses import dataclass
from enum import Enum

STEPS_PER_BEAT = 4
"""Sixteenth notes in a quarter note: the finest grid on which music is written here."""

SECONDS_PER_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Meter:
    """A simple metre whose beat is a quarter note.

    Knows bars, beats and steps; does not know tempo, upbeats or changes of metre within a song.
    """

    beats_per_bar: int = 4

    ALLOWED = (3, 4)

    def __post_init__(self) -> None:
        if self.beats_per_bar not in Meter.ALLOWED:
            raise ValueError(f"meter: must be 3/4 or 4/4, got {self.beats_per_bar}/4")

    @classmethod
    def parse(cls, text: str) -> "Meter":
        """Read ``"4/4"`` or ``"3/4"``; the inverse of ``str``.

        Raises:
            ValueError: for anything else.
        """
        spellings = {str(cls(beats)): beats for beats in cls.ALLOWED}
        if text.strip() not in spellings:
            raise ValueError(f"meter: must be one of {', '.join(sorted(spellings))}, got {text!r}")
        return cls(spellings[text.strip()])

    def __str__(self) -> str:
        return f"{self.beats_per_bar}/4"

    @property
    def steps_per_bar(self) -> int:
        return self.beats_per_bar * STEPS_PER_BEAT

    def bars_to_steps(self, bars: int) -> int:
        return bars * self.steps_per_bar

    def bars_to_beats(self, bars: int) -> int:
        return bars * self.beats_per_bar

    def bar_of_step(self, step: int) -> int:
        """The bar, counted from 0, that holds this step."""
        return step // self.steps_per_bar

    def bar_of_beat(self, beat: int) -> int:
        """The bar, counted from 0, that holds this beat."""
        return beat // self.beats_per_bar


class TimeUnit(Enum):
    """What one frame of a level's image lasts."""

    BAR = "bar"
    BEAT = "beat"
    STEP = "step"

    def frames_per_bar(self, meter: Meter) -> int:
        return {TimeUnit.BAR: 1, TimeUnit.BEAT: meter.beats_per_bar, TimeUnit.STEP: meter.steps_per_bar}[self]

    def steps_per_frame(self, meter: Meter) -> int:
        return meter.steps_per_bar // self.frames_per_bar(meter)


def beats_to_steps(beats: int) -> int:
    return beats * STEPS_PER_BEAT


def steps_to_beats(steps: int) -> float:
    return steps / STEPS_PER_BEAT


def steps_to_seconds(steps: float, tempo: float) -> float:
    """Seconds that ``steps`` last at ``tempo`` quarter notes a minute."""
    return steps / STEPS_PER_BEAT * SECONDS_PER_MINUTE / tempo
