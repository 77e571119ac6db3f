"""What a user says of a file, against or beside what it says itself."""

from dataclasses import dataclass

from canzona.song.song import HIGHEST_TEMPO, LOWEST_TEMPO
from canzona.song.timing import Meter


@dataclass(frozen=True, slots=True)
class AnalysisOptions:
    """What is known of a MIDI file; whatever is not given is read from it, or found.

    Attributes:
        meter: its metre.
        tempo: quarter notes a minute, 20 to 300: beats are then this long, whatever the file's tempo events say.
        first_downbeat_seconds: when a bar begins, in seconds from the start of the file, 0 or more.
        melody_track: name or number, from 1, of the track that is the melody.
        drop_tracks: names or numbers of tracks that are not listened to.
    """

    meter: Meter | None = None
    tempo: float | None = None
    first_downbeat_seconds: float | None = None
    melody_track: str | None = None
    drop_tracks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.tempo is not None and not LOWEST_TEMPO <= self.tempo <= HIGHEST_TEMPO:
            raise ValueError(f"tempo: must be {LOWEST_TEMPO:g} to {HIGHEST_TEMPO:g} quarter notes a minute, got {self.tempo:g}")
        if self.first_downbeat_seconds is not None and not 0 <= self.first_downbeat_seconds < float("inf"):
            raise ValueError(f"first-downbeat: must be seconds from the start, 0 or more, got {self.first_downbeat_seconds:g}")
