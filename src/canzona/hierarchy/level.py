"""What a level is: the fields in which the rows of the table of levels differ. ``hierarchy/levels.py`` fills them in."""

from dataclasses import dataclass
from enum import Enum

from canzona.song.timing import Meter, TimeUnit
from canzona.song.transposition import FURTHEST_DOWN, FURTHEST_UP


class Content(Enum):
    """What a level says, and so which codec draws it."""

    FORM = "form"
    LEAD_SHEET = "lead sheet"
    NOTES = "notes"


class Drawing(Enum):
    """What rows stand for, and so how they move where music is transposed."""

    AS_IS = "as is"  # pitches: they move up and down
    TILED = "tiled"  # twelve pitch classes: they rotate
    CONSTANT = "constant"  # nothing that has a pitch: they stay


class Voicing(Enum):
    """What the voices of a part are, each in one state at a time: resting, holding, or beginning one of its items."""

    PITCH = "pitch"  # one voice whose items are the rows of the part: a melody
    CHORD = "chord"  # one voice whose items are the chords of the vocabulary over their basses
    KEYS = "keys"  # a voice for every row, with one item: the keys of a piano
    PHRASE = "phrase"  # one voice whose items are the types of phrase
    KEY = "key"  # one voice whose items are keys; each bar begins one


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
    """

    name: str
    stretching: Stretching


@dataclass(frozen=True)
class Region:
    """Rows of some planes that have one meaning.

    Attributes:
        name: unique within its level.
        planes: the planes it covers.
        first_row, row_count: in rows of the image.
        drawing: what the rows stand for.
    """

    name: str
    planes: tuple[str, ...]
    first_row: int
    row_count: int
    drawing: Drawing

    @property
    def rows(self) -> slice:
        """Its rows of the image."""
        return slice(self.first_row, self.first_row + self.row_count)


@dataclass(frozen=True)
class Part:
    """Regions that stand or fall together: what can be known while the rest of the image is composed.

    Attributes:
        name: unique within its level.
        regions: where it is drawn.
        voicing: what its voices are.
    """

    name: str
    regions: tuple[Region, ...]
    voicing: Voicing


@dataclass(frozen=True)
class Sampling:
    """How a level is sampled where nothing else is asked for; chosen by the experiments in docs/log.md.

    Attributes:
        steps: of the sampler, for each window.
        background, reference, external: guidance weights, 1 for none (see ``canzona.model.Guidance``).
        sharpness: of the model's beliefs, 1 for none.
    """

    steps: int
    background: float = 1.0
    reference: float = 1.0
    external: float = 1.0
    sharpness: float = 1.0


@dataclass(frozen=True)
class Noise:
    """The noise levels σ at which a level's questions are settled, and on which it is trained.

    Attributes:
        mean, deviation: of ln σ in training.
        largest: where sampling begins: nothing is settled yet.
    """

    mean: float = 1.0
    deviation: float = 0.9
    largest: float = 40.0


@dataclass(frozen=True)
class External:
    """A control from outside the cascade: codes of passages of any song, that a level is asked to be like.

    Attributes:
        name: as on the command line, ``--NAME-like``.
        title: what a code describes, as people read it.
        encoding: the encoder's name, as in the table of encodings.
        bars: length of a passage in 4/4.
        width: numbers in a code.
        follows_key: whether a passage is taken to the key of the phrase that is to be like it.
        features: numbers that the encoder's decoder tells of each of a code's places besides; 0 for none.
        voice: the region in which notes begin only where the decoder says so; ``None`` for none.
    """

    name: str
    title: str
    encoding: str
    bars: int
    width: int
    follows_key: bool = False
    features: int = 0
    voice: str | None = None


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
        reduces: the field of ``Song`` that this level can be extracted from; ``None`` where it is no reduction of another.
        external: the control from outside; ``None`` where there is none.
        has_references: whether every bar is shown its counterpart in an earlier phrase of the same letter.
        ends_freely: whether the level decides itself where the song ends.
        lookback_frames: of settled music with which every window but a song's first begins; ``None`` for half a window.
        noise: which it is trained on. What many frames say together, such as a song's length, is settled in strong noise.
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
    reduces: str | None = None
    external: External | None = None
    has_references: bool = True
    ends_freely: bool = False
    lookback_frames: int | None = None
    noise: Noise = Noise()

    @property
    def regions(self) -> tuple[Region, ...]:
        return tuple(region for part in self.parts for region in part.regions)

    def channel(self, plane: str) -> int:
        """The number of a plane, by name."""
        return [candidate.name for candidate in self.planes].index(plane)

    def region(self, name: str) -> Region:
        """A region, by name."""
        return next(region for region in self.regions if region.name == name)

    def playable_pitches(self, part: str) -> range:
        """MIDI pitches of a part that have rows on the image, whichever way home a song is moved; empty where it has none."""
        for region in self.parts[self.part_number(part)].regions:
            if region.drawing is Drawing.AS_IS:
                lowest = self.lowest_pitch + region.first_row
                return range(lowest + FURTHEST_DOWN, lowest + region.row_count - FURTHEST_UP)
        return range(0)

    def part_number(self, name: str) -> int:
        """The number of a part, by name."""
        return [part.name for part in self.parts].index(name)

    def bars_to_compose(self, length_bars: int, meter: Meter) -> int:
        """Bars of an image of a song of this length: its own, or where the level finds the song's end at least a window's."""
        return max(length_bars, self.window_bars(meter)) if self.ends_freely else length_bars

    def frames_to_compose(self, length_bars: int, meter: Meter) -> int:
        """Frames of these bars."""
        return self.bars_to_compose(length_bars, meter) * self.unit.frames_per_bar(meter)

    def lookback_bars(self, meter: Meter) -> int:
        """Settled bars with which every window but a song's first begins."""
        if self.lookback_frames is None:
            return self.window_bars(meter) // 2
        return self.lookback_frames // self.unit.frames_per_bar(meter)

    def window_bars(self, meter: Meter) -> int:
        """Whole bars in a window, an even number (of bars, or of hypermeasures of four) so that windows overlap by half."""
        bars = self.window_frames // self.unit.frames_per_bar(meter)
        return bars - bars % (8 if bars >= 32 else 2)
