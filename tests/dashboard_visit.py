"""A visit to the dashboard with a real browser, on which nothing may go wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from bestiary.report.pages import PAGES
from dashboard_shop import RUNS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

DRAWN = "!document.querySelector('[data-figure]:not(.unavailable):not([data-drawn])')"
MAY, APRIL, MARCH = (str(one) for one in RUNS)
NAMES = (*PAGES, "segment", "ask", "customer", "nobody", "trouble", "compare")
"""The pages, and what else there is to see."""


class Visitor:
    """Somebody with a browser, and what went wrong before their eyes."""

    def __init__(self, browser: "Browser", address: str, **asked: Any) -> None:
        self.address = address
        self.context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True, **asked)
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.outside: list[str] = []
        self.page.on("console", lambda said: self.faults.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("dialog", self._dismiss)
        inside = (address, "data:", "blob:")
        self.page.on("request", lambda one: None if one.url.startswith(inside) else self.outside.append(one.url))

    def _dismiss(self, dialog: "Dialog") -> None:
        self.faults.append(dialog.message)
        dialog.dismiss()

    def go(self, path: str) -> None:
        self.page.goto(self.address + path.lstrip("/"))

    def until(self, condition: str) -> None:
        """Wait until a JavaScript expression holds; the page's policy forbids Playwright's own way, an `eval`."""
        for _ in range(600):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"still not true after 30 s: {condition}")

    def read(self) -> None:
        """Open what is folded and scroll to each chart, so that all are drawn."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for index in range(self.page.locator("[data-figure]").count()):
            self.page.locator("[data-figure]").nth(index).scroll_into_view_if_needed()
        self.until(DRAWN)
        self.page.evaluate("window.scrollTo(0, 0)")

    def text(self) -> str:
        return self.page.locator("main").inner_text()


@contextmanager
def visiting(browser: "Browser", address: str, **asked: Any) -> Iterator[Visitor]:
    """A visit on which nothing may go wrong."""
    visitor = Visitor(browser, address, **asked)
    try:
        yield visitor
        assert visitor.faults == []
        assert visitor.outside == []
    finally:
        visitor.context.close()


def somebody(store: Path, run: str = MAY) -> dict[str, Any]:
    """A buyer who has a segment."""
    table = pl.read_parquet(store / "runs" / run / "segments.parquet")
    return table.filter((pl.col("population") == "buyers") & pl.col("segment").is_not_null()).row(7, named=True)


def address_of(name: str, store: Path) -> str:
    others = {
        "segment": "/segments/0",
        "ask": "/customers",
        "customer": f"/customers?id={somebody(store)['user_id']}",
        "nobody": "/customers?id=nobody",
        "trouble": "/?run=2000-01-01",
        "compare": f"/movement?from={MARCH}&to={MAY}",
        "overview": "/",
    }
    return others.get(name, f"/{name}")
