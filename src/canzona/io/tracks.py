"""Songs out of MIDI files that other systems wrote: tracks named for what they play, and little else to rely on.

What a file does not say is not guessed: keys stay unknown without key signatures, phrases without markers are one phrase.
"""

import re
from bisect import bisect_right
from functools import cache
from itertools import groupby, pairwise

from symusic.core import ScoreTick, TrackTick

from canzona.io.files import LONGEST_FORM_BARS, check_storable
from canzona.io.midi import CHORDS, MELODY, NO_CHORD, PIANO
from canzona.io.midi_events import chord_spans, key_of, nearest, read_form, read_notes, read_score, struck, tempo_of
from canzona.song import STEPS_PER_BEAT, Chord, ChordSpan, Form, LeadSheet, Meter, Note, Phrase, Song
from canzona.song.chord_symbols import parse_chord
from canzona.song.harmony import PITCH_CLASSES, QUALITIES
from canzona.song.notes import one_voice
from canzona.song.timing import beats_to_steps

ROLES = {
    "MELODY": MELODY, "LEAD": MELODY, "VOCAL": MELODY, "VOCALS": MELODY, "VOICE": MELODY, "VOX": MELODY, "SINGER": MELODY,
    "CHORDS": CHORDS, "CHORD": CHORDS,
    "PIANO": PIANO, "ACCOMPANIMENT": PIANO, "BRIDGE": PIANO,
}  # fmt: skip
"""Words in the names of tracks, in capitals → what they are read as. POP909's BRIDGE is piano, as where POP909 is read."""

SECOND_VOICES = frozenset(["BACKING", "BACK", "BACKGROUND", "BG", "BGV", "HARMONY", "HARMONIES", "GUITAR", "SYNTH", "BASS"])
"""Words that make a track no melody whatever else its name says: backing vocals, a lead guitar."""

DEFAULT_MIDI_TEMPO = 120.0
"""Quarter notes a minute before the first tempo event, as the standard has it."""
_MICROSECONDS_AT_DEFAULT = 500_000

SINGLE_PHRASE = "A"
"""The letter of the one phrase of a song without phrase markers."""

_FOREIGN_BASS = 0.5  # what a bass outside a chord counts for that is otherwise what sounds, in tones by which chords miss it


def tracks_to_song(data: bytes) -> Song:
    """Read a MIDI file of any system that has tracks of the names in ``ROLES``, in any case of letters.

    Times are taken to the nearest sixteenth (chords: beat) of the file's ticks, so a change of tempo moves nothing. The melody
    is the highest of the notes that start together, each cut where the next starts. Chords are the Harte symbols in the lyrics
    of the chord track or in markers; else the notes of the chord track, the chord of the vocabulary nearest to those of each
    beat over the lowest. The metre is 4/4 and the tempo 120 where the file gives none; of several tempos the one that lasts
    longest. Drums are left out. Phrases are markers such as ``A8`` where they cover the music without gap, else one phrase; a
    key signature holds until the next, and without any the keys are ``None``. ``midi_to_song`` is
    stricter.

    Raises:
        ValueError: in one line, where this is no MIDI file, has no notes in such tracks, has another metre or several, or its
            times are absurd.
    """
    score = read_score(data)
    tracks = _tracks_by_role(score)
    meter = _meter(score)
    melody = one_voice(read_notes(score, tracks[MELODY]))
    blocks, piano = (tuple(struck(read_notes(score, tracks[role]))) for role in (CHORDS, PIANO))
    symbols = chord_texts(score, tracks[CHORDS])

    starts = [note.start_step for note in (*melody, *blocks, *piano)]
    starts += [beats_to_steps(beat) for beat, symbol in symbols.items() if symbol != NO_CHORD]
    ends = [note.end_step for note in (*melody, *blocks)]  # a piano's last notes may ring on behind the song
    form = _form(score, meter, max(starts), max(ends, default=0))
    chords = named_chords(symbols, blocks, meter.bars_to_beats(form.length_bars))
    melody, piano = (_cut(notes, meter.bars_to_steps(form.length_bars)) for notes in (melody, piano))
    song = Song(
        form=_with_keys(form, score, meter),
        meter=meter,
        tempo=_longest_tempo(score),
        lead_sheet=LeadSheet(melody, chords) if melody or chords else None,
        accompaniment=piano or None,
    )
    check_storable(song)
    return song


def plain_name(name: str) -> str:
    """A track's name without zero bytes, blanks around it, and signs that are none."""
    return "".join(sign for sign in name if sign.isprintable()).strip()


def role_of(name: str) -> str | None:
    """What a track of this name plays, by the words in it: ``"Lead Vocal"`` is the melody; ``None`` where they say nothing."""
    words = re.findall(r"[A-Z]+", plain_name(name).upper())
    roles = [ROLES[word] for word in words if word in ROLES]
    if not roles or (roles[0] == MELODY and SECOND_VOICES & set(words)):
        return None
    return roles[0]


def tempo_changes(score: ScoreTick) -> list[tuple[int, int]]:
    """Ticks from which each tempo holds, ascending from 0, and its microseconds a quarter note; of several at once the last."""
    changes = {0: _MICROSECONDS_AT_DEFAULT}
    for event in sorted(score.tempos, key=lambda event: event.time):
        changes[max(event.time, 0)] = event.mspq
    return sorted(changes.items())


