"""Parts of a list of work that jobs on several machines share out among themselves without talking to each other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Items = TypeVar("Items", bound=Sequence[object])

MOST_SHARDS = 100_000


@dataclass(frozen=True)
class Shard:
    """One of several runs of neighbouring items, all as long as can be, give or take one.

    Attributes:
        number: which, 1 to ``count``.
        count: how many there are, 1 to ``MOST_SHARDS``.
    """

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count <= MOST_SHARDS:
            raise ValueError(f"shard: must be 1/n to n/n with n at most {MOST_SHARDS}, got {self}")

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """``"2/4"``: the second of four.

        Raises:
            ValueError: for anything else.
        """
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text.strip())
        if found is None:
            raise ValueError(f"shard: must be two whole numbers as in 1/4, the first of four, got {text!r}")
        return cls(int(found[1]), int(found[2]))

    def of(self, items: Items) -> Items:
        """The shard's own items, in order; those of all shards, one after the other, are all items."""
        first, last = ((len(items) * number) // self.count for number in (self.number - 1, self.number))
        return items[first:last]  # type: ignore[return-value]

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"
