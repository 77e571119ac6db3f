"""Cascades with a level taken out, as other rows of the table of levels, to learn what each level is good for.

Only lead sheets are compared: what a piano owes to the levels above it, it owes to the lead sheet first.
"""

from dataclasses import replace

from canzona.hierarchy.level import Level, Sampling
from canzona.hierarchy.levels import FORM, LEAD_SHEET, REDUCED_LEAD_SHEET


def _without_form(level: Level) -> Level:
    """The level told nothing of phrases and keys: not by the form, not by which bars correspond."""
    background = tuple(name for name in level.background if name != FORM.name)
    return replace(level, background=background, has_references=False)


_FORM_ONLY = replace(LEAD_SHEET, background=(FORM.name,))

ABLATIONS: dict[str, tuple[Level, ...]] = {
    "full": (FORM, REDUCED_LEAD_SHEET, LEAD_SHEET),
    "without-reduced-lead-sheet": (FORM, replace(_FORM_ONLY, sampling=Sampling(steps=8))),
    "without-form": (FORM, *(_without_form(level) for level in (REDUCED_LEAD_SHEET, LEAD_SHEET))),
}
"""Name → levels, coarsest first. The form is always there, to say how long a song is."""
