"""Promises about songs: seeds, locks, files that agree, scores, chord labels. Songs are of 8 bars, in 2 steps."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache, partial
from itertools import cycle, product
from pathlib import Path
from random import Random

from batches import FORM, STEPS, compose, order
from canzona.batch import Composed, compose_seeds
from canzona.batch.composing import loaded
from canzona.generation.request import Request
from canzona.io.midi import midi_to_song, song_to_midi
from canzona.io.song_json import song_from_dict, song_from_json, song_to_json
from canzona.pretrained import WEIGHTS_FOLDER
from canzona.song import Chord, Form, Key
from canzona.song.harmony import QUALITY_NAMES
from canzona.song.notes import struck
from canzona.song.spelling import harte_symbol
from midi_readers import READERS, told_by_song
from promises_table import DATA, Counted
from studio_locks import trial
from studio_server import ENDED, Server

SEED = 6


def seeds(count: int) -> Counted:
    """The same seed in this process, by the command line alone and among 8, and by the studio; then its sound, twice."""
    with tempfile.TemporaryDirectory() as place, Server(Path(place) / "library", WEIGHTS_FOLDER) as server:
        ways = (_here, partial(_by_command, 1), partial(_by_command, 8), partial(_by_studio, server))
        first = _here(Path(place))
        kept = sum(way(Path(place) / str(number)) == first for number, way in zip(range(count), cycle(ways), strict=False))
        (Path(place) / "song.json").write_bytes(first[0])
        sounds = [_sound(Path(place), name) for name in ("one", "two")]
    figures = "JSON and MIDI in one process, by the command line alone and among 8, by the studio; WAV twice the same"
    return Counted(count, kept if sounds[0] == sounds[1] else 0, figures)


def _here(_: Path) -> tuple[bytes, bytes]:
    (song,) = compose_seeds(order(None), [SEED])
    assert isinstance(song, Composed)
    return song.song_json, song.midi


def _by_command(count: int, folder: Path) -> tuple[bytes, bytes]:
    compose(folder, count, None, seed=SEED - count // 2)
    return (folder / f"{SEED}.json").read_bytes(), (folder / f"{SEED}.mid").read_bytes()


def _by_studio(server: Server, _: Path) -> tuple[bytes, bytes]:
    asked = {"form": FORM, "key": "G major", "steps": STEPS, "seed": SEED}
    (take,) = server.until(server.ask("POST", "/api/jobs", asked)["id"], ENDED)["takes"]
    song = song_from_dict(take["song"])
    return song_to_json(song).encode(), song_to_midi(song)


def _sound(folder: Path, name: str) -> bytes:
    words = ["render", "song.json", "-o", f"{name}.wav"]
    subprocess.run([sys.executable, "-m", "canzona", *words], cwd=folder, capture_output=True, check=True)
    return (folder / f"{name}.wav").read_bytes()


def locks(count: int) -> Counted:
    """Random bars composed anew from a random level down under random locks: what is held stays, and what is open changes."""
    cascade = loaded(None, "cpu", 1)
    song = cascade.compose(Request(Form.parse("A4B4"), Key.parse("G major"), seed=1))
    trials = [trial(cascade, song, Random(seed)) for seed in range(count)]
    kept, opened = sum(own.is_kept for own in trials), [own for own in trials if own.is_open]
    changed = sum(own.is_changed for own in opened)
    figures = f"all that was held stayed in {kept} of {count}; {changed} of {len(opened)} open regions changed; usual steps"
    return Counted(count, kept if changed >= 0.95 * len(opened) else 0, figures)


def composed(count: int) -> Iterator[Composed]:
    """So many songs, the same for every promise."""
    return map(_composed, range(count))


@cache
def _composed(seed: int) -> Composed:
    (song,) = compose_seeds(order(None), [seed])
    assert isinstance(song, Composed)
    return song


def files_agree(count: int) -> Counted:
    """MIDI files as others and Canzona read them: the same notes in every track, tempo, metre, form and markers."""
    kept = 0
    for own in composed(count):
        song, back = song_from_json(own.song_json), midi_to_song(own.midi)
        expected = told_by_song(song)
        same = (back.form, back.meter, back.tempo, back.lead_sheet) == (song.form, song.meter, song.tempo, song.lead_sheet)
        piano = tuple(struck(song.accompaniment or ())) == (back.accompaniment or ())
        kept += same and piano and all(reader(own.midi).agrees(expected) for reader in READERS.values())
    missing = "" if "pretty_midi" in READERS else "; pretty_midi is not installed"
    return Counted(count, kept, f"songs of {FORM} by {', '.join(READERS)} and Canzona{missing}")


def scores(count: int) -> Counted:
    """MusicXML: valid, its notes and chords heard alike by music21, read back alike, drawn by Verovio without a word."""
    import lxml.etree as etree

    from canzona.io.musicxml_writing import song_to_musicxml
    from scores import engraver_words, expected, expected_chords, heard, heard_chords, read_back, schema

    valid, kept = schema(), 0
    for own in composed(count):
        song = song_from_json(own.song_json)
        data = song_to_musicxml(song)
        same = heard(data) == expected(song) and heard_chords(data) == expected_chords(song) and read_back(song, data)
        kept += valid.validate(etree.fromstring(data)) and same and not engraver_words(data)
    return Counted(count, kept, f"songs of {FORM}, by the schema, music21, Canzona and Verovio")


def labels(count: int) -> Counted:
    """Chords into Harte's syntax and back: every label of POP909, every chord there is, and chords at random."""
    lines = (line for path in (DATA / "POP909").rglob("chord_*.txt") for line in path.read_text().splitlines())
    told = {words[2] for words in map(str.split, lines) if len(words) == 3}
    parsed = [Chord.parse(label) for label in sorted(told) if label != "N"]
    every = [Chord(root, quality, bass) for root, quality, bass in product(range(12), QUALITY_NAMES, range(12))]
    generator = Random(0)
    tried = [*parsed, *every, *(generator.choice(every) for _ in range(count))]
    keys = [None, *(Key.parse(f"{tonic} {mode}") for tonic in ("Gb", "C#", "F", "B") for mode in ("major", "minor"))]
    kept = sum(Chord.parse(harte_symbol(chord, generator.choice(keys))) == chord for chord in tried)
    return Counted(len(tried), kept, f"{len(parsed)} labels of POP909, {len(every)} chords, {count} at random in 9 keys")
