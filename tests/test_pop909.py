"""POP909 with its annotations: small songs with known faults, and the real collection where it is at hand."""

import multiprocessing
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from canzona.io.pop909 import MINIMUM_MATCH, Arrangement, read_song, song_numbers
from canzona.song import Chord, ChordSpan, Form, Meter, Note
from midi_files import midi
from real_data import POP909, STRUCTURE, needs_data

BARS = 16


@dataclass(frozen=True)
class Example:
    """A song as its annotators wrote it down, and how its MIDI departs from that.

    ``heard_bars`` lists, for every bar of the MIDI, the annotated bar heard there, ``None`` for one that was not annotated.
    """

    melody: tuple[Note, ...]
    chords: tuple[tuple[str, int], ...]
    piano: tuple[Note, ...]
    meter: Meter
    labels: tuple[str, str] = ("A8B8", "A8B8")
    heard_bars: tuple[int | None, ...] = (None, *range(BARS))
    bridge: tuple[Note, ...] = ()
    beat_seconds: float = 0.5


ROOTS = (0, 9, 5, 7, 2, 4, 0, 7, 9, 4, 5, 0, 2, 7, 11, 0)


def example(beats_per_bar: int = 4, seed: int = 0) -> Example:
    """Sixteen bars: a wandering melody on eighths, a major chord a bar, and a broken chord in the piano."""
    random, meter = np.random.default_rng(seed), Meter(beats_per_bar)
    eighths = range(0, meter.bars_to_steps(BARS), 2)
    melody = tuple(Note(step, int(random.integers(60, 80)), 2, int(random.integers(40, 110))) for step in eighths)
    piano = tuple(
        Note(meter.bars_to_steps(bar) + 4 * beat, 48 + (root + tone) % 12, 4, 60 + beat)
        for bar, root in enumerate(ROOTS)
        for beat, tone in enumerate((0, 4, 7, 4)[: meter.beats_per_bar])
    )
    chords = tuple((Chord(root, "maj", root).symbol, meter.beats_per_bar) for root in ROOTS)
    return Example(melody, chords, piano, meter)


def write(folder: Path, song: Example, number: int = 7) -> tuple[Path, Path]:
    """Lay the song out as the two collections do."""
    played, annotated = folder / "played" / f"{number:03d}", folder / "annotated" / f"{number:03d}"
    played.mkdir(parents=True)
    annotated.mkdir(parents=True)
    write_annotations(annotated, song)
    beats = len(song.heard_bars) * song.meter.beats_per_bar
    # The second beat of every bar comes late, so that only the beat file tells where the notes belong.
    times = np.arange(beats + 1) * song.beat_seconds
    times[1 :: song.meter.beats_per_bar] += 0.2 * song.beat_seconds
    flags = [int(beat % song.meter.beats_per_bar in (0, 2 * (song.meter.beats_per_bar == 4))) for beat in range(beats)]
    lines = [f"{time} {flag}.0 0.0\n" for time, flag in zip(times, flags, strict=False)]
    (played / "beat_midi.txt").write_text("".join(lines))

    def milliseconds(step: float) -> int:
        return round(1000 * float(np.interp(step / 4, np.arange(beats + 1), times)))

    tracks = {
        name: [
            (milliseconds(start), milliseconds(end) - milliseconds(start), note.pitch, note.velocity)
            for start, end, note in heard(song, notes)
        ]
        for name, notes in {"MELODY": song.melody, "BRIDGE": song.bridge, "PIANO": song.piano}.items()
    }
    (played / f"{played.name}.mid").write_bytes(midi(tracks, tempos=[(0, 60)], ticks=1000))
    return folder / "played", folder / "annotated"


def write_annotations(folder: Path, song: Example) -> None:
    lines, step = [], 0
    for note in song.melody:
        lines += [f"0 {note.start_step - step}\n"] if note.start_step > step else []
        lines.append(f"{note.pitch} {note.duration_steps}\n")
        step = note.end_step
    (folder / "melody.txt").write_text("".join(lines))
    (folder / "finalized_chord.txt").write_text("".join(f"{symbol} [0, 4, 7] 0 {beats} \n" for symbol, beats in song.chords))
    for annotator, label in enumerate(song.labels, start=1):
        (folder / f"human_label{annotator}.txt").write_text(label)


def heard(song: Example, notes: tuple[Note, ...]) -> list[tuple[int, int, Note]]:
    """Start and end in steps of the MIDI; bars that nobody annotated hold a low note, which shows where they are read."""
    found = []
    for place, bar in enumerate(song.heard_bars):
        start = song.meter.bars_to_steps(place)
        if bar is None:
            found.append((start, start + 4, Note(0, 25, 4)))
            continue
        for note in notes:
            if song.meter.bar_of_step(note.start_step) == bar:
                moved = start + note.start_step - song.meter.bars_to_steps(bar)
                found.append((moved, moved + note.duration_steps, note))
    return found


def read(folder: Path, song: Example) -> Arrangement:
    return read_song(7, *write(folder, song))


