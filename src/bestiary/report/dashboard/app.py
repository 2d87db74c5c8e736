"""The application: which address gives which page."""

import tempfile
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.background import BackgroundTask

from bestiary.config import Language, Settings
from bestiary.lake.rejects import examples
from bestiary.lake.runs import Run
from bestiary.lake.store import Store
from bestiary.report.dashboard.access import Guarded
from bestiary.report.dashboard.compared import Compare, Comparisons, Record
from bestiary.report.dashboard.desk import Desk
from bestiary.report.dashboard.door import door
from bestiary.report.dashboard.downloads import write_customers
from bestiary.report.dashboard.language import COOKIE, chosen
from bestiary.report.dashboard.person import People
from bestiary.report.dashboard.shelf import Shelf
from bestiary.report.dashboard.trouble import troubles
from bestiary.report.dashboard.views import page
from bestiary.report.pages import PAGES

MONTH = 30 * 24 * 3600


class Dashboard:
    """What the pages of one store are made with."""

    def __init__(self, store: Path, compare: Compare, language: Language | None) -> None:
        self.store, self.language = store, language
        self.shelf = Shelf(Store.open(store, Settings()))
        self.people = People()
        self.comparisons = Comparisons(compare)

    def desk(self, request: Request, page_key: str, **asked: str) -> Desk:
        """What a page needs to know of a request. Raises StoreError where it names a run that is not there."""
        query, accepted = request.query_params, request.headers.get("accept-language", "")
        return Desk(
            page=page_key,
            path=request.url.path,
            run=self.shelf.run(query.get("run")),
            runs=self.shelf.runs(),
            language=chosen(query, request.cookies, self.language, accepted),
            examples=lambda: self.shelf.kept(("examples", self.shelf.rejects()), lambda: examples(self.store)),
            asked=asked,
        )

    def shown(self, desk: Desk, follow: Record | None = None, **asked: Any) -> Response:
        """A page, with a cookie for its language; `follow` in place of what the summary says of the run before."""
        summary = self.shelf.summary(desk.run)
        answer = HTMLResponse(page(summary if follow is None else {**summary, "follow": follow}, desk, **asked))
        answer.set_cookie(COOKIE, desk.language, max_age=MONTH, httponly=True, samesite="strict")
        return answer

    def plain(self, desk: Desk) -> Response:
        """A page that is the same for everyone who asks, kept from one to the next."""
        key = ("page", desk.path, desk.language, desk.latest, len(desk.runs), *self.shelf.stamp(desk.run))
        return self.shelf.kept((*key, self.shelf.rejects()), lambda: self.shown(desk))

    def segment(self, desk: Desk, number: int) -> Response:
        """The page of one segment. Raises HTTPException where there is none of this number."""
        summary = self.shelf.summary(desk.run)
        everyone = [*summary["segments"], *(summary["visitors"]["segments"] if summary["visitors"] else [])]
        shown = [one for one in everyone if one["segment"] == number]
        if not shown:
            raise HTTPException(404)
        keys = tuple(f"{name}-{number}" for name in PAGES["segments"].charts)
        return self.shown(desk, shown=shown, keys=keys)

    def movement(self, desk: Desk, earlier: Run | None, later: Run) -> Response:
        """Two runs beside each other; the run before the later one where no earlier one is named."""
        summary = self.shelf.summary(later)
        told = summary["follow"]
        if earlier and not (told and told["from"] == earlier.path.name):
            models = {run.path.name: self.shelf.model(run) for run in (earlier, later)}
            told = self.comparisons.ask(earlier, later, models)
            desk.state["waiting"] = told is None
        desk.state.update(earlier=told["from"] if told else earlier and earlier.path.name, later=later.path.name)
        return self.shown(desk, follow=told or {})

    def person(self, desk: Desk, user_id: str) -> Response:
        """One customer, or that there is none of this id."""
        found = None
        if user_id:
            runs = [run for run in desk.runs if run.as_of <= desk.run.as_of]
            found = self.people.find(user_id, desk.run, runs, self.shelf.model)
        desk.state["sought"] = user_id
        answer = self.shown(desk, parts=("customer",), person=found)
        answer.status_code = 200 if found or not user_id else 404
        return answer

    def file(self, desk: Desk, number: int, kind: str) -> Response:
        """A segment's customers as a file, which goes when it has been sent."""
        folder = Path(tempfile.mkdtemp(prefix="bestiary-"))
        out = folder / f"customers.{kind}"

        def gone() -> None:
            out.unlink(missing_ok=True)
            folder.rmdir()

        try:
            write_customers(desk.run.path, number, "csv" if kind == "csv" else "parquet", out)
        except BaseException:
            gone()
            raise
        media = "text/csv; charset=utf-8" if kind == "csv" else "application/vnd.apache.parquet"
        name = f"segment-{number}-{desk.run.path.name}.{kind}"
        return FileResponse(out, media_type=media, filename=name, background=BackgroundTask(gone))


def create_app(store: Path, compare: Compare, *, token: str | None = None, language: Language | None = None) -> Guarded:
    """The dashboard of a store as an ASGI application; `compare` sets any two runs side by side.

    With a `token` nobody is answered without it; without one, only those who call it by a name of loopback.
    Raises StoreError where there is no store.
    """
    board = Dashboard(store, compare, language)
    app = FastAPI(title="Bestiary", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(door(token))
    troubles(app, language)

    @app.get("/segments/{number}", response_class=HTMLResponse)
    def segment(request: Request, number: int) -> Response:
        return board.segment(board.desk(request, "segments"), number)

    @app.get("/segments/{number}/customers.{kind}")
    def file(request: Request, number: int, kind: str) -> Response:
        if kind not in ("csv", "parquet"):
            raise HTTPException(404)
        return board.file(board.desk(request, "segments"), number, kind)

    @app.get("/movement", response_class=HTMLResponse)
    def movement(request: Request) -> Response:
        asked = {name: request.query_params[name] for name in ("from", "to") if request.query_params.get(name)}
        desk = board.desk(request, "movement", **asked)
        later = board.shelf.run(asked["to"]) if "to" in asked else desk.run
        earlier = board.shelf.run(asked["from"]) if "from" in asked else None
        return board.movement(desk, earlier, later)

    @app.get("/customers", response_class=HTMLResponse)
    def person(request: Request) -> Response:
        user_id = request.query_params.get("id", "").strip()
        return board.person(board.desk(request, "customer", id=user_id), user_id)

    @app.get("/", response_class=HTMLResponse)
    def overview(request: Request) -> Response:
        return board.plain(board.desk(request, "overview"))

    @app.get("/{key}", response_class=HTMLResponse)
    def other(request: Request, key: str) -> Response:
        if key not in PAGES or key == "overview":
            raise HTTPException(404)
        return board.plain(board.desk(request, key))

    return Guarded(app, token)
