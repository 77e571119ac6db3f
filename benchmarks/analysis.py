"""Hear songs in MIDI files alone, and hold what is heard against people's annotations.

    python benchmarks/analysis.py --data ../shared/data [--songs tuning|validation] [--each]

Each song is read twice: as it is, with three tracks, and with its tracks merged into one without a name. The annotated beats
are not read by the analysis; they only bring both sides onto one axis, sixteenths of the annotated beats. Measured are

- melody: F-measure of notes of the same pitch that begin within a sixteenth of each other;
- bar lines: annotated downbeats that have a bar line within a sixteenth;
- chords: mir_eval's weighted ``majmin`` where a chord is annotated;
- key: MIREX's weighted score of the key that most bars are in, against the annotated key (of several the nearest);
- boundaries: F-measure of phrase starts within a bar; letters: pairwise F-measure of the bars' letters, sung and unsung told
  apart by their case; both against the nearer of the two labellings.
"""

import argparse
import re
import time
from collections import Counter
from pathlib import Path
from statistics import fmean

import numpy as np
from mir_eval import chord as chord_scores
from mir_eval import key as key_scores
from mir_eval import segment
from numpy.typing import NDArray
from symusic.core import ScoreTick, TrackTick

from canzona.io.alignment import played_steps
from canzona.io.pop909 import AlignedSong, align_song
from canzona.song.timing import STEPS_PER_BEAT
from canzona.training.dataset import tuning_numbers, validation_numbers
from canzona.transcription import Analysis, midi_to_analysis
from canzona.transcription.performance import Performance, read_performance

WANTED = {
    "melody": (0.97, 0.75),
    "bar lines": (0.90, 0.85),
    "chords": (0.75, 0.70),
    "key": (0.85, 0.85),
    "boundaries": (0.60, 0.55),
    "letters": (0.60, 0.55),
}
"""Measure → what is wanted of three tracks, and of one."""


