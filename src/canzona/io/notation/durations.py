"""Notes and rests as bars hold them: single note values, tied where a note lasts longer or hides a beat."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from canzona.song.notes import Note
from canzona.song.timing import STEPS_PER_BEAT, Meter

NOTE_VALUES = {
    1: ("16th", 0), 2: ("eighth", 0), 3: ("eighth", 1), 4: ("quarter", 0), 6: ("quarter", 1), 8: ("half", 0), 12: ("half", 1),
    16: ("whole", 0),
}  # fmt: skip
"""Steps → (name of the note value, dots)."""

_HALF_BAR = 8  # steps; of a bar of four beats


@dataclass(frozen=True, slots=True)
class Head:
    """One note head of a chord.

    Attributes:
        pitch: MIDI pitch.
        velocity: 1–127.
        is_continued: tied to what comes before.
        goes_on: tied to what follows.
    """

    pitch: int
    velocity: int
    is_continued: bool
    goes_on: bool


@dataclass(frozen=True, slots=True)
class Event:
    """A chord, a note or, without heads, a rest, of one note value.

    Attributes:
        start_step: from the start of its bar.
        duration_steps: of ``NOTE_VALUES``, or the whole bar.
        heads: from the lowest up.
    """

    start_step: int
    duration_steps: int
    heads: tuple[Head, ...]

    @property
    def end_step(self) -> int:
        return self.start_step + self.duration_steps


def written_bars(notes: Sequence[Note], meter: Meter, length_bars: int) -> list[list[Event]]:
    """One voice, bar by bar, each filled from its start to its end.

    What starts together is a chord. Whatever sounds on while something else begins or ends is tied, so every length is kept.
    Of one pitch no two notes may sound at once.
    """
    bar_steps, length_steps = meter.steps_per_bar, meter.bars_to_steps(length_bars)
    ordered = sorted(notes)
    cuts = {step for note in ordered for step in (note.start_step, note.end_step)} | {*range(0, length_steps + 1, bar_steps)}
    bars: list[list[Event]] = [[] for _ in range(length_bars)]
    sounding: list[Note] = []
    number = 0
    for start, end in pairwise(sorted(cuts)):
        sounding = [note for note in sounding if note.end_step > start]
        while number < len(ordered) and ordered[number].start_step == start:
            sounding.append(ordered[number])
            number += 1
        bar = start // bar_steps
        for first, last in _values(start - bar * bar_steps, end - bar * bar_steps, meter, is_rest=not sounding):
            heads = tuple(
                Head(
                    note.pitch,
                    note.velocity,
                    note.start_step < first + bar * bar_steps,
                    note.end_step > last + bar * bar_steps,
                )
                for note in sorted(sounding, key=lambda note: note.pitch)
            )
            bars[bar].append(Event(first, last - first, heads))
    return bars


def _values(start: int, end: int, meter: Meter, is_rest: bool) -> Iterator[tuple[int, int]]:
    """A stretch of a bar as single values that show the half bar and the beats."""
    if (_is_rest_value if is_rest else _is_note_value)(start, end, meter):
        yield start, end
        return
    place = _division(start, end, meter)
    yield from _values(start, place, meter, is_rest)
    yield from _values(place, end, meter, is_rest)


def _is_note_value(start: int, end: int, meter: Meter) -> bool:
    length, within_beat = end - start, start % STEPS_PER_BEAT
    if length not in NOTE_VALUES:
        return False
    if within_beat + length <= STEPS_PER_BEAT or length == meter.steps_per_bar:
        return True
    hides_half_bar = meter.beats_per_bar == 4 and start < _HALF_BAR < end
    if within_beat == 0:  # the only one that may hide the half bar is the half note on the second beat, and the dotted one
        return not hides_half_bar or (start, length) in ((0, 12), (STEPS_PER_BEAT, 8))
    return within_beat == 2 and length == STEPS_PER_BEAT and not hides_half_bar


def _is_rest_value(start: int, end: int, meter: Meter) -> bool:
    length = end - start
    if length == meter.steps_per_bar:
        return True
    return length in (1, 2, 4, 8) and start % length == 0 and (length < 8 or meter.beats_per_bar == 4)


def _division(start: int, end: int, meter: Meter) -> int:
    """Where a stretch that is no single value is parted: at the half bar, at a beat, or within a beat at its half."""
    if meter.beats_per_bar == 4 and start < _HALF_BAR < end:
        return _HALF_BAR
    beats = [*range(-(-(start + 1) // STEPS_PER_BEAT) * STEPS_PER_BEAT, end, STEPS_PER_BEAT)]
    if beats:
        return beats[0] if start % STEPS_PER_BEAT else beats[-1]
    return start + 1 if start % 2 else start + 2
