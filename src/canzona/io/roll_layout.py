"""What all piano rolls share, whatever draws them: phrases with their inks, the range of pitch, the chord names that fit."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from canzona.song import ChordSpan, Note, PhraseType, Song
from canzona.song.spelling import chord_name
from canzona.song.timing import beats_to_steps

PHRASE_COLORS = {
    PhraseType.A: "#d1495b",
    PhraseType.B: "#2274a5",
    PhraseType.OTHER_SUNG: "#2f9e6e",
    PhraseType.INTRO: "#8d7b68",
    PhraseType.OUTRO: "#6c757d",
    PhraseType.OTHER: "#8e5ea8",
}
"""The ink of each type of phrase; fills and backgrounds are tints of it."""

INK, QUIET, LINE, PAPER = "#22262e", "#7b818c", "#d5d8de", "#ffffff"
"""What is written, what is written beside it, lines of a grid, and what all stands on."""

_FEWEST_SEMITONES = 15  # a roll shows at least this range, so that three notes do not fill it
_CHORD_GAP = 6.0  # between two chord names
_OVERHANG = 2.0  # of the last chord name over the end of the song


@dataclass(frozen=True)
class PhraseSpan:
    """A phrase on the axis of steps.

    Attributes:
        start_step: its first step.
        length_steps: 1 or more.
        name: letter and length in bars, ``A8``.
        type: which ink of ``PHRASE_COLORS`` it has.
    """

    start_step: int
    length_steps: int
    name: str
    type: PhraseType


def phrase_spans(song: Song) -> Iterator[PhraseSpan]:
    for start_bar, phrase in song.form.spans():
        start, length = song.meter.bars_to_steps(start_bar), song.meter.bars_to_steps(phrase.length_bars)
        yield PhraseSpan(start, length, str(phrase), phrase.type)


def pitch_range(notes: Iterable[Note]) -> tuple[float, float]:
    """The lowest and the highest edge of a roll of these notes, at least one, with a margin, in semitones."""
    pitches = [note.pitch for note in notes]
    spare = max(_FEWEST_SEMITONES - (max(pitches) - min(pitches)), 2) / 2
    return min(pitches) - spare - 0.5, max(pitches) + spare + 0.5


def chord_names(
    song: Song, chords: Iterable[ChordSpan], step_width: float, width: Callable[[str], float]
) -> dict[ChordSpan, str]:
    """The lead-sheet symbols that find room, the weightiest beats first; a chord that only goes on is not named again.

    Args:
        song: whose bars, phrases and keys count.
        chords: in order of time.
        step_width: how wide a step is drawn, in points.
        width: how wide a symbol is drawn, in points.
    """
    keys = song.form.keys_by_bar()
    phrase_starts = {span.start_step for span in phrase_spans(song)}

    def weight(span: ChordSpan) -> tuple[bool, bool, bool, int]:
        start = beats_to_steps(span.start_beat)
        bar, within = divmod(start, song.meter.steps_per_bar)
        return start not in phrase_starts, within != 0, bar % 2 != 0, start

    changes = [next(group) for _, group in groupby(chords, key=lambda span: span.chord)]
    names: dict[ChordSpan, str] = {}
    taken: list[tuple[float, float]] = []
    for span in sorted(changes, key=weight):
        name = chord_name(span.chord, keys[song.meter.bar_of_beat(span.start_beat)])
        left = beats_to_steps(span.start_beat) * step_width
        right = left + width(name) + _CHORD_GAP
        inside = right <= song.length_steps * step_width + _OVERHANG
        if inside and all(right <= other_left or left >= other_right for other_left, other_right in taken):
            taken.append((left, right))
            names[span] = name
    return names
