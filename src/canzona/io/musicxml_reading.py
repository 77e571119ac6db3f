"""Lead sheets out of MusicXML files of any program: which part sings, which has the chords, and how the bars are played."""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import floor

from canzona.io.files import LONGEST_FORM_BARS, check_storable
from canzona.io.found import Found, counts
from canzona.io.marks import marked_form
from canzona.io.musicxml_document import read_tree
from canzona.io.musicxml_meter import WrittenMeter, written_meter
from canzona.io.musicxml_order import merged, playing_order
from canzona.io.musicxml_roles import Roles, roles_of
from canzona.io.musicxml_score import Bar, Part, WrittenNote, read_parts
from canzona.song import STEPS_PER_BEAT, Chord, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Phrase, Song
from canzona.song.grid import Sounding, is_swung, nearest_step, on_grid
from canzona.song.harmony import PITCH_CLASSES, QUALITIES
from canzona.song.notes import struck
from canzona.song.sections import section_word
from canzona.song.song import DEFAULT_TEMPO

MOST_NOTES = 50_000
"""Notes of a song with its repeats: a hundred times those of a long one."""
_MINOR_THIRD = 3
Played = list[tuple[int, int]]
"""Bars as they are played: the step at which each begins, and its number."""


def musicxml_to_song(data: bytes) -> Found:
    """Read a lead sheet of any program, plain or compressed; the inverse of ``song_to_musicxml`` but for what that names.

    The melody is that of the part that has words or is named for it, else of the first part with notes that is not named for an
    accompaniment; of its voices the one that has words or notes in most bars, of a chord the highest note, all as it sounds, on
    the grid by ``on_grid``. A part named for a piano beside it is the accompaniment. Chords are the symbols of the part with
    most of them, each the nearest of the vocabulary, on beats; several on one beat are spread over their time. Repeats, endings
    and jumps are played. 2/2 is 4/4, two bars of 2/4 are one, and where no metre is written the bars' length tells it; a short
    first bar, and the rest of a bar split by a repeat, are filled up with silence. Phrases begin at marks of a letter (``A``,
    ``A8``) or a section (``Verse``, ``Chorus``), bars before the first are an intro if they are only an upbeat or without
    melody; else all is one phrase. Keys are the signatures at the phrases' starts; one without a mode is minor where the song
    ends on its minor tonic's chord. The tempo is the longest one.

    Raises:
        ValueError: in one line, where this is no MusicXML, is malformed or too large, or has another metre or several.
    """
    parts = read_parts(read_tree(data))
    roles = roles_of(parts)
    meter = written_meter(roles.melody.bars)
    order = playing_order([merged(bar.signs for bar in same) for same in _same_bars(parts, len(roles.melody.bars))])
    remarks = [*meter.remarks]
    if order is None:
        remarks.append("the repeats or jumps make no sense: bars are played as written")
        order = list(range(len(roles.melody.bars)))
    played, end_step = _placed(roles.melody.bars, order, meter)
    length_bars = meter.meter.bar_of_step(end_step - 1) + 1
    if length_bars > LONGEST_FORM_BARS:
        raise ValueError(f"form: must have {LONGEST_FORM_BARS} bars at most with its repeats, got {length_bars}")
    notes = sum(len(part.bars[number].notes) for number in order for part in parts if number < len(part.bars))
    if notes > MOST_NOTES:
        raise ValueError(f"musicxml: must have {MOST_NOTES} notes at most with its repeats, got {notes}")

    tune, accompaniment = _melody(roles, played), _piano(roles.piano, played)
    if is_swung(note.start for note in (*tune, *accompaniment)):
        tune, accompaniment = ([note.straightened() for note in voice] for voice in (tune, accompaniment))
        remarks.append("swing straightened")
    length_steps = meter.meter.bars_to_steps(length_bars)
    melody, piano = on_grid(tune, length_steps), _struck(accompaniment, length_steps)
    chords, lost_chords = _chords(roles.chords, played, meter.meter.bars_to_beats(length_bars))
    marks = [(start, text, is_mark) for start, number in played for text, is_mark in roles.directions[number].marks]
    first_sung_step = melody.notes[0].start_step if melody.notes else None
    places = [(start, text) for start, text, _ in marks]
    marked = marked_form(places, meter.meter, length_bars, played[0][0], first_sung_step)
    unread = ["rehearsal mark" for _, text, is_mark in marks if is_mark and section_word(text) is None]
    form = marked or Form((Phrase("A", length_bars),))
    keys = _keys(roles.melody.bars, played, form, meter.meter, chords[-1].chord if chords else None)
    sheet = LeadSheet(melody.notes, chords)
    song = Song(
        form.with_keys(keys),
        meter.meter,
        _tempo(roles.directions, played, end_step),
        lead_sheet=sheet if melody.notes or chords else None,
        accompaniment=piano or None,
    )
    check_storable(song)
    lost = ["note{s} finer than a sixteenth"] * melody.lost + ["chord{s} closer than a beat"] * lost_chords
    read = [part for part in (roles.melody, roles.chords, roles.piano) if part is not None]
    noted = {id(part): part.left_out for part in read}
    things = [*(thing for part in noted.values() for thing in part), *lost, *roles.left_out, *unread]
    return Found(song, counts(things), tuple(remarks), form_is_assumed=marked is None)


