"""The server: routes, and what is done around every one of them."""

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from canzona.faults import MachineFault
from canzona.io.strict_json import LONGEST_MESSAGE, shortened
from canzona.studio import wire
from canzona.studio.library import NotThere, Refused
from canzona.studio.routes import exports, jobs, page, songs
from canzona.studio.routes.answers import answer
from canzona.studio.service import Studio
from canzona.version import __version__


def create_app(studio: Studio | None) -> FastAPI:
    """The server of a studio; without one it can only be described."""
    app = FastAPI(title="Canzona Studio", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.studio = studio
    for subject in (page, songs, jobs, exports):
        app.include_router(subject.router)
    app.mount("/assets", StaticFiles(directory=page.PAGE / "assets", check_dir=False))
    app.add_exception_handler(RequestValidationError, _not_as_described)
    app.add_exception_handler(HTTPException, _as_problem)
    for fault in (NotThere, Refused, ValueError, MachineFault, OSError):
        app.add_exception_handler(fault, _refused)
    return app


_STATUS: dict[type[Exception], int] = {NotThere: 404, Refused: 409, ValueError: 422, MachineFault: 500, OSError: 500}


async def _refused(_: Request, error: Exception) -> Response:
    """What a route raised, as one sentence."""
    status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
    detail = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _problem(status, detail, getattr(error, "version", None))


async def _not_as_described(_: Request, error: Exception) -> Response:
    """A request that is not as ``studio/openapi.json`` describes it: the first thing that is wrong, and where."""
    assert isinstance(error, RequestValidationError)
    problem = error.errors()[0]
    where = ".".join(str(part) for part in problem["loc"][1:])
    given = "" if problem["type"] == "missing" else f", got {shortened(problem.get('input'))}"
    return _problem(422, f"{where or problem['loc'][0]}: {problem['msg'][:1].lower()}{problem['msg'][1:]}{given}")


async def _as_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = _problem(error.status_code, str(error.detail))
    response.headers.update(error.headers or {})
    return response


def _problem(status: int, detail: str, version: int | None = None) -> Response:
    sentence = "".join(own if own.isprintable() else " " for own in detail)[:LONGEST_MESSAGE]
    return answer(wire.Problem(detail=sentence, version=version).model_dump(), status)
