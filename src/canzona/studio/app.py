"""The server: routes, and what is done around every one of them."""

from fastapi import FastAPI

from canzona.studio.routes import exports, jobs, page, songs
from canzona.studio.service import Studio
from canzona.version import __version__


def create_app(studio: Studio | None) -> FastAPI:
    """The server of a studio; without one it can only be described."""
    app = FastAPI(title="Canzona Studio", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.studio = studio
    for subject in (page, songs, jobs, exports):
        app.include_router(subject.router)
    return app
