"""The report: closeness by hand, drawings that can be read back, and a page that bears whatever it is given."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.evaluation.bootstrap import Figure
from canzona.evaluation.comparison import Difference
from canzona.evaluation.copying import Match
from canzona.evaluation.evaluation import Evaluation, ScoredSong
from canzona.evaluation.metrics import Anchor, Row
from canzona.evaluation.report import require_drawing
from canzona.evaluation.report.closeness import FURTHEST, closeness, distances, examples, human_spreads
from canzona.evaluation.report.drawing import as_svg, canvas, plain_style, signs_of
from canzona.evaluation.report.histograms import HISTOGRAMS
from canzona.evaluation.report.page import report_page
from canzona.evaluation.report.plots import matrix, strip
from canzona.evaluation.report.similarity import self_similarity
from canzona.evaluation.report.tables import figure_text, human_distance
from canzona.faults import MachineFault
from canzona.song import Form, Key, LeadSheet, Meter, Note, Song
from certain import sure
from strategies import songs
from test_render import example_song

NASTY = "<script>alert(\"1\")</script> & 'x'"
ROWS = (Row("copy_melody_2", "nearest", "Copying"), Row("x", "a figure", "Rest"))
VOID = {"meta", "br", "wbr", "rect", "image", "path"}


def scored(name: str, **scores: float | None) -> ScoredSong:
    return ScoredSong(name, Song(Form.parse("A1")), scores)


def rows(*names: str, group: str = "All") -> list[Row]:
    return [Row(name, "a figure", group) for name in names]


def evaluation(systems: dict, rows=ROWS) -> Evaluation:
    figures = {}
    for system, listed in systems.items():
        figures[system] = {}
        for row in rows:
            values = [value for song in listed if (value := song.scores.get(row.name)) is not None]
            mean = sum(values) / len(values) if values else 0
            figures[system][row.name] = Figure(mean, mean - 0.05, mean + 0.05, len(values)) if values else None
    return Evaluation(tuple(rows), "human", systems, figures, (f"A note on {NASTY}.",))


class Balance(HTMLParser):
    """Collects text and links, and fails where tags do not close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open, self.links, self.tags, self.text = [], [], set(), []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src", "xlink:href", "action", "data")]
        if tag not in VOID or (tag == "path" and not sure(self.get_starttag_text()).endswith("/>")):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag and tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_closeness_by_hand():
    human = [scored("1", x=1.0, y=5.0, one=0.5), scored("2", x=3.0, y=5.0), scored("3", x=2.0, y=None)]
    spreads = human_spreads(human, rows("x", "y", "one", "missing"))
    assert list(spreads) == ["x"]  # y never varies, and one song has no spread
    assert (spreads["x"].mean, spreads["x"].deviation) == (2, 1)
    assert distances(scored("4", x=0.5, y=9.0), spreads) == {"x": -1.5}
    assert closeness(scored("4", x=0.5), spreads) == 1.5
    assert closeness(scored("5", x=1e9), spreads) == FURTHEST
    assert closeness(scored("6", x=None), spreads) is None


def test_closeness_is_the_mean_over_what_a_song_has():
    spreads = human_spreads([scored("1", x=1.0, y=0.0), scored("2", x=3.0, y=4.0)], rows("x", "y"))
    deviation = 2**0.5
    assert closeness(scored("3", x=2 + deviation, y=2 - 6 * deviation), spreads) == pytest.approx((1 + 3) / 2)
    assert closeness(scored("4", x=2 + deviation), spreads) == pytest.approx(1)


def test_every_group_of_metrics_weighs_the_same():
    human = [scored("1", a=0.0, b=0.0, c=0.0), scored("2", a=2.0, b=2.0, c=2.0)]
    spreads = human_spreads(human, rows("a", "b", group="first") + rows("c", group="second"))
    deviation = 2**0.5
    assert closeness(scored("3", a=1 + deviation, b=1 - 3 * deviation, c=1.0), spreads) == pytest.approx(((1 + 3) / 2 + 0) / 2)


def test_examples_are_the_first_the_middle_and_the_last():
    spreads = human_spreads([scored("1", x=-1.0), scored("2", x=1.0)], rows("x"))
    listed = [scored("far", x=3.0), scored("none"), scored("near", x=0.1), scored("mid", x=-1.0), scored("further", x=4.0)]
    assert [example.song.name for example in examples(listed, spreads)] == ["near", "far", "none"]
    assert [example.song.name for example in examples(listed[:1] + listed[2:], spreads)] == ["near", "mid", "further"]
    assert [(e.place, e.song.name) for e in examples(listed[2:4], spreads)] == [
        ("closest to human", "near"),
        ("furthest from human", "mid"),
    ]
    assert len(examples(listed[:1], spreads)) == 1
    assert examples([], spreads) == ()


