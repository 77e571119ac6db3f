"""The song's grid, metre and tempo: as the file's events give them where the notes agree, else as the notes have them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from canzona.io.found import counted
from canzona.song.song import HIGHEST_TEMPO, LOWEST_TEMPO
from canzona.song.time_signatures import taken_as
from canzona.song.timing import SECONDS_PER_MINUTE, STEPS_PER_BEAT, Meter
from canzona.transcription.barlines import first_bass_prior, heard_meter, lay_bars, sixteenth_phase, step_features
from canzona.transcription.beat_tracking import SLOWEST, track_beats
from canzona.transcription.grid import Grid, even_grid
from canzona.transcription.metre_events import written_meter
from canzona.transcription.options import AnalysisOptions
from canzona.transcription.performance import MOST_BEATS, Notes, Performance, longest_tempo

LEAST_AGREEMENT = 0.25
"""Agreement of onsets on sixteenths or triplets, below which a file's quarter notes are not those that were played."""
EXACT_STEPS, NEAR_STEPS = 0.02, 0.3
"""How far onsets may lie off the file's sixteenths on the mean where these are exact, and where they are played to."""
TRUST_EXACT, TRUST_NEAR = 12.0, 2.5
"""What the file's own bar lines are worth there, as a log-likelihood."""
FEWEST_TO_TRACK = 24
"""Notes below which beats cannot be found."""
LONGEST_TO_TRACK = MOST_BEATS * SECONDS_PER_MINUTE / SLOWEST
"""Seconds of music that has too many bars at any tempo that can be found."""
_SURE = 1.0


@dataclass(frozen=True, slots=True)
class Timing:
    """How the file's time axis is read.

    Attributes:
        grid: the song's beats in the file.
        meter, tempo: the song's.
        confidence: of ``tempo``, ``meter`` and ``bar lines``, each 0 to 1; 1 for what was given.
        remarks: what was found or left out, as people read it.
    """

    grid: Grid
    meter: Meter
    tempo: float
    confidence: dict[str, float]
    remarks: tuple[str, ...]


