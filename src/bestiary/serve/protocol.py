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
HEAD_BYTES = 65_536
READ_SECONDS = 30.0
"""How long an answer may wait to be read."""
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Patient(HttpToolsProtocol):
    """Closes a connection whose next request's head is not there after `HEAD_SECONDS`, or after `HEAD_BYTES`."""

    _waiting: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _head, _in_body = 0, False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request; hang up where there are too many connections already."""
        super().connection_made(transport)
        if self.limit_concurrency is not None and len(self.connections) > self.limit_concurrency:
            transport.abort()
            return
        self._wait()

    def pause_writing(self) -> None:
        """The other side does not read: for so long it may."""
        super().pause_writing()
        if self._stalled is None:
            self._stalled = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._read()

    def on_headers_complete(self) -> None:
        """The head is there; what comes now is the body."""
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes now is another head."""
        self._in_body = False
        super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Read on; no longer wait when a head is there."""
        in_body = self._in_body
        super().data_received(data)
        cycle: Any = self.cycle
        if cycle is not None and not cycle.response_complete:
            self._there()
            return
        self._wait()  # also for the rest of a body that was refused
        self._head += 0 if in_body or self._in_body else len(data)
        if self._head > HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(TOO_LARGE)
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._there()
        self._read()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _read(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _there(self) -> None:
        self._head = 0
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
