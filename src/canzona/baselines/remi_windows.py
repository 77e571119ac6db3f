"""What the REMI Transformer learns from: songs as tokens, in several keys, and the windows cut from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from canzona.baselines.remi_tokens import Header, RemiTokens, headers
from canzona.song.notes import HIGHEST_MELODY_PITCH, LOWEST_MELODY_PITCH
from canzona.song.song import Song
from canzona.song.timing import Meter
from canzona.song.transposition import FURTHEST_DOWN, FURTHEST_UP, transposed

UNJUDGED = -100
"""The target where the next token is padding or one that the form gives."""


@dataclass(frozen=True)
class TokenSong:
    """A song as tokens: each bar's header and content."""

    meter: Meter
    headers: list[Header]
    contents: list[list[int]]

    @classmethod
    def of(cls, song: Song, tokens: RemiTokens, semitones: int = 0) -> "TokenSong":
        """A song, transposed."""
        moved = transposed(song, semitones)
        return cls(moved.meter, headers(moved.form), tokens.contents(moved))


def token_songs(songs: Sequence[Song], tokens: RemiTokens, copies: int, generator: np.random.Generator) -> list[TokenSong]:
    """Each song ``copies`` times, each time in another key, as far as its melody stays within a lead sheet's range."""
    found = []
    for song in songs:
        lowest, highest = furthest_shifts(song)
        shifts = generator.permutation(range(lowest, highest + 1))[:copies]
        found.extend(TokenSong.of(song, tokens, int(shift)) for shift in shifts)
    return found


def window(song: TokenSong, start_bar: int, length: int, tokens: RemiTokens) -> tuple[list[int], list[int]]:
    """As many whole bars from ``start_bar`` as fill ``length`` + 1 tokens, the last one cut, or all to the song's end.

    Returns:
        Tokens, and what is to be predicted at each: the next one, or ``UNJUDGED``.
    """
    ids: list[int] = []
    judged: list[bool] = []
    for bar in range(start_bar, len(song.headers)):
        header = tokens.header(song.headers[bar], song.meter, opening=bar == start_bar)
        ids += header + song.contents[bar]
        judged += [True] + [False] * (len(header) - 1) + [True] * len(song.contents[bar])
        if len(ids) > length:
            break
    else:
        ids.append(tokens.ids["Bar_None"])  # the last bar, too, must be seen to end
        judged.append(True)
    ids, judged = ids[: length + 1], judged[: length + 1]
    targets = [number if counts else UNJUDGED for number, counts in zip(ids[1:], judged[1:], strict=True)]
    return ids[:-1], targets


def furthest_shifts(song: Song) -> tuple[int, int]:
    """The furthest transpositions down and up that keep the melody within its range."""
    sheets = (song.lead_sheet, song.reduced_lead_sheet)
    pitches = [note.pitch for sheet in sheets if sheet for note in sheet.melody] or [60]
    lowest = max(-FURTHEST_DOWN, LOWEST_MELODY_PITCH - min(pitches))
    return min(lowest, 0), max(0, min(FURTHEST_UP, HIGHEST_MELODY_PITCH - max(pitches)))
