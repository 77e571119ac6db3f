"""The four levels of the hierarchical music language, as rows of one table (arXiv 2405.09901, table 1).

Everything in which the levels differ is a field here; the rest of the package asks the table and never a level's name.
"""

from dataclasses import dataclass
from enum import Enum

from canzona.song.form import PhraseType
from canzona.song.harmony import PITCH_CLASSES
from canzona.song.timing import Meter, TimeUnit


class Content(Enum):
    """What a level says, and so which codec draws it."""

    FORM = "form"
    LEAD_SHEET = "lead sheet"
    NOTES = "notes"


class Drawing(Enum):
    """How rows of a coarser level are drawn on a finer one's image."""

    AS_IS = "as is"  # each pitch on its own row
    TILED = "tiled"  # twelve pitch classes, repeated in every octave
    CONSTANT = "constant"  # one value over all rows


class Stretching(Enum):
    """How a plane is stretched when one frame becomes several."""

    HOLD = "hold"  # every copy keeps the value
    ONSET = "onset"  # only the first copy keeps it
    SUSTAIN = "sustain"  # every copy keeps it, and takes over the later copies of the onset plane before it


@dataclass(frozen=True)
class Plane:
    """One channel of an image.

    Attributes:
        name: unique within its level.
        stretching: what becomes of it in finer time.
        graded: its values fill the range from 0 to 1 instead of being 0 or 1.
    """

    name: str
    stretching: Stretching
    graded: bool = False


@dataclass(frozen=True)
class Region:
    """Rows of some planes that have one meaning.

    Attributes:
        name: unique within its level.
        planes: the planes it covers.
        first_row, row_count: in rows of the image.
        drawing: how finer levels see it.
    """

    name: str
    planes: tuple[str, ...]
    first_row: int
    row_count: int
    drawing: Drawing


@dataclass(frozen=True)
class Part:
    """Regions that stand or fall together: what can be known while the rest of the image is composed."""

    name: str
    regions: tuple[Region, ...]


@dataclass(frozen=True)
class Sampling:
    """How a level is sampled where nothing else is asked for; chosen by the experiments in docs/log.md.

    Attributes:
        steps: of the sampler, for each window.
        background, reference, context: guidance weights, 1 for none (see ``canzona.model.Guidance``).
    """

    steps: int
    background: float = 1.0
    reference: float = 1.0
    context: float = 1.0


@dataclass(frozen=True)
class Level:
    """One level of the cascade.

    Attributes:
        name: as on the command line.
        title: as people read it.
        attribute: the field of ``Song`` that holds it.
        content: what that field holds.
        unit: what one frame lasts.
        window_frames: frames that the model sees at once.
        rows, lowest_pitch: height of the image, and the MIDI pitch of row 0.
        planes: the channels, in order.
        parts: the meaning of its pixels.
        sampling: how it is sampled by default.
        background: names of the coarser levels, coarsest first.
        context_passages, context_bars: how many earlier passages are seen, and how long each is in 4/4.
        external_control: what an external code describes; ``None`` where there is none.
        external_width: size of such a code.
        ends_freely: whether the level decides itself where the song ends.
    """

    name: str
    title: str
    attribute: str
    content: Content
    unit: TimeUnit
    window_frames: int
    rows: int
    lowest_pitch: int
    planes: tuple[Plane, ...]
    parts: tuple[Part, ...]
    sampling: Sampling
    background: tuple[str, ...] = ()
    context_passages: int = 0
    context_bars: int = 0
    external_control: str | None = None
    external_width: int = 0
    ends_freely: bool = False

    @property
    def regions(self) -> tuple[Region, ...]:
        return tuple(region for part in self.parts for region in part.regions)

    @property
    def context_frames(self) -> int:
        return self.context_bars * self.unit.frames_per_bar(Meter())

    def channel(self, plane: str) -> int:
        """The number of a plane, by name."""
        return [candidate.name for candidate in self.planes].index(plane)

    def window_bars(self, meter: Meter) -> int:
        """Whole bars in a window, an even number (of bars, or of hypermeasures of four) so that windows overlap by half."""
        bars = self.window_frames // self.unit.frames_per_bar(meter)
        return bars - bars % (8 if bars >= 32 else 2)


