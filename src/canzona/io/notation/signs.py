"""What stands at notes of a bar: beams by beats, and the accidentals that its key signature does not say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from canzona.io.notation.durations import Event
from canzona.song.harmony import PITCH_CLASSES, Key
from canzona.song.spelling import note_name
from canzona.song.timing import STEPS_PER_BEAT, Meter

_NATURALS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SHARPS_IN_ORDER = "FCGDAEB"
_LONGEST_BEAMED, _SIXTEENTH = 3, 1  # steps


@dataclass(frozen=True, slots=True)
class SpeltPitch:
    """A pitch by its letter, the semitones by which a sign alters it, and its octave (that of middle C is 4)."""

    letter: str
    alter: int
    octave: int


def spelt(pitch: int, key: Key | None) -> SpeltPitch:
    """A MIDI pitch spelt as the key spells it."""
    letter, alter = named(pitch % PITCH_CLASSES, key)
    return SpeltPitch(letter, alter, (pitch - alter) // PITCH_CLASSES - 1)


def named(pitch_class: int, key: Key | None) -> tuple[str, int]:
    """A note's letter and the semitones by which a sign alters it."""
    name = note_name(pitch_class, key)
    return name[0], name.count("♯") - name.count("♭")


def accidentals(voices: Iterable[Sequence[Event]], key: Key | None) -> dict[tuple[int, int], int]:
    """(start, MIDI pitch) → the sign to be written, for the notes of one staff's bar that need one.

    A sign holds to the end of the bar for its octave; what is tied over from before needs none.
    """
    count = key.accidentals if key else 0
    altered = _SHARPS_IN_ORDER[:count] if count >= 0 else _SHARPS_IN_ORDER[count:]
    in_force: dict[tuple[str, int], int] = {}
    written: dict[tuple[int, int], int] = {}
    heads = ((event.start_step, head) for voice in voices for event in voice for head in event.heads)
    for start, head in sorted(heads, key=lambda own: (own[0], own[1].is_continued, own[1].pitch)):
        own = spelt(head.pitch, key)
        place = own.letter, own.octave
        expected = in_force.get(place, (1 if count > 0 else -1) if own.letter in altered else 0)
        if own.alter != expected and not head.is_continued:
            written[start, head.pitch] = own.alter
            in_force[place] = own.alter
    return written


def beams(voice: Sequence[Event], meter: Meter) -> dict[int, tuple[str, ...]]:
    """Start → what the beams do at this note, the first that of the eighths; notes without beams are left out."""
    found: dict[int, tuple[str, ...]] = {}
    for group in _beamed_groups(voice, meter):
        for number, event in enumerate(group):
            is_first, is_last = number == 0, number == len(group) - 1
            first_beam = "begin" if is_first else "end" if is_last else "continue"
            found[event.start_step] = (first_beam,)
            if event.duration_steps == _SIXTEENTH:
                before = not is_first and group[number - 1].duration_steps == _SIXTEENTH
                after = not is_last and group[number + 1].duration_steps == _SIXTEENTH
                lone = "forward hook" if is_first else "backward hook"
                second_beam = {(True, True): "continue", (True, False): "end", (False, True): "begin"}.get(
                    (before, after), lone
                )
                found[event.start_step] = (first_beam, second_beam)
    return found


def _beamed_groups(voice: Sequence[Event], meter: Meter) -> list[list[Event]]:
    """Two or more neighbours of one beat; four eighths of a half bar in 4/4 are one group."""
    groups: list[list[Event]] = []
    for event in voice:
        if not event.heads or event.duration_steps > _LONGEST_BEAMED:
            continue
        joins = bool(groups) and groups[-1][-1].end_step == event.start_step
        if joins and groups[-1][0].start_step // STEPS_PER_BEAT == event.start_step // STEPS_PER_BEAT:
            groups[-1].append(event)
        else:
            groups.append([event])
    merged: list[list[Event]] = []
    for group in groups:
        half_bar = 2 * STEPS_PER_BEAT
        if (
            merged and meter.beats_per_bar == 4 and _is_two_eighths(merged[-1]) and _is_two_eighths(group)
            and merged[-1][0].start_step % half_bar == 0 and group[0].start_step == merged[-1][-1].end_step
        ):  # fmt: skip
            merged[-1] = merged[-1] + group
        else:
            merged.append(group)
    return [group for group in merged if len(group) > 1]


def _is_two_eighths(group: Sequence[Event]) -> bool:
    return [event.duration_steps for event in group] == [2, 2] and group[0].start_step % STEPS_PER_BEAT == 0
