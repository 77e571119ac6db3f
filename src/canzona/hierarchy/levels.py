"""The four levels of the hierarchical music language, as rows of one table (arXiv 2405.09901, table 1).

Everything in which the levels differ is a field here; the rest of the package asks the table and never a level's name.
"""

from canzona.hierarchy.level import Content, Drawing, External, Level, Noise, Part, Plane, Region, Sampling, Stretching, Voicing
from canzona.song.form import PhraseType
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.timing import TimeUnit

_ROLL = (Plane("onset", Stretching.ONSET), Plane("sustain", Stretching.SUSTAIN))
_ROLL_NAMES = tuple(plane.name for plane in _ROLL)

_FORM_ROWS = 16
_KEY_PLANES = (Plane("tonic", Stretching.HOLD), Plane("scale", Stretching.HOLD))
_PHRASE_PLANES = tuple(Plane(phrase_type.name.lower(), Stretching.HOLD) for phrase_type in PhraseType)
_PLACE_PLANES = (Plane("place", Stretching.HOLD), Plane("left", Stretching.HOLD))

_LOWEST_LEAD_SHEET_PITCH = 16
_LEAD_SHEET_ROWS = 88
_LOWEST_PIANO_PITCH = 15
_PIANO_ROWS = 100
_LEAD_SHEET_PARTS = (
    Part(
        "chords",
        (
            Region("bass", _ROLL_NAMES, 0, PITCH_CLASSES, Drawing.TILED),
            Region("chroma", _ROLL_NAMES, PITCH_CLASSES, PITCH_CLASSES, Drawing.TILED),
        ),
        Voicing.CHORD,
    ),
    Part(
        "melody",
        (Region("melody", _ROLL_NAMES, 2 * PITCH_CLASSES, _LEAD_SHEET_ROWS - 2 * PITCH_CLASSES, Drawing.AS_IS),),
        Voicing.PITCH,
    ),
)

FORM = Level(
    name="form",
    title="form",
    attribute="form",
    content=Content.FORM,
    unit=TimeUnit.BAR,
    window_frames=256,
    rows=_FORM_ROWS,
    lowest_pitch=0,
    planes=_KEY_PLANES + _PHRASE_PLANES + _PLACE_PLANES,
    parts=(
        Part(
            "keys",
            (Region("key", tuple(plane.name for plane in _KEY_PLANES), 0, PITCH_CLASSES, Drawing.TILED),),
            Voicing.KEY,
        ),
        Part(
            "phrases",
            (
                Region("phrase", tuple(plane.name for plane in _PHRASE_PLANES), 0, _FORM_ROWS, Drawing.CONSTANT),
                Region("place", tuple(plane.name for plane in _PLACE_PLANES), 0, _FORM_ROWS, Drawing.CONSTANT),
            ),
            Voicing.PHRASE,
        ),
    ),
    sampling=Sampling(steps=16),
    has_references=False,
    ends_freely=True,
    lookback_frames=48,  # of POP909's songs few go on for long after more
    noise=Noise(mean=1.8, deviation=1.2, largest=80.0),
)
REDUCED_LEAD_SHEET = Level(
    name="reduced-lead-sheet",
    title="reduced lead sheet",
    attribute="reduced_lead_sheet",
    content=Content.LEAD_SHEET,
    unit=TimeUnit.BEAT,
    window_frames=128,
    rows=_LEAD_SHEET_ROWS,
    lowest_pitch=_LOWEST_LEAD_SHEET_PITCH,
    planes=_ROLL,
    parts=_LEAD_SHEET_PARTS,
    sampling=Sampling(steps=12, external=2.0, sharpness=1.2),
    background=("form",),
    reduces="lead_sheet",
    external=External("chords", "chords of 8 bars", "chords_8", bars=8, width=256, follows_key=True),
)
LEAD_SHEET = Level(
    name="lead-sheet",
    title="lead sheet",
    attribute="lead_sheet",
    content=Content.LEAD_SHEET,
    unit=TimeUnit.STEP,
    window_frames=256,
    rows=_LEAD_SHEET_ROWS,
    lowest_pitch=_LOWEST_LEAD_SHEET_PITCH,
    planes=_ROLL,
    parts=_LEAD_SHEET_PARTS,
    sampling=Sampling(steps=8, external=2.0),
    background=("form", "reduced-lead-sheet"),
    external=External("rhythm", "rhythm of the melody", "melody_rhythm", bars=2, width=128, features=128, voice="melody"),
)
ACCOMPANIMENT = Level(
    name="accompaniment",
    title="accompaniment",
    attribute="accompaniment",
    content=Content.NOTES,
    unit=TimeUnit.STEP,
    window_frames=128,
    rows=_PIANO_ROWS,
    lowest_pitch=_LOWEST_PIANO_PITCH,
    planes=_ROLL,
    parts=(Part("piano", (Region("piano", _ROLL_NAMES, 0, _PIANO_ROWS, Drawing.AS_IS),), Voicing.KEYS),),
    sampling=Sampling(steps=8, external=0.6),
    background=("form", "reduced-lead-sheet", "lead-sheet"),
    external=External("texture", "texture of the piano", "texture", bars=2, width=256, features=128),
)

LEVELS = (FORM, REDUCED_LEAD_SHEET, LEAD_SHEET, ACCOMPANIMENT)
"""Top-down: each is composed given all before it."""


def external_named(name: str) -> Level:
    """The level whose control from outside has this name.

    Raises:
        ValueError: where there is none.
    """
    levels = {level.external.name: level for level in LEVELS if level.external}
    if name not in levels:
        raise ValueError(f"like: must be one of {', '.join(levels)}, got {name!r}")
    return levels[name]


def level_named(name: str) -> Level:
    """The level of this name.

    Raises:
        ValueError: where there is none.
    """
    for level in LEVELS:
        if level.name == name:
            return level
    raise ValueError(f"level: must be one of {', '.join(level.name for level in LEVELS)}, got {name!r}")
