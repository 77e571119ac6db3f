"""Two versions of the same time made into one: some frames of the one, the others of the other."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby

from canzona.song.harmony import ChordSpan
from canzona.song.notes import Note
from canzona.song.timing import STEPS_PER_BEAT


def splice_notes(
    kept: Sequence[Note], new: Sequence[Note], is_kept: Sequence[bool], frame_steps: int, one_voice: bool
) -> tuple[Note, ...]:
    """Kept notes that begin in kept frames, untouched, and new ones that begin in the other frames.

    Where a kept note still sounds, a new one of its pitch, or any new one where there is but one voice, begins when it has
    ended, or not at all; a new one ends before a kept one begins that it would cover.

    Args:
        kept, new: both versions.
        is_kept: for each frame of the song, whether it is kept; notes behind them are left out.
        frame_steps: sixteenths of a frame.
        one_voice: whether two notes may not sound at once.
    """

    def begin(notes: Sequence[Note], wanted: bool) -> list[Note]:
        frames = [(note, note.start_step // frame_steps) for note in notes]
        return [note for note, frame in frames if frame < len(is_kept) and bool(is_kept[frame]) is wanted]

    staying = sorted(begin(kept, True))
    by_voice: dict[int, list[Note]] = defaultdict(list)
    for note in staying:
        by_voice[0 if one_voice else note.pitch].append(note)
    fitted: list[Note] = []
    for note in begin(new, False):
        rivals = by_voice[0 if one_voice else note.pitch]
        start = max([note.start_step, *(rival.end_step for rival in rivals if rival.start_step <= note.start_step)])
        end = min([note.end_step, *(rival.start_step for rival in rivals if rival.start_step > note.start_step)])
        if start < end and not is_kept[min(start // frame_steps, len(is_kept) - 1)]:
            fitted.append(Note(start, note.pitch, end - start, note.velocity))
    return tuple(sorted(staying + fitted))


def splice_chords(
    kept: Sequence[ChordSpan], new: Sequence[ChordSpan], is_kept: Sequence[bool], frame_steps: int
) -> tuple[ChordSpan, ...]:
    """What kept chords sound in kept frames, and new ones in the other frames; a chord is cut where the version changes.

    Args:
        kept, new: both versions.
        is_kept: for each frame of the song, whether it is kept; it changes on beats only.
        frame_steps: sixteenths of a frame.
    """
    spans: list[ChordSpan] = []
    frame = 0
    for wanted, frames in groupby(map(bool, is_kept)):
        end_frame = frame + len(list(frames))
        start_beat, end_beat = (place * frame_steps // STEPS_PER_BEAT for place in (frame, end_frame))
        for span in kept if wanted else new:
            first, last = max(span.start_beat, start_beat), min(span.end_beat, end_beat)
            if first < last:
                spans.append(ChordSpan(first, last - first, span.chord))
        frame = end_frame
    return tuple(spans)
