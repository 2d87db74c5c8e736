"""The shared page in a real browser: on a telephone at night in French, then on a desk by daylight in English."""

from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.report.html import write_shared
from browser import DRAWN, SHOWN, Visit
from sharing_run import edition

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LIST = f"[...document.querySelectorAll('{SHOWN}')]"


def test_every_chart_is_drawn_in_both_languages_and_themes_at_any_width(browser: "Browser", tmp_path: Path) -> None:
    page = write_shared(tmp_path, "fr", edition())
    visit = Visit(browser, page, width=360, theme="dark")
    visit.read_to_the_end()
    kinds = visit.page.evaluate(f"{LIST}.map(one => one.dataset.figure.split('-')[0])")
    assert {"space", "biplot", "days", "hours", "movements", "flows", "tree", "confusion", "column"} <= set(kinds)
    assert visit.page.evaluate(f"{LIST}.filter(d => !d.querySelector('svg.main-svg, canvas')).length") == 0
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert "moins de 10 personnes" in visit.page.locator("#sharing").inner_text()
    withheld = [one["segment"] for one in edition()["segments"] if one["withheld"]]
    card = visit.page.locator(f"#segment-{withheld[0]}")
    assert "rien n'en est dit" in card.inner_text()
    assert card.locator("[data-figure]").count() == 0

    visit.switch("en")
    visit.page.set_viewport_size({"width": 1280, "height": 900})
    visit.page.emulate_media(color_scheme="light")
    visit.read_to_the_end()
    visit.until(DRAWN)
    assert visit.page.locator(SHOWN).count() == len(kinds)
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 1280
    lion = visit.page.locator("[data-toggles=space]").first
    lion.click()
    assert visit.page.evaluate("document.querySelector('[data-figure=space]').data[0].visible") is False
    assert "fewer than 10 people" in visit.page.locator("#sharing").inner_text()
    assert visit.faults == []
    assert visit.outside == []
    visit.context.close()
