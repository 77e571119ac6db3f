"""The table of metrics. Whatever a system is, it is judged by the rows of this table and by nothing else.

A metric takes a finished ``Song``; ``None`` says that it does not fit the song, which is then not scored.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from canzona.evaluation import density, endings, harmony, line, piano, recognition, returns, statistics, structure
from canzona.evaluation.copying import PASSAGE_BARS
from canzona.evaluation.distributions import FEATURES
from canzona.evaluation.latent import ASPECTS
from canzona.evaluation.passages import VOICES
from canzona.song.song import Song


@dataclass(frozen=True)
class Anchor:
    """Figures of others to hold ours against.

    Attributes:
        figures: system → figure.
        source: where they stand, or what was measured and by what; a sentence without its full stop.
    """

    figures: Mapping[str, float] = field(hash=False)
    source: str


@dataclass(frozen=True)
class Row:
    """What a report says of a metric.

    Attributes:
        name: as in ``report.json``.
        meaning: one line.
        group: the heading under which it stands.
        published: what others published, all of it measured in another way: for orientation.
        measured: what songs that others published give when they are measured here, in the same way as all.
    """

    name: str
    meaning: str
    group: str
    published: Anchor | None = None
    measured: Anchor | None = None


@dataclass(frozen=True)
class Metric:
    """A row and how one song is measured."""

    row: Row
    measure: Callable[[Song], float | None]


STRUCTURE, RETURNS, HARMONY, ENDINGS = "Structure", "Returns", "Harmony", "Endings"
MELODY, PIANO = "Melody", "Piano"
PITCH_AND_RHYTHM, DENSITY, DISTRIBUTIONS, COPYING, SPEED = "Pitch and rhythm", "Density", "Distributions", "Copying", "Speed"
YARDSTICK = "Other yardsticks"

_HUMAN, _CASCADE, _TRANSFORMER, _POLYFFUSION = "human", "cascade", "REMI Transformer", "Polyffusion"
_ILS = "result files of arXiv 2405.09901: 128 songs of 32 bars a system, by other encoders"
_SI = "arXiv 2510.05881: of audio, by seconds"
_CHORDS = "arXiv 2602.03523: by another recogniser"
PUBLISHED: Mapping[str, Anchor] = {
    "ils_melody_pitch": Anchor({_HUMAN: 2.280, _CASCADE: 2.046, _TRANSFORMER: 1.890, _POLYFFUSION: 0.601}, _ILS),
    "ils_melody_rhythm": Anchor({_HUMAN: 2.305, _CASCADE: 1.492, _TRANSFORMER: 1.713, _POLYFFUSION: 0.758}, _ILS),
    "ils_chords": Anchor({_HUMAN: 1.416, _CASCADE: 1.325, _TRANSFORMER: 0.677, _POLYFFUSION: 0.518}, _ILS),
    "ils_texture": Anchor({_HUMAN: 1.675, _CASCADE: 1.190, _TRANSFORMER: 0.735, _POLYFFUSION: 0.607}, _ILS),
    "si_2_8": Anchor({_HUMAN: 0.4398, _CASCADE: 0.3234, "SFS": 0.3286}, _SI),
    "si_8_16": Anchor({_HUMAN: 0.3827, _CASCADE: 0.2262, "SFS": 0.2264}, _SI),
    "si_16": Anchor({_HUMAN: 0.3300, _CASCADE: 0.0860, "SFS": 0.1109}, _SI),
    "chord_accuracy_exact": Anchor(
        {_HUMAN: 0.988, "D3PIA": 0.960, _CASCADE: 0.956, "FGG": 0.722, _POLYFFUSION: 0.522}, _CHORDS
    ),
}
"""Metric → what its authors published."""

_RETURNS = "45 human songs, and seven whole songs that the authors of arXiv 2405.09901 published as demonstrations"
_SEGMENTS = "ten passages of eight bars that the authors of arXiv 2602.03523 published"
_RECOGNISED = f"{_SEGMENTS} (benchmarks/recogniser.py)"
MEASURED: Mapping[str, Anchor] = {
    "returns_melody_same": Anchor({_HUMAN: 0.813, _CASCADE: 0.35}, _RETURNS),
    "returns_melody_different": Anchor({_HUMAN: 0.074, _CASCADE: 0.09}, _RETURNS),
    "returns_piano_same": Anchor({_HUMAN: 0.701, _CASCADE: 0.49}, _RETURNS),
    "returns_piano_different": Anchor({_HUMAN: 0.259, _CASCADE: 0.32}, _RETURNS),
    "chord_accuracy_exact": Anchor(
        {_HUMAN: 0.925, "D3PIA": 0.909, _CASCADE: 0.762, "FGG": 0.656, _POLYFFUSION: 0.528}, _RECOGNISED
    ),
    "chord_accuracy": Anchor({_HUMAN: 0.950, "D3PIA": 0.981, _CASCADE: 0.903, "FGG": 0.869, _POLYFFUSION: 0.844}, _RECOGNISED),
    "chord_tones_piano": Anchor({_HUMAN: 0.940, "D3PIA": 0.871, _CASCADE: 0.834, "FGG": 0.823, _POLYFFUSION: 0.747}, _SEGMENTS),
}
"""Metric → what songs that others published give when they are measured here."""

DIFFERENT: Mapping[str, str] = {
    "ILS*": "inter-phrase latent similarity as in arXiv 2405.09901, but by encoders of our own",
    "SI*": "the structure indicator of MusDr (Wu and Yang 2020), but of written notes by half bars, its lengths in bars, its "
    "paths never warped",
    "OA*": "the overlapped area of Yang and Lerch (2020), but of windows of eight bars, by total variation, over pairs of "
    "songs, as many human songs as songs of a system",
}
"""Abbreviation in a metric's meaning → how the figure differs from that of the literature under the same name."""


