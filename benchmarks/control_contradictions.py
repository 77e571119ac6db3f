"""Requests that cannot be granted, as a person would type them; each must be told in one line, with status 2."""

from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

from canzona.cli.app import run
from canzona.hierarchy.extraction import extract_levels
from canzona.io.song_json import write_song_file
from canzona.song.form import Form
from canzona.song.harmony import Chord, ChordSpan
from canzona.song.notes import Note
from canzona.song.song import LeadSheet, Song
from canzona.song.timing import Meter

USER_MISTAKE = 2


@dataclass(frozen=True)
class Contradiction:
    """A mistake.

    Attributes:
        title: what is wrong.
        arguments: of the command line.
    """

    title: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What the command line made of a mistake: its exit status and the lines on stderr."""

    status: int
    lines: tuple[str, ...]

    @property
    def is_clear(self) -> bool:
        """Whether it is one line and says that the person can mend it."""
        return self.status == USER_MISTAKE and len(self.lines) == 1 and self.lines[0].startswith("canzona: ")


TABLE = (
    ("chords of 6 bars for a phrase of 8", "compose --form A8B8 --chords 'A: C | G | Am | F | C | G'"),
    ("chords of 6 bars for a song of 16", "compose --form A8B8 --chords 'C | G | Am | F | C | G'"),
    ("unknown chord", "compose --form A8 --chords 'C | Hx7'"),
    ("chords for a letter that the form lacks", "compose --form A8 --chords 'B: C | G'"),
    ("more chords than beats", "compose --form A8 --chords 'C D E F G | C'"),
    ("no chords", "compose --form A8 --chords '|'"),
    ("melody above the range", "compose --melody HIGH"),
    ("lead sheet above the range", "compose --lead-sheet HIGH"),
    ("file of another metre", "compose --lead-sheet WALTZ --meter 4/4"),
    ("prompt of another metre", "compose --prompt WALTZ --prompt-bars 2 --meter 4/4"),
    ("lead sheet longer than the form", "compose --lead-sheet SONG --form A4"),
    ("prompt longer than the form", "compose --prompt SONG --prompt-bars 8 --form A4"),
    ("prompt bars past the end", "compose --prompt SONG --prompt-bars 99"),
    ("prompt without bars", "compose --prompt SONG"),
    ("lead sheet and chords", "compose --lead-sheet SONG --chords 'C | G'"),
    ("lead sheet and melody", "compose --lead-sheet SONG --melody SONG"),
    ("lead sheet in another key", "compose --lead-sheet SONG --key 'F# minor'"),
    ("beats of another metre", "compose --form A8 --meter 3/4 --chords 'C / / G'"),
    ("form shorter than the prompt", "compose --prompt SONG --prompt-bars 8 --bars 4"),
    ("lead sheet and reduced lead sheet", "compose --lead-sheet SONG --reduced SONG"),
    ("level to keep without a file", "compose --level lead-sheet"),
    ("level that is none", "compose --from SONG --level tune"),
    ("length of a form that is given", "compose --form A8 --bars 12"),
    ("passage past the end", "compose --form A8 --texture-like SONG:50-60"),
    ("passage for a letter that the form lacks", "compose --form A8 --rhythm-like SONG@C"),
    ("texture of a song without piano", "compose --form A8 --texture-like BARE"),
    ("passage of another metre", "compose --form A8 --texture-like WALTZ"),
    ("weight without a passage", "compose --form A8 --texture-like-weight 2"),
    ("weight out of range", "compose --form A8 --texture-like SONG --texture-like-weight 11"),
    ("repetition out of range", "compose --form A8A8 --repeat 2"),
    ("repetition of a letter that the form lacks", "compose --form A8A8 --repeat C=1"),
    ("repetition of a letter twice", "compose --form A8A8 --repeat A=1,A=0"),
    ("stored request and an option", "compose --request SONG --form A8"),
    ("song that says no request", "compose --request SONG"),
    ("key that is none", "compose --key 'H major'"),
    ("revised bars past the end", "revise SONG --level lead-sheet --bars 20-24"),
    ("revised phrase that is not there", "revise SONG --level lead-sheet --phrases C"),
    ("revised bars and phrases", "revise SONG --level lead-sheet --bars 1-2 --phrases A"),
    ("revised form", "revise SONG --level form"),
    ("revision further than new", "revise SONG --level lead-sheet --vary 2"),
    ("revision of a song without piano", "revise BARE --level lead-sheet"),
    ("revision with chords that do not fit", "revise SONG --level lead-sheet --chords 'A: C | G | Am'"),
    ("file that is missing", "compose --melody MISSING"),
)
"""What is wrong, and a command line; words in capitals are files."""


def contradictions(folder: Path) -> list[Contradiction]:
    """The table, with its files written to ``folder``."""
    files = {name: str(folder / f"{name.lower()}.json") for name in ("SONG", "WALTZ", "HIGH", "BARE", "MISSING")}
    for name, make in SONGS.items():
        write_song_file(Path(files[name]), make())
    return [Contradiction(title, (*_words(line, files), "-o", str(folder / "out.mid"))) for title, line in TABLE]


def answer(mistake: Contradiction) -> Answer:
    """What the command line says."""
    errors = StringIO()
    with redirect_stderr(errors), redirect_stdout(StringIO()):
        status = run(mistake.arguments)
    return Answer(status, tuple(errors.getvalue().splitlines()))


def _words(line: str, files: Mapping[str, str]) -> list[str]:
    """The words of a command line, those in quotes as one, and names of files in their places."""
    quoted = line.split("'")
    words = [[part] if number % 2 else part.split() for number, part in enumerate(quoted)]
    flat = [word for part in words for word in part]
    for name, path in files.items():
        flat = [path + word.removeprefix(name) if word.split(":")[0].split("@")[0] == name else word for word in flat]
    return flat


def _song(meter: Meter, pitch: int = 60) -> Song:
    """Eight bars of a tune over one chord, with all levels."""
    form = Form.parse("A4B4")
    steps, beats = meter.bars_to_steps(form.length_bars), meter.bars_to_beats(form.length_bars)
    melody = tuple(Note(step, pitch + step % 5, 2) for step in range(0, steps, 4))
    sheet = LeadSheet(melody, (ChordSpan(0, beats, Chord(0, "maj", 0)),))
    piano = tuple(Note(step, 48, 4) for step in range(0, steps, 4))
    return extract_levels(Song(form, meter, lead_sheet=sheet, accompaniment=piano))


SONGS: dict[str, Callable[[], Song]] = {
    "SONG": lambda: _song(Meter(4)),
    "WALTZ": lambda: _song(Meter(3)),
    "HIGH": lambda: _song(Meter(4), pitch=110),
    "BARE": lambda: replace(_song(Meter(4)), accompaniment=None),
}
