"""One golden song from the shipped weights: what a release composes does not change unnoticed.

After new weights, or a change that is meant to change songs: ``python tests/test_golden.py`` writes the song anew.
"""

from pathlib import Path

import pytest
import torch

from canzona import pretrained
from canzona.evaluation.metrics import score
from canzona.generation.request import Request
from canzona.io.song_json import read_song_file, write_song_file
from canzona.song import Form, Key, Note, Song

GOLDEN = Path(__file__).parent / "golden" / "song.json"
REQUEST = Request(form=Form.parse("A4B4A4"), key=Key.parse("G major"), seed=7, steps=8)


def composed() -> Song:
    """The golden song in single precision on one processor, where machines agree best."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return pretrained.load(dtype=torch.float32).compose(REQUEST)
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def song() -> Song:
    return composed()


def notes(own: tuple[Note, ...]) -> set[tuple[int, int]]:
    return {(note.start_step, note.pitch) for note in own}


def test_it_is_the_song_of_last_time(song: Song) -> None:
    golden = read_song_file(GOLDEN)
    assert song.form == golden.form
    assert song.lead_sheet is not None
    assert golden.lead_sheet is not None
    for own, last in ((song.lead_sheet.melody, golden.lead_sheet.melody), (song.accompaniment, golden.accompaniment)):
        first, second = notes(own or ()), notes(last or ())
        assert 2 * len(first & second) / (len(first) + len(second)) > 0.8  # processors round differently


def test_it_is_music(song: Song) -> None:
    figures = score(song)
    assert figures["chord_tones_piano"] is not None
    assert figures["chord_tones_piano"] > 0.75
    assert figures["melody_in_key"] is not None
    assert figures["melody_in_key"] > 0.9
    assert figures["bars_without_piano"] is not None
    assert figures["bars_without_piano"] < 0.1


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    write_song_file(GOLDEN, composed())
