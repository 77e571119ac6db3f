"""Which copied passages a person is shown: those with enough notes, five of a song, of all songs the nearest."""

import re

import pytest

from canzona.evaluation import Entry, Equipment, judge, summarise
from canzona.evaluation.copying import TrainingPassages, nearest
from canzona.evaluation.report.page import report_page
from canzona.song import Form, LeadSheet, Note, Song

BAR = 16
PASSAGES = 7


def passage(number: int, onsets: int) -> tuple[Note, ...]:
    """So many notes within four bars, of intervals and places that no other number has."""
    places = [(7 * place + number) % 64 for place in range(onsets)]
    return tuple(sorted(Note(place, 60 + (5 * place + number * number) % 12, 1) for place in places))


def song_of(passages: list[tuple[Note, ...]]) -> Song:
    """The passages one after the other."""
    notes = tuple(
        Note(note.start_step + 4 * BAR * number, note.pitch, note.duration_steps)
        for number, own in enumerate(passages)
        for note in own
    )
    return Song(Form.parse(f"A{4 * len(passages)}"), lead_sheet=LeadSheet(notes))


@pytest.mark.parametrize(("onsets", "is_listed"), [(1, False), (7, False), (8, True)])
def test_a_passage_of_few_notes_is_no_copy_worth_a_word(onsets: int, is_listed: bool) -> None:
    copied = song_of([passage(1, onsets)])
    found = nearest(copied, TrainingPassages.of([("source", copied)]))
    closest = next(own.closest for own in found.passages if (own.voice, own.length_bars) == ("melody", 4))
    assert closest is not None
    assert (closest.overlap, closest.onsets) == (1, onsets)
    assert [match.name for match in found.listed] == ["source"] * is_listed


def test_five_passages_of_a_voice_are_listed() -> None:
    own = [passage(number, 20) for number in range(PASSAGES)]
    training = [(f"source {number}", song_of([notes])) for number, notes in enumerate(own)]
    listed = nearest(song_of(own), TrainingPassages.of(training)).listed
    assert len(listed) == 5
    assert {match.overlap for match in listed} == {1}


def test_a_report_shows_the_eight_nearest_copies_of_a_system() -> None:
    passages = [passage(number, 20) for number in range(PASSAGES)]
    training = TrainingPassages.of([(f"source {number}", song_of([notes])) for number, notes in enumerate(passages)])
    literal = song_of(passages[:3])
    altered = [song_of([notes[number:]]) for number, notes in enumerate(passages, start=1)]
    songs = {"literal": literal} | {f"without {number}": song for number, song in enumerate(altered, start=1)}
    scored = [judge(Entry("copier", name, song), Equipment(passages=training)) for name, song in songs.items()]
    table = re.search(r'<table class="copies">.*?</table>', report_page(summarise({"copier": scored}, "human")), re.DOTALL)
    assert table is not None
    rows = re.findall(r"<tr><td>(.*?)</td>.*?<b>([\d.]+)</b></td></tr>", table[0])
    everything = sorted((match.overlap for song in scored for match in song.copies), reverse=True)
    assert len(everything) > 8
    assert [float(overlap) for _, overlap in rows] == [round(overlap, 2) for overlap in everything[:8]]
    assert [name for name, _ in rows[:3]] == ["literal"] * 3
