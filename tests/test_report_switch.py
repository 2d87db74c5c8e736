"""The report's other language, which waits in the page, and tables that sort: what a reader does with the page."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bestiary.config import Language
from bestiary.report.words import Words
from browser import FIGURES, SHOWN, Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OTHER: dict[Language, Language] = {"en": "fr", "fr": "en"}
BOOK = """(() => {
    const book = document.querySelector("div[data-book]").cloneNode(true);
    book.querySelectorAll("[data-figure]").forEach((one) => {
        one.replaceChildren();
        one.removeAttribute("data-drawn");
        one.classList.remove("js-plotly-plot");
    });
    book.querySelectorAll(".scroll").forEach((one) => {
        for (const name of ["tabindex", "role", "aria-label"]) one.removeAttribute(name);
    });
    return [document.documentElement.lang, document.title, book.innerHTML];
})()"""
"""The page as it stands but for what is drawn in the figures, and what is said of boxes that are too narrow now."""
HERE = """(() => {
    const sections = [...document.querySelectorAll("main section, main article[id]")];
    return sections.filter((one) => one.getBoundingClientRect().top < 200).at(-1)?.id;
})()"""
BARS = "document.querySelector('[data-figure=shares]').data.map((trace) => trace.name)"


@pytest.fixture(params=["en", "fr"])
def visit(request: pytest.FixtureRequest, browser: "Browser", reports: dict[Language, Path]) -> Iterator[Visit]:
    """The report as it opens in a language."""
    found = Visit(browser, reports[request.param])
    yield found
    assert found.faults == []
    assert found.outside == []
    found.context.close()


@pytest.fixture(scope="module", params=["en", "fr"])
def table_of(request: pytest.FixtureRequest, browser: "Browser", reports: dict[Language, Path]) -> Iterator[Visit]:
    """The same for all that sort tables, each its own: opening the page takes longest."""
    found = Visit(browser, reports[request.param])
    yield found
    assert found.faults == []
    found.context.close()


def test_the_other_language_is_the_page_that_opens_in_it_and_back_again(
    visit: Visit, browser: "Browser", reports: dict[Language, Path]
) -> None:
    first: Language = "fr" if visit.page.evaluate("document.documentElement.lang") == "fr" else "en"
    other = Visit(browser, reports[OTHER[first]])
    wanted = other.page.evaluate(BOOK)
    other.context.close()
    opened = visit.page.evaluate(BOOK)
    for language, page in ((OTHER[first], wanted), (first, opened), (OTHER[first], wanted)):
        words = Words(language, "EUR")
        visit.switch(language)
        assert visit.page.evaluate(BOOK) == page
        assert page[:2] == [language, words("page.title", as_of=words.date("2019-12-01"))]
        visit.see("shares")
        assert visit.page.evaluate(BARS) == [words("terms.share_of_customers"), words("terms.share_of_value")]
        assert visit.page.locator(SHOWN).count() == FIGURES
        assert visit.page.locator("div[data-book]").count() == 1
        assert visit.page.evaluate("document.activeElement.dataset.switch") == OTHER[language]


def test_the_reader_stays_at_the_same_section(visit: Visit) -> None:
    language = visit.page.evaluate("document.documentElement.lang")
    for section in ("animals", "segment-3", "tree", "quality", "glossary"):
        visit.page.evaluate(f"document.getElementById('{section}').scrollIntoView()")
        assert visit.page.evaluate(HERE) == section
        for shown in (OTHER[language], language):
            visit.switch(shown)
            assert visit.page.evaluate(HERE) == section
            top = visit.page.evaluate(f"document.getElementById('{section}').getBoundingClientRect().top")
            assert -20 <= top < 200


def test_a_click_on_a_legend_toggles_once_after_two_switches(visit: Visit) -> None:
    language = visit.page.evaluate("document.documentElement.lang")
    for shown in (OTHER[language], language):
        visit.switch(shown)
    visit.see("biplot")
    state = "document.querySelector('[data-figure=biplot]').data.slice(0, 2).map((trace) => trace.visible ?? true)"
    lion = visit.page.locator("[data-toggles=biplot]").first
    assert visit.page.evaluate(state) == [True, True]
    for pressed, shown in (("false", False), ("true", True), ("false", False)):
        lion.click()
        assert lion.get_attribute("aria-pressed") == pressed
        visit.until(f"JSON.stringify({state}) === '[{str(shown).lower()},true]'")
    # What is hidden in one language is hidden there only, and its button says so when the reader is back.
    visit.switch(OTHER[language])
    visit.see("biplot")
    assert visit.page.evaluate(state) == [True, True]
    visit.switch(language)
    visit.see("biplot")
    assert visit.page.evaluate(state) == [False, True]
    assert visit.page.locator("[data-toggles=biplot]").first.get_attribute("aria-pressed") == "false"


def column(visit: Visit, table: str, at: int) -> list[str]:
    """The texts of a table's column, from the first row on."""
    found: list[str] = visit.page.evaluate(
        f"[...document.querySelector('{table}').tBodies[0].rows].map((row) => row.cells[{at}].textContent.trim())"
    )
    return found