def hear_timing(performance: Performance, options: AnalysisOptions) -> Timing:
    """Find the grid.

    Raises:
        ValueError: where the metre changes or is none that Canzona has, and no other was given; where beats are to be found
            in music of more than ``LONGEST_TO_TRACK``.
    """
    notes, remarks = performance.notes, []
    onsets = STEPS_PER_BEAT * notes.start
    phase, agreement = sixteenth_phase(onsets)
    triplets = sixteenth_phase(onsets * 3 / 4)[1]
    written = written_meter(performance.score, float(notes.start[-1]))
    fits = max(agreement, triplets) >= LEAST_AGREEMENT or len(notes) < FEWEST_TO_TRACK
    tempo, tempo_changes = longest_tempo(performance, float(notes.end.max()))
    tempo_confidence = 1.0 if performance.score.tempos else 0.8
    if options.tempo is not None:
        beats, tempo, tempo_confidence = _beats_of_tempo(performance, options), options.tempo, _SURE
        phase, agreement = 0.0, 0.0
    elif fits:
        beats = None
    else:
        seconds = performance.seconds(notes.start)
        if seconds[-1] > LONGEST_TO_TRACK:
            minutes = [int(own / SECONDS_PER_MINUTE) for own in (LONGEST_TO_TRACK, seconds[-1])]
            raise ValueError(
                f"form: must last {minutes[0]} minutes at most where beats are to be found in it, got {minutes[1]}"
            )
        tracked = track_beats(seconds, notes.pitch)
        beats = performance.beats_at(tracked)
        tempo = float(np.clip(SECONDS_PER_MINUTE / np.median(np.diff(tracked)), LOWEST_TEMPO, HIGHEST_TEMPO))
        tempo_confidence = 0.5
        remarks.append(f"beats found in the notes at {tempo:.4g} bpm, as they do not lie on the file's")
    if beats is None and tempo_changes:
        remarks.append(f"{counted(tempo_changes, 'change{s} of tempo')} left out")
    tempo = float(np.clip(tempo, LOWEST_TEMPO, HIGHEST_TEMPO))

    trusts = beats is None and written.meter is not None
    trust = TRUST_EXACT if abs(phase) < EXACT_STEPS else TRUST_NEAR if abs(phase) < NEAR_STEPS else 0.0
    trusts_phase = trusts and trust > 0 and (written.is_given or abs(phase) < EXACT_STEPS)
    if written.refusal and options.meter is None and beats is None and trust > 0:
        raise ValueError(written.refusal)
    said = taken_as(performance.compound) if performance.compound else written.remark
    if said and options.meter is None and beats is None:
        remarks.append(said)
    elif written.refusal:
        remarks.append(f"its metre events are not followed ({written.refusal.partition(', got ')[2].partition(';')[0]})")
    origin = 0.0 if trusts_phase or beats is not None else phase / STEPS_PER_BEAT
    base = even_grid(origin, 1.0, float(notes.start[-1])) if beats is None else Grid(beats, np.arange(len(beats)))
    moved = _moved_to_start(notes, base)
    features = step_features(moved)
    meter, meter_confidence = heard_meter(features)
    if options.meter is not None:
        meter, meter_confidence = options.meter, _SURE
    elif trusts_phase and written.meter is not None and (written.is_given or len(notes) < FEWEST_TO_TRACK):
        meter, meter_confidence = written.meter, 0.95 if written.is_given else 0.6
    prior = first_bass_prior(moved, meter)
    if trusts_phase and options.first_downbeat_seconds is None:
        period = min(written.period, meter.beats_per_bar)
        for beat in range(0, meter.beats_per_bar, period):
            prior[round(STEPS_PER_BEAT * (written.first_downbeat + beat)) % len(prior)] += trust + (beat == 0)
    if options.first_downbeat_seconds is not None:
        given = base.steps(performance.beats_at(np.array([options.first_downbeat_seconds])))
        prior[int(np.rint(given[0])) % len(prior)] += 1e6
    is_exact = trusts_phase and trust == TRUST_EXACT and written.is_given and written.period == meter.beats_per_bar
    whole = is_exact or options.first_downbeat_seconds is not None or len(features) < 32 * meter.steps_per_bar
    bars = lay_bars(features, meter, prior, int(np.rint(moved.start[0])), whole)
    places = base.positions(bars.first_step + STEPS_PER_BEAT * np.arange(len(bars.numbers), dtype=float))
    grid = Grid(places, bars.numbers)
    shift = 0
    if trusts_phase and options.first_downbeat_seconds is None:  # empty bars before the music stay
        empty = meter.bars_to_beats(
            max(round(float(-grid.steps(np.array([max(written.first_downbeat, 0.0)]))[0])), 0) // meter.steps_per_bar
        )
        grid, shift = grid.moved(-empty), empty // meter.beats_per_bar
    remarks += [f"part of a bar is missing before bar {bar + shift} and stands as a rest" for bar in bars.repaired]
    confidence = {"tempo": tempo_confidence, "meter": meter_confidence, "bar lines": bars.confidence}
    return Timing(grid, meter, tempo, confidence, tuple(remarks))


def _beats_of_tempo(performance: Performance, options: AnalysisOptions) -> NDArray[np.float64]:
    """Beats of the tempo that was given, as they sound, where most onsets lie on their sixteenths."""
    assert options.tempo is not None
    seconds = performance.seconds(performance.notes.start)
    length = SECONDS_PER_MINUTE / options.tempo
    phase, _ = sixteenth_phase(STEPS_PER_BEAT * seconds / length)
    if options.first_downbeat_seconds is not None:
        phase = STEPS_PER_BEAT * options.first_downbeat_seconds / length
    first = (phase / STEPS_PER_BEAT) % 1 - 1
    count = int(seconds[-1] / length) + 3
    return performance.beats_at(length * (first + np.arange(count, dtype=np.float64)))


def _moved_to_start(notes: Notes, grid: Grid) -> Notes:
    """The notes in steps of the grid, those a little before its start at 0."""
    start = np.maximum(grid.steps(notes.start), 0.0)
    return notes.at(start, np.maximum(grid.steps(notes.end), start))
