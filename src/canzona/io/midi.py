"""Songs as MIDI files, there and back.

A file is of type 1 with 480 ticks a quarter note and three tracks: ``MELODY``; ``CHORDS``, block chords with their Harte
symbols as lyrics (``N`` where no chord sounds); and ``PIANO``. The first track also holds tempo, metre, a key signature
wherever the key changes and, at each phrase's start, a marker with its name and length, such as ``A8``. Every track ends with
the form.
"""

from collections.abc import Iterable, Iterator

from symusic.core import KeySignatureTick, NoteTick, ScoreTick, TempoTick, TextMetaTick, TimeSignatureTick, TrackTick

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
from canzona.song.spelling import harte_symbol
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

_TRACK_END = b"\xff\x2f\x00"


def song_to_midi(song: Song) -> bytes:
    """The song as a MIDI file, always the same bytes; ``midi_to_song`` is the inverse.

    What MIDI cannot say: the reduced lead sheet; an empty level, which is read back as none; a phrase without a key after one
    with a key, which is read back with that key; and a note struck again while it sounds, whose first sounding is cut short.

    Raises:
        ValueError: as ``check_storable``.
    """
    check_storable(song)
    end_tick = TICKS_PER_STEP * song.length_steps
    score = ScoreTick(TICKS_PER_BEAT)
    score.tempos.append(TempoTick(0, song.tempo))
    score.time_signatures.append(TimeSignatureTick(0, song.meter.beats_per_bar, 4))
    key = None
    for start_bar, phrase in song.form.spans():
        tick = TICKS_PER_STEP * song.meter.bars_to_steps(start_bar)
        score.markers.append(TextMetaTick(tick, str(phrase)))
        if phrase.key not in (key, None):
            key = phrase.key
            score.key_signatures.append(KeySignatureTick(tick, key.accidentals, int(key.mode is Mode.MINOR)))
    lead_sheet = song.lead_sheet or LeadSheet()
    notes = {MELODY: lead_sheet.melody, CHORDS: tuple(_block_chords(lead_sheet.chords)), PIANO: song.accompaniment or ()}
    for name, program in PROGRAMS.items():
        track = TrackTick(name, program, False)
        for note in struck(notes[name]):
            time, duration = TICKS_PER_STEP * note.start_step, TICKS_PER_STEP * note.duration_steps
            track.notes.append(NoteTick(time, duration, note.pitch, note.velocity))
        if name == CHORDS:
            for beat, symbol in _chord_symbols(lead_sheet.chords, song):
                track.lyrics.append(TextMetaTick(TICKS_PER_BEAT * beat, symbol))
        score.tracks.append(track)
    return _ending_at(end_tick, score)


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


def _chord_symbols(chords: tuple[ChordSpan, ...], song: Song) -> Iterator[tuple[int, str]]:
    """Beats and symbols, with ``N`` wherever a chord ends before the next one or the song's end; ``_read_chords`` undoes it."""
    keys = song.form.keys_in_force()
    starts = [span.start_beat for span in chords] + [song.meter.bars_to_beats(song.form.length_bars)]
    for span, next_beat in zip(chords, starts[1:], strict=True):
        yield span.start_beat, harte_symbol(span.chord, keys[song.meter.bar_of_beat(span.start_beat)])
        if span.end_beat < next_beat:
            yield span.end_beat, NO_CHORD


def _ending_at(end_tick: int, score: ScoreTick) -> bytes:
    """The file with every track's end moved to ``end_tick``; symusic ends each track a tick after its last event."""
    data = score.dumps_midi()
    first, *others = score.tracks
    conductor = [event.time for events in (score.markers, score.key_signatures) for event in events]
    last_ticks = [max(conductor + _event_ends(first)), *(max([0, *_event_ends(track)]) for track in others)]
    file = data[:14]
    position = len(file)
    for last_tick in last_ticks:
        start, length = position + 8, int.from_bytes(data[position + 4 : position + 8], "big")
        body = data[start : start + length]
        assert body.endswith(b"\x01" + _TRACK_END), "symusic ends tracks otherwise than this was written for"
        body = body[: -1 - len(_TRACK_END)] + _variable_length(end_tick - last_tick) + _TRACK_END
        file += b"MTrk" + len(body).to_bytes(4, "big") + body
        position = start + length
    return file


def _event_ends(track: TrackTick) -> list[int]:
    return [note.end for note in track.notes] + [lyric.time for lyric in track.lyrics]


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
