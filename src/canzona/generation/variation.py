"""How far from what was there before: returns after their first appearance, and a revision after its old version.

Both are told in half bars (in 3/4: bars) that come back as they were; the model composes the others around them.
"""

import numpy as np
from numpy.typing import NDArray

from canzona.generation.request import Request
from canzona.song.form import Form
from canzona.song.timing import Meter

AS_LEARNT = 0.5
"""The amount of repetition that a cascade composes by itself."""


def parts_per_bar(meter: Meter) -> int:
    """Halves of a bar of two or four beats; a bar of three is one piece."""
    return 2 if meter.beats_per_bar % 2 == 0 else 1


def literal_parts(form: Form, meter: Meter, request: Request) -> NDArray[np.bool_] | None:
    """(half bars,) that are to return literally; ``None`` for none.

    Above ``AS_LEARNT``, a growing share of every phrase from its start, for returns differ in their endings first.
    """
    literal: list[bool] = []
    for phrase in form.phrases:
        amount = request.repetition_of(phrase.letter)
        share = 0.0 if amount is None else max(0.0, (amount - AS_LEARNT) / (1 - AS_LEARNT))
        count = phrase.length_bars * parts_per_bar(meter)
        literal += [place < round(share * count) for place in range(count)]
    return np.array(literal) if any(literal) else None


def reference_shares(form: Form, request: Request) -> NDArray[np.float32] | None:
    """(bars,) shares, 0 to 1, of the weight of what earlier phrases say: below ``AS_LEARNT`` in proportion; ``None`` for 1."""
    amounts = [request.repetition_of(phrase.letter) for phrase in form.phrases for _ in range(phrase.length_bars)]
    shares = np.array([1.0 if amount is None else min(1.0, amount / AS_LEARNT) for amount in amounts], np.float32)
    return shares if (shares < 1).any() else None


def unvaried_parts(form: Form, meter: Meter, request: Request) -> NDArray[np.bool_] | None:
    """(half bars,) of a revision that stay as they were although they lie in its bars; ``None`` for none.

    Those of a smaller share are also among those of a larger one, as long as the seed is the same.
    """
    revision = request.revision
    if revision is None or revision.vary == 1:
        return None
    ranks = np.random.default_rng(request.seed).permutation(form.length_bars * parts_per_bar(meter))
    if revision.bars is not None:  # ranks among the chosen bars alone
        chosen = np.isin(np.arange(len(ranks)) // parts_per_bar(meter), sorted(revision.bars))
        ranks = np.where(chosen, np.where(chosen, ranks, len(ranks)).argsort().argsort(), len(ranks))
        return ranks < round((1 - revision.vary) * chosen.sum())
    return ranks < round((1 - revision.vary) * len(ranks))
