"""POP909 and its hand-made annotations, read onto one time axis.

Two public collections meet here: the MIDI arrangements of POP909 (Wang et al., ISMIR 2020), with tracks MELODY, BRIDGE and
PIANO, and the corrected melodies, chords and phrase labels of Dai, Zhang and Dannenberg (2020). They do not share a time axis:
the annotations start at the first bar line, the MIDI elsewhere, and in a fifth of the songs bars were inserted or removed
part-way. The annotations' axis is kept (see ``canzona.io.alignment``).
"""

import re
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from symusic.core import ScoreSecond

from canzona.io.alignment import PlayedNotes, align, chords_under_piano, matched_melody, placed_notes, played_steps
from canzona.song.form import Form, Phrase, PhraseType
from canzona.song.harmony import PITCH_CLASSES, Chord, ChordSpan
from canzona.song.notes import HIGHEST_MELODY_PITCH, LOWEST_MELODY_PITCH, Note, struck
from canzona.song.song import HIGHEST_TEMPO, LOWEST_TEMPO
from canzona.song.timing import SECONDS_PER_MINUTE, STEPS_PER_BEAT, Meter, beats_to_steps

MINIMUM_MATCH = 0.95
"""Share of matched melody notes below which a song is refused, since its bars cannot be trusted."""

