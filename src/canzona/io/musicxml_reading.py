"""What music21's measures say once they are played through: melody, chords, phrases, keys and tempo."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from fractions import Fraction
from functools import cache
from itertools import pairwise
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from canzona.io.musicxml_writing import KINDS
from canzona.song import STEPS_PER_BEAT, Chord, ChordSpan, Form, Key, Meter, Mode, Note, Phrase
from canzona.song.harmony import QUALITIES
from canzona.song.notes import one_voice
from canzona.song.song import DEFAULT_TEMPO

if TYPE_CHECKING:
    from music21.harmony import ChordSymbol
    from music21.key import KeySignature
    from music21.stream import Measure

    Played = list[tuple[int, Measure]]
    """Measures as they are played, each with the step at which it begins."""

_PHRASE_MARK = re.compile(r"([A-Za-z])[0-9]{0,4}")
_MINOR_THIRD = 3
_NEAREST = {"dominant-11th": "sus4(b7,9)", "major-11th": "maj9", "minor-11th": "min7(11)", "power": "maj"}
_QUALITY_OF = {kind: quality for quality, kind in KINDS.items()} | {(kind, ()): name for kind, name in _NEAREST.items()}
"""music21's kind and the degrees added → quality; elevenths as they are played, without what clashes."""


def written_notes(measure: Measure) -> list[Any]:
    """The notes, chords and rests of the first voice."""
    from music21.harmony import Harmony

    return [x for x in next(iter(measure.voices), measure).notesAndRests if not isinstance(x, Harmony)]


def read_melody(played: Played, end_step: int) -> tuple[Note, ...]:
    """The highest notes of the first voice, tied ones as one, on the grid of sixteenths and in one voice by ``end_step``."""
    notes: list[Note] = []
    is_tied = False
    for start_step, measure in played:
        for written in written_notes(measure):
            if not written.quarterLength or not written.pitches or written.notehead == "slash":
                continue
            highest = max(written.pitches, key=lambda pitch: pitch.midi)
            begin = min(start_step + nearest_step(written.offset), end_step - 1)
            end = max(min(start_step + nearest_step(written.offset + written.quarterLength), end_step), begin + 1)
            tie = written.getTie(highest) if written.isChord else written.tie
            is_continued = is_tied and tie is not None and tie.type != "start"
            if is_continued and (notes[-1].pitch, notes[-1].end_step) == (highest.midi, begin):
                begin = notes.pop().start_step
            notes.append(Note(begin, highest.midi, end - begin))
            is_tied = tie is not None and tie.type != "stop"
    return one_voice(notes)


def read_chords(played: Played, length_beats: int) -> tuple[ChordSpan, ...]:
    """Each chord until the next symbol; of several symbols nearest to the same beat the last. Symbols without root are none."""
    from music21.harmony import ChordSymbol, NoChord

    beats: dict[int, Chord | None] = {}
    for start_step, measure in played:
        for symbol in measure.getElementsByClass(ChordSymbol):
            if isinstance(symbol, NoChord) or symbol.root(find=False):
                chord = None if isinstance(symbol, NoChord) else _chord(symbol)
                beats[math.floor(start_step / STEPS_PER_BEAT + symbol.offset + 0.5)] = chord
    starts = sorted(beat for beat in beats if beat < length_beats)
    spans = [(start, end - start, beats[start]) for start, end in pairwise([*starts, length_beats])]
    return tuple(ChordSpan(start, duration, chord) for start, duration, chord in spans if chord is not None)


def _chord(symbol: ChordSymbol) -> Chord:
    """The chord of the vocabulary nearest to a symbol's tones, with its root and bass."""
    changes = []
    for change in symbol.chordStepModifications:
        alter = int(change.interval.semitones) if change.interval else 0
        # an added seventh is the minor one, which some programs write as 7 flat and music21 takes for the major one
        alter = -1 if (change.modType, change.degree, alter) == ("add", 7, 0) else alter
        changes.append((change.modType, change.degree or 0, alter))
    return Chord(symbol.root().pitchClass, _quality(symbol.chordKind, tuple(changes)), symbol.bass().pitchClass)


