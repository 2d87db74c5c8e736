"""A receiver of webhooks on loopback, a real HTTP server that fails as it is told to; and who waits for nobody."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from bestiary.publish.webhook import Webhook, endpoint_of
from bestiary.publish.webhook_retry import Patience

SECRET = b"s" * 32
Step = int | str | tuple[int, dict[str, str]]
"""A status, with or without headers; `drop` hangs up without an answer, `stall` never answers, `cut` breaks off."""


@dataclass
class Request:
    """What came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in it, batched or one."""
        found = json.loads(self.body)
        return found if isinstance(found, list) else [found]

    def is_signed(self, *secrets: bytes) -> bool:
        """Whether the signatures are those of these secrets, and fresh; written from the specification."""
        stamp, name = self.headers["webhook-timestamp"], self.headers["webhook-id"]
        content = f"{name}.{stamp}.".encode() + self.body
        wanted = [
            "v1," + base64.b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode() for secret in secrets
        ]
        return self.headers["webhook-signature"].split(" ") == wanted and abs(time.time() - int(stamp)) < 60


@dataclass
class Receiver:
    """The server: answers by its script, then always with the last step of it."""

    url: str = ""
    script: Sequence[Step] = (204,)
    requests: list[Request] = field(default_factory=list)

    def webhook(self, *secrets: bytes, seconds: float = 5.0) -> Webhook:
        """Who sends to it."""
        return Webhook(endpoint_of(self.url), secrets or (SECRET,), seconds)

    @property
    def taken(self) -> list[str]:
        """The ids of the events that were accepted, in order."""
        return [event["id"] for number, one in enumerate(self.requests) if self._ok(number) for event in one.events]

    def step(self, number: int) -> Step:
        """What is answered to a request."""
        return self.script[min(number, len(self.script) - 1)]

    def _ok(self, number: int) -> bool:
        step = self.step(number)
        return isinstance(step, int) and 200 <= step < 300


@contextmanager
def receiving(*script: Step) -> Iterator[Receiver]:
    """A receiver while the block runs."""
    receiver = Receiver(script=script or (204,))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            step = receiver.step(len(receiver.requests))
            receiver.requests.append(
                Request(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            )
            if step == "drop":
                return
            if step == "stall":
                time.sleep(1.5)
                return
            if step == "cut":
                self.wfile.write(b"HTTP/1.1 2")
                return
            status, headers = step if isinstance(step, tuple) else (int(step), {})
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"{}" if status not in (204, 304) else b"")

        def do_GET(self) -> None:
            receiver.requests.append(Request(f"GET {self.path}", {}, b"[]"))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?token=abc"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def impatient(waits: list[float] | None = None, **changed: Any) -> Patience:
    """Who notes what would be waited, at its longest, and does not wait."""
    noted = [] if waits is None else waits
    return Patience(**{"sleep": noted.append, "drawn": lambda low, high: high, **changed})
