"""What metre events say, read as musicians would: by ``time_signatures``, and a short first bar as an upbeat."""

from dataclasses import dataclass
from itertools import pairwise

from symusic.core import ScoreTick, TempoTick, TempoTickList, TimeSignatureTick, TimeSignatureTickList

from canzona.io.tracks import tempo_changes
from canzona.song.time_signatures import COMPOUND, KNOWN, meter_of, taken_as
from canzona.song.timing import Meter

_MEANINGLESS = (1, 4)
"""What sequencers write that know no metre."""


@dataclass(frozen=True, slots=True)
class WrittenMeter:
    """The metre that events give.

    Attributes:
        meter: 3/4 or 4/4; ``None`` where the events mean nothing.
        first_downbeat: where bar 1 begins, in quarter notes of the file; negative before an upbeat.
        period: quarter notes after which bars may begin: of 2/4 it is unsure which of two bars comes first.
        is_given: whether there is an event at all.
        refusal: why the events cannot be followed; ``None`` where they can.
        remark: what they are taken for otherwise than written; ``None`` for nothing.
    """

    meter: Meter | None
    first_downbeat: float = 0.0
    period: int = 4
    is_given: bool = True
    refusal: str | None = None
    remark: str | None = None


def in_quarters(score: ScoreTick) -> tuple[int, int] | None:
    """Make a file in 6/8 or the like one whose eighths are quarter notes, so that each of its beats is a bar of 3/4.

    No note moves or sounds otherwise. A first bar of another metre may be an upbeat.

    Returns:
        The metre that it was in, such as ``(6, 8)``; ``None`` for a file in another, which stays as it is.
    """
    written = [(event.numerator, event.denominator) for event in sorted(score.time_signatures, key=lambda event: event.time)]
    if len(written) > 1 and written[0] not in COMPOUND and written[0][0] < written[1][0]:
        written = written[1:]
    if not written or score.ticks_per_quarter % 2 or not COMPOUND.keys() >= set(written):
        return None
    meters = [TimeSignatureTick(event.time, event.numerator, max(event.denominator // 2, 1)) for event in score.time_signatures]
    tempos = [TempoTick(tick, mspq=max(microseconds // 2, 1)) for tick, microseconds in tempo_changes(score)]
    score.ticks_per_quarter //= 2
    score.time_signatures = TimeSignatureTickList(meters)
    score.tempos = TempoTickList(tempos)
    return written[0]


def written_meter(score: ScoreTick, last_onset: float) -> WrittenMeter:
    """The metre of the events; what stands before the first of them is 4/4.

    Args:
        score: the file.
        last_onset: of all notes, in quarter notes; events after it count for nothing.
    """
    latest: dict[float, tuple[int, int]] = {}
    for event in sorted(score.time_signatures, key=lambda event: event.time):
        if event.numerator > 0 and event.denominator > 0:
            latest[event.time / score.ticks_per_quarter] = (event.numerator, event.denominator)
    events = [(beat, signature) for beat, signature in sorted(latest.items()) if beat <= last_onset]
    if not events:
        return WrittenMeter(Meter(4), is_given=False)
    if events[0][0] > 0:
        events.insert(0, (0.0, (4, 4)))
    upbeat = 0.0
    if len(events) > 1:
        (start, (top, bottom)), (bar_start, (next_top, next_bottom)) = events[:2]
        if bar_start - start == 4 * top / bottom < 4 * next_top / next_bottom:
            upbeat, events = bar_start - start, [(0.0, events[1][1]), *events[2:]]
    if any(signature == _MEANINGLESS for _, signature in events):
        return WrittenMeter(None)
    first = events[0][1]
    for (_, before), (beat, signature) in pairwise(events):
        if signature != before and meter_of(signature) != meter_of(before):
            return WrittenMeter(None, refusal=_changed(first, signature, beat, upbeat))
    for (start, signature), (end, _) in pairwise(events):
        if signature == (2, 4) and len(events) > 1 and (end - start) % 4:
            return WrittenMeter(None, refusal=_changed(first, signature, start, upbeat))
    meter = meter_of(first)
    if meter is None:
        return WrittenMeter(None, refusal=f"meter: must be {KNOWN}, got {first[0]}/{first[1]}; --meter reads it in another")
    halves = all(signature == (2, 4) for _, signature in events)
    return WrittenMeter(
        meter, upbeat - meter.beats_per_bar if upbeat else 0.0, 2 if halves else meter.beats_per_bar, remark=taken_as(first)
    )


def _changed(first: tuple[int, int], signature: tuple[int, int], beat: float, upbeat: float) -> str:
    bar = int((beat - upbeat) / (4 * first[0] / first[1])) + 1 + (upbeat > 0)
    return (
        f"meter: must be one throughout, 3/4 or 4/4, got {signature[0]}/{signature[1]} in bar {bar}"
        f" after {first[0]}/{first[1]}; --meter reads all in one"
    )