@cache
def _quality(kind: str, changes: tuple[tuple[str, int, int], ...]) -> str:
    from music21.harmony import ChordStepModification, ChordSymbol

    added = tuple(degree for change, degree, alter in changes if change == "add" and alter == (-1 if degree == 7 else 0))
    if len(added) == len(changes) and (kind, added) in _QUALITY_OF:
        return _QUALITY_OF[kind, added]
    symbol = ChordSymbol(root="C", kind=kind)
    for change in changes:
        symbol.addChordStepModification(ChordStepModification(*change))
    tones = {pitch.pitchClass for pitch in symbol.pitches}
    return min(QUALITIES, key=lambda name: len(tones ^ set(QUALITIES[name])))


def read_form(played: Played, meter: Meter, length_bars: int, melody: tuple[Note, ...]) -> Form:
    """The phrases, without keys, of the rehearsal marks; else one. A mark at an upbeat belongs to the bar after it."""
    from music21.expressions import RehearsalMark

    letters: dict[int, str] = {}
    for number, (start_step, measure) in enumerate(played):
        for mark in measure.getElementsByClass(RehearsalMark):
            if named := _PHRASE_MARK.fullmatch(str(mark.content).strip()):
                letters[-(-start_step // meter.steps_per_bar) if number else 0] = named[1]
    if letters and 0 not in letters:
        is_upbeat = played[0][0] > 0 and min(letters) == 1
        is_sung = melody and not is_upbeat and melody[0].start_step < meter.bars_to_steps(min(letters))
        letters[0] = next(x for x in (*ascii_uppercase, "i") if x not in letters.values()) if is_sung else "i"
    starts = sorted(bar for bar in {0: "A"} | letters if bar < length_bars)
    return Form(tuple(Phrase(letters.get(bar, "A"), end - bar) for bar, end in pairwise([*starts, length_bars])))


def read_keys(measures: list[Measure], played: Played, form: Form, meter: Meter, last_chord: Chord | None) -> list[Key | None]:
    """The key of the signature in force at each phrase's start; ``None`` before the first."""
    in_force: dict[int, Key | None] = {}
    latest = None
    for measure in measures:
        latest = _key(measure.keySignature, last_chord) if measure.keySignature else latest
        in_force[id(measure)] = latest
    starts = [start_step for start_step, _ in played]
    numbers = [bisect_right(starts, meter.bars_to_steps(bar)) - 1 for bar, _ in form.spans()]
    return [in_force[id(played[max(number, 0)][1])] for number in numbers]


def _key(signature: KeySignature, last_chord: Chord | None) -> Key:
    major, minor = (Key(signature.asKey(mode.value).tonic.pitchClass, mode) for mode in (Mode.MAJOR, Mode.MINOR))
    mode = getattr(signature, "mode", None)
    if mode not in ("major", "minor") and last_chord is not None and last_chord.root == minor.tonic:
        mode = "minor" if _MINOR_THIRD in QUALITIES[last_chord.quality] else "major"
    return minor if mode == "minor" else major


def read_tempo(played: Played, end_step: int) -> float:
    """The tempo that holds for most of the song; of several the first; the usual one where none is given."""
    from music21.tempo import MetronomeMark

    marks = [(start, mark) for start, measure in played for mark in measure.getElementsByClass(MetronomeMark)]
    tempos = [(start, mark.getQuarterBPM() if mark.number else mark.numberSounding) for start, mark in marks]
    lasting: dict[float, int] = {}
    for (start, tempo), (next_start, _) in pairwise([*((start, tempo) for start, tempo in tempos if tempo), (end_step, 0)]):
        lasting[float(tempo)] = lasting.get(float(tempo), 0) + next_start - start
    return max(lasting, key=lambda tempo: lasting[tempo]) if lasting else DEFAULT_TEMPO


def nearest_step(beats: float | Fraction) -> int:
    """The sixteenth nearest to a time in quarter notes, the later of two."""
    return math.floor(beats * STEPS_PER_BEAT + 0.5)
