"""What the dashboard and the scoring service both need to know of HTTP: who calls, from where, in which language."""

import hmac
import ipaddress
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from bestiary.errors import ConfigError

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
"""An application by the ASGI specification; its first argument, the scope, is such a mapping as a message."""


def is_same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())


def is_loopback(name: str) -> bool:
    """Whether a host is this machine as only itself can call it; a name can be made to lead anywhere, a number not."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_name(header: str) -> str:
    """The name in a Host header, without its port."""
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].lower()


def accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first; none that are refused."""
    weighed = []
    for place, part in enumerate(header.lower().split(",")):
        name, _, weight = part.replace(" ", "").replace("\t", "").partition(";q=")
        try:
            wanted = float(weight) if weight else 1.0
        except ValueError:
            continue
        if wanted > 0:
            weighed.append((-wanted, place, name.partition("-")[0]))
    return [name for _, _, name in sorted(weighed)]


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; ConfigError for a port that is taken, or a host that is none of this machine's."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(
            f"Cannot listen on {host}, port {port}: {error.strerror or error}.",
            do="Name another --port, or a --host of this machine.",
        ) from error
    # Connections inherit it. Else an answer whose head and body are sent apart waits 40 ms for the other side.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def address(bound: socket.socket) -> str:
    """The address of what a socket serves, as a browser takes it."""
    named: Sequence[object] = bound.getsockname()
    name, port = str(named[0]), named[1]
    return f"http://{f'[{name}]' if ':' in name else name}:{port}/"
