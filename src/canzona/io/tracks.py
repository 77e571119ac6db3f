"""What tracks of MIDI files say that other systems wrote: names for what they play, tempos, and chords in words or blocks."""

import re
from collections.abc import Mapping
from functools import cache
from itertools import groupby

from symusic.core import ScoreTick, TrackTick

from canzona.io.midi import CHORDS, MELODY, NO_CHORD, PIANO
from canzona.io.midi_events import chord_spans
from canzona.song import STEPS_PER_BEAT, Chord, ChordSpan, Note
from canzona.song.chord_symbols import parse_chord
from canzona.song.harmony import PITCH_CLASSES, QUALITIES

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
MICROSECONDS_AT_DEFAULT = 500_000

_FOREIGN_BASS = 0.5  # what a bass outside a chord counts for that is otherwise what sounds, in tones by which chords miss it


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
    changes = {0: MICROSECONDS_AT_DEFAULT}
    for event in sorted(score.tempos, key=lambda event: event.time):
        changes[max(event.time, 0)] = event.mspq
    return sorted(changes.items())


def chord_texts(score: ScoreTick, tracks: list[TrackTick]) -> list[tuple[int, str]]:
    """Ticks and chord symbols, in order: lyrics of the chord track or, without any, markers with a colon."""
    texts = [lyric for track in tracks for lyric in track.lyrics]
    if not texts and all(":" in marker.text or marker.text == NO_CHORD for marker in score.markers):
        texts = list(score.markers)
    return [(text.time, _harte(text.text)) for text in sorted(texts, key=lambda text: text.time)]


def _harte(text: str) -> str:
    """A chord's symbol as Harte writes it, or the text as it is where it names no chord."""
    try:
        chord = parse_chord(text)
    except ValueError:
        return text
    return NO_CHORD if chord is None else chord.symbol


def is_chord_text(text: str) -> bool:
    """Whether this is a chord's symbol, or that of none."""
    return text == NO_CHORD or names_chord(text)


def names_chord(text: str) -> bool:
    """Whether this is a chord's symbol, and not that of none."""
    try:
        return parse_chord(text) is not None
    except ValueError:
        return False


def named_chords(symbols: Mapping[int, str], blocks: tuple[Note, ...], length_beats: int) -> tuple[ChordSpan, ...]:
    """The chords that the symbols name; those that sound where there are none."""
    named = chord_spans([(beat, symbol) for beat, symbol in sorted(symbols.items()) if beat < length_beats], length_beats)
    return tuple(named) or _sounding_chords(blocks, length_beats)


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
