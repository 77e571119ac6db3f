"""Songs as files, written by the same writers as on the command line, and as pages of a score."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from canzona.io.song_json import song_from_dict


@dataclass(frozen=True)
class Format:
    """A format that songs are exported in.

    Attributes:
        ending: of its files, by which ``canzona.io.saving`` knows it.
        media_type: as browsers call it.
    """

    ending: str
    media_type: str


FORMATS = {
    "midi": Format(".mid", "audio/midi"),
    "musicxml": Format(".musicxml", "application/vnd.recordare.musicxml+xml"),
    "pdf": Format(".pdf", "application/pdf"),
    "svg": Format(".svg", "image/svg+xml"),
    "wav": Format(".wav", "audio/wav"),
    "json": Format(".json", "application/json"),
}
"""Name in the address → format."""

_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])")
_LONGEST_FILE_NAME = 80


@dataclass(frozen=True)
class ExportedFile:
    """A file for a person to keep.

    Attributes:
        data, media_type: what it is.
        name: a name that every system takes.
    """

    data: bytes
    media_type: str
    name: str

    @property
    def disposition(self) -> str:
        """The header that makes a browser keep it under its name."""
        plain = self.name.encode("ascii", "replace").decode().replace("?", "_")
        return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(self.name, safe='')}"


def file_name(name: str, ending: str) -> str:
    """A song's name as that of a file, which no system takes for a path, a device or something hidden."""
    plain = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*%]+', " ", name)
    plain = re.sub(r"\s+", " ", plain).strip(" .")[:_LONGEST_FILE_NAME].rstrip(" .")
    if not plain or _RESERVED.fullmatch(plain.split(".")[0].strip()):
        plain = f"song {plain}".strip()
    return plain + ending


def written(song: Mapping[str, Any], name: str, title: str, edited: bool) -> bytes:
    """A song as a file.

    Args:
        song: as plain values.
        name: of the format, one of ``FORMATS``.
        title: of the song, for scores.
        edited: whether it was changed by hand since it was composed, which its history then says.

    Raises:
        ValueError, MachineFault: as ``canzona.io.saving.save_song``.
    """
    from canzona.io.musicxml_writing import ScoreOptions
    from canzona.io.saving import Manner, save_song

    whole = song_from_dict(dict(song))
    if edited:
        whole = replace(whole, provenance=MappingProxyType({**whole.provenance, "edited": True}))
    with TemporaryDirectory(prefix="canzona-") as folder:
        path = Path(folder) / f"song{FORMATS[name].ending}"
        save_song(whole, path, manner=Manner(score=ScoreOptions(title=title)))
        return path.read_bytes()


def score_page(song: Mapping[str, Any], title: str, number: int) -> tuple[bytes | None, int]:
    """A page of the engraved score, from 1, and how many there are; ``None`` for a page that there is not.

    Raises:
        ValueError, MachineFault: as ``canzona.io.engraving.song_to_score_pages``.
    """
    pages = _pages(song_from_dict(dict(song)), title)
    return (pages[number - 1] if number <= len(pages) else None), len(pages)


@lru_cache(maxsize=4)
def _pages(song: Any, title: str) -> tuple[bytes, ...]:
    """All pages, kept for when the next is turned to."""
    from canzona.io.engraving import song_to_score_pages
    from canzona.io.musicxml_writing import ScoreOptions

    return song_to_score_pages(song, ScoreOptions(title=title))
