"""The dashboard's pages in a real browser, served by the real command: drawn, readable, narrow, by night."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dashboard_visit import NAMES, address_of, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

WIDTHS = (1280, 768, 360)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(page: "Page") -> list[str]:
    """What a machine that reads for people finds wrong; charts are the report's, and its tests read them."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found = Axe().run(page, context={"exclude": [[".chart"]]}, options=options).response["violations"]
    return [f"{one['id']}: {[node['html'][:200] for node in one['nodes'][:4]]}" for one in found]


READ = {"en": [(1280, "light"), (360, "dark")], "fr": [(1280, "dark"), (360, "light")]}
"""Widths and themes that a page is read in, each of four in one language."""


def looks(language: str) -> list[tuple[int, str]]:
    """Widths and themes that a page is seen in: all where pictures are wanted, else those that it is read in."""
    if os.environ.get("BESTIARY_SCREENSHOTS"):
        return [(width, theme) for width in WIDTHS for theme in ("light", "dark")]
    return READ[language]


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_drawn_readable_and_fits(
    browser: "Browser", site: str, store: Path, name: str, language: str
) -> None:
    found, address, named = [], address_of(name, store), os.environ.get("BESTIARY_SCREENSHOTS")
    with visiting(browser, site, bypass_csp=True, locale=language) as visitor:
        width, theme = looks(language)[0]
        visitor.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        visitor.go(address)
        if name == "compare":
            visitor.page.wait_for_selector("[data-figure=movements]", timeout=60_000)
        assert visitor.page.locator("html").get_attribute("lang") == language
        for width, theme in looks(language):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            visitor.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            if named or (width, theme) in ((1280, "light"), (360, "light")):  # to draw every chart takes longest
                visitor.read()
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= width
            if (width, theme) in READ[language]:
                found += [f"{width} {theme} {one}" for one in violations(visitor.page)]
            if named:
                Path(named).mkdir(parents=True, exist_ok=True)
                picture = Path(named) / f"{name}-{language}-{width}-{theme}.png"
                visitor.page.screenshot(path=picture, full_page=True)
        if name in ("nobody", "trouble"):  # the browser tells of the status
            assert all("404" in one for one in visitor.faults)
            visitor.faults.clear()
    assert found == []
