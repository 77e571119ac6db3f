"""What a person asks for: one frozen object, checked in one place, stored in the song."""

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

from canzona.generation.controls import Kept, Likeness, Repetition, Revision
from canzona.generation.hearing import first_heard_key, with_heard_keys
from canzona.hierarchy.level import Content
from canzona.hierarchy.levels import LEVELS, external_named
from canzona.io.files import LONGEST_FORM_BARS
from canzona.song.form import Form
from canzona.song.harmony import Key
from canzona.song.progression import Progression
from canzona.song.song import DEFAULT_TEMPO, HIGHEST_TEMPO, LOWEST_TEMPO, LeadSheet, Song
from canzona.song.timing import Meter
from canzona.song.transposition import transposed

LARGEST_SEED = 2**63 - 1
MOST_STEPS = 1000


@dataclass(frozen=True)
class Request:
    """One song to compose.

    Attributes:
        form: phrases, whose keys may be ``None``; ``None`` takes that of ``kept`` music, or has the form composed too.
        key: of the first phrase, and of all phrases where ``form`` is given without keys; ``None`` takes those that are
            heard in the music that is given, or has keys composed.
        meter: 4/4 or 3/4.
        tempo: quarter notes a minute; slower songs have more notes and chords a bar, and fewer bars.
        seed: same seed, same song (same version and machine).
        steps: of the sampler, for each window of every level; ``None`` takes each level's own.
        guidance: factor on how far each level's guidance weights are from 1: 0 for no guidance, 1 as tuned. Passages to be like
            have weights of their own.
        bars: length of a form that is composed, in bars; ``None`` leaves it to the model.
        chords: that the lead sheet has exactly; ``None`` for none.
        kept: music that comes back as it is.
        like: passages that the song is to be like.
        repeat: how literally phrases return.
        end_on_tonic: whether the last bar has the tonic chord of its key, and the tune tends to come to rest on the tonic at
            the end of its last phrase, where nothing else is given.
        revision: a song of which some bars are composed anew; form, metre and tempo are its own, whatever is said here.
    """

    form: Form | None = None
    key: Key | None = None
    meter: Meter = Meter()
    tempo: float = DEFAULT_TEMPO
    seed: int = 0
    steps: int | None = None
    guidance: float = 1.0
    bars: int | None = None
    chords: Progression | None = None
    kept: tuple[Kept, ...] = ()
    like: tuple[Likeness, ...] = ()
    repeat: tuple[Repetition, ...] = ()
    end_on_tonic: bool = True
    revision: Revision | None = None

    def __post_init__(self) -> None:
        if self.revision is not None:
            vars(self).update(meter=self.revision.song.meter, tempo=self.revision.song.tempo)
        if not LOWEST_TEMPO <= self.tempo <= HIGHEST_TEMPO:
            raise ValueError(f"tempo: must be {LOWEST_TEMPO:g} to {HIGHEST_TEMPO:g} quarter notes a minute, got {self.tempo:g}")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise ValueError(f"seed: must be 0 to {LARGEST_SEED}, got {self.seed}")
        if self.steps is not None and not 2 <= self.steps <= MOST_STEPS:
            raise ValueError(f"steps: must be 2 to {MOST_STEPS}, got {self.steps}")
        if not 0 <= self.guidance <= 5:
            raise ValueError(f"guidance: must be 0 to 5, got {self.guidance:g}")
        for name, length in (("form", self.form and self.form.length_bars), ("bars", self.bars)):
            if length is not None and not 1 <= length <= LONGEST_FORM_BARS:
                raise ValueError(f"{name}: must be 1 to {LONGEST_FORM_BARS} bars long, got {length}")
        self._check_kept()
        self._check_revision()
        self._check_steering()

    @cached_property
    def keyed_form(self) -> Form | None:
        """The form that is settled before anything is composed, or ``None``.

        A phrase without a key has ``key``, or else the one that is heard in the music that is given for it.
        """
        if self.revision is not None:
            return self.revision.song.form
        whole = [kept.song for kept in self.kept if kept.bars is None]
        form = self.form or (whole[0].form if whole else None)
        return form and with_heard_keys(form.with_keys([phrase.key or self.key for phrase in form.phrases]), self)

    @cached_property
    def first_key(self) -> Key | None:
        """The key in which a form that is composed begins; ``None`` where nothing tells it."""
        return self.key or (first_heard_key(self) if self.revision is None and self.keyed_form is None else None)

    @property
    def heard_keys(self) -> tuple[Key, ...]:
        """Keys that nobody named and that are heard in music that is given, each once, in order."""
        if self.revision is not None or self.key is not None:
            return ()
        if self.keyed_form is None:
            return () if self.first_key is None else (self.first_key,)
        named = self.form.phrases if self.form is not None else self.keyed_form.phrases
        heard = [
            phrase.key for phrase, named in zip(self.keyed_form.phrases, named, strict=True) if phrase.key and not named.key
        ]
        return tuple(dict.fromkeys(heard))

    def given_form(self) -> Form:
        """The form asked for, whole: for a system that composes neither phrases nor keys.

        Raises:
            ValueError: where there is none, or a phrase has no key.
        """
        form = self.keyed_form
        if form is None or not all(phrase.key for phrase in form.phrases):
            raise ValueError(f"form: must be given with keys to a baseline, got {form}")
        return form

    def with_seed(self, seed: int) -> "Request":
        return replace(self, seed=seed)

    def transposed(self, semitones: int) -> "Request":
        """The same request in another key: its form, key, chords and the music that is kept or revised.

        It is not checked again: a request is in its own key, and at home its notes may lie on any row.
        """
        moved = copy(self)
        for name, value in {
            "form": self.form and self.form.transposed(semitones),
            "key": self.key and self.key.transposed(semitones),
            "chords": self.chords and self.chords.transposed(semitones),
            "kept": tuple(replace(kept, song=transposed(kept.song, semitones)) for kept in self.kept),
            "revision": self.revision and replace(self.revision, song=transposed(self.revision.song, semitones)),
            "keyed_form": self.keyed_form and self.keyed_form.transposed(semitones),
            "first_key": self.first_key and self.first_key.transposed(semitones),
        }.items():
            vars(moved)[name] = value
        return moved

    def repetition_of(self, letter: str) -> float | None:
        """How literally phrases of this letter return; ``None`` where nothing is said of it."""
        by_letter = {repetition.letter: repetition.amount for repetition in self.repeat}
        return by_letter.get(letter, by_letter.get(None))

    def _check_kept(self) -> None:
        for kept in self.kept:
            name = kept.part or kept.level or "prompt"
            if kept.song.meter != self.meter:
                raise ValueError(f"{name}: must be in {self.meter}, the song's metre, got {kept.song.meter}")
            _check_pitches(name, kept.song)
            if self.form is not None and kept.length_bars > self.form.length_bars:
                longest = f"{self.form.length_bars} bars, the form's length"
                raise ValueError(f"{name}: must be at most {longest}, got {kept.length_bars}")
        wholes = [kept for kept in self.kept if kept.part is None]
        if len(wholes) > 1:
            names = " and ".join(whole.level or "prompt" for whole in wholes)
            raise ValueError(f"kept: must be one of {names}, got both")
        for whole in wholes:
            key = whole.song.form.phrases[0].key
            if self.form is None and self.key is not None and key not in (None, self.key):
                raise ValueError(f"key: must be {key}, that of the music given, or left out, got {self.key}")

        length = self.keyed_form.length_bars if self.keyed_form else LONGEST_FORM_BARS
        throughout = [kept for kept in self.kept if kept.length_bars >= length]
        for level in LEVELS:
            for number, part in enumerate(level.parts):
                given = [kept.part or kept.level or "whole song" for kept in throughout if number in kept.parts_of(level)]
                given += ["chords"] if self.chords is not None and part.name == "chords" else []
                if len(given) > 1:
                    raise ValueError(f"{given[-1]}: must be left out where a {given[0]} is given, got both")

    def _check_revision(self) -> None:
        if self.revision is None:
            return
        if self.form or self.key or self.bars or self.kept:
            raise ValueError("revision: must be without form, key, bars and kept music, which are the song's own, got both")
        _check_pitches("revision", self.revision.song)
        anew = LEVELS[[level.name for level in LEVELS].index(self.revision.level) :]
        if self.chords is not None and not any(level.content is Content.LEAD_SHEET for level in anew):
            raise ValueError(f"chords: must be left out where no chords are composed anew, got level {self.revision.level}")
        for likeness in self.like:
            if external_named(likeness.control) not in anew:
                raise ValueError(
                    f"{likeness.control}-like: must be left out where its level stays as it is, got level {self.revision.level}"
                )

    def check_form(self, form: Form) -> None:
        """See that what is asked for fits a form: the letters that are named, and the chords.

        Raises:
            ValueError: where it does not.
        """
        there = list(dict.fromkeys(phrase.letter for phrase in form.phrases))
        for name, parts in (("like", self.like), ("repeat", self.repeat)):
            for part in parts:
                if part.letter is not None and part.letter not in there:
                    raise ValueError(
                        f"{name}: letter must be one of {', '.join(there)} of the form {form}, got {part.letter!r}"
                    )
        if self.chords is not None:
            self.chords.spans(form, self.meter)

    def _check_steering(self) -> None:
        letters = [repetition.letter for repetition in self.repeat]
        if len(letters) != len(set(letters)):
            raise ValueError(
                f"repeat: must name each phrase letter once, got {', '.join(str(letter or 'all') for letter in letters)}"
            )
        places = [(likeness.control, likeness.letter) for likeness in self.like]
        for likeness in self.like:
            if places.count((likeness.control, likeness.letter)) > 1:
                whose = "all phrases" if likeness.letter is None else f"phrases {likeness.letter}"
                raise ValueError(f"{likeness.control}-like: must name one passage for {whose}, got several")
            if likeness.song.meter != self.meter:
                raise ValueError(
                    f"{likeness.control}-like: must be in {self.meter}, the song's metre, got {likeness.song.meter}"
                )
        form = self.keyed_form
        if form is not None:
            self.check_form(form)
        if self.bars is not None:
            if form is not None:
                raise ValueError(f"bars: must be left out where the form is given, {form}, got {self.bars}")
            prompted = max((kept.bars or 0 for kept in self.kept), default=0)
            if self.bars < prompted:
                raise ValueError(f"bars: must be at least the {prompted} bars of the prompt, got {self.bars}")


def _check_pitches(name: str, song: Song) -> None:
    """See that a song's notes have rows on the levels' images, whichever way home it is moved."""
    for level in LEVELS:
        content = getattr(song, level.attribute)
        notes = content.melody if isinstance(content, LeadSheet) else content if isinstance(content, tuple) else ()
        for part in level.parts:
            pitches = level.playable_pitches(part.name)
            outside = [note.pitch for note in notes if note.pitch not in pitches]
            if pitches and outside:
                limits = f"MIDI pitches {pitches.start} to {pitches.stop - 1}"
                raise ValueError(f"{name}: its {part.name} must lie within {limits}, got {outside[0]}")
