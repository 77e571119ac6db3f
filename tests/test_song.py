"""The domain: whatever is printed is read back, every conversion has its inverse, and a mistake is answered in one line."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mir_eval.chord import encode

from canzona.song import Chord, ChordSpan, Form, Key, Meter, Mode, Note, Phrase, PhraseType, Song, TimeUnit
from canzona.song.harmony import DEGREES, PITCH_CLASSES, QUALITIES, parse_pitch_class
from canzona.song.song import HIGHEST_TEMPO, LOWEST_TEMPO
from canzona.song.spelling import chord_name, key_name, note_name
from canzona.song.timing import beats_to_steps, steps_to_beats, steps_to_seconds
from strategies import chords, forms, keys, keys_or_none, meters, pitch_classes

VOCABULARY = [
    Chord(root, quality, bass)
    for root, quality, bass in itertools.product(range(PITCH_CLASSES), QUALITIES, range(PITCH_CLASSES))
]
ALL_KEYS = [Key(tonic, mode) for mode in Mode for tonic in range(PITCH_CLASSES)]
SEMITONES = st.integers(-24, 24)


# Time


@pytest.mark.parametrize("beats", Meter.ALLOWED)
def test_a_meter_is_read_back(beats: int) -> None:
    assert Meter.parse(f" {Meter(beats)} ") == Meter(beats)


@pytest.mark.parametrize("text", ["", "5/4", "4", "3/8", "4 / 4", "four"])
def test_other_meters_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"meter: must be one of 3/4, 4/4, got {text!r}")):
        Meter.parse(text)


def test_a_meter_has_three_or_four_beats() -> None:
    with pytest.raises(ValueError, match="meter: must be 3/4 or 4/4, got 6/4"):
        Meter(6)


@given(meter=meters, bar=st.integers(0, 500), unit=st.sampled_from(TimeUnit))
def test_units_of_time_agree(meter: Meter, bar: int, unit: TimeUnit) -> None:
    steps, beats = meter.bars_to_steps(bar), meter.bars_to_beats(bar)
    assert steps == beats_to_steps(beats)
    assert steps_to_beats(steps) == beats
    assert [meter.bar_of_step(steps + inside) for inside in (-1, 0, meter.steps_per_bar - 1)] == [bar - 1, bar, bar]
    assert [meter.bar_of_beat(beats + inside) for inside in (-1, 0, meter.beats_per_bar - 1)] == [bar - 1, bar, bar]
    assert unit.frames_per_bar(meter) * unit.steps_per_frame(meter) == meter.steps_per_bar


def test_a_quarter_note_at_60_lasts_a_second() -> None:
    assert steps_to_seconds(4, 60) == 1
    assert steps_to_seconds(2, 120) == 0.25


# Notes


@pytest.mark.parametrize(
    ("field", "allowed", "refused"),
    [
        ("start_step", (0, 10_000), (-1,)),
        ("duration_steps", (1, 10_000), (0, -4)),
        ("pitch", (0, 127), (-1, 128)),
        ("velocity", (1, 127), (0, 128)),
    ],
)
def test_a_note_s_ranges(field: str, allowed: tuple[int, ...], refused: tuple[int, ...]) -> None:
    note = {"start_step": 3, "pitch": 60, "duration_steps": 2, "velocity": 80}
    for value in allowed:
        assert getattr(Note(**note | {field: value}), field) == value
    for value in refused:
        with pytest.raises(ValueError, match=rf"^{field}: must be \d.*, got {value}$"):
            Note(**note | {field: value})


def test_notes_sort_by_start_then_pitch() -> None:
    notes = [Note(4, 50, 1), Note(0, 70, 9), Note(0, 60, 16)]
    assert sorted(notes) == [notes[2], notes[1], notes[0]]
    assert notes[2].end_step == 16


# Keys


@pytest.mark.parametrize("key", ALL_KEYS, ids=str)
def test_a_key_is_read_back(key: Key) -> None:
    assert Key.parse(str(key)) == key


@pytest.mark.parametrize(("letter", "natural"), list(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True)))
@pytest.mark.parametrize(("signs", "moved"), [("", 0), ("#", 1), ("b", -1), ("##", 2), ("bb", -2)])
def test_every_spelling_of_a_key(letter: str, natural: int, signs: str, moved: int) -> None:
    tonic = (natural + moved) % PITCH_CLASSES
    assert parse_pitch_class(letter + signs) == tonic
    for written in (letter + signs, letter.lower() + signs):
        for mode in ("", " major", "maj", ":maj", " MAJOR", "M", " M"):
            assert Key.parse(written + mode) == Key(tonic, Mode.MAJOR)
        for mode in (" minor", "min", ":min", " Minor", "m", " m"):
            assert Key.parse(f" {written}{mode} ") == Key(tonic, Mode.MINOR)


@pytest.mark.parametrize("text", ["", "H", "major", "C dorian", "C#### major", "AB", "BB minor", "G major major", "4"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape("key: must be a tonic and major or minor, such as 'G major'")) as refusal:
        Key.parse(text)
    assert str(refusal.value).endswith(f"got {text!r}")


@pytest.mark.parametrize("key", ALL_KEYS, ids=str)
def test_key_signatures_count_fifths(key: Key) -> None:
    assert key.accidentals in (range(-5, 7) if key.mode is Mode.MAJOR else range(-6, 6))
    assert set(key.scale) == {(7 * (key.accidentals + fifths)) % PITCH_CLASSES for fifths in range(-1, 6)}
    relative = Key(key.tonic - 3 + 12 if key.tonic < 3 else key.tonic - 3, Mode.MINOR)
    if key.mode is Mode.MAJOR:
        assert ((relative.accidentals - key.accidentals) % 12, set(relative.scale)) == (0, set(key.scale))


@pytest.mark.parametrize("tonic", [-1, 12, 0.5, "C", None])
def test_a_key_s_tonic_is_a_pitch_class(tonic: object) -> None:
    with pytest.raises(ValueError, match=f"^key: tonic must be 0 to 11, got {tonic!r}$"):
        Key(tonic)  # type: ignore[arg-type]


@given(key=keys, semitones=SEMITONES)
def test_transposing_a_key_moves_its_scale(key: Key, semitones: int) -> None:
    moved = key.transposed(semitones)
    assert moved.scale == tuple((tone + semitones) % PITCH_CLASSES for tone in key.scale)
    assert moved.transposed(-semitones) == key


@pytest.mark.parametrize("octaves", [-1, 0, 1])
@pytest.mark.parametrize("name", ["Gb major", "F# major", "Cb major", "D# minor"])
def test_a_key_that_is_moved_by_octaves_is_written_as_before(name: str, octaves: int) -> None:
    assert str(Key.parse(name).transposed(PITCH_CLASSES * octaves)) == name


# Chords


def test_every_chord_of_the_vocabulary_is_read_back() -> None:
    assert [Chord.parse(chord.symbol) for chord in VOCABULARY] == VOCABULARY
    assert Chord.parse("N") is None


def test_canonical_names_depend_on_what_sounds_alone() -> None:
    by_sound: dict[tuple[tuple[int, ...], int], Chord] = {}
    for chord in VOCABULARY:
        canonical = chord.canonical()
        assert canonical == canonical.canonical() == Chord.from_chroma(chord.chroma, chord.bass)
        assert (canonical.chroma, canonical.bass) == (chord.chroma, chord.bass)
        assert by_sound.setdefault((chord.chroma, chord.bass), canonical) == canonical


def test_a_chord_over_its_root_keeps_its_root() -> None:
    assert all(chord.canonical().root == chord.root for chord in VOCABULARY if chord.bass == chord.root)


def test_canonical_names_are_transposed_with_their_tones() -> None:
    for chord in VOCABULARY:
        for semitones in range(1, PITCH_CLASSES):
            assert chord.transposed(semitones).canonical() == chord.canonical().transposed(semitones)


def test_mir_eval_hears_the_same_chords() -> None:
    for chord in VOCABULARY:
        root, semitones, bass = encode(chord.symbol, reduce_extended_chords=True)  # else it leaves out ninths
        heard = {int(root + tone) % PITCH_CLASSES for tone in np.flatnonzero(semitones)}
        assert (root, (root + bass) % PITCH_CLASSES) == (chord.root, chord.bass), chord.symbol
        assert heard == {*chord.chroma, chord.bass}, chord.symbol


def test_written_names_tell_chords_apart() -> None:
    for key in (None, *ALL_KEYS):
        assert len({chord_name(chord, key) for chord in VOCABULARY}) == len(VOCABULARY)
    assert Chord(0, "min7", 3).symbol == "C:min7/b3"


@pytest.mark.parametrize(
    ("chord", "key", "name"),
    [
        ("Db:min7", "A major", "C♯m7"),
        ("Db:maj", "Ab major", "D♭"),
        ("Ab:maj", "C major", "A♭"),
        ("E:maj/3", "A minor", "E/G♯"),
        ("F#:hdim7", "E minor", "F♯m7♭5"),
        ("Bb:maj(9)/3", "F major", "B♭add9/D"),
        ("B:min7", "F# major", "Bm7"),
    ],
)
def test_chords_are_spelt_as_their_key_spells_them(chord: str, key: str, name: str) -> None:
    parsed = Chord.parse(chord)
    assert parsed is not None
    assert chord_name(parsed, Key.parse(key)) == name


@given(key=keys_or_none)
def test_every_note_has_one_spelling(key: Key | None) -> None:
    written = [note_name(pitch_class, key) for pitch_class in range(PITCH_CLASSES)]
    plain = [name.replace("♯", "#").replace("♭", "b") for name in written]
    assert [parse_pitch_class(name) for name in plain] == list(range(PITCH_CLASSES))


@pytest.mark.parametrize("key", ALL_KEYS, ids=str)
def test_keys_are_called_as_their_tonic_is_spelt(key: Key) -> None:
    tonic = note_name(key.tonic, key)
    assert key_name(key).split() == [tonic, key.mode.value]
    assert str(key).split() == [tonic.replace("♯", "#").replace("♭", "b"), key.mode.value]
    assert Form((Phrase("A", 4, key),)).keyed_text() == f"A4@{str(key).split()[0]}{'m' * (key.mode is Mode.MINOR)}"
    assert len(tonic) <= 2


def test_minor_keys_have_the_names_that_musicians_give_them() -> None:
    minor = [str(Key(tonic, Mode.MINOR)).split()[0] for tonic in range(PITCH_CLASSES)]
    assert minor == ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"]


@pytest.mark.parametrize("key", ALL_KEYS, ids=str)
def test_written_keys_are_read_back(key: Key) -> None:
    assert Key.parse(key_name(key).replace("♯", "#").replace("♭", "b")) == key


@pytest.mark.parametrize(
    ("symbol", "meant"),
    [
        ("G", "G:maj"),
        ("Cb:min", "B:min"),
        ("C:maj/9", "C:maj(9)/2"),
        ("E#:maj/#4", "F:maj/b5"),
        ("C:maj9(13)", "C:maj9"),
        ("C:min11", "C:min9"),
        ("C:13/3", "C:9/3"),
        ("C:7(#9)", "C:7"),
        ("C:sus4(9)", "C:sus2"),
    ],
)
def test_other_symbols_go_to_the_nearest_chord(symbol: str, meant: str) -> None:
    chord = Chord.parse(symbol)
    assert chord is not None
    assert chord.symbol == meant


@pytest.mark.parametrize("symbol", ["", "H:maj", "C:foo", "Cm", "C:maj//5", "X", "N:maj", ":maj", "C:maj/0", "C:maj\n"])
def test_what_is_no_chord_is_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match="chord: must be a Harte symbol such as C:min7/b3") as refusal:
        Chord.parse(symbol)
    assert str(refusal.value).endswith(f"got {symbol!r}")


def chord_or_refusal(text: str) -> Chord | str:
    try:
        return Chord.parse(text) or ""
    except ValueError as refusal:
        return str(refusal)


@given(text=st.text("ABCDEFGNX#b:/()*,1234567 majindsug", max_size=10))
def test_any_text_is_a_chord_or_refused(text: str) -> None:
    answer = chord_or_refusal(text)
    if isinstance(answer, Chord):
        assert Chord.parse(answer.symbol) == answer
    else:
        assert text == "N" or answer.endswith(f"got {text!r}")


@given(chord=chords, semitones=SEMITONES)
def test_transposing_a_chord_moves_its_tones(chord: Chord, semitones: int) -> None:
    moved = chord.transposed(semitones)
    assert set(moved.chroma) == {(tone + semitones) % PITCH_CLASSES for tone in chord.chroma}
    assert DEGREES[(moved.bass - moved.root) % PITCH_CLASSES] == DEGREES[(chord.bass - chord.root) % PITCH_CLASSES]
    assert moved.transposed(-semitones) == chord


def test_chords_outside_the_vocabulary_are_refused() -> None:
    with pytest.raises(ValueError, match=r"chord quality: must be one of maj, min, .*, got 'foo'"):
        Chord(0, "foo", 0)
    for root, bass in ((12, 0), (0, -1), ("C", 0), (1.5, 0), (None, 0)):
        with pytest.raises(ValueError, match=f"^chord: root and bass must be 0 to 11, got {root!r} and {bass!r}$"):
            Chord(root, "maj", bass)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"no chord of the vocabulary has the pitch classes \(0, 1, 2\)"):
        Chord.from_chroma((0, 1, 2), 0)


def test_chords_last_a_beat_or_more() -> None:
    assert ChordSpan(2, 3, Chord(0, "maj", 0)).end_beat == 5
    for start_beat, duration_beats in ((-1, 4), (0, 0)):
        with pytest.raises(ValueError, match=f"chord span: .*, got {start_beat} and {duration_beats}"):
            ChordSpan(start_beat, duration_beats, Chord(0, "maj", 0))


# Form


@given(form=forms(max_phrase_bars=120, phrase_keys=st.none()), key=keys_or_none)
def test_a_form_is_read_back(form: Form, key: Key | None) -> None:
    assert Form.parse(str(form)) == form
    assert Form.parse(f" {form}\n".replace("A", " A"), key) == form.with_keys([key] * len(form.phrases))


@given(form=forms(max_phrase_bars=120))
def test_a_form_with_keys_is_read_back(form: Form) -> None:
    assert Form.parse(form.keyed_text()) == form
    assert Form.parse(form.keyed_text().replace("@", " @ "), Key(6)) == form


@given(form=forms(phrase_keys=keys_or_none), default=keys)
def test_missing_keys_are_read_back_as_those_before(form: Form, default: Key) -> None:
    carried, latest = [], default
    for phrase in form.phrases:
        latest = phrase.key or latest
        carried.append(latest)
    assert Form.parse(form.keyed_text(), default) == form.with_keys(carried)


@pytest.mark.parametrize(
    ("text", "form", "key_names"),
    [
        ("A8 B8@D i4@Em", "A8B8i4", [None, "D major", "E minor"]),
        ("A8@D B8 i4@Em o2", "A8B8i4o2", ["D major", "D major", "E minor", "E minor"]),
        ("A8@DB8@EmC4", "A8B8C4", ["D major", "E minor", "E minor"]),
        ("A8@F#m B8@Bbmaj C8@ebminor D8@GM", "A8B8C8D8", ["F# minor", "Bb major", "Eb minor", "G major"]),
        ("A8@Db8", "A8b8", ["D major"] * 2),
        ("A8@Db b8", "A8b8", ["Db major"] * 2),
        ("A8@Dbb8", "A8b8", ["Db major"] * 2),
        ("A8@DB8", "A8B8", ["D major"] * 2),
        ("A8@Bb8", "A8b8", ["B major"] * 2),
        ("A8@Bbb8", "A8b8", ["Bb major"] * 2),
        ("A8@Bb", "A8", ["Bb major"]),
        ("A8@Em4", "A8m4", ["E major"] * 2),
        ("A8@Em i4", "A8i4", ["E minor"] * 2),
        ("A8@Emi4", "A8i4", ["E minor"] * 2),
        ("A8@Emin i4", "A8i4", ["E minor"] * 2),
        ("A 8 @ E\nb 8", "A8b8", ["E major"] * 2),
    ],
)
def test_a_key_ends_before_the_letter_of_a_phrase(text: str, form: str, key_names: list[str | None]) -> None:
    expected = Form.parse(form).with_keys([None if name is None else Key.parse(name) for name in key_names])
    assert Form.parse(text) == expected


def test_keys_are_written_where_they_change() -> None:
    c, d_minor = Key(0), Key(2, Mode.MINOR)
    assert Form.parse("A8B8A8").with_keys([c, c, d_minor]).keyed_text() == "A8@C B8 A8@Dm"
    assert Form.parse("A8B8A8").with_keys([None, c, None]).keyed_text() == "A8 B8@C A8"
    assert str(Form.parse("A8@D B8")) == "A8B8"


@pytest.mark.parametrize(
    "text", ["A8@", "A8@H", "@D", "@D A8", "A8@D@E", "A8@Db 8", "A8@Dmaj4", "A8@D minor", "A@D8", "A8@D-B8"]
)
def test_what_is_no_form_with_keys_is_refused(text: str) -> None:
    expected = f"form: must be letters with lengths of 1 bar or more, such as A8@D B8@Em, got {text!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        Form.parse(text)


@given(form=forms())
def test_a_form_s_bars_are_those_of_its_phrases(form: Form) -> None:
    bars = form.bar_positions()
    assert len(bars) == len(form.keys_by_bar()) == form.length_bars
    spans = list(form.spans())
    for bar, ((number, place), key) in enumerate(zip(bars, form.keys_by_bar(), strict=True)):
        start_bar, phrase = spans[number]
        assert start_bar + place == bar
        assert place < phrase.length_bars
        assert key == phrase.key == form.phrases[number].key


@given(form=forms(phrase_keys=keys_or_none), semitones=SEMITONES)
def test_transposing_a_form_moves_its_keys(form: Form, semitones: int) -> None:
    moved = form.transposed(semitones)
    assert str(moved) == str(form)
    assert moved.transposed(-semitones) == form
    assert [key and key.tonic for key in moved.keys_by_bar()] == [
        key and (key.tonic + semitones) % PITCH_CLASSES for key in form.keys_by_bar()
    ]


@given(form=forms(phrase_keys=keys_or_none), default=keys)
def test_missing_keys_are_those_of_a_neighbour(form: Form, default: Key) -> None:
    filled = form.with_missing_keys(default)
    known = [phrase.key for phrase in form.phrases if phrase.key]
    assert filled.phrases[0].key == (known[0] if known else default)
    for before, phrase, given_phrase in zip(filled.phrases, filled.phrases[1:], form.phrases[1:], strict=False):
        assert phrase.key == given_phrase.key or (given_phrase.key is None and phrase.key == before.key)
    assert str(filled) == str(form)


@pytest.mark.parametrize("text", ["", "A", "8A", "A8-B8", "A8B", "Ä8", "A８", "A8.5", "A0", "A8B00", "A" + 5000 * "9"])
def test_what_is_no_form_is_refused(text: str) -> None:
    expected = f"form: must be letters with lengths of 1 bar or more, such as i4A8B8o4, got {text!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        Form.parse(text)


def test_a_phrase_has_a_letter_and_a_bar() -> None:
    with pytest.raises(ValueError, match="phrase length: must be 1 bar or more, got 0"):
        Phrase("B", 0)
    for letter in ("", "AB", "1", "ä"):
        with pytest.raises(ValueError, match=f"phrase letter: must be one letter A to Z or a to z, got {letter!r}"):
            Phrase(letter, 8)
    with pytest.raises(ValueError, match="form: must have at least one phrase"):
        Form(())
    with pytest.raises(ValueError, match="shorter"):
        Form.parse("A8B8").with_keys([Key(0)])


@given(letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))
def test_a_phrase_s_letter_decides_its_type(letter: str) -> None:
    phrase = Phrase(letter, 1)
    assert phrase.is_sung == letter.isupper() == (phrase.type in (PhraseType.A, PhraseType.B, PhraseType.OTHER_SUNG))
    assert PhraseType.of_letter(phrase.type.value) is phrase.type
    assert letter == phrase.type.value or phrase.type in (PhraseType.OTHER_SUNG, PhraseType.OTHER)


# Songs


@given(tonic=pitch_classes, meter=meters)
def test_a_song_ends_with_its_form(tonic: int, meter: Meter) -> None:
    assert Song(Form.parse("i4A8", Key(tonic)), meter).length_steps == meter.bars_to_steps(12)


@pytest.mark.parametrize("tempo", [LOWEST_TEMPO - 1, HIGHEST_TEMPO + 1, float("nan"), float("inf")])
def test_a_song_s_tempo_has_a_range(tempo: float) -> None:
    with pytest.raises(ValueError, match=f"tempo: must be 20 to 300 quarter notes a minute, got {tempo:g}"):
        Song(Form.parse("A8"), tempo=tempo)
