"""The line of a melody: how it moves from note to note, which of its figures come again, how it keeps its rhythm.

A melody of fewer than ``FEWEST_NOTES`` notes has no line, and no figure here fits it. A note belongs to the phrase and the bar
in which it starts.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from canzona.evaluation.voices import melody_of, share
from canzona.song.notes import Note
from canzona.song.song import Song

FEWEST_NOTES = 8
FEWEST_PHRASE_NOTES = 4
"""With how many notes a phrase has a range."""
CONNECTED_BARS = 2
"""Notes whose starts lie further apart form no interval."""
TONE, FIFTH = 2, 7
"""Semitones."""
FIGURE_NOTES = 4
MEMORY_BARS = 8
"""How long ago a figure may have started, to be heard again."""


def melody_stepwise(song: Song) -> float | None:
    """Share of the melody's intervals that are a semitone or a tone, up or down; ``None`` where no notes are connected."""
    return share(1 <= interval <= TONE for interval in _intervals(song, _line(song)))


def melody_wide_leaps(song: Song) -> float | None:
    """Share of the melody's intervals that are wider than a fifth."""
    return share(interval > FIFTH for interval in _intervals(song, _line(song)))


def reduced_stepwise(song: Song) -> float | None:
    """``melody_stepwise`` of the reduced lead sheet, the melody's skeleton."""
    return share(1 <= interval <= TONE for interval in _intervals(song, _skeleton(song)))


def reduced_wide_leaps(song: Song) -> float | None:
    """``melody_wide_leaps`` of the reduced lead sheet."""
    return share(interval > FIFTH for interval in _intervals(song, _skeleton(song)))


def melody_figures_again(song: Song) -> float | None:
    """Share of the figures of four successive notes that also started earlier within ``MEMORY_BARS``.

    Two figures are the same where their intervals and the distances of their onsets are, at any pitch and place in the bar.
    """
    line, memory_steps = _line(song), song.meter.bars_to_steps(MEMORY_BARS)
    moves = [(second.pitch - first.pitch, second.start_step - first.start_step) for first, second in pairwise(line)]
    earlier: defaultdict[tuple[tuple[int, int], ...], list[int]] = defaultdict(list)
    again = []
    for number, note in enumerate(line[: len(line) - FIGURE_NOTES + 1]):
        starts = earlier[tuple(moves[number : number + FIGURE_NOTES - 1])]
        latest = next((start for start in reversed(starts) if start < note.start_step), None)
        again.append(latest is not None and note.start_step - latest <= memory_steps)
        starts.append(note.start_step)
    return share(again)


def melody_rhythm_alike(song: Song, bars_apart: int) -> float | None:
    """Mean likeness (Dice) of the onset places of two bars so far apart in one sung phrase, both with onsets."""
    places = onset_places(song, _line(song))
    phrases = (places[bars.start : bars.stop] for bars in _sung_phrases(song))
    return share(alike for phrase in phrases for alike in rhythms_alike(phrase, bars_apart))


def melody_sounding(song: Song) -> float | None:
    """Share of the steps of sung phrases on which melody sounds, each note up to the end of its bar."""
    line, bar_steps = _line(song), song.meter.steps_per_bar
    sung = {bar for bars in _sung_phrases(song) for bar in bars}
    if not line or not sung:
        return None
    sounding: set[int] = set()
    for note in line:
        bar = song.meter.bar_of_step(note.start_step)
        if bar in sung:
            sounding.update(range(note.start_step, min(note.end_step, song.meter.bars_to_steps(bar + 1))))
    return len(sounding) / (len(sung) * bar_steps)


def melody_duration_steps(song: Song) -> float | None:
    """How long a melody note lasts on average, in steps."""
    return share(note.duration_steps for note in _line(song))


def melody_sixteenth_notes(song: Song) -> float | None:
    """Share of melody notes that last one step."""
    return share(note.duration_steps == 1 for note in _line(song))


def melody_phrase_range(song: Song) -> float | None:
    """Semitones from the lowest to the highest note of a sung phrase, mean over those of ``FEWEST_PHRASE_NOTES`` or more."""
    line = _line(song)
    phrases = ([note.pitch for note in line if song.meter.bar_of_step(note.start_step) in bars] for bars in _sung_phrases(song))
    return share(max(pitches) - min(pitches) for pitches in phrases if len(pitches) >= FEWEST_PHRASE_NOTES)


def melody_off_sixteenths(song: Song) -> float | None:
    """Share of melody onsets between two eighths, on the second or fourth sixteenth of a beat."""
    return share(note.start_step % 2 for note in _line(song))


def onset_places(song: Song, notes: Sequence[Note]) -> list[set[int]]:
    """For every bar of the song, the steps within it on which a note starts."""
    bars: list[set[int]] = [set() for _ in range(song.form.length_bars)]
    for note in notes:
        bars[song.meter.bar_of_step(note.start_step)].add(note.start_step % song.meter.steps_per_bar)
    return bars


def rhythms_alike(bars: Sequence[set[int]], bars_apart: int) -> Iterator[float]:
    """Dice's coefficient, 0 to 1, of the onset places of every two bars so far apart of which neither is empty."""
    for first, second in zip(bars, bars[bars_apart:], strict=False):
        if first and second:
            yield 2 * len(first & second) / (len(first) + len(second))


def _line(song: Song) -> list[Note]:
    return _enough(melody_of(song))


def _skeleton(song: Song) -> list[Note]:
    return _enough(song.reduced_lead_sheet.melody if song.reduced_lead_sheet is not None else ())


def _enough(notes: Sequence[Note]) -> list[Note]:
    """The notes in order of time; none where they are too few."""
    return sorted(notes) if len(notes) >= FEWEST_NOTES else []


def _intervals(song: Song, line: Sequence[Note]) -> Iterator[int]:
    """Semitones, 0 and up, between neighbours that are connected."""
    most_steps = song.meter.bars_to_steps(CONNECTED_BARS)
    for first, second in pairwise(line):
        if second.start_step - first.start_step <= most_steps:
            yield abs(second.pitch - first.pitch)


def _sung_phrases(song: Song) -> Iterator[range]:
    """The bars of every sung phrase."""
    for start_bar, phrase in song.form.spans():
        if phrase.is_sung:
            yield range(start_bar, start_bar + phrase.length_bars)
