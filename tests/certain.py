"""What a test knows to be there."""

from typing import TypeVar

from canzona.song import Chord

Value = TypeVar("Value")


def sure(value: Value | None) -> Value:
    """The value, which is not ``None``."""
    assert value is not None
    return value


def sure_chord(symbol: str) -> Chord:
    """The chord of a symbol that is one."""
    return sure(Chord.parse(symbol))
