"""What the model is told of a window, against the definition of each plane, worked out bar by bar and pitch by pitch."""

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from canzona.hierarchy.level import Content, Level
from canzona.hierarchy.levels import LEVELS, external_named, level_named
from canzona.model.conditioning import Conditions
from canzona.model.config import ModelConfig
from canzona.representation.drawing import TRANSPOSITIONS, background_channels
from canzona.representation.encodings import encoding_named
from canzona.representation.image import decode_level, encode_level
from canzona.representation.specification import external_places
from canzona.representation.structure import NONE, PASSAGE_CANDIDATES, REFERENCE_CANDIDATES, context_passages, reference_bars
from canzona.representation.window import POSITION_PLANES, AskedCodes, ImageStore, Window, Windows
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Phrase, Song
from canzona.song.harmony import QUALITIES
from canzona.song.transposition import transposed
from strategies import forms

(FORM,) = (level for level in LEVELS if level.content is Content.FORM)
TIMED = [level for level in LEVELS if level is not FORM]
SHEETS = [level for level in LEVELS if level.content is Content.LEAD_SHEET]
STEP_SHEET = SHEETS[-1]
LETTERS = "i2A4B3A4x2A5A4o2"
METERS = pytest.mark.parametrize("meter", [Meter(4), Meter(3)], ids=str)
BY_LEVEL = pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
BY_EXTERNAL = pytest.mark.parametrize("level", [level for level in LEVELS if level.external], ids=lambda level: level.name)
BY_TIMED = pytest.mark.parametrize("level", TIMED, ids=lambda level: level.name)


