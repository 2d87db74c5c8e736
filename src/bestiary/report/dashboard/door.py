"""The door: where the token is asked for, and what is served without it."""

from urllib.parse import parse_qs

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from bestiary.config import Language
from bestiary.report.dashboard.access import COOKIE, session
from bestiary.report.dashboard.language import chosen
from bestiary.report.dashboard.static import STATIC, static_address
from bestiary.report.dashboard.views import bare
from bestiary.web import is_same

LONGEST = 4096
"""Bytes of a form that is sent with a token."""
YEAR = 31_536_000


def door(token: str | None, language: Language | None) -> APIRouter:
    """The routes that are open to everyone. Without a token there is nothing to ask, and the door leads in."""
    router = APIRouter()

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in STATIC:
            raise HTTPException(404)
        content, kind = STATIC[name]
        return Response(content(), media_type=kind, headers={"Cache-Control": f"public, max-age={YEAR}, immutable"})

    @router.get("/enter", response_class=HTMLResponse)
    def ask(request: Request) -> Response:
        return _asked(request, language, wrong=False) if token else _in(request)

    @router.post("/enter", response_class=HTMLResponse)
    async def enter(request: Request) -> Response:
        body = await _body(request)
        given = parse_qs(body.decode("utf-8", errors="replace")).get("token", [""])[0].strip()
        if token is None:
            return _in(request)
        if not is_same(given, token):
            return _asked(request, language, wrong=True)
        answer = _in(request)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, session(token), httponly=True, samesite="strict", secure=secure)
        return answer

    return router


def _in(request: Request) -> Response:
    return RedirectResponse(_inside(request.query_params.get("next", "/")), 303)


def _asked(request: Request, language: Language | None, *, wrong: bool) -> Response:
    accepted = request.headers.get("accept-language", "")
    words = chosen(request.query_params, request.cookies, language, accepted)
    page = bare(words, "enter.html.j2", wrong=wrong, css=static_address("style.css"))
    return HTMLResponse(page, status_code=403 if wrong else 200)


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            raise HTTPException(413)
    return body


def _inside(address: str) -> str:
    """An address of ours; the first page where it would lead elsewhere."""
    return address if address.startswith("/") and not address.startswith(("//", "/\\")) else "/"
