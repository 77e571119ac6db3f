"""Songs as MIDI files, there and back.

A file is of type 1 with 480 ticks a quarter note and three tracks: ``MELODY``; ``CHORDS``, block chords with their Harte
symbols as lyrics (``N`` where no chord sounds); and ``PIANO``. The first track also holds tempo, metre, a key signature
wherever the key changes and, at each phrase's start, a marker with its name and length, such as ``A8``. Every track ends with
the form.
"""

import struct
from collections.abc import Iterable, Iterator

from symusic.core import ScoreTick

from canzona.io.files import check_storable
from canzona.io.midi_events import (
    chord_spans,
    key_of,
    nearest,
    read_form,
    read_notes,
    read_score,
    struck,
    tempo_of,
)
from canzona.song import STEPS_PER_BEAT, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Song
from canzona.song.harmony import QUALITIES
from canzona.song.song import DEFAULT_TEMPO
from canzona.song.timing import beats_to_steps

TICKS_PER_BEAT = 480
TICKS_PER_STEP = TICKS_PER_BEAT // STEPS_PER_BEAT
MELODY, CHORDS, PIANO = "MELODY", "CHORDS", "PIANO"
PROGRAMS = {MELODY: 71, CHORDS: 4, PIANO: 0}
"""The tracks in order with their General MIDI sounds, from 0: clarinet (as low as a voice), electric piano, grand piano."""

NO_CHORD = "N"
CHORD_VELOCITY = 64
LOWEST_BASS, LOWEST_ROOT = 36, 48
"""Block chords have their bass at MIDI pitch 36–47 and their other tones, in root position, from 48–59 up."""

_NAME, _LYRIC, _MARKER, _END, _TEMPO, _METER, _KEY = 0x03, 0x05, 0x06, 0x2F, 0x51, 0x58, 0x59  # kinds of meta events


def song_to_midi(song: Song) -> bytes:
    """The song as a MIDI file, always the same bytes; ``midi_to_song`` is the inverse.

    What MIDI cannot say: the reduced lead sheet; an empty level, which is read back as none; a phrase without a key after one
    with a key, which is read back with that key; and a note struck again while it sounds, whose first sounding is cut short.

    Raises:
        ValueError: as ``check_storable``.
    """
    check_storable(song)
    lead_sheet = song.lead_sheet or LeadSheet()
    notes = {MELODY: lead_sheet.melody, CHORDS: tuple(_block_chords(lead_sheet.chords)), PIANO: song.accompaniment or ()}
    symbols = _chord_symbols(lead_sheet.chords, song.meter.bars_to_beats(song.form.length_bars))
    texts = {CHORDS: [(TICKS_PER_BEAT * beat, _meta(_LYRIC, symbol.encode())) for beat, symbol in symbols]}
    tracks = []
    for channel, (name, program) in enumerate(PROGRAMS.items()):
        events = [] if tracks else list(_form_events(song))
        events += [(0, _meta(_NAME, name.encode())), (0, bytes([0xC0 | channel, program])), *texts.get(name, ())]
        played = list(struck(notes[name]))  # a note ends before another of its pitch begins
        events += [(TICKS_PER_STEP * note.end_step, bytes([0x80 | channel, note.pitch, note.velocity])) for note in played]
        events += [(TICKS_PER_STEP * note.start_step, bytes([0x90 | channel, note.pitch, note.velocity])) for note in played]
        tracks.append(_track(events, TICKS_PER_STEP * song.length_steps))
    return b"MThd" + struct.pack(">IHHH", 6, 1, len(tracks), TICKS_PER_BEAT) + b"".join(tracks)


def midi_to_song(data: bytes) -> Song:
    """Read what ``song_to_midi`` wrote, also after another program has stored it; the inverse of it but for what it names.

    Times are taken to the nearest sixteenth (chords: beat), the tempo to the shortest decimal number that means the same in
    MIDI. Tracks of other names are left out.

    Raises:
        ValueError: in one line, where this is no MIDI file, has no phrase markers, or breaks the promises of such a file.
    """
    score = read_score(data)
    meter = _read_meter(score)
    form = read_form(score, meter)
    chords = tuple(_read_chords(score, meter.bars_to_beats(form.length_bars)))
    melody = _read_notes(score, MELODY)
    song = Song(
        form=form.with_keys(_read_keys(score, meter, form)),
        meter=meter,
        tempo=_read_tempo(score),
        lead_sheet=LeadSheet(melody, chords) if melody or chords else None,
        accompaniment=_read_notes(score, PIANO) or None,
    )
    check_storable(song)
    return song


