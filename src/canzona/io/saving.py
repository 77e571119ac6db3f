"""A song into a file of any format, by its ending."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from canzona.io.files import atomic_write
from canzona.io.musicxml_writing import ScoreOptions, compressed_musicxml, song_to_musicxml
from canzona.song import Song

if TYPE_CHECKING:
    from canzona.io.performance import Performance

SCORES = (".musicxml", ".mxl", ".svg", ".pdf")
SOUND = (".wav", ".flac", ".mp3")
MIDI = (".mid", ".midi")


class Kind(Enum):
    """What of a song is written where an ending leaves it open."""

    USUAL = "usual"
    CHART = "chart"
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class Manner:
    """How a song is written; what a format does not know has no say.

    Attributes:
        kind: what is written.
        score: how notation is written; its title and composer also stand above charts. ``None`` for the file's name as the
            title and ``composer_of`` as the composer.
        performance: how it is played, in sound and MIDI; ``None`` for exactly as written.
        parts: what is played; ``None`` for the parts that a kind of file usually has.
        click, count_in: whether clicks are heard on every beat, and a bar of them before the song, in sound.
    """

    kind: Kind = Kind.USUAL
    score: ScoreOptions | None = None
    performance: "Performance | None" = None
    parts: tuple[str, ...] | None = None
    click: bool = False
    count_in: bool = False


def composer_of(song: Song) -> str:
    """Canzona where the song's provenance names the weights that composed it, else nobody."""
    return "Canzona" if "weights" in song.provenance else ""


def save_song(song: Song, path: str | Path, force: bool = False, manner: Manner | None = None) -> str | None:
    """Write a song to ``path``, whole or not at all, as its ending says; ``canzona.read`` reads all but pictures and sound.

    Args:
        song: with whatever levels it has.
        path: ending in one of ``writers``.
        force: whether a file that is there already may be replaced.
        manner: how; ``None`` for the usual way.

    Returns:
        What there is to say of the file, such as what it leaves out; ``None`` for nothing.

    Raises:
        ValueError: for another ending, for a file that is there where ``force`` is not given, and as the writers.
        MachineFault: where a library is missing that the format needs.
        OSError: as ``atomic_write``.
    """
    goal, manner = Path(path), manner or Manner()
    writer = writers(manner.kind).get(goal.suffix.lower())
    if writer is None:
        *others, last = writers(manner.kind)
        raise ValueError(f"path: must end in {', '.join(others)} or {last}, got {str(goal)!r}")
    if goal.exists() and not force:
        raise ValueError(f"path: must be a new file, got {str(goal)!r}, which is there already; force=True replaces it")
    score = manner.score or ScoreOptions(title=goal.stem, composer=composer_of(song))
    return writer(song, goal, score, manner)


def _write_json(song: Song, path: Path, *_: object) -> None:
    from canzona.io.song_json import song_to_json

    atomic_write(path, song_to_json(song).encode())


def _write_musicxml(song: Song, path: Path, score: ScoreOptions, _: Manner) -> None:
    data = song_to_musicxml(song, score)
    atomic_write(path, compressed_musicxml(data) if path.suffix.lower() == ".mxl" else data)


def _write_engraved(song: Song, path: Path, score: ScoreOptions, _: Manner) -> None:
    from canzona.io.engraving import song_to_score_pdf, song_to_score_svg

    engrave = song_to_score_pdf if path.suffix.lower() == ".pdf" else song_to_score_svg
    atomic_write(path, engrave(song, score))


def _write_chart(song: Song, path: Path, score: ScoreOptions, _: Manner) -> None:
    from canzona.io.chart import song_to_chart_pdf, song_to_chart_text

    if path.suffix.lower() == ".pdf":
        atomic_write(path, song_to_chart_pdf(song, score.title, score.composer))
    else:
        atomic_write(path, song_to_chart_text(song, score.title).encode())


def _write_picture(song: Song, path: Path, *_: object) -> None:
    from canzona.io.picture import song_to_picture

    atomic_write(path, song_to_picture(song, path.suffix.lower().removeprefix(".")))


def _write_sound(song: Song, path: Path, _: ScoreOptions, manner: Manner) -> str | None:
    from canzona.io.audio import song_to_sound
    from canzona.io.mixing import USUAL_PARTS, Mix
    from canzona.io.performance import Performance

    performance = manner.performance or Performance()
    played = song_to_sound(song, path, Mix(manner.parts or USUAL_PARTS, performance, manner.click, manner.count_in))
    return f"a simple sampler played, without reverberation: {played.missing}" if played.missing else None


def _write_midi(song: Song, path: Path, _: ScoreOptions, manner: Manner) -> str | None:
    from canzona.io.midi import song_to_midi

    atomic_write(path, song_to_midi(song, manner.performance, manner.parts))
    if manner.performance is not None and manner.performance.merged:
        return f"{path} has one track: read back, its melody is part of the piano, and chord symbols are left out"
    if manner.parts is not None:
        return f"{path} has {', '.join(manner.parts).lower()} alone: what is left out is not read back"
    return None


Writer = Callable[[Song, Path, ScoreOptions, Manner], str | None]

_WRITERS: dict[Kind, dict[str, Writer]] = {
    Kind.USUAL: {
        ".json": _write_json,
        **dict.fromkeys(MIDI, _write_midi),
        **dict.fromkeys((".musicxml", ".mxl"), _write_musicxml),
        **dict.fromkeys((".svg", ".pdf"), _write_engraved),
        ".png": _write_picture,
        **dict.fromkeys(SOUND, _write_sound),
    },
    Kind.CHART: dict.fromkeys((".pdf", ".txt"), _write_chart),
    Kind.PICTURE: dict.fromkeys((".png", ".svg"), _write_picture),
}


def writers(kind: Kind = Kind.USUAL) -> Mapping[str, Writer]:
    """Ending → what writes such a file."""
    return _WRITERS[kind]