def example(meter: Meter, seed: int = 0, letters: str = LETTERS) -> Song:
    """A song of random notes that bear every transposition."""
    random = np.random.default_rng(seed)
    form = Form.parse(letters)
    form = form.with_keys([Key(int(random.integers(12)), list(Mode)[random.integers(2)]) for _ in form.phrases])
    beats = meter.bars_to_beats(form.length_bars)

    def sheet(steps: int) -> LeadSheet:
        melody = tuple(Note(steps * time, pitch, steps * length) for time, pitch, length in line(4 * beats // steps, 54, 92))
        chords = tuple(ChordSpan(time, length, chord()) for time, _, length in line(beats, 0, 1))
        return LeadSheet(melody, chords)

    def line(length: int, lowest: int, highest: int) -> list[tuple[int, int, int]]:
        bounds = sorted({*random.integers(0, length, length // 2).tolist(), length})
        return [
            (start, int(random.integers(lowest, highest + 1)), end - start - int(random.integers(2)) * (end > start + 1))
            for start, end in pairwise(bounds)
        ]

    def chord() -> Chord:
        return Chord(int(random.integers(12)), list(QUALITIES)[random.integers(len(QUALITIES))], int(random.integers(12)))

    piano = sorted({Note(time, pitch, 2) for _ in range(3) for time, pitch, _ in line(4 * beats - 2, 22, 105)})
    return Song(form, meter, reduced_lead_sheet=sheet(4), lead_sheet=sheet(1), accompaniment=tuple(piano))


def store_of(*songs: Song) -> ImageStore:
    store = ImageStore([song.form for song in songs], [song.meter for song in songs])
    for number, song in enumerate(songs):
        for level in LEVELS:
            store.write(level, number, encode_level(level, song))
    return store


def some_windows(level: Level, song: Song, number: int = 0, seed: int = 0) -> Windows:
    """Five windows on a song, the last of which begins with its last bar, with random bars and parts known."""
    bars = song.form.length_bars
    starts = torch.zeros(5, dtype=torch.long) if level.ends_freely else torch.tensor([0, 3, bars // 2, bars - 5, bars - 1])
    random = torch.Generator().manual_seed(seed)
    widest = max(bars, level.window_frames)
    known_bars = torch.rand(len(starts), widest, generator=random) < torch.tensor([[0.0], [0.3], [0.6], [0.9], [1.0]])
    known_parts = torch.rand(len(starts), len(level.parts), widest, generator=random) < 0.4
    known_parts[0] = False
    return Windows(torch.full_like(starts, number), starts, known_bars, known_parts)


def one_window(level: Level, start_bar: int, bars: int, known_before: int = 0) -> Windows:
    """A window on the store's first song, of which the bars before one are known."""
    known_bars = torch.arange(bars)[None] < known_before
    no_parts = torch.zeros(1, len(level.parts), bars, dtype=torch.bool)
    return Windows(torch.tensor([0]), torch.tensor([start_bar]), known_bars, no_parts)


def places(level: Level, song: Song, start_bar: int) -> Iterator[tuple[int, int, int]]:
    """(frame of the window, bar of the song, frame within that bar) wherever a window holds something of the song."""
    per_bar = level.unit.frames_per_bar(song.meter)
    bars = level.window_frames if level.ends_freely else song.form.length_bars
    for bar in range(start_bar, min(bars, start_bar + level.window_bars(song.meter))):
        for frame_in_bar in range(per_bar):
            yield (bar - start_bar) * per_bar + frame_in_bar, bar, frame_in_bar


def equal(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool((one == other).all())


def assert_same(one: Window, other: Window) -> None:
    assert equal(one.clean, other.clean)
    assert equal(one.weight, other.weight)
    for entry in fields(Conditions):
        mine, theirs = getattr(one.conditions, entry.name), getattr(other.conditions, entry.name)
        assert mine is theirs is None or equal(mine, theirs), entry.name


def signature(key: Key) -> int:
    """Semitones from the signature of C major to that of the key."""
    return key.tonic + (3 if key.mode is Mode.MINOR else 0)


def least_shift(semitones: int) -> int:
    """The same interval, at most six semitones down or five up."""
    return next(shift for shift in range(-6, 6) if (shift - semitones) % 12 == 0)


def signed_image(store: ImageStore, level: Level, number: int = 0) -> Tensor:
    """(planes, frames, rows) of a whole song, −1 to 1, as a model sees its own level."""
    return (2 * torch.from_numpy(store.read(level, number)) - 1).permute(1, 0, 2)


# Own music


@METERS
@BY_LEVEL
def test_own_music_what_is_known_of_it_and_what_is_to_compose(level: Level, meter: Meter) -> None:
    song = example(meter)
    store, windows = store_of(song), some_windows(level, song)
    cut = store.conditions(level, windows)
    image, per_bar = signed_image(store, level), level.unit.frames_per_bar(meter)
    clean, known, inside = -torch.ones_like(cut.clean), torch.ones_like(cut.clean), torch.zeros_like(cut.clean)
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        for frame, bar, frame_in_bar in places(level, song, start_bar):
            clean[number, :, frame] = image[:, bar * per_bar + frame_in_bar]
            inside[number, :, frame] = 1
            known[number, :, frame] = windows.known_bars[number, bar]
            for part, known_parts in zip(level.parts, windows.known_parts[number], strict=True):
                for region in part.regions if known_parts[bar] else ():
                    for plane in region.planes:
                        rows = slice(region.first_row, region.first_row + region.row_count)
                        known[number, level.channel(plane), frame, rows] = 1
    torch.testing.assert_close(cut.clean, clean)
    assert equal(cut.conditions.known_mask, known)
    assert equal(cut.conditions.known, cut.clean * known)
    assert equal(cut.weight, inside * (1 - known))


@METERS
def test_the_form_s_window_goes_on_after_the_song(meter: Meter) -> None:
    song = example(meter)
    cut = store_of(song).conditions(FORM, one_window(FORM, 0, 256))
    assert cut.clean.shape == (1, len(FORM.planes), 256, FORM.rows)
    assert (cut.weight == 1).all()
    assert (cut.clean[:, :, song.form.length_bars :] == -1).all()


@pytest.mark.parametrize(("meter", "filled_frames"), [(Meter(4), 128), (Meter(3), 120)], ids=str)
@BY_TIMED
def test_a_window_holds_whole_bars(level: Level, meter: Meter, filled_frames: int) -> None:
    song = example(meter, letters="A30B30")
    cut = store_of(song).conditions(level, one_window(level, 5, 60))
    inside = cut.conditions.position[0, POSITION_PLANES.index("inside"), :, 0]
    for filled in (inside, cut.weight[0].amin((0, 2)), 1 - cut.conditions.known_mask[0].amax((0, 2))):
        assert filled.tolist() == [1] * filled_frames + [0] * (128 - filled_frames)
    assert (cut.clean[:, :, filled_frames:] == -1).all()
    assert not cut.conditions.background[:, :, filled_frames:].any()
    assert not cut.conditions.reference_mask[:, :, filled_frames:].any()


@METERS
@BY_LEVEL
def test_position_planes_count_within_bars_and_beats(level: Level, meter: Meter) -> None:
    song = example(meter)
    windows = some_windows(level, song)
    position = store_of(song).conditions(level, windows).conditions.position
    assert position.shape == (5, len(POSITION_PLANES), level.window_frames, level.rows)
    per_bar = level.unit.frames_per_bar(meter)
    per_beat = max(1, per_bar // meter.beats_per_bar)
    expected = torch.zeros(position.shape[:3])
    frames = torch.arange(level.window_frames)
    expected[:, 0] = frames % per_bar / per_bar
    expected[:, 1] = frames % per_bar % per_beat / per_beat
    expected[:, 2] = meter == Meter(3)
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        expected[number, 3, [frame for frame, _, _ in places(level, song, start_bar)]] = 1
    assert equal(position, expected[..., None].expand_as(position))


@BY_LEVEL
def test_a_song_is_told_the_same_alone_and_among_others(level: Level) -> None:
    songs = [example(Meter(3), 1, "A4B2A4"), example(Meter(4), 2), example(Meter(3), 3, "A9A9o1")]
    together = store_of(*songs)
    for number, song in enumerate(songs):
        among = together.conditions(level, some_windows(level, song, number))
        assert_same(among, store_of(song).conditions(level, some_windows(level, song)))


# Transposition


@pytest.mark.parametrize("semitones", TRANSPOSITIONS)
def test_windows_of_a_song_transposed_are_transposed_windows(semitones: int) -> None:
    for meter in (Meter(4), Meter(3)):
        song = example(meter)
        store, other_store = store_of(song), store_of(transposed(song, semitones))
        for level in LEVELS:
            windows = some_windows(level, song)
            moved = store.conditions(level, replace(windows, transposition=semitones))
            assert_same(moved, other_store.conditions(level, windows))


def test_there_are_twelve_transpositions() -> None:
    assert sorted(semitones % 12 for semitones in TRANSPOSITIONS) == list(range(12))


# Background


def coarser_planes(level: Level, coarse: Level, song: Song, store: ImageStore) -> Tensor:
    """(bars × frames of ``level``, planes, rows of ``level``): a coarser level drawn pitch by pitch.

    Sheets are drawn anew on steps, so that an onset is where a note starts and nowhere else.
    """
    pitches = np.arange(level.lowest_pitch, level.lowest_pitch + level.rows)
    per_bar, bars = level.unit.frames_per_bar(song.meter), song.form.length_bars
    if coarse is FORM:
        image = store.read(FORM, 0)[:bars].repeat(per_bar, axis=0)
        return torch.from_numpy(
            np.concatenate([image[:, :2, pitches % 12], image[:, 2:, :1].repeat(level.rows, axis=2)], axis=1)
        )
    image = encode_level(STEP_SHEET, replace(song, **{STEP_SHEET.attribute: getattr(song, coarse.attribute)}))
    image = image[:: level.unit.steps_per_frame(song.meter)]
    bass, chroma, melody = np.split(image, [12, 24], axis=2)
    has_row = (pitches >= 48) & (pitches < 48 + melody.shape[2])
    melody = np.where(has_row, melody[:, :, np.where(has_row, pitches - 48, 0)], 0)
    return torch.from_numpy(np.concatenate([bass[:, :, pitches % 12], chroma[:, :, pitches % 12], melody], axis=1))


@METERS
@BY_LEVEL
def test_background_planes_are_the_coarser_levels_at_this_level_s_time_and_pitch(level: Level, meter: Meter) -> None:
    song = example(meter)
    store, windows = store_of(song), some_windows(level, song)
    background = store.conditions(level, windows).conditions.background
    expected = torch.zeros_like(background)
    drawn = [coarser_planes(level, level_named(name), song, store) for name in level.background]
    for number, start_bar in enumerate(windows.start_bar.tolist()) if drawn else ():
        frames, bars, frames_in_bar = torch.tensor(list(places(level, song, start_bar))).T
        whole = torch.cat(drawn, dim=1)[bars * level.unit.frames_per_bar(meter) + frames_in_bar]
        expected[number, :, frames] = whole.permute(1, 0, 2)
    assert background.shape[1] == background_channels(level)
    torch.testing.assert_close(background, expected)


@METERS
def test_a_song_longer_than_the_form_s_window_has_its_whole_form(meter: Meter) -> None:
    song = example(meter, letters="A80B80A80B80")
    alone, among = store_of(song), store_of(song, example(meter, 1))
    assert decode_level(FORM, alone.read(FORM, 0), song) == song
    for level in TIMED:
        starts = torch.tensor([252, 300, 319])
        known_bars, no_parts = torch.arange(320).expand(3, -1) < 260, torch.zeros(3, len(level.parts), 320, dtype=torch.bool)
        windows = Windows(torch.zeros(3, dtype=torch.long), starts, known_bars, no_parts)
        cut = alone.conditions(level, windows)
        assert_same(cut, among.conditions(level, windows))
        drawn = coarser_planes(level, FORM, song, alone)
        for number, start_bar in enumerate(starts.tolist()):
            frames, bars, frames_in_bar = torch.tensor(list(places(level, song, start_bar))).T
            whole = drawn[bars * level.unit.frames_per_bar(meter) + frames_in_bar].permute(1, 0, 2)
            torch.testing.assert_close(cut.conditions.background[number, : drawn.shape[1], frames], whole)
            assert whole.any()
    cut = among.conditions(FORM, one_window(FORM, 0, 320))
    torch.testing.assert_close(cut.clean[0], signed_image(among, FORM)[:, : FORM.window_frames])


# Reference


@METERS
@BY_LEVEL
def test_reference_planes_hold_the_first_phrase_that_is_known_moved_to_this_one_s_key(level: Level, meter: Meter) -> None:
    song = example(meter)
    store, windows = store_of(song), some_windows(level, song)
    conditions = store.conditions(level, windows).conditions
    moved = {shift: signed_image(store_of(transposed(song, shift)), level) for shift in TRANSPOSITIONS}
    signatures, per_bar = list(map(signature, song.form.keys_by_bar())), level.unit.frames_per_bar(meter)
    planes, mask, shifts = torch.zeros_like(conditions.reference), torch.zeros_like(conditions.reference_mask), set()
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        for frame, bar, frame_in_bar in places(level, song, start_bar) if level is not FORM else ():
            earlier = [start for start in counterparts(song.form, bar) if windows.known_bars[number, start]]
            if earlier:
                shift = least_shift(signatures[bar] - signatures[min(earlier)])
                planes[number, :, frame] = moved[shift][:, min(earlier) * per_bar + frame_in_bar]
                mask[number, :, frame] = 1
                shifts.add(shift)
    torch.testing.assert_close(conditions.reference, planes)
    assert equal(conditions.reference_mask, mask)
    assert mask.any() == (level is not FORM)
    assert len(shifts) > 1 or level is FORM


@pytest.mark.parametrize(
    ("keys", "shift"),
    [
        (("C major", "C major"), 0),
        (("C major", "A minor"), 0),  # the same signature
        (("A minor", "C minor"), 3),
        (("C major", "A major"), -3),
        (("E major", "Bb major"), -6),
        ((None, None), 0),
        (("G major", None), 0),
    ],
    ids=str,
)
def test_a_return_in_another_key_is_told_its_counterpart_in_that_key(keys: tuple[str | None, ...], shift: int) -> None:
    form = Form.parse("A1A1").with_keys([key and Key.parse(key) for key in keys])
    lowest, middle = Note(0, 48, 4), Note(4, 72, 4)
    song = Song(form, lead_sheet=LeadSheet((lowest, middle), (ChordSpan(0, 4, Chord(11, "maj", 1)),)))
    store = ImageStore([form], [Meter()])
    store.write(STEP_SHEET, 0, encode_level(STEP_SHEET, song))
    conditions = store.conditions(STEP_SHEET, one_window(STEP_SHEET, 1, 2, known_before=1)).conditions
    onsets = conditions.reference[0, STEP_SHEET.channel("onset")] == 1
    chords, melody = onsets[:16, :24], onsets[:16, 24:]
    assert chords[0].nonzero().flatten().tolist() == sorted(
        [(1 + shift) % 12, *(12 + (tone + shift) % 12 for tone in (11, 3, 6))]
    )
    there = [[step, pitch + shift - 48] for step, pitch in ((0, 48), (4, 72)) if pitch + shift >= 48]
    assert melody.nonzero().tolist() == there  # what leaves the image is not told


def counterparts(form: Form, bar: int) -> list[int]:
    """The bars at the same place of all earlier phrases of the same letter."""
    number, place = form.bar_positions()[bar]
    letter = form.phrases[number].letter
    alike = [(start, phrase) for start, phrase in list(form.spans())[:number] if phrase.letter == letter]
    return [start + place for start, phrase in alike if place < phrase.length_bars]


def test_reference_bars_by_hand() -> None:
    table = reference_bars(Form.parse("A2B1A3A2"))
    assert table[:, 0].tolist() == [NONE, NONE, NONE, 0, 1, NONE, 0, 1]
    assert table[:, 1].tolist() == [NONE] * 6 + [3, 4]
    many = reference_bars(Form.parse("A1" * (REFERENCE_CANDIDATES + 3)))
    assert many[-1].tolist() == many[-2].tolist() == list(range(REFERENCE_CANDIDATES))


# External codes


@BY_EXTERNAL
def test_the_table_of_levels_agrees_with_the_table_of_encodings(level: Level) -> None:
    assert level.external is not None
    encoding = encoding_named(level.external.encoding)
    assert (level.external.bars, level.external.width) == (encoding.bars, encoding.code_width)
    assert external_named(level.external.name) is level
    frames = level.external.bars * level.unit.frames_per_bar(Meter())
    assert external_places(level) == frames / ModelConfig.fold_frames


def test_controls_from_outside_are_found_by_name() -> None:
    names = [level.external.name for level in LEVELS if level.external]
    assert names == ["chords", "rhythm", "texture"]
    with pytest.raises(ValueError, match=r"^like: must be one of chords, rhythm, texture, got 'melody'$"):
        external_named("melody")


def test_a_level_without_control_has_no_places_for_codes() -> None:
    assert external_places(FORM) == 0
    store = store_of(example(Meter()))
    assert all(store.conditions(level, one_window(level, 0, 256)).conditions.external is None for level in LEVELS)


CODE_OF_BARS = {
    # (level, beats a bar): bars of the song that the code speaks of, and the phase of each place of a window from bar 1
    ("lead-sheet", 4): (range(2, 4), [NONE] * 4 + [0, 1, 2, 3, 4, 5, 6, 7] + [NONE] * 20),
    ("lead-sheet", 3): (range(2, 4), [NONE] * 3 + [0, 1, 2, 3, 4, 5] + [NONE] * 23),
    ("accompaniment", 4): (range(1, 3), [0, 1, 2, 3, 4, 5, 6, 7] + [NONE] * 24),
    ("accompaniment", 3): (range(4, 6), [NONE] * 9 + [0, 1, 2, 3, 4, 5] + [NONE] * 17),
    ("reduced-lead-sheet", 4): (range(3, 11), [NONE] * 2 + [0, 1, 2, 3, 4, 5, 6, 7] + [NONE] * 22),
    # in 3/4 a place of four beats begins in bars 1, 2, 3, 5, 6, 7, 9, ..., at beats 0, 1, 2 and again 0, 1, 2 of these
    ("reduced-lead-sheet", 3): (range(2, 10), [NONE, 0, 1, 2, 3, 4, 5] + [NONE] * 25),
}


@pytest.mark.parametrize(("name", "beats_per_bar"), CODE_OF_BARS)
def test_the_places_that_a_code_speaks_of_by_hand(name: str, beats_per_bar: int) -> None:
    level, (bars, phases) = level_named(name), CODE_OF_BARS[name, beats_per_bar]
    song = example(Meter(beats_per_bar), letters="A12B12")
    number, bar = torch.full((1, 24), NONE), torch.zeros(1, 24, dtype=torch.long)
    number[0, bars], bar[0, bars] = 1, torch.arange(len(bars))
    codes = torch.tensor([[[5.0, 6.0], [7.0, 8.0]]])
    windows = replace(one_window(level, 1, 24), asked=AskedCodes(codes, number, bar))
    external = store_of(song).conditions(level, windows).conditions.external
    assert external is not None
    expected = torch.tensor(phases)
    assert external.mask[0].tolist() == (expected != NONE).float().tolist()
    assert equal(external.phase[0], expected.clamp(min=0))
    assert all(code.tolist() == [7.0, 8.0] for code in external.codes[0, expected != NONE])
    assert external.phase.max() < external_places(level)


@METERS
@BY_EXTERNAL
def test_every_place_has_the_code_of_the_bar_in_which_it_begins(level: Level, meter: Meter) -> None:
    assert level.external is not None
    song = example(meter, letters="i2A4B3A4x2A5A4B9o2")
    windows, bars, random = some_windows(level, song), song.form.length_bars, torch.Generator().manual_seed(3)
    number = torch.randint(-1, 6, (5, bars + 40), generator=random)
    bar = torch.randint(level.external.bars, (5, bars + 40), generator=random)
    codes = torch.randn(5, 6, 3, generator=random)
    store = store_of(example(meter, 1), song)
    windows = replace(windows, song=windows.song + 1, asked=AskedCodes(codes, number, bar))
    external = store.conditions(level, windows).conditions.external
    assert external is not None
    mask, told = torch.zeros(5, 32), 0
    for window, start_bar in enumerate(windows.start_bar.tolist()):
        for frame, bar_of_song, frame_in_bar in places(level, song, start_bar):
            own = int(number[window, bar_of_song])
            if frame % 4 == 0 and own != NONE:
                place, into = frame // 4, int(bar[window, bar_of_song]) * level.unit.frames_per_bar(meter) + frame_in_bar
                mask[window, place] = 1
                assert int(external.phase[window, place]) == into // 4
                assert equal(external.codes[window, place], codes[window, own])
                told += 1
    assert equal(external.mask, mask)
    assert told > 40
    assert not external.mask[-1, level.unit.frames_per_bar(meter) // 4 + 1 :].any()  # of a window on the last bar


# Context


@METERS
@BY_LEVEL
def test_context_passages_are_the_best_of_those_that_are_known(level: Level, meter: Meter) -> None:
    song = example(meter, letters="i4A8B8A8B9x4A8")
    store, windows = store_of(song), some_windows(level, song)
    windows = replace(windows, known_bars=windows.known_bars | (torch.arange(windows.known_bars.shape[1]) < 18))
    conditions = store.conditions(level, windows).conditions
    shape = (5, level.context_passages, len(level.planes), level.context_frames, level.rows)
    assert conditions.context.shape == shape
    assert conditions.context_mask.shape == shape[:2]
    if not level.context_passages:
        return
    image, per_bar = signed_image(store, level), level.unit.frames_per_bar(meter)
    passage_bars = min(level.context_bars, level.context_frames // per_bar)
    table = context_passages(song.form, level.window_bars(meter), passage_bars)
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        known = windows.known_bars[number]
        there = [start for start in table[start_bar].tolist() if start != NONE and known[start : start + passage_bars].all()]
        for place in range(level.context_passages):
            passage, mask = conditions.context[number, place], conditions.context_mask[number, place]
            assert mask == (place < len(there))
            heard = passage_bars * per_bar if mask else 0
            if mask:
                first = there[place] * per_bar
                torch.testing.assert_close(passage[:, :heard], image[:, first : first + heard])
            assert not passage[:, heard:].any()
    assert conditions.context_mask[-1].all()


@given(
    form=forms(max_phrases=8, max_phrase_bars=9),
    window_bars=st.sampled_from([8, 10, 32, 40]),
    passage_bars=st.sampled_from([4, 8]),
)
@settings(deadline=None, max_examples=50)
def test_passages_lie_before_what_is_composed_the_most_alike_first(form: Form, window_bars: int, passage_bars: int) -> None:
    table = context_passages(form, window_bars, passage_bars)
    assert table.shape == (form.length_bars, PASSAGE_CANDIDATES)
    phrases, number_of_bar = form.phrases, [number for number, _ in form.bar_positions()]

    def rank(start: int, target: Phrase) -> tuple[bool, bool, bool, int]:
        phrase = phrases[number_of_bar[start]]
        return phrase.letter == target.letter, phrase.type is target.type, phrase.is_sung == target.is_sung, start

    for window_start, row in enumerate(table.tolist()):
        target_bar = min(window_start + window_bars // 2, form.length_bars - 1)
        starts = [start for start in row if start != NONE]
        assert row == starts + [NONE] * (PASSAGE_CANDIDATES - len(starts))
        assert all(start >= 0 and start + passage_bars <= target_bar for start in starts)
        ranks = [rank(start, phrases[number_of_bar[target_bar]]) for start in starts]
        assert ranks == sorted(set(ranks), reverse=True)
