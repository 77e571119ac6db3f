"""Songs as music21's scores, and what music21 calls Canzona's chords: the writing half of ``canzona.io.musicxml``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from canzona.song import Chord, ChordSpan, Key, LeadSheet, Note, Song
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.notes import one_voice
from canzona.song.spelling import chord_name, note_name
from canzona.song.timing import steps_to_beats

if TYPE_CHECKING:
    from music21.harmony import ChordSymbol
    from music21.pitch import Pitch
    from music21.stream import Measure, Part

KINDS: dict[str, tuple[str, tuple[int, ...]]] = {
    "maj": ("major", ()), "min": ("minor", ()), "dim": ("diminished", ()), "aug": ("augmented", ()),
    "sus2": ("suspended-second", ()), "sus4": ("suspended-fourth", ()),
    "7": ("dominant-seventh", ()), "maj7": ("major-seventh", ()), "min7": ("minor-seventh", ()),
    "minmaj7": ("minor-major-seventh", ()), "hdim7": ("half-diminished-seventh", ()), "dim7": ("diminished-seventh", ()),
    "maj6": ("major-sixth", ()), "min6": ("minor-sixth", ()), "maj(9)": ("major", (9,)), "min(9)": ("minor", (9,)),
    "sus4(b7)": ("suspended-fourth", (7,)), "aug(b7)": ("augmented-seventh", ()),
    "9": ("dominant-ninth", ()), "maj9": ("major-ninth", ()), "min9": ("minor-ninth", ()), "maj6(9)": ("major-sixth", (9,)),
    "sus4(b7,9)": ("suspended-fourth", (7, 9)), "min7(11)": ("minor-seventh", (11,)),
}  # fmt: skip
"""Quality → the kind that music21 has for it and the degrees added. An added seventh is the minor one, as MusicXML defines."""


def song_to_part(song: Song) -> Part:
    """The lead sheet as a part of whole measures, each with its rests, tied notes, chord symbols and signs.

    Raises:
        ValueError: for a melody below MIDI pitch 12, MusicXML's lowest octave.
    """
    from music21 import bar, clef, expressions, instrument, key, meter, stream, tempo

    part = stream.Part(id="P1")
    melody = instrument.Instrument("Melody")
    melody.partId, melody.instrumentId, melody.partName = "P1", "I1", "Melody"
    part.insert(0, melody)
    measures = [stream.Measure(number=number) for number in range(1, song.form.length_bars + 1)]
    measures[0].insert(0, clef.TrebleClef())
    measures[0].insert(0, meter.TimeSignature(str(song.meter)))
    measures[0].insert(0, tempo.MetronomeMark(number=float(f"{song.tempo:.4g}")))
    measures[-1].rightBarline = bar.Barline("final")
    keys: list[Key | None] = []
    for start_bar, phrase in song.form.spans():
        measures[start_bar].insert(0, expressions.RehearsalMark(str(phrase)))
        if start_bar:
            measures[start_bar - 1].rightBarline = bar.Barline("double")
        latest = keys[-1] if keys else None
        if phrase.key and phrase.key != latest:
            measures[start_bar].insert(0, key.KeySignature(phrase.key.accidentals).asKey(phrase.key.mode.value))
        keys += [phrase.key or latest] * phrase.length_bars
    lead_sheet = song.lead_sheet or LeadSheet()
    for beat, chord in _chord_changes(lead_sheet.chords, song.meter.bars_to_beats(song.form.length_bars)):
        number = song.meter.bar_of_beat(beat)
        measures[number].insert(beat - song.meter.bars_to_beats(number), _chord_symbol(chord, keys[number]))
    _add_notes(measures, one_voice(lead_sheet.melody), song, keys)
    part.append(measures)
    return part


def _chord_changes(chords: tuple[ChordSpan, ...], length_beats: int) -> Iterator[tuple[int, Chord | None]]:
    """Beats and chords, with ``None`` where a chord ends before the next or the song's end."""
    starts = [span.start_beat for span in chords] + [length_beats]
    for span, next_beat in zip(chords, starts[1:], strict=True):
        yield span.start_beat, span.chord
        if span.end_beat < next_beat:
            yield span.end_beat, None


def _chord_symbol(chord: Chord | None, key: Key | None) -> ChordSymbol:
    """The symbol, spelt as in ``key``; N.C. for ``None``."""
    from music21 import harmony

    if chord is None:
        return harmony.NoChord()
    kind, degrees = KINDS[chord.quality]
    text = chord_name(replace(chord, bass=chord.root), key).removeprefix(note_name(chord.root, key))
    root, bass = _name(chord.root, key), _name(chord.bass, key)
    symbol = harmony.ChordSymbol(root=root, bass=bass, kind=kind, kindStr=text, updatePitches=False)
    for degree in degrees:
        symbol.addChordStepModification(harmony.ChordStepModification("add", degree, 0), updatePitches=False)
    return symbol


def _add_notes(measures: list[Measure], melody: tuple[Note, ...], song: Song, keys: list[Key | None]) -> None:
    """Fill the measures with notes, tied over bar lines, and rests between them; each lasts what it lasts in its bar."""
    from music21 import note, tie

    sounding = [(written.start_step, written.end_step, written.pitch) for written in melody]
    rests = pairwise([0, *(step for start, end, _ in sounding for step in (start, end)), song.length_steps])
    for start, end, midi_pitch in sorted([*sounding, *((start, end, None) for start, end in list(rests)[::2] if start < end)]):
        first_bar, last_bar = song.meter.bar_of_step(start), song.meter.bar_of_step(end - 1)
        pitch = None if midi_pitch is None else _spelt(midi_pitch, keys[first_bar])
        for number in range(first_bar, last_bar + 1):
            bar_start = song.meter.bars_to_steps(number)
            begin, stop = max(start, bar_start), min(end, bar_start + song.meter.steps_per_bar)
            element = note.Rest() if pitch is None else note.Note(pitch)
            if pitch is not None and first_bar < last_bar:
                element.tie = tie.Tie("start" if begin == start else "stop" if stop == end else "continue")
            element.quarterLength = steps_to_beats(stop - begin)
            measures[number].insert(steps_to_beats(begin - bar_start), element)


def _name(pitch_class: int, key: Key | None) -> str:
    """A note's name in music21's letters, whose flat is ``-``."""
    return note_name(pitch_class, key).replace("♭", "-").replace("♯", "#")


def _spelt(midi_pitch: int, key: Key | None) -> Pitch:
    from music21.pitch import Pitch

    pitch = Pitch(_name(midi_pitch % PITCH_CLASSES, key), octave=4)
    octave = 4 + (midi_pitch - pitch.midi) // PITCH_CLASSES
    if octave < 0:
        raise ValueError(f"melody: must have MIDI pitches of 12 or more to be written as MusicXML, got {midi_pitch}")
    pitch.octave = octave
    return pitch
