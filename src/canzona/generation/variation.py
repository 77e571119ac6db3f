"""How far from what was there before: returns after their first appearance, and a revision after its old version.

Both are told in half bars (in 3/4: bars) that come back as they were; the model composes the others around them.
"""

import numpy as np
from numpy.typing import NDArray

from canzona.generation.request import Request
from canzona.hierarchy.level import Level
from canzona.song.form import Form
from canzona.song.song import Song
from canzona.song.timing import Meter

AS_LEARNT = 0.5
"""The amount of repetition that a cascade composes by itself."""


def literal_frames(level: Level, song: Song, request: Request) -> NDArray[np.bool_] | None:
    """(frames,) of a level that are to return literally; ``None`` for none.

    Above ``AS_LEARNT``, a growing share of every phrase from its start, for returns differ in their endings first.
    """
    literal: list[bool] = []
    for phrase in song.form.phrases:
        amount = request.repetition_of(phrase.letter)
        share = 0.0 if amount is None else max(0.0, (amount - AS_LEARNT) / (1 - AS_LEARNT))
        count = phrase.length_bars * _pieces_per_bar(song.meter)
        literal += [place < round(share * count) for place in range(count)]
    return _by_frame(level, song.meter, np.array(literal)) if any(literal) else None


def reference_shares(form: Form, request: Request) -> NDArray[np.float32] | None:
    """(bars,) shares, 0 to 1, of the weight of what earlier phrases say: below ``AS_LEARNT`` in proportion; ``None`` for 1."""
    amounts = [request.repetition_of(phrase.letter) for phrase in form.phrases for _ in range(phrase.length_bars)]
    shares = np.array([1.0 if amount is None else min(1.0, amount / AS_LEARNT) for amount in amounts], np.float32)
    return shares if (shares < 1).any() else None


def unvaried_frames(level: Level, song: Song, request: Request) -> NDArray[np.bool_]:
    """(frames,) of a level of a revision that stay as they were although they lie in its bars.

    Those of a smaller share are also among those of a larger one, as long as the seed is the same.
    """
    pieces_per_bar = _pieces_per_bar(song.meter)
    pieces, revision = np.arange(song.form.length_bars * pieces_per_bar), request.revision
    if revision is None or revision.vary == 1:
        return _by_frame(level, song.meter, np.zeros(len(pieces), dtype=bool))
    ranks = np.random.default_rng(request.seed).permutation(len(pieces))
    bars = range(song.form.length_bars) if revision.bars is None else revision.bars
    chosen = np.isin(pieces // pieces_per_bar, list(bars))
    ranks = np.where(chosen, np.where(chosen, ranks, len(ranks)).argsort().argsort(), len(ranks))  # among the chosen alone
    return _by_frame(level, song.meter, ranks < round((1 - revision.vary) * chosen.sum()))


def _pieces_per_bar(meter: Meter) -> int:
    """Halves of a bar of two or four beats; a bar of three is one piece."""
    return 2 if meter.beats_per_bar % 2 == 0 else 1


def _by_frame(level: Level, meter: Meter, pieces: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.repeat(pieces, level.unit.frames_per_bar(meter) // _pieces_per_bar(meter))
