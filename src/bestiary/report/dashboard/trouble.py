"""What is answered where a page cannot be: what was found, what is allowed, what to do, and never a traceback."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from bestiary.config import Language
from bestiary.errors import BestiaryError, BusyError, ConfigError, StoreError
from bestiary.report.dashboard.language import chosen
from bestiary.report.dashboard.shelf import Shelf
from bestiary.report.dashboard.static import static_address
from bestiary.report.dashboard.views import bare

STATUSES = ((BusyError, 503), (ConfigError, 400), (StoreError, 404), (BestiaryError, 500))
"""What an error of ours is in HTTP."""


def troubles(app: FastAPI, shelf: Shelf, language: Language | None) -> None:
    """Answer errors of an application with a page, which does not say where on the machine the store is."""

    def told(request: Request, status: int, error: BestiaryError | None = None) -> Response:
        accepted = request.headers.get("accept-language", "")
        words = chosen(request.query_params, request.cookies, language, accepted)
        known = status if status in (400, 404, 413, 503) else 500 if status >= 500 else 404
        css, runs = static_address("style.css"), [run.path.name for run in shelf.runs()]
        return HTMLResponse(bare(words, "trouble.html.j2", status=known, error=error, css=css, runs=runs), status)

    @app.exception_handler(BestiaryError)
    def ours(request: Request, error: BestiaryError) -> Response:
        status = next(status for kind, status in STATUSES if isinstance(error, kind))
        return told(request, status, error.at(str(shelf.path), "STORE"))

    @app.exception_handler(HTTPException)
    def theirs(request: Request, error: HTTPException) -> Response:
        return told(request, error.status_code)

    @app.exception_handler(Exception)
    def mistaken(request: Request, error: Exception) -> Response:
        return told(request, 500)  # and its traceback goes where the dashboard was started

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        return told(request, 404)
