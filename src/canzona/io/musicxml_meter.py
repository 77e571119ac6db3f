"""The metre of a score: what its time signatures mean here, or what its bars' lengths tell."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from canzona.io.musicxml_score import Bar
from canzona.song import STEPS_PER_BEAT, Meter
from canzona.song.time_signatures import KNOWN, meter_of, quarters_of, taken_as


@dataclass(frozen=True, slots=True)
class WrittenMeter:
    """A metre as it is written.

    Attributes:
        meter: that it is here.
        steps_per_written_bar: of a bar of the score, of which several may be one here, or one be several.
        remarks: in what it is taken otherwise than written.
    """

    meter: Meter
    steps_per_written_bar: int
    remarks: tuple[str, ...] = ()


def written_meter(bars: Sequence[Bar]) -> WrittenMeter:
    """The metre of a part.

    Raises:
        ValueError: where it is none of those of ``time_signatures``, or changes, with the bar in which it does.
    """
    given = [(bar.time, number) for number, bar in enumerate(bars, start=1) if bar.time]
    first = given[0][0] if given else _told_by(bars)
    signature = _numbers(first)
    meter = None if signature is None else meter_of(signature)
    if signature is None or meter is None:
        raise ValueError(f"meter: must be {KNOWN}, got {_name(first)}")
    changed = next(((other, number) for other, number in given if not _is_like(_numbers(other), signature)), None)
    if changed is not None:
        raise ValueError(f"meter: must be one throughout, got {_name(first)}, and {_name(changed[0])} from bar {changed[1]}")
    said = taken_as(signature)
    remarks = () if said is None else (said,)
    if not given:
        remarks = (*remarks, f"no metre written, {meter} told by the bars")
    return WrittenMeter(meter, int(quarters_of(signature) * STEPS_PER_BEAT), remarks)


def _is_like(other: tuple[int, int] | None, signature: tuple[int, int]) -> bool:
    """Whether two signatures have bars of the same length that are counted alike."""
    return other is not None and (meter_of(other), quarters_of(other)) == (meter_of(signature), quarters_of(signature))


def _numbers(time: tuple[str, str]) -> tuple[int, int] | None:
    top, bottom = time
    return (int(top), int(bottom)) if top.isdecimal() and bottom.isdecimal() and int(bottom) else None


def _name(time: tuple[str, str]) -> str:
    return "/".join(time)[:20]


def _told_by(bars: Sequence[Bar]) -> tuple[str, str]:
    """The metre that the lengths of most bars tell, where none is written."""
    lengths = Counter(bar.length for bar in bars if bar.length)
    usual = lengths.most_common(1)[0][0] if lengths else Fraction(4)
    return str(usual), "4"
