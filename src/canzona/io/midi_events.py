"""What the events of a MIDI file mean, whoever wrote it: times on the grid, notes, tempo, keys, phrases and chord symbols."""

import re
from collections.abc import Iterable, Iterator, Sequence

from symusic.core import KeySignatureTick, ScoreTick, TrackTick

from canzona.io.files import LONGEST_FORM_BARS
from canzona.song import STEPS_PER_BEAT, ChordSpan, Form, Key, Meter, Mode, Note
from canzona.song.chord_symbols import parse_chord
from canzona.song.harmony import MOST_ACCIDENTALS, PITCH_CLASSES

_MICROSECONDS_PER_MINUTE = 60_000_000


def read_score(data: bytes) -> ScoreTick:
    """The file's events; their times may be absurd.

    Raises:
        ValueError: in one line, where this is no MIDI file.
    """
    try:
        score = ScoreTick.from_midi(data)
    except RuntimeError as error:
        reason = str(error).splitlines()[0].removeprefix("MiniMidi: ").removesuffix(": iostream error")
        raise ValueError(f"MIDI file: cannot be read: {reason}") from None
    if score.ticks_per_quarter < 1:
        raise ValueError(f"MIDI file: ticks a quarter note must be 1 or more, got {score.ticks_per_quarter}")
    return score


def nearest(time: int, units_per_beat: int, score: ScoreTick) -> int:
    """A time in ticks as the nearest number of units, a half upwards."""
    return (2 * time * units_per_beat + score.ticks_per_quarter) // (2 * score.ticks_per_quarter)


def tempo_of(microseconds: int) -> float:
    """Quarter notes a minute of so many microseconds each, as the shortest decimal number that means the same in MIDI.

    Raises:
        ValueError: for less than a microsecond.
    """
    if microseconds < 1:
        raise ValueError(f"tempo: microseconds a quarter note must be 1 or more, got {microseconds}")
    exact = _MICROSECONDS_PER_MINUTE / microseconds
    shorter = (round(exact, digits) for digits in range(8))
    return next((tempo for tempo in shorter if tempo and round(_MICROSECONDS_PER_MINUTE / tempo) == microseconds), exact)


def key_of(signature: KeySignatureTick) -> Key:
    """The key that a key signature means.

    Raises:
        ValueError: where no key has it.
    """
    if abs(signature.key) > MOST_ACCIDENTALS or signature.tonality not in (0, 1):
        given = f"{signature.key} in mode {signature.tonality}"
        raise ValueError(f"key signature: must be -7 to 7, in mode 0 or 1, got {given}")
    major_tonic = signature.key * 7 % PITCH_CLASSES  # a fifth, seven semitones, up for every sharp
    if signature.tonality:
        return Key((major_tonic - 3) % PITCH_CLASSES, Mode.MINOR, signature.key)
    return Key(major_tonic, signature=signature.key)


def read_form(score: ScoreTick, meter: Meter) -> Form:
    """The phrases that the markers name, without keys.

    Raises:
        ValueError: where the markers are not all such as ``A8``, each at the end of the phrase before it.
    """
    markers = sorted(score.markers, key=lambda marker: marker.time)
    if not markers:
        raise ValueError("form: a MIDI file must have a marker such as A8 at every phrase's start, got none")
    phrases = []
    start_bar = 0
    for marker in markers:
        if not re.fullmatch(r"[A-Za-z][0-9]{1,4}", marker.text):
            raise ValueError(f"form: markers must be a letter and a length in bars, such as A8, got {marker.text[:40]!r}")
        if nearest(marker.time, STEPS_PER_BEAT, score) != meter.bars_to_steps(start_bar):
            raise ValueError(f"form: marker {marker.text} must be at the start of bar {start_bar + 1}, got tick {marker.time}")
        phrases.extend(Form.parse(marker.text).phrases)
        start_bar += phrases[-1].length_bars
    if start_bar > LONGEST_FORM_BARS:
        raise ValueError(f"form: must have {LONGEST_FORM_BARS} bars at most, got {start_bar}")
    return Form(tuple(phrases))


def read_notes(score: ScoreTick, tracks: Iterable[TrackTick]) -> tuple[Note, ...]:
    """The notes of these tracks in order, each taken to the nearest sixteenths and at least one long.

    Raises:
        ValueError: for a note before the start.
    """
    notes = []
    for note in (note for track in tracks for note in track.notes):
        start_step, end_step = (nearest(time, STEPS_PER_BEAT, score) for time in (note.time, note.end))
        notes.append(Note(start_step, note.pitch, max(end_step - start_step, 1), note.velocity))
    return tuple(sorted(notes))


def chord_spans(symbols: Sequence[tuple[int, str]], length_beats: int) -> Iterator[ChordSpan]:
    """Chords from the beats of their symbols, as ``parse_chord`` reads them, each until the next or the end; ``N`` for none.

    Raises:
        ValueError: for what is no symbol, and for symbols on the same beat or beyond the end.
    """
    starts = [beat for beat, _ in symbols] + [length_beats]
    for (start_beat, symbol), end_beat in zip(symbols, starts[1:], strict=True):
        chord = parse_chord(symbol)
        if chord is not None:
            yield ChordSpan(start_beat, end_beat - start_beat, chord)
