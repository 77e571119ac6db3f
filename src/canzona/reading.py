"""The reading room: any song that people bring, by its file's ending, and what is to be said of how it was read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from canzona.hierarchy.analysis import contradicted_keys, phrase_keys
from canzona.io.files import read_bytes
from canzona.io.found import Found, counted, in_one_line
from canzona.io.musicxml_reading import musicxml_to_song
from canzona.io.seconds_json import SECONDS
from canzona.io.song_json import song_from_json
from canzona.song.song import LeadSheet, Song

if TYPE_CHECKING:
    from canzona.transcription import Analysis, AnalysisOptions

    Hearing = Callable[[tuple[bytes, AnalysisOptions]], Analysis]
    """The contents of a MIDI file, and what is known of it → the song that is heard in it."""

MIDI_FILES, SCORES = (".mid", ".midi", ".kar", ".rmi"), (".musicxml", ".mxl", ".xml")
"""Endings of files of MIDI and of MusicXML."""

BESIDE_SONGS = (SECONDS, "report.json", "report.html")
"""Files of a folder of songs that are none: how long each took to compose, and what was measured of them."""
HEARD = "heard"
"""What ``provenance["form"]`` says of a song whose phrases were found in its notes."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A file that was read.

    Attributes:
        path: the file.
        song: all that was understood, with its keys.
        left_out: what of the file is not in the song, in words such as ``2 grace notes``.
        remarks: what was taken otherwise than it is written, or assumed.
        form_is_assumed: whether the song's phrases are none that the file names.
        nameless_tracks: of a file that labels its phrases as Canzona does, but names none of its tracks, what these are called.
    """

    path: Path
    song: Song
    left_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    form_is_assumed: bool = False
    nameless_tracks: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line, such as ``read lead.mxl: 34 bars of 4/4 in C major, 85 bpm, melody 92 notes, 32 chords, form A8B8``."""
        return f"read {self.path}: {in_one_line(self.song, self.remarks, self.left_out, self.form_is_assumed)}"

    def facts(self) -> dict[str, object]:
        """The same for a program."""
        song, sheet = self.song, self.song.lead_sheet or LeadSheet()
        return {
            "file": str(self.path),
            "bars": song.form.length_bars,
            "form": str(song.form),
            "form_is_assumed": self.form_is_assumed,
            "meter": str(song.meter),
            "tempo": song.tempo,
            "keys": [phrase.key and str(phrase.key) for phrase in song.form.phrases],
            "melody_notes": len(sheet.melody),
            "chords": len(sheet.chords),
            "piano_notes": len(song.accompaniment or ()),
            "left_out": list(self.left_out),
            "remarks": list(self.remarks),
        }


def read(path: str | Path) -> Song:
    """A song from any file that holds one: ``.json``, MIDI or MusicXML; the inverse of ``Song.save``.

    Keys that the file does not say are heard. ``read_music`` also tells what was left out.

    Raises:
        ValueError: in one line with the file's name, where it cannot be understood, or is too large.
        OSError: where it cannot be read.
    """
    return read_music(path).song


def read_music(path: str | Path, strict: bool = False, hear: "Hearing | None" = None) -> Reading:
    """A song from any file, and what is to be said of how it was read.

    Args:
        path: whose ending says what it is.
        strict: whether a file is refused of which anything would be left out.
        hear: what parses and hears MIDI files; ``None`` for ``midi_to_analysis`` in this process.

    Raises:
        ValueError, OSError: as ``read``.
    """
    file = Path(path)
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        *others, last = READERS
        raise ValueError(f"must end in {', '.join(others)} or {last}, got {str(file)!r}")
    data = read_bytes(file)
    try:
        found = reader(data, hear)
        if strict and found.left_out:
            raise ValueError(f"must be read whole, would leave out {', '.join(found.left_out)}")
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    song = _with_keys(found.song)
    sheet = None if found.keys_are_sure else song.lead_sheet
    heard = sheet and contradicted_keys(song.form, sheet, song.meter)
    remarks = found.remarks
    if heard is not None:
        first, other = song.form.phrases[0].key, heard.phrases[0].key
        remarks = (*remarks, f"the signature of {first} is not believed, for the notes are in {other}")
        song = replace(song, form=heard)
    return Reading(file, song, found.left_out, remarks, found.form_is_assumed, found.nameless_tracks)


def songs_in(folder: Path) -> dict[str, Path]:
    """The files of songs in a folder, by name without ending; of files of one name, that whose reader comes first."""
    endings = list(READERS)
    songs = [path for path in folder.iterdir() if path.suffix.lower() in endings and path.name not in BESIDE_SONGS]
    songs.sort(key=lambda path: (endings.index(path.suffix.lower()), path.name), reverse=True)
    return dict(sorted({path.stem: path for path in songs if path.is_file()}.items()))


def summary(folder: Path, readings: Iterable[Reading]) -> str:
    """One line for a folder, such as ``read songs: 46 songs; left out in 2: 3 grace notes; passed over: more/``.

    It also tells of how many the phrases are assumed: nothing that needs phrases is measured of these.
    """
    read, songs = list(readings), songs_in(folder)
    lossy = [own for own in read if own.left_out]
    what = dict.fromkeys(thing for own in lossy for thing in own.left_out)
    visible = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".") and path.name not in BESIDE_SONGS]
    others = [f"{path.name}/" if path.is_dir() else path.name for path in visible if path.is_dir() or path.stem not in songs]
    said = f"; left out in {len(lossy)}: {_first(what)}" if lossy else ""
    assumed = sum(own.form_is_assumed for own in read)
    said = (f", of {assumed} of which the phrases are assumed" if assumed else "") + said
    return f"read {folder}: {counted(len(read), 'song')}{said}" + (f"; passed over: {_first(others)}" if others else "")


def _first(things: Iterable[str]) -> str:
    """The first few of several things."""
    named = list(things)
    return ", ".join(named[:5]) + (" …" if len(named) > 5 else "")


def _json(data: bytes) -> Found:
    song = song_from_json(data)
    return Found(song, keys_are_sure=True, form_is_assumed=song.provenance.get("form") == HEARD)


def _midi(data: bytes, hear: "Hearing | None") -> Found:
    """A MIDI file, parsed nowhere else than where it is heard: of Canzona's own if it is one, else as it is heard."""
    from canzona.transcription import AnalysisOptions  # late: what listens takes half a second to load
    from canzona.transcription.analysis import midi_to_analysis_with

    analysis = (hear or midi_to_analysis_with)((data, AnalysisOptions()))
    return Found(analysis.song, analysis.left_out, analysis.remarks, True, analysis.form_is_heard, analysis.nameless_tracks)


def _with_keys(song: Song) -> Song:
    if song.lead_sheet is None or all(phrase.key for phrase in song.form.phrases):
        return song
    return replace(song, form=song.form.with_keys_from(phrase_keys(song.form, song.lead_sheet, song.meter)))


READERS: "dict[str, Callable[[bytes, Hearing | None], Found]]" = {
    ".json": lambda data, _: _json(data),
    **dict.fromkeys(MIDI_FILES, _midi),
    **dict.fromkeys(SCORES, lambda data, _: musicxml_to_song(data)),
}
"""Ending → reader of the contents, which is told what hears strangers' MIDI."""
