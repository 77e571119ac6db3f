"""A thousand songs in one tar file, with an index: the same songs make the same bytes."""

import json
import tarfile
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path

from pydantic import StrictInt, StrictStr

from canzona.io.files import read_bytes
from canzona.io.strict_json import Strict, as_kind, parse_json
from canzona.model.registry import digest_of

FORMAT = "canzona-pack-1"
INDEX = "index.json"
LARGEST_PACK_BYTES = 2**30

SongFiles = tuple[bytes, bytes]
"""The contents of a song.json and of its MIDI file."""


class _Entry(Strict):
    seed: StrictInt
    song: StrictStr
    midi: StrictStr
    song_sha256: StrictStr
    midi_sha256: StrictStr


class _Index(Strict):
    format: StrictStr
    songs: list[_Entry]


def packed(songs: Mapping[int, SongFiles]) -> bytes:
    """A pack of these songs by seed. The inverse of ``unpacked``.

    Its first member, ``index.json``, lists seed, names and SHA-256 of every song, whose files are ``SEED.json`` and
    ``SEED.mid``. Members have no time and no owner.
    """
    entries, members = [], []
    for seed, (song_json, midi) in sorted(songs.items()):
        entry = _Entry(
            seed=seed,
            song=f"{seed}.json",
            midi=f"{seed}.mid",
            song_sha256=digest_of(song_json),
            midi_sha256=digest_of(midi),
        )
        entries.append(entry.model_dump_json())
        members += [(entry.song, song_json), (entry.midi, midi)]
    listed = ",\n".join(entries)
    index = f'{{"format": {json.dumps(FORMAT)}, "songs": [\n{listed}\n]}}\n'.encode()
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in [(INDEX, index), *members]:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, BytesIO(data))
    return buffer.getvalue()


def unpacked(path: Path) -> dict[int, SongFiles]:
    """Seed → song, each once it is sure that it is what the index says.

    Raises:
        ValueError: where the file is damaged or no pack.
        OSError: where it cannot be read.
    """
    try:
        with tarfile.open(fileobj=BytesIO(read_bytes(path, LARGEST_PACK_BYTES)), mode="r:") as archive:
            files = {member.name: file.read() for member in archive if (file := archive.extractfile(member)) is not None}
        index = as_kind(parse_json(files[INDEX]), _Index)
        if index.format != FORMAT:
            raise ValueError(f"its format is {index.format!r}")
        for entry in index.songs:
            for name, digest in ((entry.song, entry.song_sha256), (entry.midi, entry.midi_sha256)):
                if digest_of(files[name]) != digest:
                    raise ValueError(f"{name} is not what its index says")
        return {entry.seed: (files[entry.song], files[entry.midi]) for entry in index.songs}
    except (tarfile.TarError, KeyError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueError(f"output: {path} must be a whole {FORMAT} file, is damaged ({reason})") from None
