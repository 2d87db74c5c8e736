"""A real browser without a network, for the tests of pages: it is started here, and in CI its absence is a failure."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bestiary.config import Language
from bestiary.report.html import write_report
from report_habits import cadence
from report_run import NAMES, PEOPLE, followed, make_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Locator, Page

ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
CAMERA = "document.querySelector('[data-figure=space]')._fullLayout.scene._scene.getCamera().eye"
SHOWN = "div[data-book] [data-figure]"
DRAWN = f"document.querySelectorAll('{SHOWN}').length === document.querySelectorAll('[data-drawn]').length"
FIGURES = 59
"""So many the whole report has: three for each of 7 segments of buyers, two for each of 2 of visitors, and 34 more."""


@contextmanager
def launched() -> Iterator["Browser"]:
    """Chromium; where it is not installed the test is skipped, and fails in CI."""
    named = os.environ.get("BESTIARY_CHROMIUM")
    path = named or next((found for found in map(shutil.which, CHROMIUM) if found), None)
    if path is None:
        message = "no Chromium: install it (apt-get install chromium) or name it in BESTIARY_CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


def dragged(page: "Page") -> tuple[str, float, float]:
    """Drag the picture in space by its middle: an expression that says that it has turned, and where the middle is."""
    box = page.locator("[data-figure=space]").bounding_box()
    assert box is not None
    before = page.evaluate(CAMERA)["x"]
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 40, steps=8)
    page.mouse.up()
    return f"Math.abs({CAMERA}.x - {before}) > 0.05", x, y


def whole_reports(folder: Path, change: Callable[[Path], None] = lambda run: None) -> dict[Language, Path]:
    """The report of a run with all that can be in one, opening in each language; `change` may alter the run before."""

    def follow(parts: dict[str, Any]) -> None:
        parts["scorecard"]["follow"] = followed([NAMES[persona] for persona in PEOPLE])
        parts["quality"]["gaps"].insert(0, {"day": "2019-10-30", "kind": "few_events", "events": 30, "usual": 1_100})

    run = make_run(folder, change=follow)
    change(run)
    languages: tuple[Language, ...] = ("en", "fr")
    return {
        language: write_report(run, language, {**cadence(), "as_of": "2019-12-01"}).rename(folder / f"{language}.html")
        for language in languages
    }


class Visit:
    """A page opened from disk with the network cut, and what went wrong on it."""

    def __init__(
        self,
        browser: "Browser",
        report: Path,
        width: int = 1280,
        theme: str = "light",
        before: str = "",
        lawless: bool = False,
    ) -> None:
        """`before` is run before the page's own scripts; `lawless` lets scripts in that the page's policy forbids."""
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",  # without it the page scrolls slowly, and what is measured still moves
            offline=True,
            bypass_csp=lawless,
        )
        self.page: Page = self.context.new_page()
        self.faults: list[str] = []
        self.outside: list[str] = []
        self.page.on("console", lambda m: self.faults.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "request",
            lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else self.outside.append(r.url),
        )
        self.page.on("dialog", self._dismiss)
        self.page.add_init_script(before)
        self.page.goto(report.as_uri())

    def _dismiss(self, dialog: "Dialog") -> None:
        """A dialog can only come from a script that a brand's name smuggled in."""
        self.faults.append(dialog.message)
        dialog.dismiss()

    def read_to_the_end(self) -> None:
        """Open what is folded and scroll as a reader does, so that every chart comes into view and is drawn."""
        self.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        for index in range(self.page.locator(SHOWN).count()):
            self.page.locator(SHOWN).nth(index).scroll_into_view_if_needed()
        self.until(DRAWN)

    def until(self, condition: str) -> None:
        """Wait until a JavaScript expression holds; the page's policy forbids Playwright's own way, an `eval`."""
        for _ in range(600):
            if self.page.evaluate(condition):
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"still not true after 30 s: {condition}")

    def see(self, key: str) -> "Locator":
        """Bring a chart into view and wait until it is drawn."""
        self.page.locator(f"[data-figure={key}]").scroll_into_view_if_needed()
        self.page.wait_for_selector(f"[data-figure={key}][data-drawn]")
        return self.page.locator(f"[data-figure={key}]")

    def switch(self, language: str) -> None:
        """Change to the other language, by its button."""
        self.page.locator(f"[data-switch={language}]").click()
        self.until(f"document.querySelector('div[data-book]').dataset.book === '{language}'")
