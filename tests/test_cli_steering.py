"""Steering from the command line: files and texts become controls, and contradictions cost one line and no file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from canzona.cli.steering import parse_repetitions
from canzona.generation.controls import Repetition
from canzona.hierarchy.levels import LEVELS
from canzona.io.midi import song_to_midi
from canzona.io.song_json import read_song_file, write_song_file
from canzona.song import Chord, Form, LeadSheet, Meter, Note, Song
from certain import sure
from test_cli import assert_one_line, canzona, here, names, tiny_weights
from test_render import example_song

__all__ = ["canzona", "here", "tiny_weights"]  # fixtures

QUICK = ("--steps", 2, "--guidance", 0)


@pytest.fixture
def compose(canzona, tiny_weights):
    def call(*arguments: object):
        return canzona("compose", *QUICK, "--weights", tiny_weights, *arguments)

    return call


@pytest.fixture
def revise(canzona, tiny_weights):
    def call(*arguments: object):
        return canzona("revise", *QUICK, "--weights", tiny_weights, *arguments)

    return call


@pytest.fixture
def sources(here: Path) -> Path:
    """A folder with a song of eight bars as JSON and MIDI, a waltz, and a melody far too low."""
    song = example_song("A4B4")
    write_song_file(here / "own.json", replace(song, reduced_lead_sheet=None))
    (here / "own.mid").write_bytes(song_to_midi(song))
    melody = (Note(0, 60, 4), Note(12, 64, 12))
    write_song_file(here / "waltz.json", Song(Form.parse("A2"), Meter(3), lead_sheet=LeadSheet(melody), accompaniment=melody))
    write_song_file(here / "low.json", Song(Form.parse("A2"), lead_sheet=LeadSheet((Note(0, 30, 4),))))
    return here


def test_exact_chords_are_in_the_midi_file_too(compose, canzona, here):
    outcome = compose("--form", "A2 B2@Am", "--chords", "A: C G/B | F; B: Am", "-o", "song.mid")
    assert outcome.status == 0
    assert outcome.err == "canzona: key: A minor, heard in the music given; --key says otherwise\n"
    song = read_song_file(here / "song.json")
    chords = [(span.start_beat, span.chord) for span in sure(song.lead_sheet).chords]
    a_minor = Chord(9, "min", 9)
    assert chords == [(0, Chord(0, "maj", 0)), (2, Chord(7, "maj", 11)), (4, Chord(5, "maj", 5)), (8, a_minor), (12, a_minor)]


@pytest.mark.parametrize("name", ["own.json", "own.mid"])
def test_a_melody_and_a_lead_sheet_come_from_any_file(compose, sources, name):
    own = read_song_file(sources / "own.json")
    assert compose("--melody", name, "-o", "song.mid").status == 0
    song = read_song_file(sources / "song.json")
    assert sure(song.lead_sheet).melody == sure(own.lead_sheet).melody
    assert (str(song.form), song.tempo, song.meter) == (str(own.form), own.tempo, own.meter)
    assert compose("--lead-sheet", name, "--seed", 1, "-o", "sheet.mid").status == 0
    assert read_song_file(sources / "sheet.json").lead_sheet == own.lead_sheet
    assert compose("--from", name, "--level", "lead-sheet", "--seed", 1, "-o", "same.mid").status == 0
    assert (sources / "same.mid").read_bytes() == (sources / "sheet.mid").read_bytes()


def test_a_reduced_lead_sheet_is_extracted_and_kept(compose, sources):
    assert compose("--reduced", "own.json", "-o", "song.mid").status == 0
    reduced = read_song_file(sources / "song.json").reduced_lead_sheet
    assert compose("--lead-sheet", "own.json", "-o", "sheet.mid").status == 0
    assert read_song_file(sources / "sheet.json").reduced_lead_sheet == reduced


def test_a_prompt_is_continued(compose, sources):
    own = read_song_file(sources / "own.json")
    assert compose("--prompt", "own.json", "--prompt-bars", 4, "--form", "A4B2", "-o", "song.mid").status == 0
    song = read_song_file(sources / "song.json")
    assert [note for note in sure(song.accompaniment) if note.start_step < 64] == [
        note for note in sure(own.accompaniment) if note.start_step < 64
    ]


def test_a_song_composed_again_from_its_file_is_the_same_byte_for_byte(compose, canzona, tiny_weights, sources):
    steering = [
        "--texture-like",
        "own.json:1-4@A",
        "--texture-like-weight",
        2,
        "--rhythm-like",
        "own.mid",
        "--repeat",
        "A=0.8,B=0",
    ]
    assert compose("--form", "A2B2A2B2", "--key", "G", "--seed", 4, *steering, "-o", "first.mid").status == 0
    (sources / "own.json").unlink()
    assert canzona("compose", "--request", "first.json", "--weights", tiny_weights, "-o", "again.mid").status == 0
    for suffix in ("mid", "json"):
        assert (sources / f"again.{suffix}").read_bytes() == (sources / f"first.{suffix}").read_bytes()
    assert canzona("compose", "--request", "first.json", "--seed", 5, "--weights", tiny_weights, "-o", "b.mid").status == 0
    assert (sources / "b.mid").read_bytes() != (sources / "first.mid").read_bytes()


def test_revising_keeps_the_rest_and_can_be_repeated(compose, revise, canzona, tiny_weights, here):
    assert compose("--form", "A2B2", "--key", "G", "-o", "song.mid").status == 0
    outcome = revise("song.json", "--level", "accompaniment", "--bars", "3-4", "--seed", 2, "-o", "other.mid", "--json")
    assert json.loads(outcome.out)["seed"] == 2
    song, other = (read_song_file(here / name) for name in ("song.json", "other.json"))
    assert (other.form, other.lead_sheet, other.tempo) == (song.form, song.lead_sheet, song.tempo)
    assert other.accompaniment != song.accompaniment
    assert [n for n in sure(other.accompaniment) if n.start_step < 32] == [
        n for n in sure(song.accompaniment) if n.start_step < 32
    ]
    assert revise("song.json", "--level", "accompaniment", "--phrases", "B", "--seed", 2, "-o", "same.mid").status == 0
    assert (here / "same.mid").read_bytes() == (here / "other.mid").read_bytes()
    (here / "song.json").unlink()
    assert canzona("compose", "--request", "other.json", "--weights", tiny_weights, "-o", "again.mid").status == 0
    assert (here / "again.json").read_bytes() == (here / "other.json").read_bytes()


CONTRADICTIONS = {
    "chords of another length": ("--form A8 --chords C|F|G|C|F|G", ["chords: must be", "A8, got 6"]),
    "unknown chord": ("--form A2 --chords H7", ["chord: must be a symbol such as", "'H7'"]),
    "letter of the chords": ("--form A2 --chords", ["chords: letter must be one of A", "'B'"]),
    "melody too low": ("--melody low.json", ["melody: its melody must lie within MIDI pitches 46 to 98, got 30"]),
    "melody in another metre": ("--melody waltz.json --meter 4/4", ["melody: must be in 4/4", "got 3/4"]),
    "passage in another metre": ("--form A2 --rhythm-like waltz.json", ["rhythm-like: must be in 4/4", "got 3/4"]),
    "melody longer than the form": (
        "--form A2 --melody own.json",
        ["melody: must be at most 2 bars, the form's length, got 8"],
    ),
    "bars past the end of a passage": (
        "--texture-like own.json:5-12",
        ["texture-like: bars must be within 1 to 8", "got 5-12"],
    ),
    "letter of a passage": ("--form A2 --texture-like own.json@B", ["like: letter must be one of A", "'B'"]),
    "weight of nothing": ("--texture-like-weight 2", ["texture-like-weight: must be given together with texture-like"]),
    "weight too large": ("--texture-like own.json --texture-like-weight 11", ["texture-like-weight: must be 0 to 10, got 11"]),
    "passage without piano": ("--texture-like low.json", ["texture-like: song: must have an accompaniment"]),
    "missing file": ("--melody missing.mid", ["melody: cannot read 'missing.mid'"]),
    "no song": (
        "--melody own.wav",
        ["melody: must end in .json, .mid, .midi, .kar, .rmi, .musicxml, .mxl or .xml, got", "'own.wav'"],
    ),
    "level without source": ("--level lead-sheet", ["level: must be given together with from"]),
    "source without level": ("--from own.json", ["level: must be given together with from"]),
    "unknown level": ("--from own.json --level drums", ["level: must be one of form, reduced-lead-sheet", "'drums'"]),
    "prompt without bars": ("--prompt own.json", ["prompt-bars: must be given together with prompt"]),
    "prompt too short": ("--prompt own.json --prompt-bars 9", ["prompt bars: must be 1 to 8, the song's length, got 9"]),
    "length and form": ("--form A2 --bars 8", ["bars: must be left out where the form is given", "got 8"]),
    "too long": ("--bars 1025", ["bars: must be 1 to 1024 bars long, got 1025"]),
    "repetition": ("--form A2 --repeat 1.5", ["repeat: must be 0 to 1", "'1.5'"]),
    "repetition of no letter": ("--form A2 --repeat Z=1", ["repeat: letter must be one of A", "'Z'"]),
    "chords and a lead sheet": ("--lead-sheet own.json --chords C", ["chords: must be left out where a lead-sheet is given"]),
    "a request and more": ("--request own.json --form A2", ["request: must be without form"]),
    "a request and a default": ("--request own.json --prompt-bars 3 --no-end-on-tonic", ["request: must be without"]),
    "a request and a level": ("--request own.json --from own.json", ["request: must be without from"]),
    "no request": ("--request own.json", ["request: must be a song.json that says how it was composed"]),
}


@pytest.mark.parametrize(("options", "said"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_contradiction_gets_one_line_and_no_file(canzona, tiny_weights, sources, options, said):
    words = options.split()
    if words[-1] == "--chords":
        words.append("B: C")
    before = names(sources)
    assert_one_line(canzona("compose", "--weights", tiny_weights, *words), 2, *said)
    assert names(sources) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--level form", ["level: must be one of reduced-lead-sheet, lead-sheet, accompaniment, got 'form'"]),
        ("--level accompaniment --bars 7-12", ["bars: must be within 1 to 8, got 7-12"]),
        ("--level accompaniment --phrases C", ["phrases: must be letters", "'C'"]),
        ("--level accompaniment --bars 1 --phrases A", ["phrases: must be left out where bars are given"]),
        ("--level accompaniment --vary 1.1", ["vary: must be 0 to 1, got 1.1"]),
        ("--level accompaniment --chords C|F|G", ["chords: must be"]),
    ],
)
def test_a_revision_that_cannot_be_gets_one_line(revise, here, options, said):
    song = example_song("A4B4")
    write_song_file(here / "song.json", song)
    assert all(getattr(song, level.attribute) is not None for level in LEVELS)
    assert_one_line(revise("song.json", *options.split()), 2, *said)
    write_song_file(here / "song.json", replace(song, accompaniment=None))
    assert_one_line(revise("song.json", "--level", "accompaniment"), 2, "song: must have all of its levels")
    assert names(here) == ["song.json"]


def test_repetitions_are_read():
    assert parse_repetitions(None) == ()
    assert parse_repetitions("0.8") == (Repetition(0.8),)
    assert parse_repetitions("A=1, B=0.2") == (Repetition(1.0, "A"), Repetition(0.2, "B"))
    for text in ("x", "A=", "=1", "A=2"):
        with pytest.raises(ValueError, match="repeat: must be 0 to 1"):
            parse_repetitions(text)
