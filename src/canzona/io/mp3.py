"""MP3 by LAME: its frames, and before them the one that tells players how much of them is music.

That first frame is the *Info* frame of Xing and LAME (http://gabriel.mp3-tech.org/mp3infotag.html): without it, an encoder's
1105 samples of silence come first. soundfile encodes too, and writes it, but the LAME in it takes three times as long.
"""

import struct
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from canzona.faults import missing

_KILOBITS = 192  # a second
_QUALITY = 5  # of LAME, 0 (slowest) to 9
_CHANNELS, _FRAME_SAMPLES = 2, 1152
_ENCODER_DELAY = 576  # samples
_SIDE_BYTES = 32  # between a frame's header and its data, in stereo
_FRAMES_AND_BYTES = 3  # which fields follow


def check_encoder() -> None:
    """See that MP3 can be encoded here.

    Raises:
        MachineFault: where LAME is missing, saying how to get it.
    """
    _lame()


def mp3(chunks: Iterable[NDArray[np.int16]], sample_rate: int) -> bytes:
    """An MP3 file of a constant rate, of pieces of sound in (samples, 2).

    Raises:
        MachineFault: as ``check_encoder``.
    """
    encoder = _lame().Encoder()
    encoder.set_channels(_CHANNELS)
    encoder.set_in_sample_rate(sample_rate)
    encoder.set_bit_rate(_KILOBITS)
    encoder.set_quality(_QUALITY)
    encoder.silence()
    frames, samples = bytearray(), 0
    for chunk in chunks:
        frames += encoder.encode(chunk.tobytes())
        samples += len(chunk)
    frames += encoder.flush()
    return _info_frame(bytes(frames), samples, sample_rate) + frames


def _info_frame(frames: bytes, samples: int, sample_rate: int) -> bytes:
    length = 144 * 1000 * _KILOBITS // sample_rate
    count = start = 0
    while start < len(frames):
        count += 1
        start += length + (frames[start + 2] >> 1 & 1)  # a byte more now and then
    padding = count * _FRAME_SAMPLES - _ENCODER_DELAY - samples
    body = frames[:4] + bytes(_SIDE_BYTES) + struct.pack(">4s3I", b"Info", _FRAMES_AND_BYTES, count, length + len(frames))
    body += b"LAME3.100" + bytes(12) + (_ENCODER_DELAY << 12 | padding).to_bytes(3, "big")
    body += bytes(4) + struct.pack(">IH", length + len(frames), 0)
    return (body + _checksum(body).to_bytes(2, "big")).ljust(length, b"\0")


def _checksum(data: bytes) -> int:
    """CRC-16 as the frame has it: of polynomial 8005, from the lowest bit."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


def _lame():
    try:
        import lameenc
    except ImportError:
        raise missing("MP3 files", "lameenc") from None
    return lameenc
