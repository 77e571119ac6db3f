"""What the model is told of a window, against the definition of each plane, worked out bar by bar and pitch by pitch."""

from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from canzona.hierarchy.levels import LEVELS, Content, Level, level_named
from canzona.model.conditioning import Conditions
from canzona.representation.image import encode_level
from canzona.representation.structure import NONE, PASSAGE_CANDIDATES, context_passages, reference_bars
from canzona.representation.window import POSITION_PLANES, TRANSPOSITIONS, ImageStore, Window, Windows
from canzona.song import Chord, ChordSpan, Form, Key, LeadSheet, Meter, Mode, Note, Song
from canzona.song.harmony import QUALITIES
from strategies import forms

(FORM,) = (level for level in LEVELS if level.content is Content.FORM)
TIMED = [level for level in LEVELS if level is not FORM]
SHEETS = [level for level in LEVELS if level.content is Content.LEAD_SHEET]
STEP_SHEET = SHEETS[-1]
LETTERS = "i2A4B3A4x2A5A4o2"
METERS = pytest.mark.parametrize("meter", [Meter(4), Meter(3)], ids=str)
BY_LEVEL = pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
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
            for start, end in zip(bounds, bounds[1:], strict=False)
        ]

    def chord() -> Chord:
        return Chord(int(random.integers(12)), list(QUALITIES)[random.integers(len(QUALITIES))], int(random.integers(12)))

    piano = sorted({Note(time, pitch, 2) for _ in range(3) for time, pitch, _ in line(4 * beats - 2, 22, 105)})
    return Song(form, meter, reduced_lead_sheet=sheet(4), lead_sheet=sheet(1), accompaniment=tuple(piano))


def transposed(song: Song, semitones: int) -> Song:
    def sheet(content: LeadSheet | None) -> LeadSheet:
        assert content is not None
        chords = tuple(replace(span, chord=span.chord.transposed(semitones)) for span in content.chords)
        return LeadSheet(notes(content.melody), chords)

    def notes(content: tuple[Note, ...]) -> tuple[Note, ...]:
        return tuple(replace(note, pitch=note.pitch + semitones) for note in content)

    return replace(
        song,
        form=song.form.transposed(semitones),
        reduced_lead_sheet=sheet(song.reduced_lead_sheet),
        lead_sheet=sheet(song.lead_sheet),
        accompaniment=notes(song.accompaniment or ()),
    )


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
    known_part_bars = torch.randint(0, bars, (len(starts), len(level.parts)), generator=random)
    known_part_bars[0] = 0
    return Windows(torch.full_like(starts, number), starts, known_bars, known_part_bars)


def places(level: Level, song: Song, start_bar: int) -> list[tuple[int, int] | None]:
    """For every frame of a window (bar of the song, frame within that bar), ``None`` where there is no song to be had."""
    per_bar = level.unit.frames_per_bar(song.meter)
    bars = level.window_frames if level.ends_freely else song.form.length_bars
    found: list[tuple[int, int] | None] = [None] * level.window_frames
    for bar in range(start_bar, min(bars, start_bar + level.window_bars(song.meter))):
        for frame in range(per_bar):
            found[(bar - start_bar) * per_bar + frame] = (bar, frame)
    return found


