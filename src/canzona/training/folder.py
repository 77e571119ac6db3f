"""From folders of MIDI and MusicXML files to songs of a data set: each song once, and why a file is none."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from canzona.engine import Engine
from canzona.hierarchy.extraction import extract_levels
from canzona.limits import LimitedWorker
from canzona.reading import MIDI_FILES, SCORES, read_music
from canzona.shard import Shard
from canzona.song.song import Song
from canzona.training.dataset import FIRST_OWN_NUMBER, PreparedSong
from canzona.training.prepare import checked_levels
from canzona.transcription import Analysis, AnalysisOptions
from canzona.transcription.analysis import midi_to_analysis_with


@dataclass(frozen=True)
class FileOfSong:
    """A file in one of the folders.

    Attributes:
        path: the file.
        source: what its songs are counted under: the folder that was named and, within it, the file's first folder.
        number: of the song in a data set.
    """

    path: Path
    source: str
    number: int


@dataclass(frozen=True)
class Intake:
    """What became of a file.

    Attributes:
        file: which.
        song: with all levels; ``None`` where it was rejected.
        reason: why it was rejected, in one line, or ``None``.
    """

    file: FileOfSong
    song: PreparedSong | None
    reason: str | None


def files_of_songs(folders: Iterable[Path]) -> list[FileOfSong]:
    """All MIDI and MusicXML files in folders and the folders within them, by name; hidden ones are passed over.

    Raises:
        ValueError: where a folder is missing or holds none.
    """
    found: dict[Path, str] = {}
    for folder in folders:
        if not folder.is_dir():
            raise ValueError(f"midi: must be a folder, got {str(folder)!r}")
        inside = [path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in (*MIDI_FILES, *SCORES)]
        visible = [path for path in inside if not any(part.startswith(".") for part in path.parts)]
        songs = {folder / path: "/".join((folder.name, *path.parts[:-1][:1])) for path in visible if (folder / path).is_file()}
        if not songs:
            raise ValueError(f"midi: must hold files that end in {', '.join((*MIDI_FILES, *SCORES))}, got none in {folder}")
        found = songs | found
    return [FileOfSong(path, found[path], FIRST_OWN_NUMBER + place) for place, path in enumerate(sorted(found))]


def prepare_files(files: Sequence[FileOfSong], engine: Engine, shard: Shard | None = None) -> Iterator[Intake]:
    """Every file, or a shard of them, read as ``read_music`` reads it, in the order in which they are done.

    Raises:
        ValueError: where the shard has none.
    """
    own = (shard or Shard()).of(files)
    if not own:
        raise ValueError(f"shard: must be of at most {len(files)}, the files there are, got {shard}")
    yield from engine.results(prepare_file, own)


def prepare_file(file: FileOfSong) -> Intake:
    """One file, or the reason why it cannot be used."""
    try:
        song = read_music(file.path, hear=_listener()).song
        sheet = song.lead_sheet
        parts = {"melody": sheet and sheet.melody, "chords": sheet and sheet.chords, "piano": song.accompaniment}
        missing = [name for name, notes in parts.items() if not notes]
        if missing:
            raise ValueError(f"{file.path}: must have melody, chords and piano, got no {' and no '.join(missing)}")
        song = checked_levels(extract_levels(song))
        return Intake(file, PreparedSong(file.number, song), None)
    except OSError as error:
        return Intake(file, None, f"{file.path}: cannot be read: {(error.strerror or str(error)).lower()}")
    except ValueError as error:
        said = str(error)
        return Intake(file, None, said if said.startswith(str(file.path)) else f"{file.path}: {said}")


def without_duplicates(intakes: Iterable[Intake]) -> list[Intake]:
    """All in order of their numbers, where of a song that several files hold only the first is taken.

    The same song is one whose melody has the same rhythm and intervals, whatever its key, tempo, loudness and lengths.
    """
    first: dict[object, Path] = {}
    kept = []
    for intake in sorted(intakes, key=lambda intake: intake.file.number):
        if intake.song is not None:
            earlier = first.setdefault(_fingerprint(intake.song.song), intake.file.path)
            if earlier != intake.file.path:
                intake = replace(intake, song=None, reason=f"{intake.file.path}: the same song as {earlier}")
        kept.append(intake)
    return kept


def _fingerprint(song: Song) -> object:
    assert song.lead_sheet is not None, "files without a melody are rejected"
    melody = song.lead_sheet.melody
    start, pitch = melody[0].start_step, melody[0].pitch
    return song.meter, tuple((note.start_step - start, note.pitch - pitch) for note in melody)


@cache
def _listener() -> LimitedWorker[tuple[bytes, AnalysisOptions], Analysis]:
    """In each process that reads files: one with limits that hears them, as a stranger's file may end it."""
    return LimitedWorker(midi_to_analysis_with)
