"""What the REMI Transformer learns from: songs as tokens, in several keys, and the windows cut from them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from canzona.baselines.remi_tokens import Header, RemiTokens, headers
from canzona.representation.drawing import TRANSPOSITIONS
from canzona.song.notes import HIGHEST_MELODY_PITCH, LOWEST_MELODY_PITCH, Note
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import Meter

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


def transposed(song: Song, semitones: int) -> Song:
    """Form, lead sheet and accompaniment higher or lower."""
    sheet = song.lead_sheet or LeadSheet()
    chords = tuple(replace(span, chord=span.chord.transposed(semitones)) for span in sheet.chords)
    return replace(
        song,
        form=song.form.transposed(semitones),
        reduced_lead_sheet=None,
        lead_sheet=LeadSheet(_moved(sheet.melody, semitones), chords),
        accompaniment=_moved(song.accompaniment or (), semitones),
    )


def token_songs(songs: Sequence[Song], tokens: RemiTokens, copies: int, generator: np.random.Generator) -> list[TokenSong]:
    """Each song ``copies`` times, each time in another key, as far as its melody stays within a lead sheet's range."""
    found = []
    for song in songs:
        pitches = [note.pitch for note in song.lead_sheet.melody] if song.lead_sheet else []
        low = max(TRANSPOSITIONS.start, LOWEST_MELODY_PITCH - min(pitches, default=60))
        high = min(TRANSPOSITIONS.stop - 1, HIGHEST_MELODY_PITCH - max(pitches, default=60))
        shifts = generator.permutation(range(min(low, 0), max(high, 0) + 1))[:copies]
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


def _moved(notes: Sequence[Note], semitones: int) -> tuple[Note, ...]:
    return tuple(replace(note, pitch=note.pitch + semitones) for note in notes)
