"""Songs as files, as a score, and what there is to know of them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from canzona.studio import wire
from canzona.studio.exports import FORMATS
from canzona.studio.routes.answers import REFUSALS, answer
from canzona.studio.routes.songs import Serving, SongId

router = APIRouter(prefix="/api/songs", tags=["exports"], responses=REFUSALS)

FormatName = Annotated[str, Path(pattern=f"^({'|'.join(FORMATS)})$")]

SVG_POLICY = "default-src 'none'; script-src 'none'; style-src 'unsafe-inline'; font-src data:; sandbox"
"""Content security policy of pictures: they load and run nothing."""
MOST_PAGES = 1000


@router.get(
    "/{song_id}/export/{format}",
    response_class=Response,
    responses={200: {"description": "the file", "content": {row.media_type: {} for row in FORMATS.values()}}},
)
def export(serving: Serving, song_id: SongId, format: FormatName) -> Response:
    """The song as a file."""
    file = serving.export(song_id, format)
    policy = {"Content-Security-Policy": SVG_POLICY} if "svg" in file.media_type else {}
    return Response(file.data, media_type=file.media_type, headers={"Content-Disposition": file.disposition, **policy})


@router.get(
    "/{song_id}/score.svg",
    response_class=Response,
    responses={200: {"description": "the page; Canzona-Pages is how many there are", "content": {"image/svg+xml": {}}}},
)
def score(serving: Serving, song_id: SongId, page: Annotated[int, Query(ge=1, le=MOST_PAGES)] = 1) -> Response:
    """One page of the engraved score."""
    svg, pages = serving.score_page(song_id, page)
    headers = {"Content-Security-Policy": SVG_POLICY, "Canzona-Pages": str(pages)}
    return Response(svg, media_type="image/svg+xml", headers=headers)


@router.get("/{song_id}/closeness", response_model=wire.Closeness)
def closeness(serving: Serving, song_id: SongId) -> Response:
    """The nearest passages of the training data, as ``canzona evaluate`` finds them."""
    return answer(serving.closeness(song_id))


@router.get("/{song_id}/command")
def command(serving: Serving, song_id: SongId) -> wire.CommandLine:
    """The request that made the song, as a command."""
    return serving.command(song_id)
