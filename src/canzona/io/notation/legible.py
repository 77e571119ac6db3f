"""Lengths as pages show them: what a hand plays lasts until it plays again, but for rests and held notes that one hears."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

from canzona.song.harmony import Chord
from canzona.song.notes import Note
from canzona.song.timing import STEPS_PER_BEAT, Meter

_SHORTEST_REST = STEPS_PER_BEAT
_SHORTEST_HELD, _HELD_BEYOND = 2 * STEPS_PER_BEAT, STEPS_PER_BEAT  # steps in all, and after the next onset


def legible(notes: Iterable[Note], meter: Meter) -> list[Note]:
    """One hand's notes, or a melody's, with lengths that are easily read; onsets, pitches and velocities stay.

    At most one layer is held while the hand plays on: the outermost notes that sound through at least a beat of it. All others
    end together where the next begin, or at a beat where a rest of a beat or more follows, and at the bar line where they
    hardly outlast it. Pianists hold the rest by the pedal.

    Args:
        notes: in any order; of one pitch no two sound at once.
        meter: whose bar lines count.
    """
    groups = [sorted(group, key=lambda note: note.pitch) for _, group in groupby(sorted(notes), key=lambda n: n.start_step)]
    held = _held(groups, meter)
    moving = [rest for group in groups if (rest := [note for note in group if note not in held])]
    starts = [group[0].start_step for group in moving]
    ends = [_end(group, _after(group, start, held), meter) for group, start in zip(moving, [*starts, None][1:], strict=True)]
    kept = [replace(note, duration_steps=held[note] - note.start_step) for group in groups for note in group if note in held]
    together = zip(moving, ends, strict=True)
    return sorted(kept + [replace(n, duration_steps=end - n.start_step) for group, end in together for n in group])


def legible_changes(
    changes: Sequence[tuple[int, Chord | None]], phrase_starts: Iterable[int]
) -> list[tuple[int, Chord | None]]:
    """Chord symbols as players want them: where the chord is another than before, and again where a phrase begins.

    Args:
        changes: beats and chords, as of ``chord_changes``.
        phrase_starts: beats.
    """
    by_beat = dict(changes)
    starts = {beat for beat in phrase_starts if changes and beat > changes[0][0]}
    shown: list[tuple[int, Chord | None]] = []
    sounding: Chord | None = None
    for beat in sorted({*by_beat, *starts}):
        chord = by_beat.get(beat, sounding)
        if not shown or chord != sounding or beat in starts:
            shown.append((beat, chord))
        sounding = chord
    return shown


def _after(group: Sequence[Note], start: int | None, held: Mapping[Note, int]) -> int | None:
    """Where something follows: at the next ``start``, or before, where a held note takes a key of the group.

    Where one is held already, also where the next is, as that may lie on the other side of the group.
    """
    own, pitches = group[0].start_step, {note.pitch for note in group}
    beside_held = any(note.start_step <= own < end for note, end in held.items())
    taken = [note.start_step for note in held if note.start_step > own and (beside_held or note.pitch in pitches)]
    return min([*taken, *([] if start is None else [start])], default=None)


def _held(groups: Sequence[Sequence[Note]], meter: Meter) -> dict[Note, int]:
    """Notes that are held while others are struck → the step to which they are."""
    starts = [group[0].start_step for group in groups]
    held: dict[Note, int] = {}
    layer: list[Note] = []
    for number, (group, after) in enumerate(pairwise(groups)):
        start, following = group[0].start_step, after[0].start_step
        if layer and held[layer[0]] - start >= _SHORTEST_REST:
            continue
        for outermost_first, sign in ((group, 1), (group[::-1], -1)):
            own: list[Note] = []
            for note in outermost_first:
                end = _rounded(note.end_step, note.start_step, meter)
                others = [other.pitch for later in groups[number + 1 : bisect_right(starts, end - 1)] for other in later]
                is_long = end - start >= _SHORTEST_HELD and end - following >= _HELD_BEYOND
                if not is_long or any(sign * (pitch - note.pitch) <= 0 for pitch in others):
                    break
                own.append(note)
            if own:
                held |= {note: min(held[note], start) for note in layer if held[note] > start}
                layer, end = own, min(_rounded(note.end_step, start, meter) for note in own)
                held |= dict.fromkeys(own, end)
                break
    return held


def _rounded(end: int, start: int, meter: Meter) -> int:
    """The beat nearest to an end, or the bar line before it where that is hardly outlasted."""
    beat = max(round(end / STEPS_PER_BEAT) * STEPS_PER_BEAT, start + 1)
    return _within_bar(start, beat, end, meter)


def _end(group: Sequence[Note], after: int | None, meter: Meter) -> int:
    """Where notes that are struck together end, when the next are struck at ``after``."""
    start, end = group[0].start_step, max(note.end_step for note in group)
    bar_line = meter.bars_to_steps(meter.bar_of_step(start) + 1)
    following = bar_line if after is None else after
    is_soon = following - end < _SHORTEST_REST or following - start <= STEPS_PER_BEAT
    written = following if is_soon and (after is not None or end <= bar_line) else -(-end // STEPS_PER_BEAT) * STEPS_PER_BEAT
    return _within_bar(start, min(written, following) if after is not None else written, end, meter)


def _within_bar(start: int, written: int, end: int, meter: Meter) -> int:
    """Where to end instead of at ``written``, as what sounds to ``end`` hardly outlasts its bar line."""
    bar_line = meter.bars_to_steps(meter.bar_of_step(start) + 1)
    beyond = end - bar_line
    outlasts = beyond >= STEPS_PER_BEAT or (beyond >= STEPS_PER_BEAT // 2 and bar_line - start <= STEPS_PER_BEAT)
    return written if written <= bar_line or outlasts else bar_line
