"""The form before and after it is composed."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from canzona.generation.request import Request
from canzona.generation.settled import KNOWN_KEY_BARS, Settled
from canzona.hierarchy.level import Level
from canzona.representation.form_image import POP_SONG, decode_form, decode_keys, key_templates
from canzona.representation.voices import FIRST_ITEM, HOLD, REST, voices
from canzona.song.excerpt import excerpt
from canzona.song.form import Form, Phrase
from canzona.song.harmony import Key
from canzona.song.song import Song

SHORTEST_SONG_BARS = 12
"""No shorter form is composed where no length is asked for; the shortest song of POP909 has 13 bars."""

LARGEST_EVIDENCE = 100.0
"""Log-odds that settle a question."""


def opening(request: Request) -> Song:
    """The song before anything is composed: with its form, or with what is drawn before a form is composed.

    That is the beginning that is kept; or nothing but the key, in its first bars, or over the length that is asked for.
    """
    form = request.keyed_form()
    if form is not None:
        return Song(form, request.meter, request.tempo)
    song = Song(Form((Phrase("A", request.bars or SHORTEST_SONG_BARS, request.key),)), request.meter, request.tempo)
    for own in request.kept:
        beginning = excerpt(own.song, 0, own.bars or own.song.form.length_bars).form
        left = (request.bars or SHORTEST_SONG_BARS) - beginning.length_bars
        rest = (Phrase("A", left, beginning.phrases[-1].key),) if left > 0 else ()
        song = replace(song, form=Form((*beginning.phrases, *rest)))
    return song


def form_evidence(level: Level, song: Song, request: Request) -> dict[str, NDArray[np.float32]]:
    """What is sure of a form that is composed: its length, or that it is no shorter than a song is, and its home key.

    Args:
        level: the form level.
        song: as ``opening`` gave it, in its home key.
        request: what is asked for.

    Returns:
        Part's name → (bars of the song's form, states) log-odds.
    """
    evidence = {
        part.name: np.zeros((song.form.length_bars, own.shape.states), np.float32)
        for part, own in zip(level.parts, voices(level), strict=True)
    }
    for own in evidence.values():
        own[: request.bars or SHORTEST_SONG_BARS, REST] = -LARGEST_EVIDENCE
    keys, _ = key_templates()
    away = [FIRST_ITEM + number for number, key in enumerate(keys) if key.relative_major != 0]
    of_keys = evidence[level.parts[0].name]
    of_keys[:, HOLD] = -LARGEST_EVIDENCE  # every bar begins a key
    of_keys[:KNOWN_KEY_BARS, away] = -LARGEST_EVIDENCE
    return evidence


def read_form(level: Level, image: np.ndarray, settled: Settled, request: Request) -> Song:
    """The song with the form on ``image``, (bars, planes, rows); what was asked for exactly comes back exactly."""
    song = settled.song
    asked = request.keyed_form()
    if asked is not None:
        composed = decode_keys(level, image, song.form, POP_SONG)
        keys = [phrase.key for phrase in asked.with_keys_from(composed).phrases]
    else:
        kept = _whole_phrases(song, request)
        done = sum(phrase.length_bars for phrase in kept)
        left = None if request.bars is None else request.bars - done
        rest = () if left == 0 else decode_form(level, image[done:], POP_SONG, left).phrases
        composed = Form((*kept, *rest))
        keys = [phrase.key for phrase in composed.phrases]
        keys[0] = request.key or keys[0]
    form = composed.with_keys(keys).with_missing_keys(request.key or Key(0))
    first, *later = (phrase.key or Key(0) for phrase in form.phrases)
    return replace(song, form=form.with_keys([first.transposed(-first.relative_major), *later]))  # it begins at home


def _whole_phrases(song: Song, request: Request) -> tuple[Phrase, ...]:
    """Phrases that end within the beginning that is kept."""
    kept_bars = max((own.bars or 0 for own in request.kept), default=0)
    return tuple(phrase for start_bar, phrase in song.form.spans() if start_bar + phrase.length_bars <= kept_bars)
