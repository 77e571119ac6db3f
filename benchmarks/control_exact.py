"""What is given exactly comes back exactly: chords, melodies, lead sheets; and a control that is not used changes nothing."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from math import gcd

import numpy as np

from canzona.evaluation.control import chords_by_beat, closes_on_dominant_and_tonic, same_share
from canzona.evaluation.endings import last_chord_tonic
from canzona.evaluation.harmony import chord_tones_melody
from canzona.evaluation.recognition import chord_accuracy
from canzona.generation.controls import Kept, Likeness, Repetition
from canzona.generation.fixed import TONIC_TRIADS
from canzona.generation.request import Request
from canzona.generation.request_json import request_from_dict, request_to_dict
from canzona.hierarchy.levels import ACCOMPANIMENT, LEAD_SHEET, REDUCED_LEAD_SHEET
from canzona.hierarchy.reduction import simplify_chords
from canzona.song.form import Form
from canzona.song.harmony import Chord, ChordSpan
from canzona.song.progression import Bar, Progression, Section, WrittenChord
from canzona.song.song import LeadSheet, Song
from control_studio import Job, Row, Studio, kept_above, passages, row, shortened

LONGEST_BARS, SHORT_BARS = 24, 16
BEATS_OF_CHORDS = {4: ((4,), (2, 2), (1, 1, 2), (3, 1)), 3: ((3,), (2, 1), (1, 1, 1))}
"""Beats a bar → how drawn chords may share them."""
SHORT_FORMS = ("A8B8", "A4B4", "i4A8o2", "A4A4B8")


def exact_chords(studio: Studio, songs: Sequence[Song]) -> list[Row]:
    """Chords as text, of the song's own phrases or drawn at random from all songs, and those of the lead sheet composed."""
    generator = np.random.default_rng(0)
    pool = sorted({span.chord for song in songs for span in _sheet(song).chords}, key=lambda chord: chord.symbol)
    asked: list[list[Chord | None]] = []
    jobs = []
    for number, song in enumerate(shortened(song, LONGEST_BARS) for song in songs):
        sections = _by_phrase(song) if number % 2 == 0 else (Section(None, _drawn(song, pool, generator)),)
        asked.append(_laid_out(sections, song.form))
        chords = Progression.parse(str(Progression(sections)), song.meter)
        request = Request(form=song.form, meter=song.meter, chords=chords, seed=number)
        jobs.append(Job(request, until=LEAD_SHEET))
    found = [chords_by_beat(_sheet(song).chords, len(own)) for song, own in zip(studio.compose(jobs), asked, strict=True)]
    shares = [float(np.mean([a == b for a, b in zip(*pair, strict=True)])) for pair in zip(asked, found, strict=True)]
    return row("exact chords: beats equal to those asked", shares, 1.0)


def piano_chords(studio: Studio, songs: Sequence[Song]) -> list[Row]:
    """The piano under human lead sheets of up to sixteen bars, heard by the recogniser, beside the human pianos."""
    targets = [shortened(song, SHORT_BARS) for song in songs]
    jobs = [
        Job(Request(meter=target.meter, kept=kept_above(target, ACCOMPANIMENT), seed=number, end_on_tonic=False))
        for number, target in enumerate(targets)
    ]
    composed = studio.compose(jobs)
    return [
        *row("piano under human lead sheets: chord accuracy", list(map(chord_accuracy, composed)), 0.93),
        *row("piano under human lead sheets: chord accuracy, human", list(map(chord_accuracy, targets))),
    ]


def given_music(studio: Studio, songs: Sequence[Song]) -> list[Row]:
    """A given melody, lead sheet and reduced lead sheet, of songs that sing early, and how much of them came back as it was."""
    targets = [target for target in (shortened(song, SHORT_BARS) for song in songs) if _sheet(target).melody]
    rows: list[Row] = []
    for title, level, part, until in (
        ("melody", LEAD_SHEET, "melody", LEAD_SHEET),
        ("lead sheet", LEAD_SHEET, None, ACCOMPANIMENT),
        ("reduced lead sheet", REDUCED_LEAD_SHEET, None, LEAD_SHEET),
    ):
        jobs = []
        for number, target in enumerate(targets):
            kept = (Kept(target, level.name, part),)
            jobs.append(Job(Request(form=target.form, meter=target.meter, kept=kept, seed=number), until=until))
        shares = [
            same_share(_material(before, level.attribute, part), _material(after, level.attribute, part))
            for before, after in zip(targets, studio.compose(jobs), strict=True)
        ]
        rows += row(f"given {title}: returned unchanged", shares, 1.0)
    return rows


def harmonised(studio: Studio, songs: Sequence[Song]) -> list[Row]:
    """How often a given melody is on tones of the chords composed for it, beside its own and the tonic triad throughout."""
    targets = [shortened(song, LONGEST_BARS) for song in songs]
    jobs = [
        Job(
            Request(form=target.form, meter=target.meter, kept=(Kept(target, LEAD_SHEET.name, "melody"),), seed=number),
            until=LEAD_SHEET,
        )
        for number, target in enumerate(targets)
    ]
    return [
        *row("melody given: on tones of the composed chords", list(map(chord_tones_melody, studio.compose(jobs))), 0.62),
        *row("melody given: on tones of its own chords", list(map(chord_tones_melody, targets))),
        *row("melody given: on tones of the tonic triad", [chord_tones_melody(_under_tonic(target)) for target in targets]),
    ]


