"""The report on paper: every chart within it, nothing torn by the end of a page, nothing that only a screen needs."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bestiary.config import Language
from browser import FIGURES, SHOWN, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

A4, ACROSS = 680, 1016
"""Pixels between the margins of the paper, upright and lying across."""


@pytest.mark.parametrize(("language", "width", "theme"), [("en", 1280, "light"), ("fr", 360, "dark")])
def test_printing_draws_every_chart_within_the_paper(
    browser: "Browser", reports: dict[Language, Path], language: Language, width: int, theme: str
) -> None:
    visit = Visit(browser, reports[language], width=width, theme=theme)
    visit.page.evaluate(
        "window.addEventListener('beforeprint', () => { window.printed = "
        f"[...document.querySelectorAll('{SHOWN}')]"
        ".map(d => [d.dataset.figure, d.querySelector('svg.main-svg').getBoundingClientRect().width]);"
        "window.paper = getComputedStyle(document.documentElement).getPropertyValue('--page').trim() })"
    )
    assert len(visit.page.pdf(format="A4")) > 100_000
    widths = dict(visit.page.evaluate("window.printed"))
    assert len(widths) == FIGURES
    tree = widths.pop("tree")
    assert A4 < tree <= ACROSS  # as large as on a screen, on a page that lies across
    assert 0 < min(widths.values()) <= max(widths.values()) <= A4
    assert visit.page.evaluate("window.paper") == "#faf8f2"
    assert visit.page.evaluate("document.documentElement.hasAttribute('data-printing')") is False
    assert visit.faults == []
    visit.context.close()


def test_what_is_said_nowhere_else_is_unfolded_on_paper_and_folded_again_after(
    browser: "Browser", reports: dict[Language, Path]
) -> None:
    folded = "[...document.querySelectorAll('details')].map((one) => one.open)"
    visit = Visit(browser, reports["en"])
    assert visit.page.locator("details[data-paper]:not([open])").count() == 2
    visit.page.locator("details[data-paper] summary").first.click()  # what the reader has opened stays so
    before = visit.page.evaluate(folded)
    visit.page.evaluate(
        "window.addEventListener('beforeprint', () => {"
        " window.unfolded = document.querySelectorAll('details[data-paper][open]').length })"
    )
    visit.page.pdf(format="A4")
    assert visit.page.evaluate("window.unfolded") == 2
    assert visit.page.evaluate(folded) == before
    visit.context.close()


@pytest.fixture(scope="module")
def paper(browser: "Browser", reports: dict[Language, Path]) -> Iterator[Visit]:
    """The page with the styles of paper, as wide as that."""
    visit = Visit(browser, reports["en"], width=A4)
    visit.page.emulate_media(media="print")
    yield visit
    visit.context.close()


@pytest.mark.parametrize("kind", [".card", "figure", ".chart", "tr", ".rules > li"])
def test_no_page_ends_within_a_card_a_chart_or_a_row(paper: Visit, kind: str) -> None:
    breaks = paper.page.evaluate(
        f"[...document.querySelectorAll('{kind}')].map((one) => getComputedStyle(one).breakInside)"
    )
    assert set(breaks) <= {"avoid"}
    assert len(breaks) > 0


@pytest.mark.parametrize("kind", ["h2", "h3", "figcaption"])
def test_no_page_ends_after_a_heading(paper: Visit, kind: str) -> None:
    breaks = paper.page.evaluate(
        f"[...document.querySelectorAll('{kind}')].map((one) => getComputedStyle(one).breakAfter)"
    )
    assert set(breaks) == {"avoid"}


def test_what_only_a_screen_needs_is_not_printed(paper: Visit) -> None:
    for kind in ("nav", ".bar", ".skip", ".languages", "[data-switch]"):
        assert paper.page.locator(kind).count() > 0, kind
        assert not any(paper.page.locator(kind).nth(n).is_visible() for n in range(paper.page.locator(kind).count())), (
            kind
        )
    arrows = paper.page.evaluate(
        "[...document.querySelectorAll('.sort')].map((one) => getComputedStyle(one, '::after').content)"
    )
    assert len(arrows) > 20
    assert set(arrows) == {"none"}
    boxes = paper.page.evaluate(
        "[...document.querySelectorAll('.scroll')].map((one) => getComputedStyle(one).overflowX)"
    )
    assert set(boxes) == {"visible"}


def test_nothing_is_wider_than_the_paper(paper: Visit) -> None:
    wide = paper.page.evaluate(
        f"[...document.querySelectorAll('main table, main figure, main dl')].filter((one) => "
        f"one.getBoundingClientRect().right > {A4} + 1).map((one) => one.closest('section').id + ' ' + one.className)"
    )
    assert wide == []
