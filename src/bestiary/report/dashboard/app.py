"""The application: which address gives which page."""

from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, Response

from bestiary.config import LANGUAGES, Language, Privacy
from bestiary.report.dashboard.access import Guarded
from bestiary.report.dashboard.board import Board
from bestiary.report.dashboard.compared import Comparisons
from bestiary.report.dashboard.door import door
from bestiary.report.dashboard.downloads import Format
from bestiary.report.dashboard.language import COOKIE
from bestiary.report.dashboard.trouble import troubles
from bestiary.report.pages import PAGES

MONTH = 30 * 24 * 3600


NO_SETTINGS = Privacy()


def answered(request: Request, text: str, status: int = 200) -> Response:
    """A page as an answer, with a cookie for its language where that was asked for."""
    answer, named = HTMLResponse(text, status), request.query_params.get("lang")
    if named in LANGUAGES:
        answer.set_cookie(COOKIE, named, max_age=MONTH, httponly=True, samesite="strict")
    return answer


def create_app(
    store: Path,
    comparisons: Comparisons,
    *,
    token: str | None = None,
    language: Language | None = None,
    warm: bool = False,
    privacy: Privacy = NO_SETTINGS,
) -> Guarded:
    """The dashboard of a store as an ASGI application; `comparisons` are of any two of its runs.

    With a `token` nobody is answered without it; without one, only those who call it by a name of loopback. To be
    `warm` is to have made the pages of the latest run before the first is asked for.
    Raises StoreError where there is no store.
    """
    board = Board(store, comparisons, language, privacy)
    app = FastAPI(title="Bestiary", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(door(token, language))
    troubles(app, board.shelf, language)

    @app.get("/segments/{number}", response_class=HTMLResponse)
    def segment(request: Request, number: int) -> Response:
        return answered(request, board.segment(board.desk(request, "segments"), number))

    @app.get("/segments/{number}/customers.{kind}")
    def file(request: Request, number: int, kind: Format) -> Response:
        return board.file(board.desk(request, "segments"), number, kind)

    @app.get("/movement", response_class=HTMLResponse)
    def movement(request: Request) -> Response:
        asked = {name: request.query_params[name] for name in ("from", "to") if request.query_params.get(name)}
        desk = board.desk(request, "movement", asked.get("to"), **asked)
        earlier = board.shelf.run(asked["from"]) if "from" in asked else None
        return answered(request, *board.movement(desk, earlier))

    @app.get("/customers", response_class=HTMLResponse)
    def person(request: Request) -> Response:
        user_id = request.query_params.get("id", "")
        text, nobody = board.person(board.desk(request, "customer", id=user_id), user_id)
        return answered(request, text, 404 if nobody and user_id.strip() else 200)

    @app.get("/", response_class=HTMLResponse)
    def overview(request: Request) -> Response:
        return answered(request, board.plain(board.desk(request, "overview")))

    @app.get("/{key}", response_class=HTMLResponse)
    def other(request: Request, key: str) -> Response:
        if key not in PAGES or key == "overview":
            raise HTTPException(404)
        return answered(request, board.plain(board.desk(request, key)))

    if warm:
        board.warm()
    return Guarded(app, token)
