"""The reduced lead sheet: a melody's skeleton over simplified chords, both on beats.

After arXiv 2405.09901, section 3.1 and its appendix on the reduction: the notes of a phrase are the nodes of a graph, its edges
go forward in time, and the notes on the shortest path are kept and spread over the beats of their chord. The weights are our
own, set on POP909 so that about two notes a bar remain, mostly chord tones in small intervals.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from canzona.song.form import Form
from canzona.song.harmony import PITCH_CLASSES, Chord, ChordSpan
from canzona.song.notes import Note
from canzona.song.song import LeadSheet
from canzona.song.timing import STEPS_PER_BEAT, Meter, beats_to_steps, steps_to_beats

SHARED_TONES = 3
"""Neighbouring chords over the same root or bass merge if they share this many tones or one has all tones of the other."""

DISTANCE_COST, DISTANCE_EXPONENT = 1.25, 1.6
"""An edge costs the first times its length in beats to the power of the second, so short edges are cheaper than long ones."""
OUTER_DISTANCE_COST = 2.1
"""The same for the way to the path's first note and from its last: dearer, so that a phrase keeps its beginning and end."""
INTERVAL_COSTS, INTERVAL_BEATS = np.array((0.5, -0.4, -0.4, 0.0, 0.0, 0.5, 0.9, 0.7, 1.1, 1.1, 1.3, 1.3, 1.1)), 2.0
"""What each of an edge's first ``INTERVAL_BEATS`` costs more, by its interval in semitones, from unison to octave or more."""
HALF_BAR_COST, WEAK_BEAT_COST, OFFBEAT_COST = 0.2, 0.4, 0.8
"""What a note costs on the middle of the bar, on another beat, and between beats; on the first beat of the bar nothing."""
FOREIGN_TONE_COST = 1.8
"""What a note costs that is no tone of its chord."""
SHORT_NOTE_COST, LONG_NOTE_BEATS = 0.6, 2.0
"""What a note costs for being short: nothing from ``LONG_NOTE_BEATS`` on, more in proportion to what it lacks."""
LOW_NOTE_COST = 0.3
"""What a note costs for every octave that it is below the median pitch of its phrase; above, it gains as much."""

RHYTHMS: dict[tuple[int, int], tuple[int, ...]] = {
    (1, 1): (1,),
    (2, 1): (2,),
    (2, 2): (1, 1),
    (3, 1): (3,),
    (3, 2): (2, 1),
    (3, 3): (1, 1, 1),
    (4, 1): (4,),
    (4, 2): (2, 2),
    (4, 3): (2, 1, 1),
    (4, 4): (1, 1, 1, 1),
}
"""(beats, notes) → the durations of the notes in beats."""


def reduce_lead_sheet(lead_sheet: LeadSheet, form: Form, meter: Meter) -> LeadSheet:
    """The skeleton of the melody over simplified chords: ``simplify_chords`` and ``reduce_melody`` together."""
    chords = simplify_chords(lead_sheet.chords, meter)
    return LeadSheet(reduce_melody(lead_sheet.melody, chords, form, meter), chords)


def simplify_chords(chords: tuple[ChordSpan, ...], meter: Meter) -> tuple[ChordSpan, ...]:
    """The same beats with fewer chords, none across a bar line, under their canonical names.

    Neighbours within a bar merge where root or bass agree and the one has all tones of the other or three tones are shared. The
    chord that sounds for most beats stands for all; of several the first, which has the strongest beat.

    Args:
        chords: in order of time, without overlaps; beats without a chord stay so.
        meter: says where the bar lines are.
    """
    spans = [replace(part, chord=part.chord.canonical()) for span in chords for part in _split_at_bars(span, meter)]
    while len(merged := _merge_neighbours(spans, meter)) < len(spans):
        spans = merged
    return tuple(merged)


