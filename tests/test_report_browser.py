"""The page in a real browser, without a network: drawn, turned, narrow, dark, in both languages."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bestiary.config import Language
from browser import CAMERA, FIGURES, SHOWN, Visit, dragged
from report_run import FIRST_ID

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def wide(browser: "Browser", reports: dict[Language, Path]) -> Iterator[Visit]:
    """The English page on a desk, by daylight; loading it takes longest, so tests share it and leave it as it was."""
    visit = Visit(browser, reports["en"])
    yield visit
    visit.context.close()


@pytest.fixture(scope="module")
def narrow(browser: "Browser", reports: dict[Language, Path]) -> Iterator[Visit]:
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
    assert visit.page.locator(SHOWN).count() == FIGURES
    empty = visit.page.evaluate(
        f"[...document.querySelectorAll('{SHOWN}')].filter(d => !d.querySelector('svg.main-svg, canvas'))"
        ".map(d => d.dataset.figure)"
    )
    assert empty == []
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= width
    assert visit.page.locator("html").get_attribute("lang") == language
    assert "<script>alert('brand')" in visit.page.locator("#segment-0").inner_text()
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
    wide.see("space")
    turned, _, _ = dragged(wide.page)
    wide.until(turned)
    assert wide.faults == []


def test_the_picture_in_space_turns_by_keys_and_has_no_button_that_sends_it_away(wide: Visit) -> None:
    wide.page.reload()  # another test drags it, and what it drags may still turn
    wide.see("space")
    assert wide.page.locator(".modebar-btn").count() == 0
    assert wide.page.evaluate("document.querySelector('[data-figure=space]')._context.plotlyServerURL") == ""
    assert wide.page.locator("[data-turns=space]").count() == 4
    for by, axis in (("0.35 0", "x"), ("0 -0.25", "z")):
        before = wide.page.evaluate(CAMERA)
        wide.page.locator(f"[data-turns=space][data-by='{by}']").press("Enter")
        wide.until(f"Math.abs({CAMERA}.{axis} - {before[axis]}) > 0.01")
    assert wide.faults == []


def test_what_is_wider_than_its_box_takes_the_focus_and_has_a_name(narrow: Visit) -> None:
    narrow.until("document.querySelector('.scroll:has([data-figure=tree])').tabIndex === 0")
    boxes = narrow.page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter((one) => one.checkVisibility()).map((one) => "
        "[one.scrollWidth > one.clientWidth, one.tabIndex === 0, Boolean(one.getAttribute('aria-label'))])"
    )
    assert {tuple(box) for box in boxes} == {(True, True, True), (False, False, False)}


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


def test_without_webgl_the_page_says_so(browser: "Browser", reports: dict[Language, Path]) -> None:
    blind = "HTMLCanvasElement.prototype.getContext = () => null"
    visit = Visit(browser, reports["en"], before=blind)
    visit.page.locator("[data-figure=space]").scroll_into_view_if_needed()
    visit.page.wait_for_selector("[data-figure=space].unavailable")
    assert "WebGL" in visit.page.locator("[data-figure=space]").inner_text()
    visit.context.close()
