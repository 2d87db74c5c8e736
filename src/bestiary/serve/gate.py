"""What every request goes through: its id, who asks, how much and how long, figures and a line in the log.

No line holds an address as it was asked, a header or a body: of the address only which of ours it is (its template),
because one may hold a customer's id; of an error only its kind and where in our code it was.
"""

import asyncio
import re
import secrets
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from starlette.requests import ClientDisconnect

from bestiary.serve.keys import Keyring
from bestiary.serve.limits import Limits
from bestiary.serve.metrics import Metrics
from bestiary.serve.problems import Problem
from bestiary.serve.service import Note
from bestiary.web import App, Message, Receive, Send, host_name, is_loopback

OPEN = ("/healthz", "/readyz")
"""What is answered without a key: a container's health is asked by who has none."""
GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
"""A request id that a caller may give."""
ADDRESSES = (*OPEN, "/v1/score", "/v1/segments", "/v1/model", "/metrics", "/openapi.json")
CUSTOMERS = "/v1/customers/"
"""What is below it is a customer's id."""
METHODS = ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")
CLOSE = {"Connection": "close"}
"""After a body that came too slowly the rest is not waited for."""
NOBODY_THERE = 499
"""In the log and the figures: who asked has gone before the answer."""


@dataclass
class Gate:
    """An application behind the gate. Without a `keyring` there are no keys.

    Where it is `private` only the names of loopback are answered, so that no page of another site can ask through a
    visitor's browser (DNS rebinding). `note` writes a line of the log; `held` are the bytes of all bodies at hand.
    """

    app: App
    metrics: Metrics
    note: Note
    keyring: Keyring | None = None
    private: bool = True
    limits: Limits = field(default_factory=Limits)
    held: int = 0

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or say why not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, headers = time.perf_counter(), dict(scope["headers"])
        if scope["method"] == "HEAD":  # is a GET whose answer's body the server leaves out
            scope = {**scope, "method": "GET"}
        given = headers.get(b"x-request-id", b"")
        request_id = given.decode() if GIVEN.fullmatch(given) else secrets.token_hex(8)
        facts = scope.setdefault("state", {})
        facts.update(request_id=request_id, customers=0, key=None, held=0)
        status = 0

        async def told(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"cache-control", b"no-store"),
                    (b"x-content-type-options", b"nosniff"),
                ]
            await send(message)

        self.metrics.in_progress.inc()
        try:
            refusal = self._refusal(scope, headers, facts)
            if refusal:
                await self._drained(receive)
                await refusal.response(request_id)(scope, receive, told)
            else:
                await self.app(scope, self._limited(receive, facts), told)
        except ClientDisconnect:
            status = NOBODY_THERE
        except Exception as error:
            self._mistaken(request_id, error)
            if not status:
                await Problem(500, "A mistake of ours; it is in the log.").response(request_id)(scope, receive, told)
        finally:
            self.metrics.in_progress.dec()
            self.held -= facts["held"]
            self._tell(scope, facts, status or NOBODY_THERE, time.perf_counter() - started)

    def _refusal(self, scope: Message, headers: dict[bytes, bytes], facts: dict[str, Any]) -> Problem | None:
        if scope["path"] in OPEN:
            return None
        if self.keyring is None:
            name = host_name(headers.get(b"host", b"").decode("latin-1"))
            if self.private and not is_loopback(name):
                return Problem(421, "Only the names of loopback are answered here.")
        else:
            scheme, _, shown = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
            key = self.keyring.find(shown.strip()) if scheme.lower() == "bearer" else None
            if key is None:
                challenge = {"WWW-Authenticate": "Bearer"}
                return Problem(401, "A key is needed: Authorization: Bearer KEY", headers=challenge)
            facts["key"] = key.name
            seconds = self.keyring.wait(key)
            if seconds:
                again = {"Retry-After": str(ceil(seconds))}
                return Problem(429, f"More than {key.rate:g} requests a second for this key.", headers=again)
        if headers.get(b"content-encoding", b"identity").lower() != b"identity":
            return Problem(415, "The body is sent as it is: no Content-Encoding.")
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > self.limits.body:
            return self._too_large()
        return None

    def _limited(self, receive: Receive, facts: dict[str, Any]) -> Receive:
        """Receives a body that is neither too large nor too slow, nor one too many."""
        deadline = time.monotonic() + self.limits.body_seconds

        async def limited() -> Message:
            try:
                async with asyncio.timeout(deadline - time.monotonic()):
                    message = await receive()
            except TimeoutError:
                detail = f"The body did not come within {self.limits.body_seconds:g} seconds."
                raise Problem(408, detail, headers=CLOSE) from None
            more = len(message.get("body", b""))
            self.held, facts["held"] = self.held + more, facts["held"] + more
            if facts["held"] > self.limits.body:
                await self._drained(receive)
                raise self._too_large()
            if self.held > self.limits.held:
                await self._drained(receive)
                raise Problem(503, "Too many large requests at once.", headers={"Retry-After": "1"})
            return message

        return limited

    async def _drained(self, receive: Receive) -> None:
        """Read what is left of a refused body, within bounds: who sends all before reading would not hear of it."""
        left = self.limits.drained
        with suppress(TimeoutError):
            async with asyncio.timeout(self.limits.body_seconds):
                while left > 0:
                    message = await receive()
                    left -= len(message.get("body", b""))
                    if not message.get("more_body"):
                        return

    def _too_large(self) -> Problem:
        return Problem(413, f"The body has more than {self.limits.body:,} bytes; send fewer customers at a time.")

    def _mistaken(self, request_id: str, error: Exception) -> None:
        where = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        self.note("mistake", always=True, request_id=request_id, kind=type(error).__name__, where=where[-8:])

    def _tell(self, scope: Message, facts: dict[str, Any], status: int, seconds: float) -> None:
        path = _template(scope["path"])
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.answered(path, method, status, seconds)
        self.note(
            "request",
            request_id=facts["request_id"],
            method=method,
            route=path,
            status=status,
            ms=round(1000 * seconds, 2),
            customers=facts["customers"],
            key=facts["key"],
        )


def _template(path: str) -> str:
    """Which of our addresses a path is, whether or not it was answered."""
    if path.startswith(CUSTOMERS):
        return f"{CUSTOMERS}{{user_id}}"
    return path if path in ADDRESSES else "none"