def test_distance_counts_half_widths_of_the_human_interval():
    human = Figure(0.5, 0.4, 0.6, 9)
    assert human_distance(Figure(0.8, 0, 1, 9), human) == pytest.approx(3)
    assert human_distance(Figure(0.45, 0, 1, 9), human) == pytest.approx(-0.5)
    certain = Figure(1.0, 1.0, 1.0, 1)
    assert human_distance(certain, certain) == 0
    assert human_distance(Figure(0.9, 0.9, 0.9, 1), certain) == -float("inf")


@pytest.mark.parametrize(
    ("figure", "text"), [(0.8126, "0.813"), (-1.5, "−1.500"), (15.74, "15.7"), (7200.4, "7200"), (float("inf"), "inf")]
)
def test_figures_for_people(figure, text):
    assert figure_text(figure) == text


def test_a_mark_lies_where_its_figure_is_and_says_whose_it_is():
    human = (scored("1", x=1.0), scored("2", x=3.0), scored("3", x=5.0))
    with plain_style():
        drawing = ElementTree.fromstring(strip({"human": human}, signs_of(["human"], "human"), "human", "x"))
    marks = list(drawing.iter("use"))
    dots, mean = [float(sure(mark.get("x"))) for mark in marks if mark.find("title") is None], marks[-1]
    assert dots[1] - dots[0] == pytest.approx(dots[2] - dots[1])
    assert float(sure(mean.get("x"))) == pytest.approx(dots[1])
    assert mean.findtext("title") == "human: mean 3.000"
    assert "var(--text)" in sure(mean.get("style"))


def test_colours_are_the_style_sheets():
    with plain_style():
        figure, axes = canvas(100, 100, 10, 10)
        axes.plot([0, 1], [0, 1], color="#0072b2")
        assert "stroke: var(--s1)" in as_svg(figure, "a line")


def test_a_matrix_is_a_picture_of_its_song():
    image = pytest.importorskip("matplotlib.image")
    bar = Note(0, 60, 4), Note(4, 64, 4)
    song = Song(Form.parse("A2B2"), lead_sheet=LeadSheet((*bar, *(replace(n, start_step=n.start_step + 32) for n in bar))))
    with plain_style():
        drawing = ElementTree.fromstring(matrix(song, "a song"))
    (picture,) = drawing.iter("image")
    pixels = image.imread(io.BytesIO(base64.b64decode(sure(picture.get("href")).removeprefix("data:image/png;base64,"))))
    assert pixels.shape[:2] == (4, 4)
    bright = pixels[..., 1] > 0.5  # of viridis the brightest is green and red
    assert bright.tolist() in (found := [[same, False, same, False] for same in (True, False, True, False)], found[::-1])


@pytest.mark.parametrize("beats", Meter.ALLOWED)
def test_self_similarity_shows_what_returns(beats):
    bar = beats * 4
    first, second = (Note(0, 60, 4), Note(4, 64, 4)), (Note(bar, 62, 4), Note(bar + 4, 64, 4))
    again = (Note(2 * bar, 72, 4), Note(2 * bar + 4, 52, 4))  # the first bar in other octaves; bar 4 is silent
    matrix = self_similarity(Song(Form.parse("A2A2"), Meter(beats), lead_sheet=LeadSheet(first + second), accompaniment=again))
    np.testing.assert_allclose(matrix, [[1, 0.5, 1, 0], [0.5, 1, 0.5, 0], [1, 0.5, 1, 0], [0, 0, 0, 0]], atol=1e-12)


def test_histograms_by_hand():
    melody = (Note(0, 62, 1), Note(4, 66, 4), Note(16, 69, 40), Note(28, 74, 1))
    sheet = LeadSheet(melody)
    song = ScoredSong("1", Song(Form.parse("A5", Key.parse("D major")), lead_sheet=sheet, accompaniment=(Note(0, 0, 1),)), {})
    degree, length, beat, pitch, *_ = (histogram.shares([song, scored("2")]) for histogram in HISTOGRAMS)
    assert {place: share for place, share in enumerate(sure(degree)) if share} == {0: 0.5, 4: 0.25, 7: 0.25}
    assert {place: share for place, share in enumerate(sure(length)) if share} == {0: 0.5, 3: 0.25, 16: 0.25}
    assert {place: share for place, share in enumerate(sure(beat)) if share} == {0: 0.5, 4: 0.25, 12: 0.25}
    assert sure(pitch)[0] == 1  # below the lowest bin
    assert all(histogram.shares([scored("2")]) is None for histogram in HISTOGRAMS)


