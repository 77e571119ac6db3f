"""Damaged weight files: other bytes, and tensors that no network of Canzona's has, in files that are whole otherwise."""

import json
from collections.abc import Callable
from random import Random

Damage = Callable[[bytearray, Random], None]


def _flip(data: bytearray, generator: Random) -> None:
    data[generator.randrange(len(data))] ^= 1 << generator.randrange(8)


def _cut(data: bytearray, generator: Random) -> None:
    del data[generator.randrange(len(data)) :]


def _insert(data: bytearray, generator: Random) -> None:
    spot = generator.randrange(len(data))
    data[spot:spot] = b"\0"


def _pickle(data: bytearray, _: Random) -> None:
    data[:] = b"\x80\x04\x95" + data[:100]


def _not_a_number(data: bytearray, generator: Random) -> None:
    """All bits set in one number of a tensor, which is NaN in every floating type."""
    header, start = _header(data)
    tensor = header[generator.choice([name for name in header if name != "__metadata__"])]
    first, end = (start + offset for offset in tensor["data_offsets"])
    size = {"F32": 4, "F16": 2, "BF16": 2}[tensor["dtype"]]
    spot = first + size * generator.randrange((end - first) // size)
    data[spot : spot + size] = b"\xff" * size


def _reshape(data: bytearray, generator: Random) -> None:
    """A tensor of as many numbers in another shape."""
    header, start = _header(data)
    tensor = header[generator.choice([name for name in header if name != "__metadata__"])]
    tensor["shape"] = [1, *tensor["shape"]]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    data[:start] = len(text).to_bytes(8, "little") + text


def _header(data: bytearray) -> tuple[dict, int]:
    """What a safetensors file says of its tensors, and where their numbers begin."""
    start = 8 + int.from_bytes(data[:8], "little")
    return json.loads(data[8:start]), start


DAMAGE: tuple[Damage, ...] = (_flip, _cut, _insert)
"""What a checksum tells."""
MARRED: tuple[Damage, ...] = (_pickle, _cut, _not_a_number, _reshape)
"""What the file itself tells, whatever its checksum."""
