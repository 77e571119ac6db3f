"""How far a composition is, of all the work that there is."""

from canzona.generation.cascade import Cascade, Progress
from canzona.generation.request import Request


def share_done(cascade: Cascade, request: Request, progress: Progress) -> float | None:
    """How much of a song's work is done, 0 to 1, by the frames that the networks see; ``None`` while its length is not known.

    Levels to come are taken to be composed in windows that overlap by half.
    """
    form, level = request.keyed_form, progress.level
    steps = {own.name: request.steps or cascade.sampling[own.name].steps for own in cascade.levels}
    bars = request.bars if form is None else form.length_bars
    if bars is None and level.ends_freely:
        return None
    if bars is None:
        bars = (progress.steps / steps[level.name] + 1) * level.window_bars(request.meter) / 2
    work = {
        own: own.window_frames
        * (
            progress.steps
            if own == level
            else steps[own.name] * (1 if own.ends_freely else max(1.0, 2 * bars / own.window_bars(request.meter) - 1))
        )
        for own in cascade.levels
    }
    before = sum(work[own] for own in cascade.levels[: cascade.levels.index(level)])
    return (before + level.window_frames * progress.step) / sum(work.values())
