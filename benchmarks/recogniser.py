"""Hear the chords of the ten published segments of POP909 and their systems' pianos, beside the published figures.

    python benchmarks/recogniser.py --data ../shared/data/D3PIA/subjective_eval_samples

Every file of a segment holds its melody too; the notes of the lead sheet's melody are taken out, once each. With ``--dataset``
the human songs of a prepared data set that are kept for validation are heard as well.
"""

import argparse
from collections import Counter
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from symusic.core import ScoreTick

from canzona.evaluation.recognition import chord_accuracy, chord_accuracy_exact
from canzona.song import STEPS_PER_BEAT, Chord, ChordSpan, Form, LeadSheet, Meter, Note, Song
from canzona.training.dataset import first_labellings, load_songs

BARS = 8
PUBLISHED = {
    "valid": ("human", 0.988),
    "d3pia": ("D3PIA", 0.960),
    "wholesonggen": ("published cascade", 0.956),
    "efficient_diffusion": ("FGG", 0.722),
    "polyffusion": ("Polyffusion", 0.522),
    "cne_no_velocity": ("Compose & Embellish", None),
}
"""File → its system and the chord accuracy published for it, by the recogniser of PolyDis."""


def main() -> None:
    """Parse the options, hear all pianos and print the shares of beats."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the ten segments")
    parser.add_argument("--dataset", type=Path, help="a prepared data set")
    options = parser.parse_args()
    print(f"{'':22}root and third  exact tones  published")
    segments = sorted(path for path in options.data.iterdir() if path.is_dir())
    for file, (system, published) in PUBLISHED.items():
        _print(system, [_song(segment, file) for segment in segments], published)
    if options.dataset is not None:
        songs = [item.song for item in first_labellings(load_songs(options.dataset)) if item.is_validation]
        _print("human songs", songs, None)


def _print(system: str, songs: list[Song], published: float | None) -> None:
    third, exact = ([accuracy(song) or 0.0 for song in songs] for accuracy in (chord_accuracy, chord_accuracy_exact))
    print(f"{system:22}{fmean(third):14.3f}{fmean(exact):13.3f}" + ("" if published is None else f"{published:11.3f}"))


def _song(segment: Path, file: str) -> Song:
    lead_sheet = ScoreTick(segment / "leadsheet_melody_only.mid")
    melody = Counter((note.start_step, note.pitch) for note in _notes(lead_sheet))
    piano = []
    for note in _notes(ScoreTick(segment / f"{file}.mid")):
        if melody[note.start_step, note.pitch] > 0:
            melody[note.start_step, note.pitch] -= 1
        else:
            piano.append(note)
    meter = Meter()
    end = meter.bars_to_beats(BARS)
    markers = [(round(marker.time / lead_sheet.ticks_per_quarter), marker.text) for marker in lead_sheet.markers]
    chords = []
    for (beat, symbol), (following, _) in pairwise([*markers, (end, "")]):
        chord = Chord.parse(symbol)
        if chord is not None and following > beat:
            chords.append(ChordSpan(beat, following - beat, chord))
    return Song(Form.parse(f"A{BARS}"), meter, lead_sheet=LeadSheet((), tuple(chords)), accompaniment=tuple(piano))


def _notes(score: ScoreTick) -> list[Note]:
    """All notes on the grid, within the segment."""
    step = score.ticks_per_quarter / STEPS_PER_BEAT
    placed = [(round(note.time / step), round(note.end / step), note.pitch) for track in score.tracks for note in track.notes]
    end = Meter().bars_to_steps(BARS)
    return sorted({Note(start, pitch, max(stop - start, 1)) for start, stop, pitch in placed if start < end})


if __name__ == "__main__":
    main()
