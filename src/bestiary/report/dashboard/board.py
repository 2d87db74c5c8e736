"""What the pages of a store are made from: which run, which words, which rows."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import HTTPException, Request
from fastapi.responses import Response, StreamingResponse

from bestiary.config import LANGUAGES, Language, Privacy, Settings
from bestiary.errors import BestiaryError
from bestiary.lake.rejects import examples
from bestiary.lake.runs import Run
from bestiary.lake.store import Store
from bestiary.report.dashboard.compared import Comparisons, Record
from bestiary.report.dashboard.desk import Desk
from bestiary.report.dashboard.downloads import Format, file_name, open_customers, pieces
from bestiary.report.dashboard.language import chosen
from bestiary.report.dashboard.person import HISTORY, People
from bestiary.report.dashboard.shelf import Shelf
from bestiary.report.dashboard.views import page
from bestiary.report.pages import PAGES


class Board:
    """What the pages of one store are made with."""

    def __init__(self, store: Path, comparisons: Comparisons, language: Language | None, privacy: Privacy) -> None:
        self.store, self.language = store.resolve(), language
        self.shelf = Shelf(Store.open(self.store, Settings()))
        self.people = People(self.shelf.store.fixed.currency)
        self.comparisons, self.privacy = comparisons, privacy

    def warm(self) -> None:
        """Make the pages of the latest run, so that who comes first waits no longer than who comes next."""
        with suppress(BestiaryError):  # whoever asks is told
            runs = self.shelf.runs()
            for language in LANGUAGES:
                for key in PAGES:
                    path = "/" if key == "overview" else f"/{key}"
                    if key != "movement":
                        self.plain(self._at(key, path, self.shelf.run(None, runs), runs, language))

    def _at(self, key: str, path: str, run: Run, runs: Sequence[Run], language: Language, **asked: str) -> Desk:
        return Desk(
            page=key,
            path=path,
            run=run,
            runs=runs,
            language=language,
            examples=lambda: self.shelf.kept(("examples", self.shelf.rejects()), lambda: examples(self.store)),
            asked=asked,
            state={"unfinished": self.shelf.unfinished()},
        )

    def desk(self, request: Request, page_key: str, named: str | None = None, **asked: str) -> Desk:
        """What a page needs to know of a request, of the run that is named or that it asks for.

        Raises StoreError where there is no such run.
        """
        query, accepted = request.query_params, request.headers.get("accept-language", "")
        runs = self.shelf.runs()
        run = self.shelf.run(named or query.get("run"), runs)
        language = chosen(query, request.cookies, self.language, accepted)
        return self._at(page_key, request.url.path, run, runs, language, **asked)

    def shown(self, desk: Desk, follow: Record | None = None, **asked: Any) -> str:
        """A page; `follow` in place of what the summary says of the run before."""
        summary = self.shelf.summary(desk.run)
        desk.state["outdated"] = follow is None and self.shelf.is_outdated(desk.run)
        return page(summary if follow is None else {**summary, "follow": follow}, desk, **asked)

    def plain(self, desk: Desk) -> str:
        """A page that is the same for everyone who asks, kept from one to the next."""
        names = (*(run.path.name for run in desk.runs), *desk.state["unfinished"])
        told = self.shelf.stamp(desk.run), self.shelf.beside(), self.shelf.is_outdated(desk.run)
        key = ("page", desk.page, desk.language, names, *told)
        return self.shelf.kept((*key, self.shelf.rejects()), lambda: self.shown(desk))

    def segment(self, desk: Desk, number: int) -> str:
        """The page of one segment. Raises HTTPException where there is none of this number."""
        shown = self._of_number(desk, number)
        keys = tuple(f"{name}-{number}" for name in PAGES["segments"].charts)
        return self.shown(desk, shown=shown, keys=keys)

    def _of_number(self, desk: Desk, number: int) -> list[Record]:
        summary = self.shelf.summary(desk.run)
        everyone = [*summary["segments"], *(summary["visitors"]["segments"] if summary["visitors"] else [])]
        found = [one for one in everyone if one["segment"] == number]
        if not found:
            raise HTTPException(404)
        return found

    def movement(self, desk: Desk, earlier: Run | None) -> tuple[str, int]:
        """An earlier run beside that of the desk, by default the run before it, and the answer's status.

        That is 202 while they are being compared, and 400 where they are not in order. Raises as `Comparisons.ask`.
        """
        later = desk.run
        if earlier and earlier.as_of >= later.as_of:
            desk.state.update(wrong=True, earlier=earlier.path.name, later=later.path.name)
            return self.shown(desk, follow={}), 400
        told, outdated = self.shelf.summary(later)["follow"], self.shelf.is_outdated(later)
        if outdated and not earlier:
            earlier = self.shelf.run(told["from"])
        if earlier and (outdated or not told or told["from"] != earlier.path.name):
            stamp = self.shelf.stamp(earlier, later)
            told = self.comparisons.ask(earlier, later, stamp)
            if self.shelf.stamp(earlier, later) != stamp:
                told = None  # of runs that are not there any more
            desk.state["waiting"] = told is None
        desk.state.update(earlier=told["from"] if told else earlier and earlier.path.name, later=later.path.name)
        return self.shown(desk, follow=told or {}), 202 if desk.state.get("waiting") else 200

    def person(self, desk: Desk, user_id: str) -> tuple[str, bool]:
        """One customer, or that there is none of this id; and whether that is so."""
        runs = [run for run in desk.runs if run.as_of <= desk.run.as_of][:HISTORY]

        def found() -> tuple[str, bool]:
            # As it was typed; and without the spaces around it, which come with what is copied.
            asked = dict.fromkeys(one for one in (user_id, user_id.strip()) if one.strip())
            ids = self.shelf.store.fixed.ids(self.store, self.privacy)
            known = (stored for stored in map(ids.stored, asked) if stored is not None)
            all_found = (self.people.find(one, desk.run, runs, self.shelf.model) for one in known)
            person = next((one for one in all_found if one), None)
            return self.shown(desk, parts=("customer",), person=person), person is None

        desk.state["sought"] = user_id if user_id.strip() else ""
        return self.shelf.steady([desk.run, *runs], found)

    def file(self, desk: Desk, number: int, kind: Format) -> Response:
        """A segment's customers as a file. Raises HTTPException where there is none of this number."""

        def found() -> tuple[str, int, BinaryIO]:
            name = self._of_number(desk, number)[0]["name"][desk.language]
            return file_name(number, name, desk.run.path, kind), *open_customers(desk.run.path, number, kind)

        name, size, content = self.shelf.steady([desk.run], found)
        media = "text/csv; charset=utf-8" if kind == "csv" else "application/vnd.apache.parquet"
        headers = {"Content-Length": str(size), "Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(pieces(content), media_type=media, headers=headers)
