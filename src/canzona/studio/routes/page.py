"""The page itself, and what it needs to know before it shows anything."""

from pathlib import Path

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse, PlainTextResponse

from canzona.io.soundfont import SOUNDFONT
from canzona.studio import wire
from canzona.studio.routes.answers import REFUSALS, answer
from canzona.studio.routes.songs import Serving

router = APIRouter(responses=REFUSALS)

PAGE = Path(__file__).parent.parent / "page"
"""The folder that ``npm run build`` in ``studio/`` writes."""


@router.get("/", include_in_schema=False)
def index() -> Response:
    """The page."""
    if not (PAGE / "index.html").is_file():
        return PlainTextResponse("The page is not built: run `npm ci && npm run build` in the folder studio/.", 503)
    return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})


@router.get("/api/state", response_model=wire.State, tags=["page"])
def state(serving: Serving) -> Response:
    """What the page needs to know of the program."""
    return answer(serving.state())


@router.get(
    "/api/soundfont",
    response_class=FileResponse,
    responses={200: {"description": "a SoundFont 2 file", "content": {"application/octet-stream": {}}}},
    tags=["page"],
)
def soundfont() -> FileResponse:
    """The package's soundfont."""
    return FileResponse(SOUNDFONT, media_type="application/octet-stream", filename="canzona.sf2")
