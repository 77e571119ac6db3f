"""From passages that a song is to be like to a code for each of its bars."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from canzona.generation.controls import Likeness
from canzona.generation.request import Request
from canzona.hierarchy.extraction import completed
from canzona.hierarchy.level import External, Level
from canzona.representation.encoders import Encoders
from canzona.representation.resampling import voice_evidence
from canzona.representation.structure import NONE
from canzona.representation.views import nearest
from canzona.representation.voices import HOLD, REST, voices
from canzona.song.harmony import Key
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import Meter
from canzona.song.transposition import at_home


@dataclass(frozen=True)
class CodePlan:
    """External codes for one song at one level.

    Attributes:
        codes: (codes, numbers), as ``Encoders.asked`` gives them.
        number: (bars,) which of them a bar is to be like; ``NONE`` for none.
        bar: (bars,) how many bars into that code's passage the bar is.
        weight: (bars,) how strongly, 1 where there is none.
        voice: (codes, steps, 2), as ``voice_evidence`` gives it; ``None`` where the control has no voice.
    """

    codes: NDArray[np.float32]
    number: NDArray[np.int64]
    bar: NDArray[np.int64]
    weight: NDArray[np.float32]
    voice: NDArray[np.float32] | None = None

    def evidence(self, level: Level, meter: Meter) -> dict[str, NDArray[np.float32]]:
        """Part's name → (steps of the song, states) log-odds for the control's voice: of a note that goes on, of onsets."""
        external = level.external
        if self.voice is None or external is None or external.voice is None:
            return {}
        step = self.bar[:, None] * meter.steps_per_bar + np.arange(meter.steps_per_bar)
        chosen = self.voice[np.maximum(self.number, 0)[:, None], step]
        weighed = np.where(self.number == NONE, 0, self.weight)[:, None, None] * chosen
        onset, hold = weighed.reshape(-1, 2).astype(np.float32).T
        evidence = np.repeat(onset[:, None], voices(level)[level.part_number(external.voice)].shape.states, axis=1)
        evidence[:, REST], evidence[:, HOLD] = 0, hold
        return {external.voice: evidence}


def code_plan(level: Level, song: Song, request: Request, encoders: Callable[[], Encoders], weight: float) -> CodePlan | None:
    """The codes that a level is asked for; ``None`` for none.

    A passage is laid from the start of every phrase that is to be like it, and again where it is shorter. One that names a
    phrase's letter goes before one that names none.

    Args:
        level: the level.
        song: with its form.
        request: what is asked for.
        encoders: gives the encoders; called where a code is asked for.
        weight: of a likeness that has none of its own.
    """
    external = level.external
    asked = {
        likeness.letter: likeness for likeness in request.like if external is not None and likeness.control == external.name
    }
    if external is None or not asked:
        return None
    bars = song.form.length_bars
    codes: list[NDArray[np.float32]] = []
    voice: list[NDArray[np.float32]] = []
    number, bar = np.full(bars, NONE, np.int64), np.zeros(bars, np.int64)
    weights = np.ones(bars, np.float32)
    found: dict[tuple[str | None, int], tuple[int, int]] = {}  # passage's letter and semitones → first code and how many
    for start_bar, phrase in song.form.spans():
        likeness = asked.get(phrase.letter, asked.get(None))
        if likeness is None or likeness.weight == 0:
            continue
        shift = _shift(external, likeness, phrase.key)
        place = (likeness.letter, shift)
        if place not in found:
            own_codes, own_voice = _codes(external, likeness, shift, encoders())
            found[place] = (sum(map(len, codes)), len(own_codes))
            codes.append(own_codes)
            voice += [] if own_voice is None else [own_voice]
        first, count = found[place]
        into = np.arange(phrase.length_bars)
        here = slice(start_bar, start_bar + phrase.length_bars)
        number[here] = first + into // external.bars % count
        bar[here] = into % external.bars
        weights[here] = weight if likeness.weight is None else likeness.weight
    if not codes:
        return None
    return CodePlan(np.concatenate(codes), number, bar, weights, np.concatenate(voice) if voice else None)


def _shift(external: External, likeness: Likeness, key: Key | None) -> int:
    """Semitones from home to the phrase's key signature, where the control follows keys and the passage has one."""
    follows = external.follows_key and key is not None and completed(likeness.song).form.phrases[0].key is not None
    return int(nearest(np.array(key.relative_major))) if follows and key is not None else 0


def _codes(
    external: External, likeness: Likeness, shift: int, encoders: Encoders
) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """A code, and its voice's rhythm, for every whole part of the passage of the encoder's length; one where it is shorter.

    The passage is coded in its home key, as those of training are.
    """
    song = at_home(completed(likeness.song))
    if shift and song.lead_sheet is not None:  # a control that follows keys hears chords alone
        chords = tuple(replace(span, chord=span.chord.transposed(shift)) for span in song.lead_sheet.chords)
        song = replace(song, lead_sheet=LeadSheet((), chords), accompaniment=None)
    starts = range(0, max(1, song.form.length_bars - external.bars + 1), external.bars)
    asked = encoders.asked(external, song, starts)
    return asked, voice_evidence(encoders, external, np.ascontiguousarray(asked[:, : external.width]))
