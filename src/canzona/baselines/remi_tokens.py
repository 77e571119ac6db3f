"""Songs as REMI tokens (Huang & Yang, *Pop Music Transformer*, arXiv 2002.00212), bar by bar, and back.

A bar is a *header*, which says what the form asks of it, and a *content*: positions in sixteenths, programs, pitches and
durations as MidiTok writes them, without velocities. Three programs share the stream: block chords, then melody,
then piano. A content always names the program of its first note, so that it can be read without the bars before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from canzona.baselines.remi_score import HIGHEST_PITCH, LONGEST_BEATS, LOWEST_PITCH, score_to_song, song_to_score
from canzona.io.midi import PROGRAMS
from canzona.song import STEPS_PER_BEAT, Form, Key, Meter, Mode, PhraseType, Song
from canzona.song.harmony import PITCH_CLASSES

if TYPE_CHECKING:
    from miditok import REMI

MOST_BARS_LEFT = 16
"""Phrases with more bars to come all have the same token."""


@dataclass(frozen=True)
class Header:
    """What the form asks of a bar.

    Attributes:
        type: of the bar's phrase.
        bars_left: of the phrase, this bar included, ``MOST_BARS_LEFT`` at most.
        key: of the phrase.
        starts_phrase: whether it is the phrase's first bar.
    """

    type: PhraseType
    bars_left: int
    key: Key
    starts_phrase: bool


def headers(form: Form) -> list[Header]:
    """One a bar.

    Raises:
        ValueError: where a phrase has no key.
    """
    found = []
    for phrase in form.phrases:
        if phrase.key is None:
            raise ValueError(f"form: every phrase must have a key, got {phrase} without one")
        for bar in range(phrase.length_bars):
            left = min(phrase.length_bars - bar, MOST_BARS_LEFT)
            found.append(Header(phrase.type, left, phrase.key, starts_phrase=bar == 0))
    return found


class RemiTokens:
    """The vocabulary: MidiTok's REMI tokens and those of the headers, numbered from 0."""

    def __init__(self) -> None:
        self.tokenizer = _tokenizer()
        self.ids: dict[str, int] = dict(self.tokenizer.vocab)  # type: ignore[arg-type]
        self.names = sorted(self.ids, key=self.ids.__getitem__)

    def contents(self, song: Song) -> list[list[int]]:
        """The tokens of each bar, without headers; ``song`` is the inverse.

        What they do not say: velocities, the reduced lead sheet, whatever is outside the range of pitch, and lengths beyond
        ``LONGEST_BEATS``.
        """
        bars: list[list[int]] = [[] for _ in range(song.form.length_bars)]
        score = song_to_score(song)
        if not any(track.notes for track in score.tracks):
            return bars
        sequence = self.tokenizer.encode(score)
        assert not isinstance(sequence, list), "all programs share one stream"
        program, number = -1, -1
        for name in map(str, sequence.tokens):
            token, kind = self.ids[name], name.split("_")[0]
            if kind == "Bar":
                number += 1
            elif kind == "Program":
                program = token
                bars[number].append(token)
            elif kind != "TimeSig":
                if kind == "Pitch" and len(bars[number]) == 1:  # a position and no program yet
                    bars[number].append(program)
                bars[number].append(token)
        return bars

    def header(self, header: Header, meter: Meter, opening: bool) -> list[int]:
        """A header's tokens. The ``opening`` bar of what is read at a stretch tells the metre and, always, the key."""
        names = ["Bar_None", f"Phrase_{header.type.value}", f"Left_{header.bars_left}"]
        if opening or header.starts_phrase:
            names.append(f"Key_{header.key and header.key.transposed(0)}")  # as it is usually written
        if opening:
            names.append(f"TimeSig_{meter}")
        return [self.ids[name] for name in names]

    def song(self, contents: Sequence[Sequence[int]], form: Form, meter: Meter, tempo: float) -> Song:
        """The song with these bars, mended as ``score_to_song`` does."""
        start = [self.ids["Bar_None"], self.ids[f"TimeSig_{meter}"]]
        stream = np.array([token for content in contents for token in (*start, *content)])
        return score_to_song(self.tokenizer.decode(stream), form, meter, tempo)


def _tokenizer() -> "REMI":
    from miditok import REMI, TokenizerConfig

    config = TokenizerConfig(
        pitch_range=(LOWEST_PITCH, HIGHEST_PITCH + 1),
        beat_res={(0, LONGEST_BEATS): STEPS_PER_BEAT},
        special_tokens=["PAD"],
        use_velocities=False,
        use_pitchdrum_tokens=False,
        use_programs=True,
        programs=sorted(PROGRAMS.values()),
        program_changes=True,
        use_time_signatures=True,
        time_signature_range={4: list(Meter.ALLOWED)},
    )
    tokenizer = REMI(config)
    keys = [Key(tonic, mode) for mode in Mode for tonic in range(PITCH_CLASSES)]
    for kind, values in (("Phrase", [t.value for t in PhraseType]), ("Left", range(1, MOST_BARS_LEFT + 1)), ("Key", keys)):
        for value in values:
            tokenizer.add_to_vocab(f"{kind}_{value}")
    return tokenizer
