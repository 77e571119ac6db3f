"""The form before it is composed, what of it stays, and how it is read."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from canzona.generation.fixed import Fixed
from canzona.generation.hearing import with_heard_keys
from canzona.generation.request import Request
from canzona.hierarchy.level import Level
from canzona.representation.form_image import POP_SONG, decode_form, decode_keys, key_templates
from canzona.representation.voices import FIRST_ITEM, HOLD, REST, voices
from canzona.song.form import Form, Phrase
from canzona.song.harmony import Key
from canzona.song.song import Song

SHORTEST_SONG_BARS = 12
"""No shorter form is composed where no length is asked for; the shortest song of POP909 has 13 bars."""

KNOWN_KEY_BARS = 4
"""Opening bars of a composed form whose key is settled: that of home."""

LARGEST_EVIDENCE = 100.0
"""Log-odds that settle a question."""


def opening(request: Request) -> Song:
    """The song before anything is composed: with its form, or with what is drawn before a form is composed.

    That is the phrases that are kept, the last of them whole although the music may break off within it; or nothing but the
    key, in its first bars, or over the length that is asked for.
    """
    if request.keyed_form is not None:
        return Song(request.keyed_form, request.meter, request.tempo)
    phrases = _begun(request)
    left = (request.bars or SHORTEST_SONG_BARS) - sum(phrase.length_bars for phrase in phrases)
    rest = (Phrase("A", left, phrases[-1].key if phrases else request.first_key),) if left > 0 else ()
    return Song(Form((*phrases, *rest)), request.meter, request.tempo)


def _begun(request: Request) -> tuple[Phrase, ...]:
    """Phrases that begin in kept music, whole, though not beyond the length that is asked for."""
    phrases = []
    for kept in request.kept:
        for start, phrase in kept.song.form.spans():
            if start < kept.length_bars:
                end = start + phrase.length_bars
                phrases.append(replace(phrase, length_bars=min(end, request.bars or end) - start))
    return tuple(phrases)


def fixed_form(level: Level, song: Song, request: Request) -> Fixed:
    """What stays of the form.

    Args:
        level: the form level, of a keys part and a phrases part.
        song: as ``opening`` gave it.
        request: what is asked for.
    """
    keys, phrases = range(len(level.parts))
    form = request.keyed_form
    mask = np.zeros((len(level.parts), level.bars_to_compose(song.form.length_bars, song.meter)), dtype=bool)
    if form is not None:
        mask[phrases] = True
        mask[keys] = all(phrase.key for phrase in form.phrases)
        return Fixed(song, mask)
    mask[keys, :KNOWN_KEY_BARS] = request.first_key is not None
    for kept in request.kept:
        mask[keys, : kept.length_bars] = True
    mask[phrases, : sum(phrase.length_bars for phrase in _begun(request))] = True
    if request.bars is not None:
        mask[:, request.bars :] = True
        mask[keys] |= request.key is not None
    return Fixed(song, mask)


def form_evidence(level: Level, song: Song, request: Request) -> dict[str, NDArray[np.float32]]:
    """What is sure of a form that is composed: its length, or that it is no shorter than a song is, and its home key.

    Args:
        level: the form level.
        song: as ``opening`` gave it, in its home key.
        request: what is asked for.

    Returns:
        Part's name → (bars to compose, states) log-odds.
    """
    bars = level.bars_to_compose(song.form.length_bars, song.meter)
    evidence = {
        part.name: np.zeros((bars, voice.shape.states), np.float32)
        for part, voice in zip(level.parts, voices(level), strict=True)
    }
    for log_odds in evidence.values():
        log_odds[: request.bars or SHORTEST_SONG_BARS, REST] = -LARGEST_EVIDENCE
    keys, _ = key_templates()
    away = [FIRST_ITEM + number for number, key in enumerate(keys) if key.relative_major != 0]
    of_keys = evidence[level.parts[0].name]
    of_keys[:, HOLD] = -LARGEST_EVIDENCE  # every bar begins a key
    of_keys[:KNOWN_KEY_BARS, away] = -LARGEST_EVIDENCE
    return evidence


def read_form(level: Level, image: np.ndarray, fixed: Fixed, request: Request) -> Song:
    """The song with the form on ``image``, (bars, planes, rows); what was asked for exactly comes back exactly."""
    song, asked = fixed.song, request.keyed_form
    if asked is not None:
        composed = decode_keys(level, image, song.form, POP_SONG)
        keys = [phrase.key for phrase in asked.with_keys_from(composed).phrases]
    else:
        begun = _begun(request)
        done = sum(phrase.length_bars for phrase in begun)
        left = None if request.bars is None else request.bars - done
        rest = () if left == 0 else decode_form(level, image[done:], POP_SONG, left).phrases
        composed = Form((*begun, *rest))
        keys = [phrase.key for phrase in composed.phrases]
        if request.chords is not None and request.key is None:
            keys = [phrase.key for phrase in with_heard_keys(composed.with_keys([None] * len(keys)), request).phrases]
        keys[0] = request.first_key or keys[0]
    form = composed.with_keys(keys).with_missing_keys(request.first_key or Key(0))
    first, *later = (phrase.key or Key(0) for phrase in form.phrases)
    return replace(song, form=form.with_keys([first.transposed(-first.relative_major), *later]))  # it begins at home