def _row(name: str, group: str, meaning: str) -> Row:
    return Row(name, meaning, group, PUBLISHED.get(name), MEASURED.get(name))


_SI_2_8, _SI_8_16, _SI_16 = (
    partial(structure.structure_indicator, shortest_bars=shortest, longest_bars=longest)
    for shortest, longest in ((2, 8), (8, 16), (16, None))
)
_MELODY_ALIKE_1, _MELODY_ALIKE_2, _MELODY_ALIKE_4 = (partial(line.melody_rhythm_alike, bars_apart=bars) for bars in (1, 2, 4))
_EXACT = recognition.chord_accuracy_exact
_PIANO_ALIKE_1 = partial(piano.piano_rhythm_alike, bars_apart=1)
_MEASURES: tuple[tuple[str, str, Callable[[Song], float | None], str], ...] = (
    (STRUCTURE, "si_2_8", _SI_2_8, "SI*: structure indicator, repeated passages of 2 to 8 bars"),
    (STRUCTURE, "si_8_16", _SI_8_16, "SI*: structure indicator, 8 to 16 bars"),
    (STRUCTURE, "si_16", _SI_16, "SI*: structure indicator, 16 bars and more"),
    (STRUCTURE, "boundary_hits", structure.boundary_hits, "phrase boundaries that a novelty segmenter finds (F, ±1 bar)"),
    (STRUCTURE, "label_f1", structure.label_f1, "phrases grouped by their music as by their letters (pairwise F)"),
    (RETURNS, "returns_melody_same", returns.returns_melody_same, "melody overlap of phrases of the same letter"),
    (RETURNS, "returns_melody_different", returns.returns_melody_different, "melody overlap of phrases of different letters"),
    (RETURNS, "returns_piano_same", returns.returns_piano_same, "piano overlap of phrases of the same letter"),
    (RETURNS, "returns_piano_different", returns.returns_piano_different, "piano overlap of phrases of different letters"),
    (HARMONY, "chord_accuracy_exact", _EXACT, "beats all of whose chord tones a recogniser hears in the piano"),
    (HARMONY, "chord_accuracy", recognition.chord_accuracy, "beats whose root and third it hears"),
    (HARMONY, "chord_tones_piano", harmony.chord_tones_piano, "piano onsets that are tones of the sounding chord"),
    (HARMONY, "chord_tones_melody", harmony.chord_tones_melody, "melody onsets that are tones of the sounding chord"),
    (HARMONY, "melody_in_key", harmony.melody_in_key, "melody notes in the phrase's key"),
    (HARMONY, "out_of_key", statistics.out_of_key, "sounding steps with a note outside the phrase's key"),
    (ENDINGS, "ends_on_tonic", endings.ends_on_tonic, "songs whose last chord is the tonic's, the last melody note in it"),
    (ENDINGS, "last_chord_tonic", endings.last_chord_tonic, "songs whose last chord is the tonic's"),
    (ENDINGS, "phrase_cadences", endings.phrase_cadences, "phrases that close on dominant and tonic or a held note"),
    (MELODY, "melody_stepwise", line.melody_stepwise, "melody intervals of a semitone or a tone"),
    (MELODY, "melody_wide_leaps", line.melody_wide_leaps, "melody intervals wider than a fifth"),
    (MELODY, "reduced_stepwise", line.reduced_stepwise, "intervals of a semitone or a tone in the reduced lead sheet"),
    (MELODY, "reduced_wide_leaps", line.reduced_wide_leaps, "intervals wider than a fifth in the reduced lead sheet"),
    (MELODY, "melody_figures_again", line.melody_figures_again, "figures of four notes heard before within eight bars"),
    (MELODY, "melody_rhythm_alike_1", _MELODY_ALIKE_1, "likeness of melody rhythms in a phrase, bars apart: 1"),
    (MELODY, "melody_rhythm_alike_2", _MELODY_ALIKE_2, "likeness of melody rhythms in a phrase, bars apart: 2"),
    (MELODY, "melody_rhythm_alike_4", _MELODY_ALIKE_4, "likeness of melody rhythms in a phrase, bars apart: 4"),
    (MELODY, "melody_sounding", line.melody_sounding, "steps of sung phrases on which melody sounds"),
    (MELODY, "melody_duration_steps", line.melody_duration_steps, "mean length of melody notes, in steps"),
    (MELODY, "melody_sixteenth_notes", line.melody_sixteenth_notes, "melody notes that last one step"),
    (MELODY, "melody_phrase_range", line.melody_phrase_range, "range of a sung phrase, in semitones"),
    (MELODY, "melody_off_sixteenths", line.melody_off_sixteenths, "melody onsets between two eighths"),
    (PIANO, "piano_onset_places_per_bar", piano.piano_onset_places_per_bar, "steps a bar on which piano notes start"),
    (PIANO, "piano_sixteenth_notes", piano.piano_sixteenth_notes, "piano notes that last one step"),
    (PIANO, "piano_off_sixteenths", piano.piano_off_sixteenths, "piano onsets between two eighths"),
    (PIANO, "piano_rhythm_alike_1", _PIANO_ALIKE_1, "likeness of the piano's rhythms, bars apart: 1"),
    (PIANO, "piano_velocity_deviation", piano.piano_velocity_deviation, "standard deviation of piano velocities"),
    (PITCH_AND_RHYTHM, "entropy_1", statistics.entropy_1, "entropy of pitch classes within a bar, in bits"),
    (PITCH_AND_RHYTHM, "entropy_4", statistics.entropy_4, "entropy of pitch classes within four bars, in bits"),
    (PITCH_AND_RHYTHM, "groove", statistics.groove, "likeness of the rhythms of any two bars"),
    (DENSITY, "bars_without_piano", density.bars_without_piano, "bars in which no piano note starts"),
    (DENSITY, "sung_bars", density.sung_bars, "bars of sung phrases with melody"),
    (DENSITY, "piano_onsets_per_bar", density.piano_onsets_per_bar, "piano onsets a bar"),
    (DENSITY, "melody_notes_per_sung_bar", density.melody_notes_per_sung_bar, "melody notes a bar of sung phrases"),
)
METRICS = tuple(Metric(_row(name, group, meaning), measure) for group, name, measure, meaning in _MEASURES)
"""What one song by itself tells."""

