"""uvicorn's HTTP protocol with patience that ends, and its server, which says that it is there when it is.

uvicorn bounds how long a connection may idle between two requests, but one that begins a request and never ends its
head, or never begins one, would stay for ever; a few thousand of them use up the process's file descriptors.
"""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0


class Patient(HttpToolsProtocol):
    """Closes a connection whose next request's head has not come `HEAD_SECONDS` after its first byte."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Read on; no longer wait when a head is there."""
        super().data_received(data)
        cycle: Any = self.cycle
        if cycle is None or cycle.response_complete:
            self._wait()
        else:
            self._there()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._there()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _there(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class Announced(Server):
    """Calls `told` once requests are taken; from then on a signal ends it well, which before might be lost."""

    def __init__(self, config: Config, told: Callable[[], object]) -> None:
        super().__init__(config)
        self._told = told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets)
        if self.started:
            self._told()
