"""A small additive synthesiser: the sound of a song where FluidSynth is not installed.

It sums sine partials that decay, as a struck string's do, and knows three plain timbres. It does not know
pedals, room or stereo, and is no match for a sampled piano.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from symusic.core import ScoreSecond

from canzona.io.midi import CHORDS, MELODY, PIANO

TAIL_SECONDS = 1.0
"""How long the sound goes on after the last bar, so that the last notes may end."""

_CONCERT_PITCH, _CONCERT_HERTZ = 69, 440.0
_GAIN, _HIGHEST_PEAK = 0.13, 0.9  # of full scale
_ATTACK_SECONDS, _RELEASE_SECONDS = 0.005, 0.12
_HIGHEST_FREQUENCY = 0.45  # of the sample rate: partials above it would fold back
_INAUDIBLE = 0.001  # −60 dB: a partial that has decayed so far has ended


@dataclass(frozen=True, slots=True)
class Timbre:
    """What an instrument sounds like.

    Attributes:
        partials: amplitude of each harmonic, from the fundamental up.
        decay_seconds: time in which the fundamental of middle C falls to 1/e; higher notes and partials are quicker.
        stiffness: how far a string's partials lie above the harmonics: partial k at k·√(1 + stiffness·k²) times the fundamental
            (Fletcher, Blackham and Stratton 1962, equation 4).
    """

    partials: tuple[float, ...]
    decay_seconds: float
    stiffness: float = 0.0


TIMBRES = {
    MELODY: Timbre((1.0, 0.08, 0.45, 0.05, 0.2, 0.03, 0.08), decay_seconds=4.0),
    CHORDS: Timbre((0.6, 0.1, 0.05, 0.08), decay_seconds=1.5),
    PIANO: Timbre((1.0, 0.6, 0.36, 0.25, 0.16, 0.11, 0.07, 0.05), decay_seconds=0.9, stiffness=0.0004),
}
"""By the name of a song's MIDI track."""


def synthesize(midi: bytes, seconds: float, sample_rate: int) -> NDArray[np.float32]:
    """Play a song's MIDI file, as ``song_to_midi`` writes it.

    Args:
        midi: the file's bytes; tracks that ``TIMBRES`` does not name are silent.
        seconds: how long the song lasts; what sounds later than ``TAIL_SECONDS`` after it is cut.
        sample_rate: samples a second.

    Returns:
        Samples of one channel, −1 to 1: loud songs are turned down as a whole rather than clipped.
    """
    sound = np.zeros(round((seconds + TAIL_SECONDS) * sample_rate), np.float32)
    release = round(_RELEASE_SECONDS * sample_rate)
    fade = np.linspace(1, 0, release, dtype=np.float32)
    for track in ScoreSecond.from_midi(midi).tracks:
        if track.name not in TIMBRES:
            continue
        longest: dict[int, int] = {}
        for note in track.notes:
            length = round(note.duration * sample_rate) + release
            longest[note.pitch] = max(longest.get(note.pitch, 0), length)
        tones = {pitch: _tone(TIMBRES[track.name], pitch, length, sample_rate) for pitch, length in longest.items()}
        for note in track.notes:
            start, length = round(note.start * sample_rate), round(note.duration * sample_rate) + release
            played = tones[note.pitch][:length] * np.float32(_GAIN * (note.velocity / 127) ** 1.5)
            played[-release:] *= fade
            room = max(len(sound) - start, 0)
            sound[start : start + length] += played[:room]
    peak = float(np.abs(sound).max(initial=0))
    return sound * np.float32(_HIGHEST_PEAK / peak) if peak > _HIGHEST_PEAK else sound


def _tone(timbre: Timbre, pitch: int, length: int, sample_rate: int) -> NDArray[np.float32]:
    """The longest note of a pitch at full velocity, not yet released; shorter ones are its beginning."""
    tone = np.zeros(length, np.float32)
    time = np.arange(length) / sample_rate
    fundamental = _CONCERT_HERTZ * 2 ** ((pitch - _CONCERT_PITCH) / 12)
    decay = timbre.decay_seconds * 2 ** ((60 - pitch) / 24)
    for number, amplitude in enumerate(timbre.partials, start=1):
        frequency = fundamental * number * np.sqrt(1 + timbre.stiffness * number**2)
        if frequency > _HIGHEST_FREQUENCY * sample_rate:
            break
        own_decay = decay / np.sqrt(number)
        heard = time[: round(-np.log(_INAUDIBLE) * own_decay * sample_rate)]
        tone[: len(heard)] += amplitude * np.exp(-heard / own_decay) * np.sin(2 * np.pi * frequency * heard)
    attack = min(round(_ATTACK_SECONDS * sample_rate), length)
    tone[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)
    return tone
