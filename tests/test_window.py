"""What the model is told of a window, against the definition of each plane, worked out bar by bar and pitch by pitch."""

from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from canzona.hierarchy.level import Content, Level
from canzona.hierarchy.levels import LEVELS, external_named, level_named
from canzona.model.conditioning import Conditions
from canzona.model.config import ModelConfig
from canzona.representation.encodings import encoding_named
from canzona.representation.image import decode_level, encode_level
from canzona.representation.specification import external_places, model_config
from canzona.representation.structure import NONE, REFERENCE_CANDIDATES, reference_bars
from canzona.representation.voices import states_of
from canzona.representation.window import PLACES_IN_BAR, TEMPI, AskedCodes, ImageStore, Window, Windows, tempo_weights
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Song
from canzona.song.harmony import QUALITIES
from canzona.song.transposition import FURTHEST_DOWN, FURTHEST_UP, transposed
from certain import sure

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


def store_of(*songs: Song, tonics: list[int] | None = None) -> ImageStore:
    store = ImageStore([song.form for song in songs], [song.meter for song in songs], tonics=tonics)
    for number, song in enumerate(songs):
        for level in LEVELS:
            store.write(level, number, encode_level(level, song))
    return store


def some_windows(level: Level, song: Song, number: int = 0, seed: int = 0) -> Windows:
    """Five windows on a song, the last of which begins with its last bar, with random bars and parts known."""
    bars = song.form.length_bars
    starts = torch.tensor([0, 3, bars // 2, bars - 5, bars - 1])
    random = torch.Generator().manual_seed(seed)
    widest = max(bars, level.window_frames)
    known_bars = torch.rand(len(starts), widest, generator=random) < torch.tensor([[0.0], [0.3], [0.6], [0.9], [1.0]])
    known_parts = torch.rand(len(starts), level.window_frames, len(level.parts), generator=random) < 0.4
    known_parts[0] = False
    return Windows(torch.full_like(starts, number), starts, known_bars, known_parts)


def one_window(level: Level, start_bar: int, bars: int, known_before: int = 0) -> Windows:
    """A window on the store's first song, of which the bars before one are known."""
    known_bars = torch.arange(bars)[None] < known_before
    no_parts = torch.zeros(1, level.window_frames, len(level.parts), dtype=torch.bool)
    return Windows(torch.tensor([0]), torch.tensor([start_bar]), known_bars, no_parts)


def places(level: Level, song: Song, start_bar: int) -> Iterator[tuple[int, int, int]]:
    """(frame of the window, bar of the song, frame within that bar) wherever a window holds something of the song."""
    per_bar = level.unit.frames_per_bar(song.meter)
    bars = song.form.length_bars + (level.window_frames if level.ends_freely else 0)
    for bar in range(start_bar, min(bars, start_bar + level.window_bars(song.meter))):
        for frame_in_bar in range(per_bar):
            yield (bar - start_bar) * per_bar + frame_in_bar, bar, frame_in_bar


def equal(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool((one == other).all())


def assert_same(one: Window, other: Window) -> None:
    assert equal(one.image, other.image)
    assert equal(one.unknown, other.unknown)
    for entry in fields(Conditions):
        mine, theirs = getattr(one.conditions, entry.name), getattr(other.conditions, entry.name)
        assert mine is theirs is None or equal(mine, theirs), entry.name


def signature(key: Key) -> int:
    """Semitones from the signature of C major to that of the key."""
    return key.tonic + (3 if key.mode is Mode.MINOR else 0)


def least_shift(semitones: int) -> int:
    """The same interval, at most six semitones down or five up."""
    return next(shift for shift in range(-6, 6) if (shift - semitones) % 12 == 0)


def whole_image(level: Level, song: Song) -> Tensor:
    """(frames, planes, rows) of a whole song, and of the silence after it where the level's image goes on."""
    image = torch.from_numpy(store_of(song).read(level, 0))
    return image if level is FORM else torch.from_numpy(encode_level(level, song))


# Own music


@METERS
@BY_LEVEL
def test_own_music_what_is_known_of_it_and_what_is_to_compose(level: Level, meter: Meter) -> None:
    song = example(meter)
    store, windows = store_of(song), some_windows(level, song)
    cut = store.conditions(level, windows)
    image, per_bar = whole_image(level, song), level.unit.frames_per_bar(meter)
    shape = (5, level.window_frames, len(level.planes), level.rows)
    expected, known_pixels, inside = torch.zeros(shape), torch.zeros(shape), torch.zeros(*shape[:2], 1, dtype=torch.bool)
    known = torch.ones(*shape[:2], len(level.parts), dtype=torch.bool)
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        for frame, bar, frame_in_bar in places(level, song, start_bar):
            expected[number, frame] = image[bar * per_bar + frame_in_bar]
            inside[number, frame] = True
            told = min(bar, windows.known_bars.shape[1] - 1)  # bars after the table are as its last
            for place, part in enumerate(level.parts):
                known[number, frame, place] = windows.known_bars[number, told] | windows.known_parts[number, frame, place]
                for region in part.regions if known[number, frame, place] else ():
                    for plane in region.planes:
                        rows = slice(region.first_row, region.first_row + region.row_count)
                        known_pixels[number, frame, level.channel(plane), rows] = 1
    assert equal(cut.image, expected)
    assert equal(cut.conditions.known_mask, known.float())
    assert equal(cut.conditions.known, (expected * known_pixels).flatten(2))
    assert equal(cut.unknown, inside & ~known)
    for found, state in zip(cut.states, states_of(level, expected), strict=True):
        assert equal(found, state)


@METERS
def test_the_form_s_window_goes_on_after_the_song(meter: Meter) -> None:
    song = example(meter)
    cut = store_of(song).conditions(FORM, one_window(FORM, 0, 256))
    assert cut.image.shape == (1, 256, len(FORM.planes), FORM.rows)
    assert cut.unknown.all()
    assert not cut.image[:, song.form.length_bars :].any()


@pytest.mark.parametrize("meter", [Meter(4), Meter(3)], ids=str)
@BY_TIMED
def test_a_window_holds_whole_bars(level: Level, meter: Meter) -> None:
    filled_frames = {(128, 4): 128, (128, 3): 120, (256, 4): 256, (256, 3): 240}[level.window_frames, meter.beats_per_bar]
    song = example(meter, letters="A30B30")
    cut = store_of(song).conditions(level, one_window(level, 5, 60))
    inside = cut.conditions.position[0, :, PLACES_IN_BAR + 1]
    for filled in (inside, cut.unknown[0].all(1).int(), 1 - cut.conditions.known_mask[0].amax(1)):
        assert filled.tolist() == [1] * filled_frames + [0] * (level.window_frames - filled_frames)
    assert not cut.image[:, filled_frames:].any()
    assert not cut.conditions.background[:, filled_frames:].any()
    assert not cut.conditions.reference_mask[:, filled_frames:].any()


@METERS
@BY_LEVEL
def test_position_tells_the_place_in_the_bar_the_metre_and_what_is_song(level: Level, meter: Meter) -> None:
    song = example(meter)
    windows = some_windows(level, song)
    position = store_of(song).conditions(level, windows).conditions.position
    assert PLACES_IN_BAR == 16
    expected = torch.zeros_like(position)
    for frame in range(level.window_frames):
        expected[:, frame, frame % level.unit.frames_per_bar(meter)] = 1
    expected[:, :, 16] = meter == Meter(3)
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        expected[number, [frame for frame, _, _ in places(level, song, start_bar)], 17] = 1
    expected[:, :, 18] = 1  # C stays C
    assert equal(position, expected)


def test_the_tonic_that_a_song_is_moved_to_is_told_and_changes_nothing_else() -> None:
    songs = [example(Meter(4), seed) for seed in range(3)]
    plain, moved = store_of(*songs), store_of(*songs, tonics=[0, 7, -3])
    for level in LEVELS:
        for number, tonic in enumerate((0, 7, 9)):
            windows = some_windows(level, songs[number], number)
            before, after = (store.conditions(level, windows) for store in (plain, moved))
            told = after.conditions.position[..., 18:]
            assert equal(told, torch.eye(12)[tonic].expand_as(told))
            told.copy_(before.conditions.position[..., 18:])
            assert_same(before, after)


@BY_LEVEL
def test_a_song_is_told_the_same_alone_and_among_others(level: Level) -> None:
    songs = [example(Meter(3), 1, "A4B2A4"), example(Meter(4), 2), example(Meter(3), 3, "A9A9o1")]
    together = store_of(*songs)
    for number, song in enumerate(songs):
        among = together.conditions(level, some_windows(level, song, number))
        assert_same(among, store_of(song).conditions(level, some_windows(level, song)))


@BY_LEVEL
def test_the_network_has_room_for_what_is_told(level: Level) -> None:
    config, conditions = model_config(level), store_of(example(Meter())).conditions(level, one_window(level, 0, 256)).conditions
    assert conditions.tempo.shape == (1, config.tempo_size)
    sizes = {name: getattr(conditions, name).shape for name in ("known", "known_mask", "background", "position", "reference")}
    assert {name: shape[:2] for name, shape in sizes.items()} == dict.fromkeys(sizes, (1, config.frames))
    assert {name: shape[2] for name, shape in sizes.items()} == {
        "known": config.image_size,
        "known_mask": len(config.voices),
        "background": config.background_size,
        "position": config.position_size,
        "reference": config.reference_size,
    }


@pytest.mark.parametrize("tempo", [20.0, 50.0, 60.0, 83.7, 100.0, 120.0, 140.0, 300.0])
def test_a_tempo_is_told_by_those_that_it_lies_between(tempo: float) -> None:
    (weights,) = tempo_weights([tempo])
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    assert (weights > 0).sum() <= 2
    between = float(weights @ np.log2(TEMPI))
    assert 2**between == pytest.approx(min(max(tempo, TEMPI[0]), TEMPI[-1]), rel=1e-4)


def test_every_window_is_told_its_song_s_tempo() -> None:
    songs = [example(Meter(4), seed) for seed in range(3)]
    forms, meters = [song.form for song in songs], [song.meter for song in songs]
    store = ImageStore(forms, meters, tempos=[55.0, 90.0, 200.0])
    windows = replace(some_windows(STEP_SHEET, songs[0]), song=torch.tensor([2, 0, 1, 1, 0]))
    told = store.conditions(STEP_SHEET, windows).conditions.tempo
    assert equal(told, torch.from_numpy(tempo_weights([200.0, 55.0, 90.0, 90.0, 55.0])))


# Background


def coarser_planes(level: Level, coarse: Level, song: Song) -> Tensor:
    """(frames of ``level``, numbers): the whole song at a coarser level, drawn in finer time.

    Sheets are drawn anew on steps, so that an onset is where a note starts and nowhere else.
    """
    if coarse is FORM:
        image = store_of(song).read(FORM, 0)[: song.form.length_bars].repeat(level.unit.frames_per_bar(song.meter), axis=0)
    else:
        image = encode_level(STEP_SHEET, replace(song, **{STEP_SHEET.attribute: getattr(song, coarse.attribute)}))
        image = image[:: level.unit.steps_per_frame(song.meter)]
    return torch.from_numpy(image).flatten(1)


@METERS
@BY_LEVEL
def test_background_is_the_coarser_levels_at_this_level_s_time_and_no_doubt(level: Level, meter: Meter) -> None:
    song = example(meter)
    windows = some_windows(level, song)
    background = store_of(song).conditions(level, windows).conditions.background
    drawn = [coarser_planes(level, level_named(name), song) for name in level.background]
    if not drawn:
        assert background.shape == (5, level.window_frames, 0)
        return
    whole, expected, per_bar = torch.cat(drawn, dim=1), torch.zeros_like(background), level.unit.frames_per_bar(meter)
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        for frame, bar, frame_in_bar in places(level, song, start_bar):
            expected[number, frame, :-1] = whole[bar * per_bar + frame_in_bar]
    assert equal(background, expected)
    assert expected.any()


@METERS
def test_a_song_longer_than_the_form_s_window_has_its_whole_form(meter: Meter) -> None:
    song = example(meter, letters="A80B80A80B80")
    alone, among = store_of(song), store_of(song, example(meter, 1))
    assert decode_level(FORM, alone.read(FORM, 0), song) == song
    for level in TIMED:
        starts = torch.tensor([252, 300, 319])
        known_bars = torch.arange(320).expand(3, -1) < 260
        no_parts = torch.zeros(3, level.window_frames, len(level.parts), dtype=torch.bool)
        windows = Windows(torch.zeros(3, dtype=torch.long), starts, known_bars, no_parts)
        cut = alone.conditions(level, windows)
        assert_same(cut, among.conditions(level, windows))
        drawn = coarser_planes(level, FORM, song)
        for number, start_bar in enumerate(starts.tolist()):
            frames, bars, frames_in_bar = torch.tensor(list(places(level, song, start_bar))).T
            whole = drawn[bars * level.unit.frames_per_bar(meter) + frames_in_bar]
            assert equal(cut.conditions.background[number, frames, : drawn.shape[1]], whole)
            assert whole.any()
    cut = among.conditions(FORM, one_window(FORM, 0, 320))
    assert equal(cut.image[0], whole_image(FORM, song)[: FORM.window_frames])


# Reference


@METERS
@BY_TIMED
def test_reference_is_the_first_phrase_that_is_known_moved_to_this_one_s_key(level: Level, meter: Meter) -> None:
    song = example(meter)
    windows = some_windows(level, song)
    conditions = store_of(song).conditions(level, windows).conditions
    shifts = range(-FURTHEST_DOWN, FURTHEST_UP + 1)
    moved = {shift: torch.from_numpy(encode_level(level, transposed(song, shift))).flatten(1) for shift in shifts}
    signatures, per_bar = [signature(sure(key)) for key in song.form.keys_by_bar()], level.unit.frames_per_bar(meter)
    pixels, mask, met = torch.zeros_like(conditions.reference), torch.zeros_like(conditions.reference_mask), set()
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        for frame, bar, frame_in_bar in places(level, song, start_bar):
            alike = [start for start in counterparts(song.form, bar) if windows.known_bars[number, start]]
            if alike:
                shift = least_shift(signatures[bar] - signatures[alike[0]])
                pixels[number, frame] = moved[shift][alike[0] * per_bar + frame_in_bar]
                mask[number, frame] = 1
                met.add(shift)
    assert equal(conditions.reference, pixels)
    assert equal(conditions.reference_mask, mask)
    assert len(met) > 1


def test_a_level_without_references_has_none() -> None:
    conditions = store_of(example(Meter())).conditions(FORM, one_window(FORM, 5, 256, known_before=30)).conditions
    assert conditions.reference.shape == (1, FORM.window_frames, 0)
    assert equal(conditions.reference_mask, torch.zeros(1, FORM.window_frames, 1))


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
    form = Form.parse("A1A1").with_keys([None if key is None else Key.parse(key) for key in keys])
    lowest, middle = Note(0, 42, 4), Note(4, 72, 4)
    song = Song(form, lead_sheet=LeadSheet((lowest, middle), (ChordSpan(0, 4, Chord(11, "maj", 1)),)))
    store = ImageStore([form], [Meter()])
    store.write(STEP_SHEET, 0, encode_level(STEP_SHEET, song))
    conditions = store.conditions(STEP_SHEET, one_window(STEP_SHEET, 1, 2, known_before=1)).conditions
    planes = conditions.reference[0, :16].unflatten(-1, (len(STEP_SHEET.planes), STEP_SHEET.rows))
    chords, melody = (planes[:, STEP_SHEET.channel("onset")] == 1).tensor_split([24], dim=1)
    assert chords[0].nonzero().flatten().tolist() == sorted(
        [(1 + shift) % 12, *(12 + (tone + shift) % 12 for tone in (11, 3, 6))]
    )
    there = [[step, pitch + shift - 40] for step, pitch in ((0, 42), (4, 72)) if pitch + shift >= 40]
    assert melody.nonzero().tolist() == there  # what leaves the image is not told


def counterparts(form: Form, bar: int) -> list[int]:
    """The bars at the same place of other phrases of the same letter: all earlier ones, then later ones, four at most."""
    number, place = form.bar_positions()[bar]
    spans = list(form.spans())
    alike = [spans[other] for other in (*range(number), *range(number + 1, len(spans)))]
    letter = form.phrases[number].letter
    return [start + place for start, phrase in alike if phrase.letter == letter and place < phrase.length_bars][:4]


def test_reference_bars_by_hand() -> None:
    table = reference_bars(Form.parse("A2B1A3A2"))
    assert table[:, 0].tolist() == [3, 4, NONE, 0, 1, NONE, 0, 1]
    assert table[:, 1].tolist() == [6, 7, NONE, 6, 7, NONE, 3, 4]
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
    assert external_places(level) == frames / ModelConfig.place_frames


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
    ("lead-sheet", 4): (range(2, 4), [NONE] * 4 + [0, 1, 2, 3, 4, 5, 6, 7] + [NONE] * 52),
    ("lead-sheet", 3): (range(2, 4), [NONE] * 3 + [0, 1, 2, 3, 4, 5] + [NONE] * 55),
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
    mask, told = torch.zeros(5, level.window_frames // 4), 0
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
