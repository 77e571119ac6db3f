"""Songs as sound: played by FluidSynth or, where it is missing, by a small sampler, with the soundfont of the package."""

import os
from dataclasses import dataclass
from pathlib import Path

import mido
import numpy as np
from numpy.typing import NDArray

from canzona.io.files import replacing
from canzona.io.fluidsynth import HOW_TO_INSTALL, find_fluidsynth, play_midi
from canzona.io.midi_file import MidiTrack, midi_file
from canzona.io.mixing import CLICK, Mix, levelled, mixed_tracks
from canzona.io.performance import TICKS_PER_BEAT
from canzona.io.sampler import play
from canzona.io.sound_file import check_writable, write_sound
from canzona.io.soundfont import SOUNDFONT, instrument, open_soundfont, programs_of
from canzona.song import Song
from canzona.song.timing import SECONDS_PER_MINUTE

SAMPLE_RATE = 44_100
"""Samples a second, in two channels of 16 bits."""

SOUNDFONT_VARIABLE = "CANZONA_SOUNDFONT"
"""The environment variable that may name another soundfont file; a song or a web page never may."""

TAIL_SECONDS = 4.0
"""How long the last notes and the room may sound on after the last bar."""


@dataclass(frozen=True, slots=True)
class Played:
    """How a song was made to sound.

    Attributes:
        missing: why the small sampler stood in, and how to get FluidSynth, in one line; ``None`` where FluidSynth played.
    """

    missing: str | None = None


def song_to_sound(song: Song, path: Path, mix: Mix | None = None) -> Played:
    """Play the song into a WAV, FLAC or MP3 file, as the ending of ``path`` says: always the same bytes on one machine.

    Args:
        song: what to play; levels that it lacks are silent.
        path: the file to write, all or nothing.
        mix: what sounds and how; ``None`` for melody and piano as they are written.

    Raises:
        ValueError: as ``mixed_tracks``; for a program that the soundfont lacks; where the soundfont is none.
        MachineFault: where FluidSynth fails, and as ``check_writable``.
        OSError: as ``canzona.io.files.replacing``.
    """
    ending = path.suffix.lower()
    check_writable(ending)
    with replacing(path) as file:
        sound, played = play_song(song, mix or Mix())
        write_sound(levelled(sound, SAMPLE_RATE), file, ending, SAMPLE_RATE)
    return played


def play_song(song: Song, mix: Mix) -> tuple[NDArray[np.float32], Played]:
    """The sound of the song before it is levelled, (samples, 2): parts played apart add up to the mix.

    Raises:
        ValueError, MachineFault: as ``song_to_sound``.
    """
    tracks, end_tick = mixed_tracks(song, mix)
    soundfont = Path(os.environ.get(SOUNDFONT_VARIABLE) or SOUNDFONT)
    _check_programs(soundfont, tracks)
    seconds_per_tick = SECONDS_PER_MINUTE / song.tempo / TICKS_PER_BEAT
    seconds = end_tick * seconds_per_tick + TAIL_SECONDS
    command = find_fluidsynth()
    if command is None:
        with open_soundfont(soundfont) as parts:
            instruments = {program: instrument(parts, program) for program in {track.program for track in tracks}}
            sound = play(tracks, instruments, seconds_per_tick, seconds, SAMPLE_RATE)
        return sound, Played(f"the fluidsynth command is not installed ({HOW_TO_INSTALL})")
    tempo = mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(song.tempo))
    midi = midi_file(tracks, [tempo], TICKS_PER_BEAT, round(seconds / seconds_per_tick))
    return play_midi(command, midi, soundfont, end_tick * seconds_per_tick, SAMPLE_RATE), Played()


def _check_programs(soundfont: Path, tracks: list[MidiTrack]) -> None:
    if not soundfont.is_file():
        raise ValueError(f"{SOUNDFONT_VARIABLE}: must name a soundfont file, got {str(soundfont)!r}")
    with open_soundfont(soundfont) as parts:
        known = programs_of(parts)
    for track in tracks:
        if track.program not in known:
            option = "click" if track.name == CLICK else "programs"
            given = f"must be one of {', '.join(str(program + 1) for program in sorted(known))}, which the soundfont has"
            raise ValueError(
                f"{option}: {given}, got {track.name.lower()}={track.program + 1} ({SOUNDFONT_VARIABLE} may name another)"
            )
