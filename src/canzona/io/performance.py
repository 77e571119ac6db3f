"""How a song is played where it leaves as MIDI or sound: on which channels and instruments, how evenly, and with what pedal.

Loudness is no matter of it: the notes have theirs. Nothing here changes what is written: played times stay nearer to their
sixteenth than to any other, so that a reader finds the same song.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from canzona.song import STEPS_PER_BEAT, ChordSpan, Meter
from canzona.song.timing import SECONDS_PER_MINUTE, beats_to_steps

MELODY, CHORDS, PIANO = "MELODY", "CHORDS", "PIANO"
"""The parts of a song, by the names of their tracks."""

PROGRAMS = {MELODY: 71, CHORDS: 4, PIANO: 0}
"""The parts in order with their General MIDI sounds, from 0: clarinet (as low as a voice), electric piano, grand piano."""

TICKS_PER_BEAT = 480
TICKS_PER_STEP = TICKS_PER_BEAT // STEPS_PER_BEAT

CHANNELS, SOUNDS = 16, 128
DRUM_CHANNEL = 10

LEFT_HAND_BELOW = 60
"""MIDI pitch: a piano's keys below it are the left hand's."""

SPREAD_SECONDS = 0.012
"""Standard deviation of played times where ``humanize`` is 1 and the place is an eighth."""

MELODY_LEAD_SECONDS = 0.015
"""How far a melody then sounds ahead of what accompanies it; pianists' melodies by some 30 ms (Goebl 2001)."""

LEFT, RIGHT, SUNG = range(3)
_LARGEST_SHIFT_TICKS = 48  # less than half a sixteenth, at any tempo
_MOST_DEVIATIONS = 2.0
_LOOSENESS = (0.6, 1.2, 1.0, 1.2)  # of the sixteenths of a beat, beside an eighth
_DOWNBEAT_LOOSENESS = 0.4
_PEDAL_DELAY_TICKS = TICKS_PER_STEP // 2

TicksOf = Callable[[int], int]


@dataclass(frozen=True, slots=True)
class Performance:
    """How a song is played.

    Attributes:
        humanize: how far times deviate from the score: 0, not at all, to 1; downbeats least, each hand by itself, and the
            melody a little ahead.
        seed: of the deviations; 0 or more.
        pedal: whether the piano's sustain pedal is taken at every chord and lifted for the next.
        merged: whether melody and piano, and block chords where they are wanted, are one track for the piano.
        channels: MIDI channels, 1 to 16 but 10, by part; parts that it lacks have the first that are free.
        programs: General MIDI sounds, 1 to 128 as they are printed, by part; parts that it lacks have ``PROGRAMS``.

    Raises:
        ValueError: where one is out of range, or two parts have the same channel.
    """

    humanize: float = 0.0
    seed: int = 0
    pedal: bool = False
    merged: bool = False
    channels: Mapping[str, int] = field(default_factory=dict)
    programs: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.humanize <= 1:
            raise ValueError(f"humanize: must be 0 to 1, got {self.humanize:g}")
        if self.seed < 0:
            raise ValueError(f"seed: must be 0 or more, got {self.seed}")
        for part, channel in self.channels.items():
            if not 1 <= channel <= CHANNELS or channel == DRUM_CHANNEL:
                raise ValueError(f"channels: must be 1 to {CHANNELS} but {DRUM_CHANNEL}, got {part.lower()}={channel}")
        if len(set(self.channels.values())) < len(self.channels):
            raise ValueError(f"channels: must be another for every part, got {_listed(self.channels)}")
        for part, program in self.programs.items():
            if not 1 <= program <= SOUNDS:
                raise ValueError(f"programs: must be 1 to {SOUNDS}, got {part.lower()}={program}")

    def channel(self, part: str) -> int:
        """The MIDI channel of a part, from 0."""
        chosen = dict(self.channels)
        free = (channel for channel in range(1, CHANNELS + 1) if channel not in (DRUM_CHANNEL, *self.channels.values()))
        for own in PROGRAMS:
            if own not in chosen:
                chosen[own] = next(free)
        return chosen[part] - 1

    def program(self, part: str) -> int:
        """The General MIDI sound of a part, from 0."""
        return self.programs[part] - 1 if part in self.programs else PROGRAMS[part]

    def ticks_of(self, hand: int, meter: Meter, tempo: float, length_steps: int) -> TicksOf:
        """When a hand (``LEFT``, ``RIGHT`` or ``SUNG``) plays what stands at a step of the song, in ticks.

        Later steps are always later, so that nothing overlaps that did not, and no time is out of the song.
        """
        if not self.humanize:
            return lambda step: TICKS_PER_STEP * step
        steps = np.arange(length_steps + 1)
        looseness = np.where(steps % meter.steps_per_bar == 0, _DOWNBEAT_LOOSENESS, np.take(_LOOSENESS, steps % STEPS_PER_BEAT))
        drawn = np.random.default_rng((self.seed, hand)).standard_normal(len(steps)).clip(-_MOST_DEVIATIONS, _MOST_DEVIATIONS)
        seconds = self.humanize * (SPREAD_SECONDS * looseness * drawn - (MELODY_LEAD_SECONDS if hand == SUNG else 0.0))
        ticks = seconds * tempo / SECONDS_PER_MINUTE * TICKS_PER_BEAT
        shifts = np.rint(ticks.clip(-_LARGEST_SHIFT_TICKS, _LARGEST_SHIFT_TICKS)).astype(int)
        shifts[0], shifts[-1] = max(shifts[0], 0), min(shifts[-1], 0)
        times = (TICKS_PER_STEP * steps + shifts).tolist()
        return lambda step: times[step]


def hand_of(part: str, pitch: int) -> int:
    """Which hand plays a note of a part; the melody has its own."""
    if part == MELODY:
        return SUNG
    return LEFT if pitch < LEFT_HAND_BELOW else RIGHT


def pedal_times(chords: Iterable[ChordSpan]) -> Iterable[tuple[int, bool]]:
    """Ticks at which the pedal is taken (a moment after a chord is struck) or lifted (where it ends)."""
    for span in chords:
        start_step, end_step = beats_to_steps(span.start_beat), beats_to_steps(span.end_beat)
        yield TICKS_PER_STEP * start_step + _PEDAL_DELAY_TICKS, True
        yield TICKS_PER_STEP * end_step, False


def _listed(values: Mapping[str, int]) -> str:
    return ",".join(f"{part.lower()}={value}" for part, value in values.items())