def main() -> None:
    """Parse the options, analyse all songs and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds POP909 and its annotations")
    parser.add_argument("--songs", choices=("tuning", "validation"), default="tuning")
    parser.add_argument("--each", action="store_true", help="print every song")
    options = parser.parse_args()
    pop909, structure = options.data / "POP909", options.data / "hierarchical-structure-analysis" / "POP909"
    numbers = sorted(validation_numbers() if options.songs == "validation" else tuning_numbers())
    numbers = [number for number in numbers if (pop909 / f"{number:03d}").is_dir()]
    rows: dict[str, list[dict[str, float]]] = {"three tracks": [], "merged": []}
    for number in numbers:
        song = align_song(number, pop909, structure)
        keys = (structure / f"{number:03d}" / "analyzed_key.txt").read_text()
        data = (pop909 / f"{number:03d}" / f"{number:03d}.mid").read_bytes()
        for kind, file in (("three tracks", data), ("merged", merged(data))):
            start = time.perf_counter()
            analysis = midi_to_analysis(file)
            seconds = time.perf_counter() - start
            rows[kind].append(measure(analysis, read_performance(file), song, keys) | {"seconds": seconds})
            if options.each:
                figures = "  ".join(f"{name} {value:.2f}" for name, value in rows[kind][-1].items())
                print(f"{number:4} {kind:12} {figures}", flush=True)
    print(f"{len(numbers)} {options.songs} songs\n{'':12}{'three tracks':>16}{'wanted':>8}{'merged':>10}{'wanted':>8}")
    for name in (*WANTED, "seconds"):
        means = [fmean(row[name] for row in rows[kind]) for kind in rows]
        wanted = WANTED.get(name, ("", ""))
        print(f"{name:12}{means[0]:16.3f}{wanted[0]:>8}{means[1]:10.3f}{wanted[1]:>8}")


def merged(data: bytes) -> bytes:
    """The file with all notes in one track without a name."""
    score = ScoreTick.from_midi(data)
    one = TrackTick("", 0, False)
    for track in score.tracks:
        one.notes.extend(track.notes)
    one.notes.sort()
    score.tracks.clear()
    score.tracks.append(one)
    return score.dumps_midi()


def measure(analysis: Analysis, performance: Performance, song: AlignedSong, keys: str) -> dict[str, float]:
    """All figures of one song."""

    def on_their_axis(steps: NDArray[np.float64]) -> NDArray[np.float64]:
        """Steps of the analysis in sixteenths of the annotated beats."""
        return played_steps(performance.seconds(analysis.grid.positions(steps)), song.beat_times)

    offset = song.offset
    beats_per_bar = song.meter.beats_per_bar
    downbeats = np.array([STEPS_PER_BEAT * beat + offset[beat] for beat in range(0, len(offset), beats_per_bar)])
    played_end = max(float(song.sung.end.max()), float(song.piano.end.max()))
    downbeats = downbeats[(downbeats >= 0) & (downbeats <= played_end)]
    found = analysis.song
    bars = on_their_axis(found.meter.steps_per_bar * np.arange(-2.0, found.form.length_bars + 3))
    return {
        "melody": _melody_f1(analysis, song, on_their_axis),
        "bar lines": float(np.mean(np.abs(bars[:, None] - downbeats).min(axis=0) <= 1)),
        "chords": _chord_score(analysis, song, on_their_axis),
        "key": _key_score(analysis, keys),
        **_phrase_scores(analysis, song, on_their_axis),
    }


def _melody_f1(analysis: Analysis, song: AlignedSong, on_their_axis) -> float:
    asked = [
        (note.start_step + int(song.offset[min(note.start_step // 4, len(song.offset) - 1)]), note.pitch)
        for note in song.melody
    ]
    sheet = analysis.song.lead_sheet
    melody = sheet.melody if sheet else ()
    steps = np.rint(on_their_axis(np.array([float(note.start_step) for note in melody]))).astype(int)
    free = Counter(asked)
    hits = 0
    waiting = list(zip(steps.tolist(), (note.pitch for note in melody), strict=True))
    for distance in (0, -1, 1):
        left = []
        for step, pitch in waiting:
            if free[step + distance, pitch] > 0:
                free[step + distance, pitch] -= 1
                hits += 1
            else:
                left.append((step, pitch))
        waiting = left
    return 2 * hits / max(len(asked) + len(melody), 1)


def _chord_score(analysis: Analysis, song: AlignedSong, on_their_axis) -> float:
    asked, labels = [], []
    for span in song.chords:
        for beat in range(span.start_beat, span.end_beat):
            if beat < len(song.offset):
                start = STEPS_PER_BEAT * beat + int(song.offset[beat])
                asked.append((start, start + STEPS_PER_BEAT))
                labels.append(span.chord.symbol)
    sheet = analysis.song.lead_sheet
    chords = sheet.chords if sheet else ()
    bounds = on_their_axis(STEPS_PER_BEAT * np.array([[c.start_beat, c.end_beat] for c in chords], float).reshape(-1)).reshape(
        -1, 2
    )
    heard = []
    for start, end in asked:
        middle = (start + end) / 2
        place = int(np.searchsorted(bounds[:, 0], middle, side="right")) - 1
        heard.append(chords[place].chord.symbol if place >= 0 and middle < bounds[place, 1] else "N")
    scores = chord_scores.majmin(labels, heard)
    return float(chord_scores.weighted_accuracy(scores, np.ones(len(scores))))


def _key_score(analysis: Analysis, keys: str) -> float:
    bars = Counter(str(key) for key in analysis.song.form.keys_by_bar() for _ in "1")
    heard = bars.most_common(1)[0][0]
    asked = re.findall(r"([A-G][b#]?):(maj|min)", keys)
    names = [f"{tonic} {'major' if mode == 'maj' else 'minor'}" for tonic, mode in asked]
    return max(key_scores.weighted_score(name, heard) for name in names)


def _phrase_scores(analysis: Analysis, song: AlignedSong, on_their_axis) -> dict[str, float]:
    """Boundaries and letters on the axis of the annotated bars."""
    length = song.meter.steps_per_bar
    found = analysis.song
    place = on_their_axis(
        np.array([float(found.meter.bars_to_steps(bar)) for bar, _ in found.form.spans()] + [float(found.length_steps)])
    )
    annotated = STEPS_PER_BEAT * np.arange(len(song.offset)) + song.offset
    bars = np.interp(place, annotated, STEPS_PER_BEAT * np.arange(len(annotated))) / length
    best = {"boundaries": 0.0, "letters": 0.0}
    for form in song.labellings:
        starts = [bar for bar, _ in form.spans()]
        end = form.length_bars
        inner = np.array([bar for bar in bars[:-1] if 0.5 < bar < end - 0.5])
        asked = _intervals(np.array(starts[1:], float), end)
        heard = _intervals(np.unique(inner.round(3)), end)
        frames = np.arange(end) + 0.5
        letters = [
            found.form.phrases[int(np.clip(np.searchsorted(bars, f, side="right") - 1, 0, len(bars) - 2))].letter
            for f in frames
        ]
        own = [form.phrases[number].letter for number, _ in form.bar_positions()]
        each = np.stack([np.arange(end), np.arange(1, end + 1)], axis=1).astype(float)
        best["boundaries"] = max(best["boundaries"], segment.detection(asked, heard, window=1.0, trim=True)[2])
        best["letters"] = max(best["letters"], segment.pairwise(each, own, each, letters, frame_size=1.0)[2])
    return best


def _intervals(inner: NDArray[np.float64], end: float) -> NDArray[np.float64]:
    edges = np.concatenate([[0.0], inner, [float(end)]])
    return np.stack([edges[:-1], edges[1:]], axis=1)


if __name__ == "__main__":
    main()
