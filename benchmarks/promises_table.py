"""What a promise's trial gives."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Counted:
    """How often a promise was tried and kept.

    Attributes:
        tried, kept: counts.
        figures: what was measured, in words.
    """

    tried: int
    kept: int
    figures: str = ""
