"""Which parts of a score are tune, chord symbols and piano, and which voice of a part sings."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from canzona.io.musicxml_score import Bar, Part, WrittenNote

_TUNE = re.compile(r"voice|vocal|voc\b|melod|lead|sing|sopran|tune|solo|canto|gesang|stimme|cantus|chant", re.IGNORECASE)
_PIANO = re.compile(r"piano|klavier|keyb|pno", re.IGNORECASE)
_BEHIND = re.compile(r"accomp|guitar|bass|organ|string|drum|perc|harp|pad|chord|backing", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Roles:
    """Parts by what they are to a song.

    Attributes:
        melody: the part that sings; where no part has notes, the first; where those with notes are named for accompaniments,
            one that is named for it and has none.
        voice: of that part.
        chords: the part with most chord symbols; ``None`` where none has any.
        piano: a part beside the melody that is named for a piano, with notes; ``None`` for none.
        directions: bar by bar, from the part that has most of marks and tempi.
        left_out: voices and parts with notes that are none of these.
    """

    melody: Part
    voice: tuple[int, str]
    chords: Part | None
    piano: Part | None
    directions: Sequence[Bar]
    left_out: tuple[str, ...]

    def tune(self, bar: Bar) -> list[WrittenNote]:
        """The notes of the voice that sings; in a bar in which it is silent, those of the next voice of its staff."""
        return _sung(bar, self.voice)


def roles_of(parts: Sequence[Part]) -> Roles:
    """The roles of the parts of a score, one or more."""
    with_notes = [part for part in parts if part.voices] or list(parts[:1])
    silent = [part for part in parts if not part.voices and _TUNE.search(part.name)]
    melody = min(with_notes + silent if all(map(_accompanies, with_notes)) else with_notes, key=_rank)
    voices = melody.voices
    sung = [voice for voice in voices if voice in melody.sung]
    voice = max(sung or voices, key=lambda own: voices[own], default=(1, "1"))
    chords = max(parts, key=lambda part: (part.symbols, part is melody))
    others = [part for part in with_notes if part is not melody]
    piano = next((part for part in others if _PIANO.search(part.name)), None)
    used = {melody_voice for bar in melody.bars for melody_voice in {note.voice for note in _sung(bar, voice)}}
    left_out = ["second voice"] * len(voices.keys() - used) + ["other part"] * (len(others) - (piano is not None))
    directions = max(parts, key=lambda part: sum(len(bar.marks) + len(bar.tempos) for bar in part.bars))
    bars = [*directions.bars, *melody.bars[len(directions.bars) :]]
    return Roles(melody, voice, chords if chords.symbols else None, piano, bars, tuple(left_out))


def _sung(bar: Bar, voice: tuple[int, str]) -> list[WrittenNote]:
    voices = sorted({note.voice for note in bar.notes if note.voice[0] == voice[0]}, key=lambda own: own != voice)
    return [note for note in bar.notes if voices and note.voice == voices[0]]


def _rank(part: Part) -> int:
    """How far a part is from singing: with words or named for it 0, named for an accompaniment 2."""
    if part.sung or _TUNE.search(part.name):
        return 0
    return 2 if _accompanies(part) else 1


def _accompanies(part: Part) -> bool:
    return bool(_PIANO.search(part.name) or _BEHIND.search(part.name)) and not _TUNE.search(part.name)
