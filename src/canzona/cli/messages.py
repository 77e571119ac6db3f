"""What commands say: results on stdout, everything else on stderr, and nothing that steers a terminal."""

import json
import sys
import unicodedata
from collections.abc import Mapping

BIDIRECTIONAL = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Signs that turn the direction of writing: a file name may hold them to look like another."""


def printable(text: str) -> str:
    """The text with control signs spelt out, as file names may hold them; line ends stay."""
    return "".join(
        sign if sign == "\n" or (unicodedata.category(sign) != "Cc" and sign not in BIDIRECTIONAL) else repr(sign)[1:-1]
        for sign in text
    )


def note(message: str) -> None:
    """One line on stderr."""
    print("canzona: " + printable(" ".join(message.split())), file=sys.stderr)


def report(facts: Mapping[str, object], as_json: bool, text: str) -> None:
    """One result on stdout, for a program or for a person; signs that a terminal lacks are spelt out."""
    printed = json.dumps(dict(facts)) if as_json else printable(text)
    try:
        print(printed)
    except UnicodeEncodeError:
        print(printed.encode(sys.stdout.encoding, "backslashreplace").decode(sys.stdout.encoding))
