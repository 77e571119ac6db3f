"""What a promise's trial gives."""

import os
from dataclasses import dataclass
from pathlib import Path

DATA = Path(os.environ.get("CANZONA_DATA", Path(__file__).parents[2] / "shared" / "data"))
"""Where POP909 lies, which some promises are tried on."""


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