def _under_tonic(song: Song) -> Song:
    """The song with the tonic triad of each bar's key throughout."""
    keys = enumerate(song.form.keys_by_bar())
    beats = song.meter.beats_per_bar
    chords = tuple(
        ChordSpan(bar * beats, beats, Chord(key.tonic, TONIC_TRIADS[key.mode], key.tonic))
        for bar, key in keys
        if key is not None
    )
    return replace(song, lead_sheet=LeadSheet(_sheet(song).melody, chords))


def endings(studio: Studio, songs: Sequence[Song]) -> list[Row]:
    """The last chords of songs of short forms, asked to end on the tonic or not, beside human songs'."""
    rows: list[Row] = []
    for title, asked in (("with end on tonic", True), ("without", False)):
        jobs = []
        for number, song in enumerate(songs):
            form = _in_one_key(SHORT_FORMS[number % len(SHORT_FORMS)], song)
            jobs.append(Job(Request(form=form, meter=song.meter, seed=number, end_on_tonic=asked), until=LEAD_SHEET))
        composed = studio.compose(jobs)
        rows += row(f"ending, {title}: on the tonic chord", list(map(last_chord_tonic, composed)), 0.95 if asked else None)
        rows += row(f"ending, {title}: dominant and tonic", list(map(closes_on_dominant_and_tonic, composed)))
    rows += row("ending, human: on the tonic chord", list(map(last_chord_tonic, songs)))
    return rows + row("ending, human: dominant and tonic", list(map(closes_on_dominant_and_tonic, songs)))


def unused(studio: Studio, songs: Sequence[Song]) -> list[Row]:
    """Songs composed with controls that say nothing, beside songs that do not mention them: equal to the last bit."""
    sources = passages(songs)
    cases = [
        (Request(form=_in_one_key("A4B4", song), seed=number), sources[number % len(sources)])
        for number, song in enumerate(songs)
        if song.meter == Request().meter
    ]
    plain = studio.compose([Job(request) for request, _ in cases])
    rows: list[Row] = []
    for title, finest, change in (
        ("empty controls", ACCOMPANIMENT, lambda own, _: replace(own, chords=None, kept=(), like=(), repeat=(), revision=None)),
        ("stored and read again", ACCOMPANIMENT, lambda own, _: request_from_dict(request_to_dict(own))),
        ("repeat 0.5", ACCOMPANIMENT, lambda own, _: replace(own, repeat=(Repetition(0.5),))),
        ("texture-like, above the piano", LEAD_SHEET, lambda own, by: replace(own, like=(Likeness("texture", by),))),
        ("rhythm-like, above the lead sheet", REDUCED_LEAD_SHEET, lambda own, by: replace(own, like=(Likeness("rhythm", by),))),
    ):
        composed = studio.compose([Job(change(*case), until=finest) for case in cases])
        levels = [REDUCED_LEAD_SHEET, LEAD_SHEET, ACCOMPANIMENT]
        names = ["form", *(level.attribute for level in levels[: levels.index(finest) + 1])]
        same = [
            all(getattr(first, name) == getattr(second, name) for name in names)
            for first, second in zip(plain, composed, strict=True)
        ]
        rows += row(f"unused control: same song, {title}", same, 1.0)
    return rows


def _by_phrase(song: Song) -> tuple[Section, ...]:
    """A section a letter: the first phrase's simplified chords, so many bars that all phrases of the letter can repeat them."""
    chords = chords_by_beat(simplify_chords(_sheet(song).chords, song.meter), song.meter.bars_to_beats(song.form.length_bars))
    per_bar = song.meter.beats_per_bar
    bars = [_bar(chords[beat : beat + per_bar]) for beat in range(0, len(chords), per_bar)]
    sections: dict[str, Section] = {}
    for start, phrase in song.form.spans():
        lengths = [own.length_bars for own in song.form.phrases if own.letter == phrase.letter]
        sections.setdefault(phrase.letter, Section(phrase.letter, tuple(bars[start : start + gcd(*lengths)])))
    return tuple(sections.values())


def _drawn(song: Song, pool: Sequence[Chord], generator: np.random.Generator) -> tuple[Bar, ...]:
    """Bars of chords drawn from ``pool``, as many as the song has."""
    choices = BEATS_OF_CHORDS[song.meter.beats_per_bar]
    bars: list[Bar] = []
    for _ in range(song.form.length_bars):
        beats = choices[int(generator.integers(len(choices)))]
        bars.append(tuple(WrittenChord(pool[int(generator.integers(len(pool)))], length) for length in beats))
    return tuple(bars)


def _bar(chords: Sequence[Chord | None]) -> Bar:
    return tuple(WrittenChord(chord, len(list(same))) for chord, same in groupby(chords))


def _laid_out(sections: Sequence[Section], form: Form) -> list[Chord | None]:
    """The chord asked for on every beat, worked out apart from ``Progression.spans``."""
    by_letter = {section.letter: section.bars for section in sections}
    bars = list(by_letter.get(None, ()))
    for phrase in form.phrases if not bars else ():
        own = by_letter[phrase.letter]
        bars += [own[bar % len(own)] for bar in range(phrase.length_bars)]
    return [written.chord for bar in bars for written in bar for _ in range(written.beats)]


def _material(song: Song, attribute: str, part: str | None) -> list[object]:
    sheet = getattr(song, attribute)
    chords = [] if part else enumerate(chords_by_beat(sheet.chords, song.meter.bars_to_beats(song.form.length_bars)))
    return [*sheet.melody, *chords]


def _in_one_key(text: str, song: Song) -> Form:
    form = Form.parse(text)
    return form.with_keys([song.form.phrases[0].key] * len(form.phrases))


def _sheet(song: Song) -> LeadSheet:
    assert song.lead_sheet is not None
    return song.lead_sheet