def _same_bars(parts: Sequence[Part], length: int) -> Iterator[list[Bar]]:
    """The bars of all parts that sound together."""
    for number in range(length):
        yield [part.bars[number] for part in parts if number < len(part.bars)]


def _placed(bars: Sequence[Bar], order: Iterable[int], meter: WrittenMeter) -> tuple[Played, int]:
    """Where each bar begins, and the step at which the last one ends."""
    played: Played = []
    position, whole = 0, meter.meter.steps_per_bar
    numbers = list(order)
    lengths = [nearest_step(bars[number].length) or meter.steps_per_written_bar for number in numbers]
    is_upbeat = bool(lengths) and lengths[0] < meter.steps_per_written_bar != sum(lengths[:2])  # else a bar in two
    for number, length in zip(numbers, lengths, strict=True):
        if length > meter.steps_per_written_bar:
            most = Fraction(meter.steps_per_written_bar, STEPS_PER_BEAT)
            raise ValueError(f"musicxml: bar {number + 1}: must last {most} quarter notes at most")
        if not played:
            position = -length % whole if is_upbeat else 0
        elif position % whole + length > whole:
            position += -position % whole
        played.append((position, number))
        position += length
    return played, position


def _melody(roles: Roles, played: Played) -> list[Sounding]:
    """The tune at exact times: of notes that start together the highest, tied ones as one."""
    highest: dict[Fraction, tuple[WrittenNote, Fraction]] = {}
    for start_step, number in played:
        for note in roles.tune(roles.melody.bars[number]):
            start = Fraction(start_step, STEPS_PER_BEAT) + note.start
            if start not in highest or note.pitch > highest[start][0].pitch:
                highest[start] = note, start + note.duration
    voice: list[Sounding] = []
    is_tied_on = False
    for start, (note, end) in sorted(highest.items(), key=lambda item: item[0]):
        last = voice[-1] if voice else None
        if last is not None and note.is_tied and is_tied_on and (last.pitch, last.end) == (note.pitch, start):
            voice[-1] = Sounding(last.start, end, last.pitch)
        else:
            voice.append(Sounding(start, end, note.pitch))
        is_tied_on = note.is_tied_on
    return voice


def _piano(part: Part | None, played: Played) -> list[Sounding]:
    """A part's notes, tied ones as one."""
    sounding: dict[tuple[int, Fraction], Sounding] = {}  # pitch and end → what may go on
    for start_step, number in played if part is not None else ():
        for note in part.bars[number].notes if part is not None and number < len(part.bars) else ():
            start = Fraction(start_step, STEPS_PER_BEAT) + note.start
            before = sounding.pop((note.pitch, start), None) if note.is_tied else None
            end = start + note.duration
            sounding[note.pitch, end] = Sounding(before.start if before else start, end, note.pitch)
    return list(sounding.values())


