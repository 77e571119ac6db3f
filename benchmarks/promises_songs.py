"""Promises about songs: seeds, locks, files that agree, scores, chord labels. Songs are of 8 bars, in 2 steps."""

import os
import tempfile
from collections.abc import Iterator
from io import BytesIO
from itertools import product
from pathlib import Path
from random import Random

import mido
from symusic.core import ScoreTick

from batches import FORM, compose, order
from canzona.batch import Composed, compose_seeds
from canzona.batch.composing import loaded
from canzona.generation.request import Request
from canzona.io.midi import midi_to_song
from canzona.io.song_json import song_from_json
from canzona.song import Chord, Form, Key, LeadSheet, Song
from canzona.song.harmony import QUALITY_NAMES
from canzona.song.spelling import harte_symbol
from promises_table import Counted
from studio_locks import trial

DATA = Path(os.environ.get("CANZONA_DATA", Path(__file__).parents[2] / "shared" / "data"))


def seeds(count: int) -> Counted:
    """The same seed alone, within a batch of 8, in a process of its own and by the command line, byte for byte."""
    own = order(None)
    (first,) = compose_seeds(own, [3])
    assert isinstance(first, Composed)
    files = (first.song_json, first.midi)
    kept = 0
    with tempfile.TemporaryDirectory() as place:
        compose(Path(place) / "batch", 8, None)
        kept += tuple((Path(place) / "batch" / f"3.{suffix}").read_bytes() for suffix in ("json", "mid")) == files
    for _ in range(count - 1):
        (song,) = compose_seeds(own, [3])
        kept += isinstance(song, Composed) and (song.song_json, song.midi) == files
    return Counted(count, kept, "JSON and MIDI, one of them out of a batch of 8 by the command line")


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
    """So many songs."""
    for seed in range(count):
        for song in compose_seeds(order(None), [seed]):
            assert isinstance(song, Composed)
            yield song


def files_agree(count: int) -> Counted:
    """MIDI files as symusic, mido and Canzona read them: the same notes, names, tempo, metre and markers."""
    kept = 0
    for own in composed(count):
        song = song_from_json(own.song_json)
        one, other, back = ScoreTick.from_midi(own.midi), mido.MidiFile(file=BytesIO(own.midi)), midi_to_song(own.midi)
        notes = [sum(len(track.notes) for track in one.tracks), _notes(other), _sounding(song)]
        markers = [message.text for track in other.tracks for message in track if message.type == "marker"]
        names = {track.name for track in one.tracks} == {"MELODY", "CHORDS", "PIANO"}
        events = (round(one.tempos[0].qpm, 3), one.time_signatures[0].numerator) == (song.tempo, song.meter.beats_per_bar)
        same = (back.form.length_bars, back.meter, back.lead_sheet) == (song.form.length_bars, song.meter, song.lead_sheet)
        kept += len(set(notes[:2])) == 1 and notes[0] >= notes[2] and names and events and same and bool(markers)
    return Counted(count, kept, f"songs of {FORM} by symusic, mido and Canzona; pretty_midi not tried")


def _notes(file: mido.MidiFile) -> int:
    return sum(message.type == "note_on" and message.velocity > 0 for track in file.tracks for message in track)


def _sounding(song: Song) -> int:
    return len((song.lead_sheet or LeadSheet()).melody) + len(song.accompaniment or ())


def scores(count: int) -> Counted:
    """MusicXML: valid, heard alike by music21, read back alike, drawn by Verovio without a word."""
    import lxml.etree as etree

    from canzona.io.musicxml_writing import song_to_musicxml
    from scores import engraver_words, expected, heard, read_back, schema

    valid, kept = schema(), 0
    for own in composed(count):
        song = song_from_json(own.song_json)
        data = song_to_musicxml(song)
        same = heard(data) == expected(song) and read_back(song)
        kept += valid.validate(etree.fromstring(data)) and same and not engraver_words(data)
    return Counted(count, kept, f"songs of {FORM}")


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
