"""What the page and the server say to one another, as types: checked on arrival, and described in ``studio/openapi.json``."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictInt, StrictStr, StringConstraints

from canzona.io.strict_json import Strict
from canzona.studio.documents import LONGEST_BARS
from canzona.studio.lanes import Lane

LONGEST_NAME = 200
MOST_TAKES = 4
MOST_COMMANDS = 1000
LARGEST_NUMBER = 2**53 - 1
"""Of whole numbers that a page can hold exactly."""

Number = Annotated[StrictInt, Field(ge=0, le=LARGEST_NUMBER)]
Bar = Annotated[StrictInt, Field(ge=1, le=LONGEST_BARS, description="counted from 1")]
Amount = Annotated[float, Field(ge=0, le=1, strict=True)]
Name = Annotated[StrictStr, StringConstraints(min_length=1, max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]*$")]
Identifier = Annotated[StrictStr, StringConstraints(pattern="^[a-z0-9]{16}$")]
Letter = Annotated[StrictStr, StringConstraints(pattern="^[A-Za-z]$")]
Rows = Annotated[list[tuple[Number, Number, Number, Number]], Field(description="start_step, duration_steps, pitch, velocity")]
ChordRows = Annotated[list[tuple[Number, Number, StrictStr]], Field(description="start_beat, duration_beats, symbol")]
Bars = Annotated[tuple[Bar, Bar], Field(description="the first and the last, counted from 1")]


class Problem(Strict):
    """What is wrong, in one sentence.

    Attributes:
        detail: the sentence, for people.
        version: the song's present one, where another was expected.
    """

    detail: str
    version: int | None = None


class Notes(Strict):
    """Notes of a lane leave and come, at once; a note that is changed leaves and comes."""

    kind: Literal["notes"]
    lane: Literal[Lane.MELODY, Lane.PIANO, Lane.REDUCED]
    remove: Rows = Field(default=[])
    add: Rows = Field(default=[])


class Chords(Strict):
    """Chords of a lane leave and come, at once; symbols as people type them (``Am7``) or in Harte's syntax."""

    kind: Literal["chords"]
    lane: Literal[Lane.CHORDS, Lane.REDUCED]
    remove: ChordRows = Field(default=[])
    add: ChordRows = Field(default=[])


class NewPhrase(Strict):
    """A phrase of the form to be.

    Attributes:
        letter, bars, key: its own; without a key it has that of the phrase before it.
        source: number of the old phrase, from 0, whose music it takes along; ``None`` for none.
    """

    letter: Letter
    bars: Bar
    key: StrictStr | None = None
    source: Number | None = None


class NewForm(Strict):
    """Another form: music moves with its phrase, bars without a source are empty."""

    kind: Literal["form"]
    phrases: Annotated[list[NewPhrase], Field(min_length=1, max_length=LONGEST_BARS)]


class Tempo(Strict):
    """Another tempo, in quarter notes a minute."""

    kind: Literal["tempo"]
    tempo: Annotated[float, Field(strict=True)]


class LockedBars(Strict):
    """Bars of a lane in which nothing changes, counted from 1, both included."""

    lane: Lane
    first_bar: Bar
    last_bar: Bar


class Locks(Strict):
    """All locks of a song, in place of those before."""

    kind: Literal["locks"]
    locks: Annotated[list[LockedBars], Field(max_length=1000)]


class Paste(Strict):
    """Bars of a song of the library, in the place of as many here.

    Attributes:
        lanes: that are pasted.
        song_id: where they come from; ``None`` for the song itself.
        bars: that come.
        to_bar: where the first of them goes.
    """

    kind: Literal["paste"]
    lanes: Annotated[list[Literal[Lane.REDUCED, Lane.CHORDS, Lane.MELODY, Lane.PIANO]], Field(min_length=1, max_length=4)]
    song_id: Identifier | None = None
    bars: Bars
    to_bar: Bar


Command = Annotated[Notes | Chords | NewForm | Tempo | Locks | Paste, Field(discriminator="kind")]


class Change(Strict):
    """Commands that are one step for undo."""

    base_version: Number
    commands: Annotated[list[Command], Field(min_length=1, max_length=MOST_COMMANDS)]


class AtVersion(Strict):
    """The version that the page knows: where it is not the present one, nothing is done."""

    base_version: Number


class NewSong(Strict):
    """A song as its JSON says it; without a name it gets one."""

    name: Name | None = None
    song: dict[StrictStr, Any]


class Renaming(Strict):
    name: Name


class Copying(Strict):
    """A song once more under another name, as it was at a version, with commands that were refused there."""

    version: Number
    name: Name | None = None
    commands: Annotated[list[Command], Field(max_length=MOST_COMMANDS)] = Field(default=[])


class Song(Strict):
    """A song as ``song.json`` holds it; see README. Rows of notes and chords are as in ``Notes`` and ``Chords``."""

    format: str
    version: int
    rows: dict[str, list[str]]
    form: str
    keys: list[str | None]
    meter: str
    tempo: float
    reduced_lead_sheet: "Sheet | None"
    lead_sheet: "Sheet | None"
    accompaniment: list[tuple[int, int, int, int]] | None
    provenance: dict[str, Any]


class Sheet(Strict):
    melody: list[tuple[int, int, int, int]]
    chords: list[tuple[int, int, str]]


