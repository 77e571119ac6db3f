"""Work in the queue, what it makes, and events as it goes on."""

from typing import Annotated

from fastapi import APIRouter, Path, Response
from fastapi.responses import StreamingResponse

from canzona.studio import wire
from canzona.studio.routes.answers import REFUSALS, answer
from canzona.studio.routes.songs import Serving, SongId

router = APIRouter(prefix="/api", tags=["jobs"], responses=REFUSALS)

JobId = Annotated[str, Path(pattern="^[a-z0-9]{16}$")]
TakeNumber = Annotated[int, Path(ge=1, le=wire.MOST_TAKES)]


@router.post("/songs/{song_id}/jobs", response_model=wire.Job, status_code=202)
def recompose(serving: Serving, song_id: SongId, body: wire.Recomposing) -> Response:
    """Bars of a song are to be composed anew; what is locked stays."""
    return answer(serving.recompose(song_id, body), 202)


@router.post("/jobs", response_model=wire.Job, status_code=202)
def compose(serving: Serving, body: wire.Composing) -> Response:
    """A song is to be composed, whose first take becomes a song of the library."""
    return answer(serving.compose(body), 202)


@router.get("/jobs", response_model=list[wire.Job])
def jobs(serving: Serving) -> Response:
    """The latest jobs, in the order of the queue, without songs."""
    return answer(serving.jobs.listed())


@router.get("/jobs/{job_id}", response_model=wire.Job)
def job(serving: Serving, job_id: JobId) -> Response:
    """A job with the songs that it has made."""
    return answer(serving.jobs.job(job_id, with_songs=True))


@router.post("/jobs/{job_id}/stop", response_model=wire.Job)
def stop(serving: Serving, job_id: JobId) -> Response:
    """The job ends within a step; takes that are done stay."""
    return answer(serving.jobs.stop(job_id))


@router.post("/jobs/{job_id}/restart", response_model=wire.Job)
def restart(serving: Serving, job_id: JobId) -> Response:
    """What a job that was stopped, interrupted or failed has not made yet is made, from the request that was stored."""
    return answer(serving.jobs.restart(job_id))


@router.get("/songs/{song_id}/takes")
def takes(serving: Serving, song_id: SongId) -> list[wire.DrawerTake]:
    """Every take that was made for a song, the last first."""
    return serving.records.drawer(song_id)


@router.post("/songs/{song_id}/takes/{job_id}/{number}", response_model=wire.Document)
def take(serving: Serving, song_id: SongId, job_id: JobId, number: TakeNumber, body: wire.AtVersion) -> Response:
    """A take becomes the song, which is one step for undo."""
    return answer(serving.songs.take(song_id, job_id, number, body.base_version))


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "`event: job` is a Job without songs, `event: song` is {id, version}",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        }
    },
)
async def events(serving: Serving) -> StreamingResponse:
    """Server-sent events: every job as it goes on, and every song that changes."""
    return StreamingResponse(serving.events.stream(), media_type="text/event-stream")
