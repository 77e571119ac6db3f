"""A system that composes nothing: it glues phrases of training songs together. A metric of quality alone takes it for human."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from canzona.generation.request import Request
from canzona.song.excerpt import excerpt
from canzona.song.form import Form, Phrase
from canzona.song.harmony import ChordSpan, Key
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import Meter
from canzona.song.transposition import transposed

_OCTAVE, _FURTHEST_UP = 12, 5


@dataclass(frozen=True)
class _Source:
    """A phrase of a training song."""

    song: Song
    start_bar: int
    phrase: Phrase


class CopyBot:
    """Training songs cut into phrases."""

    def __init__(self, songs: Sequence[Song]) -> None:
        """The phrases of these songs, which have lead sheet, accompaniment and keys.

        Raises:
            ValueError: where there are none.
        """
        if not songs:
            raise ValueError("songs: must be at least one to copy from, got none")
        self._sources = [_Source(song, start, phrase) for song in songs for start, phrase in song.form.spans()]

    def compose_many(self, requests: Sequence[Request]) -> Iterator[Song]:
        """One song a request, whose form is given with keys: each letter is one training phrase of its type, moved to the key.

        Raises:
            ValueError: where a request has no form or not all of its keys, or no song has its metre.
        """
        for request in requests:
            yield self._glued(request.given_form(), request.meter, request.tempo, np.random.default_rng(request.seed))

    def _glued(self, form: Form, meter: Meter, tempo: float, generator: np.random.Generator) -> Song:
        chosen: dict[str, _Source] = {}
        melody: list[Note] = []
        chords: list[ChordSpan] = []
        piano: list[Note] = []
        for start_bar, phrase in form.spans():
            if phrase.letter not in chosen:
                longest = max(other.length_bars for other in form.phrases if other.letter == phrase.letter)
                chosen[phrase.letter] = self._source(phrase, longest, meter, generator)
            for bar in range(0, phrase.length_bars, chosen[phrase.letter].phrase.length_bars):
                bars = min(chosen[phrase.letter].phrase.length_bars, phrase.length_bars - bar)
                sheet, played = _moved(chosen[phrase.letter], start_bar + bar, bars, phrase.key)
                melody += sheet.melody
                chords += sheet.chords
                piano += played
        return Song(
            form, meter, tempo, lead_sheet=LeadSheet(tuple(sorted(melody)), tuple(chords)), accompaniment=tuple(sorted(piano))
        )

    def _source(self, phrase: Phrase, length_bars: int, meter: Meter, generator: np.random.Generator) -> _Source:
        """A phrase of the metre, as far as possible of the mode, the type and about the length: one of the ten nearest."""
        fitting = [source for source in self._sources if source.song.meter == meter]
        if not fitting:
            raise ValueError(f"meter: must be that of a training song, got {meter}")

        def distance(source: _Source) -> tuple[bool, bool, bool, int]:
            other = source.phrase
            other_mode = bool(other.key and phrase.key and other.key.mode is not phrase.key.mode)
            other_type = other.type is not phrase.type
            return (other.is_sung != phrase.is_sung, other_mode, other_type, abs(other.length_bars - length_bars))

        order = generator.permutation(len(fitting))
        return sorted((fitting[number] for number in order), key=distance)[:10][int(generator.integers(min(10, len(fitting))))]


def _moved(source: _Source, start_bar: int, bars: int, key: Key | None) -> tuple[LeadSheet, tuple[Note, ...]]:
    """The first bars of a phrase, moved in time and to a key's tonic by the smaller way."""
    own_key, meter = source.phrase.key, source.song.meter
    semitones = (key.tonic - own_key.tonic) % _OCTAVE if key and own_key else 0
    semitones -= _OCTAVE if semitones > _FURTHEST_UP else 0
    part = transposed(excerpt(source.song, source.start_bar, source.start_bar + bars), semitones)
    steps, beats = meter.bars_to_steps(start_bar), meter.bars_to_beats(start_bar)

    def voice(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        return tuple(replace(note, start_step=note.start_step + steps) for note in notes)

    sheet = part.lead_sheet or LeadSheet()
    chords = tuple(replace(span, start_beat=span.start_beat + beats) for span in sheet.chords)
    return LeadSheet(voice(sheet.melody), chords), voice(part.accompaniment or ())
