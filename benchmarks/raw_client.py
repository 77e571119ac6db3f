"""A client that sends what no browser would: any address, any header, bodies without end."""

import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

JSON = "application/json"


@dataclass(frozen=True)
class Answer:
    """What came back.

    Attributes:
        status, headers, body: of HTTP; headers by names in small letters.
        seconds: from the first byte sent to the answer.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


class Raw(http.client.HTTPConnection):
    """A client that asks for any address, as hostile ones do."""

    def _validate_path(self, url: str) -> None:
        pass

    def _encode_request(self, request: str) -> bytes:
        return request.encode("utf-8", "surrogatepass")


def asked(port: int, method: str, address: str, body: Any = None, headers: Mapping[str, str | None] | None = None) -> Answer:
    """An answer to one request; headers that are ``None`` are left out, an iterator of bytes is sent in chunks."""
    connection = Raw("127.0.0.1", port, timeout=120)
    data = body if body is None or isinstance(body, bytes | Iterator) else json.dumps(body).encode()
    fields: dict[str, str | None] = {"host": f"127.0.0.1:{port}"}
    if isinstance(data, bytes):
        fields |= {"content-length": str(len(data)), "content-type": JSON}
    fields |= dict(headers or {})
    began = time.perf_counter()
    connection.putrequest(method, address, skip_host=True, skip_accept_encoding=True)
    for name, value in fields.items():
        if value is not None:
            connection.putheader(name, value)
    with suppress(BrokenPipeError, ConnectionResetError):  # it need not take what it refuses
        connection.endheaders(data, encode_chunked=isinstance(data, Iterator))
    answer = connection.getresponse()
    seconds = time.perf_counter() - began
    text = answer.read()
    connection.close()
    return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, text, seconds)
