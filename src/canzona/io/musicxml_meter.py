"""The metre of a score: what its time signatures mean here, or what its bars' lengths tell."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from canzona.io.musicxml_score import Bar
from canzona.song import STEPS_PER_BEAT, Meter

MEANINGS = {"4/4": (4, 4), "3/4": (3, 3), "2/2": (4, 4), "8/8": (4, 4), "2/4": (4, 2)}
"""Time signature → quarter notes of a bar here, and of a bar as it is written."""


@dataclass(frozen=True, slots=True)
class WrittenMeter:
    """A metre as it is written.

    Attributes:
        meter: that it is here.
        steps_per_written_bar: of a bar of the score, of which several may be one here.
        remarks: in what it is taken otherwise than written.
    """

    meter: Meter
    steps_per_written_bar: int
    remarks: tuple[str, ...] = ()


def written_meter(bars: Sequence[Bar]) -> WrittenMeter:
    """The metre of a part.

    Raises:
        ValueError: where it is none of ``MEANINGS``, or changes, with the bar in which it does.
    """
    given = [("/".join(bar.time), number) for number, bar in enumerate(bars, start=1) if bar.time]
    signature, _ = given[0] if given else (_told_by(bars), 1)
    if signature not in MEANINGS:
        raise ValueError(f"meter: must be 4/4 or 3/4 (2/2 and 2/4 are taken as 4/4), got {signature[:20]}")
    beats, written = MEANINGS[signature]
    changed = next(((other, number) for other, number in given if MEANINGS.get(other) != (beats, written)), None)
    if changed is not None:
        raise ValueError(f"meter: must be one throughout, got {signature}, and {changed[0][:20]} from bar {changed[1]}")
    remarks = {
        "2/2": ("2/2 taken as 4/4",),
        "8/8": ("8/8 taken as 4/4",),
        "2/4": ("two bars of 2/4 taken as one of 4/4",),
    }.get(signature, ())
    if not given:
        remarks = (*remarks, f"no metre written, {Meter(beats)} told by the bars")
    return WrittenMeter(Meter(beats), written * STEPS_PER_BEAT, remarks)


def _told_by(bars: Sequence[Bar]) -> str:
    """The metre that the lengths of most bars tell, where none is written."""
    lengths = Counter(bar.length for bar in bars if bar.length)
    usual = lengths.most_common(1)[0][0] if lengths else Fraction(4)
    return f"{usual}/4"
