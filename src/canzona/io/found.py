"""What a reader of files gives: a song, and what is to be said of how it was read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from canzona.song import LeadSheet, Song


@dataclass(frozen=True, slots=True)
class Found:
    """A song out of a file.

    Attributes:
        song: as far as the file tells it.
        left_out: what of the file is not in the song, in words such as ``2 grace notes``.
        remarks: what was taken otherwise than it is written, such as ``2/2 taken as 4/4``.
        form_is_assumed: whether its phrases are none that the file names.
        keys_are_sure: whether its keys are believed: those of Canzona's own files, and those that were heard.
        nameless_tracks: of a file that labels its phrases as Canzona does, but names none of its tracks, what these are called.
    """

    song: Song
    left_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    keys_are_sure: bool = False
    form_is_assumed: bool = False
    nameless_tracks: tuple[str, ...] = ()


def counted(number: int, thing: str) -> str:
    """``1 grace note``, ``2 grace notes``; ``{s}`` is where the plural goes where that is not the end."""
    named = thing if "{s}" in thing else thing + "{s}"
    return f"{number} {named.replace('{s}', '' if number == 1 else 's')}"


def counts(things: Iterable[str]) -> tuple[str, ...]:
    """How many there are of each thing, in the order in which they first come."""
    return tuple(counted(number, thing) for thing, number in Counter(things).items())


def in_one_line(song: Song, remarks: Iterable[str] = (), left_out: Iterable[str] = (), form_is_assumed: bool = False) -> str:
    """``34 bars of 4/4 in C major, 85 bpm, melody 92 notes, 32 chords; left out: 2 grace notes``."""
    sheet = song.lead_sheet or LeadSheet()
    keys = list(dict.fromkeys(str(phrase.key) for phrase in song.form.phrases if phrase.key is not None))
    facts = [
        f"{counted(song.form.length_bars, 'bar')} of {song.meter}" + (f" in {' and '.join(keys)}" if keys else ""),
        f"{song.tempo:.4g} bpm",
        f"melody {counted(len(sheet.melody), 'note')}" if sheet.melody else "no melody",
        counted(len(sheet.chords), "chord") if sheet.chords else "no chords",
        *([f"piano {counted(len(song.accompaniment), 'note')}"] if song.accompaniment else ()),
        f"form {song.form}" + (" assumed" if form_is_assumed else ""),
    ]
    lost = ", ".join(left_out)
    return "; ".join([", ".join(facts), *remarks, *([f"left out: {lost}"] if lost else ())])
