"""Codes asked for and obtained: how far texture, rhythm and chords of eight bars follow those of a passage of another song."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from canzona.evaluation.control import Obedience, chords_in_key, cosines, normalised
from canzona.evaluation.density import melody_notes_per_sung_bar, piano_onsets_per_bar
from canzona.evaluation.harmony import chord_tones_piano, melody_in_key
from canzona.evaluation.recognition import chord_accuracy
from canzona.generation.controls import Likeness
from canzona.generation.request import Request
from canzona.hierarchy.extraction import completed
from canzona.hierarchy.level import External, Level
from canzona.hierarchy.levels import external_named
from canzona.hierarchy.reduction import simplify_chords
from canzona.representation.encoders import CONTROL_SEED, Encoders
from canzona.representation.encodings import SEEDS, encoding_named
from canzona.representation.resampling import resampled_codes
from canzona.representation.segments import segments_of
from canzona.representation.views import nearest
from canzona.song.song import LeadSheet, Song
from canzona.song.transposition import at_home
from canzona.training.encoder_scores import codes_of
from canzona.training.revoicing import revoiced
from control_studio import PASSAGE_BARS, Job, Row, Studio, kept_above, passages, row

SOURCE_DISTANCE = 7
"""How many songs on the source of a case is."""

Measure = Callable[[Song], float | None]


def _chords_in_key(song: Song) -> float | None:
    return chords_in_key(song.lead_sheet.chords, song) if song.lead_sheet else None


@dataclass(frozen=True)
class CodedControl:
    """A control by codes.

    Attributes:
        name: as on the command line.
        least: the normalised obedience that it must reach.
        quality: what must not suffer, name → measure of a passage.
    """

    name: str
    least: float
    quality: dict[str, Measure]

    @property
    def level(self) -> Level:
        return external_named(self.name)

    @property
    def external(self) -> External:
        assert self.level.external is not None
        return self.level.external


CONTROLS = (
    CodedControl(
        "texture",
        0.90,
        {
            "piano onsets on chord tones": chord_tones_piano,
            "chord accuracy": chord_accuracy,
            "piano onsets a bar": piano_onsets_per_bar,
        },
    ),
    CodedControl("rhythm", 0.80, {"melody notes in key": melody_in_key, "melody notes a bar": melody_notes_per_sung_bar}),
    CodedControl("chords", 0.60, {"beats with a chord in key": _chords_in_key}),
)


@dataclass(frozen=True)
class Case:
    """Eight bars to compose a level of, and eight bars of another song to be like."""

    number: int
    target: Song
    source: Song


@dataclass(frozen=True)
class Composed:
    """What became of the cases, one song a case and seed, a tuple of cases for each seed."""

    songs: tuple[tuple[Song, ...], ...]


def cases_of(songs: Sequence[Song], count: int) -> list[Case]:
    """So many cases; where there are more than passages, targets come again with other sources."""
    found = passages(songs)
    places = [(number % len(found), SOURCE_DISTANCE * (1 + number // len(found))) for number in range(count)]
    return [Case(number, found[at], found[(at + far) % len(found)]) for number, (at, far) in enumerate(places)]


def compose_cases(
    studio: Studio, control: CodedControl, cases: Sequence[Case], seeds: int, asked: bool, weight: float | None = None
) -> Composed:
    """The level of ``control`` for every case, given those above it, with the control or without it."""
    jobs = []
    for seed in range(seeds):
        for case in cases:
            like = (Likeness(control.name, case.source, weight=weight),) if asked else ()
            kept, meter = kept_above(case.target, control.level), case.target.meter
            request = Request(meter=meter, kept=kept, seed=case.number + 1000 * seed, like=like, end_on_tonic=False)
            jobs.append(Job(request, control.level))
    songs = studio.compose(jobs)
    count = len(cases)
    return Composed(tuple(tuple(songs[first : first + count]) for first in range(0, len(songs), count)))


def obedience(
    control: CodedControl, cases: Sequence[Case], obtained: Composed, free: Composed, encoders: Encoders, judge: int
) -> Obedience:
    """How like the codes asked for those of the songs are, by the encoder trained from the seed ``judge``."""
    name, starts = control.external.encoding, list(range(0, PASSAGE_BARS, control.external.bars))
    sources = [in_key_of(control.external, case.source, case.target) for case in cases]
    asked = [encoders.encode(name, judge, source, starts) for source in sources]

    def similarity(composed: Composed) -> tuple[float, ...]:
        codes = [
            [encoders.encode(name, judge, heard(control.level, song), starts) for song in songs] for songs in composed.songs
        ]
        by_seed = [[float(cosines(*pair).mean()) for pair in zip(asked, own, strict=True)] for own in codes]
        return tuple(np.mean(by_seed, axis=0).tolist())

    again = [
        resampled_codes(encoders, name, judge, source, starts, (case.target, starts))
        for source, case in zip(sources, cases, strict=True)
    ]
    ceiling = tuple(float(cosines(*pair).mean()) for pair in zip(asked, again, strict=True))
    return Obedience(similarity(obtained), similarity(free), ceiling)


def in_key_of(external: External, source: Song, target: Song) -> Song:
    """The source as its code is asked for: at home, or where the control follows keys its chords in the target's."""
    here, there = source.form.phrases[0].key, target.form.phrases[0].key
    if not external.follows_key:
        return at_home(completed(source))
    if here is None or there is None or source.lead_sheet is None:
        return source
    shift = int(nearest(np.array(there.relative_major - here.relative_major)))
    chords = tuple(replace(span, chord=span.chord.transposed(shift)) for span in source.lead_sheet.chords)
    return replace(source, lead_sheet=LeadSheet((), chords), accompaniment=None)


