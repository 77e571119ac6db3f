"""Whether scores are right: songs written as MusicXML, and what the schema, music21, MuseScore and Verovio make of them.

    python benchmarks/scores.py [FOLDER] [--data dataset.npz] [--shard 1/4]

prints a table with a row a check: of the songs of a folder, of the validation songs of a data set, or of both. Needs lxml,
music21, the package musicxml for its copy of the schema, and Verovio; MuseScore where the command is found.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import lxml.etree as etree
import verovio
from music21 import converter, harmony
from music21.chord import Chord
from music21.note import Note as SoundingNote
from music21.stream import Score

from canzona.cli.common import read_data
from canzona.io.engraving import song_to_score_pdf
from canzona.io.musicxml_reading import musicxml_to_song
from canzona.io.musicxml_writing import TRANSPOSITIONS, Lengths, ScoreOptions, ScorePart, song_to_musicxml
from canzona.reading import read, songs_in
from canzona.shard import Shard
from canzona.song import LeadSheet, Note, Song
from canzona.song.harmony import chord_changes
from canzona.song.notes import one_voice, struck
from canzona.training.dataset import first_labellings
from library_words import library_words

MUSESCORES = ("mscore", "musescore", "musescore3", "mscore3")
Heard = list[tuple[Fraction, Fraction, int]]
HeardChord = tuple[Fraction, int | None, int | None, frozenset[int]]
_XML = "http://www.w3.org/2001/XMLSchema"


def main() -> None:
    """Parse the options and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--data", type=Path)
    parser.add_argument(
        "--shard", type=Shard.parse, default=Shard(), help="part of the songs, as 1/4: counts of all parts add up"
    )
    parser.add_argument("--musescore-songs", type=int, default=1000)
    options = parser.parse_args()
    songs = {name: read(path) for name, path in songs_in(options.folder).items()} if options.folder else {}
    if options.data:
        prepared = first_labellings(item for item in read_data(options.data) if item.is_validation)
        songs |= {f"validation {item.number:03d}": item.song for item in prepared}
    songs = dict(options.shard.of(list(songs.items())))
    if not songs:
        parser.error("no songs: a folder with some, or a data set, must be given")
    warnings.simplefilter("ignore")
    valid, program = schema(), next(filter(None, map(shutil.which, MUSESCORES)), None)
    wrong: dict[str, list[str]] = {}
    tried: Counter[str] = Counter()
    slowest = 0.0
    with suppress(KeyboardInterrupt):  # what has been reached is told
        for number, (name, song) in enumerate(songs.items()):
            started = time.process_time()
            data = song_to_musicxml(song, ScoreOptions(title=name, composer="Canzona"))
            slowest = max(slowest, (time.process_time() - started) * 96 / song.form.length_bars)
            page = song_to_musicxml(song, ScoreOptions(title=name, composer="Canzona", lengths=Lengths.LEGIBLE))
            checks = {
                "valid by the schema": lambda files=(data, page): all(valid.validate(etree.fromstring(own)) for own in files),
                "music21 hears the same notes": lambda song=song, data=data: heard(data) == expected(song),
                "music21 hears the same chords": lambda song=song, data=data: heard_chords(data) == expected_chords(song),
                "read back, the same lead sheet": lambda song=song, data=data: read_back(song, data),
                "Verovio without a word": lambda files=(data, page): not any(map(engraver_words, files)),
            }
            for instrument in TRANSPOSITIONS.keys() - {"concert"}:
                checks[f"the same notes for an instrument in {instrument}"] = lambda song=song, instrument=instrument: (
                    heard(song_to_musicxml(song, ScoreOptions(ScorePart.LEAD_SHEET, TRANSPOSITIONS[instrument])))
                    == expected(song)[:1]
                )
            if program and number < options.musescore_songs:
                checks["MuseScore without a word"] = lambda data=data: not musescore_words(program, data)
            for check, holds in checks.items():
                wrong.setdefault(check, [])
                tried[check] += 1
                if not holds():
                    wrong[check].append(name)
            print(f"\r{number + 1} of {len(songs)}", end="", file=sys.stderr)
    print(file=sys.stderr)
    print("| check | songs | right | not |\n| --- | --- | --- | --- |")
    for check, names in wrong.items():
        print(f"| {check} | {tried[check]} | {tried[check] - len(names)} | {', '.join(names)} |")
    longest = max(songs.values(), key=lambda song: song.form.length_bars)
    started = time.process_time()
    song_to_score_pdf(longest, ScoreOptions())
    bars = longest.form.length_bars
    print(f"MusicXML, processor seconds for 96 bars, the slowest song: {slowest:.2f}")
    seconds = time.process_time() - started
    print(f"PDF of {bars} bars: {seconds:.2f} s of processor, for 96 bars {96 / bars * seconds:.2f}")


