"""Copied passages are found where they stand, and every figure is what a plain search over all pairs of passages gives."""

import pickle
from dataclasses import replace
from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest

from canzona.evaluation.copying import FEWEST_LISTED_ONSETS, LISTED_BARS, TrainingPassages, nearest
from canzona.song import Form, LeadSheet, Meter, Note, Song
from certain import sure

BAR = 16
QUADRUPLE = Meter(4)
LENGTHS = (1, 2, 4)


def song(notes: tuple[Note, ...], bars: int, meter: Meter = QUADRUPLE, piano: tuple[Note, ...] | None = None) -> Song:
    return Song(Form.parse(f"A{bars}"), meter, lead_sheet=LeadSheet(notes), accompaniment=piano)


def random_song(seed: int, bars: int = 8, meter: Meter = QUADRUPLE) -> Song:
    """Both voices of chance, some bars silent."""
    random = np.random.default_rng(seed)

    def voice(lowest: int, step: int) -> tuple[Note, ...]:
        starts = [start for start in range(0, meter.bars_to_steps(bars), step) if random.random() < 0.4]
        return tuple(Note(start, int(random.integers(lowest, lowest + 14)), step) for start in starts)

    return song(voice(60, 2), bars, meter, voice(40, 1))


def moved(notes: tuple[Note, ...], semitones: int = 0, bars: int = 0) -> tuple[Note, ...]:
    return tuple(replace(note, pitch=note.pitch + semitones, start_step=note.start_step + bars * BAR) for note in notes)


