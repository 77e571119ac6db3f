"""A double-blind listening test: which excerpts of several systems are heard together, and under which random names.

Criteria and scale are those of the published test (arXiv 2405.09901, section 5). ``page`` makes the page of it, and
``scores`` reads what listeners answered.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from canzona.song import Song
from canzona.song.excerpt import excerpt

LOWEST_RATING, HIGHEST_RATING = 1, 5
KEY_COLUMNS = ("id", "piece", "system", "song")
"""Of the file that says what each excerpt is, which listeners must not see."""

_LONGEST_SHORT_EXCERPT_BARS = 8
_ID_LETTERS, _ID_LENGTH = tuple("bcdfghjkmnpqrstvwxz23456789"), 7  # no vowels, so no words


@dataclass(frozen=True, slots=True)
class Criterion:
    """What listeners judge from 1 to 5: its name in files, the question, and what 1 and 5 mean."""

    name: str
    question: str
    lowest: str
    highest: str


CREATIVITY = Criterion("creativity", "How inventive is the music?", "nothing new", "very inventive")
NATURALNESS = Criterion("naturalness", "Could a person have written it?", "surely a machine", "surely a person")
MUSICALITY = Criterion("musicality", "How good is it as music?", "very poor", "very good")
BOUNDARY_CLARITY = Criterion("boundary_clarity", "Can you hear where phrases begin and end?", "not at all", "very clearly")
PHRASE_SIMILARITY = Criterion("phrase_similarity", "Do phrases come back so that you know them again?", "never", "very clearly")
SHORT_CRITERIA = (CREATIVITY, NATURALNESS, MUSICALITY)
"""Of excerpts of up to 8 bars."""
LONG_CRITERIA = (NATURALNESS, MUSICALITY, BOUNDARY_CLARITY, PHRASE_SIMILARITY)
"""Of longer excerpts."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """What one listener hears at one press of a button.

    Attributes:
        id: random name, all that a listener sees.
        piece: number, from 1, of the group that is heard together: one excerpt of each system.
        system: who wrote it.
        song_name: of which song of that system it is.
        song: the excerpt itself.
    """

    id: str
    piece: int
    system: str
    song_name: str
    song: Song


@dataclass(frozen=True, slots=True)
class ListeningTest:
    """A planned test.

    Attributes:
        id: random name of the test; with the listener's name it decides the order in which that listener hears the excerpts.
        pieces: for each piece one excerpt of every system, both in random order.
        criteria: what is asked of each excerpt.
        paired: whether the excerpts of a piece are of songs of the same name, thus of the same form and key.
        left_out: how many songs of all systems were too short, or had no counterpart in every other system.
    """

    id: str
    pieces: tuple[tuple[Excerpt, ...], ...]
    criteria: tuple[Criterion, ...]
    paired: bool
    left_out: int


def excerpt_of(song: Song, bars: int, start_bar: int | None = None) -> Song | None:
    """So many bars from ``start_bar`` (from 0) on, or else from the first sung phrase; ``None`` where the song is too short."""
    if start_bar is None:
        start_bar = next((bar for bar, phrase in song.form.spans() if phrase.is_sung), 0)
    return excerpt(song, start_bar, start_bar + bars) if start_bar + bars <= song.form.length_bars else None


def plan_test(
    systems: Mapping[str, Mapping[str, Song]],
    bars: int,
    generator: np.random.Generator,
    pieces: int | None = None,
    start_bar: int | None = None,
) -> ListeningTest:
    """Choose songs, name their excerpts and put them in random order.

    Songs are paired by name where any name occurs in all systems, and then only such songs are used; else each system's songs
    are drawn on their own.

    Args:
        systems: system → name of song → song.
        bars: length of an excerpt.
        generator: decides everything random.
        pieces: how many excerpts of each system, drawn from those that are long enough; default: as many as there are.
        start_bar: as for ``excerpt_of``.

    Raises:
        ValueError: where there is no system, or there are fewer than ``pieces`` songs, or none, that are long enough.
    """
    if not systems:
        raise ValueError("systems: must be at least one, got none")
    cut = {
        system: {name: excerpt_of(song, bars, start_bar) for name, song in songs.items()} for system, songs in systems.items()
    }
    excerpts = {system: {name: song for name, song in songs.items() if song is not None} for system, songs in cut.items()}
    paired = bool(set.intersection(*(set(songs) for songs in systems.values())))
    names = {system: sorted(songs) for system, songs in excerpts.items()}
    if paired:
        shared = sorted(set.intersection(*(set(named) for named in names.values())))
        order = generator.permutation(len(shared))
        drawn = {system: [shared[place] for place in order] for system in names}
    else:
        drawn = {
            system: [named[place] for place in generator.permutation(len(named))] for system, named in sorted(names.items())
        }
    available = min(len(songs) for songs in drawn.values())
    if available < (pieces or 1):
        wanted = f"at least {pieces or 1} of {bars} bars" + (" under the same names" if paired else "") + " in each system"
        raise ValueError(f"songs: must be {wanted}, got {available}")
    count = pieces or available
    ids = _ids(generator, repr(sorted((system, sorted(songs.items())) for system, songs in excerpts.items())))
    planned = []
    for piece in range(count):
        order = [sorted(systems)[place] for place in generator.permutation(len(systems))]
        of_piece = ((system, drawn[system][piece]) for system in order)
        planned.append(tuple(Excerpt(next(ids), piece + 1, system, name, excerpts[system][name]) for system, name in of_piece))
    criteria = SHORT_CRITERIA if bars <= _LONGEST_SHORT_EXCERPT_BARS else LONG_CRITERIA
    left_out = sum(len(songs) - available for songs in systems.values())
    return ListeningTest(next(ids), tuple(planned), criteria, paired, left_out)


def _ids(generator: np.random.Generator, content: str) -> Iterator[str]:
    """Random names, no two alike; tests of other content have others, whatever the seed, so that no key fits another test."""
    entropy = [int(generator.integers(2**63)), *hashlib.sha256(content.encode()).digest()]
    letters, given = np.random.default_rng(entropy), set[str]()
    while True:
        name = "".join(letters.choice(_ID_LETTERS, _ID_LENGTH))
        if name not in given:
            given.add(name)
            yield name


def key_csv(test: ListeningTest) -> bytes:
    """What each id is; to be kept from listeners until all have answered."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(KEY_COLUMNS)
    excerpts = sorted((one for piece in test.pieces for one in piece), key=lambda one: one.id)
    writer.writerows((one.id, one.piece, inert(one.system), inert(one.song_name)) for one in excerpts)
    return text.getvalue().encode()


def inert(name: str) -> str:
    """A name as a cell of text for spreadsheets, which take what begins like a formula for one; the inverse of ``named``."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r", "'")) else name


def named(cell: str) -> str:
    """The name in a cell; the inverse of ``inert``."""
    return cell.removeprefix("'")
