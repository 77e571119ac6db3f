"""What happens, told to every page that listens: server-sent events."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Any

_SECONDS_BETWEEN_LOOKS = 0.5
_LOOKS_BETWEEN_SIGNS = 30
"""After so many looks without news a comment is sent, so that both ends notice when the other is gone."""


class _Listener:
    """One page: the latest of everything that it has not been told yet."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.news = asyncio.Event()
        self.waiting: dict[tuple[str, str], dict[str, Any]] = {}

    def tell(self, kind: str, key: str, values: dict[str, Any]) -> None:
        self.waiting.pop((kind, key), None)
        self.waiting[kind, key] = values
        self.news.set()


class Events:
    """Who listens. A page that is slow hears of each thing only how it stands at last."""

    def __init__(self, is_ending: Callable[[], bool] = lambda: False) -> None:
        """``is_ending`` tells whether the server wants to end, and with it every stream."""
        self.is_ending = is_ending
        self._listeners: set[_Listener] = set()
        self._lock = threading.Lock()

    def publish(self, kind: str, key: str, values: dict[str, Any]) -> None:
        """Tell all pages, from any thread.

        Args:
            kind: of event.
            key: what it is about: of two events of a kind about the same, the later is enough.
            values: plain values.
        """
        with self._lock:
            for listener in self._listeners:
                if not listener.loop.is_closed():
                    listener.loop.call_soon_threadsafe(listener.tell, kind, key, values)

    async def stream(self) -> AsyncGenerator[str, None]:
        """The events from now on, as text."""
        listener = _Listener()
        with self._lock:
            self._listeners.add(listener)
        try:
            yield "retry: 1000\n\n"
            looks = 0
            while not self.is_ending():
                try:
                    await asyncio.wait_for(listener.news.wait(), _SECONDS_BETWEEN_LOOKS)
                except TimeoutError:
                    looks += 1
                    if looks % _LOOKS_BETWEEN_SIGNS == 0:
                        yield ": here\n\n"
                    continue
                listener.news.clear()
                waiting, listener.waiting = listener.waiting, {}
                for (kind, _), values in waiting.items():
                    yield f"event: {kind}\ndata: {json.dumps(values, separators=(',', ':'))}\n\n"
        finally:
            with self._lock:
                self._listeners.discard(listener)