LABEL_TOLERANCE_BARS = 2
"""A labelling further than this from the music's end is left out where the other annotator's is closer."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """One song with every part on the annotations' time axis; it knows no keys.

    Attributes:
        number: the song's number in POP909, 1–909.
        meter: 3/4 or 4/4.
        tempo: quarter notes a minute, from the median distance of its beats.
        melody: the annotated melody, one note at a time, with the velocities of the played notes that match. Where it was
            annotated off the beat (one song in twenty, by a sixteenth or two), it is moved to where it is played.
        chords: the annotated chords under their canonical names, neighbours as annotated; where none sounds is a gap. In one
            song of a hundred they were annotated a beat or two off the melody, and are moved to where the piano has them.
        accompaniment: PIANO and BRIDGE (16.0 onsets a bar, .89 of them chord tones; PIANO alone 13.0 and .94); one note a step
            and pitch, and notes of the same pitch never overlap.
        forms: the phrase labellings without keys, each as long as the music; one where both annotators agree.
        melody_match: share 0–1 of the annotated melody notes that the MIDI has within ``alignment.MATCH_TOLERANCE_STEPS``.
    """

    number: int
    meter: Meter
    tempo: float
    melody: tuple[Note, ...]
    chords: tuple[ChordSpan, ...]
    accompaniment: tuple[Note, ...]
    forms: tuple[Form, ...]
    melody_match: float


def song_numbers(pop909: Path, structure: Path) -> list[int]:
    """The numbers of the songs that both collections hold, ascending.

    Args:
        pop909: folder of POP909, with one folder ``NNN`` a song.
        structure: folder ``POP909`` of the annotations, likewise.
    """
    names = [folder.name for folder in pop909.iterdir() if folder.name.isdigit()]
    return sorted(int(name) for name in names if (structure / name).is_dir())


def read_song(number: int, pop909: Path, structure: Path) -> Arrangement:
    """Read one song and align its MIDI to its annotations.

    Args:
        number: its number in POP909.
        pop909: as for ``song_numbers``.
        structure: as for ``song_numbers``.

    Raises:
        ValueError: with one line that says why the song cannot be used: a file is missing or malformed, or too few melody notes
            match.
    """
    try:
        return _read_song(number, pop909, structure)
    except (OSError, ValueError) as error:
        raise ValueError(f"POP909 song {number}: {error}") from error


@dataclass(frozen=True, slots=True)
class AlignedSong:
    """The annotations of a song, each on its own axis, and where the MIDI plays them.

    Attributes:
        meter: 3/4 or 4/4.
        beat_times: in seconds, of the beats of the MIDI.
        melody: as ``Arrangement.melody``.
        chords: as ``Arrangement.chords``.
        labellings: the phrase labellings as annotated, without keys.
        offset: steps to add to an annotated step for the step of the MIDI, for every annotated beat.
        sung, piano: what the MIDI plays, in steps of its beats.
        match: as ``Arrangement.melody_match``.
    """

    meter: Meter
    beat_times: NDArray[np.float64]
    melody: tuple[Note, ...]
    chords: tuple[ChordSpan, ...]
    labellings: tuple[Form, ...]
    offset: NDArray[np.int64]
    sung: PlayedNotes
    piano: PlayedNotes
    match: float


def align_song(number: int, pop909: Path, structure: Path) -> AlignedSong:
    """Find where the MIDI of a song plays its annotations; arguments are those of ``read_song``.

    Raises:
        ValueError, OSError: where a file is missing or malformed.
    """
    played, annotated = pop909 / f"{number:03d}", structure / f"{number:03d}"
    melody = _read_melody(annotated / "melody.txt")
    chords, chord_beats = _read_chords(annotated / "finalized_chord.txt")
    beat_times, beats_between_flags = _read_beats(played / "beat_midi.txt")
    if chord_beats > 1.5 * len(beat_times):  # beats tracked at half speed
        beat_times = np.interp(np.arange(2 * len(beat_times) - 1) / 2, np.arange(len(beat_times)), beat_times)
    length_beats = max(chord_beats, -(-melody[-1].end_step // STEPS_PER_BEAT))
    labellings = [Form.parse((annotated / f"human_label{annotator}.txt").read_text()) for annotator in (1, 2)]
    meter = _meter(beats_between_flags, chord_beats, labellings)
    labellings = _plausible(labellings, -(-length_beats // meter.beats_per_bar))
    length_beats = max(length_beats, *(meter.bars_to_beats(form.length_bars) for form in labellings))

    midi = played / f"{played.name}.mid"
    sung, piano = _read_tracks(midi, {"MELODY"}, beat_times), _read_tracks(midi, {"PIANO", "BRIDGE"}, beat_times)
    alignment = align(melody, chords, sung, piano, length_beats)
    melody, match = matched_melody(melody, sung, alignment)
    chords = chords_under_piano(chords, placed_notes(piano, alignment.offset), length_beats)
    return AlignedSong(meter, beat_times, melody, chords, tuple(labellings), alignment.offset, sung, piano, match)


def _read_song(number: int, pop909: Path, structure: Path) -> Arrangement:
    song = align_song(number, pop909, structure)
    if song.match < MINIMUM_MATCH:
        raise ValueError(f"only {song.match:.1%} of its melody notes are found in the MIDI, {MINIMUM_MATCH:.0%} are needed")
    melody, chords, meter = song.melody, song.chords, song.meter
    accompaniment = placed_notes(song.piano, song.offset)

    music_steps = max(
        melody[-1].end_step,
        beats_to_steps(chords[-1].end_beat) if chords else 0,
        accompaniment[-1].start_step + 1 if accompaniment else 0,
    )
    length_bars = -(-music_steps // meter.steps_per_bar)
    end_step = meter.bars_to_steps(length_bars)
    return Arrangement(
        number=number,
        meter=meter,
        tempo=float(np.clip(SECONDS_PER_MINUTE / np.median(np.diff(song.beat_times)), LOWEST_TEMPO, HIGHEST_TEMPO)),
        melody=_in_range(melody),
        chords=chords,
        accompaniment=tuple(note.ending_by(end_step) for note in struck(accompaniment)),
        forms=tuple(dict.fromkeys(_fitted(form, length_bars) for form in song.labellings)),
        melody_match=song.match,
    )


def _read_melody(path: Path) -> tuple[Note, ...]:
    """Lines of pitch (0 for a rest) and duration in steps."""
    notes, step = [], 0
    for line in path.read_text().splitlines():
        if line.strip():
            pitch, duration = (int(field) for field in line.split())
            if pitch and duration:
                notes.append(Note(step, pitch, duration))
            step += duration
    if not notes:
        raise ValueError("its melody has no notes")
    return tuple(notes)


def _read_chords(path: Path) -> tuple[tuple[ChordSpan, ...], int]:
    """Lines of symbol, tones, bass and duration in beats: the chords, and the beat at which the last line ends."""
    spans, beat = [], 0
    for line in path.read_text(encoding="latin-1").split("\n"):
        if line.strip():
            symbol, *_, duration = line.split()
            chord = Chord.parse(_repaired(symbol))
            if chord and int(duration):
                spans.append(ChordSpan(beat, int(duration), chord.canonical()))
            beat += int(duration)
    return tuple(spans), beat


def _repaired(symbol: str) -> str:
    """The symbol in Harte's syntax: some were cut off within parentheses, and some have control bytes at the cut."""
    printable = re.sub(r"[^\x21-\x7e]", "", symbol)
    if printable.count("(") > printable.count(")"):
        return printable + ("9)" if printable.endswith(",") else ")")
    return printable


