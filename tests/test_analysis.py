"""Keys of phrases: counted in one unit, alike in every transposition, steady without evidence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from canzona.hierarchy.analysis import phrase_keys
from canzona.hierarchy.extraction import extract_levels
from canzona.song import ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Song
from canzona.song.harmony import PITCH_CLASSES, QUALITIES, Chord
from canzona.song.timing import beats_to_steps
from certain import sure_chord

CADENCE = {
    Mode.MAJOR: ((0, "maj"), (5, "maj"), (7, "maj"), (0, "maj")),
    Mode.MINOR: ((0, "min"), (5, "min"), (7, "min"), (0, "min")),
}


def cadences(keys: list[Key], form: Form, meter: Meter) -> LeadSheet:
    """I–IV–V–I in one key a phrase, a chord a bar, over a melody of the roots."""
    chords, melody = [], []
    for key, (start_bar, phrase) in zip(keys, form.spans(), strict=True):
        for bar in range(phrase.length_bars):
            degree, quality = CADENCE[key.mode][bar % 4]
            root = (key.tonic + degree) % PITCH_CLASSES
            beat = meter.bars_to_beats(start_bar + bar)
            chords.append(ChordSpan(beat, meter.beats_per_bar, Chord(root, quality, root)))
            melody.append(Note(beats_to_steps(beat), 60 + root, meter.steps_per_bar))
    return LeadSheet(tuple(melody), tuple(chords))


def transposed(lead_sheet: LeadSheet, semitones: int) -> LeadSheet:
    return LeadSheet(
        tuple(Note(note.start_step, note.pitch + semitones, note.duration_steps) for note in lead_sheet.melody),
        tuple(ChordSpan(span.start_beat, span.duration_beats, span.chord.transposed(semitones)) for span in lead_sheet.chords),
    )


@pytest.mark.parametrize("meter", [Meter(4), Meter(3)], ids=str)
@pytest.mark.parametrize("names", [("C", "D", "Eb", "B"), ("A minor", "D", "Bb minor", "G"), ("F",) * 4])
def test_every_phrase_is_read_at_its_own_beats(meter: Meter, names: tuple[str, ...]) -> None:
    """With bars added to beats, phrases after the first would be read too early and take the keys of earlier ones."""
    form, keys = Form.parse("A8B8C12D8"), [Key.parse(name) for name in names]
    for lead_sheet in (cadences(keys, form, meter), LeadSheet(chords=cadences(keys, form, meter).chords)):
        assert [phrase.key for phrase in phrase_keys(form, lead_sheet, meter).phrases] == keys


def test_melody_is_read_at_its_own_steps() -> None:
    """Without chords the melody decides, so its steps must be counted from the same bar lines."""
    form, meter = Form.parse("A16B16"), Meter(3)
    melody = [
        Note(meter.bars_to_steps(bar) + beats_to_steps(beat), 60 + 6 * (bar >= 16) + (0, 4, 7, 5, 9, 2, 11, 7)[bar % 8], 4)
        for bar in range(form.length_bars)
        for beat in range(3)
    ]
    found = phrase_keys(form, LeadSheet(melody=tuple(melody)), meter)
    assert [phrase.key.accidentals for phrase in found.phrases if phrase.key] == [0, 6]


@pytest.mark.parametrize(("last", "expected"), [("C:maj", "C major"), ("A:min", "A minor")])
def test_relative_keys_differ_by_where_the_music_rests(last: str, expected: str) -> None:
    symbols = [last, "F:maj", "G:maj", last, last, "D:min", "E:min", last]
    chords = [Chord.parse(symbol) for symbol in symbols]
    spans = tuple(ChordSpan(4 * bar, 4, chord) for bar, chord in enumerate(chords) if chord)
    tonic = Key.parse(expected).tonic
    found = phrase_keys(Form.parse("A8"), LeadSheet((Note(96, 60 + tonic, 32),), spans), Meter())
    assert str(found.phrases[0].key) == expected


def test_dominant_of_minor_does_not_leave_the_key() -> None:
    chords = [Chord.parse(symbol) for symbol in ("A:min", "D:min", "E:maj", "A:min") * 2]
    spans = tuple(ChordSpan(4 * bar, 4, chord) for bar, chord in enumerate(chords) if chord)
    assert phrase_keys(Form.parse("A4A4"), LeadSheet(chords=spans), Meter()).keys_by_bar() == [Key(9, Mode.MINOR)] * 8


def test_phrases_without_evidence_take_their_neighbours_key() -> None:
    form, meter, key = Form.parse("i2A8b1A8o1b3"), Meter(), Key(2)
    far = ChordSpan(0, 4, Chord(8, "maj", 8))  # one bar of a far chord is no modulation, be it between phrases or at the end
    chords = tuple(
        replace(far, start_beat=span.start_beat) if number in (10, 19) else span
        for number, span in enumerate(cadences([key] * 6, form, meter).chords)
        if 2 <= number < 20
    )
    assert set(phrase_keys(form, LeadSheet(chords=chords), meter).keys_by_bar()) == {key}


def test_silence_is_in_c_major_and_old_keys_are_not_looked_at() -> None:
    assert phrase_keys(Form.parse("A4", Key(5)), LeadSheet(), Meter()).phrases[0].key == Key(0)


@given(
    chords=st.lists(st.tuples(st.integers(0, 11), st.sampled_from(sorted(QUALITIES))), max_size=12),
    pitches=st.lists(st.integers(48, 80), max_size=20),
    semitones=st.integers(-6, 6),
)
def test_transposed_music_has_transposed_keys(chords: list[tuple[int, str]], pitches: list[int], semitones: int) -> None:
    form, meter = Form.parse("i1A3B4A4"), Meter()
    lead_sheet = LeadSheet(
        tuple(Note(7 * number, pitch, 7) for number, pitch in enumerate(pitches)),
        tuple(ChordSpan(4 * bar, 4, Chord(root, quality, root)) for bar, (root, quality) in enumerate(chords)),
    )
    found = phrase_keys(form, lead_sheet, meter)
    assert str(found) == str(form)
    if chords or pitches:
        assert phrase_keys(form, transposed(lead_sheet, semitones), meter) == found.transposed(semitones)


def test_extraction_fills_in_keys_and_reduction_only() -> None:
    form, meter = Form.parse("A4B4"), Meter(3)
    song = Song(form, meter, lead_sheet=cadences([Key(0), Key(0)], form, meter), accompaniment=(Note(0, 40, 4),))
    extracted = extract_levels(song)
    assert extracted.form.keys_by_bar() == [Key(0)] * 8
    assert extracted.reduced_lead_sheet == song.lead_sheet  # a chord and a note a bar is as reduced as can be
    assert (extracted.lead_sheet, extracted.accompaniment) == (song.lead_sheet, song.accompaniment)
    assert extract_levels(extracted) == extracted


def test_extraction_needs_a_lead_sheet() -> None:
    with pytest.raises(ValueError, match="lead sheet"):
        extract_levels(Song(Form.parse("A4")))


@pytest.mark.parametrize(
    ("tune", "key"), [("0 2 4 5 7 5 4 2", "C major"), ("0 2 3 5 7 8 7 5 3 2", "C minor"), ("4 2 0 2 4 4 4 2", "C major")]
)
@pytest.mark.parametrize("semitones", [0, 5, 11])
def test_a_short_tune_alone_is_in_the_key_of_its_triad_whatever_note_it_ends_on(tune: str, key: str, semitones: int) -> None:
    steps = [int(step) for step in tune.split()] * 2
    melody = tuple(Note(4 * n, 60 + step + semitones, 4) for n, step in enumerate(steps))
    form = Form.parse(f"A{-(-len(melody) // 4)}")
    [phrase] = phrase_keys(form, LeadSheet(melody), Meter(4)).phrases
    assert phrase.key == Key.parse(key).transposed(semitones)


def test_a_dominant_seventh_tells_where_it_resolves() -> None:
    """Am F C/E G7sus has no tone that C and F major do not share."""
    chords = tuple(
        ChordSpan(4 * n, 4, sure_chord(symbol)) for n, symbol in enumerate(("A:min7", "F:maj", "C:maj/3", "G:sus4(b7)"))
    )
    melody = tuple(Note(4 * n, 60 + step, 4) for n, step in enumerate((0, 2, 4, 5, 7, 5, 4, 2) * 2))
    [phrase] = phrase_keys(Form.parse("A4"), LeadSheet(melody, chords), Meter(4)).phrases
    assert phrase.key == Key.parse("C major")