def _struck(sounding: Iterable[Sounding], end_step: int) -> tuple[Note, ...]:
    """Notes on the grid, as one keyboard plays them."""
    notes = []
    for own in sounding:
        step = min(nearest_step(own.start), end_step - 1)
        notes.append(Note(step, own.pitch, max(min(nearest_step(own.end), end_step) - step, 1)))
    return tuple(struck(notes))


def _chords(part: Part | None, played: Played, length_beats: int) -> tuple[tuple[ChordSpan, ...], int]:
    """Each chord until the next symbol, and how many found no beat of their own."""
    timed: list[tuple[Fraction, Chord | None]] = []
    for (start_step, number), (next_step, _) in pairwise([*played, (length_beats * STEPS_PER_BEAT, -1)]):
        if part is not None and number < len(part.bars):
            start, end = Fraction(start_step, STEPS_PER_BEAT), Fraction(next_step, STEPS_PER_BEAT)
            timed += [(start + time, chord) for time, chord in _spread(part.bars[number], end - start)]
    beats: list[tuple[int, Chord | None]] = []
    lost = 0
    for time, chord in timed:
        beat = floor(time + Fraction(1, 2))
        if beats and beats[-1][0] >= beat:
            before = beats[-2][0] if len(beats) > 1 else -1
            if beats[-1][1] == chord:
                continue
            if beats[-1][0] - 1 > before and time - beat < Fraction(1, 4):
                beats[-1] = (beats[-1][0] - 1, beats[-1][1])
            else:
                beat = beats[-1][0] + 1
            if abs(time - beat) > 1:
                lost += 1
                continue
        if beat < length_beats:
            beats.append((beat, chord))
        else:
            lost += 1
    ends = [*(beat for beat, _ in beats), length_beats][1:]
    return tuple(ChordSpan(beat, end - beat, chord) for (beat, chord), end in zip(beats, ends, strict=True) if chord), lost


def _spread(bar: Bar, length: Fraction) -> list[tuple[Fraction, Chord | None]]:
    """The symbols of a bar, those that are written at one time spread over the time to the next ones or the bar's end."""
    times = sorted({time for time, _ in bar.symbols})
    spread: list[tuple[Fraction, Chord | None]] = []
    for time, following in pairwise([*times, max(length, *times, Fraction(0))] if times else []):
        here = [chord for own, chord in bar.symbols if own == time]
        ends = [note.start + note.duration for note in bar.notes if note.start == time]
        until = min([following, *ends])
        until = until if until - time >= len(here) else following
        spread += [(time + (until - time) * number / len(here), chord) for number, chord in enumerate(here)]
    return spread


def _keys(bars: Sequence[Bar], played: Played, form: Form, meter: Meter, last_chord: Chord | None) -> list[Key | None]:
    """The key of the signature in force at each phrase's start; ``None`` before the first."""
    latest: tuple[int, str] | None = None
    in_force = [latest := bar.key or latest for bar in bars]
    starts = [meter.bars_to_steps(bar) for bar, _ in form.spans()]
    numbers = [max((place for place in played if place[0] <= start), default=played[0])[1] for start in starts]
    return [None if in_force[number] is None else _key(*in_force[number], last_chord) for number in numbers]  # type: ignore[misc]


def _key(fifths: int, mode: str, last_chord: Chord | None) -> Key:
    major = Key(7 * fifths % PITCH_CLASSES, signature=fifths)
    minor = Key((major.tonic - _MINOR_THIRD) % PITCH_CLASSES, Mode.MINOR, fifths)
    if mode not in ("major", "minor") and last_chord is not None and last_chord.root == minor.tonic:
        mode = "minor" if _MINOR_THIRD in QUALITIES[last_chord.quality] else "major"
    return minor if mode == "minor" else major


def _tempo(directions: Sequence[Bar], played: Played, end_step: int) -> float:
    """The tempo that holds for most of the song; of several the first; the usual one where none is given."""
    marks = [(step + nearest_step(time), tempo) for step, number in played for time, tempo in directions[number].tempos]
    lasting: dict[float, int] = {}
    for (start, tempo), (next_start, _) in pairwise([*marks, (end_step, 0.0)]):
        lasting[tempo] = lasting.get(tempo, 0) + next_start - start
    return max(lasting, key=lambda tempo: lasting[tempo]) if lasting else DEFAULT_TEMPO
