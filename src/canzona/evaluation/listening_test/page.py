"""The page of a listening test: one file that needs no network, with the sound of every excerpt in it or beside it."""

import base64
import io
import json
import tempfile
import wave
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from canzona.evaluation.listening_test.plan import HIGHEST_RATING, LOWEST_RATING, ListeningTest
from canzona.io.audio import SAMPLE_RATE, Played, song_to_sound
from canzona.song.timing import steps_to_seconds

PAGE = "index.html"
EMBEDDED_BYTES = 25_000_000
"""More sound than this lies in files beside the page rather than within it."""

SOUND_RATE = SAMPLE_RATE // 2
"""Samples a second of the excerpts, in one channel of 16 bits."""

LEAST_SECONDS = 10.0
"""Of an excerpt must have been played before it can be rated; of shorter ones, all."""

_TEMPLATE = "page.html"
_TAIL_SECONDS = 1.0
_LOUDNESS, _HIGHEST_PEAK = 0.1, 0.97  # of full scale; loudness is the root mean square
_FULL_SCALE = 32767


@dataclass(frozen=True, slots=True)
class Sound:
    """The WAV file of an excerpt, and how it was played."""

    id: str
    wav: bytes
    played: Played


def play(test: ListeningTest) -> Iterator[Sound]:
    """The sound of each excerpt in turn, all equally loud; a second after the last bar it has faded out.

    Raises:
        MachineFault: as ``song_to_sound``.
    """
    with tempfile.TemporaryDirectory(prefix="canzona-") as folder:
        path = Path(folder) / "excerpt.wav"
        for excerpt in (excerpt for piece in test.pieces for excerpt in piece):
            played = song_to_sound(excerpt.song, path)
            with wave.open(str(path)) as file:
                values = np.frombuffer(file.readframes(file.getnframes()), "<i2") / _FULL_SCALE
                samples = values.reshape(-1, file.getnchannels()).mean(axis=1)
            seconds = steps_to_seconds(excerpt.song.length_steps, excerpt.song.tempo)
            yield Sound(excerpt.id, _wav(samples, seconds), played)


def _wav(samples: np.ndarray, seconds: float) -> bytes:
    """Samples of ``SAMPLE_RATE``, cut, faded out and evened in loudness, as a file of half that rate."""
    length, tail = round((seconds + _TAIL_SECONDS) * SOUND_RATE), round(_TAIL_SECONDS * SOUND_RATE)
    halved = resample_poly(samples, 1, 2)[:length]
    halved = np.pad(halved, (0, length - len(halved)))
    halved[-tail:] *= np.linspace(1, 0, tail)
    loudness, peak = np.sqrt(np.mean(halved**2)), np.abs(halved).max()
    if loudness > 0:
        halved *= min(_LOUDNESS / loudness, _HIGHEST_PEAK / peak)
    file = io.BytesIO()
    with wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(SOUND_RATE)
        wav.writeframes(np.rint(halved * _FULL_SCALE).astype("<i2").tobytes())
    return file.getvalue()


def page_files(test: ListeningTest, sounds: Mapping[str, bytes], most_embedded_bytes: int = EMBEDDED_BYTES) -> dict[str, bytes]:
    """The page and, where they are too large to lie within it, its WAV files: path within the folder → contents.

    Nothing in them tells systems or songs apart. ``sounds`` maps ids to WAV files.
    """
    embedded = sum(map(len, sounds.values())) <= most_embedded_bytes
    excerpts = [excerpt.song for piece in test.pieces for excerpt in piece]
    shortest = min(steps_to_seconds(song.length_steps, song.tempo) for song in excerpts)
    facts = {
        "id": test.id,
        "least_seconds": min(LEAST_SECONDS, int(shortest)),
        "pieces": [[excerpt.id for excerpt in piece] for piece in test.pieces],
        "criteria": [{**asdict(criterion), "title": criterion.name.replace("_", " ")} for criterion in test.criteria],
        "ratings": list(range(LOWEST_RATING, HIGHEST_RATING + 1)),
    }
    within = "".join(
        f'<script type="text/plain" id="sound-{name}">{base64.b64encode(sounds[name]).decode()}</script>\n'
        for name in sorted(sounds if embedded else ())
    )
    template = files("canzona.evaluation.listening_test").joinpath(_TEMPLATE).read_text("utf-8")
    page = template.replace("@@TEST@@", json.dumps(facts)).replace("@@SOUNDS@@", within).encode()
    beside = {} if embedded else {f"audio/{name}.wav": sounds[name] for name in sorted(sounds)}
    return {PAGE: page} | beside
