"""What a MIDI file plays: the notes of its tracks, on the file's own time axis, and what its events say of tempo and metre."""

import struct
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from symusic.core import ScoreTick, TrackTick

from canzona.io.files import LONGEST_FORM_BARS
from canzona.io.midi_events import read_score, tempo_of
from canzona.io.tracks import DEFAULT_MIDI_TEMPO, plain_name, tempo_changes
from canzona.song.timing import SECONDS_PER_MINUTE, Meter
from canzona.transcription.metre_events import in_quarters

MOST_NOTES = 200_000
"""The most notes that are listened to: an hour of an orchestra."""
MOST_BEATS = 4 * LONGEST_FORM_BARS
LOWEST_SUNG_PITCH = 21
"""Below the lowest key of a piano stand the switches of samplers."""


@dataclass(frozen=True, slots=True)
class Notes:
    """Notes in order of time, then pitch; times in quarter notes of the file, or in whatever unit they were brought to.

    Attributes:
        start, end: onset and release, ``end`` after ``start``.
        pitch: MIDI pitches.
        velocity: 1 to 127.
        track: number of each note's track, from 0.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    pitch: NDArray[np.int64]
    velocity: NDArray[np.int64]
    track: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> "Notes":
        """Some of the notes, by a mask or by numbers."""
        return Notes(self.start[which], self.end[which], self.pitch[which], self.velocity[which], self.track[which])

    def at(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> "Notes":
        """The same notes at other times."""
        return replace(self, start=start, end=end)


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """A track with notes: its name as people read it, its General MIDI sound from 0, and how many notes it has."""

    name: str
    program: int
    notes: int


@dataclass(frozen=True, slots=True)
class Performance:
    """A file's music without its drums.

    Attributes:
        score: the file's events, for its markers, signatures and words.
        tracks: those with notes; ``notes.track`` counts them.
        notes: all their notes, in quarter notes of the file.
        drum_notes, switches: notes that are not among them: of drums, and below a piano's lowest key.
        compound: the metre of three eighths a beat that the file is in, such as ``(6, 8)``, where its eighths were made
            quarter notes; ``None`` for another.
        pedals: how often the sustain pedal is pressed; what it holds is not heard here.
    """

    score: ScoreTick
    tracks: tuple[TrackInfo, ...]
    notes: Notes
    drum_notes: int
    switches: int
    pedals: int
    compound: tuple[int, int] | None = None

    def seconds(self, beats: NDArray[np.float64]) -> NDArray[np.float64]:
        """When the file's quarter notes sound, in seconds; ``beats_at`` is the inverse."""
        positions, times, lengths = self._tempo_map()
        segment = np.clip(np.searchsorted(positions, beats, side="right") - 1, 0, None)
        return times[segment] + (beats - positions[segment]) * lengths[segment]

    def beats_at(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Which of the file's quarter notes, in fractions, sound at these seconds; the inverse of ``seconds``."""
        positions, times, lengths = self._tempo_map()
        segment = np.clip(np.searchsorted(times, seconds, side="right") - 1, 0, None)
        return positions[segment] + (seconds - times[segment]) / lengths[segment]

    def _tempo_map(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Where each tempo begins, in quarter notes and in seconds, and the seconds of a quarter note."""
        changes = tempo_changes(self.score)
        positions = np.array([time / self.score.ticks_per_quarter for time, _ in changes])
        lengths = np.array([SECONDS_PER_MINUTE / tempo_of(microseconds) for _, microseconds in changes])
        times = np.concatenate([[0.0], np.cumsum(np.diff(positions) * lengths[:-1])])
        return positions, times, lengths


def read_performance(data: bytes, meter: Meter | None = None) -> Performance:
    """The music of a MIDI file of type 0 or 1, also one in a RIFF wrapper, or one that counts in frames (SMPTE).

    Args:
        data: the file.
        meter: that it is read in whatever it says, where a user says so.

    Raises:
        ValueError: in one line, where it is no MIDI file, has no notes but drums', or is absurdly long or full.
    """
    score = read_few(data)
    compound = in_quarters(score) if meter in (None, Meter(3)) else None
    playing = [track for track in score.tracks if len(track.notes)]
    pitched = [track for track in playing if not track.is_drum]
    drum_notes = sum(len(track.notes) for track in playing if track.is_drum)
    if not pitched:
        raise ValueError("MIDI file: must have notes, got " + (f"{drum_notes} of drums alone" if drum_notes else "none"))
    notes = _notes(pitched, score.ticks_per_quarter)
    if notes.start[-1] > MOST_BEATS:
        bars = int(notes.start[-1]) // 4 + 1
        raise ValueError(f"form: must have {LONGEST_FORM_BARS} bars at most, got {bars} of 4/4")
    heard = notes.pitch >= LOWEST_SUNG_PITCH
    if not heard.any():
        raise ValueError(f"MIDI file: must have notes, got none above pitch {LOWEST_SUNG_PITCH}")
    return Performance(
        score=score,
        tracks=tuple(TrackInfo(plain_name(track.name), track.program, len(track.notes)) for track in pitched),
        notes=notes.chosen(heard),
        drum_notes=drum_notes,
        switches=int(np.sum(~heard)),
        pedals=sum(len(track.pedals) for track in score.tracks),
        compound=compound,
    )


def read_few(data: bytes) -> ScoreTick:
    """The events of a file, in a wrapper or not.

    Raises:
        ValueError: where it is no MIDI file, or has more than ``MOST_NOTES`` notes.
    """
    score = read_score(_in_quarters(_unwrapped(data)))
    count = sum(len(track.notes) for track in score.tracks)
    if count > MOST_NOTES:
        raise ValueError(f"MIDI file: must have at most {MOST_NOTES} notes, got {count}")
    return score


def _notes(tracks: list[TrackTick], ticks_per_quarter: int) -> Notes:
    arrays = [track.notes.numpy() for track in tracks]
    time, duration, pitch, velocity = (
        np.concatenate([fields[name] for fields in arrays]).astype(np.int64)
        for name in ("time", "duration", "pitch", "velocity")
    )
    track = np.repeat(np.arange(len(arrays)), [len(fields["time"]) for fields in arrays])
    if time.min() < 0:
        raise ValueError("MIDI file: must have no note before its start, got one")
    order = np.lexsort((pitch, time))
    start = time[order] / ticks_per_quarter
    end = (time[order] + np.maximum(duration[order], 1)) / ticks_per_quarter
    return Notes(start, end, pitch[order], np.clip(velocity[order], 1, 127), track[order])


def _unwrapped(data: bytes) -> bytes:
    """The MIDI file in a RIFF wrapper (``.rmi``), or the data as they are."""
    if data[:4] != b"RIFF" or data[8:12] != b"RMID":
        return data
    place = 12
    while place + 8 <= len(data):
        name, size = data[place : place + 4], struct.unpack("<I", data[place + 4 : place + 8])[0]
        if name == b"data":
            return data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    raise ValueError("MIDI file: cannot be read: a RIFF wrapper without a MIDI file in it")


def _in_quarters(data: bytes) -> bytes:
    """The file with its frames (SMPTE) counted as ticks of a quarter note at 120, which is what such a file plays at."""
    if data[:4] != b"MThd" or len(data) < 14 or data[12] < 128:
        return data
    frames_per_second, ticks_per_frame = 256 - data[12], data[13]
    ticks = round(frames_per_second * ticks_per_frame * SECONDS_PER_MINUTE / DEFAULT_MIDI_TEMPO)
    if not 1 <= ticks < 2**15:
        raise ValueError(f"MIDI file: ticks a second must be 2 or more, got {frames_per_second} frames of {ticks_per_frame}")
    return data[:12] + struct.pack(">H", ticks) + data[14:]


def longest_tempo(performance: Performance, end_beats: float) -> tuple[float, int]:
    """The tempo that holds longest, in quarter notes a minute, and how often it changes."""
    changes = tempo_changes(performance.score)
    end = max(int(end_beats * performance.score.ticks_per_quarter), changes[-1][0])
    spans = [(own, next_time - time) for (time, own), (next_time, _) in pairwise([*changes, (end, 0)]) if next_time > time]
    lasting: dict[int, int] = {}
    for microseconds, ticks in spans or [(changes[-1][1], 1)]:
        lasting[microseconds] = lasting.get(microseconds, 0) + ticks
    longest = max(lasting, key=lambda microseconds: lasting[microseconds])
    return tempo_of(longest), sum(before != after for (before, _), (after, _) in pairwise(spans))
