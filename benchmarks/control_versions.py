"""Versions of songs: what a revision leaves alone and what it changes, and how literally phrases return when asked to."""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from statistics import fmean

from canzona.evaluation.control import chords_by_beat, rises, same_share
from canzona.evaluation.latent import Coder, phrase_similarity
from canzona.evaluation.returns import returns_melody_same, returns_piano_same
from canzona.generation.controls import Repetition, Revision
from canzona.generation.request import Request
from canzona.hierarchy.level import Content, Level
from canzona.hierarchy.levels import LEVELS
from canzona.representation.encoders import CONTROL_SEED, Encoders
from canzona.song.form import Form
from canzona.song.notes import Note
from canzona.song.song import Song
from control_studio import Job, Row, Studio, row, shortened

REVISED_SONGS, REVISED_BARS, SHORT_BARS = 8, frozenset(range(4, 8)), 16
VARIED = (0.0, 0.5, 1.0)
AMOUNTS = (0.0, 0.25, 0.5, 0.75, 1.0)
REPEATED_FORM, QUICK_REPEATED_FORM = "A8B8A8B8", "A4B4A4B4"
NEW_SEED = 1000
RISE_TOLERANCE = 0.02
"""By how much a mean may fall from one amount to the next where it is to rise."""


def revisions(studio: Studio, songs: Sequence[Song]) -> list[Row]:
    """Bars 5 to 8 of short songs composed anew, from each level down, and far from the old version or near."""
    forms = [(own.form, own.meter) for own in (shortened(song, SHORT_BARS) for song in songs) if own.form.length_bars >= 8]
    requests = [Request(form=form, meter=meter, seed=seed) for seed, (form, meter) in enumerate(forms[:REVISED_SONGS])]
    old = studio.compose([Job(request) for request in requests])
    rows: list[Row] = []
    for level in (level for level in LEVELS if not level.ends_freely):
        means = []
        for vary in VARIED:
            jobs = []
            for number, song in enumerate(old):
                revision = Revision(song, level.name, REVISED_BARS, vary)
                request = Request(meter=song.meter, tempo=song.tempo, seed=NEW_SEED + number, revision=revision)
                jobs.append(Job(request))
            pairs = list(zip(old, studio.compose(jobs), strict=True))
            said = f"revise {level.name}, vary {vary:g}"
            same = [_outside(before, REVISED_BARS) == _outside(after, REVISED_BARS) for before, after in pairs]
            rows += row(f"{said}: all outside the bars identical", same, 1.0)
            changed = [_changed(before, after, level) for before, after in pairs]
            means.append(fmean(value for value in changed if value is not None))
            if vary:
                rows += row(f"{said}: share of the bars' notes that changed", changed)
            else:
                whole = [_outside(before, frozenset()) == _outside(after, frozenset()) for before, after in pairs]
                rows += row(f"{said}: whole song identical", whole, 1.0)
        grows = all(earlier < later for earlier, later in pairwise(means))
        rows += row(f"revise {level.name}: change grows with vary", [grows], 1.0)
    return rows


def repetitions(studio: Studio, songs: Sequence[Song], encoders: Encoders, text: str) -> list[Row]:
    """How alike phrases of a letter are, from free variation to literal returns, beside human songs."""
    rhythm = Coder("melody_rhythm", partial(encoders.encode, "melody_rhythm", CONTROL_SEED))

    def ratio(song: Song) -> float | None:
        found = phrase_similarity(song, rhythm)
        return found.ratio if found else None

    def numerator(song: Song) -> float | None:
        found = phrase_similarity(song, rhythm)
        return found.numerator if found else None

    composed = []
    for amount in AMOUNTS:
        jobs = []
        for number, song in enumerate(songs):
            form = Form.parse(text)
            form = form.with_keys([song.form.phrases[0].key] * len(form.phrases))
            jobs.append(Job(Request(form=form, meter=song.meter, seed=number, repeat=(Repetition(amount),))))
        composed.append(studio.compose(jobs))
    rows: list[Row] = []
    for title, measure in (
        ("melody overlap", returns_melody_same),
        ("piano overlap", returns_piano_same),
        ("rhythm cosine", numerator),
    ):
        human = row(f"repeat: {title}, human songs", list(map(measure, songs)))
        found = [
            row(f"repeat {amount:g}: {title}", list(map(measure, own))) for amount, own in zip(AMOUNTS, composed, strict=True)
        ]
        means = [own[0].value for own in found if own]
        rows += [*human, *(each for own in found for each in own)]
        if human and means:
            above, below = means[-1] > human[0].value, means[0] < human[0].value
            rows += row(f"repeat 1: {title} above human", [above], 1.0) + row(f"repeat 0: {title} below human", [below], 1.0)
        rows += row(f"repeat: {title} rises throughout", [rises(means, RISE_TOLERANCE)], 1.0)
    for amount, own in zip(AMOUNTS, composed, strict=True):  # a ratio that depends on the form: no bar, no human beside it
        rows += row(f"repeat {amount:g}: rhythm ILS*", list(map(ratio, own)))
    return rows


def _changed(before: Song, after: Song, level: Level) -> float | None:
    """Share of the revised bars' notes that are others than before; ``None`` where there are none in either version."""
    old, new = (_notes(song, level, REVISED_BARS) for song in (before, after))
    return 1 - same_share(old, new) if old or new else None


def _outside(song: Song, bars: frozenset[int]) -> tuple[object, ...]:
    """All of a song that does not begin in these bars: notes as they are, chords beat by beat."""
    kept: list[object] = [song.form, song.meter, song.tempo]
    everywhere = frozenset(range(song.form.length_bars))
    for level in (level for level in LEVELS if level.content is not Content.FORM):
        kept.append(_notes(song, level, everywhere - bars))
        if level.content is Content.LEAD_SHEET:
            chords = chords_by_beat(getattr(song, level.attribute).chords, song.meter.bars_to_beats(song.form.length_bars))
            kept.append([chord for beat, chord in enumerate(chords) if song.meter.bar_of_beat(beat) not in bars])
    return tuple(kept)


def _notes(song: Song, level: Level, bars: frozenset[int]) -> list[Note]:
    """The notes of a level that begin in these bars."""
    content = getattr(song, level.attribute)
    notes = content.melody if level.content is Content.LEAD_SHEET else content
    return [note for note in notes if song.meter.bar_of_step(note.start_step) in bars]
