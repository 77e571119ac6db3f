"""The benchmark of promises: its table keeps what it was told, and quick forms of promises that are quick."""

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("number", "count"),
    [(2, 3), (8, 50), (15, 5), (18, 20)],
    ids=["MusicXML", "chords", "weights", "full disk"],
)
def test_promises_are_kept_in_their_quick_form(benchmark, number: int, count: int) -> None:
    promises = benchmark("promises")
    (own,) = (own for own in promises.PROMISES if own.number == number)
    counted = promises.tried(own, count)
    assert counted is not None
    assert counted.tried >= count
    assert counted.kept == counted.tried, counted.figures


def test_a_row_takes_its_place_and_the_others_stay(benchmark, tmp_path: Path) -> None:
    promises, counted = benchmark("promises"), benchmark("promises_table").Counted
    page = tmp_path / "promises.md"
    for number, kept in ((8, 3), (2, 1), (8, 5)):
        own = promises.PROMISES[number - 1]
        page.write_text(promises.with_row(page, number, promises.row(own, counted(5, kept, "so | so"), 1.0)))
    rows = [line for line in page.read_text().splitlines() if line.startswith("| ") and line[2].isdigit()]
    assert [int(line.split("|")[1]) for line in rows] == list(range(1, 23))
    assert rows[7].endswith("| 10,000 | 5 | 5 | so ¦ so; in 1 s |")
    assert "| 5 | 1 |" in rows[1]
    assert "not tried" in rows[2]
