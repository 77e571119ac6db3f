"""How far a control is obeyed, and what is left of the music where it is.

Codes are compared by their cosine. Between *floor*, the code of what is composed without the control, and *ceiling*, the code
of what the encoder's own decoder makes of the code asked for, lies all that a control can bring about; the share of it that is
reached is the normalised figure of arXiv 2405.09901.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from canzona.evaluation.bootstrap import Figure, interval, resamples
from canzona.evaluation.endings import phrase_cadences
from canzona.evaluation.voices import share
from canzona.song.excerpt import excerpt
from canzona.song.form import Form, PhraseType
from canzona.song.harmony import Chord, ChordSpan
from canzona.song.song import LeadSheet, Song


@dataclass(frozen=True)
class Obedience:
    """Cosines with the codes asked for, one a case.

    Attributes:
        obtained: of the codes obtained.
        floor: of the codes of the same songs composed without the control.
        ceiling: of the codes of the encoder's own resampling.
    """

    obtained: tuple[float, ...]
    floor: tuple[float, ...]
    ceiling: tuple[float, ...]


def cosines(asked: NDArray[np.floating], obtained: NDArray[np.floating]) -> NDArray[np.float64]:
    """Row by row the cosine of two sets of codes, shape (rows, width) each; 0 where a code has no direction."""
    first, second = asked.astype(np.float64), obtained.astype(np.float64)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return np.divide((first * second).sum(1), lengths, out=np.zeros(len(first)), where=lengths > 0)


def normalised(cases: Obedience, generator: np.random.Generator) -> Figure:
    """(mean obtained − mean floor) / (mean ceiling − mean floor), with its 95 % interval over cases.

    A case is drawn with all three of its cosines. Resamples with a ceiling that is not above the floor are left out of the
    interval.

    Args:
        cases: one or more.
        generator: of the resamples.

    Raises:
        ValueError: where there are no cases or not as many of each, or the ceiling is not above the floor.
    """
    sizes = {len(cases.obtained), len(cases.floor), len(cases.ceiling)}
    if len(sizes) > 1 or sizes == {0}:
        raise ValueError(f"cases: must be as many of each and one or more, got {', '.join(map(str, sorted(sizes)))}")
    values = np.array([cases.obtained, cases.floor, cases.ceiling])
    obtained, floor, ceiling = values.mean(1)
    if ceiling <= floor:
        raise ValueError(f"ceiling: must be above the floor, {floor:.3f}, got {ceiling:.3f}")
    means = np.concatenate([values[:, drawn].mean(2) for drawn in resamples(values.shape[1], generator)], axis=1)
    obtained_again, floor_again, ceiling_again = means
    room = ceiling_again - floor_again
    low, high = interval((obtained_again - floor_again)[room > 0] / room[room > 0])
    return Figure(float((obtained - floor) / (ceiling - floor)), low, high, values.shape[1])


def chords_by_beat(chords: Iterable[ChordSpan], beats: int) -> list[Chord | None]:
    """The chord on each of so many beats, ``None`` for none; what lies beyond is left out."""
    sounding: list[Chord | None] = [None] * beats
    for span in chords:
        for beat in range(span.start_beat, min(span.end_beat, beats)):
            sounding[beat] = span.chord
    return sounding


def chords_in_key(chords: Iterable[ChordSpan], song: Song) -> float | None:
    """Share of beats with a chord all of whose tones belong to the phrase's key (a minor key: the natural minor).

    ``None`` where there are no chords in a key.
    """
    keys = song.form.keys_by_bar()
    judged = []
    for beat, chord in enumerate(chords_by_beat(chords, song.meter.bars_to_beats(song.form.length_bars))):
        key = keys[song.meter.bar_of_beat(beat)]
        if chord is not None and key is not None:
            judged.append(set(chord.chroma) <= set(key.scale))
    return share(judged)


def same_share(first: Iterable[Hashable], second: Iterable[Hashable]) -> float:
    """How much of two collections is the same, 1 for all: twice what both have, over what each has (Dice); 1 for two empty."""
    one, other = Counter(first), Counter(second)
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 1.0


def closes_on_dominant_and_tonic(song: Song) -> float | None:
    """1 where the last two different roots of a song's last phrase are its key's dominant and tonic, else 0.

    The dominant must not be a minor chord. ``None`` without chords or key.
    """
    if song.lead_sheet is None:
        return None
    bars = song.form.length_bars
    last = excerpt(song, bars - song.form.phrases[-1].length_bars, bars)
    chords = last.lead_sheet.chords if last.lead_sheet is not None else ()
    as_sung = Form((replace(last.form.phrases[0], letter=PhraseType.A.value),))  # cadences of other phrases are not judged
    return phrase_cadences(replace(last, form=as_sung, lead_sheet=LeadSheet((), chords)))


def rises(values: Sequence[float], tolerance: float = 0.0) -> bool:
    """Whether no value is below the one before it by more than ``tolerance``."""
    return all(later >= earlier - tolerance for earlier, later in pairwise(values))