def reduce_melody(melody: tuple[Note, ...], chords: tuple[ChordSpan, ...], form: Form, meter: Meter) -> tuple[Note, ...]:
    """The skeleton of a melody: some of its notes, moved to whole beats, one at a time, none across the end of a phrase.

    Args:
        melody: in order of time.
        chords: in order of time, without overlaps, as ``simplify_chords`` gives them; a bar may be without.
        form: its phrases are reduced one by one; notes after its end are left out.
        meter: the metre of the song.
    """
    reduced: list[Note] = []
    beats = [_beat_of(note) for note in melody]
    for start_bar, phrase in form.spans():
        start_beat, end_beat = meter.bars_to_beats(start_bar), meter.bars_to_beats(start_bar + phrase.length_bars)
        notes = [(note, beat) for note, beat in zip(melody, beats, strict=True) if start_beat <= beat < end_beat]
        if notes:
            spans = _spans_of_phrase(chords, start_beat, end_beat, meter)
            reduced += _spread(_candidates(notes, spans, meter), spans)
    return tuple(reduced)


def _split_at_bars(span: ChordSpan, meter: Meter) -> Iterator[ChordSpan]:
    start_beat = span.start_beat
    while start_beat < span.end_beat:
        end_beat = min(span.end_beat, meter.bars_to_beats(meter.bar_of_beat(start_beat) + 1))
        yield ChordSpan(start_beat, end_beat - start_beat, span.chord)
        start_beat = end_beat


def _merge_neighbours(spans: list[ChordSpan], meter: Meter) -> list[ChordSpan]:
    """One pass from the left, in which every chord joins the group before it where it is like that group's chord."""
    groups: list[list[ChordSpan]] = []
    for span in spans:
        group = groups[-1] if groups else []
        same_bar = bool(group) and meter.bar_of_beat(group[-1].start_beat) == meter.bar_of_beat(span.start_beat)
        if same_bar and group[-1].end_beat == span.start_beat and _are_alike(_longest(group), span.chord):
            group.append(span)
        else:
            groups.append([span])
    return [ChordSpan(group[0].start_beat, group[-1].end_beat - group[0].start_beat, _longest(group)) for group in groups]


def _longest(group: list[ChordSpan]) -> Chord:
    """The chord that sounds for most beats in all, the earliest of several."""
    beats: Counter[Chord] = Counter()
    for span in group:
        beats[span.chord] += span.duration_beats
    return beats.most_common(1)[0][0]


def _are_alike(one: Chord, other: Chord) -> bool:
    if one.root != other.root and one.bass != other.bass:
        return False
    tones, other_tones = set(one.chroma), set(other.chroma)
    return tones <= other_tones or other_tones <= tones or len(tones & other_tones) >= SHARED_TONES