def _read_beats(path: Path) -> tuple[NDArray[np.float64], int]:
    """Lines of time in seconds and two flags: the times, and how many beats the first flag's marks are usually apart."""
    rows = [line.split() for line in path.read_text().splitlines() if line.strip()]
    if len(rows) < 2:
        raise ValueError("beat_midi.txt has fewer than two beats")
    distances = Counter(np.diff([beat for beat, row in enumerate(rows) if float(row[1])]).tolist())
    return np.array([float(row[0]) for row in rows]), distances.most_common(1)[0][0] if distances else 0


def _meter(beats_between_flags: int, chord_beats: int, labellings: list[Form]) -> Meter:
    """Triple where both the beat tracker and an annotator, whose bars the chords fill, counted three."""
    triple, quadruple = Meter(3), Meter(4)

    def misfit(meter: Meter, form: Form) -> int:
        return abs(meter.bars_to_beats(form.length_bars) - chord_beats)

    counted_triple = any(misfit(triple, form) < misfit(quadruple, form) for form in labellings)
    return triple if counted_triple and beats_between_flags % triple.beats_per_bar == 0 else quadruple


def _plausible(labellings: list[Form], length_bars: int) -> list[Form]:
    """The labellings that end near the music's end (some hold misprints, such as ``C86``); at least one."""
    distances = [abs(form.length_bars - length_bars) for form in labellings]
    allowed = max(LABEL_TOLERANCE_BARS, min(distances))
    return [form for form, distance in zip(labellings, distances, strict=True) if distance <= allowed]


def _fitted(form: Form, length_bars: int) -> Form:
    """The form cut to the music's length, or with the unlabelled tail as an outro."""
    phrases = [
        replace(phrase, length_bars=min(phrase.length_bars, length_bars - start_bar))
        for start_bar, phrase in form.spans()
        if start_bar < length_bars
    ]
    tail_bars = length_bars - form.length_bars
    if tail_bars > 0:
        outro = PhraseType.OUTRO.value
        labelled_bars = phrases.pop().length_bars if phrases[-1].letter == outro else 0
        phrases.append(Phrase(outro, labelled_bars + tail_bars))
    return Form(tuple(phrases))


def _read_tracks(path: Path, names: set[str], beat_times: NDArray[np.float64]) -> PlayedNotes:
    """The notes of all tracks of these names, their times measured in the song's own beats."""
    try:
        score = ScoreSecond.from_file(path)
    except RuntimeError as error:
        raise ValueError(f"{path.name} is no MIDI file: {error}") from error
    tracks = [track.notes.numpy() for track in score.tracks if track.name in names and len(track.notes)]
    if not tracks:
        raise ValueError(f"its MIDI has no notes in {' or '.join(sorted(names))}")
    start, duration, pitch, velocity = (
        np.concatenate([notes[field] for notes in tracks]) for field in ("time", "duration", "pitch", "velocity")
    )

    order = np.argsort(start, kind="stable")
    start, duration = start[order].astype(float), duration[order].astype(float)
    onset, release = (played_steps(seconds, beat_times) for seconds in (start, start + duration))
    return PlayedNotes(onset, release, pitch[order].astype(int), velocity[order].astype(int))


def _in_range(melody: tuple[Note, ...]) -> tuple[Note, ...]:
    """The melody moved by the octaves that bring most of it into a lead sheet's range, stragglers by their own."""
    moves = PITCH_CLASSES * np.array(sorted(range(-4, 5), key=abs))
    pitches = np.array([note.pitch for note in melody])

    def outside(pitches: NDArray[np.int64]) -> NDArray[np.bool_]:
        moved = pitches + moves[:, None]
        return (moved < LOWEST_MELODY_PITCH) | (moved > HIGHEST_MELODY_PITCH)

    pitches += moves[outside(pitches).sum(axis=1).argmin()]
    pitches += moves[outside(pitches).argmin(axis=0)]
    return tuple(replace(note, pitch=pitch) for note, pitch in zip(melody, pitches.tolist(), strict=True))
