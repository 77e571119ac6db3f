"""Songs: the library, edits, undo and versions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from canzona.studio import wire
from canzona.studio.routes.answers import REFUSALS, answer, studio
from canzona.studio.service import Studio

router = APIRouter(prefix="/api/songs", tags=["songs"], responses=REFUSALS)

Serving = Annotated[Studio, Depends(studio)]
SongId = Annotated[str, Path(pattern="^[a-z0-9]{16}$")]
VersionNumber = Annotated[int, Path(ge=0, le=wire.LARGEST_NUMBER)]


async def _body(request: Request) -> bytes:
    return await request.body()


@router.get("")
def list_songs(
    serving: Serving, search: Annotated[str, Query(max_length=wire.LONGEST_NAME)] = "", deleted: bool = False
) -> list[wire.Listed]:
    """Songs whose name holds a text, the last edited first."""
    return serving.library.songs(search, deleted)


@router.post("", response_model=wire.Document, status_code=201)
def add_song(serving: Serving, body: wire.NewSong) -> Response:
    """A new song from its JSON."""
    return answer(serving.songs.add(body), 201)


@router.post(
    "/import",
    response_model=wire.Document,
    status_code=201,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
def import_song(
    serving: Serving,
    data: Annotated[bytes, Depends(_body)],
    name: Annotated[str, Query(min_length=1, max_length=wire.LONGEST_NAME)],
) -> Response:
    """A new song from any file that Canzona reads: the body is the file, and ``name`` its name."""
    return answer(serving.import_file(name, data), 201)


@router.get("/{song_id}", response_model=wire.Document)
def song(serving: Serving, song_id: SongId) -> Response:
    """A song under edit."""
    return answer(serving.songs.document(song_id))


@router.patch("/{song_id}", response_model=wire.Document)
def rename_song(serving: Serving, song_id: SongId, body: wire.Renaming) -> Response:
    """Another name."""
    return answer(serving.songs.rename(song_id, body.name))


@router.delete("/{song_id}", status_code=204)
def delete_song(serving: Serving, song_id: SongId) -> None:
    """The song goes where it can be restored from."""
    serving.songs.set_deleted(song_id, True)


@router.post("/{song_id}/restore", response_model=wire.Document)
def restore_song(serving: Serving, song_id: SongId) -> Response:
    """A deleted song comes back."""
    serving.songs.set_deleted(song_id, False)
    return answer(serving.songs.document(song_id))


@router.post("/{song_id}/copies", response_model=wire.Document, status_code=201)
def copy_song(serving: Serving, song_id: SongId, body: wire.Copying) -> Response:
    """The song as it was at a version, with commands on top, as a new song."""
    return answer(serving.songs.copy(song_id, body), 201)


@router.post("/{song_id}/commands", response_model=wire.Document)
def change_song(serving: Serving, song_id: SongId, body: wire.Change) -> Response:
    """Commands on the present version, which become one step for undo."""
    return answer(serving.songs.change(song_id, body))


@router.post("/{song_id}/undo", response_model=wire.Document)
def undo(serving: Serving, song_id: SongId, body: wire.AtVersion) -> Response:
    """The last step that is in force is taken back."""
    return answer(serving.songs.undo(song_id, body.base_version))


@router.post("/{song_id}/redo", response_model=wire.Document)
def redo(serving: Serving, song_id: SongId, body: wire.AtVersion) -> Response:
    """The last step that was taken back is done again."""
    return answer(serving.songs.redo(song_id, body.base_version))


@router.get("/{song_id}/versions")
def versions(serving: Serving, song_id: SongId) -> list[wire.Version]:
    """Every version, the last first."""
    return serving.library.versions(song_id)


@router.get("/{song_id}/versions/{version}", response_model=wire.Song)
def song_at_version(serving: Serving, song_id: SongId, version: VersionNumber) -> Response:
    """The song as it was."""
    return answer(serving.songs.at_version(song_id, version))


@router.post("/{song_id}/versions/{version}/restore", response_model=wire.Document)
def restore_version(serving: Serving, song_id: SongId, version: VersionNumber, body: wire.AtVersion) -> Response:
    """The song becomes what it was, which is one step for undo."""
    return answer(serving.songs.restore_version(song_id, version, body.base_version))