def test_everything_comes_back_from_a_shifted_uneven_performance(tmp_path: Path) -> None:
    song = example()
    arrangement = read(tmp_path, song)
    assert arrangement.melody == song.melody
    assert arrangement.accompaniment == song.piano
    assert arrangement.chords == tuple(ChordSpan(4 * bar, 4, Chord(root, "maj", root)) for bar, root in enumerate(ROOTS))
    assert arrangement.forms == (Form.parse("A8B8"),)
    assert (arrangement.meter, arrangement.melody_match, arrangement.number) == (Meter(4), 1.0, 7)
    assert arrangement.tempo == pytest.approx(120, abs=1)


def test_a_bar_inserted_part_way_is_left_out(tmp_path: Path) -> None:
    # No single offset reaches more than six bars of sixteen.
    song = replace(example(), heard_bars=(None, *range(6), None, *range(6, 11), None, *range(11, BARS)))
    arrangement = read(tmp_path, song)
    assert arrangement.melody_match == 1
    assert arrangement.accompaniment == song.piano


def test_a_bar_removed_part_way_does_not_pile_up(tmp_path: Path) -> None:
    song = replace(example(), heard_bars=(*range(5), *range(6, BARS)))
    # Leave the removed bar without melody: what is not sung cannot be missed.
    song = replace(song, melody=tuple(note for note in song.melody if note.start_step // 16 != 5))
    arrangement = read(tmp_path, song)
    assert arrangement.melody_match == 1
    assert [note for note in arrangement.accompaniment if note.start_step // 16 != 5] == [
        note for note in song.piano if note.start_step // 16 != 5
    ]
    assert len([note for note in arrangement.accompaniment if note.start_step // 16 == 5]) <= 4


def test_three_four(tmp_path: Path) -> None:
    song = example(beats_per_bar=3)
    arrangement = read(tmp_path, song)
    assert arrangement.meter == Meter(3)
    assert arrangement.accompaniment == song.piano
    assert arrangement.forms[0].length_bars == BARS


def test_beats_tracked_at_half_speed(tmp_path: Path) -> None:
    song = replace(example(), beat_seconds=0.4)
    folders = write(tmp_path, song)
    beat_file = folders[0] / "007" / "beat_midi.txt"
    beat_file.write_text("".join(beat_file.read_text().splitlines(keepends=True)[::2]))
    arrangement = read_song(7, *folders)
    assert arrangement.tempo == pytest.approx(150, abs=1)
    assert arrangement.melody_match == 1


@pytest.mark.parametrize(
    ("written", "meant"),
    [("G:sus4(b7)\x01", "G:sus4(b7)"), ("F#:sus4(b7", "F#:sus4(b7)"), ("B:sus4(b7,", "B:sus4(b7,9)"), ("C:maj6/5", "C:maj6/5")],
)
def test_broken_chord_symbols_are_repaired(tmp_path: Path, written: str, meant: str) -> None:
    song = example()
    chord = Chord.parse(meant)
    assert chord is not None
    arrangement = read(tmp_path, replace(song, chords=((written, 4), *song.chords[1:])))
    assert arrangement.chords[0] == ChordSpan(0, 4, chord.canonical())


def test_no_chord_is_a_gap_and_a_chord_of_no_length_nothing(tmp_path: Path) -> None:
    song = example()
    chords = (("N", 4), ("F:min", 0), *song.chords[1:])
    arrangement = read(tmp_path, replace(song, chords=chords))
    assert [span.start_beat for span in arrangement.chords] == list(range(4, 4 * BARS, 4))


def test_chords_a_beat_late_are_moved_under_the_piano(tmp_path: Path) -> None:
    song = example()
    arrangement = read(tmp_path, replace(song, chords=(("N", 1), *song.chords)))
    assert [span.start_beat for span in arrangement.chords] == list(range(0, 4 * BARS, 4))


@pytest.mark.parametrize(
    ("labels", "forms"),
    [
        (("A8B4", "A8B4"), ["A8B4o4"]),  # an unlabelled tail
        (("A8B4", "A8B6"), ["A8B6o2"]),  # of two the shorter
        (("A8B7o1", "A8B6o1"), ["A8B7o1", "A8B6o2"]),  # an outro goes on
        (("A8B9x3", "A8B8"), ["A8B8"]),  # labels that run on after the music
        (("A8B86", "A8B8"), ["A8B8"]),  # a misprint
        (("i1A7B8", "A8B8"), ["i1A7B8", "A8B8"]),
    ],
)
def test_forms_are_as_long_as_the_music(tmp_path: Path, labels: tuple[str, str], forms: list[str]) -> None:
    arrangement = read(tmp_path, replace(example(), labels=labels))
    assert [str(form) for form in arrangement.forms] == forms


def test_a_melody_annotated_off_the_beat_goes_where_it_is_played(tmp_path: Path) -> None:
    song = example()
    folders = write(tmp_path, song)
    late = tuple(replace(note, start_step=note.start_step + 1) for note in song.melody)
    write_annotations(folders[1] / "007", replace(song, melody=late))
    arrangement = read_song(7, *folders)
    assert arrangement.melody == song.melody
    assert arrangement.accompaniment == song.piano


def test_same_pitches_never_overlap_and_bridge_and_piano_are_one(tmp_path: Path) -> None:
    piano = (Note(0, 50, 8, 70), Note(16 * BARS - 4, 50, 4))
    bridge = (Note(0, 50, 2, 90), Note(4, 50, 2, 60), Note(8, 62, 4, 50))
    song = example()
    arrangement = read(tmp_path, replace(song, piano=piano, bridge=bridge, heard_bars=tuple(range(BARS))))
    assert arrangement.accompaniment == (Note(0, 50, 4, 70), Note(4, 50, 2, 60), Note(8, 62, 4, 50), piano[-1])


def test_melody_is_brought_into_range_by_octaves(tmp_path: Path) -> None:
    song = example()
    low = tuple(replace(note, pitch=note.pitch - 36) for note in song.melody)
    low = (replace(low[0], pitch=90), *low[1:])
    arrangement = read(tmp_path, replace(song, melody=low))
    # 24 to 43 as a whole goes up two octaves, and 90 with it, which then comes down alone.
    assert all(48 <= note.pitch <= 98 for note in arrangement.melody)
    assert [note.pitch % 12 for note in arrangement.melody] == [note.pitch % 12 for note in low]
    assert len({heard.pitch - note.pitch for heard, note in zip(arrangement.melody[1:], low[1:], strict=True)}) == 1


def test_another_song_s_annotations_are_refused(tmp_path: Path) -> None:
    folders = write(tmp_path, example())
    write_annotations(folders[1] / "007", example(seed=1))
    with pytest.raises(ValueError, match=r"POP909 song 7: only [\d.]+% of its melody notes are found in the MIDI") as refusal:
        read_song(7, *folders)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("name", ["melody.txt", "finalized_chord.txt", "human_label2.txt"])
def test_missing_and_empty_files_are_refused_in_one_line(tmp_path: Path, name: str) -> None:
    folders = write(tmp_path, example())
    (folders[1] / "007" / name).unlink()
    with pytest.raises(ValueError, match=rf"POP909 song 7: .*{name}"):
        read_song(7, *folders)
    (folders[1] / "007" / name).write_text("")
    if name != "finalized_chord.txt":
        with pytest.raises(ValueError, match="POP909 song 7: "):
            read_song(7, *folders)


def test_what_is_no_midi_file_is_refused(tmp_path: Path) -> None:
    folders = write(tmp_path, example())
    (folders[0] / "007" / "007.mid").write_bytes(b"no music at all")
    with pytest.raises(ValueError, match=r"POP909 song 7: 007\.mid is no MIDI file"):
        read_song(7, *folders)


def test_a_song_without_chords_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, replace(example(), chords=())).chords == ()


def test_song_numbers_are_those_in_both_collections(tmp_path: Path) -> None:
    for folder in ("played/001", "played/012", "played/index", "annotated/012", "annotated/013"):
        (tmp_path / folder).mkdir(parents=True)
    assert song_numbers(tmp_path / "played", tmp_path / "annotated") == [12]


def _try_reading(number: int, pop909: Path, structure: Path) -> Arrangement | str:
    try:
        return read_song(number, pop909, structure)
    except ValueError as error:
        return str(error)


@needs_data
def test_the_real_songs_align() -> None:
    numbers = song_numbers(POP909, STRUCTURE)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = pool.map(partial(_try_reading, pop909=POP909, structure=STRUCTURE), numbers, chunksize=16)
    arrangements = [result for result in results if isinstance(result, Arrangement)]
    assert len(arrangements) >= 0.99 * len(numbers)
    assert all(arrangement.melody_match >= MINIMUM_MATCH for arrangement in arrangements)
    for arrangement in arrangements:
        end_step = arrangement.meter.bars_to_steps(arrangement.forms[0].length_bars)
        melody, piano = arrangement.melody, arrangement.accompaniment
        assert {form.length_bars for form in arrangement.forms} == {arrangement.forms[0].length_bars}
        assert all(note.end_step <= end_step for note in (*melody, *piano))
        assert all(earlier.end_step <= later.start_step for earlier, later in pairwise(melody))
        assert len({(note.start_step, note.pitch) for note in piano}) == len(piano)
    bars = sum(arrangement.forms[0].length_bars for arrangement in arrangements)
    assert 15 < sum(len(arrangement.accompaniment) for arrangement in arrangements) / bars < 17
    agreements = [_chord_tone_share(arrangement) for arrangement in arrangements]
    assert 0.87 < np.mean(agreements) < 0.90
    assert 25 <= sum(arrangement.meter == Meter(3) for arrangement in arrangements) <= 28


def _chord_tone_share(arrangement: Arrangement) -> float:
    """Share of the piano's onsets under a chord that are tones of it."""
    chroma = {beat: span.chord.chroma for span in arrangement.chords for beat in range(span.start_beat, span.end_beat)}
    beats = [(note.pitch % 12, note.start_step // 4) for note in arrangement.accompaniment]
    return float(np.mean([tone in chroma[beat] for tone, beat in beats if beat in chroma]))