def figure(text: str, language: str) -> float:
    """The number that a cell begins with."""
    plain = re.sub(r"[\s\u202f\u00a0]", "", text).replace("−", "-").removeprefix("EUR")
    plain = plain.replace(".", "").replace(",", ".") if language == "fr" else plain.replace(",", "")
    found = re.match(r"[×<+]*(-?[\d.]+)", plain)
    assert found, text
    return float(found[1])


def shown_order(visit: Visit, table: str, at: int) -> tuple[str | None, list[str]]:
    heading = visit.page.locator(f"{table} thead th").nth(at)
    return heading.get_attribute("aria-sort"), column(visit, table, at)


TABLES = {
    "counts with thousands": (".kinds", 1),
    "percentages, some cells empty": (".kinds", 3),
    "signs, ranges and mostly dashes": ("#choice table", 3),
    "amounts": ("#expected table", 2),
    "amounts with an interval": ("#expected table", 3),
    "decimals below nought": ("#components table", 2),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_sorts_by_the_numbers_of_its_language_with_what_is_unknown_last(table_of: Visit, name: str) -> None:
    visit = table_of
    table, at = TABLES[name]
    language = visit.page.evaluate("document.documentElement.lang")
    visit.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    before = column(visit, table, at)
    rows = visit.page.locator(f"{table} tbody tr").all_inner_texts()
    button = visit.page.locator(f"{table} thead th").nth(at).get_by_role("button")
    for order, key in (("descending", "Enter"), ("ascending", "Space"), ("descending", None)):
        if key:
            button.focus()
            visit.page.keyboard.press(key)
        else:
            button.click()
        said, found = shown_order(visit, table, at)
        assert said == order
        assert sorted(found) == sorted(before)
        known = [one for one in found if one and not one.startswith("–")]
        assert found == known + [one for one in found if one not in known], found
        numbers = [figure(one, language) for one in known]
        assert numbers == sorted(numbers, reverse=order == "descending")
        assert len(set(numbers)) > 2
    assert sorted(visit.page.locator(f"{table} tbody tr").all_inner_texts()) == sorted(rows)


def test_words_sort_as_the_language_does_and_one_heading_at_a_time_says_so(table_of: Visit) -> None:
    visit = table_of
    language = visit.page.evaluate("document.documentElement.lang")
    visit.page.locator(".kinds thead th button").nth(1).click()
    visit.page.locator(".kinds thead th button").first.click()
    states = visit.page.evaluate(
        "[...document.querySelectorAll('.kinds thead th')].map((one) => one.getAttribute('aria-sort'))"
    )
    assert states == ["ascending", None, None, None, None]  # numbers begin with the largest, words with A
    found = column(visit, ".kinds", 0)
    assert found == visit.page.evaluate(
        "([some, language]) => some.toSorted((a, b) => a.localeCompare(b, language))", [found, language]
    )
    assert len(set(found)) == len(found) > 10


def test_a_word_that_is_not_known_stays_last_in_both_orders(table_of: Visit) -> None:
    word = table_of.page.locator("#candidates table").first.locator("thead button").nth(2)
    orders = []
    for _ in range(2):
        word.click()
        *known, last = column(table_of, "#candidates table", 2)
        assert last == "–"
        orders.append(known)
    assert orders[0] == orders[1][::-1]
    assert len(set(orders[0])) > 1


def test_names_that_end_in_a_number_are_words_and_days_sort_by_the_calendar(table_of: Visit) -> None:
    visit = table_of
    visit.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    visit.page.locator("#columns table").first.locator("thead button").first.click()
    names = column(visit, "#columns table", 0)
    assert names == visit.page.evaluate("(some) => some.toSorted((a, b) => a.localeCompare(b))", names)
    assert len(names) > 20
    visit.page.locator("#quality details table thead button").first.click()
    sorts = "[...document.querySelector('#quality details tbody').rows].map((row) => row.cells[0].dataset.sort)"
    assert visit.page.evaluate(sorts) == ["20191115", "20191114", "20191030"]


def test_totals_stay_below_and_small_or_grouped_tables_do_not_sort(table_of: Visit) -> None:
    visit = table_of
    foot = visit.page.locator("#tree tfoot").inner_text()
    visit.page.locator("#tree thead button").nth(1).click()
    assert visit.page.locator("#tree tfoot").inner_text() == foot
    assert visit.page.locator(".worth thead button").count() == 0
    assert visit.page.locator("table:has(thead)").count() > visit.page.locator("table:has(.sort)").count() > 10
