"""One hand's notes as at most two voices on a staff: one wherever that does, two where something sounds on meanwhile."""

from collections.abc import Sequence

from canzona.io.notation.parting import parted
from canzona.song.notes import Note

_PATHS = 24  # that are followed at once
_TIE, _SECOND_VOICE, _ALONE, _CROSSED = 4.0, 0.5, 3.0, 2.0


_Voice = tuple[tuple[int, int], ...]  # what sounds in it: ends and pitches
_Voices = tuple[_Voice, _Voice]  # lower and upper


def two_voices(notes: Sequence[Note]) -> tuple[list[Note], list[Note]]:
    """The notes of the upper and of the lower voice; the lower one is empty where one voice says it all.

    The way with the fewest ties is taken; a second voice, one that is alone, and voices that cross cost as well.
    """
    silent: _Voices = ((), ())
    lower, upper = parted(notes, silent, _led, lambda voices: voices, _PATHS)
    return upper, lower


def _led(before: _Voices, low: Sequence[Note], high: Sequence[Note]) -> tuple[float, _Voices]:
    start = (*low, *high)[0].start_step
    upper_ties, upper = _sounding(before[1], high, start)
    lower_ties, lower = _sounding(before[0], low, start)
    cost = _TIE * (upper_ties + lower_ties) + _SECOND_VOICE * bool(low) + _ALONE * (bool(lower) and not upper)
    if upper and lower and max(pitch for _, pitch in lower) >= min(pitch for _, pitch in upper):
        cost += _CROSSED
    return cost, (lower, upper)


def _sounding(voice: _Voice, struck: Sequence[Note], start_step: int) -> tuple[int, _Voice]:
    """How many ties notes that are struck bring into a voice, and what sounds in it then."""
    held = tuple(own for own in voice if own[0] > start_step)
    if not struck:
        return 0, held
    together = tuple(sorted((*held, *((note.end_step, note.pitch) for note in struck))))
    return len(held) + _cuts(together) - _cuts(held), together


def _cuts(sounding: _Voice) -> int:
    """How often a note is cut because another of its voice ends before it."""
    ends = [end for end, _ in sounding]
    return sum(sum(other > end for other in ends) for end in set(ends))
