"""What a report says of the order of systems: the same by all yardsticks, plainly another one, or too close to tell."""

import pytest

from canzona.evaluation.bootstrap import Figure
from canzona.evaluation.ranking import ranking_notes

YARDSTICKS = ("", "_second", "_plain")


def figures(**systems: tuple[float | None, ...]) -> dict[str, dict[str, Figure | None]]:
    """The means of ``ils_chords`` by each yardstick, in order, each with an interval of ± .1; ``None`` was not scored."""
    return {
        system: {
            f"ils_chords{ending}": None if mean is None else Figure(mean, mean - 0.1, mean + 0.1, 10)
            for ending, mean in zip(YARDSTICKS, means, strict=False)
        }
        for system, means in systems.items()
    }


SAME = "The ranking by ils_chords is the same by all 3 yardsticks (two encoders and none)."
CLOSE = "The ranking by ils_chords depends on the yardstick only for systems whose intervals overlap: a and b."
PLAIN = "The ranking by ils_chords depends on the yardstick: a and b change places beyond their intervals."


@pytest.mark.parametrize(
    ("first", "second", "note"),
    [
        ((2.0, 1.5, 1.4), (1.0, 1.0, 1.0), SAME),
        ((2.0, 1.05, 1.4), (1.0, 1.0, 1.0), SAME),  # close, and yet in the same order
        ((2.0, 0.95, 1.4), (1.0, 1.0, 1.0), CLOSE),  # behind by one of them, and hardly
        ((1.05, 0.5, 0.5), (1.0, 1.0, 1.0), CLOSE),
        ((1.05, 0.95, 1.05), (1.0, 1.0, 1.0), CLOSE),
        ((2.0, 0.5, 1.4), (1.0, 1.0, 1.0), PLAIN),
        ((0.5, 1.05, 1.4), (1.0, 1.0, 1.0), PLAIN),
    ],
)
def test_two_systems(first: tuple[float, ...], second: tuple[float, ...], note: str) -> None:
    assert ranking_notes(figures(a=first, b=second)) == (note,)
    assert ranking_notes(figures(b=second, a=first)) == (note.replace("a and b", "b and a"),)


def test_of_several_systems_those_are_named_that_change_places() -> None:
    three = figures(a=(3.0, 3.0, 3.0), b=(2.0, 1.0, 2.0), c=(1.0, 2.0, 1.95))
    assert ranking_notes(three) == (PLAIN.replace("a and b", "b and c"),)
    both = figures(a=(3.0, 1.0, 3.0), b=(1.0, 3.0, 1.0), c=(9.0, 9.05, 9.0), d=(9.05, 9.0, 9.05))
    assert ranking_notes(both) == (PLAIN,)  # what is plain is not mixed with what is close


def test_there_is_an_order_of_two_by_two_yardsticks_or_none() -> None:
    assert ranking_notes(figures(a=(1.0, 2.0, 3.0))) == ()
    assert ranking_notes(figures(a=(1.0,), b=(2.0,))) == ()
    assert ranking_notes(figures(a=(1.0, 2.0, 3.0), b=(1.0, None, 3.0))) == ()  # b cannot be ranked by one of them
    assert ranking_notes(figures(a=(1.0, 2.0), b=(2.0, 1.0))) == (PLAIN,)
