"""Which metrics the report draws: those whose strips are open from the start, and those that are held against each other."""

from canzona.evaluation.evaluation import Evaluation

CHOSEN_STRIPS = (
    "returns_melody_same", "returns_piano_same", "ils_melody_rhythm", "ils_texture", "ils_melody_rhythm_plain", "si_8_16",
    "chord_tones_piano",
    "chord_tones_melody", "chord_accuracy_exact", "out_of_key", "entropy_4", "groove", "piano_onsets_per_bar",
    "melody_notes_per_sung_bar", "copy_melody_2", "copy_melody_4", "boundary_hits",
)  # fmt: skip
"""The strips that are open from the start; the others are folded away below them."""

SCATTERS = (
    (
        "copy_melody_2",
        "returns_melody_same",
        "Up: phrases return more literally. Right: more stands in training songs. Where both rise together, the returns may be "
        "borrowed.",
    ),
    (
        "si_8_16",
        "ils_melody_rhythm",
        "Two views of structure: of the whole sound (right), and of the rhythm of phrases of the same type (up).",
    ),
    (
        "si_8_16",
        "ils_melody_rhythm_plain",
        "Structure of the whole sound (right), and of the rhythm of phrases of the same type, without an encoder (up).",
    ),
    (
        "copy_piano_2",
        "returns_piano_same",
        "Piano that returns (up) against piano that stands in training songs (right).",
    ),
    (
        "chord_tones_piano",
        "returns_piano_same",
        "Obedience to the chords (right) against repetition (up): a system may buy the one with the other.",
    ),
    (
        "entropy_4",
        "groove",
        "Variety of pitches (right) against steadiness of rhythm (up): monotony lies upper left, noise lower right.",
    ),
)
"""(Metric along, metric upwards, what to look for)."""

_FEWEST_VALUES = 3  # a strip of a yes-or-no metric would show nothing


def strip_names(evaluation: Evaluation) -> tuple[list[str], list[str]]:
    """The metrics that have strips: those chosen, and all others."""
    worthwhile = []
    for row in evaluation.rows:
        figures = {song.scores.get(row.name) for songs in evaluation.systems.values() for song in songs}
        if len(figures - {None}) >= _FEWEST_VALUES:
            worthwhile.append(row.name)
    chosen = [name for name in CHOSEN_STRIPS if name in worthwhile] or worthwhile[: len(CHOSEN_STRIPS)]
    return chosen, [name for name in worthwhile if name not in chosen]
