"""What a request may hold besides numbers: music that is kept, music to be like, a revision. Each checks itself."""

import re
from dataclasses import dataclass, replace
from types import MappingProxyType

from canzona.hierarchy.extraction import completed
from canzona.hierarchy.levels import LEVELS, Level, external_named, level_named
from canzona.io.files import check_storable
from canzona.model.denoiser import LARGEST_WEIGHT
from canzona.representation.encoders import check_has_level
from canzona.representation.encodings import encoding_named
from canzona.representation.views import View
from canzona.song.song import LeadSheet, Song


def _music(song: Song) -> Song:
    """The song without its history, which a request need not hold, once it is sure that it is in order."""
    check_storable(song)
    return replace(song, provenance=MappingProxyType({}))


def _is_there(song: Song, level: Level, part: str) -> bool:
    """Whether there is anything of this part of a level."""
    content = getattr(song, level.attribute)
    return bool(getattr(content, part) if isinstance(content, LeadSheet) else content)


@dataclass(frozen=True)
class Kept:
    """Music that comes back as it is.

    Attributes:
        song: that has it.
        level: the finest level that is kept; all above it are kept too, extracted where the song lacks them. ``None`` keeps
            all that the song has.
        part: a part of that level, such as ``"melody"``, that alone is kept, and reduced at the levels above that have it;
            ``None`` for all of it.
        bars: how many bars from the start are kept, 1 or more; ``None`` for all.
    """

    song: Song
    level: str | None = None
    part: str | None = None
    bars: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "song", _music(completed(self.song)))
        name = self.part or self.level or "prompt"
        if self.level is None and self.part is not None:
            raise ValueError(f"part: must be left out where no level is named, got {self.part!r}")
        if self.level is not None:
            row = level_named(self.level)
            parts = () if row.ends_freely else tuple(part.name for part in row.parts)
            if self.part is not None and self.part not in parts:
                raise ValueError(f"part: must be {' or '.join(parts) or 'left out'} of a {row.title}, got {self.part!r}")
            if getattr(self.song, row.attribute) is None and getattr(self.song, row.reduces or row.attribute) is None:
                raise ValueError(f"{name}: must have a {row.title}, got a song without one")
            if self.part is not None and not _is_there(self.song, row, self.part):
                raise ValueError(f"{self.part}: must have notes in a track {self.part.upper()}, got none")
        if self.bars is not None and not 1 <= self.bars <= self.song.form.length_bars:
            raise ValueError(f"{name} bars: must be 1 to {self.song.form.length_bars}, the song's length, got {self.bars}")

    @property
    def length_bars(self) -> int:
        """Bars from the start that are kept."""
        return self.bars or self.song.form.length_bars

    def parts_of(self, level: Level) -> tuple[int, ...]:
        """The numbers of the parts of a level that are kept."""
        finest = LEVELS[-1] if self.level is None else level_named(self.level)
        if LEVELS.index(level) > LEVELS.index(finest):
            return ()
        return tuple(number for number, part in enumerate(level.parts) if self.part in (None, part.name))


@dataclass(frozen=True)
class Likeness:
    """A passage that the song is to be like in one respect.

    Attributes:
        control: in which, such as ``"texture"``: the name of a level's control from outside.
        song: the passage.
        letter: of the phrases that are to be like it; ``None`` for all.
        weight: how strongly, 0 to 10: 0 not at all, 1 as the model believes; ``None`` as tuned.
    """

    control: str
    song: Song
    letter: str | None = None
    weight: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "song", _music(self.song))
        external = external_named(self.control).external
        assert external is not None
        encoding = encoding_named(external.encoding)
        try:
            check_has_level(encoding, self.song)
        except ValueError as error:
            raise ValueError(f"{self.control}-like: {error}") from None
        sheet = self.song.lead_sheet or LeadSheet()
        heard = {View.CHORDS: sheet.chords, View.RHYTHM: sheet.melody, View.PIANO: self.song.accompaniment}
        if not heard[encoding.view]:
            raise ValueError(f"{self.control}-like: must have {encoding.view.value} in these bars, got a passage without")
        if self.weight is not None and not 0 <= self.weight <= LARGEST_WEIGHT:
            raise ValueError(f"{self.control}-like-weight: must be 0 to {LARGEST_WEIGHT}, got {self.weight:g}")


@dataclass(frozen=True)
class Lock:
    """A part of a song that is revised and stays, bit for bit, in bars that are composed anew around it.

    At the level above that is a level's reduction, what is locked is reduced: a melody that stays has its skeleton there.

    Attributes:
        level: of the part.
        part: such as ``"melody"``; ``None`` for all of the level.
        bars: that stay, counted from 0; ``None`` for all.
    """

    level: str
    part: str | None = None
    bars: frozenset[int] | None = None

    def __post_init__(self) -> None:
        row = level_named(self.level)
        parts = () if row.ends_freely else tuple(part.name for part in row.parts)
        if not parts or self.part not in (None, *parts):
            given = self.level if self.part is None else f"{self.part} of {self.level}"
            raise ValueError(f"locks: must name {' or '.join(parts) or 'a level with notes'}, got {given}")


@dataclass(frozen=True)
class Revision:
    """A song of which some bars are composed anew.

    Where nothing but loudness has changed at ``level`` they are drawn again, a few times. Then they stay: a note that sounds
    into them from before may leave nothing to compose, and chords below others that stay may have no other choice.

    Attributes:
        song: as it is, with all of its levels.
        level: the coarsest level that is composed anew; those below it change only where they must.
        bars: that are composed anew, counted from 0; ``None`` for all.
        vary: how far from the old version, from 0 (not at all) to 1 (as if there had been none).
        locks: what stays in these bars all the same.
    """

    song: Song
    level: str
    bars: frozenset[int] | None = None
    vary: float = 1.0
    locks: tuple[Lock, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "song", _music(self.song))
        revisable = [level.name for level in LEVELS if not level.ends_freely]
        if self.level not in revisable:
            raise ValueError(f"level: must be one of {', '.join(revisable)}, got {self.level!r}")
        missing = [level.title for level in LEVELS if getattr(self.song, level.attribute) is None]
        if missing:
            raise ValueError(f"song: must have all of its levels to be revised, got one without {' and '.join(missing)}")
        length = self.song.form.length_bars
        for name, bars in (("bars", self.bars), *(("locks: bars", lock.bars) for lock in self.locks)):
            if bars is not None and not (bars and all(0 <= bar < length for bar in bars)):
                given = f"{min(bars) + 1} to {max(bars) + 1}" if bars else "none"
                raise ValueError(f"{name}: must be within 1 to {length}, got {given}")
        if not 0 <= self.vary <= 1:
            raise ValueError(f"vary: must be 0 to 1, got {self.vary:g}")


@dataclass(frozen=True)
class Repetition:
    """How literally phrases return.

    Attributes:
        amount: 0 for free variation, 0.5 as composed without this, 1 for literal returns.
        letter: of the phrases; ``None`` for all that no other repetition names.
    """

    amount: float
    letter: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.amount <= 1:
            raise ValueError(f"repeat: must be 0 to 1, got {self.amount:g}")
        if self.letter is not None and not re.fullmatch("[A-Za-z]", self.letter):
            raise ValueError(f"repeat: must name a phrase letter, got {self.letter!r}")