def excerpt(of: Song, bars: range, semitones: int, before: int) -> Song:
    """Some bars of a song, transposed, after so many silent ones."""

    def cut(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        kept = tuple(note for note in notes if of.meter.bar_of_step(note.start_step) in bars)
        return moved(kept, semitones, before - bars.start)

    assert of.lead_sheet is not None
    return song(cut(of.lead_sheet.melody), before + len(bars), of.meter, cut(of.accompaniment or ()))


@pytest.mark.parametrize("semitones", [-4, 0, 5])
def test_a_literal_copy_is_found_exactly(semitones):
    training = [(f"song {seed}", random_song(seed)) for seed in range(6)]
    copying = nearest(excerpt(training[3][1], range(2, 7), semitones, before=1), TrainingPassages.of(training))
    assert all(passage.mean == 1 for passage in copying.passages if passage.length_bars == 1)
    for voice in ("melody", "piano"):
        matches = [p.closest for p in copying.passages if (p.voice, p.length_bars) == (voice, 4)]
        matches += [match for match in copying.listed if match.voice == voice][:1]
        for match in matches:
            assert match is not None
            assert (match.overlap, match.name, match.transposition) == (1, "song 3", semitones % 12)
            assert match.bar == match.own_bar + 1
            assert match.onsets >= FEWEST_LISTED_ONSETS
    run = copying.melody_run
    assert run is not None
    melody = sure(training[3][1].lead_sheet).melody
    assert run.length_notes == sum(2 <= note.start_step // BAR < 7 for note in melody)
    assert (run.own_bar, run.name, run.bar) == (1, "song 3", 2)


def overlap(first: set[tuple[int, int]], second: set[tuple[int, int]]) -> float:
    return 2 * len(first & second) / (len(first) + len(second))


def plain_figure(own: Song, training: list[Song], voice: str, length: int) -> float | None:
    """The definition, pair by pair."""

    def passages(of: Song, semitones: int = 0) -> list[set[tuple[int, int]]]:
        notes = (of.lead_sheet.melody if of.lead_sheet else ()) if voice == "melody" else of.accompaniment or ()
        first = [of.meter.bars_to_steps(bar) for bar in range(of.form.length_bars - length + 1)]
        span = of.meter.bars_to_steps(length)
        return [{(n.start_step - f, (n.pitch + semitones) % 12) for n in notes if f <= n.start_step < f + span} for f in first]

    others = [p for other in training if other.meter == own.meter for up in range(12) for p in passages(other, up)]
    best = [max(overlap(passage, other) for other in others) for passage in passages(own) if passage and others]
    return fmean(best) if best else None


@pytest.mark.parametrize("meter", [Meter(3), Meter(4)])
def test_figures_are_those_of_the_definition(meter):
    training = [random_song(seed, bars, meter) for seed, bars in enumerate((6, 1, 9))] + [random_song(3, 7, Meter(3))]
    passages = TrainingPassages.of([(str(number), other) for number, other in enumerate(training)])
    for own in (random_song(10, 7, meter), random_song(11, 2, meter)):
        figures = nearest(own, passages).figures()
        for voice in ("melody", "piano"):
            for length in LENGTHS:
                assert figures[f"copy_{voice}_{length}"] == pytest.approx(plain_figure(own, training, voice, length))


def test_counted_by_hand():
    training = song((Note(0, 62, 4), Note(4, 66, 4), Note(BAR, 60, 4)), 2)  # D F#, then C
    own = song((Note(0, 60, 2), Note(4, 64, 2), Note(8, 67, 2), Note(BAR + 8, 60, 2)), 3)  # C E G, then C on the third beat
    copying = nearest(own, TrainingPassages.of([("D", training)]))
    one, two, four = (passage for passage in copying.passages if passage.voice == "melody")
    assert one.mean == pytest.approx((2 * 2 / 5 + 0) / 2)  # the third bar is silent and does not count
    assert one.closest is not None
    assert (one.closest.own_bar, one.closest.bar, one.closest.transposition, one.closest.onsets) == (0, 0, 10, 3)
    assert two.mean == pytest.approx((2 * 2 / 7 + 0) / 2)
    assert four.mean is four.closest is None  # neither song has four bars


def test_what_shares_nothing_scores_nothing():
    training = random_song(1)  # its melody is on eighths
    between = tuple(Note(4 * beat + 1, 60 + 7 * (beat % 2), 1) for beat in range(32))
    figures = nearest(song(between, 8), TrainingPassages.of([("other", training)])).figures()
    assert [figures[f"copy_melody_{length}"] for length in LENGTHS] == [0, 0, 0]


def test_a_song_is_not_compared_with_itself_when_asked_whatever_it_is_called():
    first, second = random_song(1), random_song(2)
    passages = TrainingPassages.of([("first", first), ("second", second), ("again", first)])
    assert set(nearest(first, passages).figures().values()) == {1, len(sure(first.lead_sheet).melody)}
    assert nearest(first, passages, but_itself=True) == nearest(first, TrainingPassages.of([("second", second)]))
    assert set(nearest(first, TrainingPassages.of([("first", first)]), but_itself=True).figures().values()) == {None}


@pytest.mark.parametrize(
    "change",
    [
        lambda song: replace(song, lead_sheet=LeadSheet(song.lead_sheet.melody[1:])),
        lambda song: replace(song, lead_sheet=LeadSheet(moved(song.lead_sheet.melody, 1))),
        lambda song: replace(song, accompaniment=song.accompaniment[:-1]),
        lambda song: replace(song, form=Form.parse("A9")),
    ],
    ids=["note less in melody", "melody moved", "note less in piano", "bar more"],
)
def test_a_song_that_is_not_the_very_training_song_is_compared_with_it(change):
    first = random_song(1)
    passages = TrainingPassages.of([("first", first)])
    assert nearest(change(first), passages, but_itself=True) == nearest(change(first), passages)


def test_a_labelling_counts_once_and_a_pickle_is_as_good():
    songs = [("first", random_song(1)), ("second", random_song(2)), ("first", random_song(3))]
    passages = TrainingPassages.of(songs)
    own = random_song(4)
    assert nearest(own, passages) == nearest(own, TrainingPassages.of(songs[:2]))
    assert nearest(own, pickle.loads(pickle.dumps(passages))) == nearest(own, passages)


def test_transposing_the_song_changes_no_figure():
    passages = TrainingPassages.of([(str(seed), random_song(seed)) for seed in range(4)])
    own = random_song(9)
    higher = replace(
        own, lead_sheet=LeadSheet(moved(sure(own.lead_sheet).melody, 3)), accompaniment=moved(sure(own.accompaniment), 3)
    )
    assert nearest(higher, passages).figures() == pytest.approx(nearest(own, passages).figures())


def test_listed_passages_share_no_bar_and_no_source():
    source = random_song(1, bars=4)
    thrice = tuple(note for bars in (0, 4, 8) for note in moved(sure(source.accompaniment), bars=bars))
    own = song((), 12, piano=thrice)
    listed = nearest(own, TrainingPassages.of([("source", source), ("other", random_song(2))])).listed
    assert listed[0].own_bar == 0
    assert [match.name for match in listed if match.overlap == 1] == ["source"]  # its second and third return are not news
    starts = sorted(match.own_bar for match in listed)
    assert all(later - earlier >= LISTED_BARS for earlier, later in pairwise(starts))


def line(*notes: tuple[int, int]) -> Song:
    """A melody of (start step, pitch)."""
    return song(tuple(Note(start, pitch, 1) for start, pitch in notes), 4)


def test_the_longest_run():
    own = line((0, 60), (2, 62), (4, 64), (8, 60), (12, 55), (20, 60))
    other = line((1, 70), (18, 67), (20, 69), (22, 71), (26, 67), (27, 62))  # four notes agree, and the fifth comes too soon
    copying = nearest(own, TrainingPassages.of([("none", line((0, 60))), ("other", other)]))
    assert copying.melody_run is not None
    assert (copying.melody_run.length_notes, copying.melody_run.own_bar) == (4, 0)
    assert (copying.melody_run.name, copying.melody_run.bar) == ("other", 1)
    assert copying.figures()["copy_melody_ngram"] == 4


def test_a_run_does_not_go_on_into_the_next_song():
    own = line((0, 60), (2, 62), (4, 64))
    halves = [("first", line((0, 60), (2, 62))), ("second", line((0, 62), (2, 64)))]
    assert nearest(own, TrainingPassages.of(halves)).figures()["copy_melody_ngram"] == 2
    assert nearest(line((0, 60), (3, 60)), TrainingPassages.of(halves)).figures()["copy_melody_ngram"] == 1
    assert nearest(line((0, 60)), TrainingPassages.of(halves)).melody_run is None


def test_an_absent_level_is_not_scored():
    bare = Song(Form.parse("A4"))
    passages = TrainingPassages.of([("other", random_song(1))])
    assert set(nearest(bare, passages).figures().values()) == {None}
    assert nearest(bare, passages).listed == ()
    assert set(nearest(random_song(2), TrainingPassages.of([])).figures().values()) == {None}
