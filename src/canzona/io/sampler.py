"""A small sampler: the sound of a song where FluidSynth is not installed, from the same soundfont.

It plays samples with their loops, envelopes and places, and obeys volume, place and the sustain pedal. It does not know room,
filters, vibrato or any other controller.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from canzona.io.midi_file import PAN, SUSTAIN_PEDAL, VOLUME, MidiTrack, Strike
from canzona.io.soundfont import Region

INAUDIBLE = 10**-4.5
"""−90 dB: what is softer has ended."""

_DECAY_DB = 100.0
_LONGEST_RELEASE_SECONDS = 2.0
_MIDDLE_KEY = 60
_HIGHEST = 127  # of MIDI's values
_CENTRE = 64
_DEFAULT_VOLUME = 100


def play(
    tracks: Sequence[MidiTrack],
    instruments: Mapping[int, Sequence[Region]],
    seconds_per_tick: float,
    seconds: float,
    sample_rate: int,
) -> NDArray[np.float32]:
    """Play tracks.

    Args:
        tracks: with programs among ``instruments``.
        instruments: as of ``canzona.io.soundfont.read_soundfont``.
        seconds_per_tick: of the tracks' times.
        seconds: how long the sound is to be; what is later is cut.
        sample_rate: samples a second.

    Returns:
        Samples of the left and the right channel, (samples, 2); a single loud note has a peak of about 1.
    """
    sound = np.zeros((2, round(seconds * sample_rate)), np.float32)
    for track in tracks:
        controls = {number: value for _, number, value in track.controls}
        volume = (controls.get(VOLUME, _DEFAULT_VOLUME) / _HIGHEST) ** 2
        turn = (controls.get(PAN, _CENTRE) - _CENTRE) / _HIGHEST
        strikes = sorted(_pedalled(track), key=attrgetter("pitch"))
        for pitch, struck in groupby(strikes, key=attrgetter("pitch")):
            own = [
                (strike.start_tick * seconds_per_tick, strike.end_tick * seconds_per_tick, strike.velocity) for strike in struck
            ]
            for region in instruments[track.program]:
                heard = [one for one in own if pitch in region.keys and one[2] in region.velocities]
                if heard:
                    _play_key(sound, region, pitch, heard, volume, turn, sample_rate)
    return sound.T


def _play_key(
    sound: NDArray[np.float32],
    region: Region,
    pitch: int,
    heard: list[tuple[float, float, int]],
    volume: float,
    turn: float,
    sample_rate: int,
) -> None:
    """Add the notes of one key: starts and ends in seconds, and velocities."""
    release_seconds = min(region.release_seconds * -20 * np.log10(INAUDIBLE) / _DECAY_DB, _LONGEST_RELEASE_SECONDS)
    release = np.exp(-np.arange(round(release_seconds * sample_rate)) / (region.release_seconds * sample_rate) * _nepers())
    release = release.astype(np.float32)
    longest = round(max(end - start for start, end, _ in heard) * sample_rate) + 1 + len(release)
    tone = _tone(region, pitch, longest, sample_rate)
    angle = np.pi / 2 * min(max(region.pan + turn, 0.0), 1.0)
    sides = np.array([[np.cos(angle)], [np.sin(angle)]], np.float32)
    for start, end, velocity in heard:
        first, held = round(start * sample_rate), round((end - start) * sample_rate)
        note = tone[: held + len(release)] * np.float32(region.gain * volume * (velocity / _HIGHEST) ** 2)
        note[held:] *= release[: max(len(note) - held, 0)]
        room = max(sound.shape[1] - first, 0)
        sound[:, first : first + len(note)] += sides * note[:room]


def _tone(region: Region, pitch: int, length: int, sample_rate: int) -> NDArray[np.float32]:
    """A key held for so many samples, or until it is silent."""
    speed = region.rate / sample_rate * 2 ** ((pitch - region.root_key) * region.semitones_a_key / 12)
    samples = region.samples
    places = np.arange(length) * speed
    if region.loop is None:
        places = places[places < len(samples) - 1]
    else:
        start, end = region.loop
        samples = np.append(samples[:end], samples[start])  # what follows the loop's end is its start
        places = np.where(places < end, places, start + (places - start) % (end - start))
    before = places.astype(np.intp)
    share = (places - before).astype(np.float32)
    recorded = samples.astype(np.float32) / 32768
    tone = (recorded[before] + share * (recorded[before + 1] - recorded[before])).astype(np.float32, copy=False)
    envelope = _envelope(region, pitch, len(tone), sample_rate)
    return tone[: len(envelope)] * envelope


def _envelope(region: Region, pitch: int, length: int, sample_rate: int) -> NDArray[np.float32]:
    """The amplitudes of a key that is held, as long as they are audible."""
    above = pitch - _MIDDLE_KEY
    hold = region.hold_seconds * 2 ** (-above * region.hold_cents_a_key / 1200)
    decay = region.decay_seconds * 2 ** (-above * region.decay_cents_a_key / 1200)
    seconds = np.arange(length) / sample_rate
    rising = np.minimum(seconds / region.attack_seconds, 1)
    falling = np.exp(-np.maximum(seconds - region.attack_seconds - hold, 0) / decay * _nepers())
    envelope = rising * np.maximum(falling, region.sustain)
    audible = np.flatnonzero(envelope > INAUDIBLE)
    return envelope[: audible[-1] + 1 if len(audible) else 0].astype(np.float32)


def _nepers() -> float:
    """What times of decay are given for, as a natural exponent."""
    return _DECAY_DB / 20 * float(np.log(10))


def _pedalled(track: MidiTrack) -> list[Strike]:
    """The track's notes, each until the pedal that is down at its end is lifted, or its key is struck again."""
    pedal = sorted((tick, value) for tick, number, value in track.controls if number == SUSTAIN_PEDAL)
    ticks, down = [tick for tick, _ in pedal], [value >= _CENTRE for _, value in pedal]
    lifts = [tick for tick, held in zip(ticks, down, strict=True) if not held]
    strikes: list[Strike] = []
    next_strike: dict[int, int] = {}
    for strike in sorted(track.strikes, key=attrgetter("start_tick"), reverse=True):
        place = bisect_right(ticks, strike.end_tick) - 1
        end_tick = strike.end_tick
        if place >= 0 and down[place]:
            lift = bisect_right(lifts, end_tick)
            end_tick = lifts[lift] if lift < len(lifts) else end_tick
        end_tick = min(end_tick, max(next_strike.get(strike.pitch, end_tick), strike.end_tick))
        strikes.append(replace(strike, end_tick=end_tick))
        next_strike[strike.pitch] = strike.start_tick
    return strikes
