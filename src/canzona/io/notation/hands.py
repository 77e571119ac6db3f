"""Which hand plays which note of a piano part: within reach, where the hand already is, hands in order from low to high."""

from collections.abc import Sequence
from dataclasses import dataclass

from canzona.io.notation.parting import parted
from canzona.song.notes import Note

MOST_FINGERS = 5
EASY_REACH, WIDEST_REACH = 12, 16
"""Semitones that a hand spans with ease (an octave), and at all (a tenth)."""

_PATHS = 12  # that are followed at once
_WIDE, _TOO_WIDE, _FINGER = 2.0, 6.0, 20.0  # cost of a semitone beyond reach, and of a finger too many
_HELD = 0.3  # share of the cost of reach where keys are only held: the pedal can do that
_MOVED, _REGISTER, _CROSSED = 0.12, 0.25, 4.0
_LEFT_CENTER, _RIGHT_CENTER = 48.0, 67.0  # where hands lie before they play
_HIGHEST_LEFT, _LOWEST_RIGHT = 62, 57  # MIDI pitches beyond which a note belongs rather to the other hand


@dataclass(frozen=True, slots=True)
class _Hand:
    """Where a hand is: the middle of what it played last, and what it holds."""

    center: float
    notes: tuple[Note, ...] = ()

    def playing(self, struck: Sequence[Note], start_step: int) -> "_Hand":
        held = tuple(note for note in self.notes if note.end_step > start_step)
        if not struck:
            return _Hand(self.center, held)
        return _Hand((struck[0].pitch + struck[-1].pitch) / 2, (*held, *struck))


_Hands = tuple[_Hand, _Hand]  # left and right


def divided_hands(notes: Sequence[Note]) -> tuple[list[Note], list[Note]]:
    """The notes of the left and of the right hand, each in order of time.

    What starts together is parted at one pitch, by the cheapest of the paths through the song: reach, fingers, movement of
    hands and their registers cost. Every note is in exactly one hand.
    """
    resting = _Hand(_LEFT_CENTER), _Hand(_RIGHT_CENTER)
    return parted(notes, resting, _played, lambda hands: (hands[0].center, hands[1].center), _PATHS)


def _played(before: _Hands, low: Sequence[Note], high: Sequence[Note]) -> tuple[float, _Hands]:
    start = (*low, *high)[0].start_step
    left, right = before[0].playing(low, start), before[1].playing(high, start)
    cost = _effort(before[0], left, low) + _effort(before[1], right, high)
    cost += _REGISTER * sum(max(note.pitch - _HIGHEST_LEFT, 0) for note in low)
    cost += _REGISTER * sum(max(_LOWEST_RIGHT - note.pitch, 0) for note in high)
    if left.notes and right.notes and max(n.pitch for n in left.notes) >= min(n.pitch for n in right.notes):
        cost += _CROSSED
    return cost, (left, right)


def _effort(before: _Hand, after: _Hand, struck: Sequence[Note]) -> float:
    if not struck:
        return 0.0
    cost = _stretch(struck) + _HELD * _stretch(after.notes) + _FINGER * max(len(struck) - MOST_FINGERS, 0)
    return cost + _MOVED * abs(after.center - before.center)


def _stretch(notes: Sequence[Note]) -> float:
    span = max(note.pitch for note in notes) - min(note.pitch for note in notes)
    return _WIDE * max(span - EASY_REACH, 0) + _TOO_WIDE * max(span - WIDEST_REACH, 0)
