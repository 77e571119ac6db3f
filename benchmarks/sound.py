"""The sound of songs, measured: onsets against the score, levels, balance, silence, time, and what a wheel of it plays.

    python benchmarks/sound.py song.json [more.json ...] [--wheel]

For each song, by FluidSynth and by the sampler: the difference in time between the score's onsets and those heard (spectral
flux of melody and of piano, both on the piano: a wind swells, and has no such instant), highest sample, loudness (ITU-R
BS.1770), silence at both ends, melody over piano, and seconds of
processor. With ``--wheel`` a wheel is built and installed in a new environment outside the checkout, with the libraries of
this one, and its ``render`` writes every format. Ends with status 1 where a limit is exceeded.
"""

import argparse
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyloudnorm
from numpy.typing import NDArray

from canzona.io.audio import SAMPLE_RATE, play_song, song_to_sound
from canzona.io.fluidsynth import find_fluidsynth
from canzona.io.mixing import Mix
from canzona.io.performance import Performance
from canzona.io.song_json import song_from_json
from canzona.song import Song
from canzona.song.timing import steps_to_seconds

LARGEST_ONSET_ERROR, LONGEST_SILENCE, LONGEST_SECONDS, LARGEST_WHEEL = 0.005, 2.0, 5.0, 95 * 2**20
LEAST_WITHIN = 0.98  # of the onsets: a loud chord that rings hides a soft note
FORMATS = (".wav", ".flac", ".mp3", ".mid")
ROOT = Path(__file__).parent.parent

_HOP, _WINDOW = 44, 512  # a millisecond; 12 ms
_RISEN = 0.8  # of the steepest rise: where it begins, as the peak itself comes with the room
_LAG = 8  # hops between the spectra that are compared
_SEARCHED_SECONDS = 0.04
_ALONE_SECONDS = 0.12  # onsets nearer to another have no flux of their own