def _tracks_by_role(score: ScoreTick) -> dict[str, list[TrackTick]]:
    tracks: dict[str, list[TrackTick]] = {MELODY: [], CHORDS: [], PIANO: []}
    for track in score.tracks:
        role = role_of(track.name)
        if role is not None and not track.is_drum:
            tracks[role].append(track)
    if not any(track.notes for role_tracks in tracks.values() for track in role_tracks):
        names = ", ".join(sorted({repr(track.name[:20]) for track in score.tracks})[:9])
        raise ValueError(f"tracks: must have notes in one named {MELODY}, {CHORDS} or {PIANO}, got {names or 'no track'}")
    return tracks


def _meter(score: ScoreTick) -> Meter:
    signatures = {f"{event.numerator}/{event.denominator}" for event in score.time_signatures}
    signatures = {"4/4" if signature in ("2/2", "2/4") else signature for signature in signatures}
    if len(signatures) > 1:
        raise ValueError(f"meter: must be one throughout, 3/4 or 4/4, got {', '.join(sorted(signatures)[:9])}")
    return Meter.parse(signatures.pop()) if signatures else Meter()


def _longest_tempo(score: ScoreTick) -> float:
    """The tempo that holds for most of the file; of several the first."""
    changes = tempo_changes(score)
    lasting: dict[int, int] = {}
    for (time, microseconds), (next_time, _) in pairwise([*changes, (max(score.end(), changes[-1][0]), 0)]):
        lasting[microseconds] = lasting.get(microseconds, 0) + next_time - time
    return tempo_of(max(lasting, key=lambda microseconds: lasting[microseconds]))


def _form(score: ScoreTick, meter: Meter, last_start_step: int, end_step: int) -> Form:
    """The phrases of the markers where all music starts within them, else one phrase over all bars."""
    length_bars = meter.bar_of_step(max(last_start_step, end_step - 1)) + 1
    if length_bars > LONGEST_FORM_BARS:
        raise ValueError(f"form: must have {LONGEST_FORM_BARS} bars at most, got {length_bars}")
    single = Form((Phrase(SINGLE_PHRASE, length_bars),))
    try:
        marked = read_form(score, meter)
    except ValueError:  # the markers, if any, name no phrases
        return single
    return marked if last_start_step < meter.bars_to_steps(marked.length_bars) else single


def _with_keys(form: Form, score: ScoreTick, meter: Meter) -> Form:
    """Each phrase in the key of the latest signature by its start; before the first signature that of the first."""
    if not score.key_signatures:
        return form
    changes = sorted(score.key_signatures, key=lambda event: event.time)
    steps = [nearest(event.time, STEPS_PER_BEAT, score) for event in changes]
    latest = [bisect_right(steps, meter.bars_to_steps(start_bar)) for start_bar, _ in form.spans()]
    return form.with_keys([key_of(changes[max(number - 1, 0)]) for number in latest])


def _cut(notes: tuple[Note, ...], end_step: int) -> tuple[Note, ...]:
    return tuple(note.ending_by(end_step) for note in notes)


def chord_texts(score: ScoreTick, tracks: list[TrackTick]) -> dict[int, str]:
    """Beats and chord symbols, the last of each beat: lyrics of the chord track or, without any, markers with a colon."""
    texts = [lyric for track in tracks for lyric in track.lyrics]
    if not texts and all(":" in marker.text or marker.text == NO_CHORD for marker in score.markers):
        texts = list(score.markers)
    return {nearest(text.time, 1, score): _harte(text.text) for text in sorted(texts, key=lambda text: text.time)}


def _harte(text: str) -> str:
    """A chord's symbol as Harte writes it, or the text as it is where it names no chord."""
    try:
        chord = parse_chord(text)
    except ValueError:
        return text
    return NO_CHORD if chord is None else chord.symbol


def named_chords(symbols: dict[int, str], blocks: tuple[Note, ...], length_beats: int) -> tuple[ChordSpan, ...]:
    """The chords that the symbols name; those that sound where there are none, or where they are other words."""
    try:
        named = tuple(chord_spans([(beat, symbol) for beat, symbol in symbols.items() if beat < length_beats], length_beats))
    except ValueError:
        if not blocks:
            raise
        named = ()
    return named or _sounding_chords(blocks, length_beats)


def _sounding_chords(blocks: tuple[Note, ...], length_beats: int) -> tuple[ChordSpan, ...]:
    pitches: list[set[int]] = [set() for _ in range(length_beats)]
    for note in blocks:
        start_beat, end_beat = ((step + STEPS_PER_BEAT // 2) // STEPS_PER_BEAT for step in (note.start_step, note.end_step))
        for beat in range(start_beat, min(max(end_beat, start_beat + 1), length_beats)):
            pitches[beat].add(note.pitch)
    chords = [
        _nearest_chord(frozenset(pitch % PITCH_CLASSES for pitch in sounding), min(sounding, default=0) % PITCH_CLASSES)
        for sounding in pitches
    ]
    spans = [(list(beats), chord) for chord, beats in groupby(range(length_beats), key=lambda beat: chords[beat])]
    return tuple(ChordSpan(beats[0], len(beats), chord) for beats, chord in spans if chord is not None)


@cache
def _nearest_chord(tones: frozenset[int], bass: int) -> Chord | None:
    """The chord of the vocabulary that misses fewest of these pitch classes or has fewest others; of one alone none.

    Of equally near chords one on the bass is taken, then the commonest quality, then the nearest root above the bass, so that
    the tones and bass of a canonical chord give this chord.
    """
    if len(tones) < 2:
        return None

    def misfit(chord: Chord) -> tuple[float, bool]:
        differing = tones ^ set(chord.chroma)
        return _FOREIGN_BASS if differing == {bass} else len(differing), chord.root != bass

    roots = [(bass + above) % PITCH_CLASSES for above in range(PITCH_CLASSES)]
    return min((Chord(root, quality, bass) for quality in QUALITIES for root in roots), key=misfit)
