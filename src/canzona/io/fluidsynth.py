"""The FluidSynth command: a MIDI file played with a soundfont."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from canzona.faults import MachineFault

HOW_TO_INSTALL = "apt install fluidsynth on Debian or Ubuntu, brew install fluid-synth on macOS"

_GAIN = 0.3  # far from full scale, which float samples need not fear; but its limits of voices count from here
_ERROR = "fluidsynth: error:"
_CHANNELS, _SAMPLE_TYPE = 2, np.dtype("<f4")
_LEAN = ["-C", "no", "-z", "1024"]  # no chorus, of which nothing sounds, and samples written many at a time
_SECONDS_TO_START = 60.0  # on a busy machine; FluidSynth itself is a hundred times faster than the music


def find_fluidsynth() -> str | None:
    """The command, or ``None`` where it is not installed."""
    return shutil.which("fluidsynth")


def play_midi(command: str, midi: bytes, soundfont: Path, seconds: float, sample_rate: int) -> NDArray[np.float32]:
    """Play a MIDI file.

    Args:
        command: as ``find_fluidsynth`` gives it.
        midi: the file's contents.
        soundfont: the file, never a stranger's.
        seconds: how long the MIDI file lasts.
        sample_rate: samples a second.

    Returns:
        Samples of the left and the right channel, (samples, 2), of no particular level.

    Raises:
        MachineFault: where FluidSynth fails, or takes longer than the music itself lasts and a minute more.
    """
    with tempfile.TemporaryDirectory(prefix="canzona-") as folder:
        song, sound = Path(folder) / "song.mid", Path(folder) / "song.raw"
        song.write_bytes(midi)
        options = ["-ni", "-q", *_LEAN, "-g", str(_GAIN), "-r", str(sample_rate), "-T", "raw", "-O", "float", "-E", "little"]
        _run([command, *options, "-F", str(sound), str(soundfont), str(song)], _SECONDS_TO_START + seconds)
        samples = np.fromfile(sound, _SAMPLE_TYPE) if sound.exists() else np.zeros(0, _SAMPLE_TYPE)
    samples = samples[: len(samples) // _CHANNELS * _CHANNELS].reshape(-1, _CHANNELS)
    if len(samples) < seconds * sample_rate:
        written = len(samples) / sample_rate
        raise MachineFault(f"fluidsynth: must write {seconds:.1f} s of sound, wrote {written:.1f} s (is the disk full?)")
    return samples


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