def heard(level: Level, song: Song) -> Song:
    """The song as encoders and metrics hear it: its reduction as lead sheet, and at home where keys do not matter."""
    if level.external is not None and not level.external.follows_key:
        song = at_home(song)
    reduction = getattr(song, level.attribute) if level.reduces else None
    return song if reduction is None else replace(song, lead_sheet=LeadSheet((), reduction.chords))


def measure_codes(studio: Studio, control: CodedControl, cases: Sequence[Case], seeds: int, encoders: Encoders) -> list[Row]:
    """Obedience by both encoders, and quality with and without the control beside that of the human targets."""
    obtained = compose_cases(studio, control, cases, seeds, asked=True)
    free = compose_cases(studio, control, cases, seeds, asked=False)
    rows: list[Row] = []
    for judge in SEEDS:
        said = f"{control.name} code" + (f", judged by encoder {judge}" if judge != CONTROL_SEED else "")
        found = obedience(control, cases, obtained, free, encoders, judge)
        figure = normalised(found, np.random.default_rng(0))
        rows += row(f"{said}: normalised", figure, control.least if judge == CONTROL_SEED else None)
        for name in ("obtained", "floor", "ceiling"):
            rows += row(f"{said}: cosine {name}", getattr(found, name))
        if control.level.reduces:
            rows += row(f"{said}: cosine of the source's own reduction", _own_reduction(control, cases, encoders, judge))
        if encoding_named(control.external.encoding).is_revoiced:
            rows += row(
                f"{said}: cosine of the source under the target's chords", _own_revoicing(control, cases, encoders, judge)
            )
    for name, measure in control.quality.items():
        for title, composed in (("with", obtained), ("without", free)):
            rows += row(f"{control.name} code: {name}, {title}", quality(control, measure, composed))
        humans = Composed((tuple(case.target for case in cases),))
        rows += row(f"{control.name} code: {name}, human", quality(control, measure, humans))
    return rows


def quality(control: CodedControl, measure: Measure, composed: Composed) -> list[float | None]:
    """A measure of every song."""
    return [measure(heard(control.level, song)) for songs in composed.songs for song in songs]


def _own_reduction(control: CodedControl, cases: Sequence[Case], encoders: Encoders, judge: int) -> list[float]:
    """Cosines of sources with themselves, reduced: what a level that writes reductions may reach."""
    encoding = encoding_named(control.external.encoding)
    starts = list(range(0, PASSAGE_BARS, encoding.bars))
    values = []
    for case in cases:
        source = in_key_of(control.external, case.source, case.target)
        chords = simplify_chords(source.lead_sheet.chords if source.lead_sheet else (), source.meter)
        reduced = replace(source, lead_sheet=LeadSheet((), chords))
        pair = (encoders.encode(encoding.name, judge, each, starts) for each in (source, reduced))
        values.append(float(cosines(*pair).mean()))
    return values


def _own_revoicing(control: CodedControl, cases: Sequence[Case], encoders: Encoders, judge: int) -> list[float]:
    """Cosines of sources with themselves, moved to the chords of their targets: what a level that plays these may reach."""
    encoding = encoding_named(control.external.encoding)
    network = encoders.named(encoding.name, judge).network
    starts = range(0, PASSAGE_BARS, encoding.bars)
    values = []
    for case in cases:
        source, target = (segments_of(song, starts, encoding.bars) for song in (case.source, case.target))
        pair = (codes_of(network, encoding, each).numpy() for each in (source, revoiced(source, target.chords)))
        values.append(float(cosines(*pair).mean()))
    return values
