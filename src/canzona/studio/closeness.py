"""What a song shares with the training data, found as ``canzona evaluate`` finds it, in a process beside the server."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from canzona.evaluation.copying import nearest
from canzona.evaluation.passages import TrainingPassages
from canzona.io.song_json import song_from_dict
from canzona.training.dataset import load_songs


def closeness(song: Mapping[str, Any], data: Path) -> dict[str, Any]:
    """``wire.Closeness`` as plain values.

    Args:
        song: as plain values.
        data: a prepared data set.

    Raises:
        ValueError: where the file is no data set.
        OSError: where it cannot be read.
    """
    found = nearest(song_from_dict(dict(song)), _passages(data))
    passages = [
        {
            "voice": own.voice,
            "bar": own.own_bar + 1,
            "bars": own.length_bars,
            "overlap": round(own.overlap, 4),
            "training_song": own.name,
            "training_bar": own.bar + 1,
            "transposition": own.transposition,
        }
        for own in sorted(found.listed, key=lambda own: -own.overlap)
    ]
    run = found.melody_run
    return {"detail": None, "figures": found.figures(), "passages": passages, "melody_run": run and run.length_notes}


@cache
def _passages(data: Path) -> TrainingPassages:
    """The training songs, laid out once."""
    passages = TrainingPassages.of_prepared(load_songs(data))
    if passages is None:
        raise ValueError(f"data: must have training songs, got {str(data)!r} without")
    return passages
