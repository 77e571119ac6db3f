"""Chords as people type them: every written name is read back, and what the vocabulary lacks goes to the nearest chord."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canzona.song import Chord, Key, Mode, spelling
from canzona.song.chord_symbols import SPELLINGS, chord_name, parse_chord
from canzona.song.harmony import PITCH_CLASSES, QUALITIES, QUALITY_NAMES

VOCABULARY = [
    Chord(root, quality, bass)
    for root, quality, bass in itertools.product(range(PITCH_CLASSES), QUALITIES, range(PITCH_CLASSES))
]

RICHER = {
    "5": (0, 7), "no3": (0, 7), "7no3": (0, 7, 10), "b5": (0, 4, 6), "add4": (0, 4, 5, 7), "add11": (0, 4, 5, 7),
    "madd4": (0, 3, 5, 7), "madd11": (0, 3, 5, 7), "m#5": (0, 3, 8), "mb6": (0, 3, 7, 8),
    "dimmaj7": (0, 3, 6, 11), "augmaj7": (0, 4, 8, 11), "maj7#5": (0, 4, 8, 11),
    "7sus2": (0, 2, 7, 10), "maj7sus2": (0, 2, 7, 11), "sus24": (0, 2, 5, 7), "sus4add9": (0, 2, 5, 7),
    "maj7sus4": (0, 5, 7, 11),
    "7b5": (0, 4, 6, 10), "7b9": (0, 1, 4, 7, 10), "7#9": (0, 3, 4, 7, 10), "7#11": (0, 4, 6, 7, 10),
    "7b13": (0, 4, 7, 8, 10), "713": (0, 4, 7, 9, 10), "7add11": (0, 4, 5, 7, 10), "7add13": (0, 4, 7, 9, 10),
    "7b5b9": (0, 1, 4, 6, 10), "7b9#9": (0, 1, 3, 4, 7, 10), "7b9#11": (0, 1, 4, 6, 7, 10),
    "7b9b13": (0, 1, 4, 7, 8, 10), "7#9b13": (0, 3, 4, 7, 8, 10), "13b9": (0, 1, 4, 7, 9, 10), "13#9": (0, 3, 4, 7, 9, 10),
    "maj7b5": (0, 4, 6, 11), "maj7#11": (0, 4, 6, 7, 11), "maj713": (0, 4, 7, 9, 11), "maj7add13": (0, 4, 7, 9, 11),
    "m7b9": (0, 1, 3, 7, 10), "m7#5": (0, 3, 8, 10), "m713": (0, 3, 7, 9, 10), "m7add13": (0, 3, 7, 9, 10),
    "mmaj9": (0, 2, 3, 7, 11), "m9maj7": (0, 2, 3, 7, 11), "m9b5": (0, 2, 3, 6, 10), "m11b5": (0, 2, 3, 5, 6, 10),
    "m69": (0, 2, 3, 7, 9), "m6/9": (0, 2, 3, 7, 9), "m6add9": (0, 2, 3, 7, 9),
    "7sus4b9": (0, 1, 5, 7, 10),
    "aug9": (0, 2, 4, 8, 10), "9#5": (0, 2, 4, 8, 10), "7#5b9": (0, 1, 4, 8, 10), "7#5#9": (0, 3, 4, 8, 10),
    "7b9#5": (0, 1, 4, 8, 10), "7#9#5": (0, 3, 4, 8, 10), "7alt": (0, 1, 3, 4, 8, 10), "alt": (0, 1, 3, 4, 8, 10),
    "13": (0, 2, 4, 7, 9, 10), "9b5": (0, 2, 4, 6, 10), "9#11": (0, 2, 4, 6, 7, 10), "13#11": (0, 2, 4, 6, 7, 9, 10),
    "maj11": (0, 2, 4, 5, 7, 11), "maj13": (0, 2, 4, 7, 9, 11), "maj9#11": (0, 2, 4, 6, 7, 11),
    "maj13#11": (0, 2, 4, 6, 7, 9, 11), "m13": (0, 2, 3, 7, 9, 10),
    "11": (0, 2, 5, 7, 10), "13sus4": (0, 2, 5, 7, 9, 10),
}  # fmt: skip
"""Chords outside the vocabulary and their tones in semitones above the root; an eleventh takes the place of a major third."""


def test_every_written_chord_is_read_back() -> None:
    assert [parse_chord(chord_name(chord)) for chord in VOCABULARY] == VOCABULARY
    assert len({chord_name(chord) for chord in VOCABULARY}) == len(VOCABULARY)
    assert chord_name(None) == "N"
    assert parse_chord("N") is None


def test_names_can_be_typed_on_a_keyboard() -> None:
    assert all(chord_name(chord).isascii() for chord in VOCABULARY)
    assert chord_name(Chord(6, "hdim7", 9)) == "F#m7b5/A"
    assert chord_name(Chord(9, "min7", 9)) == "Am7"


@pytest.mark.parametrize("key", [None, *(Key(tonic, mode) for mode in Mode for tonic in range(PITCH_CLASSES))], ids=str)
def test_chords_spelt_for_a_key_are_read_back(key: Key | None) -> None:
    assert [parse_chord(spelling.chord_name(chord, key)) for chord in VOCABULARY] == VOCABULARY


def test_harte_symbols_are_read_too() -> None:
    assert [parse_chord(chord.symbol) for chord in VOCABULARY] == VOCABULARY
    for symbol in ("C/3", "C:13/3", "E#:maj/#4", "Bb:7(#9)/5"):
        assert parse_chord(symbol) == Chord.parse(symbol)


@pytest.mark.parametrize(
    ("meant", "spelt"),
    [
        ("C:maj", "C CM Cmaj Cmajor CMaj C/C"),
        ("A:min", "Am Amin A- Ami Aminor AMIN"),
        ("A:min7", "Am7 Amin7 A-7 Ami7 AMI7"),
        ("G:maj/3", "G/B GM/B G/Cb G:maj/3"),
        ("F:maj7", "Fmaj7 FM7 F△7 FΔ7 F△ Fma7 FMA7 F7M Fmaj(7)"),
        ("Bb:sus4", "Bbsus4 Bbsus B♭sus A#sus4 Bb(sus4) Bb4"),
        ("D:sus2/5", "Dsus2/A"),
        ("G:sus4(b7)", "G7sus4 G7sus G7(sus4)"),
        ("B:dim", "Bdim Bo B° Bm(b5) BDim"),
        ("B:dim7", "Bdim7 Bo7 B°7"),
        ("B:hdim7", "Bm7b5 Bø Bø7 Bm7(b5) Bm7-5 B-7b5 Bm7♭5"),
        ("C:aug", "Caug C+ C(#5) Cmaj#5 B#+"),
        ("C:aug(b7)", "C7+ C7#5 C+7 Caug7 C7+5 C7(#5) C7♯5"),
        ("C:maj6", "C6 Cmaj6 CM6 Cadd6"),
        ("A:min6", "Am6 A-6"),
        ("C:maj(9)", "Cadd9 C(add9) Cadd2 C2 Cmajadd9 CAdd9"),
        ("A:min(9)", "Amadd9 Am(add9) A-add9"),
        ("C:9", "C9 C7(9) C7/9 C7add9"),
        ("C:maj9", "Cmaj9 CM9 C△9 Cmaj7(9)"),
        ("A:min9", "Am9 A-9 Am7(9)"),
        ("C:maj6(9)", "C6/9 C69 C6(9) Cmaj6/9 C6add9"),
        ("C:maj6(9)/3", "C6/9/E"),
        ("G:sus4(b7,9)", "G9sus4 G9sus G11 G7sus4(9)"),
        ("A:min7(11)", "Am11 Am7(11) Am7add11"),
        ("A:minmaj7", "AmMaj7 Am(maj7) AmM7 Am△7 A-△7 Am/maj7 Am(Maj7) Am+7"),
        ("F#:7/b7", "F#7/E F♯7/E Gb7/Fb"),
        ("C:9", "C13 C9(#11)"),
        ("C:7", "C7b9 C7#9 C7b5 C7(b9,b13) C7-9 C7+9"),
        ("Cb:sus2", "Cb5"),
        ("C:aug(b7)/b7", "C7alt/Bb"),
        ("E:sus2/5", " E5/B "),
    ],
)
def test_songwriters_spellings(meant: str, spelt: str) -> None:
    words = [spelt] if spelt != spelt.strip() else spelt.split()
    assert {word: parse_chord(word) for word in words} == dict.fromkeys(words, Chord.parse(meant))


@pytest.mark.parametrize("text", ["N", "NC", "N.C.", "N.C", "n.c.", " N "])
def test_no_chord(text: str) -> None:
    assert parse_chord(text) is None


def test_the_table_has_every_quality_and_no_spelling_twice() -> None:
    assert tuple(row.quality for row in SPELLINGS) == QUALITY_NAMES
    spelt = [text for row in SPELLINGS for text in row.exact + row.nearest]
    assert len(set(spelt)) == len(spelt)
    assert {text for row in SPELLINGS for text in row.nearest} == set(RICHER)
    for row in SPELLINGS:
        for text in row.exact + row.nearest:
            assert parse_chord(f"D({text})/E") == Chord(2, row.quality, 4), text


@pytest.mark.parametrize(("spelt", "tones"), RICHER.items(), ids=list(RICHER))
def test_richer_chords_go_to_the_nearest_of_the_vocabulary(spelt: str, tones: tuple[int, ...]) -> None:
    distance = {quality: len(set(tones) ^ set(QUALITIES[quality])) for quality in QUALITIES}
    without_third = [quality for quality in QUALITIES if not {3, 4} & set(QUALITIES[quality])]
    near = [quality for quality, own in distance.items() if own == min(distance.values())]
    own = near if {3, 4} & set(tones) else [quality for quality in near if quality in without_third] or near
    assert parse_chord(f"G({spelt})") == Chord(7, own[0], 7)


@pytest.mark.parametrize(
    ("spelt", "tones"),
    [
        ("C^7", "C:maj7"), ("C^", "C:maj7"), ("C-^7", "C:minmaj7"), ("Ch7", "C:hdim7"), ("Ch", "C:hdim7"),
        ("C7b9sus", "C:sus4(b7)"),
        ("C5", "C:sus2"), ("C(no3)", "C:sus2"), ("C7(no3)", "C:sus4(b7)"), ("C7(no5)", "C:7"), ("Cmaj7/9", "C:maj9"),
        ("C9/11", "C:sus4(b7,9)"), ("Cdom7", "C:7"), ("Cm7M", "C:minmaj7"), ("Cm7add11", "C:min7(11)"), ("C13#9", "C:7"),
    ],
)  # fmt: skip
def test_what_apps_and_songbooks_write_is_read(spelt: str, tones: str) -> None:
    assert parse_chord(spelt) == Chord.parse(tones)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "H7",
        "am",
        "Cfoo",
        "C/",
        "C/H",
        "C//E",
        "C(",
        "C,",
        "C G",
        "B:",
        "C:foo",
        "X",
        "%",
        "/",
        "1",
        "Cm7\nG",
        "C7b",
        "C/Eb9x",
    ],
)
def test_what_is_no_chord_is_refused(text: str) -> None:
    expected = f"chord: must be a symbol such as Am7, G/B or C:min7/b3, got {text!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        parse_chord(text)


def name_or_refusal(text: str) -> str:
    try:
        return chord_name(parse_chord(text))
    except ValueError as refusal:
        return str(refusal)


@given(text=st.text("ABCDEFGNb#♭♯:/()+-△øo12345679 majMdisug.,", max_size=8))
def test_any_text_is_a_chord_or_refused(text: str) -> None:
    answer = name_or_refusal(text)
    assert name_or_refusal(answer) == answer or answer.endswith(f"got {text!r}")
