"""Two versions of the same bars made into one: some bars of the one, the others of the other."""

from collections.abc import Sequence
from itertools import groupby

from canzona.song.harmony import ChordSpan
from canzona.song.notes import Note
from canzona.song.timing import Meter


def splice_notes(
    kept: Sequence[Note], new: Sequence[Note], is_kept: Sequence[bool], meter: Meter, one_voice: bool
) -> tuple[Note, ...]:
    """Kept notes that begin in kept bars, untouched, and new ones that begin in the other bars.

    Where a kept note still sounds, a new one of its pitch, or any new one where there is but one voice, begins when it has
    ended, or not at all; a new one ends before a kept one begins that it would cover.

    Args:
        kept, new: both versions.
        is_kept: for each bar of the song, whether it is kept; notes behind them are left out.
        meter: of the song.
        one_voice: whether two notes may not sound at once.
    """

    def begin(notes: Sequence[Note], wanted: bool) -> list[Note]:
        bars = [(note, meter.bar_of_step(note.start_step)) for note in notes]
        return [note for note, bar in bars if bar < len(is_kept) and bool(is_kept[bar]) is wanted]

    settled = sorted(begin(kept, True))
    fitted: list[Note] = []
    for note in begin(new, False):
        rivals = [own for own in settled if one_voice or own.pitch == note.pitch]
        start = max([note.start_step, *(own.end_step for own in rivals if own.start_step <= note.start_step)])
        end = min([note.end_step, *(own.start_step for own in rivals if own.start_step > note.start_step)])
        if start < end and not is_kept[min(meter.bar_of_step(start), len(is_kept) - 1)]:
            fitted.append(Note(start, note.pitch, end - start, note.velocity))
    return tuple(sorted(settled + fitted))


def splice_chords(
    kept: Sequence[ChordSpan], new: Sequence[ChordSpan], is_kept: Sequence[bool], meter: Meter
) -> tuple[ChordSpan, ...]:
    """What kept chords sound in kept bars, and new ones in the other bars; a chord is cut where the version changes."""
    spans: list[ChordSpan] = []
    bar = 0
    for wanted, bars in groupby(map(bool, is_kept)):
        end_bar = bar + len(list(bars))
        start_beat, end_beat = meter.bars_to_beats(bar), meter.bars_to_beats(end_bar)
        for span in kept if wanted else new:
            first, last = max(span.start_beat, start_beat), min(span.end_beat, end_beat)
            if first < last:
                spans.append(ChordSpan(first, last - first, span.chord))
        bar = end_bar
    return tuple(spans)
