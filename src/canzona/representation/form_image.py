"""Form ⇄ image: key planes and phrase planes, one frame a bar. ``encode_form`` and ``decode_form`` are inverses."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from canzona.hierarchy.best_path import best_path
from canzona.hierarchy.level import Level
from canzona.song.form import Form, Phrase, PhraseType
from canzona.song.harmony import PITCH_CLASSES, Key, Mode

LONGEST_PHRASE_BARS = 96
"""No phrase is taken to be longer when an image is read; the longest in POP909 has 86 bars."""


USUAL_PHRASE_BARS = 16
"""Hardly a phrase of POP909 is longer."""


@dataclass(frozen=True)
class FormPrior:
    """What is expected of a form before its image is seen, as squared distances that the image must save to say otherwise.

    Attributes:
        key_change: of a change of key between phrases, in pixels (two keys differ by 2 pixels a bar or more).
        phrase: of every phrase, in bars of a phrase plane.
        odd_phrase: likewise, of a phrase that is no multiple of four bars long.
        long_bar: likewise, of every bar of a phrase beyond ``USUAL_PHRASE_BARS``.
    """

    key_change: float = 0.0
    phrase: float = 0.0
    odd_phrase: float = 0.0
    long_bar: float = 0.0

    def phrase_cost(self, length_bars: int) -> float:
        long_bars = max(0, length_bars - USUAL_PHRASE_BARS)
        return (self.phrase if length_bars % 4 == 0 else self.odd_phrase) + self.long_bar * long_bars


EXACT = FormPrior()
"""Nothing is expected: what was encoded comes back."""
POP_SONG = FormPrior(key_change=128.0, phrase=0.3, odd_phrase=1.0, long_bar=0.2)
"""For composed images: nine human songs in ten keep one key, and most phrases have 4, 8 or 16 bars."""


def encode_form(level: Level, form: Form) -> np.ndarray:
    """(bars, planes, rows) values from 0 to 1. A bar without a key has empty key planes.

    A phrase's plane falls linearly from 1 at its first bar towards 0 after its last. Letters are told apart by ``PhraseType``
    only. Two more planes say how many bars of the phrase have gone and how many are left, up to the last row's number.
    """
    image = np.zeros((form.length_bars, len(level.planes), level.rows), dtype=np.float32)
    tonic, scale, place, left = map(level.channel, ("tonic", "scale", "place", "left"))
    for start_bar, phrase in form.spans():
        bars = slice(start_bar, start_bar + phrase.length_bars)
        if phrase.key is not None:
            image[bars, tonic, phrase.key.tonic] = 1
            image[bars, scale, list(phrase.key.scale)] = 1
        image[bars, level.channel(phrase.type.name.lower())] = _ramp(phrase.length_bars)[:, None]
        bar = np.arange(phrase.length_bars)
        for plane, number in ((place, bar), (left, bar[::-1])):
            image[start_bar + bar, plane, np.minimum(number, level.rows - 1)] = 1
    return image


def decode_form(level: Level, image: np.ndarray, prior: FormPrior = EXACT, length_bars: int | None = None) -> Form:
    """Read a form off an image, however blurred: the segmentation with the least squared distance to it.

    Keys tell where the song ends, so a form is sure to come back only where all of its phrases have one or none has.

    Args:
        level: the form level.
        image: (bars, planes, rows) values from 0 to 1; bars after the song's end are near 0.
        prior: what is expected of a form before it is seen; ``EXACT`` for an image that was encoded.
        length_bars: where the form ends, at most the image's length; ``None`` reads that off the image too.

    Returns:
        The form, its letters those of ``PhraseType``. An image that says nothing gives the shortest form: a song has a phrase.
    """
    types = list(PhraseType)
    values = np.stack([image[:, level.channel(phrase_type.name.lower())].mean(-1) for phrase_type in types], axis=-1).astype(
        np.float64
    )
    keys = image[:, [level.channel("tonic"), level.channel("scale")], :PITCH_CLASSES].astype(np.float64)
    sounding = np.clip(keys[:, 1].sum(-1) / 7, 0, 1) if keys.max(initial=0) > 0.5 else np.zeros(len(values))
    bars = len(values)
    longest = min(LONGEST_PHRASE_BARS, bars)

    # distance[start, type, length] = |values − template|² over the phrase, by running sums of v, v·bar and v².
    silence = np.concatenate([[0], (values**2).sum(1).cumsum()])
    after_end = silence[-1] - silence + np.concatenate([(sounding**2)[::-1].cumsum()[::-1], [0]])
    before_end = np.concatenate([[0], ((1 - sounding) ** 2 * (sounding.max(initial=0) > 0)).cumsum()])
    running = np.concatenate([np.zeros((1, len(types))), values.cumsum(0)])
    weighted = np.concatenate([np.zeros((1, len(types))), (values * np.arange(bars)[:, None]).cumsum(0)])

    best = np.full(bars + 1, np.inf)
    best[0] = 0
    came_from: list[tuple[int, int]] = [(0, 0)] * (bars + 1)
    for end in range(1, bars + 1):
        starts = np.arange(max(0, end - longest), end)
        lengths = (end - starts)[:, None]
        plain = running[end] - running[starts]
        placed = weighted[end] - weighted[starts] - starts[:, None] * plain
        overlap = plain - placed / lengths
        template = np.array([_ramp_energy(int(length)) + prior.phrase_cost(int(length)) for length in lengths[:, 0]])[:, None]
        cost = best[starts][:, None] + (silence[end] - silence[starts])[:, None] - 2 * overlap + template
        start, kind = np.unravel_index(int(cost.argmin()), cost.shape)
        best[end] = cost[start, kind]
        came_from[end] = (int(starts[start]), int(kind))

    end = 1 + int((best + before_end + after_end)[1:].argmin()) if length_bars is None else length_bars
    phrases: list[Phrase] = []
    while end > 0:
        start, kind = came_from[end]
        phrases.append(Phrase(types[kind].value, end - start))
        end = start
    form = decode_keys(level, image, Form(tuple(reversed(phrases))), prior)
    keyed = [phrase.key for phrase in form.phrases if phrase.key is not None]
    return form.with_missing_keys(keyed[0]) if keyed else form


def decode_keys(level: Level, image: np.ndarray, form: Form, prior: FormPrior = EXACT) -> Form:
    """The given phrases with keys read off an image of them; ``decode_form`` with the phrases known.

    Args:
        level, image: as in ``decode_form``.
        form: the phrases.
        prior: as in ``decode_form``.

    Returns:
        The form with keys; ``None`` for phrases in whose bars silence is nearer than any key.
    """
    planes = image[:, [level.channel("tonic"), level.channel("scale")], :PITCH_CLASSES].astype(np.float64)
    keys, templates = key_templates()
    distances, silent = [], []
    for start, phrase in form.spans():
        bars = planes[start : start + phrase.length_bars]
        distance = phrase.length_bars * (templates**2).sum((1, 2)) - 2 * (templates * bars.sum(0)).sum((1, 2))
        distances.append(distance)
        silent.append(distance.min() >= 0)
    path = best_path(-np.array(distances), prior.key_change)
    return form.with_keys([None if quiet else keys[key] for quiet, key in zip(silent, path, strict=True)])


def _ramp(length_bars: int) -> np.ndarray:
    return 1 - np.arange(length_bars, dtype=np.float32) / length_bars


@cache
def _ramp_energy(length_bars: int) -> float:
    return float((_ramp(length_bars).astype(np.float64) ** 2).sum())


@cache
def key_templates() -> tuple[tuple[Key, ...], np.ndarray]:
    """Every key, and its (keys, 2, 12) planes."""
    keys = tuple(Key(tonic, mode) for mode in Mode for tonic in range(PITCH_CLASSES))
    templates = np.zeros((len(keys), 2, PITCH_CLASSES))
    for number, key in enumerate(keys):
        templates[number, 0, key.tonic] = 1
        templates[number, 1, list(key.scale)] = 1
    return keys, templates