@dataclass(frozen=True, slots=True)
class _Span:
    """Beats of one bar over one chord; without a chord its chroma is empty. ``end_beat`` is the first beat after it."""

    start_beat: int
    end_beat: int
    chroma: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A note of the melody, the beat that it belongs to, and what keeping it costs."""

    note: Note
    beat: int
    cost: float


def _beat_of(note: Note) -> int:
    """The beat that a note belongs to: the one it starts in, or the next, where it is tied over and at least as long there.

    So a note that anticipates a chord is heard with that chord, also when the chord starts a phrase.
    """
    beat, step = divmod(note.start_step, STEPS_PER_BEAT)
    anticipation_steps = STEPS_PER_BEAT - step
    return beat + 1 if step and note.duration_steps >= 2 * anticipation_steps else beat


def _spans_of_phrase(chords: tuple[ChordSpan, ...], start_beat: int, end_beat: int, meter: Meter) -> list[_Span]:
    """All beats of a phrase, cut at chord changes and bar lines."""
    under: list[ChordSpan | None] = [None] * (end_beat - start_beat)
    for chord_span in chords:
        for beat in range(max(chord_span.start_beat, start_beat), min(chord_span.end_beat, end_beat)):
            under[beat - start_beat] = chord_span
    spans: list[_Span] = []
    for beat, chord_span in enumerate(under, start_beat):
        if beat > meter.bars_to_beats(meter.bar_of_beat(beat)) and chord_span is under[beat - start_beat - 1]:
            spans[-1] = replace(spans[-1], end_beat=beat + 1)
        else:
            spans.append(_Span(beat, beat + 1, chord_span.chord.chroma if chord_span else ()))
    return spans


def _candidates(notes: list[tuple[Note, int]], spans: list[_Span], meter: Meter) -> list[_Candidate]:
    """The notes of a phrase, with their beats, as nodes of the graph."""
    median_pitch = sorted(note.pitch for note, _ in notes)[len(notes) // 2]
    chroma_at = {beat: span.chroma for span in spans for beat in range(span.start_beat, span.end_beat)}
    candidates = []
    for note, beat in notes:
        beat_in_bar = beat - meter.bars_to_beats(meter.bar_of_beat(beat))
        cost = LOW_NOTE_COST * (median_pitch - note.pitch) / PITCH_CLASSES
        cost += SHORT_NOTE_COST * max(0.0, 1 - steps_to_beats(note.duration_steps) / LONG_NOTE_BEATS)
        if chroma_at[beat] and note.pitch % PITCH_CLASSES not in chroma_at[beat]:
            cost += FOREIGN_TONE_COST
        if note.start_step > beats_to_steps(beat):
            cost += OFFBEAT_COST
        elif beat_in_bar:
            cost += HALF_BAR_COST if 2 * beat_in_bar == meter.beats_per_bar else WEAK_BEAT_COST
        candidates.append(_Candidate(note, beat, cost))
    return candidates


def _shortest_path(candidates: list[_Candidate]) -> list[_Candidate]:
    """The notes to keep: those on the shortest path through a phrase, be it from its first note or a later one."""
    starts = np.array([steps_to_beats(candidate.note.start_step) for candidate in candidates])
    pitches = np.array([candidate.note.pitch for candidate in candidates])
    costs = np.array([candidate.cost for candidate in candidates])
    intervals = np.minimum(np.abs(pitches[:, None] - pitches[None, :]), PITCH_CLASSES)
    beats = np.abs(starts[:, None] - starts[None, :])
    edges = DISTANCE_COST * beats**DISTANCE_EXPONENT + INTERVAL_COSTS[intervals] * np.minimum(beats, INTERVAL_BEATS)
    outer = OUTER_DISTANCE_COST * beats**DISTANCE_EXPONENT
    totals = outer[0] + costs
    origins: list[int | None] = [None] * len(candidates)
    for number in range(1, len(candidates)):
        reached = totals[:number] + edges[:number, number]
        origin = int(reached.argmin())
        if reached[origin] + costs[number] < totals[number]:
            totals[number], origins[number] = reached[origin] + costs[number], origin
    path: list[_Candidate] = []
    number: int | None = int((totals + outer[-1]).argmin())
    while number is not None:
        path.append(candidates[number])
        number = origins[number]
    return path[::-1]


def _spread(candidates: list[_Candidate], spans: list[_Span]) -> list[Note]:
    """The kept notes of a phrase in the fixed rhythms of their chords.

    Where the melody is silent for the first half of a span, its notes fill the second half only. A span without kept notes is
    silent, but for a note from before that sounds through half of it or more.
    """
    kept = _shortest_path(candidates)
    reduced: list[Note] = []
    held_until_step = 0  # where the note that was kept last ends in the melody itself
    for span in spans:
        here = [candidate for candidate in kept if span.start_beat <= candidate.beat < span.end_beat]
        start_beat = span.start_beat + _silent_beats(span, candidates)
        cheapest = sorted(here, key=lambda candidate: candidate.cost)[: span.end_beat - start_beat]
        here = [candidate for candidate in here if candidate in cheapest]
        if not here:
            middle_step = (beats_to_steps(span.start_beat) + beats_to_steps(span.end_beat)) // 2
            if reduced and reduced[-1].end_step == beats_to_steps(span.start_beat) and held_until_step >= middle_step:
                reduced[-1] = replace(reduced[-1], duration_steps=beats_to_steps(span.end_beat) - reduced[-1].start_step)
            continue
        for candidate, beats in zip(here, RHYTHMS[span.end_beat - start_beat, len(here)], strict=True):
            reduced.append(replace(candidate.note, start_step=beats_to_steps(start_beat), duration_steps=beats_to_steps(beats)))
            start_beat += beats
        held_until_step = here[-1].note.end_step
    return reduced


def _silent_beats(span: _Span, candidates: list[_Candidate]) -> int:
    """How many beats to leave empty at the start of a span: half of it, rounded down, or none."""
    half_beats = (span.end_beat - span.start_beat) // 2
    start_step = beats_to_steps(span.start_beat)
    starts = any(span.start_beat <= candidate.beat < span.start_beat + half_beats for candidate in candidates)
    before = [candidate.note.end_step for candidate in candidates if candidate.beat < span.start_beat]
    held = bool(before) and 2 * (max(before) - start_step) >= beats_to_steps(half_beats)
    return 0 if starts or held else half_beats
