"""From the original files of POP909 and its structure annotations to one data set."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from canzona.engine import Engine
from canzona.hierarchy.extraction import extract_levels
from canzona.hierarchy.levels import LEVELS
from canzona.io.pop909 import read_song, song_numbers
from canzona.representation.image import encode_level
from canzona.shard import Shard
from canzona.song.song import LeadSheet, Song
from canzona.training.dataset import PreparedSong


@dataclass(frozen=True)
class Preparation:
    """What became of one song.

    Attributes:
        number: POP909 number.
        songs: the song with all levels, once for each of its phrase labellings; empty where it was rejected.
        reason: why it was rejected, or ``None``.
        melody_match: share of its annotated melody notes that its MIDI melody was found to play, 0 where it was rejected.
    """

    number: int
    songs: tuple[PreparedSong, ...]
    reason: str | None
    melody_match: float


def prepare_songs(pop909: Path, structure: Path, engine: Engine, shard: Shard | None = None) -> Iterator[Preparation]:
    """Read every song that both collections hold, or a shard of them, in the order in which they are done.

    Raises:
        ValueError: where a folder is missing, the two have no song in common, or the shard has none.
    """
    for name, folder in (("pop909", pop909), ("structure", structure)):
        if not folder.is_dir():
            raise ValueError(f"{name}: must be a folder, got {folder}")
    numbers = song_numbers(pop909, structure)
    if not numbers:
        raise ValueError(f"pop909: no song of {pop909} is annotated in {structure}")
    own = (shard or Shard()).of(numbers)
    if not own:
        raise ValueError(f"shard: must be of at most {len(numbers)}, the songs there are, got {shard}")
    yield from engine.results(partial(prepare_song, pop909=pop909.resolve(), structure=structure.resolve()), own)


def prepare_song(number: int, pop909: Path, structure: Path) -> Preparation:
    """One song with all its levels, or the reason why it cannot be used."""
    try:
        arrangement = read_song(number, pop909, structure)
        songs = []
        for form in arrangement.forms:
            song = extract_levels(
                Song(
                    form=form,
                    meter=arrangement.meter,
                    tempo=arrangement.tempo,
                    lead_sheet=LeadSheet(arrangement.melody, arrangement.chords),
                    accompaniment=arrangement.accompaniment,
                )
            )
            songs.append(PreparedSong(number, checked_levels(song)))
        return Preparation(number, tuple(songs), None, arrangement.melody_match)
    except ValueError as error:
        return Preparation(number, (), str(error), 0.0)


def checked_levels(song: Song) -> Song:
    """The song without its provenance, once all its levels are known to be drawable.

    Raises:
        ValueError: where one is not.
    """
    for level in LEVELS:
        encode_level(level, song)
    return replace(song, provenance={})
