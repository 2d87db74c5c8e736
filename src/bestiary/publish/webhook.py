"""One request to a webhook: signed by the Standard Webhooks specification 1.0 (standardwebhooks.com), never redirected.

`webhook-id` stays the same when a request is made again, `webhook-timestamp` is that of the attempt, and
`webhook-signature` holds `v1,` and the HMAC-SHA-256 of `id.timestamp.body` in base64: one for each secret, so that a
secret can be changed without a gap. Events go as CloudEvents do over HTTP: one in structured mode, several batched.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import http.client
import os
import re
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib import error, request
from urllib.parse import SplitResult, urlsplit

from bestiary import __version__
from bestiary.errors import ConfigError
from bestiary.publish.cloud_events import Record, line
from bestiary.web import is_loopback

VARIABLE = "BESTIARY_WEBHOOK_SECRET"
SECRET_BYTES = range(24, 65)
"""Of a secret, as the specification has it."""
SECONDS = 20.0
"""How long a connection may be silent; the specification recommends 15 to 30."""
ANSWER_BYTES = 65_536
"""Of an answer, whose body says nothing to us, so many are read."""


@dataclass(frozen=True)
class Endpoint:
    """Where events go. `told` is the address without what may be secret in it, `key` what files of it are called."""

    url: str
    told: str
    loopback: bool

    @property
    def key(self) -> str:
        """Of the whole address, in 16 digits."""
        return hashlib.sha256(self.url.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Answer:
    """What came of a request: its status, or None and why there was none; seconds that the other side asks to wait.

    `lasting` is what another attempt would not change.
    """

    status: int | None
    why: str
    wait: float | None = None
    lasting: bool = False

    @property
    def delivered(self) -> bool:
        """Whether the other side has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def worth_another(self) -> bool:
        """Whether to try again: no answer, too many requests, or a fault of the other side."""
        return not self.lasting and (self.status is None or self.status == 429 or self.status >= 500)


def endpoint_of(url: str, *, plain_http: bool = False) -> Endpoint:
    """Where an address leads; ConfigError for one that is none, holds a password, or is not encrypted off loopback."""
    parts = _split(url)
    if parts is None or parts.scheme not in ("https", "http") or not parts.hostname or not url.isascii():
        raise ConfigError(
            "The webhook's address is none.", allowed="Allowed: https://host/path.", do="Check --webhook."
        )
    if parts.username is not None or parts.fragment:
        raise ConfigError(
            "The webhook's address holds a name, a password or a fragment.",
            do="Leave them out: what is sent is signed, by which the receiver knows us.",
        )
    loopback = is_loopback(parts.hostname)
    if parts.scheme == "http" and not loopback and not plain_http:
        raise ConfigError(
            "The webhook's address is not encrypted, and what is sent is personal data.",
            allowed="Allowed: https; http on this machine alone.",
            do="Name an https address; or, where the network itself is encrypted, add --plain-http.",
        )
    return Endpoint(url, f"{parts.scheme}://{parts.netloc}{parts.path}", loopback)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 and not re.search(r"\s", url) else None
    except ValueError:
        return None


def secrets_of(path: Path | None = None, environment: Mapping[str, str] = os.environ) -> tuple[bytes, ...]:
    """The secrets from a file, else from the environment; several, with spaces between, sign each on its own."""
    named = environment.get(f"{VARIABLE}_FILE")
    text, where = environment.get(VARIABLE), f"The environment variable {VARIABLE}"
    file = path or (Path(named) if named and text is None else None)
    if file is not None:
        try:
            text, where = file.read_text(encoding="utf-8"), str(file)
        except (OSError, UnicodeDecodeError) as fault:
            raise ConfigError(f"{file}: the secret cannot be read.", do="Check the path and its rights.") from fault
    if not text or not text.split():
        raise ConfigError(
            "What goes to a webhook is signed, and the secret is not given.",
            allowed=f"It is in the environment ({VARIABLE}), or in a file ({VARIABLE}_FILE, or --secret-file).",
            do='Make one and give it to the receiver, too: echo "whsec_$(openssl rand -base64 32)"',
        )
    return tuple(_secret(one, where) for one in text.split())


def _secret(text: str, where: str) -> bytes:
    try:
        found = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if len(found) not in SECRET_BYTES:
        raise ConfigError(
            f"{where} holds no secret of a webhook.",
            allowed=f"Allowed: whsec_ and {SECRET_BYTES.start} to {SECRET_BYTES.stop - 1} random bytes in base64.",
            do='Make one: echo "whsec_$(openssl rand -base64 32)"',
        )
    return found


def signatures(secrets: Sequence[bytes], name: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`."""
    content = f"{name}.{timestamp}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.digest(one, content, "sha256")).decode() for one in secrets)


def message(events: Sequence[Record], *, batched: bool) -> tuple[str, str, bytes]:
    """Name, content type and body of a request: the name is made of the events', so the same ones have the same."""
    name = "msg_" + hashlib.sha256(" ".join(one["id"] for one in events).encode()).hexdigest()[:32]
    if not batched:
        return name, "application/cloudevents+json; charset=UTF-8", line(events[0]).encode()
    body = "[" + ",".join(line(one) for one in events) + "]"
    return name, "application/cloudevents-batch+json; charset=UTF-8", body.encode()


class _Stay(request.HTTPRedirectHandler):
    """Follows no redirection: personal data go where they were sent, and nowhere else."""

    def redirect_request(self, *_: object) -> None:
        return None


@dataclass(frozen=True)
class Webhook:
    """Makes requests to an endpoint."""

    endpoint: Endpoint
    secrets: tuple[bytes, ...]
    seconds: float = SECONDS
    _opener: request.OpenerDirector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        direct = [request.ProxyHandler({})] if self.endpoint.loopback else []
        object.__setattr__(self, "_opener", request.build_opener(_Stay(), *direct))

    def post(self, name: str, content_type: str, body: bytes, timestamp: int) -> Answer:
        """Make one request, and say what came of it."""
        headers = {
            "Content-Type": content_type,
            "User-Agent": f"bestiary/{__version__}",
            "webhook-id": name,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures(self.secrets, name, timestamp, body),
        }
        asked = request.Request(self.endpoint.url, body, headers, method="POST")  # noqa: S310 - http or https
        try:
            with self._opener.open(asked, timeout=self.seconds) as answer:
                with suppress(OSError, http.client.HTTPException):  # the status has told already
                    answer.read(ANSWER_BYTES)
                return Answer(answer.status, f"{answer.status} {answer.reason}")
        except error.HTTPError as refused:
            with refused:
                wait = _seconds(refused.headers.get("Retry-After"), timestamp)
                return Answer(refused.code, f"{refused.code} {refused.reason}", wait)
        except error.URLError as failed:
            return _no_answer(failed.reason)
        except (OSError, http.client.HTTPException) as failed:
            return _no_answer(failed)


def _no_answer(why: object) -> Answer:
    if isinstance(why, ssl.SSLCertVerificationError):
        return Answer(None, "its certificate is not to be trusted", lasting=True)
    return Answer(None, str(why) or type(why).__name__)


def _seconds(header: str | None, now: int) -> float | None:
    """What Retry-After asks for: seconds, or a date (RFC 9110, section 10.2.3); None where it is neither."""
    if header is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", header.strip(), re.ASCII):
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (ValueError, OverflowError):
        return None
