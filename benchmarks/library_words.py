"""What libraries that are not Python's write to the outputs of the process, past ``sys.stdout`` and ``sys.stderr``."""

import ctypes
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO

OUTPUTS = (1, 2)


@contextmanager
def library_words() -> Iterator[StringIO]:
    """Takes what is written within the block to the process's outputs; it is there when the block is left."""
    words = StringIO()
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(number) for number in OUTPUTS]
    with tempfile.TemporaryFile() as file:
        try:
            for number in OUTPUTS:
                os.dup2(file.fileno(), number)
            yield words
        finally:
            ctypes.CDLL(None).fflush(None)  # what C's library has not written yet
            for number, own in zip(OUTPUTS, kept, strict=True):
                os.dup2(own, number)
                os.close(own)
            file.seek(0)
            words.write(file.read().decode(errors="replace"))
