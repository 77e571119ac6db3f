"""What a person asks for: one frozen object, checked in one place, stored in the song."""

from dataclasses import dataclass, replace

from canzona.hierarchy.levels import FORM
from canzona.song.form import Form
from canzona.song.harmony import Key
from canzona.song.song import DEFAULT_TEMPO, HIGHEST_TEMPO, LOWEST_TEMPO
from canzona.song.timing import Meter

LARGEST_SEED = 2**63 - 1
MOST_STEPS = 1000


@dataclass(frozen=True)
class Request:
    """One song to compose.

    Attributes:
        form: phrases, whose keys may be ``None``; ``None`` has the form composed too.
        key: of the first phrase, and of all phrases where ``form`` is given without keys; ``None`` has the keys composed.
        meter: 4/4 or 3/4.
        tempo: quarter notes a minute; does not change the notes.
        seed: same seed, same song (same version and machine).
        steps: of the sampler, for each window of every level; ``None`` takes each level's own.
        guidance: factor on how far each level's guidance weights are from 1: 0 for no guidance, 1 as tuned.
    """

    form: Form | None = None
    key: Key | None = None
    meter: Meter = Meter()
    tempo: float = DEFAULT_TEMPO
    seed: int = 0
    steps: int | None = None
    guidance: float = 1.0

    def __post_init__(self) -> None:
        if self.form is not None and self.form.length_bars > FORM.window_frames:
            raise ValueError(f"form: must be at most {FORM.window_frames} bars long, got {self.form.length_bars}")
        if not LOWEST_TEMPO <= self.tempo <= HIGHEST_TEMPO:
            raise ValueError(f"tempo: must be {LOWEST_TEMPO:g} to {HIGHEST_TEMPO:g} quarter notes a minute, got {self.tempo:g}")
        if not 0 <= self.seed <= LARGEST_SEED:
            raise ValueError(f"seed: must be 0 to {LARGEST_SEED}, got {self.seed}")
        if self.steps is not None and not 2 <= self.steps <= MOST_STEPS:
            raise ValueError(f"steps: must be 2 to {MOST_STEPS}, got {self.steps}")
        if not 0 <= self.guidance <= 5:
            raise ValueError(f"guidance: must be 0 to 5, got {self.guidance:g}")

    def keyed_form(self) -> Form | None:
        """The form asked for, with ``key`` on every phrase that has none."""
        if self.form is None:
            return None
        return self.form.with_keys([phrase.key or self.key for phrase in self.form.phrases])

    def given_form(self) -> Form:
        """The form asked for, whole: for a system that composes neither phrases nor keys.

        Raises:
            ValueError: where there is none, or a phrase has no key.
        """
        form = self.keyed_form()
        if form is None or not all(phrase.key for phrase in form.phrases):
            raise ValueError(f"form: must be given with keys to a baseline, got {form}")
        return form

    def with_seed(self, seed: int) -> "Request":
        return replace(self, seed=seed)

    def to_dict(self) -> dict[str, object]:
        """Every option in words and numbers, for the song's provenance."""
        return {
            "form": None if self.form is None else str(self.form),
            "phrase_keys": None if self.form is None else [phrase.key and str(phrase.key) for phrase in self.form.phrases],
            "key": None if self.key is None else str(self.key),
            "meter": str(self.meter),
            "tempo": self.tempo,
            "seed": self.seed,
            "steps": self.steps,
            "guidance": self.guidance,
        }
