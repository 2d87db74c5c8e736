"""The page by the rules for everyone (WCAG 2.2 A and AA) as far as axe can tell, in every dress that it has."""

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


@pytest.mark.parametrize("width", [1280, 360])
def test_no_rule_of_wcag_is_broken(browser: "Browser", reports: dict[Language, Path], width: int) -> None:
    visit = Visit(browser, reports["en"], width=width, lawless=True)
    broken: list[str] = []
    for language in ("en", "fr"):
        if language == "fr":
            visit.switch(language)
        visit.read_to_the_end()
        for theme in ("light", "dark"):
            visit.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            found = Axe().run(visit.page, options=OPTIONS).response["violations"]
            broken += [
                f"{language} {theme} {one['id']} {node['target']}: {node['failureSummary']}"
                for one in found
                for node in one["nodes"]
            ]
    visit.context.close()
    assert broken == []
