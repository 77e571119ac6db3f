"""Data sets from folders of strangers' files: each song once, and every file that is none is told why."""

from dataclasses import replace
from pathlib import Path

import pytest

from canzona.engine import Engine
from canzona.io.midi import song_to_midi
from canzona.song import Song
from canzona.song.transposition import transposed
from canzona.training.dataset import FIRST_OWN_NUMBER, PreparedSong, load_songs
from canzona.training.folder import Intake, files_of_songs, prepare_file, prepare_files, without_duplicates
from canzona.training.merging import joined_collections
from test_cli import assert_one_line, canzona, here
from test_render import example_song

__all__ = ["canzona", "here"]  # fixtures


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two songs, one of them again in another key and tempo, and three files that are none."""
    folder = tmp_path_factory.mktemp("songs")
    one, other = example_song("A4B4"), example_song("i2A8")
    files = {
        "pop/a.mid": song_to_midi(one),
        "pop/b.MID": song_to_midi(other),
        "folk/deep/a again.mid": song_to_midi(replace(transposed(one, 3), tempo=121.0)),
        "folk/tune.mid": song_to_midi(replace(one, accompaniment=None)),
        "broken.mid": b"MThd",
        ".hidden/c.mid": song_to_midi(other),
        "pop/readme.txt": b"",
    }
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def read(folder: Path) -> list[Intake]:
    return without_duplicates(map(prepare_file, files_of_songs([folder])))


def test_each_song_is_taken_once_and_every_reject_is_named(folder: Path) -> None:
    intakes = read(folder)
    taken = {str(own.file.path.relative_to(folder)): own.file.source for own in intakes if own.song is not None}
    assert taken == {"folk/deep/a again.mid": f"{folder.name}/folk", "pop/b.MID": f"{folder.name}/pop"}
    said = [own.reason for own in intakes if own.reason]
    assert said == [
        f"{folder}/broken.mid: MIDI file: cannot be read: {said[0].rpartition(': ')[2]}",
        f"{folder}/folk/tune.mid: must have melody, chords and piano, got no piano",
        f"{folder}/pop/a.mid: the same song as {folder}/folk/deep/a again.mid",
    ]
    assert all("\n" not in line for line in said)


def test_songs_have_all_levels_and_numbers_beside_those_of_pop909(folder: Path) -> None:
    songs = [own.song for own in read(folder) if own.song is not None]
    assert all(own.song.reduced_lead_sheet and own.song.accompaniment and not own.song.provenance for own in songs)
    assert all(own.number >= FIRST_OWN_NUMBER and not own.is_validation and not own.is_tuning for own in songs)


def test_processes_change_nothing(folder: Path) -> None:
    there = without_duplicates(prepare_files(files_of_songs([folder]), Engine(2)))
    assert there == read(folder)


def test_a_folder_without_songs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must hold files that end in"):
        files_of_songs([tmp_path])
    with pytest.raises(ValueError, match="must be a folder"):
        files_of_songs([tmp_path / "none"])


def test_collections_are_joined_under_different_numbers() -> None:
    def numbered(*numbers: int) -> list[PreparedSong]:
        return [PreparedSong(number, SONG) for number in numbers]

    joined = joined_collections([numbered(1, 1, 909), numbered(1000, 1003), numbered(1000, 1001)])
    assert [own.number for own in joined] == [1, 1, 909, 1000, 1003, 1004, 1005]
    assert [own.number for own in joined_collections([numbered(1000), numbered(5, 6)])] == [1000, 5, 6]


@pytest.mark.usefixtures("without_processes")
def test_the_command_tells_sources_and_rejects(folder: Path, canzona, here) -> None:
    outcome = canzona("prepare", "--midi", folder, "-o", "own.npz", "--processes", "1")
    assert outcome.status == 0, outcome
    assert f"2 of 5 files taken, {folder.name}/folk 1 (50%), {folder.name}/pop 1 (50%)" in outcome.out
    assert outcome.err.count("canzona: rejected ") == 3
    assert [own.number for own in load_songs(here / "own.npz")] == [1001, 1004]
    assert_one_line(canzona("prepare", "--midi", folder, "--pop909", folder), 2, "must be given together with structure")


SONG: Song = example_song("A4")
