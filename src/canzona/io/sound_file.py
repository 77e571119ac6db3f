"""Sound as a file: WAV by Python itself, FLAC and MP3 by soundfile."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from canzona.faults import missing

WAV, FLAC = ".wav", ".flac"

_FULL_SCALE = 32767
_BYTES_PER_VALUE = 2
_MP3_LEVEL = 0.3  # of 0 (largest) to 1 (smallest)
_CHUNK_SAMPLES = 2**18  # long sounds in one call have crashed libsndfile


def check_writable(ending: str) -> None:
    """See that files of this ending can be written here.

    Raises:
        MachineFault: where soundfile is missing, saying how to get it.
    """
    if ending != WAV:
        _soundfile()


def write_sound(sound: NDArray[np.float32], path: Path, ending: str, sample_rate: int) -> None:
    """Fill a file.

    Args:
        sound: (samples, channels), −1 to 1.
        path: whatever its name.
        ending: .wav, .flac or .mp3: WAV and FLAC of 16 bits, MP3 of a variable rate.
        sample_rate: samples a second.

    Raises:
        MachineFault: as ``check_writable``.
    """
    channels = sound.shape[1]
    chunks = (sound[start : start + _CHUNK_SAMPLES] for start in range(0, len(sound), _CHUNK_SAMPLES))
    if ending == WAV:
        with path.open("wb") as opened, wave.open(opened, "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(_BYTES_PER_VALUE)
            file.setframerate(sample_rate)
            for chunk in chunks:
                file.writeframes(_values(chunk).tobytes())
        return
    soundfile = _soundfile()
    kind, mode, level = ("PCM_16", None, None) if ending == FLAC else ("MPEG_LAYER_III", "VARIABLE", _MP3_LEVEL)
    form = ending.removeprefix(".").upper()
    with soundfile.SoundFile(
        path, "w", sample_rate, channels, kind, format=form, bitrate_mode=mode, compression_level=level
    ) as file:
        for chunk in chunks:
            file.write(chunk)  # as floats: what libsndfile 1.2.2 makes of integers in an MP3 is noise


def _values(sound: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.rint(sound * _FULL_SCALE).astype("<i2")


def _soundfile():
    try:
        import soundfile
    except (ImportError, OSError):  # OSError: without the library that it stands on
        raise missing("FLAC and MP3 files", "soundfile") from None
    return soundfile
