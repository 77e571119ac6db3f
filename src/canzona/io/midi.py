"""Songs as MIDI files, there and back.

A file is of type 1 with 480 ticks a quarter note and three tracks: ``MELODY``; ``CHORDS``, block chords with their Harte
symbols as lyrics (``N`` where no chord sounds); and ``PIANO``. The first track also holds tempo, metre, a key signature
wherever the key changes and, at each phrase's start, a marker with its name and length, such as ``A8``. Every track ends with
the form.
"""

from collections.abc import Collection, Iterable, Iterator

import mido
from symusic.core import ScoreTick

from canzona.io.files import check_storable
from canzona.io.midi_events import chord_spans, key_of, nearest, read_form, read_notes, read_score, tempo_of
from canzona.io.midi_file import SUSTAIN_PEDAL, MidiTrack, Strike, midi_file
from canzona.io.performance import (
    CHORDS,
    LEFT,
    MELODY,
    PIANO,
    PROGRAMS,
    RIGHT,
    SUNG,
    TICKS_PER_BEAT,
    TICKS_PER_STEP,
    Performance,
    hand_of,
    pedal_times,
)
from canzona.song import STEPS_PER_BEAT, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Song
from canzona.song.harmony import QUALITIES, chord_changes
from canzona.song.notes import struck
from canzona.song.song import DEFAULT_TEMPO
from canzona.song.spelling import harte_symbol
from canzona.song.timing import beats_to_steps

NO_CHORD = "N"
CHORD_VELOCITY = 64
LOWEST_BASS, LOWEST_ROOT = 36, 48
"""Block chords have their bass at MIDI pitch 36–47 and their other tones, in root position, from 48–59 up."""


def song_to_midi(song: Song, performance: Performance | None = None, parts: Collection[str] | None = None) -> bytes:
    """The song as a MIDI file, always the same bytes; ``midi_to_song`` is the inverse.

    What MIDI cannot say: the reduced lead sheet; an empty level, which is read back as none; a phrase without a key after one
    with a key, which is read back with that key; and a note struck again while it sounds, whose first sounding is cut short.
    Deviations of time and the pedal are left out when it is read; what is merged into the piano is read back as piano.

    Args:
        song: what to write.
        performance: how it is played; ``None`` as it is written.
        parts: of ``PROGRAMS``, those that are written; ``None`` for all, or where they are merged all but the block chords.

    Raises:
        ValueError: as ``check_storable``, and as ``song_tracks``.
    """
    tracks = song_tracks(song, performance or Performance(), parts)
    return midi_file(tracks, _conductor(song), TICKS_PER_BEAT, TICKS_PER_STEP * song.length_steps)


def song_tracks(song: Song, performance: Performance, parts: Collection[str] | None = None) -> list[MidiTrack]:
    """The tracks of the song as it is played, arguments as of ``song_to_midi``.

    Raises:
        ValueError: as ``check_storable``; where there is no part, or a pedal is wanted for a song without chords.
    """
    check_storable(song)
    sheet = song.lead_sheet or LeadSheet()
    if performance.pedal and not sheet.chords:
        raise ValueError("pedal: must be left out for a song without chords, which it follows, got both")
    if parts is None:
        parts = (MELODY, PIANO) if performance.merged else tuple(PROGRAMS)
    if not parts:
        raise ValueError("parts: must be at least one, got none")
    notes = {MELODY: sheet.melody, CHORDS: tuple(_block_chords(sheet.chords)), PIANO: song.accompaniment or ()}
    notes = {part: notes[part] for part in PROGRAMS if part in parts}
    if performance.merged:
        notes = {PIANO: tuple(note for own in notes.values() for note in own)}
    ticks_of = [performance.ticks_of(hand, song.meter, song.tempo, song.length_steps) for hand in (LEFT, RIGHT, SUNG)]
    tracks = []
    for part, own in notes.items():
        strikes = []
        for note in struck(own):
            ticks = ticks_of[hand_of(part, note.pitch)]
            strikes.append(Strike(ticks(note.start_step), ticks(note.end_step), note.pitch, note.velocity))
        controls, lyrics = [], []
        if part == PIANO and performance.pedal:
            controls = [(tick, SUSTAIN_PEDAL, 127 * down) for tick, down in pedal_times(sheet.chords)]
        if part == CHORDS:
            lyrics = [(TICKS_PER_BEAT * beat, symbol) for beat, symbol in _chord_symbols(sheet.chords, song)]
        channel, program = performance.channel(part), performance.program(part)
        tracks.append(MidiTrack(part, channel, program, tuple(strikes), tuple(controls), tuple(lyrics)))
    return tracks


def _conductor(song: Song) -> Iterator[mido.MetaMessage]:
    """Tempo, metre, the key wherever it changes, and each phrase's name, at their ticks."""
    yield mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(song.tempo))
    yield mido.MetaMessage("time_signature", numerator=song.meter.beats_per_bar, denominator=4)
    key = None
    for start_bar, phrase in song.form.spans():
        tick = TICKS_PER_STEP * song.meter.bars_to_steps(start_bar)
        yield mido.MetaMessage("marker", text=str(phrase), time=tick)
        if phrase.key not in (key, None):
            key = phrase.key
            name = key.tonic_name + ("m" if key.mode is Mode.MINOR else "")
            yield mido.MetaMessage("key_signature", key=name, time=tick)


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
    for beat, chord in chord_changes(chords, song.meter.bars_to_beats(song.form.length_bars)):
        yield beat, NO_CHORD if chord is None else harte_symbol(chord, keys[song.meter.bar_of_beat(beat)])


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
