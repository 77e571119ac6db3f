"""MIDI files as other systems write them."""

from collections.abc import Iterable, Mapping
from typing import Any

from symusic import KeySignature, Score, Tempo, TextMeta, TimeSignature, Track
from symusic import Note as MidiNote

TICKS = 480
Rows = Iterable[tuple[Any, ...]]


def midi(
    tracks: Mapping[str, Rows],
    *,
    meters: Rows = (),
    markers: Rows = (),
    tempos: Rows = (),
    signatures: Rows = (),
    lyrics: Rows = (),
    ticks: int = TICKS,
) -> bytes:
    """Tracks as name → (time, duration, pitch, velocity); lyrics stand in the track of chords."""
    score: Any = Score(ticks)  # what symusic says of its types leaves out that lists are taken
    score.time_signatures.extend([TimeSignature(*row) for row in meters])
    score.markers.extend([TextMeta(*row) for row in markers])
    score.tempos.extend([Tempo(*row) for row in tempos])
    score.key_signatures.extend([KeySignature(*row) for row in signatures])
    for name, rows in tracks.items():
        track: Any = Track(name)
        track.notes.extend([MidiNote(*row) for row in rows])
        if name.upper() == "CHORDS":
            track.lyrics.extend([TextMeta(*row) for row in lyrics])
        score.tracks.append(track)
    return score.dumps_midi()