_SAID = {"melody_pitch": "melody's pitch", "melody_rhythm": "melody's rhythm", "chords": "chords", "texture": "piano's texture"}
YARDSTICKS = {"": "", "_second": ", by the second encoder", "_plain": ", without an encoder"}
"""Ending of a metric's name → by what two bars are coded; the ranking of systems must not depend on it."""

ILS_ROWS = tuple(
    _row(f"ils_{aspect}", STRUCTURE, f"ILS*: likeness of phrases of one type in the {_SAID[aspect]}") for aspect in ASPECTS
)
YARDSTICK_ROWS = tuple(
    _row(f"ils_{aspect}{ending}{part}", YARDSTICK, f"{named} {_SAID[aspect]}{said}")
    for part, named in (("", "ILS* in the"), ("_numerator", "mean cosine alone, in the"))
    for ending, said in YARDSTICKS.items()
    for aspect in ASPECTS
    if ending or part
)
"""By another encoder or none, and the numerators: whether the figures depend on how two bars are coded."""

OVERLAP_ROWS = tuple(
    _row(f"oa_{feature}", DISTRIBUTIONS, f"OA*: overlap with human songs: {feature.replace('_', ' ')}") for feature in FEATURES
)
COPY_ROWS = (
    *(
        _row(f"copy_{voice}_{bars}", COPYING, f"{voice} overlap with the nearest training passage, bars: {bars}")
        for voice in VOICES
        for bars in PASSAGE_BARS
    ),
    _row("copy_melody_ngram", COPYING, "longest run of melody that a training song has too, in notes"),
)
SECONDS_ROW = _row("seconds_per_song", SPEED, "seconds that composing a song took")

ROWS: tuple[Row, ...] = (
    *ILS_ROWS,
    *(metric.row for metric in METRICS),
    *OVERLAP_ROWS,
    *COPY_ROWS,
    SECONDS_ROW,
    *YARDSTICK_ROWS,
)
"""Every metric, in the order of reports."""


OF_PHRASES = frozenset(
    [
        "boundary_hits", "label_f1", "returns_melody_same", "returns_melody_different", "returns_piano_same",
        "returns_piano_different", "phrase_cadences", "melody_rhythm_alike_1", "melody_rhythm_alike_2", "melody_rhythm_alike_4",
        "melody_sounding", "melody_phrase_range", "sung_bars", "melody_notes_per_sung_bar",
    ]
)  # fmt: skip
"""Metrics that measure a song by its phrases, and say nothing where these were assumed, as ILS* does."""


def score(song: Song, form_is_assumed: bool = False) -> dict[str, float | None]:
    """Every metric that one song by itself tells, by name; ``None`` also for ``OF_PHRASES`` where these were assumed."""
    left_out = OF_PHRASES if form_is_assumed else ()
    return {own.row.name: None if own.row.name in left_out else own.measure(song) for own in METRICS}
