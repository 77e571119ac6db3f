"""Levels ⇄ images are inverses on songs, stay so under noise and storage, and read something valid off any image."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canzona.hierarchy.level import Content, Level
from canzona.hierarchy.levels import LEVELS
from canzona.io.files import check_storable
from canzona.representation.form_image import EXACT, LONGEST_PHRASE_BARS, POP_SONG, decode_form, decode_keys, encode_form
from canzona.representation.image import decode_level, encode_level
from canzona.representation.window import ImageStore
from canzona.song import Form, Key, LeadSheet, Meter, Note, Phrase, PhraseType, Song
from canzona.training.prepare import prepare_song
from real_data import POP909, STRUCTURE, needs_data
from strategies import forms, keys, lead_sheets, meters, piano_parts

(FORM,) = (level for level in LEVELS if level.content is Content.FORM)
(PIANO,) = (level for level in LEVELS if level.content is Content.NOTES)
SHEETS = [level for level in LEVELS if level.content is Content.LEAD_SHEET]
ROLLS = [*SHEETS, PIANO]
BY_LEVEL = pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
BY_ROLL = pytest.mark.parametrize("level", ROLLS, ids=lambda level: level.name)
SEEDS = st.integers(0, 2**32 - 1)


def drawable(song: Song) -> Song:
    """The song without what images do not tell: letters but for their types, velocities, pitches without a row, provenance."""
    drawn = replace(song, form=with_type_letters(song.form), provenance={})
    for level in LEVELS:
        content = getattr(song, level.attribute)
        if isinstance(content, LeadSheet):
            content = replace(content, melody=plain(content.melody))
        elif isinstance(content, tuple):
            content = plain(note for note in content if 0 <= note.pitch - level.lowest_pitch < level.rows)
        else:
            continue
        drawn = replace(drawn, **{level.attribute: content})
    return drawn


def plain(notes) -> tuple[Note, ...]:
    return tuple(Note(note.start_step, note.pitch, note.duration_steps) for note in notes)


def with_type_letters(form: Form) -> Form:
    return Form(tuple(replace(phrase, letter=phrase.type.value) for phrase in form.phrases))


@st.composite
def whole_songs(draw: st.DrawFn) -> Song:
    """Songs with all four levels, of what images can tell; all phrases have keys or none has."""
    song = Song(draw(forms(phrase_keys=keys) | forms(phrase_keys=st.none())), draw(meters))
    beats = song.meter.bars_to_beats(song.form.length_bars)
    song = replace(
        song,
        reduced_lead_sheet=draw(lead_sheets(beats, steps=4)),
        lead_sheet=draw(lead_sheets(beats)),
        accompaniment=draw(piano_parts(song.length_steps)),
    )
    return drawable(song)


def without(level: Level, song: Song) -> Song:
    """The song with nothing, or any form, at this level: what is read must come from the image."""
    nothing = Form((Phrase("b", song.form.length_bars + 3),)) if level is FORM else None
    return replace(song, **{level.attribute: nothing})


def read(level: Level, image: np.ndarray, song: Song) -> Song:
    return decode_level(level, image, without(level, song))


# Exact images


@BY_LEVEL
@given(song=whole_songs())
@settings(max_examples=30)
def test_a_level_is_read_back(level: Level, song: Song) -> None:
    image = encode_level(level, song)
    frames = song.form.length_bars * level.unit.frames_per_bar(song.meter)
    assert image.shape == (frames, len(level.planes), level.rows)
    assert 0 <= image.min() <= image.max() <= 1
    ramps = [level.channel(kind.name.lower()) for kind in PhraseType] if level is FORM else []
    assert set(np.unique(np.delete(image, ramps, axis=1))) <= {0, 1}
    assert read(level, image, song) == song


@BY_LEVEL
@given(song=whole_songs(), frames=st.integers(1, 100))
@settings(max_examples=20)
def test_an_image_of_any_length_is_the_song_s_cut_or_filled_up(level: Level, song: Song, frames: int) -> None:
    whole = np.concatenate([encode_level(level, song), np.zeros((frames, len(level.planes), level.rows))])
    assert np.array_equal(encode_level(level, song, frames), whole[:frames])


def test_planes_of_a_phrase_fall_and_count_its_bars() -> None:
    image, expected = encode_form(FORM, Form.parse("A4i1B40")), np.zeros((45, len(FORM.planes), FORM.rows))
    for start_bar, kind, length in ((0, PhraseType.A, 4), (4, PhraseType.INTRO, 1), (5, PhraseType.B, 40)):
        for bar in range(length):
            planes = expected[start_bar + bar]
            planes[FORM.channel(kind.name.lower())] = 1 - bar / length
            planes[FORM.channel("place"), min(bar, FORM.rows - 1)] = 1
            planes[FORM.channel("left"), min(length - 1 - bar, FORM.rows - 1)] = 1
    np.testing.assert_allclose(image, expected, rtol=1e-6)


@given(songs=st.lists(whole_songs(), min_size=1, max_size=3))
@settings(max_examples=15)
def test_levels_are_read_back_from_a_store_of_many_songs(songs: list[Song]) -> None:
    store = ImageStore([song.form for song in songs], [song.meter for song in songs])
    for number, song in enumerate(songs):
        for level in LEVELS:
            store.write(level, number, encode_level(level, song))
    for number, song in enumerate(songs):
        for level in LEVELS:  # the form's image goes on after the song's end
            assert read(level, store.read(level, number), song) == song


@pytest.mark.parametrize("length_bars", [1, 2, 17, 64, LONGEST_PHRASE_BARS])
def test_long_phrases_are_read_back(length_bars: int) -> None:
    phrases = (Phrase("A", length_bars), Phrase("A", 1), Phrase("o", length_bars))
    form = Form(phrases).with_keys([Key(3), Key(3), Key(5)])
    image = np.zeros((max(form.length_bars, FORM.window_frames), len(FORM.planes), FORM.rows), dtype=np.float32)
    image[: form.length_bars] = encode_form(FORM, form)
    assert decode_level(FORM, image, Song(Form.parse("A1"))).form == form


@given(form=forms(phrase_keys=keys | st.none()))
def test_keys_of_known_phrases_are_read_back(form: Form) -> None:
    assert decode_keys(FORM, encode_form(FORM, form), form.with_keys([None] * len(form.phrases))) == form


@BY_LEVEL
def test_an_empty_image_says_nothing(level: Level) -> None:
    song = Song(Form.parse("A2"))
    image = np.zeros((2 * level.unit.frames_per_bar(song.meter), len(level.planes), level.rows))
    nothing = Form.parse("A1"), LeadSheet(), ()  # a song has at least one phrase
    assert getattr(decode_level(level, image, song), level.attribute) in nothing


@BY_ROLL
def test_a_level_that_is_not_there_cannot_be_drawn(level: Level) -> None:
    with pytest.raises(ValueError, match=f"{level.title}: the song has none"):
        encode_level(level, Song(Form.parse("A2")))


def test_a_pitch_without_a_row_cannot_be_drawn() -> None:
    lowest, highest = PIANO.lowest_pitch, PIANO.lowest_pitch + PIANO.rows - 1
    for pitch in (lowest - 1, highest + 1):
        song = Song(Form.parse("A2"), accompaniment=(Note(0, pitch, 4),))
        with pytest.raises(ValueError, match=f"pitch: must be {lowest} to {highest} here, got {pitch}"):
            encode_level(PIANO, song)


# Other images


@BY_ROLL
@given(song=whole_songs(), seed=SEEDS)
@settings(max_examples=30)
def test_noise_changes_nothing(level: Level, song: Song, seed: int) -> None:
    image = encode_level(level, song)
    noise = np.random.default_rng(seed).uniform(-0.3, 0.3, image.shape)
    assert read(level, (image + noise).clip(0, 1), song) == song


@given(form=forms(max_phrase_bars=12, phrase_keys=keys), seed=SEEDS)
@settings(max_examples=30)
def test_noise_does_not_change_a_form(form: Form, seed: int) -> None:
    song = Song(with_type_letters(form))
    image = encode_level(FORM, song)
    noise = np.random.default_rng(seed).uniform(-0.1, 0.1, image.shape)
    assert read(FORM, (image + noise).clip(0, 1), song) == song


@pytest.mark.parametrize("drawn_bars", [15, 17])
def test_keys_tell_where_a_blurred_form_ends(drawn_bars: int) -> None:
    image = np.zeros((FORM.window_frames, len(FORM.planes), FORM.rows), dtype=np.float32)
    image[:drawn_bars] = encode_form(FORM, Form((Phrase("A", drawn_bars),)))
    form = Form((Phrase("A", 16, Key(2)),))
    keys_only = slice(0, len(FORM.parts[0].regions[0].planes))
    image[:16, keys_only] = encode_form(FORM, form)[:, keys_only]
    assert decode_level(FORM, image, Song(Form.parse("A1"))).form == form


@given(form=forms(phrase_keys=keys | st.none()))
@settings(max_examples=50)
def test_a_form_of_known_length_is_read_back_whatever_is_known_of_its_keys(form: Form) -> None:
    form = with_type_letters(form)
    image = np.zeros((form.length_bars + 9, len(FORM.planes), FORM.rows), dtype=np.float32)
    image[: form.length_bars] = encode_form(FORM, form)
    read_form = decode_form(FORM, image, length_bars=form.length_bars)
    assert str(read_form) == str(form)
    for found, phrase in zip(read_form.phrases, form.phrases, strict=True):
        assert phrase.key in (None, found.key)


@pytest.mark.parametrize("prior", [EXACT, POP_SONG], ids=["exact", "pop song"])
@given(data=st.data(), meter=meters)
@settings(max_examples=50)
def test_a_form_has_the_length_that_is_asked_for_whatever_comes_after(prior, data: st.DataObject, meter: Meter) -> None:
    image = data.draw(any_images(FORM, meter))
    length = data.draw(st.integers(1, len(image)))
    form = decode_form(FORM, image, prior, length)
    assert form.length_bars == length
    image[length:] = 1 - image[length:]
    assert decode_form(FORM, image, prior, length) == form == decode_form(FORM, image[:length], prior, length)


def test_a_form_of_known_length_goes_on_where_the_image_says_it_has_ended() -> None:
    image = np.zeros((32, len(FORM.planes), FORM.rows), dtype=np.float32)
    image[:16] = encode_form(FORM, Form.parse("A8B8", Key(2)))
    assert decode_form(FORM, image) == Form.parse("A8B8", Key(2))
    longer, shorter = (decode_form(FORM, image, length_bars=bars) for bars in (20, 12))
    assert (longer.phrases[0], longer.length_bars) == (Phrase("A", 8, Key(2)), 20)
    assert (shorter.phrases[0], shorter.length_bars) == (Phrase("A", 8, Key(2)), 12)


@st.composite
def any_images(draw: st.DrawFn, level: Level, meter: Meter) -> np.ndarray:
    """Noise from almost empty to almost full, with or without values between 0 and 1."""
    bars = draw(st.integers(1, 6))
    random = np.random.default_rng(draw(SEEDS))
    image = random.random((bars * level.unit.frames_per_bar(meter), len(level.planes), level.rows))
    image = image ** draw(st.sampled_from([0.2, 1, 4, 20]))
    return image.round() if draw(st.booleans()) else image


@BY_LEVEL
@given(data=st.data(), meter=meters)
@settings(max_examples=30)
def test_any_image_is_read_as_something_valid_that_is_read_back(level: Level, data: st.DataObject, meter: Meter) -> None:
    image = data.draw(any_images(level, meter))
    blank = Song(Form((Phrase("A", len(image) // level.unit.frames_per_bar(meter)),)), meter)
    song = decode_level(level, image, blank)
    check_storable(song)
    assert_valid(level, song)
    assert read(level, encode_level(level, song), song) == song


def assert_valid(level: Level, song: Song) -> None:
    content = getattr(song, level.attribute)
    if isinstance(content, Form):
        assert Form.parse(str(content)) == content.with_keys([None] * len(content.phrases))
        assert with_type_letters(content) == content
        return
    notes = content.melody if isinstance(content, LeadSheet) else content
    assert list(notes) == sorted(notes)
    assert all(note.end_step <= song.length_steps for note in notes)
    assert all(note.start_step % level.unit.steps_per_frame(song.meter) == 0 for note in notes)
    if isinstance(content, LeadSheet):
        assert all(earlier.end_step <= later.start_step for earlier, later in pairwise(notes))
        assert all(span.chord == span.chord.canonical() for span in content.chords)
    else:
        for pitch in {note.pitch for note in notes}:
            same = [note for note in notes if note.pitch == pitch]
            assert all(earlier.end_step <= later.start_step for earlier, later in pairwise(same))


@pytest.mark.parametrize("level", SHEETS, ids=lambda level: level.name)
def test_of_several_melody_onsets_the_strongest_is_kept(level: Level) -> None:
    sheet = LeadSheet((Note(0, 60, 4), Note(4, 62, 4)))
    song = Song(Form.parse("A2"), reduced_lead_sheet=sheet, lead_sheet=sheet)
    image = encode_level(level, song)
    onset, sustain = level.channel("onset"), level.channel("sustain")
    later = 4 // level.unit.steps_per_frame(song.meter)
    image[later, onset, 70 - level.lowest_pitch] = 0.9  # weaker than the onset at pitch 62
    image[later:, sustain, 60 - level.lowest_pitch] = 1  # goes on under the next note
    image[later:, sustain, 80 - level.lowest_pitch] = 1  # has no onset
    assert read(level, image, song) == song


# Real songs


@needs_data
@pytest.mark.parametrize("number", [10, 148, 254, 624, 843])  # of both metres, with changes of key
def test_real_songs_are_read_back(number: int) -> None:
    prepared = prepare_song(number, POP909, STRUCTURE)
    assert prepared.songs
    for song in map(drawable, (prepared.song for prepared in prepared.songs)):
        store = ImageStore([song.form], [song.meter])
        for level in LEVELS:
            store.write(level, 0, encode_level(level, song))
            assert read(level, store.read(level, 0), song) == song
