"""Which track plays what: by its name, else by what is in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canzona.io.midi import CHORDS, MELODY, PIANO
from canzona.io.tracks import role_of
from canzona.transcription.melody import heard_melody
from canzona.transcription.options import AnalysisOptions
from canzona.transcription.performance import Notes, Performance, TrackInfo

ONE_VOICE_SHARE = 0.9
"""Share of onsets with one note from which a track is one voice."""
LOWEST_TUNE = 52
"""Middle pitch below which one voice is a bass."""
FEWEST_NOTES_PER_BAR = 1.2
"""A melody that was found in the notes must have as many in each bar of the song, on the mean: else it is a part of chords."""
WIDEST_TUNE = 30
"""Notes of a melody track further than this from its middle pitch are no part of the tune: switches of a sampler."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Masks over the notes.

    Attributes:
        melody: its notes, perhaps several at once.
        chords: of tracks of block chords.
        piano: what accompanies.
        heard: all that is not dropped.
        confidence: 0 to 1, of the melody.
        remarks: what was found by content, and what was left out.
    """

    melody: NDArray[np.bool_]
    chords: NDArray[np.bool_]
    piano: NDArray[np.bool_]
    heard: NDArray[np.bool_]
    confidence: float
    remarks: tuple[str, ...]
    left_out: tuple[str, ...]


def roles_of(performance: Performance, notes: Notes, length_bars: int, options: AnalysisOptions) -> Roles:
    """Tell the parts apart.

    Args:
        performance: whose tracks are asked.
        notes: of all tracks, in whole steps, in order of time and pitch.
        length_bars: of the song.
        options: what the user says of the tracks.

    Raises:
        ValueError: where an option names a track that is not there, or drops all.
    """
    tracks = performance.tracks
    dropped = {number for name in options.drop_tracks for number in _named("drop-track", name, tracks)}
    roles = {n: role_of(track.name) for n, track in enumerate(tracks) if n not in dropped}
    if not roles:
        raise ValueError("drop-track: must leave a track with notes, got all dropped")
    remarks: list[str] = []
    left_out = [f"track {called(tracks, n)}" for n in sorted(dropped)]
    if options.melody_track is not None:
        chosen = [n for n in _named("melody-track", options.melody_track, tracks) if n in roles]
        if not chosen:
            raise ValueError(f"melody-track: must not be dropped, got {options.melody_track!r}")
        roles = {n: None if role == MELODY else role for n, role in roles.items()} | dict.fromkeys(chosen, MELODY)
    named = set(roles.values()) - {None}
    heard = np.isin(notes.track, list(roles))
    confidence = 1.0
    melody = np.isin(notes.track, [n for n, role in roles.items() if role == MELODY])
    chords = np.isin(notes.track, [n for n, role in roles.items() if role == CHORDS])
    if not melody.any() and named != {CHORDS}:
        found = _melody_track(tracks, notes, roles)
        if found is not None:
            melody, confidence = notes.track == found, 0.8
            roles[found] = MELODY
            if len(tracks) > 1:
                remarks.append(f"melody found in track {called(tracks, found)}")
        else:
            asked = np.flatnonzero(heard & ~chords)
            if len(asked):
                sung, confidence = heard_melody(notes.chosen(asked))
                if sung.sum() >= FEWEST_NOTES_PER_BAR * length_bars:
                    melody[asked[sung]] = True
                    remarks.append(
                        "melody found among the notes of all tracks" if len(tracks) > 1 else "melody found among the notes"
                    )
    if melody.any() and len({n for n, role in roles.items() if role == MELODY}):
        middle = np.median(notes.pitch[melody])
        strange = melody & (np.abs(notes.pitch - middle) > WIDEST_TUNE)
        if strange.any():
            melody, heard = melody & ~strange, heard & ~strange
            left_out.append(f"{strange.sum()} notes far from the tune")
    plays = [n for n, role in roles.items() if role == PIANO]
    others = [n for n, role in roles.items() if role is None]
    if not plays and others:
        read = [n for n in others if not named or tracks[n].name.isascii()]
        plays = read
        if named and read:
            remarks.append("piano: " + ", ".join(called(tracks, n) for n in read))
        others = [n for n in others if n not in read]
    left_out += [f"track {called(tracks, n)}" for n in others]
    heard = heard & ~np.isin(notes.track, others)
    piano = np.isin(notes.track, plays) & ~melody & heard
    return Roles(melody, chords, piano, heard, confidence, tuple(remarks), tuple(left_out))


def called(tracks: Sequence[TrackInfo], number: int) -> str:
    """A track's name, or where it has none that can be read its number from 1."""
    name = tracks[number].name
    return repr(name) if _is_readable(name) else str(number + 1)


def _is_readable(name: str) -> bool:
    return bool(name) and "\N{REPLACEMENT CHARACTER}" not in name


def _named(option: str, name: str, tracks: Sequence[TrackInfo]) -> list[int]:
    """The tracks of this name, or the one of this number."""
    wanted = name.strip().casefold()
    found = [n for n, track in enumerate(tracks) if track.name.casefold() == wanted]
    if not found and wanted.isdecimal() and 1 <= int(wanted) <= len(tracks):
        found = [int(wanted) - 1]
    if not found:
        there = ", ".join(
            f"{n} {track.name!r}" if _is_readable(track.name) else str(n) for n, track in enumerate(tracks[:16], 1)
        )
        raise ValueError(f"{option}: must be one of {there}, got {name!r}")
    return found


def _melody_track(tracks: Sequence[TrackInfo], notes: Notes, roles: dict[int, str | None]) -> int | None:
    """The one-voiced track that is not too low; of several the one of whose notes most sound like melody."""
    candidates = []
    for number, role in roles.items():
        own = notes.track == number
        if role is not None or not own.any():
            continue
        single = len(np.unique(notes.start[own])) / own.sum()
        if single >= ONE_VOICE_SHARE and np.median(notes.pitch[own]) >= (LOWEST_TUNE if len(roles) > 1 else 0):
            candidates.append(number)
    if len(candidates) < 2:
        return candidates[0] if candidates else None
    sung, _ = heard_melody(notes)
    return max(candidates, key=lambda n: (sung & (notes.track == n)).sum())