def schema() -> etree.XMLSchema:
    """MusicXML 4.0, with the two schemas that it refers to cut down to what it uses."""
    spec = find_spec("musicxml")
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "generate_classes" / "musicxml_4_0.xsd").read_text("utf-8")
    with tempfile.TemporaryDirectory() as folder:
        for name, target, attributes in (
            ("xml", "http://www.w3.org/XML/1998/namespace", ("lang", "space")),
            ("xlink", "http://www.w3.org/1999/xlink", ("href", "type", "role", "title", "show", "actuate")),
        ):
            body = "".join(f'<xs:attribute name="{own}" type="xs:string"/>' for own in attributes)
            Path(folder, f"{name}.xsd").write_text(
                f'<xs:schema xmlns:xs="{_XML}" targetNamespace="{target}">{body}</xs:schema>'
            )
        path = Path(folder, "musicxml.xsd")
        path.write_text(text.replace("http://www.musicxml.org/xsd/", ""), "utf-8")
        return etree.XMLSchema(etree.parse(path))


def heard(data: bytes) -> list[Heard]:
    """(onset, length, pitch) of every part's notes, in quarter notes, as music21 hears them."""
    parts: dict[str, Heard] = {}
    for part in _parsed(data).parts:
        own = parts.setdefault(str(part.id).split("-")[0], [])
        since: dict[int, Fraction] = {}
        for element in part.flatten().notes:
            if isinstance(element, harmony.Harmony) or not isinstance(element, Chord | SoundingNote):
                continue
            for head in element.notes if isinstance(element, Chord) else (element,):
                onset, kind = Fraction(element.offset), head.tie.type if head.tie else ""
                start = since.pop(head.pitch.midi) if kind in ("stop", "continue") else onset
                if kind in ("start", "continue"):
                    since[head.pitch.midi] = start
                else:
                    own.append((start, onset + Fraction(element.quarterLength) - start, head.pitch.midi))
    return [sorted(own) for own in parts.values()]


@lru_cache(maxsize=1)
def _parsed(data: bytes) -> Score:
    score = converter.parse(data, format="musicxml").toSoundingPitch()
    assert isinstance(score, Score)
    return score


def heard_chords(data: bytes) -> list[HeardChord]:
    """Onset in quarter notes, root, bass and tones of every chord symbol, as music21 hears them; no tones where none sounds."""
    return [
        (Fraction(own.offset), None, None, frozenset())
        if isinstance(own, harmony.NoChord)
        else (Fraction(own.offset), own.root().pitchClass, own.bass().pitchClass, frozenset(own.pitchClasses))
        for own in _parsed(data).flatten().getElementsByClass(harmony.ChordSymbol)
    ]


def expected_chords(song: Song) -> list[HeardChord]:
    """The same of the song itself."""
    changes = chord_changes((song.lead_sheet or LeadSheet()).chords, song.meter.bars_to_beats(song.form.length_bars))
    return [
        (Fraction(beat), None, None, frozenset())
        if chord is None
        else (Fraction(beat), chord.root, chord.bass, frozenset((*chord.chroma, chord.bass)))
        for beat, chord in changes
    ]


def expected(song: Song) -> list[Heard]:
    """The same of the song itself."""
    parts = [one_voice((song.lead_sheet or LeadSheet()).melody)]
    if song.accompaniment is not None:
        parts.append(tuple(struck(song.accompaniment)))
    return [timed(part) for part in parts]


def timed(notes: tuple[Note, ...]) -> Heard:
    """Notes in quarter notes."""
    return sorted((Fraction(note.start_step, 4), Fraction(note.duration_steps, 4), note.pitch) for note in notes)


def read_back(song: Song, data: bytes) -> bool:
    """Whether form, keys, metre, tempo, melody and chords come back from the song's score."""
    back, sheet = musicxml_to_song(data).song, song.lead_sheet or LeadSheet()
    own = back.lead_sheet or LeadSheet()
    melody = [(note.start_step, note.duration_steps, note.pitch) for note in one_voice(sheet.melody)]
    return (back.form, back.meter, back.tempo, own.chords) == (song.form, song.meter, song.tempo, sheet.chords) and melody == [
        (note.start_step, note.duration_steps, note.pitch) for note in own.melody
    ]


def engraver_words(data: bytes) -> str:
    """What Verovio says while it draws every page."""
    with library_words() as words:
        toolkit = verovio.toolkit()
        toolkit.setOptions({"footer": "none"})
        pages = (
            [toolkit.renderToSVG(number + 1) for number in range(toolkit.getPageCount())]
            if toolkit.loadData(data.decode())
            else []
        )
    said = words.getvalue().strip()
    return said if pages and all('class="measure' in page for page in pages) else f"not every page has bars: {said}"


def musescore_words(program: str, data: bytes) -> str:
    """What MuseScore says on its way to a PDF file, but for words about the machine's sound and fonts."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "song.musicxml"), Path(folder, "song.pdf")
        source.write_bytes(data)
        environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": folder}
        done = subprocess.run([program, "-o", target, source], capture_output=True, check=False, env=environment)
        lines = list(_lines(done.stderr.decode() + done.stdout.decode()))
        return "\n".join(lines) if target.exists() else f"no PDF: {lines}"


def _lines(said: str) -> Iterator[str]:
    machine = re.compile(r"(?i)qt|xdg|alsa|jack|portaudio|pulse|font|convert <|to <|\.\.\.|success|^\s*$|opengl|dbus|locale")
    yield from (line for line in said.splitlines() if not machine.search(line))


if __name__ == "__main__":
    main()
