"""Time signatures as musicians take them where a bar has three or four quarter notes: 2/2 is 4/4, two bars of 2/4 are one."""

from fractions import Fraction

from canzona.song.timing import Meter

BEATS_PER_BAR = {(4, 4): 4, (2, 2): 4, (8, 8): 4, (2, 4): 4, (4, 2): 4, (3, 4): 3, (6, 4): 3, (9, 4): 3, (12, 4): 3}
"""Signature → beats of a bar here; its own bars may be several of these, or half of one."""
COMPOUND = {(3, 8): (3, 4), (6, 8): (6, 4), (9, 8): (9, 4), (12, 8): (12, 4)}
"""Signature of three eighths a beat → the same where every eighth is a quarter note: each of its beats is then a bar of 3/4."""
KNOWN = "3/4 or 4/4 (2/2 and 2/4 are taken as 4/4, 6/8 and the like as 3/4)"


def meter_of(signature: tuple[int, int]) -> Meter | None:
    """The metre in which bars of this signature are counted; ``None`` for none."""
    beats = BEATS_PER_BAR.get(COMPOUND.get(signature, signature))
    return None if beats is None else Meter(beats)


def quarters_of(signature: tuple[int, int]) -> Fraction:
    """How long a bar of this signature is, in quarter notes; of a compound one in its eighths, which count as such."""
    top, bottom = COMPOUND.get(signature, signature)
    return Fraction(4 * top, bottom)


def taken_as(signature: tuple[int, int]) -> str | None:
    """What a signature is taken for otherwise than written, as people read it; ``None`` where it is taken as it is."""
    name, meter = "{}/{}".format(*signature), meter_of(signature)
    if meter is None or signature == (meter.beats_per_bar, 4):
        return None
    if signature in COMPOUND:
        return f"{name} taken as bars of {meter}, its eighths as quarter notes"
    if quarters_of(signature) < meter.beats_per_bar:
        return f"two bars of {name} taken as one of {meter}"
    return f"{name} taken as {meter}"
