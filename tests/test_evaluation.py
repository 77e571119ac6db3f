"""Systems side by side: human songs agree with human songs, and what is broken is last where it should be."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from canzona.baselines.copybot import CopyBot
from canzona.evaluation import Entry, Equipment, Evaluation, judge, judge_all, metrics, summarise
from canzona.evaluation.comparison import adjusted, difference_of
from canzona.evaluation.distributions import FEATURES
from canzona.evaluation.evaluation import ScoredSong
from canzona.evaluation.latent import PLAIN_CODERS
from canzona.evaluation.metrics import COPY_ROWS, METRICS
from canzona.evaluation.passages import TrainingPassages
from canzona.generation.request import Request
from canzona.io.pop909 import song_numbers
from canzona.song import Form, LeadSheet, Note, Song
from canzona.song.excerpt import excerpt
from canzona.training.dataset import validation_numbers
from canzona.training.prepare import prepare_song
from certain import sure
from real_data import POP909, STRUCTURE, needs_data
from test_render import example_song

FORMS = ("i2A4B4A4B4o2", "A4A4B8A4", "i4A8A8B4B4")
LEAST_HALF_OVERLAP = 0.95


def entries(system: str, songs: Sequence[Song]) -> list[Entry]:
    return [Entry(system, f"{number:03d}", song) for number, song in enumerate(songs)]


def evaluated(systems: dict[str, Sequence[Song]], equipment: Equipment, reference: str = "human") -> Evaluation:
    return summarise(
        {name: [judge(entry, equipment) for entry in entries(name, songs)] for name, songs in systems.items()}, reference
    )


def random_notes(song: Song, generator: np.random.Generator) -> Song:
    """As many notes as the song has, anywhere."""

    def anywhere(notes: tuple[Note, ...], low: int, high: int) -> tuple[Note, ...]:
        starts = generator.integers(song.length_steps, size=len(notes))
        pitches = generator.integers(low, high, size=len(notes))
        return tuple(sorted(Note(int(start), int(pitch), 1) for start, pitch in zip(starts, pitches, strict=True)))

    melody = anywhere(sure(song.lead_sheet).melody, 55, 80)
    return replace(
        song,
        lead_sheet=replace(sure(song.lead_sheet), melody=melody),
        accompaniment=anywhere(song.accompaniment or (), 36, 84),
    )


def one_bar_for_ever(song: Song) -> Song:
    """The first bar in which melody and piano start a note, again and again."""

    def bars(notes: tuple[Note, ...]) -> set[int]:
        return {song.meter.bar_of_step(note.start_step) for note in notes}

    bar = min(bars(sure(song.lead_sheet).melody) & bars(sure(song.accompaniment)))
    one = excerpt(song, bar, bar + 1)
    starts = [song.meter.bars_to_steps(number) for number in range(song.form.length_bars)]

    def again(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        return tuple(sorted(replace(note, start_step=note.start_step + start) for start in starts for note in notes))

    beats = song.meter.beats_per_bar
    chords = tuple(
        replace(span, start_beat=span.start_beat + beats * number)
        for number in range(len(starts))
        for span in sure(one.lead_sheet).chords
    )
    return replace(
        song, lead_sheet=LeadSheet(again(sure(one.lead_sheet).melody), chords), accompaniment=again(sure(one.accompaniment))
    )


def in_wrong_key(song: Song) -> Song:
    return replace(song, form=song.form.transposed(6))


@pytest.fixture(scope="module")
def made_up() -> list[Song]:
    return [example_song(form) for form in FORMS]


def test_report_holds_every_figure_of_every_system(made_up):
    training = TrainingPassages.of([("000", made_up[0]), ("9", made_up[1])])
    evaluation = evaluated({"human": made_up, "same": made_up}, Equipment(passages=training))
    report = evaluation.to_dict()
    assert list(report) == ["human", "same"]
    assert list(report["human"]) == [row.name for row in evaluation.rows]
    assert {metric.row.name for metric in METRICS} - {"si_16"} <= set(report["same"])  # no song has room for 16 bars twice
    assert {row.name for row in COPY_ROWS} <= set(report["same"])
    assert {f"ils_{coder.aspect}_plain" for coder in PLAIN_CODERS} <= set(report["same"])
    for figures in report.values():
        for figure in figures.values():
            assert figure is None or (set(figure) == {"mean", "low", "high", "n"} and figure["low"] <= figure["high"])


def test_a_song_that_a_metric_does_not_fit_is_not_scored(made_up):
    plain = excerpt(replace(made_up[0], form=Form.parse(f"A{made_up[0].form.length_bars}")), 0, 8)
    figures = evaluated({"human": [*made_up, plain]}, Equipment()).figures["human"]
    assert sure(figures["returns_melody_same"]).n == sure(figures["ils_chords_plain"]).n == len(made_up)
    assert sure(figures["piano_onsets_per_bar"]).n == len(made_up) + 1
    alone = evaluated({"human": [plain]}, Equipment())
    assert "returns_melody_same" not in alone.figures["human"]
    assert "oa_melody_pitch" not in alone.figures["human"]


def test_what_needs_phrases_is_not_measured_where_they_are_assumed(made_up):
    entry = Entry("human", "1", made_up[0])
    named, assumed = (judge(replace(entry, form_is_assumed=value), Equipment()).scores for value in (False, True))
    unmeasured = {name for name, value in named.items() if value is not None and assumed[name] is None}
    assert set(metrics.OF_PHRASES) <= set(named)
    assert unmeasured == {name for name in named if name.startswith("ils_") or name in metrics.OF_PHRASES} & {
        name for name, value in named.items() if value is not None
    }
    assert "piano_onsets_per_bar" not in unmeasured


def test_a_person_s_song_does_not_copy_itself_and_a_machine_s_is_caught_whatever_its_name(made_up):
    equipment = Equipment(passages=TrainingPassages.of([("000", made_up[0])]))
    for name in ("000", "plagiarism"):
        own = judge(Entry("human", name, made_up[0], is_human=True), equipment)
        assert own.scores["copy_melody_2"] is None
        other = judge(Entry("mine", name, made_up[0]), equipment)
        assert other.scores["copy_melody_2"] == other.scores["copy_piano_4"] == 1
        assert {match.voice for match in other.copies} == {"melody", "piano"}
        assert all(match.name == "000" and match.overlap == 1 for match in other.copies)


def fake(system: dict[str, float], metric: str = "groove", windows: int = 0) -> list[ScoredSong]:
    """Scored songs of one metric, and a made-up feature of each."""
    generator = np.random.default_rng(len(system))

    def features() -> dict[str, np.ndarray]:
        return {"melody_pitch": generator.dirichlet(np.ones(12), size=windows)} if windows else {}

    return [ScoredSong(name, Song(Form.parse("A1")), {metric: value}, features()) for name, value in system.items()]


def test_each_system_is_compared_with_one_of_them(made_up):
    values = np.random.default_rng(0).normal(0.5, 0.01, 12)
    systems = {
        system: fake({f"{number}": value + more for number, value in enumerate(values)})
        for system, more in (("human", 0.2), ("other", 0.0), ("canzona", 0.3), ("third", 0.0))
    }
    evaluation = summarise(systems, "human")
    assert evaluation.compared_with == "canzona"
    assert set(evaluation.differences) == {"human", "other", "third"}
    difference = evaluation.differences["other"]["groove"]
    assert difference.mean == pytest.approx(-0.3)
    assert difference.is_paired
    assert difference.is_significant
    facts = evaluation.to_dict()
    assert sure(facts["other"]["groove"])["difference"] == {"to": "canzona", **vars(difference)}
    assert "difference" not in sure(facts["canzona"]["groove"])
    assert summarise({name: systems[name] for name in ("human", "other")}, "human").compared_with == "other"
    assert summarise(systems, "human", compared_with="third").differences["other"]["groove"].p == 1
    assert summarise({"canzona": systems["canzona"]}, "human").compared_with is None
    with pytest.raises(ValueError, match=r"^compare-with: must be one of human, other, canzona, third, got 'x'$"):
        summarise(systems, "human", compared_with="x")


def test_overlapped_areas_are_of_equal_numbers_in_every_column():
    systems = {
        system: fake({str(number): 0.5 for number in range(count)}, windows=3)
        for system, count in (("human", 20), ("many", 30), ("few", 7), ("single", 1))
    }
    evaluation = summarise(systems, "human")
    assert [note for note in evaluation.notes if "Overlapped" in note] == [
        "Overlapped areas are of 3 songs of each system with as many other human songs, drawn 1000 times."
    ]
    figures = {system: own["oa_melody_pitch"] for system, own in evaluation.figures.items()}
    assert figures["single"] is None
    assert {system: figure.n for system, figure in figures.items() if figure} == {"human": 20, "many": 30, "few": 7}
    assert all(figure.low < figure.mean < figure.high for figure in figures.values() if figure)


def test_seconds_are_those_of_the_entry(made_up):
    scored = judge(Entry("x", "1", made_up[0], seconds=3.5), Equipment())
    assert scored.scores["seconds_per_song"] == 3.5
    assert judge(Entry("x", "1", made_up[0]), Equipment()).scores["seconds_per_song"] is None


def test_processes_change_nothing(made_up):
    one, two = (list(judge_all(entries("x", made_up[:2]), Equipment, processes)) for processes in (1, 2))
    assert [scored.scores for _, scored in one] == [scored.scores for _, scored in two]
    assert [entry.name for entry, _ in two] == ["000", "001"]


@pytest.fixture(scope="module")
def human() -> list[Song]:
    """The validation songs, each under its first labelling."""
    numbers = [number for number in song_numbers(POP909, STRUCTURE) if number in validation_numbers()]
    return [prepare_song(number, POP909, STRUCTURE).songs[0].song for number in numbers]


@pytest.fixture(scope="module")
def training() -> list[Song]:
    """Some training songs."""
    numbers = [number for number in song_numbers(POP909, STRUCTURE) if number not in validation_numbers()]
    return [prepare_song(number, POP909, STRUCTURE).songs[0].song for number in numbers[::20]]


@pytest.fixture(scope="module")
def systems(human, training) -> Evaluation:
    """Human songs, training songs glued together, and three systems each broken in its own way."""
    generator = np.random.default_rng(0)
    songs = human[::2]
    requests = [Request(song.form, meter=song.meter, seed=number) for number, song in enumerate(songs)]
    equipment = Equipment(passages=TrainingPassages.of([(f"training {number}", song) for number, song in enumerate(training)]))
    return evaluated(
        {
            "human": human[1::2],
            "other human": songs,
            "copy-bot": list(CopyBot(training).compose_many(requests)),
            "random notes": [random_notes(song, generator) for song in songs],
            "one bar": [one_bar_for_ever(song) for song in songs],
            "wrong key": [in_wrong_key(song) for song in songs],
        },
        equipment,
    )


@needs_data
def test_two_halves_of_human_songs_agree(human):
    scored = [judge(entry, Equipment()) for entry in entries("human", human)]
    figures = summarise({"human": scored}, "human").figures["human"]
    assert len(human) == 46
    for feature in FEATURES:
        assert sure(figures[f"oa_{feature}"]).mean >= LEAST_HALF_OVERLAP, feature
    names = [name for name in scored[0].scores if figures.get(name) is not None]
    differences = {}
    for name in names:
        first, second = (
            {song.name: own for song in half if (own := song.scores[name]) is not None} for half in (scored[::2], scored[1::2])
        )
        if (difference := difference_of(first, second, np.random.default_rng(0))) is not None:
            differences[name] = difference
    assert len(differences) > 40
    assert not [name for name, difference in adjusted(differences).items() if difference.is_significant]


@needs_data
def test_copying_exposes_the_copy_bot(systems):
    for name in ("copy_melody_2", "copy_melody_4", "copy_piano_2", "copy_piano_4", "copy_melody_ngram"):
        copied, others = systems.figures["copy-bot"][name], [systems.figures[other][name] for other in ("human", "other human")]
        assert all(copied.low > other.high for other in others), name
    assert systems.figures["copy-bot"]["copy_melody_2"].mean > 0.95


@needs_data
@pytest.mark.parametrize(
    ("broken", "metric"),
    [
        ("random notes", "chord_tones_piano"),
        ("random notes", "chord_accuracy"),
        ("random notes", "chord_accuracy_exact"),
        ("random notes", "si_2_8"),
        ("random notes", "si_8_16"),
        ("random notes", "label_f1"),
        ("random notes", "returns_melody_same"),
        ("random notes", "ils_melody_rhythm_plain"),
        ("random notes", "ils_texture_plain"),
        ("random notes", "entropy_1"),
        ("wrong key", "oa_melody_pitch"),
        ("random notes", "oa_melody_polyphony"),
        ("one bar", "returns_melody_different"),
        ("one bar", "returns_piano_different"),
        ("one bar", "groove"),
        ("one bar", "oa_melody_density"),
        ("one bar", "oa_piano_density"),
        ("wrong key", "out_of_key"),
        ("wrong key", "melody_in_key"),
        ("wrong key", "last_chord_tonic"),
    ],
)
def test_what_is_broken_is_furthest_from_human(systems, broken, metric):
    human = systems.figures["human"][metric].mean
    distances = {name: abs(figures[metric].mean - human) for name, figures in systems.figures.items()}
    if metric.startswith("oa_"):
        distances = {name: 1 - figures[metric].mean for name, figures in systems.figures.items()}
    assert max(distances, key=lambda name: distances[name]) == broken, distances