def main() -> None:
    """Measure, print, and tell by the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("songs", nargs="+", type=Path)
    parser.add_argument("--wheel", action="store_true", help="build and try a wheel too")
    arguments = parser.parse_args()
    good = True
    for path in arguments.songs:
        song = song_from_json(path.read_bytes())
        print(f"{path}: {song.form}, {song.form.length_bars} bars")
        for player in ("fluidsynth", "sampler"):
            good &= _measure(song, player)
    if arguments.wheel:
        good &= _try_wheel(arguments.songs[0].resolve())
    print("all within limits" if good else "a limit is exceeded")
    sys.exit(not good)


@contextmanager
def _player(name: str) -> Iterator[None]:
    """Play by FluidSynth, or as if it were not installed."""
    path = os.environ["PATH"]
    if name == "sampler":
        os.environ["PATH"] = ""
    elif find_fluidsynth() is None:
        raise SystemExit("fluidsynth is not installed")
    yield
    os.environ["PATH"] = path


def _measure(song: Song, player: str) -> bool:
    with _player(player), tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "song.wav"
        before = _processor_seconds()
        song_to_sound(song, file)
        seconds = _processor_seconds() - before
        with wave.open(str(file)) as opened:
            sound = np.frombuffer(opened.readframes(opened.getnframes()), "<i2").reshape(-1, 2) / 32768
        stems = {part: play_song(song, Mix((part,)))[0] for part in ("MELODY", "PIANO")}
        on_piano = Performance(programs={"MELODY": 1})
        struck = {part: play_song(song, Mix((part,), on_piano))[0] for part in stems}
    meter = pyloudnorm.Meter(SAMPLE_RATE)
    loud = {part: meter.integrated_loudness(stem.astype(float)) for part, stem in stems.items()}
    heard = np.flatnonzero(np.abs(sound).max(axis=1) > 10 ** (-50 / 20)) / SAMPLE_RATE
    silences = (heard[0], len(sound) / SAMPLE_RATE - heard[-1])
    errors = {part: _onset_errors(song, part, stem.mean(axis=1)) for part, stem in struck.items()}
    print(
        f"  {player}: {seconds:.2f} s of processor; peak {20 * np.log10(np.abs(sound).max()):.2f} dBFS; "
        f"{meter.integrated_loudness(sound):.1f} LUFS; melody {loud['MELODY'] - loud['PIANO']:+.1f} dB over the piano; "
        f"silence {silences[0]:.2f} s before, {silences[1]:.2f} s after"
    )
    within = {part: float(np.mean(np.abs(own) <= LARGEST_ONSET_ERROR)) for part, own in errors.items()}
    for part, own in errors.items():
        print(
            f"    {part.lower()}: {len(own)} onsets, {within[part]:.1%} within {1000 * LARGEST_ONSET_ERROR:.0f} ms, "
            f"median {1000 * np.median(own):+.1f} ms, 99 % within {1000 * np.quantile(np.abs(own), 0.99):.1f} ms"
        )
    return (
        min(within.values()) >= LEAST_WITHIN
        and np.abs(sound).max() < 1
        and max(silences) < LONGEST_SILENCE
        and seconds <= LONGEST_SECONDS
    )


def _processor_seconds() -> float:
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


def _onset_errors(song: Song, part: str, sound: NDArray[np.float32]) -> NDArray[np.float64]:
    """Seconds from each onset of the score that stands alone to where the steepest rise of the spectrum near it begins."""
    sheet = song.lead_sheet
    notes = (sheet.melody if sheet else ()) if part == "MELODY" else song.accompaniment or ()
    onsets = np.unique([steps_to_seconds(note.start_step, song.tempo) for note in notes])
    gaps = np.diff(onsets, prepend=-9, append=1e9)
    alone = onsets[(gaps[:-1] > _ALONE_SECONDS) & (gaps[1:] > _ALONE_SECONDS)]
    errors = []
    sound = sound / np.abs(sound).max()
    window = np.hanning(_WINDOW)
    reach = round(_SEARCHED_SECONDS * SAMPLE_RATE)
    for onset in alone:
        centre = round(onset * SAMPLE_RATE)
        starts = np.arange(centre - reach, centre + reach, _HOP)
        padded = np.pad(sound[max(starts[0] - _WINDOW, 0) : starts[-1] + _WINDOW], (max(_WINDOW - starts[0], 0), _WINDOW))
        frames = np.stack(
            [padded[start - starts[0] : start - starts[0] + 2 * _WINDOW][_WINDOW // 2 :][:_WINDOW] for start in starts]
        )
        spectra = np.log1p(1000 * np.abs(np.fft.rfft(frames * window, axis=1)))
        flux = np.maximum(spectra[_LAG:] - spectra[:-_LAG], 0).sum(axis=1)
        peak = int(flux.argmax())
        first = peak - int(np.argmax(np.append(flux[peak::-1] < _RISEN * flux[peak], True))) + 1
        errors.append((starts[first] + _LAG * _HOP / 2 - centre) / SAMPLE_RATE)
    return np.array(errors)


def _try_wheel(song: Path) -> bool:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
        (wheel,) = folder.glob("*.whl")
        venv.create(folder / "environment", symlinks=True)
        (packages,) = folder.glob("environment/lib/python*/site-packages")
        (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
        programs = folder / "environment" / "bin"
        install = ("-m", "pip", "--python", programs / "python", "install", "--quiet", "--no-deps", "--no-index", wheel)
        subprocess.run([sys.executable, *map(str, install)], check=True, capture_output=True)
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "CANZONA"))}
        print(f"wheel: {wheel.stat().st_size / 2**20:.1f} MiB of at most {LARGEST_WHEEL / 2**20:.0f}")
        good = wheel.stat().st_size <= LARGEST_WHEEL
        for ending in FORMATS:
            started = time.perf_counter()
            command = [programs / "canzona", "render", song, "-o", f"song{ending}"]
            done = subprocess.run(
                [*map(str, command)], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            size = (folder / f"song{ending}").stat().st_size if done.returncode == 0 else 0
            print(f"  {ending}: status {done.returncode}, {size} bytes in {time.perf_counter() - started:.1f} s {done.stderr}")
            good &= done.returncode == 0
        return good


if __name__ == "__main__":
    main()
