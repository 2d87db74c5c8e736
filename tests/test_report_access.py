"""The page by the rules for everyone (WCAG 2.2 A and AA) as far as axe can tell, by day and by night."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from bestiary.config import Language
from browser import Visit

if TYPE_CHECKING:
    from playwright.sync_api import Browser

RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
OPTIONS = {"runOnly": RULES, "resultTypes": ["violations"]}


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("fr", 360)])
def test_no_rule_of_wcag_is_broken(
    browser: "Browser", reports: dict[Language, Path], language: Language, width: int
) -> None:
    visit = Visit(browser, reports[language], width=width, lawless=True)
    visit.read_to_the_end()
    broken: list[str] = []
    for theme in ("light", "dark"):
        visit.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        found = Axe().run(visit.page, options=OPTIONS).response["violations"]
        broken += [
            f"{theme} {one['id']} {node['target']}: {node['failureSummary']}" for one in found for node in one["nodes"]
        ]
    visit.context.close()
    assert broken == []