def test_twelve_systems_have_twelve_signs():
    many = evaluation({f"system {number}": () for number in range(11)} | {"human": ()})
    found = signs_of(list(many.systems), "human")
    assert found["human"].color == "text"
    assert len(set(found.values())) == 12


def page_of(systems: dict, **kind) -> tuple[str, Balance]:
    page = report_page(evaluation(systems, **kind))
    read = Balance(page)
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in read.links)
    assert not read.tags & {"script", "link", "iframe", "object", "img"}
    assert not re.search(r"url\((?!#)|@import|\bnan", page)
    return page, read


def test_the_page_says_everything():
    match = Match("melody", 4, 4, 0.75, 9, f"train {NASTY}", 0, 10)
    human = tuple(
        ScoredSong(
            f"{number} {NASTY}", example_song("A4B8A4"), {"x": number / 10, "copy_melody_2": number / 5}, copies=(match,)
        )
        for number in range(4)
    )
    other = (ScoredSong(f"0 {NASTY}", example_song("A4B4"), {"x": 0.7, "copy_melody_2": None}),)
    rows = (
        Row("copy_melody_2", NASTY, "Copying", Anchor({f"published {NASTY}": 0.653}, f"a paper {NASTY}")),
        Row("returns_melody_same", "returns", "Structure", measured=Anchor({"their cascade": 0.35}, "seven songs")),
        Row("si_2_8", "SI*: a figure", "Structure"),
        Row("x", "a figure", "Structure"),
    )
    page, read = page_of({NASTY: other, "human": human}, rows=rows)
    assert page.index("0.653") < page.index("a paper") < page.index("their cascade 0.350") < page.index("seven songs")
    assert "MusDr" in page
    assert ">less " not in page  # nothing was compared
    text = " ".join(read.text)
    assert NASTY not in page
    assert NASTY in text
    for expected in (
        "0.653",
        "0.150",
        "0.700",
        "▲ 11.0",
        "5–8",
        "1–4",
        "−2",
        "A4",
        "B8",
        "distance",
        "–",
    ):
        assert expected in text, expected
    assert page == report_page(evaluation({NASTY: other, "human": human}, rows=rows))
    assert text.index("human") < text.index(f"{NASTY} (1 song)")  # the human system comes first


def test_differences_have_one_column_and_plain_ones_stand_out():
    systems = {name: (scored("1", x=0.5),) for name in ("human", NASTY, "base")}
    differences = {
        "human": {"x": Difference(0.25, 0.2, 0.3, 9, 0.0004, True)},
        NASTY: {"x": Difference(-0.125, -0.3, 0.1, 9, 0.3456, True)},
    }
    compared = replace(evaluation(systems), compared_with="base", differences=differences)
    page = report_page(compared)
    Balance(page)
    assert page.count(">less base<") == 1
    assert "<b>human 0.250</b> <small>p &lt; 0.001</small>" in page
    assert "−0.125 <small>p 0.346</small>" in page
    assert NASTY not in page


@pytest.mark.parametrize(
    "systems",
    [
        {"human": ()},
        {"alone": (scored("1"),)},
        {"human": (scored("1", x=1.0),), "b": (scored("1", x=2.0), scored("2")), "c": ()},
        {f"system {number}": (scored("1", x=number / 7, copy_melody_2=0.5),) for number in range(12)},
        {"human": (scored("1", x=0.5), ScoredSong("2", example_song("i2" + "A8B8" * 6 + "o1", 3), {"x": 0.5}))},
        {
            "human": (
                ScoredSong("1", Song(Form.parse("A20"), lead_sheet=LeadSheet(), accompaniment=()), {"x": 1e9}),
                scored("2", x=-1e9),
            )
        },
    ],
    ids=["no songs", "no human", "few", "twelve", "three beats", "silent"],
)
def test_whatever_is_missing_the_page_stands(systems):
    _, read = page_of(systems)
    assert all(name in " ".join(read.text) for name in systems)


@given(st.lists(songs(), min_size=1, max_size=3))
@settings(max_examples=8)
def test_any_songs_make_a_page(listed):
    scores = [ScoredSong(str(number), song, {"x": float(number)}) for number, song in enumerate(listed)]
    page_of({"human": tuple(scores), "other": tuple(scores[:1])})


def test_what_a_report_needs_is_named_before_the_work(monkeypatch):
    monkeypatch.setattr("canzona.evaluation.report.find_spec", lambda name: None if name == "jinja2" else object())
    with pytest.raises(MachineFault, match=r"^reports need jinja2: .*python\S* -m pip install jinja2$"):
        require_drawing()


def test_no_system_is_refused():
    with pytest.raises(ValueError, match="systems: must be at least one, got none"):
        report_page(evaluation({}))
