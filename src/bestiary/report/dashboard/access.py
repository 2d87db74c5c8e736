"""Who may look: everyone on this machine where it listens on loopback, elsewhere who knows the token.

A page of another site must not read ours through the visitor's browser: on loopback only our own names are answered
(a foreign name that leads here is DNS rebinding), and no page may be framed.
"""

import hashlib
import hmac
import re
from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from bestiary.web import App, Message, Receive, Send, host_name, is_loopback, is_same

COOKIE = "bestiary_session"
OPEN = re.compile(r"/enter|/static/[^/]+")
"""What is answered without a token."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def session(token: str) -> str:
    """What the cookie holds of somebody who has shown the token: made from it, and not the token itself."""
    return hmac.new(token.encode(), b"bestiary dashboard", hashlib.sha256).hexdigest()


class Guarded:
    """An application behind the door. Without a `token` only loopback's own names are answered."""

    def __init__(self, app: App, token: str | None) -> None:
        self.app, self.token = app, token

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request, or say why not; every answer carries HEADERS."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = self._refusal(scope)

        async def told(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await (refusal or self.app)(scope, receive, told)

    def _refusal(self, scope: Message) -> Response | None:
        headers = Headers(scope=scope)
        if self.token is None:
            name = host_name(headers.get("host", ""))
            return None if is_loopback(name) else PlainTextResponse(f"No such host here: {name[:100]}\n", 421)
        if OPEN.fullmatch(scope["path"]) or self._knows(headers):
            return None
        if scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            asked = scope["path"] + (f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else "")
            return RedirectResponse(f"/enter?next={quote(asked, safe='')}", 303)
        return PlainTextResponse("A token is needed: Authorization: Bearer TOKEN\n", 401)

    def _knows(self, headers: Headers) -> bool:
        assert self.token is not None  # noqa: S101 - asked only where there is one
        scheme, _, given = headers.get("authorization", "").partition(" ")
        shown = given.strip().encode("latin-1").decode("utf-8", errors="replace")  # as the header had it
        if scheme.lower() == "bearer" and is_same(shown, self.token):
            return True
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return cookie is not None and is_same(cookie.value, session(self.token))
