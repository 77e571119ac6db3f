"""The baseline "REMI Transformer with phrase labels" of arXiv 2405.09901: a language model that is told the form as it goes.

The form's phrases and keys are written into the stream before each bar, whose notes are then sampled. The network sees about
thirteen bars back; when they fill its context, the earliest are dropped and reading starts anew at a bar line.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch

from canzona.baselines.remi_grammar import BarState, Grammar
from canzona.baselines.remi_model import RemiModel, load_model
from canzona.baselines.remi_tokens import headers
from canzona.generation.dynamics import with_dynamics
from canzona.generation.request import Request
from canzona.generation.request_json import request_to_dict
from canzona.song.song import Song
from canzona.version import __version__

if TYPE_CHECKING:
    from transformers import DynamicCache

KEPT_CONTEXT = 0.6
"""Share of the context that is read again when it is full."""

LONGEST_BAR = 1 / 4
"""Share of the context that a bar may have, 256 tokens of 1,024; it is ended there. No training bar is that long."""


@dataclass(frozen=True)
class RemiSampling:
    """How tokens are drawn."""

    temperature: float = 1.0  # divides the log-odds; less than 1 makes the likely likelier
    top_p: float = 0.95  # only the likeliest tokens that together have this probability

    def __post_init__(self) -> None:
        if not self.temperature > 0:
            raise ValueError(f"temperature: must be more than 0, got {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p: must be more than 0 and at most 1, got {self.top_p}")

    def draw(self, logits: np.ndarray, generator: np.random.Generator) -> int:
        """A token, given the log-odds of each, (tokens,); those at minus infinity are never drawn."""
        order = np.argsort(-logits, kind="stable")
        weights = np.exp((logits[order] - logits[order[0]]) / self.temperature)
        total = np.cumsum(weights / weights.sum())
        chance = generator.random() * total[np.searchsorted(total, self.top_p).clip(max=len(total) - 1)]
        return int(order[np.searchsorted(total, chance, side="right").clip(max=np.count_nonzero(weights) - 1)])


def load(folder: Path) -> RemiModel:
    """The model that a training run left in ``folder``.

    Raises:
        ValueError, OSError: as ``load_model``.
    """
    return load_model(folder)


def compose_many(model: RemiModel, requests: Sequence[Request], sampling: RemiSampling | None = None) -> Iterator[Song]:
    """Songs of the forms and keys asked for, one by one: several at once are hardly quicker on a CPU, and round differently.

    Raises:
        ValueError: where a request has no form or not all of its keys.
    """
    sampling = sampling or RemiSampling()
    grammar = Grammar(model.tokens)
    for request in requests:
        writer = _Writer(request, model, grammar, sampling)
        _write(model, writer)
        song = model.tokens.song(writer.contents, writer.form, request.meter, request.tempo)
        provenance = {
            "canzona": __version__,
            "system": "remi",
            "request": request_to_dict(request),
            "sampling": dict(vars(sampling)),
            "training": model.training,
        }
        yield replace(with_dynamics(song), provenance=MappingProxyType(provenance))


class _Writer:
    """One song being written, token by token."""

    def __init__(self, request: Request, model: RemiModel, grammar: Grammar, sampling: RemiSampling) -> None:
        self.request, self.form = request, request.given_form()
        self.contents: list[list[int]] = [[]]
        self.finished = False
        self._headers, self._tokens, self._grammar, self._sampling = headers(self.form), model.tokens, grammar, sampling
        self._new_bar = model.tokens.ids["Bar_None"]
        self._longest_bar = int(LONGEST_BAR * model.config.context)
        self._forced: list[int] = []
        self._state = BarState()
        self._generator = np.random.default_rng(request.seed)

    def window(self, longest: int) -> list[int]:
        """The latest bars, as many as fit, as if reading started there, and the whole of the last one's header."""
        self._forced = []
        last = len(self.contents) - 1
        window = self._bar(last, opening=True)
        later: list[int] = self._bar(last, opening=False)
        for bar in reversed(range(last)):
            candidate = self._bar(bar, opening=True) + later
            if len(candidate) > longest:
                break
            window, later = candidate, self._bar(bar, opening=False) + later
        return window

    def write(self, logits: np.ndarray) -> int:
        """The next token: what the form dictates, else one drawn by its log-odds, (tokens,)."""
        if self._forced:
            return self._forced.pop(0)
        closing = len(self.contents[-1]) >= self._longest_bar
        allowed = self._grammar.allowed(self._state, self.request.meter, closing)
        token = self._sampling.draw(np.where(allowed, logits, -np.inf), self._generator)
        if token != self._new_bar:
            self._state = self._grammar.after(self._state, token)
            self.contents[-1].append(token)
        elif len(self.contents) == len(self._headers):
            self.finished = True
        else:
            self.contents.append([])
            self._state = BarState()
            self._forced = self._header(len(self.contents) - 1, opening=False)[1:]
        return token

    def _bar(self, bar: int, opening: bool) -> list[int]:
        return self._header(bar, opening) + self.contents[bar]

    def _header(self, bar: int, opening: bool) -> list[int]:
        return self._tokens.header(self._headers[bar], self.request.meter, opening)


@torch.inference_mode()
def _write(model: RemiModel, writer: _Writer) -> None:
    """Have a song written to its end."""
    from transformers import DynamicCache

    context = model.config.context
    while not writer.finished:
        tokens, seen, cache = writer.window(int(KEPT_CONTEXT * context)), 0, DynamicCache()
        while seen + len(tokens) <= context and not writer.finished:
            logits = _read(model, tokens, cache)
            seen += len(tokens)
            tokens = [writer.write(logits)]


def _read(model: RemiModel, tokens: Sequence[int], cache: "DynamicCache") -> np.ndarray:
    """Log-odds, (vocabulary,), of what follows the last of ``tokens``; ``cache`` remembers those before, and then these too."""
    outcome = model.network(input_ids=torch.tensor([tokens]), cache=cache, use_cache=True, logits_to_keep=1)
    assert outcome.logits is not None
    return outcome.logits[0, -1].float().numpy().astype(np.float64)
