"""From the page's words to a ``Request``, as it is stored. It needs PyTorch, so it is done in a process beside the server."""

from collections.abc import Sequence
from typing import Any

from canzona.generation.controls import Likeness, Lock, Repetition, Revision
from canzona.generation.request import Request
from canzona.generation.request_json import drawn_seed, request_to_dict
from canzona.io.song_json import song_from_dict
from canzona.song.excerpt import excerpt
from canzona.song.form import Form
from canzona.song.harmony import Key
from canzona.song.progression import Progression, chart_form
from canzona.song.song import DEFAULT_TEMPO, Song
from canzona.song.timing import Meter
from canzona.studio import wire
from canzona.studio.documents import check_length, lock_from_dict
from canzona.studio.lanes import STRANDS

Values = dict[str, Any]


def composing(body: Values, passages: Sequence[Values]) -> dict[str, Any]:
    """The request for a song that is composed from nothing.

    Args:
        body: a ``wire.Composing``, as plain values.
        passages: the songs that it is to be like, in the order of ``like``, as plain values.

    Raises:
        ValueError: in one line, as ``Request``.
    """
    asked = wire.Composing.model_validate(body)
    meter = Meter() if asked.meter is None else Meter.parse(asked.meter)
    form = None if asked.form is None else Form.parse(asked.form)
    if form is None and asked.chords is not None and asked.bars is None:
        form = chart_form(asked.chords, meter)
    request = Request(
        form=form,
        key=None if asked.key is None else Key.parse(asked.key),
        tempo=DEFAULT_TEMPO if asked.tempo is None else asked.tempo,
        bars=asked.bars,
        **_knobs(asked, meter, passages, None),
    )
    bars = request.bars if request.keyed_form is None else request.keyed_form.length_bars
    if bars is not None:
        check_length(bars, meter, request.tempo)
    return request_to_dict(request)


def recomposing(body: Values, song: Values, locks: Sequence[Values], passages: Sequence[Values]) -> dict[str, Any]:
    """The request for bars of a song that are composed anew.

    Args:
        body: a ``wire.Recomposing``, as plain values.
        song: as it is, as plain values.
        locks: the document's, as plain values.
        passages: as of ``composing``.

    Raises:
        ValueError: in one line, as ``Request``.
    """
    asked = wire.Recomposing.model_validate(body)
    old = song_from_dict(song)
    if not all(phrase.key for phrase in old.form.phrases):
        raise ValueError("key: must be known of every phrase to compose bars anew; say it in the form")
    bars = None
    if asked.bars is not None:
        first, last = asked.bars
        if last < first:
            raise ValueError(f"bars: must go from the first to the last, got {first} to {last}")
        bars = frozenset(range(first - 1, last))
    stays = tuple(
        Lock(strand.value.level.name, strand.value.part, frozenset(lock.bars.bars))
        for lock in map(lock_from_dict, locks)
        for strand in STRANDS[lock.lane]
    )
    revision = Revision(old, asked.level, bars, asked.vary, stays)
    return request_to_dict(Request(revision=revision, **_knobs(asked, old.meter, passages, old)))


def _knobs(
    asked: wire.Composing | wire.Recomposing, meter: Meter, passages: Sequence[Values], before: Song | None
) -> dict[str, Any]:
    """The fields of a request that both kinds of work have in common."""
    return {
        "meter": meter,
        "seed": drawn_seed(before) if asked.seed is None else asked.seed,
        "steps": asked.steps,
        "guidance": asked.guidance,
        "chords": None if asked.chords is None else Progression.parse(asked.chords, meter),
        "repeat": tuple(Repetition(amount, letter) for letter, amount in asked.repeat.items()),
        "like": tuple(_likeness(own, song_from_dict(song)) for own, song in zip(asked.like, passages, strict=True)),
    }


def _likeness(asked: wire.Like, song: Song) -> Likeness:
    from canzona.evaluation.recognition import with_recognised_chords  # late, for its libraries load for seconds

    song = with_recognised_chords(song)
    if asked.bars is not None:
        first, last = asked.bars
        if not first <= last <= song.form.length_bars:
            raise ValueError(f"{asked.control}-like: bars must be within 1 to {song.form.length_bars}, got {first} to {last}")
        song = excerpt(song, first - 1, last)
    return Likeness(asked.control, song, asked.letter)
