"""What all routes have in common: who serves them, and which refusals they may answer with."""

import json
from typing import Any, cast

from fastapi import Request, Response

from canzona.studio import wire
from canzona.studio.service import Studio

_REFUSALS = {
    400: "Another host than this server's was asked for, or the request cannot be read.",
    401: "The token is missing.",
    403: "The request comes from another page.",
    404: "There is no such thing.",
    409: "The song has another version by now, or its state does not allow it.",
    413: "More than 20 MB were sent, or a length was not told.",
    415: "Something else than JSON was sent.",
    422: "Something cannot be as it is asked for.",
    500: "Something that the work needs is missing or broken on this machine.",
}
REFUSALS: dict[int | str, dict[str, Any]] = {
    status: {"model": wire.Problem, "description": description} for status, description in _REFUSALS.items()
}
"""Status → how a refusal is described; the same for every route."""


def studio(request: Request) -> Studio:
    """The studio that serves a request."""
    return cast(Studio, request.app.state.studio)


def answer(values: Any, status: int = 200) -> Response:
    """Plain values as JSON, without a second look at them: a song has thousands of rows."""
    return Response(
        json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode(), status, media_type="application/json"
    )
