"""Sound as a file: WAV by Python itself, FLAC by soundfile, MP3 by LAME."""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from canzona.faults import missing
from canzona.io.mp3 import check_encoder, mp3

WAV, FLAC = ".wav", ".flac"

_FULL_SCALE = 32767
_BYTES_PER_VALUE = 2
_CHUNK_SAMPLES = 2**18  # long sounds in one call have crashed libsndfile


def check_writable(ending: str) -> None:
    """See that files of this ending can be written here.

    Raises:
        MachineFault: where the library that writes them is missing, saying how to get it.
    """
    if ending == FLAC:
        _soundfile()
    elif ending != WAV:
        check_encoder()


def write_sound(sound: NDArray[np.float32], path: Path, ending: str, sample_rate: int) -> None:
    """Fill a file.

    Args:
        sound: (samples, 2), −1 to 1.
        path: whatever its name.
        ending: .wav, .flac or .mp3: WAV and FLAC of 16 bits, MP3 of 192 kbit/s.
        sample_rate: samples a second.

    Raises:
        MachineFault: as ``check_writable``.
    """
    chunks = (_values(sound[start : start + _CHUNK_SAMPLES]) for start in range(0, len(sound), _CHUNK_SAMPLES))
    if ending == WAV:
        with path.open("wb") as opened, wave.open(opened, "wb") as file:
            file.setnchannels(sound.shape[1])
            file.setsampwidth(_BYTES_PER_VALUE)
            file.setframerate(sample_rate)
            for chunk in chunks:
                file.writeframes(chunk.tobytes())
    elif ending == FLAC:
        with _soundfile().SoundFile(path, "w", sample_rate, sound.shape[1], "PCM_16", format="FLAC") as file:
            for chunk in chunks:
                file.write(chunk)
    else:
        path.write_bytes(mp3(chunks, sample_rate))


def _values(sound: NDArray[np.float32]) -> NDArray[np.int16]:
    return np.rint(sound * _FULL_SCALE).astype("<i2")


def _soundfile():
    try:
        import soundfile
    except (ImportError, OSError):  # OSError: without the library that it stands on
        raise missing("FLAC files", "soundfile") from None
    return soundfile