def _block_chords(chords: Iterable[ChordSpan]) -> Iterator[Note]:
    for span in chords:
        root = LOWEST_ROOT + span.chord.root
        start_step, duration_steps = beats_to_steps(span.start_beat), beats_to_steps(span.duration_beats)
        for pitch in (LOWEST_BASS + span.chord.bass, *(root + tone for tone in QUALITIES[span.chord.quality])):
            yield Note(start_step, pitch, duration_steps, CHORD_VELOCITY)


def _chord_symbols(chords: tuple[ChordSpan, ...], length_beats: int) -> Iterator[tuple[int, str]]:
    """Beats and symbols, with ``N`` wherever a chord ends before the next one or the song's end; ``_read_chords`` undoes it."""
    starts = [span.start_beat for span in chords] + [length_beats]
    for span, next_beat in zip(chords, starts[1:], strict=True):
        yield span.start_beat, span.chord.symbol
        if span.end_beat < next_beat:
            yield span.end_beat, NO_CHORD


def _form_events(song: Song) -> Iterator[tuple[int, bytes]]:
    """Metre, keys, tempo and phrases, as ticks and events."""
    starts = [(TICKS_PER_STEP * song.meter.bars_to_steps(start_bar), phrase) for start_bar, phrase in song.form.spans()]
    yield 0, _meta(_METER, bytes([song.meter.beats_per_bar, 2, 24, 8]))  # quarters, with the usual clocks
    latest = None
    for tick, phrase in starts:
        if phrase.key not in (latest, None):
            latest = phrase.key
            yield tick, _meta(_KEY, struct.pack(">bb", latest.accidentals, latest.mode is Mode.MINOR))
    yield 0, _meta(_TEMPO, round(60e6 / song.tempo).to_bytes(3, "big"))
    for tick, phrase in starts:
        yield tick, _meta(_MARKER, str(phrase).encode())


def _meta(kind: int, data: bytes) -> bytes:
    return bytes([0xFF, kind]) + _variable_length(len(data)) + data


def _track(events: Iterable[tuple[int, bytes]], end_tick: int) -> bytes:
    """A track of these events, of those at one tick in the order given, and its end."""
    parts, latest, status = [], 0, b""
    for tick, event in (*sorted(events, key=lambda event: event[0]), (end_tick, _meta(_END, b""))):
        running = event[:1] == status  # then the status goes without saying; no such thing for meta events
        parts += _variable_length(tick - latest), event[running:]
        latest, status = tick, event[:1] if event[0] != 0xFF else b""
    body = b"".join(parts)
    return b"MTrk" + len(body).to_bytes(4, "big") + body


def _variable_length(number: int) -> bytes:
    """MIDI's variable-length quantity: 7 bits a byte, the highest bit set on all bytes but the last."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(number & 0x7F | 0x80)
    return bytes(reversed(groups))


def _read_meter(score: ScoreTick) -> Meter:
    signatures = {f"{event.numerator}/{event.denominator}" for event in score.time_signatures}
    if len(signatures) != 1:
        raise ValueError(f"meter: a MIDI file must have one, 3/4 or 4/4, got {', '.join(sorted(signatures)[:9]) or 'none'}")
    return Meter.parse(signatures.pop())


def _read_tempo(score: ScoreTick) -> float:
    tempos = {event.mspq for event in score.tempos}
    if len(tempos) > 1:
        raise ValueError(f"tempo: a MIDI file must have one throughout, got {len(tempos)}")
    return tempo_of(tempos.pop()) if tempos else DEFAULT_TEMPO


def _read_keys(score: ScoreTick, meter: Meter, form: Form) -> list[Key | None]:
    """One key a phrase: the signature at its start or, without one, the key before."""
    signatures = {nearest(event.time, STEPS_PER_BEAT, score): event for event in score.key_signatures}
    keys: list[Key | None] = []
    for start_bar, _ in form.spans():
        event = signatures.pop(meter.bars_to_steps(start_bar), None)
        latest = keys[-1] if keys else None
        keys.append(latest if event is None else key_of(event))
    if signatures:
        bar = meter.bar_of_step(min(signatures)) + 1
        raise ValueError(f"key signature: must be at the start of a phrase, got one in bar {bar}")
    return keys


def _read_chords(score: ScoreTick, length_beats: int) -> Iterator[ChordSpan]:
    # symusic gives the lyrics of a track with notes as a second track of the same name
    lyrics = [lyric for track in score.tracks if track.name == CHORDS for lyric in track.lyrics]
    symbols = [(nearest(lyric.time, 1, score), lyric.text) for lyric in sorted(lyrics, key=lambda lyric: lyric.time)]
    return chord_spans(symbols, length_beats)


def _read_notes(score: ScoreTick, name: str) -> tuple[Note, ...]:
    return read_notes(score, (track for track in score.tracks if track.name == name))
