"""A MIDI file of Canzona's as others read it: notes of every track, tempo, metre and markers."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO

import mido
from symusic.core import ScoreTick

from canzona.io.midi import song_tracks
from canzona.io.performance import TICKS_PER_STEP, Performance
from canzona.song import Song

Markers = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Told:
    """What a file tells.

    Attributes:
        notes: how many, by name of the track.
        tempo: quarter notes a minute, to three digits after the point.
        meter: (beats, their value).
        markers: (tick, text); ``None`` of a reader that knows none.
    """

    notes: Mapping[str, int]
    tempo: float
    meter: tuple[int, int]
    markers: Markers | None

    def agrees(self, other: "Told") -> bool:
        """Whether both tell the same, as far as both tell it."""
        known = self.markers is not None and other.markers is not None
        same = (self.notes, self.tempo, self.meter) == (other.notes, other.tempo, other.meter)
        return same and (not known or self.markers == other.markers)


def told_by_song(song: Song) -> Told:
    """What the file of a song is to tell."""
    notes = {track.name: len(track.strikes) for track in song_tracks(song, Performance(), None)}
    markers = tuple((TICKS_PER_STEP * song.meter.bars_to_steps(bar), str(phrase)) for bar, phrase in song.form.spans())
    return Told(notes, round(song.tempo, 3), (song.meter.beats_per_bar, 4), markers)


def by_symusic(data: bytes) -> Told:
    """What symusic reads."""
    score, notes = ScoreTick.from_midi(data), Counter[str]()
    for track in score.tracks:  # lyrics of a track are another of the same name
        notes[track.name] += len(track.notes)
    meter = score.time_signatures[0]
    markers = tuple((marker.time, marker.text) for marker in score.markers)
    return Told(dict(notes), round(score.tempos[0].qpm, 3), (meter.numerator, meter.denominator), markers)


def by_mido(data: bytes) -> Told:
    """What mido reads."""
    notes, tempos, meters, markers = Counter[str](), [], [], []
    for track in mido.MidiFile(file=BytesIO(data)).tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                notes[track.name] += 1
            elif message.type == "set_tempo":
                tempos.append(round(mido.tempo2bpm(message.tempo), 3))
            elif message.type == "time_signature":
                meters.append((message.numerator, message.denominator))
            elif message.type == "marker":
                markers.append((tick, message.text))
    return Told(dict(notes), tempos[0], meters[0], tuple(markers))


def by_pretty_midi(data: bytes) -> Told:
    """What pretty_midi reads, which knows no markers."""
    score = import_module("pretty_midi").PrettyMIDI(BytesIO(data))
    meter = score.time_signature_changes[0]
    notes = {instrument.name: len(instrument.notes) for instrument in score.instruments}
    return Told(notes, round(float(score.get_tempo_changes()[1][0]), 3), (meter.numerator, meter.denominator), None)


READERS: Mapping[str, Callable[[bytes], Told]] = {
    "symusic": by_symusic,
    "mido": by_mido,
    **({"pretty_midi": by_pretty_midi} if find_spec("pretty_midi") else {}),
}
"""Readers by the names of their packages, those that are installed."""
