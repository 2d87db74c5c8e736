"""The page in a real browser, without a network: drawn, turned, narrow, dark, printed, in both languages."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bestiary.config import Language, Settings
from bestiary.report.html import write_report
from report_run import FIRST_ID, make_run

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
NAMES = ("chromium", "chromium-browser", "google-chrome")
DRAWN = "document.querySelectorAll('[data-figure]').length === document.querySelectorAll('[data-drawn]').length"
CAMERA = "document.querySelector('[data-figure=space]')._fullLayout.scene._scene.getCamera().eye"


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    named = os.environ.get("BESTIARY_CHROMIUM")
    path = named or next((found for found in map(shutil.which, NAMES) if found), None)
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


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    languages: tuple[Language, ...] = ("en", "fr")
    found: dict[str, Path] = {}
    run = make_run(folder)
    for language in languages:
        path = write_report(run, Settings(language=language), currency="EUR", time_zone="UTC")
        found[language] = path.rename(folder / f"{language}.html")
    return found


class Visit:
    """A page opened from disk with the network cut, and what went wrong on it."""

    def __init__(
        self, browser: "Browser", report: Path, width: int = 1280, theme: str = "light", before: str = ""
    ) -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            offline=True,
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
        """Scroll as a reader does, so that every chart comes into view and is drawn."""
        for index in range(self.page.locator("[data-figure]").count()):
            self.page.locator("[data-figure]").nth(index).scroll_into_view_if_needed()
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


@pytest.fixture(scope="module")
def wide(browser: "Browser", reports: dict[str, Path]) -> Iterator[Visit]:
    """The English page on a desk, by daylight; loading it takes longest, so tests share it and leave it as it was."""
    visit = Visit(browser, reports["en"])
    yield visit
    visit.context.close()


@pytest.fixture(scope="module")
def narrow(browser: "Browser", reports: dict[str, Path]) -> Iterator[Visit]:
    """The French page on a telephone, at night."""
    visit = Visit(browser, reports["fr"], width=360, theme="dark")
    yield visit
    visit.context.close()


@pytest.mark.parametrize(("place", "language", "width"), [("wide", "en", 1280), ("narrow", "fr", 360)])
def test_every_chart_is_drawn_without_error_or_network(
    request: pytest.FixtureRequest, place: str, language: str, width: int
) -> None:
    visit: Visit = request.getfixturevalue(place)
    visit.read_to_the_end()
    assert visit.page.locator("[data-figure]").count() == 32
    empty = visit.page.evaluate(
        "[...document.querySelectorAll('[data-figure]')].filter(d => !d.querySelector('svg.main-svg, canvas'))"
        ".map(d => d.dataset.figure)"
    )
    assert empty == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.page.locator("html").get_attribute("lang") == language
    assert "<script>alert('brand')" in visit.page.locator("#animals").inner_text()
    assert visit.faults == []
    assert visit.outside == []


@pytest.mark.parametrize("place", ["wide", "narrow"])
def test_no_customer_id_is_in_the_page_as_the_browser_has_it(request: pytest.FixtureRequest, place: str) -> None:
    visit: Visit = request.getfixturevalue(place)
    found = visit.page.evaluate(
        "[document.body.innerText, document.getElementById('figures').textContent].join(' ').match(/\\d{9,}/g) || []"
    )
    assert set(found).isdisjoint(str(FIRST_ID + i) for i in range(1400))


def test_what_is_wider_than_the_page_shows_that_it_scrolls(narrow: Visit) -> None:
    narrow.see("tree")
    width, whole, shade = narrow.page.evaluate(
        "(() => { const box = document.querySelector('.scroll:has([data-figure=tree])');"
        "return [box.clientWidth, box.scrollWidth, getComputedStyle(box).backgroundAttachment]; })()"
    )
    assert whole > width
    assert shade == "local, local, scroll, scroll"


def test_the_picture_in_space_turns(wide: Visit) -> None:
    box = wide.see("space").bounding_box()
    assert box is not None
    before = wide.page.evaluate(CAMERA)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    wide.page.mouse.move(x, y)
    wide.page.mouse.down()
    wide.page.mouse.move(x + 120, y + 40, steps=8)
    wide.page.mouse.up()
    wide.until(f"Math.abs({CAMERA}.x - {before['x']}) > 0.05")
    assert wide.faults == []


def test_a_segment_is_hidden_by_its_legend(wide: Visit) -> None:
    wide.see("biplot")
    shown = "document.querySelector('[data-figure=biplot]').data[0].visible"
    lion = wide.page.locator("[data-toggles=biplot]").first
    lion.click()
    assert lion.get_attribute("aria-pressed") == "false"
    assert wide.page.evaluate(shown) is False
    lion.click()
    assert lion.get_attribute("aria-pressed") == "true"
    assert wide.page.evaluate(shown) is True


def test_colours_follow_the_theme(wide: Visit) -> None:
    colour = "document.querySelector('[data-figure=shares]').data[1].marker.color[6]"
    wide.see("shares")
    light = wide.page.evaluate(colour)
    wide.page.emulate_media(color_scheme="dark")
    wide.until(f"{colour} !== '{light}'")
    assert wide.page.evaluate(colour).startswith("#")
    wide.page.emulate_media(color_scheme="light")
    wide.until(f"{colour} === '{light}'")


def test_printing_draws_every_chart_within_the_paper(narrow: Visit) -> None:
    narrow.page.evaluate(
        "window.addEventListener('beforeprint', () => { window.printed = "
        "[...document.querySelectorAll('[data-figure]')].map(d => d.querySelector('svg.main-svg').clientWidth);"
        "window.paper = getComputedStyle(document.documentElement).getPropertyValue('--page').trim() })"
    )
    assert len(narrow.page.pdf(format="A4")) > 100_000
    widths = narrow.page.evaluate("window.printed")
    assert len(widths) == 32
    assert max(widths) <= 680
    assert narrow.page.evaluate("window.paper") == "#faf8f2"
    assert narrow.page.evaluate("document.documentElement.hasAttribute('data-printing')") is False
    assert narrow.faults == []


def test_without_webgl_the_page_says_so(browser: "Browser", reports: dict[str, Path]) -> None:
    blind = "HTMLCanvasElement.prototype.getContext = () => null"
    visit = Visit(browser, reports["en"], before=blind)
    visit.page.locator("[data-figure=space]").scroll_into_view_if_needed()
    visit.page.wait_for_selector("[data-figure=space].unavailable")
    assert "WebGL" in visit.page.locator("[data-figure=space]").inner_text()
    visit.context.close()