class Document(Strict):
    """A song under edit.

    Attributes:
        id, name, version: its own; every change has a new version.
        edited: when it last changed, ISO 8601.
        song: as it is.
        locks: bars of lanes in which nothing changes.
        can_undo, can_redo: whether there is anything to.
        chord_names: symbol in Harte's syntax → as musicians write it.
        read: where it was just read from a file, what of it, and what was left out.
    """

    id: str
    name: str
    version: int
    edited: str
    song: Song
    locks: list[LockedBars]
    can_undo: bool
    can_redo: bool
    chord_names: dict[str, str]
    read: str | None = None


class Listed(Strict):
    """A song of the library, in short."""

    id: str
    name: str
    form: str
    key: str | None
    tempo: float
    bars: int
    version: int
    edited: str
    deleted: bool


class Version(Strict):
    """A version of a song, and what was done to the one before it."""

    version: int
    edited: str
    what: str


class Like(Strict):
    """A passage of the library that the music is to be like.

    Attributes:
        control: in which respect, as ``GET /api/state`` lists them.
        song_id: where it is.
        bars: of it; ``None`` for all.
        letter: of the phrases that are to be like it; ``None`` for all.
    """

    control: StrictStr
    song_id: Identifier
    bars: Bars | None = None
    letter: Letter | None = None


class Knobs(Strict):
    """What every work may be told, as ``canzona compose`` takes it.

    Attributes:
        takes: how many versions, with seeds counting up.
        seed: of the first; drawn where it is not given.
        repeat: phrase letter → how literally its phrases return, 0 to 1.
        guidance, steps, like: as of ``Request``.
    """

    takes: Annotated[StrictInt, Field(ge=1, le=MOST_TAKES)] = 1
    seed: Number | None = None
    repeat: Annotated[dict[Letter, Amount], Field(max_length=52)] = Field(default={})
    guidance: Annotated[float, Field(strict=True)] = 1.0
    steps: Number | None = None
    like: Annotated[list[Like], Field(max_length=16)] = Field(default=[])


class Recomposing(Knobs):
    """Bars of a song that are composed anew, from a level down.

    Attributes:
        base_version: of the song; its locks hold.
        level: the coarsest that is composed anew, as ``GET /api/state`` lists them.
        bars: ``None`` for all.
        vary: how far from what is there, 0 to 1.
        chords: exact chords for these bars, as ``--chords`` takes them.
    """

    base_version: Number
    level: StrictStr
    bars: Bars | None = None
    vary: Amount = 1.0
    chords: StrictStr | None = None


class Composing(Knobs):
    """A song that is composed from nothing; what is not given is composed too."""

    name: Name | None = None
    form: StrictStr | None = None
    key: StrictStr | None = None
    meter: StrictStr | None = None
    tempo: Annotated[float, Field(strict=True)] | None = None
    bars: Bar | None = None
    chords: StrictStr | None = None


JobState = Literal["queued", "running", "done", "stopped", "failed", "interrupted"]
JobKind = Literal["compose", "recompose"]


class Take(Strict):
    """One version that a job makes.

    Attributes:
        number, seed, state: its own.
        song: where songs are asked for, all of it once it is done, and before what there is, level by level.
    """

    number: int
    seed: int
    state: JobState
    song: Song | None = None


class Job(Strict):
    """Work in the queue.

    Attributes:
        id, kind: its own.
        song_id: the song that is recomposed, or that the first take of a composed one has become.
        state: of all its takes together.
        level: title of the level that was last worked at; ``None`` before.
        step, steps: of the sampler at that level.
        share: of all the work that is done, 0 to 1.
        takes: in order.
        error: where it failed, why, in one sentence.
        created: when it was asked for, ISO 8601.
        base_version: of the song that it began with.
        bars: that are composed anew; ``None`` for all.
    """

    id: str
    kind: JobKind
    song_id: str | None
    state: JobState
    level: str | None
    step: int
    steps: int
    share: float
    takes: list[Take]
    error: str | None
    created: str
    base_version: int | None
    bars: tuple[int, int] | None


class DrawerTake(Strict):
    """A take that was once made for a song and can still be taken."""

    job: str
    number: int
    seed: int
    level: str | None
    bars: tuple[int, int] | None
    created: str
    taken: bool


class LevelInfo(Strict):
    """A level of the cascade: its name in requests, its title for people, and whether it can be composed anew."""

    name: str
    title: str
    revisable: bool
    like: str | None
    pitches: tuple[int, int] | None


class State(Strict):
    """What the page needs to know of the program."""

    version: str
    keys: list[str]
    meters: list[str]
    levels: list[LevelInfo]
    limits: dict[str, float]
    weights: str
    formats: list[str]
    imports: list[str]
    has_training_data: bool


class Passage(Strict):
    """A passage of a song and the training passage nearest to it; bars counted from 1."""

    voice: str
    bar: int
    bars: int
    overlap: float
    training_song: str
    training_bar: int
    transposition: int


class Closeness(Strict):
    """What a song shares with the training data.

    Attributes:
        detail: where it is not known, why, in one sentence.
        figures: by name, as ``canzona evaluate`` prints them.
        passages: the nearest ones, nearest first.
        melody_run: notes of the longest run that two melodies share.
    """

    detail: str | None = None
    figures: dict[str, float | None] = Field(default={})
    passages: list[Passage] = Field(default=[])
    melody_run: int | None = None


class CommandLine(Strict):
    """The request that made a song, as a command.

    Attributes:
        command: to be typed in a shell; ``None`` where no request made it.
        detail: what else there is to know, such as that it was changed by hand since.
    """

    command: str | None
    detail: str | None = None
