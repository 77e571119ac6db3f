"""Who may ask what: only this machine's own page, and with a token where others can reach the server; and nothing too large."""

import ipaddress
import json
import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 20 * 10**6
"""In bytes."""
COOKIE = "canzona-token"
IMPORT = "/api/songs/import"
"""The one route that takes files of any type."""

_READING = ("GET", "HEAD", "OPTIONS")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# The synthesiser of the page is WebAssembly, which needs 'wasm-unsafe-eval'; JavaScript is never made from text.
_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "x-content-type-options": "nosniff",
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}
"""Of every answer that does not say otherwise."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    return host in _LOOPBACK


def new_token() -> str:
    """A secret for those who may use a server that others can reach."""
    return secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Refusal(Exception):
    """An answer to a request that is not even looked at."""

    status: int
    detail: str


@dataclass(frozen=True)
class Guard:
    """What stands before an application.

    Attributes:
        application: that answers what is let through.
        host: on which the server listens.
        token: that every request must bring; ``None`` where only this machine can reach the server.
    """

    application: Application
    host: str
    token: str | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An application after ASGI, see https://asgi.readthedocs.io."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.application(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message.get("headers", [])}
                added = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in present]
                message = {**message, "headers": [*message.get("headers", []), *added]}
            await send(message)

        try:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
            self._check(scope, headers)
        except Refusal as refusal:
            await _answer(send_with_headers, refusal)
            return
        if self._brings_token_in_address(scope):
            location = [
                (b"location", b"/"),
                (b"set-cookie", f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path=/".encode()),
            ]
            await send_with_headers({"type": "http.response.start", "status": 303, "headers": location})
            await send_with_headers({"type": "http.response.body", "body": b""})
            return
        await self.application(scope, receive, send_with_headers)

    def _check(self, scope: Scope, headers: dict[str, str]) -> None:
        """See that a request may be answered.

        Raises:
            Refusal: where it may not.
        """
        if not self._is_own(headers.get("host", "")):
            raise Refusal(400, "The address is not this server's; use the one that it told.")
        if self.token is not None and not self._brings_token_in_address(scope) and not self._has_token(headers):
            raise Refusal(401, "Open the address with the token that the server told.")
        has_body = headers.get("content-length", "0").strip() != "0" or "transfer-encoding" in headers
        if scope["method"] not in _READING:
            self._check_origin(scope, headers)
            if has_body and scope["path"] != IMPORT and _media_type(headers) != "application/json":
                raise Refusal(415, "Changes must be sent as application/json.")
        if has_body:
            _check_length(headers)

    def _is_own(self, address: str) -> bool:
        """Whether a Host header names this server: names that anybody can point at it do not count."""
        name = address.rsplit(":", 1)[0] if not address.endswith("]") else address
        name = name.strip("[]").lower()
        if name in _LOOPBACK or (name == self.host.lower() and not _is_any(self.host)):
            return True
        if is_loopback(self.host):
            return False
        return name == socket.gethostname().lower() or (_is_any(self.host) and _is_address(name))

    def _check_origin(self, scope: Scope, headers: dict[str, str]) -> None:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and origin != f"{scope['scheme']}://{headers.get('host', '')}":
            raise Refusal(403, "Changes are taken from this server's own page alone.")
        if site not in (None, "same-origin", "none"):
            raise Refusal(403, "Changes are taken from this server's own page alone.")

    def _brings_token_in_address(self, scope: Scope) -> bool:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        return self.token is not None and scope["path"] == "/" and scope["method"] == "GET" and _same(given, self.token)

    def _has_token(self, headers: dict[str, str]) -> bool:
        assert self.token is not None
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            cookie = None
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        return _same(bearer, self.token) or (cookie is not None and _same(cookie.value, self.token))


def _same(given: str, secret: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def _is_any(host: str) -> bool:
    return host in ("0.0.0.0", "::")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _media_type(headers: dict[str, str]) -> str:
    return headers.get("content-type", "").split(";")[0].strip().lower()


def _check_length(headers: dict[str, str]) -> None:
    """See from the headers alone that a body is not too large."""
    length = headers.get("content-length", "")
    if not length.isdecimal() or "transfer-encoding" in headers:
        raise Refusal(413, f"The length must be told, and be at most {LARGEST_BODY // 10**6} MB.")
    if len(length) > 20 or int(length) > LARGEST_BODY:
        raise Refusal(413, f"At most {LARGEST_BODY // 10**6} MB are taken.")


async def _answer(send: Send, refusal: Refusal) -> None:
    body = json.dumps({"detail": refusal.detail, "version": None}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
