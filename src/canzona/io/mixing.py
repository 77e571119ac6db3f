"""The mix of a song: which parts sound, how loud and where, clicks, and the level of the whole."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from canzona.io.midi import song_tracks
from canzona.io.midi_file import PAN, REVERB, VOLUME, MidiTrack, Strike
from canzona.io.performance import CHANNELS, CHORDS, DRUM_CHANNEL, MELODY, PIANO, TICKS_PER_BEAT, Performance
from canzona.song import Meter, Song

CLICK = "CLICK"
USUAL_PARTS = (MELODY, PIANO)
"""What sounds where nothing is said: block chords are for MIDI, the piano has its own."""

HIGHEST_PEAK = 10 ** (-1 / 20)
"""−1 dBFS: below full scale, so that MP3 and resampling do not clip either."""

_CLICK_PROGRAM = 115  # wood block
_CLICKS = ((88, 112), (83, 88))  # pitch and velocity of a bar's first beat and of the others
_CLICK_TICKS = TICKS_PER_BEAT // 8
_SILENCE = 10**-3  # −60 dBFS, once it is levelled
_NOISE = 10**-5  # −100 dBFS, before: what FluidSynth's reverberation makes of nothing
_TAIL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Place:
    """How a track sounds: volume, place (0 left, 64 in the middle, 127 right) and share of reverberation, as MIDI has them."""

    volume: int
    pan: int
    reverb: int


MIX = {MELODY: Place(108, 64, 50), CHORDS: Place(84, 52, 40), PIANO: Place(94, 64, 40), CLICK: Place(80, 64, 10)}
"""By track. The melody is in front: louder than the piano, and in the middle."""


@dataclass(frozen=True, slots=True)
class Mix:
    """What of a song sounds, and how.

    Attributes:
        parts: of ``MELODY``, ``CHORDS`` and ``PIANO``.
        performance: how they are played.
        click: whether a wood block clicks on every beat.
        count_in: whether a bar of clicks comes first.
    """

    parts: tuple[str, ...] = USUAL_PARTS
    performance: Performance = field(default_factory=Performance)
    click: bool = False
    count_in: bool = False


def mixed_tracks(song: Song, mix: Mix) -> tuple[list[MidiTrack], int]:
    """The tracks that sound, with their controls, and the tick at which the last bar ends.

    Raises:
        ValueError: as ``song_tracks``.
    """
    bar_ticks = TICKS_PER_BEAT * song.meter.beats_per_bar
    count_in_bars = int(mix.count_in)
    tracks = [track.later(count_in_bars * bar_ticks) for track in song_tracks(song, mix.performance, mix.parts)]
    bars = count_in_bars + song.form.length_bars
    clicks = _clicks(song.meter, bars if mix.click else count_in_bars)
    if clicks:
        used = {DRUM_CHANNEL - 1, *(track.channel for track in tracks)}
        free = next(channel for channel in reversed(range(CHANNELS)) if channel not in used)
        tracks.append(MidiTrack(CLICK, free, _CLICK_PROGRAM, clicks))
    return [_placed(track) for track in tracks], bars * bar_ticks


def _clicks(meter: Meter, bars: int) -> tuple[Strike, ...]:
    return tuple(
        Strike(beat * TICKS_PER_BEAT, beat * TICKS_PER_BEAT + _CLICK_TICKS, *_CLICKS[beat % meter.beats_per_bar > 0])
        for beat in range(bars * meter.beats_per_bar)
    )


def _placed(track: MidiTrack) -> MidiTrack:
    place = MIX[track.name]
    controls = ((0, VOLUME, place.volume), (0, PAN, place.pan), (0, REVERB, place.reverb))
    return MidiTrack(track.name, track.channel, track.program, track.strikes, controls + track.controls, track.lyrics)


def levelled(sound: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """The sound with its highest peak at ``HIGHEST_PEAK``, up to where it has faded away; nothing else is changed.

    Args:
        sound: (samples, channels); silence stays silent.
        sample_rate: samples a second.
    """
    peaks = np.fromiter((np.abs(block).max(initial=0) for block in _blocks(sound, sample_rate)), np.float32)
    highest = float(peaks.max(initial=0))
    if highest < _NOISE:
        return np.zeros_like(sound)
    gain = HIGHEST_PEAK / highest
    last = int(np.flatnonzero(peaks * gain > _SILENCE)[-1])
    end = min((last + 1) * _block_length(sample_rate) + round(_TAIL_SECONDS * sample_rate), len(sound))
    return sound[:end] * np.float32(gain)


def _blocks(sound: NDArray[np.float32], sample_rate: int) -> Iterator[NDArray[np.float32]]:
    length = _block_length(sample_rate)
    return (sound[start : start + length] for start in range(0, len(sound), length))


def _block_length(sample_rate: int) -> int:
    return sample_rate // 10
