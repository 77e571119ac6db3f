"""The report's examples: the first bars of songs as piano rolls, with phrases, chord names, melody and piano."""

from collections.abc import Mapping
from dataclasses import replace
from html import escape

from canzona.evaluation.evaluation import Evaluation
from canzona.evaluation.report.closeness import Example, Spread, distances, examples
from canzona.evaluation.report.marks import (
    Sign,
    box,
    coordinate,
    figure_text,
    line,
    ordered_systems,
    svg,
    text_width,
    words,
)
from canzona.io.roll_layout import chord_names, phrase_spans, pitch_range
from canzona.song import Note, Song
from canzona.song.excerpt import excerpt
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.spelling import key_name
from canzona.song.timing import beats_to_steps

EXCERPT_BARS = 16
"""How many bars of each example are drawn."""

_LEFT, _WIDTH = 56.0, 1000.0
_OVERVIEW, _PHRASES, _CHORDS, _MELODY, _PIANO, _GAP = 11.0, 17.0, 17.0, 74.0, 118.0, 8.0
_CHORD_SIZE = 10.5
_FURTHEST_METRICS = 3


def spectrum(evaluation: Evaluation, signs: Mapping[str, Sign], spreads: Mapping[str, Spread]) -> str:
    """For every system its closest song to human, the one in the middle and the furthest."""
    parts = []
    for system, songs in ordered_systems(evaluation).items():
        parts.append(f"<h3>{signs[system].key(system)}</h3>")
        parts.extend(_example(system, example, spreads) for example in examples(songs, spreads))
        if not songs:
            parts.append('<p class="caption">No songs.</p>')
    return "".join(parts)


def _example(system: str, example: Example, spreads: Mapping[str, Spread]) -> str:
    song = example.song.song
    key = song.form.phrases[0].key
    facts = [
        escape(example.song.name),
        str(song.form),
        "" if key is None else key_name(key),
        str(song.meter),
        f"♩ = {song.tempo:.4g}",
    ]
    about = " · ".join(filter(None, facts))
    ranked = f"{example.place}, distance {figure_text(example.closeness)}" if example.closeness is not None else "not ranked"
    far = sorted(distances(example.song, spreads).items(), key=lambda pair: -abs(pair[1]))[:_FURTHEST_METRICS]
    reasons = ", ".join(f"{escape(name)} {distance:+.1f}".replace("-", "−") for name, distance in far)
    reasons = f"<small>stands out by {reasons}</small>" if reasons else ""
    caption = f"<figcaption><b>{ranked}</b> {about}<br>{reasons}</figcaption>"
    drawing = _roll(song, f"First bars of {example.song.name} by {system}")
    return f'<figure class="roll">{caption}<div class="scroll" tabindex="0">{drawing}</div></figure>'


def _roll(song: Song, label: str) -> str:
    shown = replace(excerpt(song, 0, min(EXCERPT_BARS, song.form.length_bars)), reduced_lead_sheet=None)
    step_width = (_WIDTH - _LEFT) / song.meter.bars_to_steps(EXCERPT_BARS)
    right = _LEFT + shown.length_steps * step_width
    tops = [_OVERVIEW + _GAP]
    for height in (_PHRASES, _CHORDS, _MELODY, _GAP + _PIANO):
        tops.append(tops[-1] + height)
    phrases, chords, melody, piano, bottom = tops
    piano += _GAP
    parts = [_overview(song)]
    for (start_bar, whole), span in zip(song.form.spans(), phrase_spans(shown), strict=False):
        left, width = _LEFT + span.start_step * step_width, span.length_steps * step_width
        cut = start_bar + whole.length_bars > shown.form.length_bars
        parts.append(box(left, chords, width, bottom - chords, f"p{span.type.value} tint"))
        parts.append(box(left, phrases, width - 1.5, _PHRASES - 2, f"p{span.type.value} solid"))
        parts.append(words(left + 5, phrases + 11.5, f"{whole}{' …' if cut else ''}", "phrase", width - 6, 11))
    for bar in range(shown.form.length_bars):
        x = _LEFT + song.meter.bars_to_steps(bar) * step_width
        parts.append(line(x, chords, x, bottom, "barline") + words(x + 1, bottom + 11, str(bar + 1), "tick"))
    parts.append(_chord_strip(shown, step_width, chords))
    sheet = shown.lead_sheet
    for name, notes, top, height in (
        ("melody", sheet.melody if sheet is not None else None, melody, _MELODY),
        ("piano", shown.accompaniment, piano, _PIANO),
    ):
        parts.append(words(0, top + 9, name, "tick") + _voice(shown, notes, step_width, top, height, right, f"no {name}"))
    return svg(_WIDTH, bottom + 15, "".join(parts), label, "wide")


def _overview(song: Song) -> str:
    """The form of the whole song as a ribbon, the part that is drawn below it marked."""
    scale = (_WIDTH - _LEFT) / song.form.length_bars
    parts = [words(0, 8, "form", "tick")]
    for start_bar, phrase in song.form.spans():
        left, width = _LEFT + start_bar * scale, phrase.length_bars * scale
        parts.append(box(left, 0, width - 1, _OVERVIEW - 2, f"p{phrase.type.value} ribbon"))
        parts.append(words(left + width / 2, 7.8, phrase.letter, "tiny middle"))
    parts.append(box(_LEFT, _OVERVIEW - 1.5, min(EXCERPT_BARS, song.form.length_bars) * scale - 1, 2.2, "shown"))
    return "".join(parts)


def _chord_strip(song: Song, step_width: float, top: float) -> str:
    chords = song.lead_sheet.chords if song.lead_sheet is not None else ()
    names = chord_names(song, chords, step_width, lambda name: text_width(name, _CHORD_SIZE))
    if not chords:
        return words(_LEFT + 4, top + 12, "no chords", "tick")
    ticks = "".join(
        f"M{coordinate(_LEFT + beats_to_steps(span.start_beat) * step_width)} {coordinate(top + 13)}v4" for span in chords
    )
    return f'<path class="chordtick" d="{ticks}"/>' + "".join(
        words(_LEFT + beats_to_steps(span.start_beat) * step_width + 3, top + 12, name, "chord") for span, name in names.items()
    )


def _voice(
    song: Song, notes: tuple[Note, ...] | None, step_width: float, top: float, height: float, right: float, absent: str
) -> str:
    """One voice's notes, in the ink of the phrase in which they start."""
    if not notes:
        return words(_LEFT + 4, top + height / 2, absent, "tick")
    lowest, highest = pitch_range(notes)
    semitone = height / (highest - lowest)
    parts = []
    for pitch in range(0, 128, PITCH_CLASSES):
        if lowest < pitch < highest:
            y = top + (highest - pitch) * semitone
            parts.append(
                line(_LEFT, y, right, y, "grid") + words(_LEFT - 4, y + 3.5, f"C{pitch // PITCH_CLASSES - 1}", "tick end")
            )
    paths: dict[str, list[str]] = {}
    types = [span.type for span in phrase_spans(song) for _ in range(span.length_steps)]
    thickness = coordinate(min(max(0.84 * semitone, 1.6), 5.0))
    for note in notes:
        x, y = _LEFT + note.start_step * step_width, top + (highest - note.pitch) * semitone
        length = note.duration_steps * step_width - 0.7
        path = f"M{coordinate(x)} {coordinate(y)}h{coordinate(length)}"
        paths.setdefault(types[note.start_step].value, []).append(path)
    parts.extend(
        f'<path class="notes p{letter}" stroke-width="{thickness}" d="{"".join(listed)}"/>' for letter, listed in paths.items()
    )
    return "".join(parts)
