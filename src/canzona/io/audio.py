"""Songs as sound, played by the FluidSynth command with a General MIDI soundfont, or else by a small synthesiser of our own."""

import os
import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from canzona.faults import MachineFault
from canzona.io.files import replacing
from canzona.io.midi import song_to_midi
from canzona.io.synth import synthesize
from canzona.song import Song
from canzona.song.timing import steps_to_seconds

SAMPLE_RATE = 44_100
"""Samples a second, in two channels of 16 bits."""

SOUNDFONT_VARIABLE = "CANZONA_SOUNDFONT"
"""The environment variable that may name a soundfont file; a song or a web page never may."""

SOUNDFONT_FOLDER = Path("/usr/share/sounds/sf2")
PREFERRED_SOUNDFONTS = ("FluidR3_GM.sf2", "TimGM6mb.sf2", "default-GM.sf2")

_HOW_TO_INSTALL = "on Debian or Ubuntu: apt install fluidsynth fluid-soundfont-gm"
_GAIN = 1.0  # a loud song peaks at two thirds of full scale
_ERROR = "fluidsynth: error:"
_WAV_HEADER_BYTES = 44
_CHANNELS, _BYTES_PER_VALUE = 2, 2
_BYTES_PER_SAMPLE = _CHANNELS * _BYTES_PER_VALUE
_FULL_SCALE = 32767
_SECONDS_TO_START = 60.0  # on a busy machine; FluidSynth itself is a hundred times faster than the music


class MissingSynthesizer(MachineFault):
    """The FluidSynth command or a soundfont is not on this machine; the message says in one line what to install."""


@dataclass(frozen=True, slots=True)
class Played:
    """How a song was made to sound.

    Attributes:
        missing: why the simple synthesiser stood in, and how to get FluidSynth, in one line; ``None`` where FluidSynth played.
    """

    missing: str | None = None


def song_to_wav(song: Song, path: Path, with_chords: bool = False) -> Played:
    """Play the song into a WAV file at ``path``: always the same bytes on one machine.

    Where FluidSynth or a soundfont is not installed, ``canzona.io.synth`` plays; but not where the environment names a
    soundfont, since then that one is wanted.

    Args:
        song: what to play; levels that it lacks are silent.
        path: the file to write, all or nothing.
        with_chords: whether the block chords of the lead sheet sound too, beside melody and piano.

    Raises:
        MissingSynthesizer: where ``SOUNDFONT_VARIABLE`` is set, and FluidSynth or that soundfont is missing.
        MachineFault: where FluidSynth fails, or takes longer than the music itself lasts and a minute more.
        ValueError: as ``song_to_midi``.
        OSError: as ``canzona.io.files.replacing``.
    """
    if song.lead_sheet is not None and not with_chords:
        song = replace(song, lead_sheet=replace(song.lead_sheet, chords=()))
    midi = song_to_midi(song)
    seconds = steps_to_seconds(song.length_steps, song.tempo)
    try:
        command, soundfont = _find_command(), _find_soundfont()
    except MissingSynthesizer as missing:
        if os.environ.get(SOUNDFONT_VARIABLE):
            raise
        with replacing(path) as wav:
            _play_simply(midi, seconds, wav)
        return Played(str(missing))
    with replacing(path) as wav, tempfile.TemporaryDirectory(prefix="canzona-") as folder:
        midi_path = Path(folder) / "song.mid"
        midi_path.write_bytes(midi)
        options = ["-ni", "-q", "-g", str(_GAIN), "-r", str(SAMPLE_RATE), "-T", "wav", "-F", str(wav)]
        _run([command, *options, str(soundfont), str(midi_path)], _SECONDS_TO_START + seconds)
        written = max(wav.stat().st_size - _WAV_HEADER_BYTES, 0) / (SAMPLE_RATE * _BYTES_PER_SAMPLE)
        if written < seconds:
            raise MachineFault(f"fluidsynth: must write {seconds:.1f} s of sound, wrote {written:.1f} s (is the disk full?)")
    return Played()


def _play_simply(midi: bytes, seconds: float, path: Path) -> None:
    samples = np.rint(synthesize(midi, seconds, SAMPLE_RATE) * _FULL_SCALE).astype("<i2")
    with path.open("wb") as file, wave.open(file, "wb") as wav:
        wav.setnchannels(_CHANNELS)
        wav.setsampwidth(_BYTES_PER_VALUE)
        wav.setframerate(SAMPLE_RATE)
        wav.writeframes(np.repeat(samples, _CHANNELS).tobytes())


def _run(command: list[str], longest_seconds: float) -> None:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=longest_seconds
        )
    except subprocess.TimeoutExpired:
        raise MachineFault(f"fluidsynth: must be done within {longest_seconds:.0f} s, was stopped") from None
    lines = [line.strip() for line in done.stderr.decode(errors="replace").splitlines() if line.strip()]
    complaints = [line.removeprefix(_ERROR).strip() for line in lines if line.startswith(_ERROR)]
    if done.returncode or complaints:  # with a soundfont that it cannot read it writes silence and ends with status 0
        raise MachineFault(f"fluidsynth: {(complaints or lines or [f'ended with status {done.returncode}'])[0]}")


def _find_command() -> str:
    command = shutil.which("fluidsynth")
    if command is None:
        raise MissingSynthesizer(f"the fluidsynth command is not installed ({_HOW_TO_INSTALL})")
    return command


def _find_soundfont() -> Path:
    """The file that the environment names, else the best of the usual folder."""
    named = os.environ.get(SOUNDFONT_VARIABLE)
    if named:
        if not Path(named).is_file():
            raise MissingSynthesizer(f"{SOUNDFONT_VARIABLE}: must name a soundfont file, got {named!r}")
        return Path(named).resolve()
    candidates = [SOUNDFONT_FOLDER / name for name in PREFERRED_SOUNDFONTS] + sorted(SOUNDFONT_FOLDER.glob("*.sf2"))
    for soundfont in candidates:
        if soundfont.is_file():
            return soundfont
    raise MissingSynthesizer(f"{SOUNDFONT_FOLDER} holds no soundfont for fluidsynth ({_HOW_TO_INSTALL})")
