"""Figures of one song. Each takes a ``Song`` and nothing else; ``None`` says that a metric does not fit the song.

Pitches are compared by pitch class. Bars are those of the form.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import combinations

from canzona.song.harmony import PITCH_CLASSES, Chord
from canzona.song.notes import Note
from canzona.song.song import Song
from canzona.song.timing import STEPS_PER_BEAT


@dataclass(frozen=True)
class Metric:
    """One figure of a song.

    Attributes:
        name: as in reports.
        meaning: one line.
        measure: Song → figure, or ``None`` where it does not fit.
    """

    name: str
    meaning: str
    measure: Callable[[Song], float | None]


def chord_tones_piano(song: Song) -> float | None:
    """Share of piano onsets on a tone or the bass of the sounding chord, by pitch class; onsets under no chord are left out."""
    return _chord_tones(song, song.accompaniment or ())


def chord_tones_melody(song: Song) -> float | None:
    """Share of melody onsets on tones of the sounding chord."""
    return _chord_tones(song, _melody(song))


def melody_in_key(song: Song) -> float | None:
    """Share of melody notes that belong to the scale of their phrase's key (a minor key: the natural minor)."""
    keys = song.form.keys_by_bar()
    judged = []
    for note in _melody(song):
        key = keys[song.meter.bar_of_step(note.start_step)]
        if key is not None:
            judged.append(note.pitch % PITCH_CLASSES in key.scale)
    return _share(judged)


def bars_without_piano(song: Song) -> float | None:
    """Share of bars in which no piano note starts."""
    if song.accompaniment is None:
        return None
    return 1 - len({song.meter.bar_of_step(note.start_step) for note in song.accompaniment}) / song.form.length_bars


def sung_bars(song: Song) -> float | None:
    """Share of the bars of sung phrases (capital letters) in which melody sounds."""
    if song.lead_sheet is None:
        return None
    sounding = {song.meter.bar_of_step(step) for note in _melody(song) for step in range(note.start_step, note.end_step)}
    return _share(
        bar in sounding
        for start, phrase in song.form.spans()
        if phrase.is_sung
        for bar in range(start, start + phrase.length_bars)
    )


def piano_onsets_per_bar(song: Song) -> float | None:
    return None if song.accompaniment is None else len(song.accompaniment) / song.form.length_bars


def melody_notes_per_sung_bar(song: Song) -> float | None:
    bars = sum(phrase.length_bars for phrase in song.form.phrases if phrase.is_sung)
    return len(_melody(song)) / bars if bars and song.lead_sheet is not None else None


def ends_on_tonic(song: Song) -> float | None:
    """1 where the last chord is rooted on the tonic of the last key, else 0."""
    if song.lead_sheet is None or not song.lead_sheet.chords or song.form.phrases[-1].key is None:
        return None
    return float(song.lead_sheet.chords[-1].chord.root == song.form.phrases[-1].key.tonic)


def returns_melody_same(song: Song) -> float | None:
    """How literally phrases return.

    Mean Dice overlap of melody (onset, pitch class) between bars at the same place of phrases of the same letter.
    """
    return _returns(song, _melody(song), same_letter=True, sung_only=True)


def returns_melody_different(song: Song) -> float | None:
    """The same between sung phrases of different letters: what chance gives."""
    return _returns(song, _melody(song), same_letter=False, sung_only=True)


def returns_piano_same(song: Song) -> float | None:
    return _returns(song, song.accompaniment or (), same_letter=True, sung_only=False)


def returns_piano_different(song: Song) -> float | None:
    return _returns(song, song.accompaniment or (), same_letter=False, sung_only=False)


METRICS = (
    Metric("chord_tones_piano", "piano onsets that are tones of the sounding chord", chord_tones_piano),
    Metric("chord_tones_melody", "melody onsets that are tones of the sounding chord", chord_tones_melody),
    Metric("melody_in_key", "melody notes in the phrase's key", melody_in_key),
    Metric("bars_without_piano", "bars in which no piano note starts", bars_without_piano),
    Metric("sung_bars", "bars of sung phrases with melody", sung_bars),
    Metric("piano_onsets_per_bar", "piano onsets a bar", piano_onsets_per_bar),
    Metric("melody_notes_per_sung_bar", "melody notes a bar of sung phrases", melody_notes_per_sung_bar),
    Metric("ends_on_tonic", "songs whose last chord is the tonic's", ends_on_tonic),
    Metric("returns_melody_same", "melody overlap of phrases of the same letter", returns_melody_same),
    Metric("returns_melody_different", "melody overlap of phrases of different letters", returns_melody_different),
    Metric("returns_piano_same", "piano overlap of phrases of the same letter", returns_piano_same),
    Metric("returns_piano_different", "piano overlap of phrases of different letters", returns_piano_different),
)


def score(song: Song) -> dict[str, float | None]:
    """Every metric of one song, by name."""
    return {metric.name: metric.measure(song) for metric in METRICS}


def _melody(song: Song) -> tuple[Note, ...]:
    return song.lead_sheet.melody if song.lead_sheet is not None else ()


def _chord_tones(song: Song, notes: tuple[Note, ...]) -> float | None:
    sounding: dict[int, Chord] = {}
    for span in song.lead_sheet.chords if song.lead_sheet is not None else ():
        for beat in range(span.start_beat, span.end_beat):
            sounding[beat] = span.chord
    judged = []
    for note in notes:
        chord = sounding.get(note.start_step // STEPS_PER_BEAT)
        if chord is not None:
            judged.append(note.pitch % PITCH_CLASSES in (*chord.chroma, chord.bass))
    return _share(judged)


def _returns(song: Song, notes: tuple[Note, ...], same_letter: bool, sung_only: bool) -> float | None:
    bars: list[set[tuple[int, int]]] = [set() for _ in range(song.form.length_bars)]
    for note in notes:
        bars[song.meter.bar_of_step(note.start_step)].add(
            (note.start_step % song.meter.steps_per_bar, note.pitch % PITCH_CLASSES)
        )
    overlaps = []
    spans = [(start, phrase) for start, phrase in song.form.spans() if phrase.is_sung or not sung_only]
    for (start, phrase), (other_start, other) in combinations(spans, 2):
        if (phrase.letter == other.letter) != same_letter:
            continue
        for place in range(min(phrase.length_bars, other.length_bars)):
            first, second = bars[start + place], bars[other_start + place]
            if first or second:
                overlaps.append(2 * len(first & second) / (len(first) + len(second)))
    return _share(overlaps)


def _share(values: Iterable[float]) -> float | None:
    listed = list(values)
    return sum(listed) / len(listed) if listed else None
