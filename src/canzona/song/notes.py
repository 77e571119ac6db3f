"""A note on the sixteenth-note grid."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

DEFAULT_VELOCITY = 80
LOWEST_VELOCITY, HIGHEST_VELOCITY = 1, 127
LOWEST_MELODY_PITCH, HIGHEST_MELODY_PITCH = 48, 98
"""The range, both ends included, in which a lead sheet writes its melody."""


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """One note; notes sort by start, then pitch.

    Attributes:
        start_step: onset in sixteenths from the start of the song, 0 or more.
        duration_steps: length in sixteenths, 1 or more.
        pitch: MIDI pitch, 0–127 (60 is middle C).
        velocity: MIDI velocity, 1–127.
    """

    start_step: int
    pitch: int
    duration_steps: int
    velocity: int = DEFAULT_VELOCITY

    def __post_init__(self) -> None:
        if self.start_step < 0:
            raise ValueError(f"start_step: must be 0 or more, got {self.start_step}")
        if self.duration_steps < 1:
            raise ValueError(f"duration_steps: must be 1 or more, got {self.duration_steps}")
        if not 0 <= self.pitch <= 127:
            raise ValueError(f"pitch: must be 0 to 127, got {self.pitch}")
        if not LOWEST_VELOCITY <= self.velocity <= HIGHEST_VELOCITY:
            raise ValueError(f"velocity: must be {LOWEST_VELOCITY} to {HIGHEST_VELOCITY}, got {self.velocity}")

    @property
    def end_step(self) -> int:
        """The first step after the note."""
        return self.start_step + self.duration_steps

    def ending_by(self, step: int) -> "Note":
        """The note, cut where it would sound at ``step``, which is after its start."""
        return replace(self, duration_steps=min(self.duration_steps, step - self.start_step))


def one_voice(notes: Iterable[Note]) -> tuple[Note, ...]:
    """The highest of the notes that start together, of equals the longest, each ending where the next one starts."""
    highest = {note.start_step: note for note in sorted(notes)}
    voice = list(highest.values())
    return (*(note.ending_by(following.start_step) for note, following in pairwise(voice)), *voice[-1:])


def struck(notes: Iterable[Note]) -> list[Note]:
    """The notes as one keyboard can play them: a key struck again ends its note; of two struck at once the longer stays."""
    next_strike: dict[int, int] = {}
    strikes = []
    for note in sorted(notes, reverse=True):
        room = next_strike.get(note.pitch, note.end_step) - note.start_step
        if room > 0:
            strikes.append(replace(note, duration_steps=min(note.duration_steps, room)))
        next_strike[note.pitch] = note.start_step
    return strikes[::-1]