_ROLL = (Plane("onset", Stretching.ONSET), Plane("sustain", Stretching.SUSTAIN))
_ROLL_NAMES = tuple(plane.name for plane in _ROLL)

_FORM_ROWS = 16
_KEY_PLANES = (Plane("tonic", Stretching.HOLD), Plane("scale", Stretching.HOLD))
_PHRASE_PLANES = tuple(Plane(phrase_type.name.lower(), Stretching.HOLD, graded=True) for phrase_type in PhraseType)

_LOWEST_LEAD_SHEET_PITCH = 24
_LEAD_SHEET_ROWS = 80
_LEAD_SHEET_PARTS = (
    Part(
        "chords",
        (
            Region("bass", _ROLL_NAMES, 0, PITCH_CLASSES, Drawing.TILED),
            Region("chroma", _ROLL_NAMES, PITCH_CLASSES, PITCH_CLASSES, Drawing.TILED),
        ),
    ),
    Part(
        "melody",
        (Region("melody", _ROLL_NAMES, 2 * PITCH_CLASSES, _LEAD_SHEET_ROWS - 2 * PITCH_CLASSES, Drawing.AS_IS),),
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
    planes=_KEY_PLANES + _PHRASE_PLANES,
    parts=(
        Part("keys", (Region("key", tuple(plane.name for plane in _KEY_PLANES), 0, PITCH_CLASSES, Drawing.TILED),)),
        Part("phrases", (Region("phrase", tuple(plane.name for plane in _PHRASE_PLANES), 0, _FORM_ROWS, Drawing.CONSTANT),)),
    ),
    sampling=Sampling(steps=32),
    ends_freely=True,
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
    sampling=Sampling(steps=16, background=1.5, reference=1.5),
    background=("form",),
    context_passages=3,
    context_bars=8,
    external_control="chords",
    external_width=256,
)
LEAD_SHEET = Level(
    name="lead-sheet",
    title="lead sheet",
    attribute="lead_sheet",
    content=Content.LEAD_SHEET,
    unit=TimeUnit.STEP,
    window_frames=128,
    rows=_LEAD_SHEET_ROWS,
    lowest_pitch=_LOWEST_LEAD_SHEET_PITCH,
    planes=_ROLL,
    parts=_LEAD_SHEET_PARTS,
    sampling=Sampling(steps=16, background=1.5, reference=1.5),
    background=("form", "reduced-lead-sheet"),
    context_passages=2,
    context_bars=4,
    external_control="melody rhythm",
    external_width=128,
)
ACCOMPANIMENT = Level(
    name="accompaniment",
    title="accompaniment",
    attribute="accompaniment",
    content=Content.NOTES,
    unit=TimeUnit.STEP,
    window_frames=128,
    rows=96,
    lowest_pitch=16,
    planes=_ROLL,
    parts=(Part("piano", (Region("piano", _ROLL_NAMES, 0, 96, Drawing.AS_IS),)),),
    sampling=Sampling(steps=16, background=1.5, reference=1.5),
    background=("form", "reduced-lead-sheet", "lead-sheet"),
    context_passages=2,
    context_bars=4,
    external_control="piano texture",
    external_width=256,
)

LEVELS = (FORM, REDUCED_LEAD_SHEET, LEAD_SHEET, ACCOMPANIMENT)
"""Top-down: each is composed given all before it."""


def level_named(name: str) -> Level:
    """The level of this name.

    Raises:
        ValueError: where there is none.
    """
    for level in LEVELS:
        if level.name == name:
            return level
    raise ValueError(f"level: must be one of {', '.join(level.name for level in LEVELS)}, got {name!r}")