def equal(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool((one == other).all())


def assert_same(one: Window, other: Window) -> None:
    assert equal(one.clean, other.clean)
    assert equal(one.weight, other.weight)
    for entry in fields(Conditions):
        mine, theirs = getattr(one.conditions, entry.name), getattr(other.conditions, entry.name)
        assert mine is theirs is None or equal(mine, theirs), entry.name


def signed_image(store: ImageStore, level: Level, number: int = 0) -> Tensor:
    """(planes, frames, rows) of a whole song, −1 to 1, as a model sees its own level."""
    return (2 * torch.from_numpy(store.read(level, number)) - 1).permute(1, 0, 2)


# Own music


@METERS
@BY_LEVEL
def test_own_music_what_is_known_of_it_and_what_is_to_compose(level: Level, meter: Meter) -> None:
    song = example(meter)
    store = store_of(song)
    windows = some_windows(level, song)
    cut = store.conditions(level, windows)
    image = signed_image(store, level)
    per_bar = level.unit.frames_per_bar(meter)
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        for frame, place in enumerate(places(level, song, start_bar)):
            clean, mask, weight = (
                cut.clean[number, :, frame],
                cut.conditions.known_mask[number, :, frame],
                cut.weight[number, :, frame],
            )
            expected = torch.zeros(len(level.planes), level.rows, dtype=torch.bool)
            if place is None:
                assert (clean == -1).all()
                expected[:] = True
                assert not weight.any()
            else:
                bar, inside_bar = place
                torch.testing.assert_close(clean, image[:, bar * per_bar + inside_bar])
                expected[:] = bool(windows.known_bars[number, bar])
                for part, known_part_bars in zip(level.parts, windows.known_part_bars[number], strict=True):
                    for region in part.regions if bar < known_part_bars else ():
                        for plane in region.planes:
                            expected[level.channel(plane), region.first_row : region.first_row + region.row_count] = True
                assert equal(weight > 0, ~expected)
            assert equal(mask > 0, expected)
    assert equal(cut.conditions.known, cut.clean * cut.conditions.known_mask)


@METERS
def test_the_form_s_window_goes_on_after_the_song(meter: Meter) -> None:
    song = example(meter)
    windows = replace(some_windows(FORM, song), known_bars=torch.zeros(5, FORM.window_frames, dtype=torch.bool))
    cut = store_of(song).conditions(FORM, replace(windows, known_part_bars=torch.zeros(5, len(FORM.parts), dtype=torch.long)))
    assert cut.clean.shape == (5, len(FORM.planes), 256, FORM.rows)
    assert (cut.weight == 1).all()
    assert (cut.clean[:, :, song.form.length_bars :] == -1).all()


@pytest.mark.parametrize(("meter", "filled_frames"), [(Meter(4), 128), (Meter(3), 120)], ids=str)
@BY_TIMED
def test_a_window_holds_whole_bars(level: Level, meter: Meter, filled_frames: int) -> None:
    song = example(meter, letters="A30B30")
    windows = Windows(
        torch.tensor([0]), torch.tensor([5]), torch.zeros(1, 60, dtype=torch.bool), torch.zeros(1, len(level.parts))
    )
    cut = store_of(song).conditions(level, windows)
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
    per_bar = level.unit.frames_per_bar(meter)
    per_beat = max(1, per_bar // meter.beats_per_bar)
    assert (position == position[..., :1]).all()
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        for frame, place in enumerate(places(level, song, start_bar)):
            within = frame % per_bar
            expected = [within / per_bar, within % per_beat / per_beat, meter == Meter(3), place is not None]
            assert position[number, :, frame, 0].tolist() == pytest.approx(expected)


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


def coarser_planes(level: Level, coarse: Level, song: Song, store: ImageStore, bar: int, frame: int) -> list[Tensor]:
    """A coarser level's planes at one frame of ``level``, pitch by pitch. Sheets are drawn anew on steps, so that their
    onsets are where their notes start and nowhere else.
    """
    pitches = range(level.lowest_pitch, level.lowest_pitch + level.rows)
    if coarse is FORM:
        image = store.read(FORM, 0)[bar]
        keys = [torch.tensor([float(image[plane, pitch % 12]) for pitch in pitches]) for plane in range(2)]
        return keys + [torch.full((level.rows,), float(value)) for value in image[2:, 0]]
    on_steps = encode_level(STEP_SHEET, replace(song, **{STEP_SHEET.attribute: getattr(song, coarse.attribute)}))
    step = song.meter.bars_to_steps(bar) + frame * level.unit.steps_per_frame(song.meter)
    bass, chroma, melody = np.split(on_steps[step], [12, 24], axis=1)
    planes = [
        torch.tensor([float(tones[plane, pitch % 12]) for pitch in pitches]) for tones in (bass, chroma) for plane in range(2)
    ]
    for plane in melody:
        planes.append(torch.tensor([float(plane[pitch - 48]) if 0 <= pitch - 48 < len(plane) else 0.0 for pitch in pitches]))
    return planes


@METERS
@BY_LEVEL
def test_background_planes_are_the_coarser_levels_at_this_level_s_time_and_pitch(level: Level, meter: Meter) -> None:
    song = example(meter, letters="A3B2")
    store = store_of(song)
    windows = replace(some_windows(level, song), start_bar=torch.tensor([0, 0, 1, 2, 4]))
    background = store.conditions(level, windows).conditions.background
    assert background.shape == (
        5,
        sum(8 if name == FORM.name else 6 for name in level.background),
        level.window_frames,
        level.rows,
    )
    for number in range(2, 5) if level.background else ():
        for frame, place in enumerate(places(level, song, int(windows.start_bar[number]))):
            if place is None:
                assert not background[number, :, frame].any()
            else:
                planes = [
                    plane
                    for name in level.background
                    for plane in coarser_planes(level, level_named(name), song, store, *place)
                ]
                torch.testing.assert_close(background[number, :, frame], torch.stack(planes))


# Reference


@METERS
@BY_LEVEL
def test_reference_planes_hold_the_latest_earlier_phrase_that_is_known(level: Level, meter: Meter) -> None:
    song = example(meter)
    store, windows = store_of(song), some_windows(level, song)
    conditions = store.conditions(level, windows).conditions
    image, per_bar = signed_image(store, level), level.unit.frames_per_bar(meter)
    phrases = list(song.form.spans())
    found = 0
    for number, start_bar in enumerate(windows.start_bar.tolist()):
        for frame, place in enumerate(places(level, song, start_bar)):
            counterparts = []
            if place is not None and level is not FORM:
                bar, inside_bar = place
                (own_start, own), *_ = [(start, phrase) for start, phrase in reversed(phrases) if start <= bar]
                counterparts = [
                    start + bar - own_start
                    for start, phrase in phrases
                    if start < own_start and phrase.letter == own.letter and bar - own_start < phrase.length_bars
                    if windows.known_bars[number, start + bar - own_start]
                ]
            planes, mask = conditions.reference[number, :, frame], conditions.reference_mask[number, 0, frame]
            if counterparts:
                torch.testing.assert_close(planes, image[:, counterparts[-1] * per_bar + inside_bar])
                found += 1
            else:
                assert not planes.any()
            assert (mask == bool(counterparts)).all()
    assert (found > 0) == (level is not FORM)


def test_reference_bars_by_hand() -> None:
    table = reference_bars(Form.parse("A2B1A3A2"))
    assert table[:, 0].tolist() == [NONE, NONE, NONE, 0, 1, NONE, 3, 4]
    assert table[:, 1].tolist() == [NONE] * 6 + [0, 1]


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
    for window_start, row in enumerate(table.tolist()):
        target_bar = min(window_start + window_bars // 2, form.length_bars - 1)
        target = phrases[number_of_bar[target_bar]]
        starts = [start for start in row if start != NONE]
        assert row == starts + [NONE] * (PASSAGE_CANDIDATES - len(starts))
        assert len(set(starts)) == len(starts)
        assert all(start >= 0 and start + passage_bars <= target_bar for start in starts)
        chosen = [phrases[number_of_bar[start]] for start in starts]
        ranks = [
            (phrase.letter == target.letter, phrase.type is target.type, phrase.is_sung == target.is_sung) for phrase in chosen
        ]
        assert ranks == sorted(ranks, reverse=True)
        assert all(
            one > other
            for one, other, same in zip(starts, starts[1:], map(tuple.__eq__, ranks, ranks[1:]), strict=False)
            if same
        )
