"""A client that asks an application after ASGI without a network, and a studio on the cascade of tiny networks."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from canzona.studio.security import Application

OWN = "127.0.0.1:8421"


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status: of HTTP.
        headers: by their names in small letters.
        body: whole.
        bytes_read: how much of the request's body the application took.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    bytes_read: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Client:
    """Asks an application as a page of the server's own would."""

    application: Application

    def ask(
        self,
        method: str,
        address: str,
        body: Any = None,
        headers: Mapping[str, str | None] | None = None,
        data: bytes | None = None,
    ) -> Answer:
        """One request; ``body`` goes as JSON, ``data`` as it is; headers that are ``None`` are left out."""
        content = json.dumps(body).encode() if body is not None else data or b""
        sent: dict[str, str | None] = {"host": OWN}
        if content:
            sent |= {"content-type": "application/json", "content-length": str(len(content))}
        if method not in ("GET", "HEAD"):
            sent |= {"origin": f"http://{OWN}", "sec-fetch-site": "same-origin"}
        path, _, query = address.partition("?")
        fields = {name: value for name, value in (sent | dict(headers or {})).items() if value is not None}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in fields.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8421),
        }
        return asyncio.run(self._exchange(scope, content))

    async def _exchange(self, scope: dict[str, Any], content: bytes) -> Answer:
        start: dict[str, Any] = {}
        parts: list[bytes] = []
        read = 0

        async def receive() -> dict[str, Any]:
            nonlocal read
            if read >= len(content) and read:
                await asyncio.sleep(3600)
            read = len(content) or 1
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                parts.append(message.get("body", b""))

        await self.application(scope, receive, send)
        headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], headers, b"".join(parts), read if content else 0)

    def get(self, address: str) -> Any:
        """The JSON of an answer that must be one of success."""
        answer = self.ask("GET", address)
        assert answer.status == 200, answer.body
        return answer.json

    def post(self, address: str, body: Any = None, status: int = 200) -> Any:
        """The same for a change."""
        answer = self.ask("POST", address, body)
        assert answer.status == status, answer.body
        return answer.json

    def settled(self, job_id: str, states: tuple[str, ...] = ("done", "stopped", "failed"), seconds: float = 600.0) -> Any:
        """A job once it is in one of these states."""
        end = time.monotonic() + seconds
        job = self.get(f"/api/jobs/{job_id}")
        while job["state"] not in states and time.monotonic() < end:
            time.sleep(0.01)
            job = self.get(f"/api/jobs/{job_id}")
        if job["state"] in states:
            return job
        raise AssertionError(f"still {job['state']} after {seconds} seconds")
